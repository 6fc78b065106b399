// 诉求人撤回: the requester takes the ticket back, for a reason.
/** @import { Ticket, WithdrawBody } from "../shared/openapi.d.ts" */
/** @import { Form } from "./editor.js" */
import { html, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { bare, useDesk } from "../shared/state.js";

/** @typedef {NonNullable<WithdrawBody["reason"]>} Reason */

const OPENER = "withdraw";

/**
 * Opens the question, where the ticket's status lets it be withdrawn.
 * @param {{ record: Ticket, form: Form, ask: (asking: boolean) => void, asking: boolean }} props
 */
export function WithdrawButton({ record, form, ask, asking }) {
  const { t, session } = useDesk();
  if (!session.withdrawable.includes(record.status)) return null;
  return html`<button type="button" id=${OPENER} class="button button-small" aria-expanded=${asking} disabled=${form.busy || asking}
    onClick=${() => ask(true)}>${t.withdraw}</button>`;
}

/** @param {{ form: Form, ask: (asking: boolean) => void }} props */
export function WithdrawAsk({ form, ask }) {
  const { t } = useDesk();
  const [reason, setReason] = useState(/** @type {Reason} */ ("requester_asked"));
  const first = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  const close = () => {
    ask(false);
    requestAnimationFrame(() => (document.getElementById(OPENER) ?? document.getElementById("ticket-title"))?.focus({ preventScroll: true }));
  };
  const yes = async () => {
    if (await form.send("POST tickets/{ticket}/actions/withdraw", { reason })) form.tell({ bad: false, text: t.withdrawnNow });
    close();
  };
  return html`<div class="ask" role="group" aria-label=${t.withdraw} onKeyDown=${(event) => event.key === "Escape" && bare(event) && close()}>
    <p>${t.withdrawAsk}</p>
    <select aria-label=${t.withdrawReason} value=${reason} ref=${first} onChange=${(event) => setReason(/** @type {Reason} */ (event.target.value))}>
      ${Object.entries(t.withdrawReasons).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
    </select>
    <div class="row-buttons"><button type="button" class="button" onClick=${close}>${t.cancel}</button>
      <button type="button" class="button button-main" disabled=${form.busy} onClick=${yes}>${t.withdrawYes}</button></div>
  </div>`;
}
