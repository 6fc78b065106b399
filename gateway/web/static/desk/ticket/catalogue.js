// The tables that the form chooses from, fetched once a page; and the words for a code of theirs.
/** @import { Divisions, Taxonomy, Ticket, Units } from "../shared/openapi.d.ts" */
/** @import { Language } from "../shared/state.js" */
/** @import { Value } from "./draft.js" */
import { call } from "../shared/api.js";
import { computed, signal } from "../shared/html.js";

/**
 * @template T
 * @typedef {{ items: T[], by: Map<string, T> }} Table
 */
/** @typedef {Taxonomy["items"][number]} Category */
/** @typedef {Units["items"][number]} Unit */
/** @typedef {Divisions["items"][number]} Division */
/** @typedef {{ taxonomy: Table<Category>, units: Table<Unit>, divisions: Table<Division> }} Tables */
/**
 * How a kind of coded field is chosen, shown and sent.
 * @typedef {{
 *   table: keyof Tables,
 *   options: (tables: Tables, record: Ticket, path: string) => (Category | Unit | Division)[],
 *   label: (code: string, tables: Tables, language: Language, value?: Value) => string,
 *   brief?: (code: string, tables: Tables, language: Language) => string,
 *   search: (one: any) => string[],
 *   value: (code: string, tables: Tables) => Value,
 * }} Coded
 */

const NAMES = /** @type {const} */ (["taxonomy", "units", "divisions"]);
const EMPTY = { items: [], by: new Map() };

/** Empty until they have come. */
export const tables = signal(/** @type {Tables} */ ({ taxonomy: EMPTY, units: EMPTY, divisions: EMPTY }));

/** Whether all of them have. */
export const tablesCame = computed(() => NAMES.every((name) => tables.value[name] !== EMPTY));

/** Fetches what is not there yet; what could not be fetched is asked for again by the next form. */
export function loadTables() {
  for (const name of NAMES) {
    if (tables.value[name] !== EMPTY) continue;
    call(`GET ${name}`).then(
      ({ items }) => (tables.value = { ...tables.value, [name]: { items, by: new Map(items.map((one) => [one.code, one])) } }),
      () => {},
    );
  }
}

/** @param {Category} one @param {Language} language */
const namesOf = (one, language) => (language === "en" && one.names_en.length ? one.names_en : one.names);
/** @param {Record<string, string | null>} value */
const levels = (value) => ["l1", "l2", "l3", "l4"].map((level) => value[level]).filter(Boolean);

/** @satisfies {Record<string, Coded>} */
export const CODED = {
  taxonomy: {
    table: "taxonomy",
    options: (tables) => {
      const now = new Date();
      const today = new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10); // as the clock here shows it
      /** @param {Category} one */
      const holds = (one) => (!one.effective_from || one.effective_from <= today) && (!one.effective_to || one.effective_to >= today);
      return tables.taxonomy.items.filter((one) => one.may_stay && holds(one));
    },
    label: (code, tables, language, value) => {
      const one = tables.taxonomy.by.get(code);
      if (one) return namesOf(one, language).join(" › ");
      return (value && typeof value === "object" && levels(value).join(" › ")) || code || "";
    },
    brief: (code, tables, language) => {
      const one = tables.taxonomy.by.get(code);
      return one?.names.length ? /** @type {string} */ (namesOf(one, language).at(-1)) : code;
    },
    search: (/** @type {Category} */ one) => [...one.names, ...one.names_en, ...one.keywords],
    value: (code) => ({ code }),
  },
  units: {
    table: "units",
    options: (tables) => tables.units.items,
    label: (code, tables, language) => {
      const one = tables.units.by.get(code);
      return one ? (language === "en" && one.name_en) || one.name : code || "";
    },
    search: (/** @type {Unit} */ one) => [one.name, one.name_en],
    value: (code) => code,
  },
  divisions: {
    table: "divisions",
    options: (tables, record, path) => {
      const level = path.split(".")[1];
      const { district, street } = record.place;
      const above = { street: [district], community: [street, district] }[level] || [];
      const within = above.map((one) => one?.code).find(Boolean);
      /** @param {Division} one */
      const inside = (one) => !within || one.parent === within || tables.divisions.by.get(one.parent)?.parent === within;
      return tables.divisions.items.filter((one) => one.level === level && inside(one));
    },
    label: (code, tables, _language, value) => {
      const one = tables.divisions.by.get(code);
      return (value && typeof value === "object" && value.name) || (one ? one.name : code || "");
    },
    search: (/** @type {Division} */ one) => [one.name],
    value: (code, tables) => ({ code, name: tables.divisions.by.get(code)?.name || null }),
  },
};
/** @param {Value} value @returns {string | null} */
export const codeOf = (value) => (value && typeof value === "object" ? value.code : value) || null;
