// The live list of tickets, newest first.
/** @import { Ticket } from "../shared/openapi.d.ts" */
import { explain } from "../shared/api.js";
import { dashed, listTime, onCall, summary, tail, whereabouts, word } from "../shared/format.js";
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { bare, now, useDesk } from "../shared/state.js";
import { subscribe } from "../shared/stream.js";
import { Chip, Empty, Icon, LiveDot, PageTitle, Skeleton } from "../shared/ui.js";
import { Filters } from "./filters.js";
import { LiveList, NO_FILTER, NOTHING } from "./live.js";

const TYPE_MS = 250;
let kept = NO_FILTER;

/** @param {{ selected: string | undefined, main: boolean }} props */
export function TicketList({ selected, main }) {
  const { t, session } = useDesk();
  const [filter, setFilter] = useState(kept);
  const [{ items, more, fresh, error }, show] = useState(NOTHING);
  const [waiting, wait] = useState(false);
  const [live] = useState(() => new LiveList(show));
  useEffect(() => {
    kept = filter;
    live.narrow(filter, items === null ? 0 : TYPE_MS);
  }, [filter]);
  useEffect(() => {
    const end = subscribe((event) => live.hear(event));
    return () => {
      end();
      live.close();
    };
  }, []);
  const older = async () => {
    wait(true);
    await live.older();
    wait(false);
  };
  const load = () => live.narrow(filter);

  // The arrows move in the list wherever nothing else has the focus: also from the title of a ticket, which takes it by itself.
  const rows = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const move = (event) => {
      const down = event.key === "ArrowDown";
      if (!(down || event.key === "ArrowUp") || !bare(event) || event.shiftKey || !rows.current) return;
      const focused = document.activeElement;
      const within = rows.current.contains(focused);
      if (!within && focused && focused !== document.body && focused.tagName !== "H1") return;
      const links = [...rows.current.querySelectorAll("a")];
      const at = within ? links.indexOf(/** @type {HTMLAnchorElement} */ (focused)) : links.findIndex((one) => one.getAttribute("aria-current"));
      event.preventDefault();
      const next = links[at < 0 ? 0 : at + (down ? 1 : -1)];
      if (next) next.focus();
    };
    addEventListener("keydown", move);
    return () => removeEventListener("keydown", move);
  }, []);
  const filtered = Object.entries(filter).some(([key, value]) => key !== "empty" && value);
  const inside = html`
    <div class="list-head">
      <div class="list-title">
        <${PageTitle} quiet=${!main} focusKey="list">${t.tickets}<//>
        <span class="count" role="status">${items && t.count(items.length, more)}</span>
      </div>
      <${Filters} filter=${filter} setFilter=${setFilter} statuses=${session.statuses} />
    </div>
    ${error && items === null && html`<${Empty} icon="refresh" title=${t.failed} hint=${explain(t, error)}>
      <button class="button" onClick=${load}>${t.retry}</button><//>`}
    ${error && items !== null && html`<p class="notice notice-bad" role="alert">${explain(t, error)}</p>`}
    ${items === null && !error && html`<${Skeleton} lines=${6} label=${t.loading} />`}
    ${items && items.length === 0 &&
    html`<${Empty} icon=${filtered ? "search" : "phone"} title=${filtered ? t.noMatch : t.noTickets}
      hint=${filtered ? t.noMatchHint : t.noTicketsHint}>
      ${filtered && html`<button class="button" onClick=${() => setFilter(NO_FILTER)}>${t.clear}</button>`}<//>`}
    ${items && items.length > 0 &&
    html`<ul ref=${rows} class="rows" aria-label=${t.listLabel}>
      ${items.map(
        (item) => html`<${Row} key=${item.ticket_id} item=${item} fresh=${fresh.has(item.ticket_id)}
          current=${item.ticket_id === selected} />`,
      )}
    </ul>`}
    ${more && html`<button class="button more" onClick=${older} disabled=${waiting}>${waiting ? t.loading : t.loadMore}</button>`}`;
  return main
    ? html`<main id="main" class="list" tabindex="-1">${inside}</main>`
    : html`<section class="list" aria-label=${t.tickets}>${inside}</section>`;
}

/** @param {{ item: Ticket, current: boolean, fresh: boolean }} props */
function Row({ item, current, fresh }) {
  const desk = useDesk();
  const { t } = desk;
  const live = onCall(item);
  const said = item.demand.title || item.demand.content;
  const [first] = Object.keys(t.words.status); // every ticket begins with it: no news
  const where = whereabouts(item);
  const urgent = item.demand.urgency && item.demand.urgency.level === "urgent";
  return html`<li>
    <a href=${`#/tickets/${item.ticket_id}`} class=${`row ${fresh ? "row-fresh" : ""} ${live ? "row-live" : ""}`}
      aria-current=${current ? "true" : undefined}>
      <span class="row-top">
        <span class="row-icon"><${Icon} name=${item.channel === "sip" ? "phone" : "message"} /><span class="visually-hidden">
          ${word(t.channels, item.channel, t)}</span></span>
        <span class="row-no"><span class="visually-hidden">${dashed(item.ticket_no)}</span><span aria-hidden="true">#${tail(item.ticket_no)}</span></span>
        ${live && html`<${LiveDot} label=${t.onCall} />`}
        <time datetime=${item.created_at}>${listTime(item.created_at, now.value, desk)}</time>
      </span>
      <span class=${`row-text ${said ? "" : "faint"}`}>${summary(item, t)}</span>
      <span class="row-chips">
        ${item.demand.emergency ? html`<${Chip} tone="danger">${t.emergency(item.demand.emergency)}<//>` : urgent && html`<${Chip} tone="bad">${t.words["demand.urgency"].urgent}<//>`}
        ${item.demand.type && html`<${Chip} tone="type">${word(t.words["demand.type"], item.demand.type, t)}<//>`}
        ${item.line === "enterprise" && html`<${Chip} tone="line">${t.words.line.enterprise}<//>`}
        ${item.status !== first && html`<${Chip}>${word(t.words.status, item.status, t)}<//>`}
        ${item.prefill.pending && !live && html`<${Chip} tone="wait">${t.fields["prefill.pending"]}<//>`}
        ${where && html`<span class="row-where"><${Icon} name="pin" />${where}</span>`}
      </span>
    </a>
  </li>`;
}
