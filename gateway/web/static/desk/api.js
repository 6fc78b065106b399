// Talking to the API: requests with the page's token, and the stream of events with its own way back.
export class ApiError extends Error {
  constructor(status, code, detail, retryAfterS = 0) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

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
  call("GET", "session").catch((error) => error.status === 401 && onUnauthorized(error.code));
}
for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, touched, { passive: true, capture: true });

let csrf = "";
let onUnauthorized = () => {};
export const setCsrf = (token) => {
  csrf = token;
  keep = Boolean(token);
};
export const setUnauthorized = (handler) => {
  onUnauthorized = handler;
};

export async function call(method, path, { body, version, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  if (performance.now() - lastHand > HAND_MS) headers["X-Idle"] = "1";
  else lastAsked = performance.now();
  let answer;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "");
  }
  if (answer.status === 204) return null;
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new ApiError(answer.status, data.code || "failed", data.detail || "", Number(answer.headers.get("Retry-After")));
    if (answer.status === 401 && path !== "session") onUnauthorized(error.code);
    throw error;
  }
  return data;
}

// What to tell a person about an error, in their language.
export function explain(t, error) {
  if (typeof t[error.code] === "string") return t[error.code];
  if (error.code === "login_locked") return t.loginLocked(error.retryAfterS);
  if (error.status === 0) return t.offline;
  if (error.status === 403) return t.forbidden;
  if (error.status === 429) return t.tooMany;
  if (error.status === 503) return t.unavailable;
  return t.failedHint;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;

// Follows /stream for ever; `say` hears true when connected and false when not. Returns a function that stops it.
export function follow(onEvent, say) {
  let source = null;
  let last = null;
  let timer = 0;
  let wait = FIRST_WAIT_MS;
  let stopped = false;
  const open = () => {
    if (stopped) return;
    source = new EventSource(`/api/v1/stream${last === null ? "" : `?after=${last}`}`);
    source.onopen = () => {
      wait = FIRST_WAIT_MS;
      say(true);
    };
    source.onmessage = (message) => {
      const event = JSON.parse(message.data);
      last = event.event_seq;
      onEvent(event);
    };
    source.onerror = () => {
      say(false);
      source.close();
      clearTimeout(timer);
      call("GET", "session").then(
        () => {},
        (error) => error.status === 401 && onUnauthorized(error.code),
      );
      timer = setTimeout(open, wait);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    };
  };
  const now = () => {
    clearTimeout(timer);
    if (source) source.close();
    open();
  };
  open();
  addEventListener("online", now);
  return () => {
    stopped = true;
    clearTimeout(timer);
    removeEventListener("online", now);
    if (source) source.close();
  };
}
