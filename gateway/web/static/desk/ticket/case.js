// The case of a ticket: tasks of units with their time limits, why these units, and what can be done now. What is
// possible, and with which fields, the API says; nothing of the table of states stands here.
/** @import { Asked } from "../shared/api.js" */
/** @import { Case as OneCase, CaseAction, DispatchStep, Suggestion } from "../shared/openapi.d.ts" */
/** @import { Beside } from "./beside.js" */
/** @import { Page } from "./sender.js" */
/** @import { Body } from "./case-ask.js" */
import { call, explain, failure } from "../shared/api.js";
import { fullTime, listTime, span } from "../shared/format.js";
import { html, useState } from "../shared/html.js";
import { now, useDesk } from "../shared/state.js";
import { Chip, Icon, LoadFailed } from "../shared/ui.js";
import { CaseAsk } from "./case-ask.js";
import { Replies } from "./replies.js";

/** @typedef {OneCase["tasks"][number]} Task */
/** @typedef {OneCase["clocks"][number]} Clock */
/** A word of the API in both languages. @typedef {{ code: string, zh: string, en: string }} Named */
/** What is asked: a verb on the case, or on a task of it. @typedef {{ action: CaseAction, task: Task | null }} Asking */

const ELSEWHERE = new Set(["withdraw"]); // has its own place beside the form
const TITLE = "case-title";

