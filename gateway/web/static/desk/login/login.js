// Log-in and the new password that a one-time login asks for.
/** @import { Children } from "../shared/html.js" */
/** @import { Session } from "../shared/openapi.d.ts" */
/** @import { TextKey } from "../shared/state.js" */
import { ApiError, call, explain, failure } from "../shared/api.js";
import { html, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Logo, Password } from "../shared/ui.js";

/** @param {{ title: string, lead?: string, children?: Children }} props */
function Card({ title, lead, children }) {
  const { t } = useDesk();
  return html`<main id="main" class="login">
    <div class="login-card">
      <div class="login-brand"><${Logo} /><div><strong>${t.product}</strong><span>${t.tagline}</span></div></div>
      <h1>${title}</h1>
      ${lead && html`<p class="lead">${lead}</p>`}
      ${children}
    </div>
  </main>`;
}

/** @param {{ onSession: (found: Session) => void, ended: string }} props */
export function Login({ onSession, ended }) {
  const { t } = useDesk();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const first = useRef(/** @type {HTMLInputElement | null} */ (null));
  const secret = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  /** @param {{ preventDefault(): void }} event */
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      onSession(await call("POST session", { body: { username, password } }));
    } catch (thrown) {
      const problem = failure(thrown);
      setPassword("");
      setError(problem.status === 401 ? t.loginWrong : explain(t, problem));
      secret.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  return html`<${Card} title=${t.loginTitle}>
    <form onSubmit=${submit}>
      <div role="alert">${(error || ended) && html`<p class="notice notice-bad">${error || t[/** @type {TextKey} */ (ended)] || t.ended}</p>`}</div>
      <div class="field">
        <label for="username">${t.username}</label>
        <input id="username" ref=${first} required autocomplete="username" autocapitalize="none" spellcheck="false"
          value=${username} onInput=${(event) => setUsername(event.target.value)} />
      </div>
      <${Password} id="password" inputRef=${secret} label=${t.password} value=${password} onInput=${setPassword}
        autocomplete="current-password" t=${t} invalid=${Boolean(error)} />
      <button class="button button-main button-wide" disabled=${busy}>${busy ? t.loggingIn : t.login}</button>
    </form>
  <//>`;
}

/** @param {{ onSession: (found: Session) => void }} props */
export function NewPassword({ onSession }) {
  const { t } = useDesk();
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const first = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  /** @param {{ preventDefault(): void }} event */
  const submit = async (event) => {
    event.preventDefault();
    setError("");
    setBusy(true);
    try {
      if (fresh !== again) throw new ApiError(422, "repeatWrong", "");
      onSession(await call("POST session/password", { body: { current, new: fresh } }));
    } catch (problem) {
      setError(explain(t, failure(problem)));
    } finally {
      setBusy(false);
    }
  };
  return html`<${Card} title=${t.changeTitle} lead=${t.changeWhy}>
    <form onSubmit=${submit}>
      <div role="alert">${error && html`<p class="notice notice-bad">${error}</p>`}</div>
      <${Password} id="current" inputRef=${first} label=${t.currentPassword} value=${current} onInput=${setCurrent}
        autocomplete="current-password" t=${t} />
      <${Password} id="fresh" label=${t.newPassword} hint=${t.passwordRule} value=${fresh} onInput=${setFresh}
        autocomplete="new-password" t=${t} />
      <${Password} id="again" label=${t.repeatPassword} value=${again} onInput=${setAgain} autocomplete="new-password" t=${t} />
      <button class="button button-main button-wide" disabled=${busy}>${busy ? t.saving : t.setPassword}</button>
    </form>
  <//>`;
}
