// How each reply reached the requester of a ticket, which ways came to nothing, and how they judged it.
/** @import { Ticket as OneTicket } from "../shared/openapi.d.ts" */
import { fullTime, word } from "../shared/format.js";
import { html } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Chip } from "../shared/ui.js";

/** @typedef {OneTicket["handling"]["replies"][number]} Reply */
/** @typedef {OneTicket["outcome"]["evaluations"][number]} Evaluation */

/** How a state looks; others wait. @type {Record<string, string>} */
const TONES = { sent: "status", delivered: "status", told: "status", failed: "bad", unreached: "bad" };

/** @param {{ record: OneTicket }} props */
export function Replies({ record }) {
  const { t } = useDesk();
  const { replies } = record.handling;
  const { evaluations } = record.outcome;
  if (!replies.length) return null;
  return html`<h3 id="replies-title">${t.fields["handling.replies"]}</h3>
    <ol class="case-tasks case-replies">${replies.map((one, n) => html`<${OneReply} key=${one.reply_id} reply=${one} number=${n + 1}
      judged=${evaluations.filter((evaluation) => evaluation.reply_id === one.reply_id)} />`)}</ol>
    <${Evaluations} items=${evaluations.filter((one) => one.reply_id === null)} />`;
}

/** @param {{ reply: Reply, number: number, judged: Evaluation[] }} props */
function OneReply({ reply, number, judged }) {
  const desk = useDesk();
  const { t } = desk;
  const title = `reply-${number}`;
  /** @param {string} key */
  const name = (key) => t.fields[`handling.replies.${key}`];
  const ways = t.words["handling.replies.way"];
  /** A line about it, where there is something to say. @param {string} key @param {unknown} value */
  const line = (key, value) => value && html`<p class="small"><span class="faint">${t.pair(name(key), "")}</span>${value}</p>`;
  /** The other ticket that it stands with, if there is one. @param {string} key @param {string | null} id */
  const other = (key, id) => id && html`<p class="small"><a href=${`#/tickets/${id}`}>${name(key)}</a></p>`;
  return html`<li aria-labelledby=${title}>
    <div class="panel-head"><span><strong id=${title}>${t.replyNumber(number)}</strong>
      <span class="faint small"> <time datetime=${reply.replied_at}>${fullTime(reply.replied_at, desk)}</time></span></span>
      <${Chip} tone=${TONES[reply.state] ?? "wait"}>${word(t.words["handling.replies.state"], reply.state, t)}<//></div>
    ${line("way", reply.way && html`${word(ways, reply.way, t)}${reply.because &&
      html`<span class="faint"> · ${word(t.words["handling.replies.because"], reply.because, t)}</span>`}`)}
    ${line("reached_at", reply.reached_at && html`<time datetime=${reply.reached_at}>${fullTime(reply.reached_at, desk)}</time>`)}
    ${line("tried", (reply.tried ?? []).map((way) => word(ways, way, t)).join(t.comma))}
    ${line("called_at", (reply.called_at ?? []).map((at) => fullTime(at, desk)).join(t.comma))}
    ${other("of", reply.of)}
    ${other("together", reply.together)}
    <${Evaluations} items=${judged} />
  </li>`;
}

/** @param {{ items: Evaluation[] }} props */
function Evaluations({ items }) {
  const desk = useDesk();
  const { t } = desk;
  if (!items.length) return null;
  return html`<ul class="case-clocks small" aria-label=${t.rating}>${items.map((one) => html`<li key=${one.at}>
    ${one.score && html`<strong>${word(t.words["outcome.evaluations.score"], one.score, t)}</strong> `}
    ${one.satisfied && html`${t.satisfied(one.satisfied)} · ${word(t.scores, String(one.satisfied), t)}`}
    <span class="faint"> · ${word({ ...t.judgedBy, ...t.channels }, one.channel, t)} · <time datetime=${one.at}>${fullTime(one.at, desk)}</time></span>
    ${one.comment && html`<br />${one.comment}`}</li>`)}</ul>`;
}
