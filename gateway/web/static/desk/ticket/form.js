// The fields of a ticket's form: their inputs, and around each what is known about its value.
/** @import { HandledEvent } from "../shared/html.js" */
/** @import { LiftSecrecyBody, Ticket } from "../shared/openapi.d.ts" */
/** @import { Words } from "../shared/state.js" */
/** @import { Value } from "./draft.js" */
/** @import { Form } from "./editor.js" */
/** @import { Span } from "./evidence.js" */
/** @import { FieldSpec, Path } from "./fields.js" */
import { word } from "../shared/format.js";
import { html, useState } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Icon } from "../shared/ui.js";
import { codeOf, tables } from "./catalogue.js";
import { pick } from "./draft.js";
import { Candidates, Evidence, letters, marked, standing } from "./evidence.js";
import { FIELDS, idOf } from "./fields.js";
import { Picker } from "./picker.js";

/**
 * What every input of a field has.
 * @typedef {{ id: string, "data-label": string, "aria-describedby": string, onFocus: () => void, onBlur: () => void }} Common
 */

/** @param {{ path: Path, form: Form }} props */
export function Field({ path, form }) {
  const { t, session } = useDesk();
  const field = FIELDS[path];
  const id = idOf(path);
  const label = t.fields[path];
  const dirty = form.changed(path);
  const guess = form.record.prefill.fields[path];
  const state = path === "demand.content" ? "" : standing(form.record, path, session);
  const newer = form.newer(path);
  /** @type {Common} */
  const common = {
    id,
    "data-label": label,
    "aria-describedby": `${id}-notes`,
    onFocus: () => form.enter(path),
    onBlur: () => form.leave(path),
  };
  const candidates = field.offered && form.record.prefill.candidates[/** @type {keyof Ticket["prefill"]["candidates"]} */ (field.offered)];
  return html`<div class=${`field field-${field.input} ${state && !dirty ? `is-${state}` : ""} ${dirty ? "field-dirty" : ""} ${form.fresh(path) ? "is-fresh" : ""}`}
    onMouseEnter=${() => form.point(path)} onMouseLeave=${() => form.point(null)}>
    <div class="field-head">${field.input === "set" ? html`<span class="label" id=${`${id}-label`}>${label}</span>` : html`<label for=${id}>${label}</label>`}
      ${state === "filled" && !dirty &&
      html`<button type="button" class="confirm" aria-label=${t.confirmField(label)} title=${t.keysHint} disabled=${form.busy}
        onClick=${() => form.confirm([path])}><${Icon} name="check" />${t.confirm}</button>`}</div>
    <${Input} field=${field} common=${common} path=${path} form=${form} />
    <div id=${`${id}-notes`} class="notes">
      ${newer !== undefined && html`<p class="note note-new">${t.newValue(form.readable(path, newer))}</p>`}
      ${form.theirs(path) && html`<p class="note note-bad">${t.theirs(form.readable(path, pick(form.record, path)))}</p>`}
      ${guess && !dirty && path !== "demand.content" && html`<${Evidence} path=${path} guess=${guess} form=${form} label=${label} />`}
      ${form.masked(path) && form.focused(path) && html`<p class="note">${t.maskedHint}</p>`}
      ${path === "requester.secret" && form.record.requester.secret && html`<${Secrecy} form=${form} />`}
      ${candidates && !dirty && html`<${Candidates} path=${path} items=${candidates} form=${form} label=${label} />`}
    </div>
  </div>`;
}

/**
 * Who asked to be kept secret stays so, unless whoever sees everything lifts it and says why.
 * @param {{ form: Form }} props
 */
function Secrecy({ form }) {
  const { t, session } = useDesk();
  const [reason, setReason] = useState("");
  if (session.role !== "admin") return html`<p class="note">${t.secretStays}</p>`;
  return html`<p class="note lift">
    <select aria-label=${t.liftReason} value=${reason} onChange=${(event) => setReason(event.target.value)}>
      <option value="">${t.liftReason}</option>
      ${Object.entries(t.liftReasons).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
    </select>
    <button type="button" class="offer" disabled=${!reason || form.busy} onClick=${() => form.liftSecrecy(/** @type {LiftSecrecyBody["reason"]} */ (reason))}>${t.liftSecrecy}</button>
  </p>`;
}

