// What the form does: typing, confirming, saving under what was seen, and keeping still while speech goes on.
/** @import { HandledEvent, Ref } from "../shared/html.js" */
/** @import { LiftSecrecyBody, Ticket } from "../shared/openapi.d.ts" */
/** @import { Mention } from "../shared/record.d.ts" */
/** @import { Draft, Value } from "./draft.js" */
/** @import { Path } from "./fields.js" */
/** @import { Page } from "./sender.js" */
import { fullTime, spacedPhone } from "../shared/format.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { codeOf, tables } from "./catalogue.js";
import * as drafts from "./draft.js";
import { isFilled, standing } from "./evidence.js";
import { FIELDS, fromGuess, guessed, idOf, readable } from "./fields.js";
import { useSender } from "./sender.js";

const FRESH_MS = 2500;

/** @typedef {ReturnType<typeof useEditor>} Form */
/** @param {Page} page */
export function useEditor(page) {
  const { record } = page;
  const desk = useDesk();
  const { t, language, session } = desk;
  const [, redraw] = useState(0);
  const [held, hold] = useState(/** @type {{ path: Path, value: Value } | null} */ (null)); // the field under the cursor, and its value when the cursor came
  const [pointed, point] = useState(/** @type {string | null} */ (null));
  const [clashing, setClashing] = useState(/** @type {Path[]} */ ([]));
  const { busy, told, tell, latest, send } = useSender(page);
  const draft = drafts.draftOf(record.ticket_id);
  /** @param {Draft} next */
  const change = (next) => {
    Object.assign(draft, next);
    redraw((n) => n + 1);
  };
  const arrived = useArrivals(record);
  useEffect(() => {
    /** @param {BeforeUnloadEvent} event */
    const warn = (event) => drafts.anyDraft() && event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);

  const dirty = drafts.pathsOf(draft.values);
  /** @param {Path} path */
  const label = (path) => t.fields[path];
  /** @param {Path} path */
  const stored = (path) => drafts.pick(record, path);

  /** @param {Ticket} moved */
  const clash = (moved) => {
    const found = drafts.conflicts(draft, moved);
    if (!found.length) return false;
    change(drafts.rebase(draft, moved));
    setClashing(found);
    tell({ bad: true, text: t.conflict });
    return true;
  };
  const save = async () => {
    if (!dirty.length) return true;
    const sent = { ...draft.values };
    if (drafts.conflicts(draft, record).some((path) => !clashing.includes(path)) && clash(record)) return false;
    if (!(await send("PATCH tickets/{ticket}", drafts.body(draft), drafts.pathsOf(sent), clash))) return false;
    change(drafts.without(draft, sent)); // what was typed while it was on its way stays
    setClashing([]);
    hold((was) => was && { ...was, value: drafts.pick(latest(), was.path) });
    tell({ bad: false, text: t.saved });
    return true;
  };
  /** Whether one of `paths` holds something else than on screen; says which. @param {Path[]} paths */
  const differs = (paths) => (/** @type {Ticket} */ moved) => {
    const other = paths.find((path) => !drafts.same(drafts.pick(moved, path), stored(path)));
    if (other) tell({ bad: true, text: t.changedMeanwhile(label(other)) });
    return Boolean(other);
  };
  /** @param {Path[]} paths */
  const confirm = async (paths) => {
    const done = await send("POST tickets/{ticket}/actions/{verb}", { paths }, paths, differs(paths));
    if (done) tell({ bad: false, text: t.confirmed });
    return done;
  };
  /** @param {LiftSecrecyBody["reason"]} reason */
  const liftSecrecy = async (reason) => {
    if (await send("POST tickets/{ticket}/actions/lift-secrecy", { reason })) tell({ bad: false, text: t.secrecyLifted });
  };
  /** @param {Path} path @param {Value} value */
  const accept = async (path, value) => {
    const chosen = { values: { [path]: fromGuess(path, value, tables.value) }, origins: {} };
    if (await send("PATCH tickets/{ticket}", drafts.body(chosen), [path], differs([path]))) tell({ bad: false, text: t.confirmed });
  };

  const filled = guessed().filter((path) => isFilled(record.prefill.fields[path], session));
  const open = filled.filter((path) => standing(record, path, session) === "filled" && !(path in draft.values));
  const confirmAll = async () => {
    if (!(await save())) return;
    const left = guessed().filter((path) => standing(latest(), path, session) === "filled");
    if (left.length) await confirm(left);
  };
  /** @param {HandledEvent} event */
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
    const state = standing(record, path, session);
    const done = path in draft.values ? await save() : state === "filled" ? await confirm([path]) : true;
    if (done && next) document.getElementById(idOf(next))?.focus();
  };

  /** @param {Path} path @returns {Value} */
  const value = (path) => (path in draft.values ? draft.values[path] : held && held.path === path ? held.value : stored(path));
  /** @param {Path} path @param {Value} what */
  const read = (path, what) => readable(path, what, desk, tables.value);
  return {
    record, busy, told, tell, dirty, filled, open, arrived, value, confirm, accept, confirmAll, liftSecrecy, keyed, save, send, readable: read,
    active: pointed || (held && held.path),
    point,
    place: () => ({ district: value("place.district"), street: value("place.street") }),
    codeAt: (/** @type {Path} */ path) => codeOf(stored(path)),
    brief: (/** @type {Path} */ path, /** @type {string} */ code) =>
      FIELDS[path].coded?.brief?.(code, tables.value, language) ?? read(path, code),
    known: (/** @type {Path} */ path) => {
      const table = FIELDS[path].coded?.table;
      return table !== undefined && tables.value[table].items.length > 0;
    },
    mention: (/** @type {Mention} */ one) => (one.kind === "time" ? fullTime(one.value, desk) : one.kind === "money" ? t.yuan(one.value) : (one.kind === "phone" && spacedPhone(one.value)) || String(one.value)),
    changed: (/** @type {Path} */ path) => path in draft.values,
    fresh: (/** @type {Path} */ path) => arrived.paths.includes(path),
    focused: (/** @type {Path} */ path) => held?.path === path,
    masked: (/** @type {Path} */ path) => typeof value(path) === "string" && value(path).includes("*"),
    theirs: (/** @type {Path} */ path) => clashing.includes(path) && path in draft.values,
    newer: (/** @type {Path} */ path) =>
      held && held.path === path && !(path in draft.values) && !drafts.same(held.value, stored(path)) ? stored(path) : undefined,
    enter: (/** @type {Path} */ path) => hold({ path, value: stored(path) }),
    leave: (/** @type {Path} */ path) => hold((was) => (was && was.path === path ? null : was)),
    set: (/** @type {Path} */ path, /** @type {Value} */ next) => {
      tell(null);
      change(drafts.put(draft, record, path, next, held && held.path === path ? held.value : stored(path)));
    },
    discard: () => {
      change({ values: {}, origins: {} });
      setClashing([]);
      tell(null);
    },
    correct: (/** @type {string} */ interactionId, /** @type {number} */ seq, /** @type {string} */ text) =>
      send("PATCH tickets/{ticket}", { interactions: [{ interaction_id: interactionId, transcript: [{ seq, corrected_text: text }] }] }, []),
  };
}

