// Which units were told of a ticket, by which way, and what became of it: whom to call when nobody acts.
/** @import { ApiError } from "../shared/api.js" */
/** @import { NoticeList, Ticket as OneTicket } from "../shared/openapi.d.ts" */
import { call, failure } from "../shared/api.js";
import { fullTime, word } from "../shared/format.js";
import { html, useEffect, useState } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { LoadFailed, Skeleton } from "../shared/ui.js";

/** @typedef {NoticeList["items"][number]} Notice */

/** @param {{ record: OneTicket }} props */
export function Notices({ record }) {
  const desk = useDesk();
  const { t } = desk;
  const [open, setOpen] = useState(false);
  const [items, setItems] = useState(/** @type {Notice[] | null} */ (null));
  const [lost, lose] = useState(/** @type {ApiError | null} */ (null));
  const load = () => {
    lose(null);
    call("GET tickets/{ticket}/notices", { path: { ticket: record.ticket_id } }).then((page) => setItems(page.items), (problem) => lose(failure(problem)));
  };
  useEffect(() => {
    if (open) load();
  }, [open, record.version]);
  if (!record.handling.units.length && !record.handling.undecided_since) return null;
  return html`<details class="panel history told" onToggle=${(/** @type {{ currentTarget: HTMLDetailsElement }} */ event) => setOpen(event.currentTarget.open)}>
    <summary><h2>${t.toldUnits}</h2></summary>
    ${lost && html`<${LoadFailed} error=${lost} again=${load} t=${t} />`}
    ${open && items === null && !lost && html`<${Skeleton} label=${t.loading} />`}
    ${items?.length === 0 && html`<p class="faint">${t.toldNobody}</p>`}
    ${items && html`<ol>${items.map((one) => html`<li key=${`${one.event_seq} ${one.unit} ${one.way} ${one.address}`}>
      <time datetime=${one.at}>${fullTime(one.at, desk)}</time>
      <span>${word(t.events, one.type, t)} → ${one.unit} · ${word(t.noticeWays, one.way, t)}${one.address ? ` ${one.address}` : ""}
        <span class=${one.dead_at ? "note-bad" : "faint"}> · ${became(one, desk)}</span></span></li>`)}</ol>`}
  </details>`;
}

/** What became of a notice. @param {Notice} one @param {import("../shared/state.js").Desk} desk */
function became(one, desk) {
  const { t } = desk;
  if (one.sent_at) return t.noticeSent(fullTime(one.sent_at, desk));
  if (one.dead_at) return t.noticeDead(one.error ?? "");
  return t.noticeWaits(fullTime(one.next_at ?? one.due_at, desk), one.attempts);
}
