// A list that is read a page at a time, and anew from its beginning when something has happened that it may show.
/** @import { ApiError } from "./api.js" */
/** @import { Event } from "./openapi.d.ts" */
import { failure } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";
import { useThrottled } from "./state.js";
import { subscribe } from "./stream.js";

const REFRESH_MS = 1000;
/** @param {Event | null} event */
const asks = (event) => event === null || /^(case|clock|task|ticket)\./.test(event.type);

/**
 * @template Item
 * @typedef {{ items: Item[], next_cursor: string | null, total?: number }} Page
 */

/**
 * What has been read so far (`items` null: nothing yet); `more` reads on, from null on anew. `key`: of what is asked for.
 * @template Item
 * @param {string} key
 * @param {(cursor: string | null) => Promise<Page<Item>>} read
 */
export function usePages(key, read) {
  const [page, setPage] = useState(/** @type {Page<Item> | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const turn = useRef(0);
  /** @param {string | null} cursor */
  const load = async (cursor) => {
    const mine = ++turn.current;
    try {
      const found = await read(cursor);
      if (mine !== turn.current) return;
      setPage((before) => (cursor === null ? found : { ...found, items: [...(before?.items ?? []), ...found.items] }));
      setError(null);
    } catch (problem) {
      if (mine === turn.current) setError(failure(problem));
    }
  };
  const newest = useRef(load);
  newest.current = load;
  const refresh = useThrottled(() => newest.current(null), REFRESH_MS);
  useEffect(() => subscribe((event) => asks(event) && refresh()), []);
  useEffect(() => {
    setPage(null);
    load(null);
  }, [key]);
  return { items: page?.items ?? null, next: page?.next_cursor ?? null, total: page?.total ?? null, error, load };
}