/** @param {{ field: FieldSpec, common: Common, form: Form, path: Path }} props */
function Input({ field, common, form, path }) {
  const desk = useDesk();
  const { t, language } = desk;
  const current = form.value(path);
  /** @param {Value} next */
  const set = (next) => form.set(path, next);
  /** @param {HandledEvent} event */
  const typed = (event) => set(event.target.value === "" ? null : event.target.value);
  const table = t.words[path];
  switch (field.input) {
    case "choice":
      return html`<select ...${common} value=${current || ""} onChange=${typed}>
        ${!field.required && html`<option value="">${t.choose}</option>`}
        ${Object.entries(table).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
      </select>`;
    case "flag": {
      const kept = path === "requester.secret" && form.record.requester.secret;
      return html`<select ...${common} value=${current ? "yes" : "no"} disabled=${kept} onChange=${(event) => set(event.target.value === "yes")}>
        <option value="no">${t.no}</option><option value="yes">${t.yes}</option>
      </select>`;
    }
    case "set": {
      /** @type {string[]} */
      const chosen = current || [];
      const all = [...new Set([...Object.keys(table), ...chosen])];
      return html`<div ...${common} role="group" aria-labelledby=${`${common.id}-label`} tabindex="-1" class="ticks">
        ${all.map((one) => html`<label key=${one} class="tick"><input type="checkbox" checked=${chosen.includes(one)}
          onChange=${(event) => set(all.filter((name) => (name === one ? event.target.checked : chosen.includes(name))))} />${word(table, one, t)}</label>`)}
      </div>`;
    }
    case "level": {
      /** @param {HandledEvent} event */
      const chosen = (event) => set(event.target.value ? { level: event.target.value, reason: (current && current.reason) || null } : null);
      return html`<select ...${common} value=${(current && current.level) || ""} onChange=${chosen}>
        <option value="">${t.choose}</option>
        ${Object.entries(table).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
      </select>`;
    }
    case "coded": {
      const code = codeOf(current);
      const { coded } = field;
      if (!coded) return null;
      const options = form.focused(path)
        ? coded.options(tables.value, { ...form.record, place: { ...form.record.place, ...form.place() } }, path).map((one) => {
            const label = coded.label(one.code, tables.value, language);
            const brief = coded.brief ? coded.brief(one.code, tables.value, language) : label;
            return { code: one.code, label, brief, text: [label, ...coded.search(one)].join(" ").toLowerCase() };
          })
        : [];
      const text = code || (current && current.name) ? form.readable(path, current) : "";
      return html`<${Picker} common=${common} text=${text} code=${code} options=${options}
        pick=${(/** @type {string | null} */ chosen) => set(chosen === null ? null : coded.value(chosen, tables.value))} />`;
    }
    case "long":
      return html`<textarea ...${common} rows="4" maxlength=${field.most} value=${current || ""} onInput=${typed}></textarea>`;
    case "secret": {
      const masked = typeof current === "string" && current.includes("*");
      return html`<input ...${common} type=${field.tel ? "tel" : "text"} value=${current || ""} maxlength=${field.most} readonly=${masked}
        autocomplete="off" onInput=${typed} />`;
    }
    default:
      return html`<input ...${common} value=${current || ""} maxlength=${field.most} autocomplete="off" onInput=${typed} />`;
  }
}

/** @param {string} key @param {Ticket} record @param {Words} t */
const keyName = (key, record, t) => {
  if (FIELDS[key]) return t.fields[key];
  const mention = key.startsWith("mention.") && record.prefill.mentions[Number(key.slice(8))];
  return mention ? word(t.mentionKinds, mention.kind, t) : "";
};

/**
 * The content with the words marked that fields rest on; the field in focus lights its own words up.
 * @param {{ record: Ticket, spans: Span[], active: string | null | undefined }} props
 */
export function Marked({ record, spans, active }) {
  const { t } = useDesk();
  if (!spans.length) return null;
  return html`<figure class="marked"><figcaption>${t.evidenceText}</figcaption>
    <p>${marked(record.demand.content, 0, spans, active, (key) => keyName(key, record, t))}</p></figure>`;
}

/** Sums, times, plates, numbers that were said: looking at one lights its words up. @param {{ record: Ticket, form: Form }} props */
export function Mentions({ record, form }) {
  const desk = useDesk();
  const { t } = desk;
  const items = record.prefill.mentions || [];
  if (!items.length) return null;
  const text = letters(record.demand.content);
  return html`<section class="mentions" aria-label=${t.fields["prefill.mentions"]}><h3>${t.fields["prefill.mentions"]}</h3>
    <ul>${items.map((one, n) => {
      const key = `mention.${n}`;
      const quote = one.span ? text.slice(one.span[0], one.span[1]).join("") : "";
      const value = form.mention(one);
      return html`<li key=${key}><button type="button" class="mention" onFocus=${() => form.point(key)} onBlur=${() => form.point(null)}
        onMouseEnter=${() => form.point(key)} onMouseLeave=${() => form.point(null)}>
        <span class="faint">${word(t.mentionKinds, one.kind, t)}</span> <strong>${value}</strong>
        ${quote && quote !== value && html`<span class="quote">${quote}</span>`}</button></li>`;
    })}</ul></section>`;
}
