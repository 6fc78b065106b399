// How the form asks the API for something: one thing at a time, under what was seen; and what it tells of it.
/** @import { Asked } from "../shared/api.js" */
/** @import { Operations, Ticket } from "../shared/openapi.d.ts" */
/** @import { Path } from "./fields.js" */
import { call, explain, failure } from "../shared/api.js";
import { useEffect, useState } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { seen } from "./draft.js";

const TRIES = 4; // a call under way changes its ticket with every sentence, and a field that is guessed with some
const TOLD_MS = 5000;

/** What the form tells below its fields. @typedef {{ bad: boolean, text: string } | null} Told */
/**
 * The ticket as it is drawn; `take` takes in what the API answers, `newest` is what was taken last.
 * @typedef {{
 *   record: Ticket, take: (found: Ticket) => Ticket, newest: { current: Ticket | null }, query: { unmasked?: boolean },
 * }} Page
 */
/**
 * Verbs that answer with the ticket as it is then.
 * @typedef {"PATCH tickets/{ticket}" | `POST tickets/{ticket}/actions/${"{verb}" | "lift-secrecy" | "merge" | "unmerge" | "same_requester" | "withdraw"}`} Verb
 */

/** @param {Page} page */
export function useSender({ record, take, newest, query }) {
  const { t } = useDesk();
  const [busy, setBusy] = useState(false);
  const [told, tell] = useState(/** @type {Told} */ (null));
  useEffect(() => {
    if (!told || told.bad) return undefined;
    const timer = setTimeout(() => tell((now) => (now === told ? null : now)), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const latest = () => newest.current ?? record;
  /**
   * Sends: a correction or confirmation of `fields` under what they hold on screen, anything else under the ticket's
   * version. What moved on meanwhile is no obstacle unless `clash` says so.
   * @template {Verb} V
   * @param {V} verb
   * @param {Operations[V]["body"]} body
   * @param {Path[]} [fields]
   * @param {(latest: Ticket) => boolean} [clash]
   */
  const send = async (verb, body, fields, clash) => {
    setBusy(true);
    tell(null);
    let shown = record;
    try {
      for (let n = 1; ; n += 1) {
        try {
          const path = { ticket: record.ticket_id, verb: "confirm" };
          const under = fields ? { body: { ...body, seen: seen(shown, fields) } } : { body, version: latest().version };
          take(await call(verb, /** @type {Asked<V>} */ ({ path, query, ...under })));
          return true;
        } catch (problem) {
          const { status, code } = failure(problem);
          if ((status !== 412 && code !== "field_changed") || n === TRIES) throw problem;
          shown = take(await call("GET tickets/{ticket}", { path: { ticket: record.ticket_id }, query }));
          if (clash?.(shown)) return false;
        }
      }
    } catch (problem) {
      tell({ bad: true, text: `${t.saveFailed} · ${explain(t, failure(problem))}` });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, told, tell, latest, send };
}
