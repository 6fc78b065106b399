// What can be done with a task now: those that need nothing are one touch, the others ask for what they need.
/** @import { Asked } from "../desk/shared/api.js" */
/** @import { HandledEvent } from "../desk/shared/html.js" */
/** @import { UnitTask } from "../desk/shared/openapi.d.ts" */
import { call, explain, failure } from "../desk/shared/api.js";
import { instantOf, wallTime } from "../desk/shared/format.js";
import { html, useLayoutEffect, useRef, useState } from "../desk/shared/html.js";
import { bare, now } from "../desk/shared/state.js";
import { replyDue } from "./due.js";
import { useUnit } from "./state.js";

/** @typedef {UnitTask["verbs"][number]} Verb */
/** @typedef {{ reason?: string, text?: string, until?: string, solved?: boolean }} Body */
const AT_ONCE = ["sign", "respond", "arrive", "resume"];
const ORDER = /** @type {Verb[]} */ (["sign", "respond", "arrive", "resume", "reply", "extend", "pause", "return"]);
const DAY_MS = 86400000;
const TOLD = ["stale_version", "not_now", "rejected_input"];

/** @param {{ task: UnitTask, take: (task: UnitTask) => void, load: () => Promise<void> }} props */
export function Verbs({ task, take, load }) {
  const { t, u } = useUnit();
  const [doing, setDoing] = useState(/** @type {Verb | ""} */ (""));
  const [busy, setBusy] = useState(false);
  const [told, tell] = useState("");
  const [problem, setProblem] = useState("");
  const opener = useRef(/** @type {HTMLElement | null} */ (null));
  /** @param {Verb} verb @param {Body} body */
  const act = async (verb, body) => {
    setBusy(true);
    setProblem("");
    tell("");
    try {
      const asked = { path: { task: task.task_id }, body, version: task.version };
      /** @type {UnitTask} */
      const after = await call(`POST unit/tasks/{task}/actions/${verb}`, /** @type {Asked<any>} */ (asked));
      take(after);
      setDoing("");
      tell(became(verb, after, u));
    } catch (thrown) {
      const error = failure(thrown);
      setProblem(TOLD.includes(error.code) ? u[/** @type {"not_now"} */ (error.code)] : explain(t, error));
      if (error.status === 409 || error.status === 412) await load();
    } finally {
      setBusy(false);
    }
  };
  const close = () => {
    setDoing("");
    opener.current?.focus();
  };
  const verbs = ORDER.filter((one) => task.verbs.includes(one));
  const [first] = verbs;
  /** @param {Verb} verb */
  const start = (verb) => (/** @type {HandledEvent} */ event) => {
    if (AT_ONCE.includes(verb)) return act(verb, {});
    opener.current = event.currentTarget;
    setProblem("");
    return setDoing(verb);
  };
  return html`<section class="unit-verbs" aria-label=${u.actions}>
    <div role="status">${told && html`<p class="notice">${told}</p>`}</div>
    <div role="alert">${problem && html`<p class="notice notice-bad">${problem}</p>`}</div>
    ${verbs.length === 0 && html`<p class="faint">${u.noNothing}</p>`}
    <div class="unit-buttons">${verbs.map((verb) => html`<button key=${verb} type="button" disabled=${busy}
      class=${`button ${verb === first || verb === "reply" ? "button-main" : ""}`}
      aria-expanded=${AT_ONCE.includes(verb) ? undefined : String(doing === verb)} onClick=${start(verb)}>${u.verbs[verb]}</button>`)}</div>
    ${doing && html`<${Asking} key=${doing} task=${task} verb=${doing} busy=${busy} close=${close} act=${act} />`}
  </section>`;
}

/**
 * @param {{
 *   task: UnitTask, verb: Verb, busy: boolean, close: () => void, act: (verb: Verb, body: Body) => Promise<void>,
 * }} props
 */
function Asking({ task, verb, busy, close, act }) {
  const { u, zone } = useUnit();
  const reasons = Object.entries(/** @type {Record<string, Record<string, string>>} */ (u.reasons)[verb] || {});
  const [reason, setReason] = useState("");
  const [text, setText] = useState("");
  const [until, setUntil] = useState(() => wallTime(Math.max(Date.parse(replyDue(task) || "") || 0, now.value) + DAY_MS, zone));
  const [solved, setSolved] = useState(true);
  const first = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  const replies = verb === "reply";
  /** @param {{ preventDefault(): void }} event */
  const send = (event) => {
    event.preventDefault();
    return act(verb, {
      reason: reason || undefined,
      text: text.trim() || undefined,
      until: verb === "extend" ? new Date(instantOf(until, zone)).toISOString() : undefined,
      solved: replies ? solved : undefined,
    });
  };
  return html`<form class="unit-form" aria-label=${u.verbs[verb]} onSubmit=${send} onKeyDown=${(event) => event.key === "Escape" && bare(event) && close()}>
    ${reasons.length > 0 && html`<div class="field"><label for="reason">${u.reason}</label>
      <select id="reason" ref=${first} required value=${reason} onChange=${(event) => setReason(event.target.value)}>
        <option value="" disabled>${u.chooseReason}</option>
        ${reasons.map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}</select></div>`}
    ${verb === "extend" && html`<div class="field"><label for="until">${u.until}</label>
      <input id="until" type="datetime-local" required value=${until} onInput=${(event) => setUntil(event.target.value)} /></div>`}
    ${replies && html`<div class="unit-quick" role="group" aria-label=${u.quick}>${u.quickTexts.map((one) => html`<button key=${one} type="button"
      class="button button-small" onClick=${() => setText((now) => (now ? `${now}\n${one}` : one))}>${one}</button>`)}</div>`}
    <div class="field"><label for="text">${replies ? u.replyWords : verb === "return" ? u.returnWords : u.words}</label>
      <textarea id="text" ref=${reasons.length ? undefined : first} rows="4" maxlength="5000" required=${replies} value=${text}
        aria-describedby="text-hint" onInput=${(event) => setText(event.target.value)}></textarea>
      <p class="hint" id="text-hint">${u.wordsHint}</p></div>
    ${replies && html`<label class="check"><input type="checkbox" checked=${solved} onChange=${(event) => setSolved(event.target.checked)} /><span>${u.solved}</span></label>`}
    <div class="row-buttons"><button type="button" class="button" onClick=${close}>${u.cancel}</button>
      <button class="button button-main" disabled=${busy}>${busy ? u.sending : u.send}</button></div>
  </form>`;
}

/** What became of it: the centre may have to agree first. @param {Verb} verb @param {UnitTask} after @param {import("./state.js").UnitWords} u */
function became(verb, after, u) {
  if (verb === "pause" && after.asked_pause) return u.pauseAsked;
  if (verb === "extend" && !after.asked_until) return u.extended;
  return u.told[verb];
}
