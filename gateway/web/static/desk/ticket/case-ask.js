// What a verb needs before it is done: a reason, a unit, more time, words.
/** @import { CaseAction } from "../shared/openapi.d.ts" */
/** @import { Asking, Named } from "./case.js" */
import { fullTime, span, word } from "../shared/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { bare, now, useDesk } from "../shared/state.js";
import { CODED, loadTables, tables } from "./catalogue.js";

/** What a verb is sent with. @typedef {Record<string, string | number | boolean | string[]>} Body */

const HOURS = [24, 48];
const HOUR_MS = 3600000;
const SCORES = ["5", "4", "3", "2", "1"];
const SHOWN = ["way", "units", "unit", "reason", "joint", "crossing", "until", "satisfied", "solved", "text"]; // in this order; other fields are not asked for

/**
 * `spoken`: the language in which the requester is told what is offered.
 * @param {{
 *   asking: Asking, candidates: Named[], spoken: "zh" | "en", busy: boolean, send: (body: Body) => void, close: () => void,
 * }} props
 */
export function CaseAsk({ asking, candidates, spoken, busy, send, close }) {
  const desk = useDesk();
  const { t, language } = desk;
  const { action, task } = asking;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [values, setValues] = useState(() => begun(action, spoken));
  useEffect(loadTables, []);
  useLayoutEffect(() => /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector("select, textarea, input, button"))?.focus(), []);
  const verb = action[language];
  /** @param {string} name @param {string | boolean | string[]} value */
  const set = (name, value) => setValues((before) => ({ ...before, [name]: value }));
  /** @param {string | number | boolean | string[] | undefined} reason */
  const script = (reason) => action.reasons.find((one) => one.code === reason)?.script?.[spoken] ?? "";
  /** What is offered for a reason takes the place of what was offered for the one before. @param {string} reason */
  const setReason = (reason) =>
    setValues((before) => ({ ...before, reason, ...((before.text ?? "") === script(before.reason) ? { text: script(reason) } : {}) }));
  /** @param {string} name @param {unknown} options @param {boolean} required */
  const select = (name, options, required) => html`<select value=${values[name] ?? ""} required=${required}
    onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => (name === "reason" ? setReason : (/** @type {string} */ value) => set(name, value))(event.target.value)}>
    <option value="" disabled=${required}>${t.choose}</option>${options}</select>`;
  /** @param {string} name @param {boolean} required */
  const several = (name, required) => html`<select multiple size=${name === "units" ? 6 : 4} required=${required}
    onChange=${(/** @type {{ target: HTMLSelectElement }} */ event) => set(name, [...event.target.selectedOptions].map((one) => one.value))}>
    ${tables.value.units.items.map((one) => html`<option key=${one.code} value=${one.code}>${CODED.units.label(one.code, tables.value, language)}</option>`)}</select>`;
  const chosen = Boolean(values.reason || values.text || /** @type {string[] | undefined} */ (values.joint)?.length); // all of a unit
  const from = Math.max(Date.parse(task?.due_at ?? "") || 0, now.value);
  /** @type {Record<string, (required: boolean) => unknown>} */
  const inputs = {
    unit: (required) => select("unit", html`
      ${candidates.length > 0 && html`<optgroup label=${t.caseCandidates}>${candidates.map(
        (one) => html`<option key=${one.code} value=${one.code}>${one[language]}</option>`)}</optgroup>`}
      <optgroup label=${t.caseFields.unit}>${tables.value.units.items.map(
        (one) => html`<option key=${one.code} value=${one.code}>${CODED.units.label(one.code, tables.value, language)}</option>`)}</optgroup>`, required),
    way: (required) => select("way", Object.entries(t.conferWays).map(
      ([code, name]) => html`<option key=${code} value=${code}>${name}</option>`), required),
    units: (required) => several("units", required),
    joint: (required) => several("joint", required),
    crossing: (required) => select("crossing", Object.entries(t.crossings).map(
      ([code, name]) => html`<option key=${code} value=${code}>${name}</option>`), required),
    reason: (required) => select("reason", action.reasons.map(
      (one) => html`<option key=${one.code} value=${one.code}>${one[language]}</option>`), required),
    until: (required) => select("until", HOURS.map((hours) => {
      const at = new Date(from + hours * HOUR_MS).toISOString();
      return html`<option key=${hours} value=${at}>${t.caseMore(span(hours * HOUR_MS, t), fullTime(at, desk))}</option>`;
    }), required),
    satisfied: (required) => select("satisfied", SCORES.map(
      (score) => html`<option key=${score} value=${score}>${word(t.scores, score, t)}</option>`), required),
    solved: () => html`<input type="checkbox" checked=${Boolean(values.solved)}
      onChange=${(/** @type {{ target: HTMLInputElement }} */ event) => set("solved", event.target.checked)} />`,
    text: (required) => html`<textarea rows="3" required=${required} value=${values.text ?? ""}
      onInput=${(/** @type {{ target: HTMLInputElement }} */ event) => set("text", event.target.value)}></textarea>`,
  };
  /** @param {{ preventDefault(): void }} event */
  const yes = (event) => {
    event.preventDefault();
    send(said(values));
  };
  const fields = SHOWN.flatMap((name) => action.fields.filter((one) => one.name === name));
  return html`<form class="ask" ref=${box} aria-label=${task ? t.caseOf(verb, task.unit[language]) : verb} onSubmit=${yes}
    onKeyDown=${(event) => event.key === "Escape" && bare(event) && close()}>
    <p>${task ? t.caseOf(verb, task.unit[language]) : verb}</p>
    ${fields.map(({ name, required }) => html`<label key=${name} class="field">
      <span>${/** @type {Record<string, string>} */ (t.caseFields)[name]}</span>${inputs[name](required || (name === "unit" && chosen))}</label>`)}
    <div class="row-buttons"><button type="button" class="button" onClick=${close}>${t.cancel}</button>
      <button class="button button-main" disabled=${busy}>${t.caseDo(verb)}</button></div>
  </form>`;
}

/** What stands there before anybody has said anything. @param {CaseAction} action @param {"zh" | "en"} spoken @returns {Body} */
const begun = (action, spoken) => ({
  ...(action.fields.some((one) => one.name === "solved") ? { solved: true } : {}),
  ...(action.reasons.length && action.fields.some((one) => one.name === "reason" && one.required)
    ? { reason: action.reasons[0].code, text: action.reasons[0].script?.[spoken] ?? "" }
    : {}),
});

/** What was said, without what was left empty. @param {Body} values @returns {Body} */
function said(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "");
  return Object.fromEntries(given.map(([name, value]) => [name, name === "satisfied" ? Number(value) : value]));
}
