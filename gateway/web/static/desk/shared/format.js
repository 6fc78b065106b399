// Times, numbers and names as people read them.
/** @import { Ticket } from "./openapi.d.ts" */
/** @import { Desk, Words } from "./state.js" */
/** @typedef {string | number | null | undefined} Instant RFC 3339, or ms; nothing: not known */

/** @param {string | null | undefined} no */
export const dashed = (no) => (no && no.length === 15 ? `${no.slice(0, 8)}-${no.slice(8)}` : no || "");
/** @param {string} no */
export const tail = (no) => (no ? no.slice(-7).replace(/^0+(?=\d{3})/, "") : "");

const DAY_MS = 86400000;
/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");
/** @param {number} seconds */
export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
};

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();
/** @param {Desk} desk @param {Intl.DateTimeFormatOptions} options */
function format({ language, zone }, options) {
  const key = `${language}|${zone}|${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const locale = language === "en" ? "en-GB" : "zh-CN";
  let made;
  try {
    made = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
  } catch {
    made = new Intl.DateTimeFormat(locale, options);
  }
  formats.set(key, made);
  return made;
}
/** @type {Intl.DateTimeFormatOptions} */
const MINUTE = { hour: "2-digit", minute: "2-digit", hour12: false };
/** @type {Intl.DateTimeFormatOptions} */
const SECOND = { ...MINUTE, second: "2-digit" };
/** @type {Intl.DateTimeFormatOptions} */
const WHOLE = { year: "numeric", month: "short", day: "numeric", ...SECOND };
/** @param {Instant} at @param {Desk} desk */
export const fullTime = (at, desk) => (at ? format(desk, WHOLE).format(new Date(at)) : desk.t.none);
/** @param {Instant} at @param {Desk} desk */
export const hourMinute = (at, desk) => (at ? format(desk, MINUTE).format(new Date(at)) : "");
/** @param {Instant} at @param {Desk} desk */
export const hourSecond = (at, desk) => (at ? format(desk, SECOND).format(new Date(at)) : "");
/** @param {string | number} at @param {Desk} desk */
const day = (at, desk) => format(desk, { month: "short", day: "numeric" }).format(new Date(at));
/** @param {string} at @param {number} now @param {Desk} desk */
export const listTime = (at, now, desk) =>
  day(at, desk) === day(now, desk) ? hourMinute(at, desk) : `${day(at, desk)} ${hourMinute(at, desk)}`;

/**
 * An instant as a field of date and time takes it: what the clocks of the city show, whatever those of the browser do.
 * @param {number} at @param {string} zone
 */
export function wallTime(at, zone) {
  const shown = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: zone }).format(at);
  return shown.replace(" ", "T");
}

/**
 * The instant at which the clocks of the city show `wall` ("2026-12-01T09:30"); of two, where they are put back, the
 * earlier; where they skip it, as much later as they skip.
 * @param {string} wall @param {string} zone
 */
export function instantOf(wall, zone) {
  const named = Date.parse(`${wall}Z`);
  /** @param {number} at */
  const ahead = (at) => Date.parse(`${wallTime(at, zone)}Z`) - at;
  const early = named - ahead(named - DAY_MS);
  const late = named - ahead(early);
  return [early, late].find((at) => wallTime(at, zone) === wall) ?? early;
}

/** @param {number} ms @param {Words} t */
export function span(ms, t) {
  const minutes = Math.round(Math.abs(ms) / 60000);
  return minutes < 120 ? t.minutes(minutes) : t.hours(Math.round(minutes / 60));
}

/** @param {number} bytes */
export const fileSize = (bytes) =>
  bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** @param {Ticket} ticket */
export const onCall = (ticket) =>
  ticket.interactions.some((one) => one.channel === "sip" && !one.ended_at && !one.disposition);
/**
 * What `key` is called in `table`; a key that it does not have, as it is.
 * @param {Record<string, string>} table
 * @param {string | null | undefined} key
 * @param {Words} t
 */
export const word = (table, key, t) => (key ? table[key] || key : t.none);

/**
 * A telephone number in groups: "+86 138 0013 8000". What a network gave with its scheme, host and name is taken out
 * of those; what is no number at all (an account, "anonymous") comes out as "".
 * @param {string | null | undefined} raw
 */
export function spacedPhone(raw) {
  const address = (raw || "").match(/(?:sips?|tel):([^@;>?\s]+)/i);
  const written = (address ? address[1] : raw || "").replace(/%2B/gi, "+").replace(/[\s().-]/g, "");
  const number = written.match(/^\+?[\d*]{3,20}$/) && /\d/.test(written) ? written : "";
  const mobile = number.match(/^(\+86)?(1[\d*]{2})([\d*]{4})([\d*]{4})$/);
  if (mobile) return [mobile[1], ...mobile.slice(2)].filter(Boolean).join(" ");
  const landline = number.match(/^(\+86)(10|2\d|[3-9]\d{2})([\d*]{3,4})([\d*]{4})$/);
  if (landline) return landline.slice(1).join(" ");
  return number.replace(/^(\+86)(?=.)/, "$1 ");
}

/** What a ticket is about, in one line. @param {Ticket} ticket @param {Words} t */
export function summary(ticket, t) {
  const { title, content } = ticket.demand;
  const said = title && !(content || "").includes(title) ? title : content || title;
  if (said) return said;
  if (ticket.erased_at) return t.erased;
  if (onCall(ticket)) return t.listening;
  if (ticket.prefill.pending) return t.fields["prefill.pending"];
  return ticket.empty ? t.fields.empty : t.noText;
}
/** @param {Ticket} ticket */
export const whereabouts = (ticket) => {
  const { district, street, address } = ticket.place;
  return [district && district.name, street && street.name, address].filter(Boolean).join(" · ");
};
