// The stream of events, open while somebody is logged in. It finds its own way back, and goes on where it was cut.
/** @import { Event } from "./openapi.d.ts" */
import { checkSession } from "./api.js";
import { signal } from "./html.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;

/** @type {Set<(event: Event | null) => void>} */
const listeners = new Set();

/** Whether events arrive. */
export const connected = signal(true);

/**
 * Hears every event; `null` means: read anew, some may have been missed. Returns what ends it.
 * @param {(event: Event | null) => void} listener
 */
export function subscribe(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
/** @param {Event | null} event */
const tell = (event) => {
  for (const listener of listeners) listener(event);
};

/** Follows the stream until what it returns is called. */
export function follow() {
  /** @type {EventSource | null} */
  let source = null;
  /** @type {number | null} */
  let last = null;
  let timer = 0;
  let wait = FIRST_WAIT_MS;
  const open = () => {
    const opened = new EventSource(`/api/v1/stream${last === null ? "" : `?after=${last}`}`);
    source = opened;
    opened.onopen = () => {
      wait = FIRST_WAIT_MS;
      connected.value = true;
      if (last === null) tell(null); // what happened before it was open is told by nobody
    };
    opened.onmessage = (message) => {
      /** @type {Event} */
      const event = JSON.parse(message.data);
      last = event.event_seq;
      tell(event);
    };
    opened.onerror = () => {
      connected.value = false;
      opened.close();
      clearTimeout(timer);
      checkSession();
      timer = setTimeout(open, wait);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    };
  };
  const close = () => {
    clearTimeout(timer);
    source?.close();
  };
  const now = () => {
    close();
    open();
  };
  open();
  addEventListener("online", now);
  return () => {
    close();
    removeEventListener("online", now);
  };
}
