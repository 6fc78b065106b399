// What a ticket's page shows beside its record. The page is drawn once all of it has come: nothing moves under a hand.
/** @import { ApiError } from "../shared/api.js" */
/** @import { Ticket } from "../shared/openapi.d.ts" */
import { call, failure } from "../shared/api.js";
import { useEffect, useRef, useState } from "../shared/html.js";
import { loadTables, tablesCame } from "./catalogue.js";
import { useSimilar } from "./similar.js";

const PATIENCE_MS = 2000; // then the page is drawn without what is still missing: somebody is on the line

/** @typedef {ReturnType<typeof useBeside>} Beside */

/**
 * What `ask` answers, asked anew when one of `on` changes: undefined before the first answer, null where there is none.
 * An earlier answer stays until there is another. `lost` is told why there is none.
 * @template T
 * @param {() => Promise<T> | null | undefined} ask
 * @param {unknown[]} on
 * @param {(problem: ApiError) => void} lost
 */
function useAnswer(ask, on, lost = () => {}) {
  const [answer, set] = useState(/** @type {T | null | undefined} */ (undefined));
  useEffect(() => {
    let gone = false;
    const asked = ask();
    /** @param {unknown} problem */
    const failed = (problem) => {
      if (gone) return;
      set((was) => was ?? null);
      lost(failure(problem));
    };
    if (asked) asked.then((found) => gone || set(found), failed);
    else set(asked);
    return () => {
      gone = true;
    };
  }, on);
  return answer;
}

/**
 * `whole`: everything has come once, or has kept people waiting long enough. `lost`: why the case cannot be shown as
 * it is now; `again` asks once more.
 * @param {Ticket | null} record
 * @param {{ unmasked?: boolean }} query
 */
export function useBeside(record, query) {
  const [late, setLate] = useState(false);
  const whole = useRef(false);
  const path = { ticket: record?.ticket_id ?? "" };
  const [lost, lose] = useState(/** @type {ApiError | null} */ (null));
  const [tries, retry] = useState(0);
  const on = [record?.ticket_id, record?.version, query.unmasked, tries];
  const undecided = record && (record.handling.units.length === 0 || record.handling.undecided_since !== null); // nobody leads
  const waits = undecided && !record.empty;
  const returning = record?.requester.returning;
  /** No question stands before the record has come. @template T @param {() => Promise<T> | null} ask */
  const asking = (ask) => () => (record ? ask() : undefined);
  useEffect(() => lose(null), on);
  const opened = useAnswer(asking(() => call("GET tickets/{ticket}/case", { path })), on, lose);
  const notes = useAnswer(asking(() => call("GET tickets/{ticket}/notes", { path, query })), on, lose);
  const advice = useAnswer(asking(() => (waits ? call("GET dispatch/suggestion", { query: path }) : null)), on, lose);
  const same = useAnswer(asking(() => (returning ? call("GET tickets/{ticket}/same-requester", { path }) : null)), [path.ticket, returning]);
  const similar = useSimilar(record);
  useEffect(loadTables, []);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  const came = tablesCame.value && [opened, notes, advice, same, similar].every((one) => one !== undefined);
  whole.current ||= record !== null && (came || late);
  return { opened, notes: notes?.items ?? [], advice, same: same?.items ?? [], similar, lost, again: () => retry(tries + 1), whole: whole.current };
}
