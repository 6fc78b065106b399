// What the form does: typing, confirming, saving under the version that was seen, and keeping still while speech goes on.
import { useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { call, explain } from "../shared/api.js";
import { codeOf, useTables } from "./catalogue.js";
import * as drafts from "./draft.js";
import { SURE, standing } from "./evidence.js";
import { FIELDS, fromGuess, idOf, readable } from "./form.js";
import { fullTime, spacedPhone } from "../shared/format.js";
import { useDesk } from "../shared/state.js";

const TRIES = 4; // a call under way changes its ticket with every sentence
const FRESH_MS = 2500;
const TOLD_MS = 5000;
const PATHS = Object.keys(FIELDS).filter((path) => path !== "demand.content");

export function useEditor({ record, take, newest, query }) {
  const desk = useDesk();
  const { t, language } = desk;
  const tables = useTables();
  const ticketId = record.ticket_id;
  const [, redraw] = useState(0);
  const [held, hold] = useState(null); // the field under the cursor, and its value when the cursor came
  const [pointed, point] = useState(null);
  const [busy, setBusy] = useState(false);
  const [told, tell] = useState(null);
  const [clashing, setClashing] = useState([]);
  const draft = drafts.draftOf(ticketId);
  const change = (next) => {
    Object.assign(draft, next);
    redraw((n) => n + 1);
  };
  const arrived = useArrivals(record);
  useEffect(() => {
    const warn = (event) => drafts.anyDraft() && event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);

  useEffect(() => {
    if (!told || told.bad) return undefined;
    const timer = setTimeout(() => tell((now) => (now === told ? null : now)), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);

  const dirty = Object.keys(draft.values);
  const reload = async () => take(await call("GET", `tickets/${ticketId}${query}`));
  const label = (path) => t[FIELDS[path].label];

  // Sends under the version on screen. What moved on meanwhile elsewhere is no obstacle; `clash` says what is.
  const send = async (method, path, payload, clash) => {
    setBusy(true);
    tell(null);
    try {
      for (let n = 1; ; n += 1) {
        try {
          const answer = await call(method, `${path}${query}`, { body: payload, version: newest.current.version });
          take(answer);
          return true;
        } catch (problem) {
          if (problem.status !== 412 || n === TRIES) throw problem;
          const latest = await reload();
          if (clash && clash(latest)) return false;
        }
      }
    } catch (problem) {
      tell({ bad: true, text: `${t.saveFailed} · ${explain(t, problem)}` });
      return false;
    } finally {
      setBusy(false);
    }
  };
  const clash = (latest) => {
    const found = drafts.conflicts(draft, latest);
    if (!found.length) return false;
    change(drafts.rebase(draft, latest));
    setClashing(found);
    tell({ bad: true, text: t.conflict });
    return true;
  };
  const save = async () => {
    if (!dirty.length) return true;
    const sent = { ...draft.values };
    if (drafts.conflicts(draft, record).some((path) => !clashing.includes(path)) && clash(record)) return false;
    if (!(await send("PATCH", `tickets/${ticketId}`, drafts.body(draft), clash))) return false;
    change(drafts.without(draft, sent)); // what was typed while it was on its way stays
    setClashing([]);
    hold((was) => was && { ...was, value: drafts.pick(newest.current, was.path) });
    tell({ bad: false, text: t.saved });
    return true;
  };
  const confirm = async (paths) => {
    const seen = paths.map((path) => [path, record.prefill.fields[path].value]);
    const changed = (latest) => {
      const other = seen.find(([path, value]) => !drafts.same((latest.prefill.fields[path] || {}).value, value));
      if (other) tell({ bad: true, text: t.changedMeanwhile(label(other[0])) });
      return Boolean(other);
    };
    const done = await send("POST", `tickets/${ticketId}/actions/confirm`, { paths }, changed);
    if (done) tell({ bad: false, text: t.confirmed });
    return done;
  };
  const liftSecrecy = async (reason) => {
    if (await send("POST", `tickets/${ticketId}/actions/lift-secrecy`, { reason })) tell({ bad: false, text: t.secrecyLifted });
  };
  const accept = async (path, value) => {
    const chosen = { values: { [path]: fromGuess(path, value, tables) } };
    if (await send("PATCH", `tickets/${ticketId}`, drafts.body(chosen))) tell({ bad: false, text: t.confirmed });
  };

  const filled = PATHS.filter((path) => (record.prefill.fields[path] || {}).confidence >= SURE);
  const open = filled.filter((path) => standing(record, path) === "filled" && !(path in draft.values));
  const confirmAll = async () => {
    if (!(await save())) return;
    const latest = newest.current;
    const left = PATHS.filter((path) => standing(latest, path) === "filled");
    if (left.length) await confirm(left);
  };
  const keyed = async (event) => {
    if (event.key !== "Enter" || event.isComposing || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (event.shiftKey) {
      await confirmAll();
      return;
    }
    const path = held && held.path;
    if (!path) return;
    const next = open[open.indexOf(path) + 1] || open.find((one) => one !== path);
    const state = standing(record, path);
    const done = path in draft.values ? await save() : state === "filled" ? await confirm([path]) : true;
    if (done && next) document.getElementById(idOf(next)).focus();
  };

  const stored = (path) => drafts.pick(record, path);
  const value = (path) => (path in draft.values ? draft.values[path] : held && held.path === path ? held.value : stored(path));
  const read = (path, what) => readable(path, what, desk, tables);
  return {
    record, tables, busy, told, tell, dirty, filled, open, arrived, value, confirm, accept, confirmAll, liftSecrecy, keyed, save, send, readable: read,
    active: pointed || (held && held.path),
    point,
    place: () => ({ district: value("place.district"), street: value("place.street") }),
    codeAt: (path) => codeOf(stored(path)) || (typeof stored(path) === "string" ? stored(path) : null),
    brief: (path, code) => {
      const { coded } = FIELDS[path];
      return coded.brief ? coded.brief(code, tables, language) : read(path, code);
    },
    known: (path) => tables[FIELDS[path].coded.table].items.length > 0,
    mention: (one) => (one.kind === "time" ? fullTime(one.value, desk) : one.kind === "money" ? t.yuan(one.value) : (one.kind === "phone" && spacedPhone(one.value)) || String(one.value)),
    changed: (path) => path in draft.values,
    fresh: (path) => arrived.paths.includes(path),
    focused: (path) => Boolean(held) && held.path === path,
    masked: (path) => typeof value(path) === "string" && value(path).includes("*"),
    theirs: (path) => clashing.includes(path) && path in draft.values,
    newer: (path) =>
      held && held.path === path && !(path in draft.values) && !drafts.same(held.value, stored(path)) ? stored(path) : undefined,
    enter: (path) => hold({ path, value: stored(path) }),
    leave: (path) => hold((was) => (was && was.path === path ? null : was)),
    set: (path, next) => {
      tell(null);
      change(drafts.put(draft, record, path, next, held && held.path === path ? held.value : stored(path)));
    },
    discard: () => {
      change({ values: {}, origins: {} });
      setClashing([]);
      tell(null);
    },
    correct: (interactionId, seq, text) =>
      send("PATCH", `tickets/${ticketId}`, { interactions: [{ interaction_id: interactionId, transcript: [{ seq, corrected_text: text }] }] }),
  };
}

// The fields that have just been filled in, for eyes and for screen readers.
function useArrivals(record) {
  const [paths, set] = useState([]);
  const before = useRef(null);
  useEffect(() => {
    const fields = record.prefill.fields;
    const was = before.current;
    before.current = { id: record.ticket_id, fields };
    if (!was || was.id !== record.ticket_id) return undefined;
    const now = PATHS.filter(
      (path) => standing(record, path) === "filled" && !drafts.same((was.fields[path] || {}).value, fields[path].value),
    );
    if (!now.length) return undefined;
    set(now);
    const timer = setTimeout(() => set([]), FRESH_MS);
    return () => clearTimeout(timer);
  }, [record]);
  return { paths };
}

const scroller = (node) => {
  for (let at = node.parentElement; at; at = at.parentElement)
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  return document.scrollingElement;
};

// What has the cursor stays where it is on the screen while fields above it grow.
export function useSteady(box) {
  const focused = document.activeElement;
  const inside = box.current && focused && box.current.contains(focused) ? focused : null;
  const top = inside && inside.getBoundingClientRect().top;
  useLayoutEffect(() => {
    if (!inside || document.activeElement !== inside) return;
    const moved = inside.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 1) scroller(inside).scrollTop += moved;
  });
}
