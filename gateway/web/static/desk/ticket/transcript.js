// One interaction: its facts, its recording, and what was said, each piece a way into the recording.
/** @import { Interaction as OneInteraction, Ticket } from "../shared/openapi.d.ts" */
/** @import { Message, Segment as OneSegment, Attachment as OneAttachment } from "../shared/record.d.ts" */
/** @import { Words } from "../shared/state.js" */
/** @import { Form } from "./editor.js" */
/** @import { Span } from "./evidence.js" */
/** @import { Look, Sealed } from "./media.js" */
import { clock, fullTime, hourSecond, spacedPhone, word } from "../shared/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { bare, useDesk } from "../shared/state.js";
import { Chip, Icon, LiveDot } from "../shared/ui.js";
import { marked, places } from "./evidence.js";
import { Attachment } from "./media.js";
import { Player } from "./player.js";

/** What is lit up in the words. @typedef {{ spans: Span[], active: string | null | undefined }} Lit */

/**
 * `sealed`: the voice of who asked for secrecy is given to nobody who has not shown everything first.
 * @param {{ ticket: Ticket, interaction: OneInteraction, correct: Form["correct"], sealed: Sealed, look: Look } & Lit} props
 */
export function Interaction({ ticket, interaction, correct, spans, active, sealed, look }) {
  const desk = useDesk();
  const { t } = desk;
  const [at, setAt] = useState(0);
  const control = useRef(/** @type {(seconds: number) => void} */ (() => {}));
  const spoken = interaction.channel === "sip";
  const live = spoken && !interaction.ended_at;
  const kept = spoken && interaction.answered_at && (interaction.recording || live);
  const audible = kept && !sealed;
  /** @type {Map<string | null, OneAttachment>} */
  const files = new Map(ticket.attachments.map((one) => [one.attachment_id, one]));
  const messages = interaction.messages || [];
  const written = placesOf(ticket, messages, (one) => one.direction === "inbound", (one) => one.text);
  return html`<section class="panel" aria-label=${`${spoken ? t.conversation : t.messages} ${fullTime(interaction.started_at, desk)}`}>
    <div class="panel-head">
      <h2><${Icon} name=${spoken ? "phone" : "message"} />${spoken ? t.conversation : t.messages}</h2>
      ${live ? html`<${LiveDot} label=${t.onCall} />` : interaction.disposition && html`<${Chip}>${word(t.words["interactions.disposition"], interaction.disposition, t)}<//>`}
    </div>
    <${Facts} interaction=${interaction} />
    ${audible && html`<${Player} ticketId=${ticket.ticket_id} interaction=${interaction} control=${control} onTime=${setAt} />`}
    ${kept && sealed && html`<p class="faint small">${t.secretAudio}</p>`}
    ${spoken && !kept && !live && html`<p class="faint small">${t.noRecording}</p>`}
    ${messages.length > 0 &&
    html`<ol class="messages">${messages.map(
      (message, n) => html`<li key=${message.seq} class=${message.direction === "inbound" ? "theirs" : "ours"}>
        <time datetime=${message.sent_at}>${hourSecond(message.sent_at, desk)}</time>
        ${files.has(message.attachment_id) &&
        html`<${Attachment} one=${files.get(message.attachment_id)} at=${message.sent_at} words=${message.text} sealed=${sealed} look=${look} />`}
        ${message.text && html`<p>${written[n] === null ? told(message, t) : marked(message.text, written[n], spans, active)}</p>`}</li>`,
    )}</ol>`}
    ${spoken &&
    html`<${Transcript} ticket=${ticket} interaction=${interaction} live=${live} at=${at} correct=${correct}
      spans=${spans} active=${active}
      seek=${audible ? (/** @type {number} */ seconds) => control.current(seconds) : null} />`}
  </section>`;
}

/** An event without words stands there as its name in brackets. @param {Message} message @param {Words} t */
const told = ({ kind, text }, t) => {
  /** @type {Record<string, string>} */
  const names = t.messageEvents;
  return (kind === "event" && text && names[text.slice(1, -1)]) || text;
};
/** @param {OneSegment} segment */
const heard = (segment) => segment.corrected_text ?? segment.text;

/**
 * Where in the content each piece begins; null for what others said and what is not in it word for word.
 * @template T
 * @param {Ticket} ticket
 * @param {T[]} pieces
 * @param {(one: T) => boolean} theirs
 * @param {(one: T) => string | null} text
 */
function placesOf(ticket, pieces, theirs, text) {
  const found = places(ticket.demand.content, pieces.filter(theirs).map(text));
  let n = 0;
  return pieces.map((one) => (theirs(one) ? found[n++] : null));
}

/** @param {{ interaction: OneInteraction }} props */
function Facts({ interaction }) {
  const desk = useDesk();
  const { t } = desk;
  const start = interaction.answered_at && Date.parse(interaction.answered_at);
  const waited = start ? (start - Date.parse(interaction.started_at)) / 1000 : null;
  const rows = [[t.fields["interactions.started_at"], fullTime(interaction.started_at, desk)]];
  if (waited !== null && interaction.channel === "sip") rows.push([t.answeredAfter, t.seconds(waited.toFixed(waited < 10 ? 1 : 0))]);
  const lasted = interaction.recording?.duration_s ?? (start && interaction.ended_at && (Date.parse(interaction.ended_at) - start) / 1000);
  if (lasted && interaction.ended_at) rows.push([t.duration, clock(lasted)]);
  const number = spacedPhone(interaction.from_raw);
  if (number) rows.push([t.fields["requester.phone"], number]);
  if (interaction.dtmf && interaction.dtmf.length) rows.push([t.fields["interactions.dtmf"], interaction.dtmf.join(" ")]);
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** @param {{ ticket: Ticket, interaction: OneInteraction, live: boolean, at: number, seek: ((seconds: number) => void) | null, correct: Form["correct"] } & Lit} props */
function Transcript({ ticket, interaction, live, at, seek, correct, spans, active }) {
  const { t } = useDesk();
  const segments = interaction.transcript || [];
  const following = useRef(true);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (live && following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [segments.length, live]);
  const begins = placesOf(ticket, segments, (one) => one.speaker === "requester", heard);
  useEffect(() => {
    const list = box.current;
    const mark = active && list?.querySelector("mark.active");
    if (!list || !mark) return;
    const [inner, outer] = [mark.getBoundingClientRect(), list.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top - outer.height / 3;
  }, [active]);
  const note = live ? t.waitingTranscript : ticket.prefill.pending ? t.catchingUp : segments.length ? "" : t.noTranscript;
  return html`<div class="transcript">
    <h3>${t.fields["interactions.transcript"]}</h3>
    <ol ref=${box} role="log" aria-live=${live ? "polite" : "off"} aria-label=${t.fields["interactions.transcript"]} tabindex="0"
      onScroll=${(event) => {
        const list = event.currentTarget;
        following.current = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      }}>
      ${segments.map(
        (segment, n) => html`<${Segment} key=${segment.seq} segment=${segment} begin=${begins[n]} spans=${spans} active=${active} seek=${seek} correct=${correct}
          interactionId=${interaction.interaction_id}
          playing=${at > 0 && at * 1000 >= segment.start_ms && at * 1000 < segment.end_ms} />`,
      )}
    </ol>
    ${note && html`<p class=${`faint small ${live ? "breathing" : ""}`}>${note}</p>`}
  </div>`;
}

/**
 * @param {{
 *   segment: OneSegment, begin: number | null, seek: ((seconds: number) => void) | null, playing: boolean,
 *   correct: Form["correct"], interactionId: string,
 * } & Lit} props
 */
function Segment({ segment, begin, spans, active, seek, playing, correct, interactionId }) {
  const { t } = useDesk();
  const [editing, setEditing] = useState(/** @type {string | null} */ (null));
  const [busy, setBusy] = useState(false);
  const area = useRef(/** @type {HTMLElement | null} */ (null));
  const opener = useRef(/** @type {HTMLElement | null} */ (null));
  const time = clock(segment.start_ms / 1000);
  const said = heard(segment);
  useLayoutEffect(() => {
    if (editing !== null) area.current?.focus();
  }, [editing !== null]);
  const close = () => {
    setEditing(null);
    requestAnimationFrame(() => opener.current?.focus());
  };
  /** @param {{ preventDefault(): void }} event */
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    const done = await correct(interactionId, segment.seq, editing ?? "");
    setBusy(false);
    if (done) close();
  };
  return html`<li class=${`segment segment-${segment.speaker} ${playing ? "segment-playing" : ""}`} aria-current=${playing ? "true" : undefined}
    lang=${segment.language || undefined}>
    <div class="segment-head">
      <span class="speaker">${t.words["interactions.transcript.speaker"][segment.speaker]}</span>
      ${seek
        ? html`<button type="button" class="stamp" aria-label=${t.seekTo(time)} onClick=${() => seek(segment.start_ms / 1000)}>
            <${Icon} name="play" fill />${time}</button>`
        : html`<span class="stamp">${time}</span>`}
      ${segment.corrected_text !== null && html`<span class="corrected" title=${`${t.fields["interactions.transcript.text"]}: ${segment.text}`}>${t.corrected}</span>`}
      ${segment.speaker === "requester" && editing === null &&
      html`<button type="button" ref=${opener} class="linklike edit" aria-label=${t.editSegment(time)}
        onClick=${() => setEditing(said)}>${t.edit}</button>`}
    </div>
    ${editing === null
      ? html`<p>${begin === null || !said ? said || t.erased : marked(said, begin, spans, active)}</p>`
      : html`<form class="segment-form" onSubmit=${save} onKeyDown=${(event) => event.key === "Escape" && bare(event) && close()}>
          <textarea ref=${area} rows="2" maxlength="5000" aria-label=${t.editSegment(time)} value=${editing}
            onInput=${(event) => setEditing(event.target.value)}></textarea>
          <div class="row-buttons">
            <button type="button" class="button" onClick=${close}>${t.cancel}</button>
            <button class="button button-main" disabled=${busy}>${t.save}</button>
          </div>
        </form>`}
  </li>`;
}
