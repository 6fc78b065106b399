// What a person has typed and not saved: kept by ticket, merged with what others save meanwhile.
/** @import { Ticket } from "../shared/openapi.d.ts" */
/** @import { Path } from "./fields.js" */

/** What a field holds: text, a flag, a list of codes, a coded object, or null. @typedef {any} Value */
/** @typedef {Partial<Record<Path, Value>>} Values */
/** `origins`: what each field held when the person began. @typedef {{ values: Values, origins: Values }} Draft */

/** @type {Map<string, Draft>} */
const drafts = new Map();

/** @param {Values} values */
export const pathsOf = (values) => /** @type {Path[]} */ (Object.keys(values));

/** @param {Ticket} record @param {string} path @returns {Value} */
export const pick = (record, path) => path.split(".").reduce((/** @type {any} */ node, key) => (node == null ? null : node[key]), record) ?? null;
/** @param {Value} a @param {Value} b */
export const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** @param {string} ticketId */
export function draftOf(ticketId) {
  const draft = drafts.get(ticketId) ?? { values: {}, origins: {} };
  drafts.set(ticketId, draft);
  return draft;
}
export const anyDraft = () => [...drafts.values()].some((draft) => Object.keys(draft.values).length > 0);

/**
 * Sets one field; a value that is what the record says anyway is no change.
 * @param {Draft} draft
 * @param {Ticket} record
 * @param {Path} path
 * @param {Value} value
 * @param {Value} began what stood there when the person began
 */
export function put(draft, record, path, value, began = pick(record, path)) {
  const values = { ...draft.values };
  const origins = { ...draft.origins };
  if (same(value, pick(record, path))) {
    delete values[path];
    delete origins[path];
  } else {
    values[path] = value;
    if (!(path in origins)) origins[path] = began;
  }
  return { values, origins };
}

/** The draft after `sent` has been saved. @param {Draft} draft @param {Values} sent */
export function without(draft, sent) {
  const values = { ...draft.values };
  const origins = { ...draft.origins };
  for (const path of pathsOf(sent)) {
    if (!same(values[path], sent[path])) continue;
    delete values[path];
    delete origins[path];
  }
  return { values, origins };
}

/**
 * Fields that somebody else changed since this person began to type in them; a machine's guess is nobody's.
 * @param {Draft} draft
 * @param {Ticket} record
 */
export const conflicts = (draft, record) =>
  pathsOf(draft.values).filter((path) => {
    const guess = record.prefill.fields[path];
    if (guess && !guess.confirmed_by) return false;
    return !same(draft.origins[path], pick(record, path)) && !same(draft.values[path], pick(record, path));
  });

/** After a look at the conflicts the person's own values stand against the newest record. @param {Draft} draft @param {Ticket} record */
export function rebase(draft, record) {
  /** @type {Values} */
  const origins = {};
  for (const path of pathsOf(draft.values)) origins[path] = pick(record, path);
  return { values: draft.values, origins };
}

/** What these fields hold, as the API is told what was seen: of an object that a code names its code. @param {Ticket} record @param {Path[]} paths */
export const seen = (record, paths) =>
  paths.map((path) => {
    const value = pick(record, path);
    const coded = value !== null && typeof value === "object" && !Array.isArray(value);
    return { path, value: coded ? (value.code ?? value.level ?? null) : value };
  });

/** The body of a PATCH: {"demand.type": "help"} becomes {demand: {type: "help"}}. @param {Draft} draft */
export function body(draft) {
  /** @type {Record<string, any>} */
  const patch = {};
  for (const [path, value] of Object.entries(draft.values)) {
    const keys = path.split(".");
    const last = /** @type {string} */ (keys.pop());
    let node = patch;
    for (const key of keys) node = node[key] ??= {};
    node[last] = value;
  }
  return patch;
}
