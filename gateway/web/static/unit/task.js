// One task: what is to be done where, until when, for whom, and what was done about it.
/** @import { ApiError } from "../desk/shared/api.js" */
/** @import { UnitTask } from "../desk/shared/openapi.d.ts" */
import { call, explain, failure } from "../desk/shared/api.js";
import { dashed, fullTime, spacedPhone, word } from "../desk/shared/format.js";
import { html, useEffect, useState } from "../desk/shared/html.js";
import { now } from "../desk/shared/state.js";
import { Chip, Icon, PageTitle, Skeleton } from "../desk/shared/ui.js";
import { running, standing } from "./due.js";
import { Notes } from "./notes.js";
import { Gallery, Pictures } from "./pictures.js";
import { useUnit } from "./state.js";
import { Verbs } from "./verbs.js";

const TITLE = 40;

/** @param {{ id: string }} props */
export function TaskPage({ id }) {
  const { t, u } = useUnit();
  const [task, take] = useState(/** @type {UnitTask | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const load = async () => {
    try {
      take(await call("GET unit/tasks/{task}", { path: { task: id } }));
      setError(null);
    } catch (problem) {
      setError(failure(problem));
    }
  };
  useEffect(() => {
    load();
  }, []);
  return html`<main id="main" class="page unit-task" tabindex="-1">
    <a class="unit-back" href="#/inbox"><${Icon} name="back" />${u.back}</a>
    ${error?.status === 404 && html`<${PageTitle} focusKey="gone">${u.notFound}<//>`}
    ${error && error.status !== 404 && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${load}>${t.retry}</button></div>`}
    ${!task && !error && html`<${Skeleton} lines=${5} label=${t.loading} />`}
    ${task && html`<${Whole} task=${task} take=${take} load=${load} />`}
  </main>`;
}

/** @param {{ task: UnitTask, take: (task: UnitTask) => void, load: () => Promise<void> }} props */
function Whole({ task, take, load }) {
  const unit = useUnit();
  const { t, u } = unit;
  const { mark, text } = standing(task, now.value, unit);
  const { demand, ticket } = task;
  return html`
    <div class="unit-head">
      <${PageTitle} focusKey=${task.task_id}>${demand.title || (demand.content || "").slice(0, TITLE) || dashed(ticket.ticket_no)}<//>
      <p class="row-chips"><span class="row-no">${dashed(ticket.ticket_no)}</span>
        <${Chip} tone="status">${u.status[task.status]}<//><${Chip}>${u.role[task.role]}<//>
        ${demand.type && html`<${Chip} tone="type">${word(u.types, demand.type, t)}<//>`}
        ${demand.emergency ? html`<${Chip} tone="danger">${u.danger(demand.emergency)}<//>` : demand.urgency.level === "urgent" && html`<${Chip} tone="bad">${u.urgent}<//>`}</p>
      <p class=${`unit-due ${mark}`}><${Icon} name="clock" />${text}</p>
      ${task.asked_pause && html`<p class="notice">${u.askedPause}</p>`}
      ${task.asked_until && html`<p class="notice">${u.askedUntil(fullTime(task.asked_until, unit))}</p>`}
      ${task.returns.some((one) => one.upheld) && html`<p class="notice">${u.returnRefused}</p>`}
    </div>
    <${Verbs} task=${task} take=${take} load=${load} />
    <${Section} title=${u.demand}>
      <p class="unit-words">${demand.content || u.noWords}</p>
      ${demand.complained_about.name && html`<p><span class="faint">${u.about}</span> ${demand.complained_about.name}</p>`}
      <p class="faint small">${[demand.category.l1, demand.category.l2, demand.category.l3, demand.category.l4].filter(Boolean).join(" › ")}</p>
      <${Gallery} title=${u.theirPictures} task=${task} items=${task.attachments} />
    <//>
    <${Section} title=${u.where}><${Where} place=${task.place} /><//>
    <${Section} title=${u.contact}><${Contact} task=${task} /><//>
    <${Section} title=${u.deadlines}><ul class="unit-list">${task.clocks
      .filter((one) => one.kind in u.clocks)
      .map((one) => html`<li key=${`${one.kind} ${one.started_at}`}><span>${u.clocks[/** @type {keyof typeof u.clocks} */ (one.kind)]}</span>
        <span>${u.due} <time datetime=${one.due_at}>${fullTime(one.due_at, unit)}</time></span>
        <${Chip} tone=${one.breached_at ? "bad" : one.met_at ? "status" : "plain"}>${clockWords(one, unit)}<//></li>`)}</ul><//>
    <${Section} title=${u.pictures}><${Pictures} task=${task} take=${take} /><//>
    ${task.others.length > 0 && html`<${Section} title=${u.others}><ul class="unit-list">${task.others.map(
      (one) => html`<li key=${one.unit}><span>${one.name || one.unit}</span><span>${u.role[one.role]}</span><${Chip}>${u.status[one.status]}<//></li>`,
    )}</ul><//>`}
    <${Section} title=${u.notes}><${Notes} task=${task} take=${take} /><//>
    <${Section} title=${u.history}><ol class="unit-list">${task.history.map(
      (one) => html`<li key=${`${one.type} ${one.at}`}><time class="faint" datetime=${one.at}>${fullTime(one.at, unit)}</time>
        <span>${word(t.events, one.type, t)}${one.reason && ` · ${reasonWord(one.reason, unit)}`}${one.until && ` · ${u.until} ${fullTime(one.until, unit)}`}</span></li>`,
    )}</ol><//>`;
}

/** @param {{ title: string, children?: import("../desk/shared/html.js").Children }} props */
const Section = ({ title, children }) => html`<section class="unit-section"><h2>${title}</h2>${children}</section>`;

/** @param {UnitTask["clocks"][number]} clock @param {import("./state.js").Unit} unit */
function clockWords(clock, { t, u }) {
  if (clock.met_at) return clock.breached_at ? u.metLate : u.met;
  if (clock.stopped_at) return u.stopped;
  if (clock.paused_at) return u.paused;
  return running(clock) && clock.due_at ? standing({ clocks: [clock] }, now.value, /** @type {import("./state.js").Unit} */ ({ t, u })).text : "";
}

/** @param {string} code @param {import("./state.js").Unit} unit */
function reasonWord(code, { u }) {
  /** @type {Record<string, string>} */
  const known = { ...u.reasons.return, ...u.reasons.extend, ...u.reasons.pause };
  return known[code] || code;
}

/** @param {{ place: UnitTask["place"] }} props */
function Where({ place }) {
  const { u } = useUnit();
  const told = [place.district.name, place.street.name, place.community.name, place.address].filter(Boolean).join(" ");
  // RFC 5870: a telephone opens the map that its owner chose. Only WGS-84 may stand there by itself.
  const at = place.lat !== null && place.lon !== null && ["WGS84", "CGCS2000"].includes(place.crs || "") ? `${place.lat},${place.lon}` : "";
  return html`<p>${told || u.noPlace}</p>
    ${(at || told) && html`<p><a class="button" href=${at ? `geo:${at}?q=${at}` : `geo:0,0?q=${encodeURIComponent(told)}`}><${Icon} name="pin" />${u.map}</a></p>`}`;
}

/** @param {{ task: UnitTask }} props */
function Contact({ task }) {
  const { u } = useUnit();
  const { contact, status } = task;
  if (!contact) return html`<p class="notice">${status === "returned" || status === "cancelled" ? u.untold : u.hidden}</p>`;
  const phone = spacedPhone(contact.callback_phone || contact.phone);
  return html`<p>${[contact.name, phone].filter(Boolean).join(" · ") || u.noWords}</p><p class="hint">${u.contactHint}</p>`;
}
