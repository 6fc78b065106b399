// One ticket: its form, its conversations, its history.
/** @import { ApiError } from "../shared/api.js" */
/** @import { Event, Ticket as OneTicket } from "../shared/openapi.d.ts" */
/** @import { Words } from "../shared/state.js" */
/** @import { Beside } from "./beside.js" */
/** @import { Path } from "./fields.js" */
/** @import { Look, Sealed } from "./media.js" */
/** @import { Told } from "./sender.js" */
import { call, explain, failure } from "../shared/api.js";
import { dashed, fullTime, onCall, spacedPhone, word } from "../shared/format.js";
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { useDesk, useThrottled, wide } from "../shared/state.js";
import { subscribe } from "../shared/stream.js";
import { Chip, Empty, Icon, LiveDot, LoadFailed, PageTitle, Skeleton } from "../shared/ui.js";
import { useBeside } from "./beside.js";
import { Case } from "./case.js";
import { useEditor, useSteady } from "./editor.js";
import { useSpans } from "./evidence.js";
import { FIELDS } from "./fields.js";
import { Field, Marked, Mentions } from "./form.js";
import { Attachment, Viewer, pictures } from "./media.js";
import { Notices } from "./notices.js";
import { SameRequester } from "./same.js";
import { Similar } from "./similar.js";
import { Interaction } from "./transcript.js";
import { WithdrawAsk, WithdrawButton } from "./withdraw.js";

const REFRESH_MS = 400;
const UNMASKED = { unmasked: true };

/** @param {{ id: string }} props */
export function Ticket({ id }) {
  const { t } = useDesk();
  const [record, setRecord] = useState(/** @type {OneTicket | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const newest = useRef(/** @type {OneTicket | null} */ (null));
  const query = useRef(/** @type {{ unmasked?: boolean }} */ ({}));
  /** @param {OneTicket} found */
  const take = (found) => {
    // Answers may overtake each other; the record never goes back.
    if (!newest.current || found.version >= newest.current.version) {
      newest.current = found;
      setRecord(found);
    }
    setError(null);
    return newest.current;
  };
  const ask = () => call("GET tickets/{ticket}", { path: { ticket: id }, query: query.current });
  const load = () => ask().then(take, (problem) => setError(failure(problem)));
  // From now on this page shows everything: the server writes that down before it answers.
  /** @param {(told: Told) => void} tell */
  const reveal = async (tell) => {
    query.current = UNMASKED;
    try {
      take(await ask());
      tell({ bad: false, text: t.revealed });
    } catch (problem) {
      query.current = {};
      tell({ bad: true, text: explain(t, failure(problem)) });
    }
  };
  const beside = useBeside(record, query.current);
  const refresh = useThrottled(load, REFRESH_MS);
  useEffect(() => {
    load();
    return subscribe((event) => (event === null || event.ticket_id === newest.current?.ticket_id) && refresh());
  }, [id]);

  const back = !wide.value && html`<a class="back" href="#/tickets"><${Icon} name="back" />${t.back}</a>`;
  if (record === null && error)
    return html`${back}<${Empty} icon=${error.status === 404 ? "search" : "refresh"}
      title=${error.status === 404 ? t.ticketNotFound : t.failed} hint=${error.status === 404 ? "" : explain(t, error)}>
      <button class="button" onClick=${load}>${t.retry}</button><//>`;
  if (record === null || !beside.whole) return html`${back}<${Skeleton} lines=${8} label=${t.loading} />`;
  return html`<article class="ticket" aria-labelledby="ticket-title">
    ${back}
    <${Head} record=${record} />
    <${Body} record=${record} beside=${beside} take=${take} newest=${newest} unmasked=${query.current === UNMASKED} query=${query.current} reveal=${reveal} />
  </article>`;
}

