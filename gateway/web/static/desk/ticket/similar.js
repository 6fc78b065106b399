// Tickets about the same thing, and making two of them one.
/** @import { SimilarList, Ticket } from "../shared/openapi.d.ts" */
/** @import { Similar as OneSimilar } from "../shared/record.d.ts" */
/** @import { Form } from "./editor.js" */
import { call } from "../shared/api.js";
import { dashed, listTime, word } from "../shared/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { bare, useDesk } from "../shared/state.js";
import { Chip, Icon } from "../shared/ui.js";

const PAUSE_MS = 700;
const AGAIN_MS = 2000;

/**
 * Those like `record`, asked for until all are known: undefined before the first answer, null when they cannot be had.
 * @param {Ticket | null} record
 */
export function useSimilar(record) {
  const [found, setFound] = useState(/** @type {SimilarList | null | undefined} */ (undefined));
  const [round, setRound] = useState(0);
  const id = record?.ticket_id;
  useEffect(() => {
    if (!id) return undefined;
    let gone = false;
    const timer = setTimeout(
      () => call("GET tickets/{ticket}/similar", { path: { ticket: id } }).then((answer) => gone || setFound(answer), () => gone || setFound(null)),
      found ? PAUSE_MS : 0,
    );
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id, record?.demand.content, record?.related.merged_into, record?.related.merged_count, round]);
  useEffect(() => {
    if (!found || found.complete) return undefined;
    const timer = setTimeout(() => setRound((n) => n + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [found]);
  return found;
}

/** @param {{ record: Ticket, form: Form, found: SimilarList | null | undefined }} props */
export function Similar({ record, form, found }) {
  const { t } = useDesk();
  const [asking, ask] = useState("");
  const [headNo, setHeadNo] = useState("");
  const { merged_into: head, merged_count: members } = record.related;
  useEffect(() => {
    setHeadNo("");
    if (head) call("GET tickets/{ticket}", { path: { ticket: head } }).then((one) => setHeadNo(dashed(one.ticket_no)), () => {});
  }, [head]);
  /** @param {Promise<boolean>} sent @param {string} text */
  const act = async (sent, text) => {
    ask("");
    if (await sent) form.tell({ bad: false, text });
  };
  const unmerge = () => act(form.send("POST tickets/{ticket}/actions/unmerge", undefined), t.unmerged);
  if (!found && !head) return null;
  const items = (found && found.items) || [];
  return html`<section class="panel similar" aria-labelledby="similar-title">
    <div class="panel-head"><h2 id="similar-title"><${Icon} name="list" />${t.fields["related.similar"]}</h2>
      ${found && found.reporters > 1 && html`<${Chip} tone="wait">${t.aboutThis(found.reporters)}<//>`}
      ${found && found.repeats > 0 && html`<${Chip}>${t.repeats(found.repeats)}<//>`}
    </div>
    ${head &&
    html`<p class="row-buttons"><a href=${`#/tickets/${head}`}>${t.mergedInto(headNo)}</a>
      <button type="button" class="button button-small" disabled=${form.busy} onClick=${unmerge}>${t.unmerge}</button></p>`}
    ${members > 0 && html`<p class="faint small">${t.mergedHere(members)}</p>`}
    ${!head && items.length === 0 && html`<p class="faint small">${found?.complete ? t.similarNone : t.similarSearching}</p>`}
    <ol class="similar-list">${items.map(
      (one) => html`<${Item} key=${one.ticket_id} one=${one} record=${record} form=${form} asking=${asking === one.ticket_id} ask=${ask}
        merge=${() => act(form.send("POST tickets/{ticket}/actions/merge", { into: one.ticket_id }), t.merged)} />`,
    )}</ol>
  </section>`;
}

/**
 * @param {{
 *   one: OneSimilar, record: Ticket, form: Form, asking: boolean, ask: (id: string) => void, merge: () => void,
 * }} props
 */
function Item({ one, record, form, asking, ask, merge }) {
  const desk = useDesk();
  const { t } = desk;
  const no = dashed(one.ticket_no);
  const opener = `merge-${one.ticket_id}`;
  const close = () => {
    ask("");
    requestAnimationFrame(() => document.getElementById(opener)?.focus());
  };
  return html`<li>
    <div class="similar-head"><a href=${`#/tickets/${one.ticket_id}`}>${no}</a>
      <span class="faint small">${listTime(one.created_at, Date.now(), desk)} · ${word(t.words.status, one.status, t)}</span></div>
    <p>${one.title || t.noText}</p>
    <div class="similar-foot">
      <meter min="0" max="1" value=${one.score} aria-label=${t.likeness(Math.round(one.score * 100))}></meter>
      <span class="small">${t.likeness(Math.round(one.score * 100))}</span>
      ${one.same_requester ? html`<${Chip} tone="line">${t.sameRequester}<//>` : one.reporters > 1 && html`<${Chip}>${t.reporters(one.reporters)}<//>`}
      ${!record.related.merged_into && !asking &&
      html`<button type="button" id=${opener} class="button button-small" disabled=${form.busy} aria-label=${t.mergeInto(no)}
        onClick=${() => ask(one.ticket_id)}>${t.merge}</button>`}
    </div>
    ${asking && html`<${Ask} no=${no} busy=${form.busy} close=${close} yes=${merge} />`}
  </li>`;
}

/** @param {{ no: string, busy: boolean, close: () => void, yes: () => void }} props */
function Ask({ no, busy, close, yes }) {
  const { t } = useDesk();
  const first = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  return html`<div class="ask" role="group" aria-label=${t.mergeInto(no)} onKeyDown=${(event) => event.key === "Escape" && bare(event) && close()}>
    <p>${t.mergeAsk(no)}</p>
    <div class="row-buttons"><button type="button" class="button" ref=${first} onClick=${close}>${t.cancel}</button>
      <button type="button" class="button button-main" disabled=${busy} onClick=${yes}>${t.mergeYes}</button></div>
  </div>`;
}