/** @param {Page & { beside: Beside }} props */
export function Case({ record, take, newest, query, beside }) {
  const desk = useDesk();
  const { t, language } = desk;
  const { opened: found, advice, notes } = beside;
  const [asking, ask] = useState(/** @type {Asking | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [told, tell] = useState({ bad: false, text: "" });
  const id = record.ticket_id;
  const trouble = beside.lost && html`<${LoadFailed} error=${beside.lost} again=${beside.again} t=${t} />`;
  if (!found) return trouble && html`<section class="panel case" aria-labelledby=${TITLE}><h2 id=${TITLE}>${t.caseTitle}</h2>${trouble}</section>`;

  /** @param {Asking} asked @param {Body} body */
  const send = async ({ action, task }, body) => {
    setBusy(true);
    tell({ bad: false, text: "" });
    const room = task ? "tasks/{task}/actions" : "actions";
    const path = { ticket: id, task: task ? task.task_id : "" };
    const version = task ? task.version : (newest.current ?? record).version;
    try {
      take(await call(/** @type {any} */ (`POST tickets/{ticket}/${room}/${action.verb}`), /** @type {Asked<any>} */ ({ path, query, body, version })));
      tell({ bad: false, text: t.caseDone(action[language]) });
      close();
    } catch (problem) {
      tell({ bad: true, text: explain(t, failure(problem)) });
    } finally {
      setBusy(false);
    }
  };
  const close = () => {
    ask(null);
    requestAnimationFrame(() => document.getElementById(TITLE)?.focus({ preventScroll: true }));
  };
  const dispatch = found.possible.find((one) => one.verb === "dispatch");
  const shown = found.possible.filter((one) => !ELSEWHERE.has(one.verb) && !(advice && one.verb === "dispatch"));
  /** @param {CaseAction} action @param {Task | null} task */
  const button = (action, task) => html`<button key=${action.verb} type="button" class="button button-small" disabled=${busy}
    aria-label=${task ? t.caseOf(action[language], task.unit[language]) : undefined}
    onClick=${() => ask({ action, task })}>${action[language]}</button>`;
  return html`<section class="panel case" aria-labelledby=${TITLE}>
    <div class="panel-head"><h2 id=${TITLE} tabindex="-1"><${Icon} name="check" />${t.caseTitle}</h2>
      <span>${found.reassigned > 0 && html`<${Chip}>${t.caseReassigned(found.reassigned)}<//> `}
        ${found.reopened > 0 && html`<${Chip} tone="wait">${t.caseReopened(found.reopened)}<//>`}</span></div>
    ${trouble}
    ${found.undecided_since && html`<p><${Chip} tone="bad">${t.caseUndecided(fullTime(found.undecided_since, desk))}<//></p>`}
    ${advice && dispatch && html`<${Advice} advice=${advice} action=${dispatch} waits=${Boolean(found.undecided_since)}
      had=${found.tasks.map((one) => one.unit.code)} busy=${busy} send=${send} ask=${ask} />`}
    ${found.tasks.length > 0 && html`<h3 class="visually-hidden">${t.caseTasks}</h3>
      <ul class="case-tasks">${found.tasks.map((task) => html`<${OneTask} key=${task.task_id} task=${task}
        clocks=${found.clocks.filter((one) => one.task_id === task.task_id)} button=${button} />`)}</ul>`}
    <${Clocks} clocks=${found.clocks.filter((one) => one.task_id === null)} />
    ${found.centre_time_ms > 0 && html`<p class="faint small">${t.caseCentreTime(span(found.centre_time_ms, t))}</p>`}
    <${Replies} record=${record} />
    ${shown.length > 0 && html`<div class="row-buttons" role="group" aria-label=${t.caseActions}>${shown.map((one) => button(one, null))}</div>`}
    ${asking && html`<${CaseAsk} key=${`${asking.action.verb} ${asking.task?.task_id}`} asking=${asking} candidates=${advice?.candidates ?? []} spoken=${record.requester.language === "en" ? "en" : "zh"}
      busy=${busy} send=${(/** @type {Body} */ body) => send(asking, body)} close=${close} />`}
    <p role="status" class=${told.bad ? "note-bad" : "faint small"}>${told.text}</p>
    ${notes.length > 0 && html`<details class="case-trace" open><summary>${t.caseNotes}</summary>
      <ol class="small">${notes.map((one) => html`<li key=${one.note_id}><strong>${one.kind[language]}</strong>
        <span class="faint"> ${one.author.replace(/^user:/, "")} · <time datetime=${one.at}>${fullTime(one.at, desk)}</time></span><br />${one.text}</li>`)}</ol></details>`}
    ${found.trace.length > 0 && html`<details class="case-trace"><summary>${t.caseTrace}</summary><${Trace} steps=${found.trace} /></details>`}
  </section>`;
}

/**
 * Whom the tables name, and why; `waits`: nobody leads, and the centre has to decide. `had`: units that had it before,
 * which nobody gives it again by a mere press.
 * @param {{
 *   advice: Suggestion, action: CaseAction, waits: boolean, had: string[], busy: boolean,
 *   send: (asked: Asking, body: Body) => void, ask: (asked: Asking) => void,
 * }} props
 */
function Advice({ advice, action, waits, had, busy, send, ask }) {
  const { t, language } = useDesk();
  const units = [advice.lead, ...advice.joint].flatMap((one) => (one ? [one[language]] : [])).join(t.comma);
  const others = advice.candidates.map((one) => one[language]).join(t.comma);
  const asked = { action, task: null };
  return html`<div class="case-advice">
    <h3>${t.caseSuggestion}</h3>
    <p>${advice.lead ? html`<strong>${units}</strong>` : t.caseNobody}
      <span class="faint small"> · ${t.caseSure(Math.round(advice.confidence * 100))} · ${t.caseVersions([advice.directory, advice.table].join(t.comma))}</span></p>
    ${!advice.lead && others && html`<p class="small">${t.caseCandidates}: ${others}</p>`}
    <${Trace} steps=${advice.trace} />
    <div class="row-buttons">
      <button type="button" class="button button-small" disabled=${busy} onClick=${() => ask(asked)}>${t.caseChoose}</button>
      ${(advice.lead ? !had.includes(advice.lead.code) : !waits) && html`<button type="button" class="button button-small button-main" disabled=${busy} onClick=${() => send(asked, {})}>
        ${advice.lead ? t.caseDispatchTo(advice.lead[language]) : t.caseLeave}</button>`}
    </div>
  </div>`;
}

/** @param {{ steps: DispatchStep[] }} props */
function Trace({ steps }) {
  const { t, language } = useDesk();
  return html`<ol class="small">${steps.map((step, n) => html`<li key=${n}>
    <strong>${step.stage[language]}</strong> · ${step.rule[language]}
    ${step.units.length > 0 && html`<span> → ${step.units.map((one) => one[language]).join(t.comma)}</span>`}
    ${step.rows.length > 0 && html`<span class="faint"> (${t.caseRows(step.rows.join(t.comma))})</span>`}
    ${step.reason && html`<span> “${step.reason}”</span>`}</li>`)}</ol>`;
}

/** @param {{ task: Task, clocks: Clock[], button: (action: CaseAction, task: Task) => unknown }} props */
function OneTask({ task, clocks, button }) {
  const desk = useDesk();
  const { t, language } = desk;
  const title = `task-${task.task_id}`;
  return html`<li aria-labelledby=${title}>
    <div class="panel-head"><strong id=${title}>${task.unit[language]}</strong>
      <span><${Chip}>${task.role[language]}<//> <${Chip} tone="status">${task.status[language]}<//></span></div>
    <p class="faint small">${task.due_at && `${t.caseDue(fullTime(task.due_at, desk))} · `}${t.caseOwnTime(span(task.own_time_ms, t))}</p>
    ${task.returns.map((one) => html`<p key=${one.at} class="small">${t.caseReturn(one.rule[language], fullTime(one.at, desk))}
      ${one.reviewed_at && html`<span class="faint"> · ${t.caseReviewed(one.upheld, reviewer(one.reviewed_by, t), fullTime(one.reviewed_at, desk))}</span>`}</p>`)}
    ${task.asked_pause && html`<p class="small">${t.askedPause}</p>`}
    ${task.asked_until && html`<p class="small">${t.askedUntil(fullTime(task.asked_until, desk))}</p>`}
    <${Clocks} clocks=${clocks} />
    ${task.possible.length > 0 && html`<div class="row-buttons">${task.possible.map((one) => button(one, task))}</div>`}
  </li>`;
}

/** @param {string | null} by @param {import("../shared/state.js").Words} t */
const reviewer = (by, t) => (by === null || by === "system" ? t.caseBySilence : by.replace(/^user:/, ""));

/** @param {{ clocks: Clock[] }} props */
function Clocks({ clocks }) {
  const desk = useDesk();
  const { t, language } = desk;
  if (!clocks.length) return null;
  return html`<ul class="case-clocks small" aria-label=${t.caseClocks}>${clocks.map((clock) => html`<li key=${clock.clock_id}>
    ${clock.kind[language]} <time datetime=${clock.due_at}>${listTime(clock.due_at, now.value, desk)}</time>
    <span class=${late(clock) ? "note-bad" : "faint"}> ${stands(clock, desk)}</span>
    ${clock.unsure && html`<span class="faint"> · ${t.clockUnsure}</span>`}</li>`)}</ul>`;
}

/** @param {Clock} clock */
const ended = (clock) => clock.met_at || clock.stopped_at || clock.paused_at;
/** Whether its limit was not kept. @param {Clock} clock */
const late = (clock) => Boolean(clock.breached_at) || (!ended(clock) && Date.parse(clock.due_at) < now.value);

/** How a clock stands. @param {Clock} clock @param {import("../shared/state.js").Desk} desk */
function stands(clock, { t }) {
  if (clock.met_at) return clock.breached_at ? t.clockMetLate : t.clockMet;
  if (clock.stopped_at) return t.clockStopped;
  if (clock.paused_at) return t.clockPaused;
  const left = Date.parse(clock.due_at) - now.value;
  return left < 0 ? t.clockLate(span(left, t)) : t.clockLeft(span(left, t));
}
