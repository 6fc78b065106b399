// One ticket: its form, its conversations, its history.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { call, explain } from "./api.js";
import * as drafts from "./draft.js";
import { Field, Marked } from "./form.js";
import { dashed, fullTime, onCall, spacedPhone, word } from "./format.js";
import { useDesk, useThrottled } from "./state.js";
import { Interaction } from "./transcript.js";
import { Chip, Empty, Icon, LiveDot, PageTitle, Skeleton } from "./ui.js";

const REFRESH_MS = 400;
const MASKED = ["requester.name", "requester.callback_phone"];

export function Ticket({ id, wide }) {
  const desk = useDesk();
  const { t, subscribe } = desk;
  const [record, setRecord] = useState(null);
  const [error, setError] = useState(null);
  const newest = useRef(null);
  const take = (found) => {
    // Answers may overtake each other; the record never goes back.
    if (!newest.current || found.version >= newest.current.version) {
      newest.current = found;
      setRecord(found);
    }
    setError(null);
    return newest.current;
  };
  const load = () => call("GET", `tickets/${encodeURIComponent(id)}`).then(take, setError);
  const refresh = useThrottled(load, REFRESH_MS);
  useEffect(() => {
    load();
    return subscribe((event) => (event === null || (newest.current && event.ticket_id === newest.current.ticket_id)) && refresh());
  }, [id, subscribe]);

  const back = !wide && html`<a class="back" href="#/tickets"><${Icon} name="back" />${t.back}</a>`;
  if (record === null && error)
    return html`${back}<${Empty} icon=${error.status === 404 ? "search" : "refresh"}
      title=${error.status === 404 ? t.ticketNotFound : t.failed} hint=${error.status === 404 ? "" : explain(t, error)}>
      <button class="button" onClick=${load}>${t.retry}</button><//>`;
  if (record === null) return html`${back}<${Skeleton} lines=${8} label=${t.loading} />`;
  return html`<article class="ticket" aria-labelledby="ticket-title">
    ${back}
    <${Head} record=${record} />
    <${Body} record=${record} take=${take} load=${load} newest=${newest} />
  </article>`;
}

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
    <p class="eyebrow">${t.ticketNo} · ${word(t.channels, record.channel, t)}</p>
    <div class="ticket-no">
      <${PageTitle} id="ticket-title" focusKey=${record.ticket_id}>${dashed(record.ticket_no)}<//>
      <button type="button" class="quiet square" aria-label=${t.copy} title=${t.copy} onClick=${copy}><${Icon} name=${copied ? "check" : "copy"} /></button>
      <span role="status" class="faint small">${copied && t.copied}</span>
    </div>
    <div class="ticket-chips">
      ${onCall(record) && html`<${LiveDot} label=${t.onCall} />`}
      <${Chip} tone="status">${word(t.statuses, record.status, t)}<//>
      ${record.demand.urgency && record.demand.urgency.level === "urgent" && html`<${Chip} tone="bad">${t.urgent}<//>`}
      <${Chip} tone="line">${record.line === "enterprise" ? t.enterprise : t.citizen}<//>
      ${record.requester.returning && html`<${Chip}>${t.returning}<//>`}
      ${record.empty && html`<${Chip} tone="wait">${t.notSaid}<//>`}
      ${record.prefill.pending && !onCall(record) && html`<${Chip} tone="wait">${t.pending}<//>`}
    </div>
    <p class="faint small">${t.createdAt} <time datetime=${record.created_at}>${fullTime(record.created_at, desk)}</time>
      <span class="dot"> · </span>${t.updatedAt} <time datetime=${record.updated_at}>${fullTime(record.updated_at, desk)}</time></p>
  </header>`;
}

function Body({ record, take, newest }) {
  const { t } = useDesk();
  const ticketId = record.ticket_id;
  const [, redraw] = useState(0);
  const [active, setActive] = useState(null);
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState(null);
  const [clashing, setClashing] = useState([]);
  const [known, setKnown] = useState(null);
  const draft = drafts.draftOf(ticketId);
  const change = (next) => {
    Object.assign(draft, next);
    redraw((n) => n + 1);
  };
  useEffect(() => {
    const warn = (event) => drafts.anyDraft() && event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);

  const shownRecord = known ? { ...record, requester: { ...record.requester, ...known } } : record;
  const dirty = Object.keys(draft.values);
  const reload = async () => take(await call("GET", `tickets/${ticketId}`));

  // Sends under the version that is on screen. When only other fields moved on meanwhile, it is sent once more.
  const send = async (method, path, payload, clash) => {
    setBusy(true);
    setTold(null);
    try {
      try {
        take(await call(method, path, { body: payload, version: newest.current.version }));
      } catch (problem) {
        if (problem.status !== 412) throw problem;
        const latest = await reload();
        if (clash && clash(latest)) return false;
        take(await call(method, path, { body: payload, version: latest.version }));
      }
      return true;
    } catch (problem) {
      setTold({ bad: true, text: `${t.saveFailed} · ${explain(t, problem)}` });
      return false;
    } finally {
      setBusy(false);
    }
  };
  const save = async (event) => {
    event.preventDefault();
    if (!dirty.length) return;
    const already = drafts.conflicts(draft, shownRecord).filter((path) => !clashing.includes(path));
    const clash = (latest) => {
      const found = drafts.conflicts(draft, known ? { ...latest, requester: { ...latest.requester, ...known } } : latest);
      if (!found.length) return false;
      change(drafts.rebase(draft, latest));
      setClashing(found);
      setTold({ bad: true, text: t.conflict });
      return true;
    };
    if (already.length && clash(shownRecord)) return;
    if (await send("PATCH", `tickets/${ticketId}`, drafts.body(draft), clash)) {
      if (known && dirty.some((path) => MASKED.includes(path))) setKnown(null);
      change({ values: {}, origins: {} });
      setClashing([]);
      setTold({ bad: false, text: t.saved });
    }
  };
  const discard = () => {
    change({ values: {}, origins: {} });
    setClashing([]);
    setTold(null);
  };
  const reveal = async () => {
    try {
      setKnown(await call("POST", `tickets/${ticketId}/actions/reveal`));
      setTold({ bad: false, text: t.revealed });
    } catch (problem) {
      setTold({ bad: true, text: explain(t, problem) });
    }
  };
  const form = {
    record: shownRecord,
    busy,
    value: (path) => (path in draft.values ? draft.values[path] : drafts.pick(shownRecord, path)),
    changed: (path) => path in draft.values,
    set: (path, value) => {
      setTold(null);
      change(drafts.put(draft, shownRecord, path, value));
    },
    theirs: (path) => clashing.includes(path) && path in draft.values,
    focus: setActive,
    confirm: async (path) => {
      if (await send("POST", `tickets/${ticketId}/actions/confirm`, { paths: [path] })) setTold({ bad: false, text: t.saved });
    },
  };
  const correct = (interactionId, seq, text) =>
    send("PATCH", `tickets/${ticketId}`, {
      interactions: [{ interaction_id: interactionId, transcript: [{ seq, corrected_text: text }] }],
    });
  const hidden = [...MASKED.map((path) => drafts.pick(shownRecord, path)), shownRecord.requester.phone].some(
    (value) => typeof value === "string" && value.includes("*"),
  );
  return html`<div class="columns">
    <form class="form" onSubmit=${save} aria-label=${t.demand} novalidate>
      <fieldset class="panel"><legend>${t.demand}</legend>
        <div class="pair"><${Field} path="demand.type" form=${form} /><${Field} path="demand.urgency" form=${form} /></div>
        <${Field} path="demand.title" form=${form} />
        <${Field} path="demand.content" form=${form} />
        <${Marked} record=${record} active=${active} />
      </fieldset>
      <fieldset class="panel"><legend>${t.place}</legend>
        <div class="triple"><${Field} path="place.district" form=${form} /><${Field} path="place.street" form=${form} />
          <${Field} path="place.community" form=${form} /></div>
        <${Field} path="place.address" form=${form} />
      </fieldset>
      <fieldset class="panel"><legend>${t.requester}</legend>
        <div class="caller"><span class="faint">${t.phone}</span> <strong>${spacedPhone(shownRecord.requester.phone) || t.withheld}</strong>
          ${hidden && html`<button type="button" class="button button-small" onClick=${reveal}><${Icon} name="eye" />${t.reveal}</button>`}</div>
        <div class="pair"><${Field} path="requester.name" form=${form} /><${Field} path="requester.callback_phone" form=${form} /></div>
        <div class="pair"><${Field} path="requester.kind" form=${form} /><${Field} path="requester.org_name" form=${form} /></div>
      </fieldset>
      <div class=${`savebar ${dirty.length || told ? "savebar-on" : ""}`}>
        <p role="status" class=${told && told.bad ? "note-bad" : "faint"}>${told ? told.text : dirty.length ? t.changes(dirty.length) : t.nothing}</p>
        <div class="row-buttons">
          <button type="button" class="button" disabled=${!dirty.length || busy} onClick=${discard}>${t.discard}</button>
          <button class="button button-main" disabled=${!dirty.length || busy}>${busy ? t.saving : t.save}</button>
        </div>
      </div>
    </form>
    <div class="side">
      ${record.interactions.map(
        (one) => html`<${Interaction} key=${one.interaction_id} ticket=${record} interaction=${one} correct=${correct} />`,
      )}
      <${History} record=${record} />
    </div>
  </div>`;
}

function History({ record }) {
  const desk = useDesk();
  const { t } = desk;
  const [open, setOpen] = useState(false);
  const [items, setItems] = useState(null);
  useEffect(() => {
    if (open) call("GET", `tickets/${record.ticket_id}/events?limit=1000`).then((page) => setItems(page.items), () => {});
  }, [open, record.version]);
  return html`<details class="panel history" onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary><h2>${t.history}</h2></summary>
    ${open && items === null && html`<${Skeleton} label=${t.loading} />`}
    ${items && html`<ol>${items.map(
      (event) => html`<li key=${event.event_seq}><time datetime=${event.at}>${fullTime(event.at, desk)}</time>
        <span>${t.events[event.type] || event.type}${event.actor.startsWith("user:") ? ` · ${event.actor.slice(5)}` : ""}</span></li>`,
    )}</ol>`}
  </details>`;
}
