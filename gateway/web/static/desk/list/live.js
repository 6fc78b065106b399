// The tickets of the list, kept as they are: read once, then only what events name is read again.
/** @import { ApiError } from "../shared/api.js" */
/** @import { Event, Operations, Ticket } from "../shared/openapi.d.ts" */
import { call, failure } from "../shared/api.js";

const PAGE = 50;
const LONGEST = 1000; // a list that has grown beyond it begins again with one page
const BATCH = 100; // tickets that one request may name; where more have changed, the list is read anew
const PAUSE_MS = 500; // between two requests: at most two a second, however much happens
const AGAIN_MS = 5000; // after one that failed
const INDEXED_MS = 1500; // after a change its words are found by then

/** @typedef {NonNullable<Operations["GET tickets"]["query"]>} Query */
/**
 * What the list is narrowed to. `from`, `to`: days, both included; `due`: `over` or `day`; `name`: a requester's whole one.
 * @typedef {{
 *   text: string, line: string, status: string, channel: string, empty: boolean, unit: string, category: string,
 *   division: string, due: string, from: string, to: string, name: string,
 * }} Filter
 */
/**
 * `items`: newest first, null until they have come; `fresh`: ids of those that were not there at the look before.
 * @typedef {{ items: Ticket[] | null, more: boolean, fresh: Set<string>, error: ApiError | null }} Shown
 */

/** @type {Shown} */
export const NOTHING = { items: null, more: false, fresh: new Set(), error: null };

/** Those that are chosen more seldom. */
export const FURTHER = /** @type {const} */ (["unit", "category", "division", "due", "from", "to", "name"]);
/** @type {Filter} */
export const NO_FILTER = {
  text: "", line: "", status: "", channel: "", empty: false,
  unit: "", category: "", division: "", due: "", from: "", to: "", name: "",
};
const DAY_MS = 86_400_000;

export class LiveList {
  /** @param {(shown: Shown) => void} show hears of every change */
  constructor(show) {
    this.show = show;
    /** @type {Filter} */
    this.filter = NO_FILTER;
    /** @type {Ticket[] | null} */
    this.items = null;
    /** @type {string | null} */
    this.cursor = null;
    /** @type {Set<string>} tickets of which events have told since they were read */
    this.changed = new Set();
    this.anew = true;
    this.marking = false; // whether what is new on the list is new to whoever looks at it
    this.asking = false;
    this.turn = 0; // an answer to an earlier filter is none to this one
    this.timer = 0;
    this.last = 0;
  }

  /**
   * Reads the list anew, narrowed to `filter`, in `wait` ms.
   * @param {Filter} filter
   */
  narrow(filter, wait = 0) {
    this.close();
    this.filter = filter;
    this.anew = true;
    this.marking = false;
    this.asking = false;
    this.timer = setTimeout(() => this.round(), wait);
  }

  close() {
    this.turn += 1;
    clearTimeout(this.timer);
    this.timer = 0;
  }

  /** @param {Event | null} event null: some may have been missed */
  hear(event) {
    if (event === null) this.anew = true;
    else if (this.concerns(event)) this.changed.add(event.ticket_id);
    else return;
    this.soon();
  }

  /**
   * Whether its ticket is on the list, or may belong there: what is older than all of it comes with the next page.
   * @param {Event} event
   */
  concerns({ ticket_id, ticket_no }) {
    if (this.items === null) return true;
    const oldest = this.items.at(-1);
    return this.cursor === null || !oldest || ticket_no > oldest.ticket_no || this.items.some((one) => one.ticket_id === ticket_id);
  }

  soon() {
    if (this.asking || this.timer) return;
    const rest = this.last + PAUSE_MS - Date.now();
    this.timer = setTimeout(() => this.round(), Math.max(this.filter.text ? INDEXED_MS : 0, rest));
  }

  /** One request. */
  async round() {
    const turn = this.turn;
    this.timer = 0;
    this.asking = true;
    this.last = Date.now();
    const whole = this.anew || this.items === null || this.changed.size > BATCH;
    const ids = [...this.changed];
    this.changed.clear();
    this.anew = false;
    let wait = 0;
    try {
      const length = this.items?.length ?? 0;
      const page = await this.ask(
        whole ? { limit: length > LONGEST ? PAGE : Math.max(PAGE, length) } : { limit: BATCH, ids: ids.join(",") },
      );
      if (turn !== this.turn) return;
      const before = new Set(this.items?.map((one) => one.ticket_id));
      if (whole) this.cursor = page.next_cursor;
      this.items = whole ? page.items : patched(this.items ?? [], ids, page.items);
      if (this.items.length > LONGEST) this.anew = true;
      const fresh = this.marking ? this.items.filter((one) => !before.has(one.ticket_id)) : [];
      this.marking = true;
      this.tell(null, new Set(fresh.map((one) => one.ticket_id)));
    } catch (thrown) {
      if (turn !== this.turn) return;
      const error = failure(thrown);
      if (whole) this.anew = true;
      else for (const id of ids) this.changed.add(id);
      wait = Math.max(AGAIN_MS, error.retryAfterS * 1000);
      this.tell(error);
    }
    this.asking = false;
    if (wait) this.timer = setTimeout(() => this.round(), wait);
    else if (this.anew || this.changed.size) this.soon();
  }

  /** The next page, at the end. */
  async older() {
    const turn = this.turn;
    try {
      const page = await this.ask({ limit: PAGE, cursor: this.cursor });
      if (turn !== this.turn) return;
      this.items = patched(this.items ?? [], [], page.items);
      this.cursor = page.next_cursor;
      this.tell(null);
    } catch (thrown) {
      if (turn === this.turn) this.tell(failure(thrown));
    }
  }

  /** @param {ApiError | null} error @param {Set<string>} fresh */
  tell(error, fresh = new Set()) {
    this.show({ items: this.items, more: this.cursor !== null, fresh, error });
  }

  /** @param {Query} asked */
  ask(asked) {
    const { text, empty, due, from, to, name, ...same } = this.filter;
    const narrowed = {
      ...same,
      text: text.trim(),
      name: name.trim(),
      empty: empty ? undefined : false,
      created_from: from && dayBegins(from).toISOString(),
      created_to: to && dayBegins(to, 1).toISOString(),
      due_to: due && new Date(Date.now() + (due === "day" ? DAY_MS : 0)).toISOString(),
    };
    return call("GET tickets", { query: /** @type {Query} */ ({ order: "newest", ...narrowed, ...asked }) });
  }
}

/**
 * When a day begins on the clock of this machine, or one `later` days after it.
 * @param {string} day `YYYY-MM-DD`
 */
function dayBegins(day, later = 0) {
  const begun = new Date(`${day}T00:00`);
  begun.setDate(begun.getDate() + later);
  return begun;
}

/**
 * `items` with `found` in their places, without those of `ids` that were not found: they no longer fit the filter.
 * @param {Ticket[]} items
 * @param {string[]} ids
 * @param {Ticket[]} found
 */
function patched(items, ids, found) {
  const replaced = new Set([...ids, ...found.map((one) => one.ticket_id)]);
  const kept = items.filter((one) => !replaced.has(one.ticket_id));
  return [...kept, ...found].sort((a, b) => (a.ticket_no < b.ticket_no ? 1 : -1));
}
