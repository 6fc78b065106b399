// What waits for the centre: who acts is to be decided, a return reviewed, a reply or more time approved.
/** @import { ApiError } from "../shared/api.js" */
/** @import { Event, WaitingPage } from "../shared/openapi.d.ts" */
import { call, explain, failure } from "../shared/api.js";
import { dashed, fullTime, span, word } from "../shared/format.js";
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { now, useDesk, useThrottled } from "../shared/state.js";
import { subscribe } from "../shared/stream.js";
import { Chip, Empty, PageTitle, Skeleton } from "../shared/ui.js";

/** @typedef {WaitingPage["items"][number]} Item */

const REFRESH_MS = 1000;
/** @param {Event | null} event */
const asks = (event) => event === null || /^(case|clock|task|ticket)\./.test(event.type);

export function Waiting() {
  const { t } = useDesk();
  const [items, setItems] = useState(/** @type {Item[] | null} */ (null));
  const [more, setMore] = useState(/** @type {string | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const turn = useRef(0);
  /** @param {string | null} cursor */
  const load = async (cursor) => {
    const mine = ++turn.current;
    try {
      const page = await call("GET waiting", { query: cursor === null ? {} : { cursor } });
      if (mine !== turn.current) return;
      setItems((before) => (cursor === null ? page.items : [...(before ?? []), ...page.items]));
      setMore(page.next_cursor);
      setError(null);
    } catch (problem) {
      if (mine === turn.current) setError(failure(problem));
    }
  };
  const refresh = useThrottled(() => load(null), REFRESH_MS);
  useEffect(() => {
    load(null);
    return subscribe((event) => asks(event) && refresh());
  }, []);
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="waiting">${t.waitingTitle}<//>
      ${items && items.length > 0 && html`<span class="count" role="status">${items.length}${more && "+"}</span>`}</div>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${() => load(null)}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="check" title=${t.waitingNone} hint=${t.waitingNoneHint} />`}
    ${items && items.length > 0 && html`<ul class="cards">${items.map((item) => html`<${Card} key=${item.clock_id} item=${item} />`)}</ul>`}
    ${more && html`<button type="button" class="button" onClick=${() => load(more)}>${t.waitingMore}</button>`}
  </main>`;
}

/** @param {{ item: Item }} props */
function Card({ item }) {
  const desk = useDesk();
  const { t, language } = desk;
  const left = Date.parse(item.due_at) - now.value;
  return html`<li class=${`task ${left < 0 ? "task-late" : ""}`}>
    <div class="task-main"><strong>${item.kind[language]}</strong>
      <span class="task-why"><a href=${`#/tickets/${item.ticket.ticket_id}`}>${dashed(item.ticket.ticket_no)}</a>
        <${Chip} tone="status">${word(t.words.status, item.ticket.status, t)}<//> ${item.ticket.title}</span></div>
    <div class="task-due"><span class=${left < 0 ? "note-bad" : ""}>${left < 0 ? t.overdue(span(left, t)) : t.dueIn(span(left, t))}</span>
      <time class="faint" datetime=${item.due_at}>${fullTime(item.due_at, desk)}</time></div>
  </li>`;
}
