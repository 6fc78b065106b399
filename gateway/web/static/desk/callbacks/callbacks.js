// Whom the city owes a call, earliest due first: take one, call, say how it went.
/** @import { ApiError, Asked } from "../shared/api.js" */
/** @import { HandledEvent } from "../shared/html.js" */
/** @import { Callback, Event, Operations, RefusedCallList } from "../shared/openapi.d.ts" */
import { call, explain, failure } from "../shared/api.js";
import { dashed, fullTime, hourMinute, spacedPhone, span, word } from "../shared/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { bare, now, useDesk, useThrottled } from "../shared/state.js";
import { subscribe } from "../shared/stream.js";
import { Chip, Empty, Icon, PageTitle, Skeleton } from "../shared/ui.js";

const REFRESH_MS = 1000;
const REFUSED_MS = 60000;
/** @typedef {"attempt" | "done" | "cancel"} Verb */
/** How it went, and why. @typedef {{ result?: string, reason?: string, satisfied?: number }} Outcome */
/** @typedef {NonNullable<Operations["GET callbacks"]["query"]>} Query */

const ASKS = new Set(["interaction.ended", "ticket.corrected"]);
/** @param {Event | null} event */
const asks = (event) => event === null || ASKS.has(event.type) || event.type.startsWith("callback.");

export function Callbacks() {
  const desk = useDesk();
  const { t } = desk;
  const [filter, setFilter] = useState({ state: "open", line: "", has_phone: "" });
  const [items, setItems] = useState(/** @type {Callback[] | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const [told, tell] = useState("");
  const turn = useRef(0);
  const load = async () => {
    const mine = ++turn.current;
    try {
      const page = await call("GET callbacks", { query: /** @type {Query} */ (/** @type {unknown} */ (filter)) });
      if (mine !== turn.current) return;
      setItems(page.items);
      setError(null);
    } catch (problem) {
      if (mine === turn.current) setError(failure(problem));
    }
  };
  const refresh = useThrottled(load, REFRESH_MS);
  useEffect(() => subscribe((event) => asks(event) && refresh()), []);
  useEffect(() => {
    load();
  }, [filter]);
  /** @param {keyof typeof filter} key @param {string} label @param {string[][]} options */
  const choice = (key, label, options) => html`<label><span class="visually-hidden">${label}</span>
    <select value=${filter[key]} onChange=${(event) => setFilter({ ...filter, [key]: event.target.value })}>${options.map(
      ([value, name]) => html`<option key=${value} value=${value}>${label}${t.colon}${name}</option>`,
    )}</select></label>`;
  const narrowed = filter.line || filter.has_phone || filter.state !== "open";
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="callbacks">${t.callbacks}<//>
      ${items && items.length > 0 && html`<span class="count" role="status">${items.length}</span>`}</div>
    <form class="task-filters" onSubmit=${(event) => event.preventDefault()}>
      ${choice("state", t.fields["handling.callback.state"], Object.entries(t.words["handling.callback.state"]))}
      ${choice("line", t.fields.line, [["", t.all], ...Object.entries(t.words.line)])}
      ${choice("has_phone", t.number, [["", t.all], ["false", t.withoutNumber], ["true", t.withNumber]])}
    </form>
    <p role="status" class=${told ? "notice" : "visually-hidden"}>${told}</p>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${load}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="check" title=${narrowed ? t.noMatch : t.noCallbacks} hint=${narrowed ? "" : t.noCallbacksHint} />`}
    ${items && items.length > 0 &&
    html`<ul class="cards">
      ${items.map((item) => html`<${Task} key=${item.callback_id} item=${item} reload=${load} tell=${tell} />`)}
    </ul>`}
    <${Refused} />
  </main>`;
}

// Who called when there was no room: nobody spoke with them, and there is no ticket.
function Refused() {
  const desk = useDesk();
  const { t } = desk;
  const [items, setItems] = useState(/** @type {RefusedCallList["items"]} */ ([]));
  useEffect(() => {
    const load = () => call("GET refused-calls").then((page) => setItems(page.items), () => {});
    load();
    const timer = setInterval(load, REFUSED_MS);
    return () => clearInterval(timer);
  }, []);
  if (!items.length) return null;
  /** @type {Record<string, string>} */
  const reasons = t.refusedReasons;
  return html`<section class="refused" aria-labelledby="refused-title"><h2 id="refused-title">${t.refusedCalls} <span class="count">${items.length}</span></h2>
    <p class="faint small">${t.refusedHint}</p>
    <ul class="cards">${items.map((one) => html`<li key=${`${one.channel_id} ${one.number} ${one.first_at}`} class="task">
      <div class="task-main"><strong class="task-phone">${spacedPhone(one.phone || one.number) || t.withheld}</strong>
        <span class="task-why">${reasons[one.reason] || t.refusedOther}${!one.proved && html` <${Chip} tone="wait">${t.unproved}<//>`}</span></div>
      <div class="task-due"><span>${t.callsTried(one.attempts)}</span>
        <span class="faint">${t.lastCalled} <time datetime=${one.last_at}>${fullTime(one.last_at, desk)}</time></span></div></li>`)}</ul>
  </section>`;
}

