// The desk: who is logged in, and so what stands on the page.
/** @import { Session } from "./shared/openapi.d.ts" */
import { Frame } from "./frame.js";
import { Login, NewPassword } from "./login/login.js";
import { logOut } from "./login/log-out.js";
import { call, setCsrf, setUnauthorized } from "./shared/api.js";
import { html, render, useEffect, useState } from "./shared/html.js";
import { session } from "./shared/state.js";
import { Tools } from "./shared/tools.js";

/** @param {Session} found */
const enter = (found) => {
  if (found.unit) {
    location.replace("../unit/"); // people of a unit have pages of their own
    return;
  }
  setCsrf(found.csrf_token);
  session.value = found;
};

function App() {
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
  if (now && !now.must_change_password) return html`<${Frame} leave=${leave} />`;
  /** @param {Session} found */
  const entered = (found) => {
    setEnded("");
    enter(found);
  };
  return html`<div class="corner"><${Tools} /></div>
    ${now ? html`<${NewPassword} onSession=${entered} />` : html`<${Login} onSession=${entered} ended=${ended} />`}`;
}

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
