// What waits for the centre: to give out, a return to review, a reply or more time to approve, a requester to answer.
/** @import { WaitingPage } from "../shared/openapi.d.ts" */
import { call, explain } from "../shared/api.js";
import { dashed, fullTime, span, word } from "../shared/format.js";
import { html } from "../shared/html.js";
import { usePages } from "../shared/pages.js";
import { now, useDesk } from "../shared/state.js";
import { Chip, Empty, PageTitle, Skeleton } from "../shared/ui.js";

/** @typedef {WaitingPage["items"][number]} Item */

/** @param {string | null} cursor */
const read = (cursor) => call("GET waiting", { query: cursor === null ? {} : { cursor } });

export function Waiting() {
  const { t } = useDesk();
  const { items, next, error, load } = usePages("", read);
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="waiting">${t.waitingTitle}<//>
      ${items && items.length > 0 && html`<span class="count" role="status">${items.length}${next && "+"}</span>`}</div>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${() => load(null)}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="check" title=${t.waitingNone} hint=${t.waitingNoneHint} />`}
    ${items && items.length > 0 && html`<ul class="cards">${items.map((item) => html`<${Card} key=${item.clock_id} item=${item} />`)}</ul>`}
    ${next && html`<button type="button" class="button" onClick=${() => load(next)}>${t.moreOfList}</button>`}
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