/** The fields that have just been filled in, for eyes and for screen readers. @param {Ticket} record */
function useArrivals(record) {
  const { session } = useDesk();
  const [paths, set] = useState(/** @type {Path[]} */ ([]));
  const before = useRef(/** @type {{ id: string, fields: Ticket["prefill"]["fields"] } | null} */ (null));
  useEffect(() => {
    const fields = record.prefill.fields;
    const was = before.current;
    before.current = { id: record.ticket_id, fields };
    if (!was || was.id !== record.ticket_id) return undefined;
    const now = guessed().filter(
      (path) => standing(record, path, session) === "filled" && !drafts.same(was.fields[path]?.value, fields[path].value),
    );
    if (!now.length) return undefined;
    set(now);
    const timer = setTimeout(() => set([]), FRESH_MS);
    return () => clearTimeout(timer);
  }, [record]);
  return { paths };
}

/** @param {Element} node */
const scroller = (node) => {
  for (let at = node.parentElement; at; at = at.parentElement)
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  return document.scrollingElement;
};

/** What has the cursor stays where it is on the screen while fields above it grow. @param {Ref<HTMLElement>} box */
export function useSteady(box) {
  const focused = document.activeElement;
  const inside = box.current && focused && box.current.contains(focused) ? focused : null;
  const top = inside ? inside.getBoundingClientRect().top : 0;
  useLayoutEffect(() => {
    if (!inside || document.activeElement !== inside) return;
    const moved = inside.getBoundingClientRect().top - top;
    const within = scroller(inside);
    if (within && Math.abs(moved) >= 1) within.scrollTop += moved;
  });
}
