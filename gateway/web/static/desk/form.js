// The form of a ticket: every field with where its value came from and the words that show it.
import { html } from "./vendor/preact.js";
import { pick } from "./draft.js";
import { word } from "./format.js";
import { useDesk } from "./state.js";
import { Icon } from "./ui.js";

const SURE = 0.5;
const OWN_WORDS = new Set(["demand.title", "demand.content"]); // they quote themselves; marking them would mark everything

export const FIELDS = {
  "demand.type": { label: "type", kind: "choice", table: "types" },
  "demand.urgency": { label: "urgency", kind: "level" },
  "demand.title": { label: "title", kind: "text", max: 200 },
  "demand.content": { label: "content", kind: "long", max: 20000 },
  "place.district": { label: "district", kind: "coded" },
  "place.street": { label: "street", kind: "coded" },
  "place.community": { label: "community", kind: "coded" },
  "place.address": { label: "address", kind: "text", max: 200 },
  "requester.name": { label: "name", kind: "secret", max: 100, auto: "off" },
  "requester.callback_phone": { label: "callbackPhone", kind: "secret", max: 64, type: "tel" },
  "requester.kind": { label: "kind", kind: "choice", table: "kinds", required: true },
  "requester.org_name": { label: "orgName", kind: "text", max: 200 },
};

// A value as a person reads it.
export function readable(path, value, t) {
  if (value === null || value === undefined || value === "") return t.none;
  const field = FIELDS[path];
  if (field && field.table) return word(t[field.table], value, t);
  if (field && field.kind === "level") return word(t.urgencies, value.level || value, t);
  if (typeof value === "object") return value.name || value.code || value.level || t.none;
  return String(value);
}

export const letters = (text) => Array.from(text || "");

export function Field({ path, form }) {
  const { t } = useDesk();
  const field = FIELDS[path];
  const id = `field-${path.replace(".", "-")}`;
  const { record, value, set, theirs, focus, changed } = form;
  const current = value(path);
  const dirty = changed(path);
  const guess = record.prefill.fields[path];
  const notes = [];
  if (guess && !dirty) notes.push(html`<${Evidence} key="evidence" path=${path} guess=${guess} form=${form} label=${t[field.label]} />`);
  if (theirs(path)) notes.push(html`<p key="theirs" class="note note-bad">${t.theirs(readable(path, pick(record, path), t))}</p>`);
  const common = {
    id,
    "aria-describedby": notes.length ? `${id}-notes` : undefined,
    onFocus: () => focus(path),
    onBlur: () => focus(null),
  };
  return html`<div class=${`field ${dirty ? "field-dirty" : ""} field-${field.kind}`}>
    <label for=${id}>${t[field.label]}</label>
    <${Input} field=${field} common=${common} current=${current} set=${(next) => set(path, next)} form=${form} path=${path} />
    <div id=${`${id}-notes`} class="notes">${notes}</div>
  </div>`;
}

function Input({ field, common, current, set, form, path }) {
  const { t } = useDesk();
  const typed = (event) => set(event.target.value === "" ? null : event.target.value);
  switch (field.kind) {
    case "choice":
      return html`<select ...${common} value=${current || ""} onChange=${typed}>
        ${!field.required && html`<option value="">${t.choose}</option>`}
        ${Object.entries(t[field.table]).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
      </select>`;
    case "level": {
      const level = (current && current.level) || "";
      const chosen = (event) => {
        const next = event.target.value;
        const old = pick(form.record, path);
        set(next === ((old && old.level) || "") ? old : next ? { level: next, reason: (current && current.reason) || null } : null);
      };
      return html`<select ...${common} value=${level} onChange=${chosen}>
        <option value="">${t.choose}</option>
        ${Object.entries(t.urgencies).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
      </select>`;
    }
    case "coded": {
      const named = (event) => {
        const name = event.target.value;
        const old = pick(form.record, path);
        set(name === ((old && old.name) || "") ? old : { code: null, name: name || null });
      };
      return html`<input ...${common} value=${(current && (current.name || current.code)) || ""} maxlength="100" onInput=${named}
        autocomplete="off" />`;
    }
    case "long":
      return html`<textarea ...${common} rows="4" maxlength=${field.max} value=${current || ""} onInput=${typed}></textarea>`;
    case "secret": {
      const masked = typeof current === "string" && current.includes("*");
      return html`<input ...${common} type=${field.type || "text"} value=${current || ""} maxlength=${field.max} readonly=${masked}
        autocomplete="off" onInput=${typed} />`;
    }
    default:
      return html`<input ...${common} value=${current || ""} maxlength=${field.max} autocomplete="off" onInput=${typed} />`;
  }
}

function Evidence({ path, guess, form, label }) {
  const { t } = useDesk();
  if (guess.confirmed_by) return html`<p class="note note-good"><${Icon} name="check" />${t.confirmed}</p>`;
  const text = letters(form.record.demand.content);
  const quote = guess.span && !OWN_WORDS.has(path) ? text.slice(guess.span[0], guess.span[1]).join("") : "";
  const sure = guess.confidence >= SURE;
  return html`<p class=${`note ${sure ? "" : "note-faint"}`}>
    ${!sure && html`<span>${t.offered}: ${readable(path, guess.value, t)}</span>`}
    ${quote && html`<span class="quote">${quote}</span>`}
    <span>${t[`from_${guess.source}`] || guess.source} · ${t.sure(Math.round(guess.confidence * 100))}</span>
    ${sure && html`<button type="button" class="linklike" aria-label=${t.confirmField(label)} disabled=${form.busy}
      onClick=${() => form.confirm(path)}>${t.confirm}</button>`}
  </p>`;
}

// The content with the words marked that fields rest on; the field in focus lights its own words up.
export function Marked({ record, active }) {
  const { t } = useDesk();
  const text = letters(record.demand.content);
  const spans = Object.entries(record.prefill.fields)
    .filter(([path, guess]) => guess.span && !OWN_WORDS.has(path) && guess.span[1] <= text.length)
    .map(([path, guess]) => ({ path, from: guess.span[0], to: guess.span[1] }))
    .sort((a, b) => a.from - b.from || b.to - a.to);
  if (!spans.length) return null;
  const pieces = [];
  let at = 0;
  for (const one of spans) {
    if (one.from < at) continue;
    pieces.push(text.slice(at, one.from).join(""));
    const paths = spans.filter((other) => other.from >= one.from && other.to <= one.to).map((other) => other.path);
    const names = [...new Set(paths)].map((path) => (FIELDS[path] ? t[FIELDS[path].label] : path)).join(t.comma);
    pieces.push(html`<mark class=${paths.includes(active) ? "active" : ""}>${text.slice(one.from, one.to).join("")}<sup>${names}</sup></mark>`);
    at = one.to;
  }
  pieces.push(text.slice(at).join(""));
  return html`<figure class="marked"><figcaption>${t.evidenceText}</figcaption><p>${pieces}</p></figure>`;
}
