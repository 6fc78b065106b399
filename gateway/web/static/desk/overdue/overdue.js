// 挂账: limits that were not kept, of what still is not done; the longest overdue first.
/** @import { OverduePage } from "../shared/openapi.d.ts" */
import { call, explain } from "../shared/api.js";
import { dashed, fullTime, span, word } from "../shared/format.js";
import { html, useEffect, useState } from "../shared/html.js";
import { usePages } from "../shared/pages.js";
import { now, useDesk } from "../shared/state.js";
import { Chip, Empty, PageTitle, Skeleton } from "../shared/ui.js";
import { CODED, loadTables, tables } from "../ticket/catalogue.js";

/** @typedef {OverduePage["items"][number]} Item */

const EACH = 50;

export function Overdue() {
  const { t, language } = useDesk();
  const [unit, setUnit] = useState("");
  /** @param {string | null} cursor */
  const read = (cursor) => call("GET overdue", { query: { limit: EACH, unit: unit || undefined, cursor: cursor ?? undefined } });
  const { items, next, total, error, load } = usePages(unit, read);
  useEffect(loadTables, []);
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="overdue">${t.overdueTitle}<//>
      ${total !== null && html`<span class="count" role="status">${t.overdueTotal(total)}</span>`}</div>
    <form class="task-filters" onSubmit=${(/** @type {{ preventDefault(): void }} */ event) => event.preventDefault()}>
      <label><span class="visually-hidden">${t.caseFields.unit}</span>
        <select value=${unit} onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => setUnit(event.target.value)}>
          <option value="">${t.overdueAll}</option>
          ${tables.value.units.items.map((one) => html`<option key=${one.code} value=${one.code}>${CODED.units.label(one.code, tables.value, language)}</option>`)}
        </select></label>
    </form>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${() => load(null)}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="check" title=${t.overdueNone} hint=${t.overdueNoneHint} />`}
    ${items && items.length > 0 && html`<ul class="cards">${items.map((item) => html`<${Card} key=${item.clock_id} item=${item} />`)}</ul>`}
    ${next && html`<button type="button" class="button" onClick=${() => load(next)}>${t.moreOfList}</button>`}
  </main>`;
}

/** @param {{ item: Item }} props */
function Card({ item }) {
  const desk = useDesk();
  const { t, language } = desk;
  const unit = item.unit ? CODED.units.label(item.unit, tables.value, language) : t.overdueCentre;
  return html`<li class="task task-late">
    <div class="task-main"><strong>${unit} · ${item.kind[language]}</strong>
      <span class="task-why"><a href=${`#/tickets/${item.ticket.ticket_id}`}>${dashed(item.ticket.ticket_no)}</a>
        <${Chip} tone="status">${word(t.words.status, item.ticket.status, t)}<//> ${item.ticket.title}</span>
      ${item.supervised_at
        ? html`<span class="small">${t.overdueSupervised(item.supervised, fullTime(item.supervised_at, desk))}</span>`
        : html`<span class="faint small">${t.overdueUnsupervised}</span>`}</div>
    <div class="task-due"><span class="note-bad">${t.overdue(span(Date.parse(item.due_at) - now.value, t))}</span>
      <time class="faint" datetime=${item.due_at}>${fullTime(item.due_at, desk)}</time></div>
  </li>`;
}
