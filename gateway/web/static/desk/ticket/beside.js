// What a ticket's page shows beside its record. The page is drawn once all of it has come: nothing moves under a hand.
/** @import { Ticket } from "../shared/openapi.d.ts" */
import { call } from "../shared/api.js";
import { useEffect, useRef, useState } from "../shared/html.js";
import { loadTables, tablesCame } from "./catalogue.js";
import { useSimilar } from "./similar.js";

const PATIENCE_MS = 2000; // then the page is drawn without what is still missing: somebody is on the line

/** @typedef {ReturnType<typeof useBeside>} Beside */

/**
 * What `ask` answers, asked anew when one of `on` changes: undefined before the first answer, null where there is none.
 * An earlier answer stays until there is another.
 * @template T
 * @param {() => Promise<T> | null | undefined} ask
 * @param {unknown[]} on
 */
function useAnswer(ask, on) {
  const [answer, set] = useState(/** @type {T | null | undefined} */ (undefined));
  useEffect(() => {
    let gone = false;
    const asked = ask();
    if (asked) asked.then((found) => gone || set(found), () => gone || set((was) => was ?? null));
    else set(asked);
    return () => {
      gone = true;
    };
  }, on);
  return answer;
}

/**
 * `whole`: everything has come once, or has kept people waiting long enough.
 * @param {Ticket | null} record
 * @param {{ unmasked?: boolean }} query
 */
export function useBeside(record, query) {
  const [late, setLate] = useState(false);
  const whole = useRef(false);
  const path = { ticket: record?.ticket_id ?? "" };
  const on = [record?.ticket_id, record?.version, query.unmasked];
  const waits = record && record.handling.units.length === 0 && !record.empty;
  const returning = record?.requester.returning;
  /** No question stands before the record has come. @template T @param {() => Promise<T> | null} ask */
  const asking = (ask) => () => (record ? ask() : undefined);
  const opened = useAnswer(asking(() => call("GET tickets/{ticket}/case", { path })), on);
  const notes = useAnswer(asking(() => call("GET tickets/{ticket}/notes", { path, query })), on);
  const advice = useAnswer(asking(() => (waits ? call("GET dispatch/suggestion", { query: path }) : null)), on);
  const same = useAnswer(asking(() => (returning ? call("GET tickets/{ticket}/same-requester", { path }) : null)), [path.ticket, returning]);
  const similar = useSimilar(record);
  useEffect(loadTables, []);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  const came = tablesCame.value && [opened, notes, advice, same, similar].every((one) => one !== undefined);
  whole.current ||= record !== null && (came || late);
  return { opened, notes: notes?.items ?? [], advice, same: same?.items ?? [], similar, whole: whole.current };
}
