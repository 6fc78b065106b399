// The tables that the form chooses from, fetched once a page; and the words for a code of theirs.
import { useEffect, useState } from "../shared/html.js";
import { call } from "../shared/api.js";

const fetched = new Map();
const table = (name) => {
  if (!fetched.has(name)) {
    const asked = call("GET", name).then((answer) => ({ items: answer.items, by: new Map(answer.items.map((one) => [one.code, one])) }));
    fetched.set(name, asked);
    asked.catch(() => fetched.delete(name));
  }
  return fetched.get(name);
};

const EMPTY = { items: [], by: new Map() };
const NAMES = ["taxonomy", "units", "divisions"];

// {taxonomy, units, divisions}, each {items, by}; empty until it has come.
export function useTables() {
  const [tables, set] = useState(() => Object.fromEntries(NAMES.map((name) => [name, EMPTY])));
  useEffect(() => {
    let gone = false;
    for (const name of NAMES) table(name).then((found) => gone || set((was) => ({ ...was, [name]: found })), () => {});
    return () => {
      gone = true;
    };
  }, []);
  return tables;
}

const nameOf = (one, language) => (language === "en" && one.name_en) || one.name;
const namesOf = (one, language) => (language === "en" && one.names_en && one.names_en.length ? one.names_en : one.names) || [];
const levels = (value) => ["l1", "l2", "l3", "l4"].map((level) => value[level]).filter(Boolean);

// How each kind of coded field is chosen, shown and sent.
export const CODED = {
  category: {
    table: "taxonomy",
    options: (tables) => {
      const now = new Date();
      const today = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10); // as the clock here shows it
      const holds = (one) => (!one.effective_from || one.effective_from <= today) && (!one.effective_to || one.effective_to >= today);
      return tables.taxonomy.items.filter((one) => one.leaf && holds(one));
    },
    label: (code, tables, language, value) => {
      const one = tables.taxonomy.by.get(code);
      if (one) return namesOf(one, language).join(" › ");
      return (value && typeof value === "object" && levels(value).join(" › ")) || code || "";
    },
    brief: (code, tables, language) => {
      const one = tables.taxonomy.by.get(code);
      return one ? namesOf(one, language).at(-1) : code;
    },
    search: (one) => [...one.names, ...one.names_en, ...one.keywords],
    value: (code) => ({ code }),
  },
  unit: {
    table: "units",
    options: (tables) => tables.units.items,
    label: (code, tables, language) => {
      const one = tables.units.by.get(code);
      return one ? nameOf(one, language) : code || "";
    },
    search: (one) => [one.name, one.name_en],
    value: (code) => code,
  },
  division: {
    table: "divisions",
    options: (tables, record, path) => {
      const level = path.split(".")[1];
      const above = { street: ["district"], community: ["street", "district"] }[level] || [];
      const within = above.map((key) => record.place[key] && record.place[key].code).find(Boolean);
      const inside = (one) => !within || one.parent === within || (tables.divisions.by.get(one.parent) || {}).parent === within;
      return tables.divisions.items.filter((one) => one.level === level && inside(one));
    },
    label: (code, tables, _language, value) => {
      const one = tables.divisions.by.get(code);
      return (value && typeof value === "object" && value.name) || (one ? one.name : code || "");
    },
    search: (one) => [one.name],
    value: (code, tables) => ({ code, name: (tables.divisions.by.get(code) || {}).name || null }),
  },
};
export const codeOf = (value) => (value && typeof value === "object" ? value.code : value) || null;
