// Whom the city owes a call, earliest due first.
import { html, useEffect, useState } from "./vendor/preact.js";
import { call, explain } from "./api.js";
import { dashed, fullTime, spacedPhone, span, word } from "./format.js";
import { useDesk, useNow, useThrottled } from "./state.js";
import { Chip, Empty, PageTitle, Skeleton } from "./ui.js";

const REFRESH_MS = 1000;
const ASKS = new Set(["interaction.ended", "ticket.corrected"]);

export function Callbacks() {
  const desk = useDesk();
  const { t, subscribe } = desk;
  const [items, setItems] = useState(null);
  const [error, setError] = useState(null);
  const now = useNow(15000);
  const load = () =>
    call("GET", "callbacks").then(
      (page) => {
        setItems(page.items);
        setError(null);
      },
      (problem) => setError(problem),
    );
  const refresh = useThrottled(load, REFRESH_MS);
  useEffect(() => {
    load();
    return subscribe((event) => (event === null || ASKS.has(event.type) || event.type.startsWith("callback.")) && refresh());
  }, [subscribe]);
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="callbacks">${t.callbacks}<//>
      ${items && items.length > 0 && html`<span class="count" role="status">${items.length}</span>`}</div>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${load}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="check" title=${t.noCallbacks} hint=${t.noCallbacksHint} />`}
    ${items && items.length > 0 &&
    html`<ul class="cards">
      ${items.map((item) => html`<${Task} key=${item.callback_id} item=${item} now=${now} />`)}
    </ul>`}
  </main>`;
}

function Task({ item, now }) {
  const desk = useDesk();
  const { t } = desk;
  const left = new Date(item.due_at) - now;
  return html`<li class=${`task ${left < 0 ? "task-late" : ""}`}>
    <div class="task-main">
      <strong class="task-phone">${spacedPhone(item.phone) || t.withheld}</strong>
      <span class="task-why">${word(t.callbackReasons, item.reason, t)}
        ${item.how === "message" && html`<${Chip} tone="wait">${t.messageOnly}<//>`}
        ${item.line === "enterprise" && html`<${Chip} tone="line">${t.enterprise}<//>`}</span>
    </div>
    <div class="task-due">
      <span class=${left < 0 ? "late" : left < 600000 ? "soon" : ""}>${left < 0 ? t.overdue(span(left, t)) : t.dueIn(span(left, t))}</span>
      <span class="faint">${t.due} <time datetime=${item.due_at}>${fullTime(item.due_at, desk)}</time></span>
    </div>
    <a class="button" href=${`#/tickets/${item.ticket_id}`}>${t.openTicket}<span class="visually-hidden"> ${dashed(item.ticket_no)}</span></a>
  </li>`;
}
