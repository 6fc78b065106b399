// The unit's pages: who is logged in, and so what stands on the page. ./state.js comes first: its words name the page.
/** @import { Session } from "../desk/shared/openapi.d.ts" */
import { useUnit } from "./state.js";
import { Login, NewPassword } from "../desk/login/login.js";
import { logOut } from "../desk/login/log-out.js";
import { call, setCsrf, setUnauthorized } from "../desk/shared/api.js";
import { html, render, useEffect, useState } from "../desk/shared/html.js";
import { online, route, session } from "../desk/shared/state.js";
import { Tools } from "../desk/shared/tools.js";
import { Icon, Logo } from "../desk/shared/ui.js";
import { Inbox } from "./inbox.js";
import { TaskPage } from "./task.js";

/** @param {Session} found */
const enter = (found) => {
  setCsrf(found.csrf_token);
  session.value = found;
};

function App() {
  const { u } = useUnit();
  const [ended, setEnded] = useState("");
  const leave = async () => setEnded(await logOut());
  useEffect(() => {
    setUnauthorized((code) => {
      setCsrf("");
      if (session.value) setEnded(code);
      session.value = null;
    });
    call("GET session").then(enter, () => {
      session.value = null;
    });
  }, []);
  const now = session.value;
  if (now === undefined) return html`<main id="main" class="login" aria-busy="true"></main>`;
  if (now && !now.must_change_password && now.unit) return html`<${Frame} leave=${leave} />`;
  if (now && !now.must_change_password)
    return html`<main id="main" class="login"><div class="login-card"><h1>${u.wrongRole}</h1><p class="lead">${u.wrongRoleHint}</p>
      <p class="lead"><a class="button button-main" href="../desk/">${u.toDesk}</a></p></div></main>`;
  /** @param {Session} found */
  const entered = (found) => {
    setEnded("");
    enter(found);
  };
  return html`<div class="corner"><${Tools} /></div>
    ${now ? html`<${NewPassword} onSession=${entered} />` : html`<${Login} onSession=${entered} ended=${ended} />`}`;
}

/** @param {{ leave: () => void }} props */
function Frame({ leave }) {
  const { t, u, session } = useUnit();
  const [room = "inbox", id] = route.value;
  /** @param {string} one */
  const current = (one) => (room === one ? "page" : undefined);
  return html`<div class="unit-frame">
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }}>${t.skip}</a>
    <header class="bar">
      <a class="brand" href="#/inbox" aria-label=${t.product}><${Logo} /><strong>${session.unit_name || session.unit}</strong></a>
      <nav aria-label=${t.nav}>
        <a href="#/inbox" aria-current=${current("inbox")}><${Icon} name="inbox" /><span>${u.inbox}</span></a>
        <a href="#/done" aria-current=${current("done")}><${Icon} name="check" /><span>${u.done}</span></a>
      </nav>
      <${Tools} />
      <div class="who"><span class="who-name">${session.name}</span>
        <button type="button" class="quiet" onClick=${leave} aria-label=${t.logOut} title=${t.logOut}><${Icon} name="exit" /></button></div>
    </header>
    <div role="status" class="trouble-place">${!online.value && html`<p class="trouble">${t.offline}</p>`}</div>
    ${room === "tasks" && id ? html`<${TaskPage} key=${id} id=${id} />` : html`<${Inbox} key=${room} open=${room !== "done"} />`}
  </div>`;
}

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
