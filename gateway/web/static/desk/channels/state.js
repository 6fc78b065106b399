// How every channel is doing, looked at again and again: for its page, for the bar above every page and for the list.
/** @import { ApiError } from "../shared/api.js" */
/** @import { Channel } from "../shared/record.d.ts" */
import { call, failure } from "../shared/api.js";
import { signal } from "../shared/html.js";

const LOOK_MS = 30000;
const MANY_FAIL = 0.2;

/** `items` are null until they have come, and stay when they cannot be read anew: `error` says why. */
export const channels = signal(/** @type {{ items: Channel[] | null, error: ApiError | null }} */ ({ items: null, error: null }));

export async function loadChannels() {
  try {
    channels.value = { items: (await call("GET channels")).items, error: null };
  } catch (error) {
    channels.value = { items: channels.value.items, error: failure(error) };
  }
}

/** Looks until what it returns is called. */
export function watchChannels() {
  loadChannels();
  const timer = setInterval(loadChannels, LOOK_MS);
  return () => clearInterval(timer);
}

/**
 * Everything that is wrong with a channel, as keys of `t.channelTroubles`.
 * @param {Channel} one
 */
export const troubles = (one) => {
  const found = {
    stopped: !one.running,
    not_ready: one.running && one.ready === false,
    silent: one.silent,
    disconnected: one.connected === false,
    token: one.token_ok === false,
    failing: (one.error_rate ?? 0) > MANY_FAIL,
  };
  const names = /** @type {(keyof typeof found)[]} */ (Object.keys(found));
  return names.filter((name) => found[name]);
};
