// What the unit has to do, what is due first on top; or what is done.
/** @import { ApiError } from "../desk/shared/api.js" */
/** @import { UnitTaskPage } from "../desk/shared/openapi.d.ts" */
import { call, explain, failure } from "../desk/shared/api.js";
import { dashed, fullTime, tail, word } from "../desk/shared/format.js";
import { html, useEffect, useRef, useState } from "../desk/shared/html.js";
import { now } from "../desk/shared/state.js";
import { Chip, Empty, Icon, PageTitle, Skeleton } from "../desk/shared/ui.js";
import { standing } from "./due.js";
import { useUnit } from "./state.js";

const AGAIN_MS = 30000;
/** @typedef {UnitTaskPage["items"][number]} Brief */

/** @param {{ open: boolean }} props */
export function Inbox({ open }) {
  const { t, u } = useUnit();
  const [items, setItems] = useState(/** @type {Brief[] | null} */ (null));
  const [cursor, setCursor] = useState(/** @type {string | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const pages = useRef(1); // as many are read again as were opened
  const load = async () => {
    try {
      /** @type {Brief[]} */
      const found = [];
      /** @type {string | null} */
      let next = null;
      for (let n = 0; n < pages.current && (n === 0 || next); n += 1) {
        const page = /** @type {UnitTaskPage} */ (await call("GET unit/tasks", { query: { open, cursor: next ?? undefined } }));
        found.push(...page.items.filter((one) => found.every((known) => known.task_id !== one.task_id))); // which moved meanwhile
        next = page.next_cursor;
      }
      setItems(found);
      setCursor(next);
      setError(null);
    } catch (problem) {
      setError(failure(problem));
    }
  };
  useEffect(() => {
    load();
    const timer = setInterval(() => !document.hidden && load(), AGAIN_MS);
    const back = () => !document.hidden && load();
    document.addEventListener("visibilitychange", back);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", back);
    };
  }, []);
  const more = () => {
    pages.current += 1;
    return load();
  };
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey=${String(open)}>${open ? u.inbox : u.done}<//>
      <span class="count" role="status">${items && items.length > 0 && u.tasks(items.length, Boolean(cursor))}</span></div>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${load}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="check" title=${open ? u.noTasks : u.noneDone} hint=${open ? u.noTasksHint : ""} />`}
    ${items && items.length > 0 && html`<ul class="cards">${items.map((item) => html`<${Row} key=${item.task_id} item=${item} open=${open} />`)}</ul>`}
    ${cursor && html`<button type="button" class="button button-wide" onClick=${more}>${u.more}</button>`}
  </main>`;
}

/** @param {{ item: Brief, open: boolean }} props */
function Row({ item, open }) {
  const unit = useUnit();
  const { u, t } = unit;
  const { mark, text, clock } = standing(item, now.value, unit);
  const { demand, place, ticket } = item;
  const where = [place.district.name, place.street.name, place.address].filter(Boolean).join(" · ");
  return html`<li><a class=${`unit-row ${open && mark ? `unit-${mark}` : ""}`} href=${`#/tasks/${item.task_id}`}>
    <span class="row-top">
      <span class="row-no"><span class="visually-hidden">${dashed(ticket.ticket_no)}</span><span aria-hidden="true">#${tail(ticket.ticket_no)}</span></span>
      <${Chip} tone=${item.status === "offered" ? "wait" : "status"}>${u.status[item.status]}<//>
      ${demand.emergency ? html`<${Chip} tone="danger">${u.danger(demand.emergency)}<//>` : demand.urgency.level === "urgent" && html`<${Chip} tone="bad">${u.urgent}<//>`}
      ${item.role === "joint" && html`<${Chip}>${u.role.joint}<//>`}
    </span>
    <strong class="row-text">${demand.title || demand.content || u.noWords}</strong>
    ${where && html`<span class="row-where"><${Icon} name="pin" />${where}</span>`}
    ${open
      ? html`<span class=${`unit-due ${mark}`}><${Icon} name="clock" /><span>${text}</span>
          ${clock && html`<time class="faint" datetime=${clock.due_at}>${fullTime(clock.due_at, unit)}</time>`}</span>`
      : html`<span class="faint small">${word(u.types, demand.type, t)} · ${fullTime(item.dispatched_at, unit)}</span>`}
  </a></li>`;
}