/** @param {{ record: OneTicket }} props */
function Head({ record }) {
  const desk = useDesk();
  const { t } = desk;
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard &&
    navigator.clipboard.writeText(dashed(record.ticket_no)).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    });
  return html`<header class="ticket-head">
    <p class="eyebrow">${t.fields.ticket_no} · ${word(t.channels, record.channel, t)}</p>
    <div class="ticket-no">
      <${PageTitle} id="ticket-title" focusKey=${record.ticket_id}>${dashed(record.ticket_no)}<//>
      <button type="button" class="quiet square" aria-label=${t.copy} title=${t.copy} onClick=${copy}><${Icon} name=${copied ? "check" : "copy"} /></button>
      <span role="status" class="faint small">${copied && t.copied}</span>
    </div>
    <div class="ticket-chips">
      ${onCall(record) && html`<${LiveDot} label=${t.onCall} />`}
      <${Chip} tone="status">${word(t.words.status, record.status, t)}<//>
      ${record.demand.emergency && html`<${Chip} tone="danger">${t.emergency(record.demand.emergency)}<//>`}
      ${record.demand.urgency && record.demand.urgency.level === "urgent" && html`<${Chip} tone="bad">${t.words["demand.urgency"].urgent}<//>`}
      <${Chip} tone="line">${word(t.words.line, record.line, t)}<//>
      ${record.requester.secret && html`<${Chip} tone="bad">${t.fields["requester.secret"]}<//>`}
      ${record.requester.anonymous && html`<${Chip} tone="wait">${t.fields["requester.anonymous"]}<//>`}
      ${record.requester.returning && html`<${Chip}>${t.fields["requester.returning"]}<//>`}
      ${record.empty && html`<${Chip} tone="wait">${t.fields.empty}<//>`}
      ${record.erased_at && html`<${Chip} tone="wait">${t.erased}<//>`}
      ${record.prefill.pending && !onCall(record) && html`<${Chip} tone="wait">${t.fields["prefill.pending"]}<//>`}
    </div>
    <p class="faint small">${t.fields.created_at} <time datetime=${record.created_at}>${fullTime(record.created_at, desk)}</time>
      <span class="dot"> · </span>${t.fields.updated_at} <time datetime=${record.updated_at}>${fullTime(record.updated_at, desk)}</time></p>
    ${record.erased_at && html`<p role="note">${t.erasedHint(fullTime(record.erased_at, desk))}</p>`}
  </header>`;
}

/**
 * @param {{
 *   record: OneTicket, take: (found: OneTicket) => OneTicket, newest: { current: OneTicket | null }, unmasked: boolean,
 *   reveal: (tell: (told: Told) => void) => void, query: { unmasked?: boolean },
 *   beside: Beside,
 * }} props
 */
function Body({ record, beside, take, newest, unmasked, reveal, query }) {
  const { t } = useDesk();
  const form = useEditor({ record, take, newest, query });
  const spans = useSpans(record);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [shown, look] = useState(/** @type {string | null} */ (null));
  const [withdrawing, withdraw] = useState(false);
  const sealed = record.requester.secret && !unmasked;
  useSteady(box);
  const { active, dirty, told, busy, open, filled } = form;
  /** @type {Set<Path>} */
  const placed = new Set();
  /** @param {Path} path */
  const field = (path) => {
    placed.add(path);
    return html`<${Field} key=${path} path=${path} form=${form} />`;
  };
  /** The fields of these sections that have no place of their own below. @param {string[]} sections */
  const others = (...sections) => Object.keys(FIELDS).filter((path) => sections.includes(path.split(".")[0]) && !placed.has(path)).map(field);
  /** @param {{ preventDefault(): void }} event */
  const save = (event) => {
    event.preventDefault();
    form.save();
  };
  const hidden = !unmasked && JSON.stringify([record.requester, record.demand]).includes("*");
  const fresh = form.arrived.paths.map((path) => t.fields[path]).join(t.comma);
  return html`<div class="columns">
    <form class="form" ref=${box} onSubmit=${save} onKeyDown=${form.keyed} aria-label=${t.fields.demand} novalidate>
      <div class="review">
        <p>${!filled.length ? t.nothingFilled : open.length ? t.progress(filled.length - open.length, filled.length) : t.allConfirmed}
          <span class="keys faint small">${t.keysHint}</span></p>
        <div class="row-buttons">
          ${(hidden || unmasked) &&
          html`<button type="button" class="button button-small" disabled=${unmasked} onClick=${() => reveal(form.tell)}>
            <${Icon} name="eye" />${t.reveal}</button>`}
          <${WithdrawButton} record=${record} form=${form} ask=${withdraw} asking=${withdrawing} />
          <button type="button" class="button button-small confirm-all" disabled=${!open.length || busy} onClick=${form.confirmAll}>
            <${Icon} name="check" />${t.confirmAll(open.length)}</button>
        </div>
        <p class="visually-hidden" role="status">${fresh && t.filledNow(fresh)}</p>
      </div>
      ${withdrawing && html`<${WithdrawAsk} form=${form} ask=${withdraw} />`}
      <fieldset class="panel"><legend>${t.fields.demand}</legend>
        <div class="pair">${field("demand.type")}${field("demand.urgency")}</div>
        ${field("demand.category")}
        ${field("demand.title")}
        ${field("demand.content")}
        <${Marked} record=${record} spans=${spans} active=${active} />
        <${Mentions} record=${record} form=${form} />
        <div class="pair">${field("demand.complained_about.name")}${field("demand.complained_about.phone")}</div>
        ${field("handling.lead_unit")}
        ${others("demand", "handling")}
      </fieldset>
      <fieldset class="panel"><legend>${t.fields.place}</legend>
        <div class="triple">${field("place.district")}${field("place.street")}${field("place.community")}</div>
        ${field("place.address")}
        ${others("place")}
      </fieldset>
      <fieldset class="panel"><legend>${t.fields.requester}</legend>
        <div class="caller"><span class="faint">${t.fields["requester.phone"]}</span> <strong>${spacedPhone(record.requester.phone) || (record.erased_at ? t.erased : t.withheld)}</strong></div>
        <div class="pair">${field("requester.name")}${field("requester.callback_phone")}</div>
        <div class="triple">${field("requester.kind")}${field("requester.org_name")}${field("requester.uscc")}</div>
        <div class="triple">${field("requester.secret")}${field("requester.anonymous")}${field("requester.contact_by")}</div>
        ${field("requester.accessibility")}
        ${others("requester")}
      </fieldset>
      <div class=${`savebar ${dirty.length || told ? "savebar-on" : ""}`}>
        <p role="status" class=${told && told.bad ? "note-bad" : "faint"}>${told ? told.text : dirty.length ? t.changes(dirty.length) : t.nothing}</p>
        <div class="row-buttons">
          <button type="button" class="button" disabled=${!dirty.length || busy} onClick=${form.discard}>${t.discard}</button>
          <button class="button button-main" disabled=${!dirty.length || busy}>${busy ? t.saving : t.save}</button>
        </div>
      </div>
    </form>
    <div class="side">
      ${record.interactions.map(
        (one) => html`<${Interaction} key=${one.interaction_id} ticket=${record} interaction=${one} correct=${form.correct}
          spans=${spans} active=${active} sealed=${sealed} look=${look} />`,
      )}
      <${Case} record=${record} take=${take} newest=${newest} query=${query} beside=${beside} />
      <${Others} record=${record} sealed=${sealed} look=${look} />
      <${Rating} record=${record} />
      <${SameRequester} items=${beside.same} form=${form} />
      <${Similar} record=${record} form=${form} found=${beside.similar} />
      <${History} record=${record} />
      <${Notices} record=${record} />
    </div>
    <${Viewer} items=${sealed ? [] : pictures(record)} shown=${shown} look=${look} />
  </div>`;
}

/** Files that stand in no message: those that stayed at their source. @param {{ record: OneTicket, sealed: Sealed, look: Look }} props */
function Others({ record, sealed, look }) {
  const { t } = useDesk();
  const told = new Set(record.interactions.flatMap((one) => (one.messages || []).map((message) => message.attachment_id)));
  const items = record.attachments.filter((one) => !told.has(one.attachment_id));
  if (!items.length) return null;
  return html`<section class="panel" aria-labelledby="files-title"><h2 id="files-title">${t.files}</h2>
    <ul class="files">${items.map((one) => html`<li key=${one.attachment_id}><${Attachment} one=${one} sealed=${sealed} look=${look} /></li>`)}</ul>
  </section>`;
}

/** How they were served, where nothing was replied: judgements of replies stand beside these. @param {{ record: OneTicket }} props */
function Rating({ record }) {
  const { t } = useDesk();
  const given = record.outcome.evaluation;
  if (!given.satisfied || record.handling.replies.length) return null;
  return html`<section class="panel" aria-labelledby="rating-title"><h2 id="rating-title">${t.rating}</h2>
    <p><strong>${t.satisfied(given.satisfied)}</strong> <span class="faint small">${word(t.channels, given.channel, t)}</span></p>
    ${given.comment && html`<p>${given.comment}</p>`}
  </section>`;
}

/** What became of the ticket's status, where an event tells it. @param {Event} event @param {Words} t */
function went(event, t) {
  const [from, to] = event.data.changed?.status || [];
  return from && to ? `：${word(t.words.status, String(from), t)} → ${word(t.words.status, String(to), t)}` : "";
}

/** By which way units conferred, and which, where an event tells it. @param {Event} event @param {Words} t */
function talked(event, t) {
  if (event.type !== "case.conferred") return "";
  const { way, units } = /** @type {import("../shared/openapi.js").CaseConferredData} */ (event.data);
  return units ? `：${word(t.conferWays, way, t)} · ${units.join(", ")}` : "";
}

/** @param {{ record: OneTicket }} props */
function History({ record }) {
  const desk = useDesk();
  const { t } = desk;
  const [open, setOpen] = useState(false);
  const [items, setItems] = useState(/** @type {Event[] | null} */ (null));
  const [lost, lose] = useState(/** @type {ApiError | null} */ (null));
  const load = () => {
    lose(null);
    call("GET tickets/{ticket}/events", { path: { ticket: record.ticket_id }, query: { limit: 1000 } })
      .then((page) => setItems(page.items), (problem) => lose(failure(problem)));
  };
  useEffect(() => {
    if (open) load();
  }, [open, record.version]);
  return html`<details class="panel history" onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary><h2>${t.history}</h2></summary>
    ${lost && html`<${LoadFailed} error=${lost} again=${load} t=${t} />`}
    ${open && items === null && !lost && html`<${Skeleton} label=${t.loading} />`}
    ${items && html`<ol>${items.map(
      (event) => html`<li key=${event.event_seq}><time datetime=${event.at}>${fullTime(event.at, desk)}</time>
        <span>${word(t.events, event.type, t)}${event.actor.startsWith("user:") ? ` · ${event.actor.slice(5)}` : ""}${went(event, t)}${talked(event, t)}</span></li>`,
    )}</ol>`}
  </details>`;
}
