// Talking to the API: requests with the page's token. What an operation takes and answers stands in openapi.d.ts.
/** @import { Operations } from "./openapi.d.ts" */
/** @import { Words } from "./state.js" */

export class ApiError extends Error {
  /**
   * @param {number} status of HTTP; 0 when there was no answer
   * @param {string} code of the problem detail
   * @param {string} detail
   * @param {number} retryAfterS
   */
  constructor(status, code, detail, retryAfterS = 0) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** What went wrong, whatever was thrown. @param {unknown} error */
export const failure = (error) => (error instanceof ApiError ? error : new ApiError(500, "failed", String(error)));

// A session ends when nobody uses it. What the page asks by itself says so (X-Idle) and keeps no session alive; a hand on
// the page does, also while it only writes or scrolls.
const HAND_MS = 60000;
const KEEP_MS = 300000;
let lastHand = performance.now();
let lastAsked = lastHand;
let keep = false;
function touched() {
  lastHand = performance.now();
  if (!keep || lastHand - lastAsked < KEEP_MS) return;
  lastAsked = lastHand;
  checkSession();
}
for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, touched, { passive: true, capture: true });

let csrf = "";
/** @type {(code: string) => void} */
let onUnauthorized = () => {};
/** @param {string} token */
export const setCsrf = (token) => {
  csrf = token;
  keep = Boolean(token);
};
/** @param {(code: string) => void} handler */
export const setUnauthorized = (handler) => {
  onUnauthorized = handler;
};

/** Whoever is logged in no more is told so. */
export const checkSession = () => call("GET session").catch((error) => error.status === 401 && onUnauthorized(error.code));

/**
 * What stands in braces: "ticket" of "GET tickets/{ticket}".
 * @template {string} K
 * @typedef {K extends `${string}{${infer Name}}${infer Rest}` ? Name | Braced<Rest> : never} Braced
 */
/**
 * @template {keyof Operations} K
 * @typedef {{
 *   path?: Record<Braced<K>, string>, query?: Operations[K]["query"], body?: Operations[K]["body"],
 *   version?: number, key?: string, signal?: AbortSignal,
 * }} Asked
 */

/**
 * Asks for an operation: `call("GET tickets/{ticket}", { path: { ticket: id } })`. Parts of the query that are undefined,
 * null or "" are left out. Asked again with the same `key` it is done once. Throws ApiError.
 * @template {keyof Operations} K
 * @param {K} operation
 * @param {Asked<K>} asked
 * @returns {Promise<Operations[K]["answer"]>}
 */
export function call(operation, { path, query, body, version, key, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  if (key !== undefined) headers["Idempotency-Key"] = key;
  return ask(operation, { path, query, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
}

/**
 * The same where the body is a file.
 * @template {keyof Operations} K
 * @param {K} operation
 * @param {Pick<Asked<K>, "path" | "query"> & { file: Blob }} asked
 * @returns {Promise<Operations[K]["answer"]>}
 */
export const send = (operation, { path, query, file }) => ask(operation, { path, query, headers: {}, body: file });

/**
 * @param {string} operation
 * @param {{
 *   path?: Record<string, string>, query?: Record<string, unknown>, headers: Record<string, string>,
 *   body?: string | Blob, signal?: AbortSignal,
 * }} asked
 */
async function ask(operation, { path, query, headers, body, signal }) {
  const [method, template] = operation.split(" ");
  headers.Accept = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (performance.now() - lastHand > HAND_MS) headers["X-Idle"] = "1";
  else lastAsked = performance.now();
  let answer;
  try {
    answer = await fetch(`/api/v1/${address(template, path, query)}`, { method, headers, signal, body, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "");
  }
  if (answer.status === 204) return /** @type {any} */ (null);
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new ApiError(answer.status, data.code || "failed", data.detail || "", Number(answer.headers.get("Retry-After")));
    if (answer.status === 401 && operation !== "GET session" && operation !== "POST session") onUnauthorized(error.code);
    throw error;
  }
  return data;
}

/**
 * @param {string} template
 * @param {Record<string, string>} path
 * @param {Record<string, unknown>} query
 */
function address(template, path = {}, query = {}) {
  const filled = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const told = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return told ? `${filled}?${told}` : filled;
}

/**
 * What to tell a person about an error, in their language.
 * @param {Words} t
 * @param {ApiError} error
 */
export function explain(t, error) {
  const own = /** @type {Record<string, unknown>} */ (t)[error.code];
  if (typeof own === "string") return own;
  if (error.code === "login_locked") return t.loginLocked(error.retryAfterS);
  if (error.status === 0) return t.offline;
  if (error.status === 403) return t.forbidden;
  if (error.status === 429) return t.tooMany;
  if (error.status === 503) return t.unavailable;
  return t.failedHint;
}
