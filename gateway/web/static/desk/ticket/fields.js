// The fields of the form: what each is, how its value is read by people, and what is sent for a guess.
/** @import { Ticket } from "../shared/openapi.d.ts" */
/** @import { Desk, TextKey } from "../shared/state.js" */
/** @import { Coded, Tables } from "./catalogue.js" */
/** @import { Value } from "./draft.js" */
import { spacedPhone, word } from "../shared/format.js";
import { CODED, codeOf } from "./catalogue.js";

/**
 * @typedef {{
 *   label: TextKey, kind: "choice" | "level" | "coded" | "text" | "long" | "secret" | "flag" | "set",
 *   table?: "types" | "kinds" | "contactWays" | "abilities", coded?: Coded, offered?: keyof Ticket["prefill"]["candidates"],
 *   max?: number, type?: "tel", required?: boolean,
 * }} FieldSpec
 */
/** @typedef {keyof typeof LISTED} Path */

/** @satisfies {Record<string, FieldSpec>} */
const LISTED = {
  "demand.type": { label: "type", kind: "choice", table: "types" },
  "demand.urgency": { label: "urgency", kind: "level" },
  "demand.category": { label: "category", kind: "coded", coded: CODED.category, offered: "category" },
  "demand.title": { label: "title", kind: "text", max: 200 },
  "demand.content": { label: "content", kind: "long", max: 20000 },
  "demand.complained_about.name": { label: "complainedAbout", kind: "text", max: 200 },
  "demand.complained_about.phone": { label: "complainedPhone", kind: "secret", max: 64, type: "tel" },
  "handling.lead_unit": { label: "leadUnit", kind: "coded", coded: CODED.unit, offered: "unit" },
  "place.district": { label: "district", kind: "coded", coded: CODED.division, offered: "district" },
  "place.street": { label: "street", kind: "coded", coded: CODED.division, offered: "street" },
  "place.community": { label: "community", kind: "coded", coded: CODED.division, offered: "community" },
  "place.address": { label: "address", kind: "text", max: 200 },
  "requester.name": { label: "name", kind: "secret", max: 100 },
  "requester.callback_phone": { label: "callbackPhone", kind: "secret", max: 64, type: "tel" },
  "requester.kind": { label: "kind", kind: "choice", table: "kinds", required: true },
  "requester.org_name": { label: "orgName", kind: "text", max: 200 },
  "requester.uscc": { label: "uscc", kind: "text", max: 18 },
  "requester.secret": { label: "secret", kind: "flag" },
  "requester.anonymous": { label: "anonymous", kind: "flag" },
  "requester.contact_by": { label: "contactBy", kind: "choice", table: "contactWays" },
  "requester.accessibility": { label: "accessibility", kind: "set", table: "abilities" },
};
export const FIELDS = /** @type {Record<Path, FieldSpec>} */ (LISTED);
/** All but the content, which is nobody's guess. */
export const PATHS = /** @type {Path[]} */ (Object.keys(LISTED).filter((path) => path !== "demand.content"));
/** @param {string} path @returns {path is Path} */
export const isPath = (path) => Object.hasOwn(LISTED, path);
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
  if (field.kind === "flag") return value ? t.yes : t.no;
  if (field.type === "tel") return spacedPhone(value) || String(value);
  const table = field.table && t[field.table];
  if (table && field.kind === "set") return value.map((/** @type {string} */ one) => word(table, one, t)).join(t.comma) || t.none;
  if (table) return word(table, value, t);
  if (field.kind === "level") return word(t.urgencies, value.level || value, t);
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
  if (field.kind === "level") return typeof value === "object" ? value : { level: value, reason: null };
  return field.coded ? field.coded.value(codeOf(value) || value, tables) : value;
}
