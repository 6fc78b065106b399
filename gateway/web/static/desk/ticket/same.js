// Who else contacted us from this number or account: maybe the same person. Nothing is filled in before an agent says so.
/** @import { SameRequester as Same } from "../shared/record.d.ts" */
/** @import { Form } from "./editor.js" */
import { dashed, listTime, spacedPhone, word } from "../shared/format.js";
import { html } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Icon } from "../shared/ui.js";

/** @param {{ items: Same[], form: Form }} props */
export function SameRequester({ items, form }) {
  const { t } = useDesk();
  /** @param {Same} one */
  const take = async (one) => {
    if (await form.send("POST tickets/{ticket}/actions/same_requester", { ticket_id: one.ticket_id })) form.tell({ bad: false, text: t.tookOver });
  };
  if (!items.length) return null;
  return html`<section class="panel similar same" aria-labelledby="same-title">
    <div class="panel-head"><h2 id="same-title"><${Icon} name="phone" />${t.maybeSame}</h2></div>
    <p class="faint small">${t.maybeSameHint}</p>
    <ol class="similar-list">${items.map((one) => html`<${Item} key=${one.ticket_id} one=${one} take=${take} busy=${form.busy} />`)}</ol>
  </section>`;
}

/** @param {{ one: Same, take: (one: Same) => void, busy: boolean }} props */
function Item({ one, take, busy }) {
  const desk = useDesk();
  const { t } = desk;
  const no = dashed(one.ticket_no);
  const told = [one.name, one.org_name, spacedPhone(one.callback_phone)].filter(Boolean);
  return html`<li>
    <div class="similar-head"><a href=${`#/tickets/${one.ticket_id}`}>${no}</a>
      <span class="faint small">${listTime(one.created_at, Date.now(), desk)} · ${word(t.channels, one.channel, t)}</span></div>
    <p>${told.join(" · ") || t.noName}</p>
    ${told.length > 0 &&
    html`<div class="similar-foot"><button type="button" class="button button-small" disabled=${busy} aria-label=${t.takeOverFrom(no)}
      onClick=${() => take(one)}>${t.takeOver}</button></div>`}
  </li>`;
}
