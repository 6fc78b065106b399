// The fields of the form, as the house describes them: how each is asked for, how its value is read by people, and what
// is sent for a guess.
/** @import { Fields } from "../shared/openapi.d.ts" */
/** @import { Desk } from "../shared/state.js" */
/** @import { Coded, Tables } from "./catalogue.js" */
/** @import { Value } from "./draft.js" */
import { call } from "../shared/api.js";
import { spacedPhone, word } from "../shared/format.js";
import { signal } from "../shared/html.js";
import { learn } from "../shared/words.js";
import { CODED, codeOf } from "./catalogue.js";

const AGAIN_MS = 2000;
/** @typedef {NonNullable<Fields["items"][number]["form"]> & { coded?: Coded }} FieldSpec */
/** A path of the record that the form asks for. @typedef {string} Path */

/** By path, in the order of the form. @type {Record<Path, FieldSpec>} */
export const FIELDS = {};
/** Whether fields and words have come: before that there is nothing to draw a page with. */
export const known = signal(false);

/** Asks for them until they come. Returns a function that gives up. */
export function loadFields() {
  let over = known.value;
  const load = () => over || call("GET fields").then(take, () => setTimeout(load, AGAIN_MS));
  load();
  return () => {
    over = true;
  };
}

/** @param {Fields} found */
function take({ items }) {
  learn(items);
  const asked = items.flatMap(({ path, form }) => (form ? [{ path, form }] : []));
  for (const { path, form } of asked.sort((one, other) => one.form.place - other.form.place))
    FIELDS[path] = { ...form, coded: form.catalogue ? CODED[form.catalogue] : undefined };
  known.value = true;
}

/** All but the content, which is nobody's guess. */
export const guessed = () => Object.keys(FIELDS).filter((path) => path !== "demand.content");
/** @param {Path} path */
export const idOf = (path) => `field-${path.replaceAll(".", "-")}`;

/**
 * A value, or the code that stands for it, as a person reads it.
 * @param {Path} path
 * @param {Value} value
 * @param {Desk} desk
 * @param {Tables} tables
 * @returns {string}
 */
export function readable(path, value, desk, tables) {
  const { t, language } = desk;
  if (value === null || value === undefined || value === "") return t.none;
  const field = FIELDS[path];
  const table = t.words[path];
  if (field.input === "flag") return value ? t.yes : t.no;
  if (field.tel) return spacedPhone(value) || String(value);
  if (field.input === "set") return value.map((/** @type {string} */ one) => word(table, one, t)).join(t.comma) || t.none;
  if (field.input === "choice") return word(table, value, t);
  if (field.input === "level") return word(table, value.level || value, t);
  if (field.coded) return field.coded.label(codeOf(value) || value, tables, language, value) || t.none;
  return String(value);
}

/**
 * What to send so that the record holds what a guess or candidate says.
 * @param {Path} path
 * @param {Value} value
 * @param {Tables} tables
 * @returns {Value}
 */
export function fromGuess(path, value, tables) {
  const field = FIELDS[path];
  if (field.input === "level") return typeof value === "object" ? value : { level: value, reason: null };
  return field.coded ? field.coded.value(codeOf(value) || value, tables) : value;
}