/** @param {{ item: Callback, reload: () => Promise<void>, tell: (text: string) => void }} props */
function Task({ item, reload, tell }) {
  const desk = useDesk();
  const { t, session } = desk;
  const [shown, show] = useState(/** @type {string | null} */ (null)); // the number in full, since this page took the task
  const [doing, setDoing] = useState(/** @type {Verb | ""} */ (""));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const opener = useRef(/** @type {HTMLElement | null} */ (null));
  const open = item.state === "open";
  const mine = item.claimed_by === `user:${session.username}`;
  const phone = spacedPhone(shown || item.phone);
  const left = Date.parse(item.due_at) - now.value;
  const no = dashed(item.ticket_no);
  const asked = (item.reasons || [item.reason]).filter((one) => one === "visit" || one === "reply");
  /** @param {Verb | "claim"} verb @param {Outcome} [body] */
  const act = async (verb, body) => {
    const unmasked = verb === "claim";
    setBusy(true);
    setProblem("");
    try {
      const asked = { path: { callback: item.callback_id }, query: { unmasked: unmasked || undefined }, body, version: item.version };
      const done = await call(`POST callbacks/{callback}/actions/${verb}`, /** @type {Asked<any>} */ (asked));
      if (unmasked) show(done.phone);
      setDoing("");
      tell(t.callbackTold[verb](no));
      await reload();
      return true;
    } catch (error) {
      const { status } = failure(error);
      setProblem(explain(t, failure(error)));
      if (status === 409 || status === 412) await reload();
      return false;
    } finally {
      setBusy(false);
    }
  };
  /** @param {Verb} verb */
  const start = (verb) => (/** @type {HandledEvent} */ event) => {
    opener.current = event.currentTarget;
    setProblem("");
    setDoing(verb);
  };
  const close = () => {
    setDoing("");
    opener.current?.focus();
  };
  /** @param {Verb} verb @param {boolean} [main] */
  const button = (verb, main) => html`<button type="button" class=${`button ${main ? "button-main" : ""}`} disabled=${busy} aria-expanded=${doing === verb ? "true" : "false"}
    aria-label=${`${t.callbackVerbs[verb]} ${no}`} onClick=${start(verb)}>${t.callbackVerbs[verb]}</button>`;
  return html`<li class=${`task ${open && left < 0 ? "task-late" : ""} ${mine && open ? "task-mine" : ""}`}>
    <div class="task-main">
      <strong class="task-phone">${phone
        ? shown && !shown.includes("*") ? html`<a href=${`tel:${shown}`}>${phone}</a>` : phone
        : html`<${Chip} tone="bad">${t.noNumber}<//>`}</strong>
      ${!phone && html`<span class="small">${t.noNumberHint}</span>`}
      ${phone && item.phone_sure === false && html`<span class="small note-bad">${t.numberUnsure}</span>`}
      <span class="task-why">${(item.reasons || [item.reason]).map((one) => word(t.callbackReasons, one, t)).join(t.comma)}
        ${item.how === "message" && html`<${Chip} tone="wait">${t.words["handling.callback.how"].message}<//>`}
        ${item.line === "enterprise" && html`<${Chip} tone="line">${t.words.line.enterprise}<//>`}</span>
      <${Tried} item=${item} />
    </div>
    <div class="task-due">
      ${open
        ? html`<span class=${left < 0 ? "late" : left < 600000 ? "soon" : ""}>${left < 0 ? t.overdue(span(left, t)) : t.dueIn(span(left, t))}</span>
          <span class="faint">${t.fields["handling.callback.due_at"]} <time datetime=${item.due_at}>${fullTime(item.due_at, desk)}</time></span>`
        : html`<span>${word(t.words["handling.callback.state"], item.state, t)}</span>`}
      ${open && item.claimed_by &&
      html`<span class="small">${mine ? t.claimedByMe(hourMinute(item.claimed_until, desk)) : t.claimedBy(item.claimed_by.replace(/^\w+:/, ""), hourMinute(item.claimed_until, desk))}</span>`}
    </div>
    <div class="row-buttons">
      ${open && !(mine && shown) && (!item.claimed_by || mine) && item.phone &&
      html`<button type="button" class="button button-main" disabled=${busy} aria-label=${`${t.callbackVerbs.claim} ${no}`}
        onClick=${() => act("claim")}><${Icon} name="phone" />${t.callbackVerbs.claim}</button>`}
      ${open && (!item.claimed_by || mine) && html`${item.phone && button("attempt")}${button("done", mine && Boolean(shown))}${!asked.includes("visit") && button("cancel")}`}
      <a class="button" href=${`#/tickets/${item.ticket_id}`}>${t.openTicket}<span class="visually-hidden"> ${no}</span></a>
    </div>
    ${problem && html`<p class="note-bad task-wide" role="alert">${problem}</p>`}
    ${doing && html`<${Ending} verb=${doing} no=${no} busy=${busy} close=${close} act=${act} asks=${asked} />`}
  </li>`;
}

/** @param {{ item: Callback }} props */
function Tried({ item }) {
  const desk = useDesk();
  const { t } = desk;
  const last = item.last_attempt;
  /** @type {(string | null)[]} */
  const parts = [];
  if (item.tickets && item.tickets.length > 1) parts.push(t.ofTickets(item.tickets.length));
  if (item.attempts) parts.push(t.tried(item.attempts));
  if (last) parts.push(`${t.lastTried} ${fullTime(last.at, desk)}${t.colon}${word(t.callbackResults, last.result, t)}`, last.note);
  if (item.closed) parts.push(`${fullTime(item.closed.at, desk)}${t.colon}${word(t.callbackWhys, item.closed.why, t)}`, item.closed.note);
  const told = parts.filter(Boolean).join(" · ");
  return told && html`<span class="faint small">${told}</span>`;
}

/**
 * How it went: a result where there are several, and a note; only who cancels has to say why.
 * @param {{ verb: Verb, no: string, busy: boolean, close: () => void, act: (verb: Verb, body: Outcome) => Promise<boolean>, asks: string[] }} props
 */
function Ending({ verb, no, busy, close, act, asks }) {
  const { t } = useDesk();
  const offered = verb === "cancel" ? [] : t.resultsOf[verb];
  const results = Object.entries(t.callbackResults).filter(([key]) => offered.includes(key) && (key !== "declined" || asks.length > 0));
  const [result, setResult] = useState(results.length ? results[0][0] : "");
  const [note, setNote] = useState("");
  const [score, setScore] = useState("");
  const rates = asks.length > 0 && result === "reached"; // they were told a reply, or asked what they think of it
  const first = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  /** @param {HandledEvent} event */
  const send = (event) => {
    event.preventDefault();
    const reason = note.trim() || undefined;
    return act(verb, verb === "cancel" ? { reason } : { result, reason, satisfied: rates && score ? Number(score) : undefined });
  };
  return html`<form class="task-wide outcome" aria-label=${`${t.callbackVerbs[verb]} ${no}`} onSubmit=${send}
    onKeyDown=${(event) => event.key === "Escape" && bare(event) && close()}>
    ${results.length > 0 &&
    html`<label class="field"><span class="hint">${t.result}</span>
      <select ref=${first} value=${result} onChange=${(event) => setResult(event.target.value)}>
        ${results.map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}</select></label>`}
    ${rates &&
    html`<label class="field"><span class="hint">${t.theirScore}</span>
      <select value=${score} required=${asks.includes("visit")} onChange=${(event) => setScore(event.target.value)}>
        <option value="">${t.notSaid}</option>
        ${Object.entries(t.scores).reverse().map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}</select></label>`}
    <label class="field outcome-note"><span class="hint">${verb === "cancel" ? t.cancelWhy : t.note}</span>
      <input ref=${results.length ? undefined : first} value=${note} maxlength="200" required=${verb === "cancel"} autocomplete="off"
        onInput=${(event) => setNote(event.target.value)} /></label>
    <div class="row-buttons"><button type="button" class="button" onClick=${close}>${t.goBack}</button>
      <button class="button button-main" disabled=${busy}>${t.saveResult}</button></div>
  </form>`;
}
