// One line to the server: WebSocket, or server-sent events and POST where a network lets no WebSocket through.
/** @import { Ack, Heard, Refused, Said, Sign, State } from "./frames.d.ts" */
/** @import { Store } from "./store.js" */

/** What the server says over HTTP: of a session, of a challenge, or why not. @typedef {Record<string, any>} Body */
/** Without `send` it only hears. @typedef {{ close: () => void, send?: (text: string) => void }} Line */
/** A message on its way. @typedef {Said & { id: string, age_ms: number, lang: string }} Sending */

/** Why there is no line: for good, or to be tried again after `wait` seconds. */
class NoLine extends Error {
  /** @param {string} message @param {{ final?: State, wait?: number }} how */
  constructor(message, { final, wait } = {}) {
    super(message);
    this.final = final;
    this.wait = wait;
  }
}

const BACK_OFF_S = [0.4, 1, 2, 4, 8, 15, 30];
const ANSWER_MS = 15000;
const OPEN_MS = 10000;
const OVER = 4401;

export class Transport {
  /**
   * @param {string} url
   * @param {Store} store
   * @param {() => number} lastSeq tells what is known already
   * @param {{ frame: (frame: Heard) => void, state: (state: State) => void, over: () => void }} on
   */
  constructor(url, store, lastSeq, on) {
    this.url = url;
    this.store = store;
    this.lastSeq = lastSeq;
    this.on = on;
    /** @type {State | undefined} */
    this.state = undefined;
    /** @type {Line | null} */
    this.line = null;
    this.connecting = false;
    this.timer = 0;
    this.beat = 0;
    this.heardAt = 0;
    this.wait = 0; // seconds, as the server asked
    this.failures = 0;
    this.socketFailures = 0;
    this.socketWorked = false;
    this.stopped = true;
    this.up = false;
    this.wake = () => this.hurry();
    this.down = () => {
      this.drop();
      this.say("offline");
    };
  }

  start() {
    if (!this.stopped) return;
    this.stopped = false;
    addEventListener("online", this.wake);
    addEventListener("offline", this.down);
    document.addEventListener("visibilitychange", this.wake);
    this.connect();
  }

  stop() {
    this.stopped = true;
    removeEventListener("online", this.wake);
    removeEventListener("offline", this.down);
    document.removeEventListener("visibilitychange", this.wake);
    clearTimeout(this.timer);
    this.drop();
  }

  /** @param {State} state */
  say(state) {
    this.up = state === "live";
    if (this.state !== state) this.on.state((this.state = state));
  }

  hurry() {
    if (this.stopped || this.line || document.hidden) return;
    clearTimeout(this.timer);
    this.failures = Math.min(this.failures, 1);
    this.connect();
  }

  async connect() {
    if (this.stopped || this.line || this.connecting) return;
    if (navigator.onLine === false) return this.say("offline");
    if (this.state !== "retrying" && this.state !== "unreachable") this.say(this.state ? "retrying" : "connecting");
    this.connecting = true;
    try {
      if (!this.store.read("token")) await this.session();
      if (this.stopped) return;
      if (this.socketFailures >= 2 && !this.socketWorked) await this.listen();
      else this.open();
    } catch (error) {
      if (error instanceof NoLine && error.final) return this.say(error.final);
      this.again(error instanceof NoLine ? error.wait : 0);
    } finally {
      this.connecting = false;
    }
  }

  again(wait = 0) {
    this.up = false;
    if (this.stopped || this.state === "refusedSite") return;
    if (navigator.onLine === false) return this.say("offline");
    const steps = BACK_OFF_S[Math.min(this.failures++, BACK_OFF_S.length - 1)];
    this.say(this.failures > 4 ? "unreachable" : "retrying");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), Math.max(wait * 1000, steps * 1000 * (0.7 + Math.random() * 0.6)));
  }

  /**
   * @param {string} path
   * @param {RequestInit} options
   * @param {boolean} long whether there is much to send
   * @returns {Promise<{ status: number, body: Body }>}
   */
  async call(path, options = {}, long = false) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), long ? 180000 : ANSWER_MS);
    try {
      const answer = await fetch(`${this.url}/${path}`, { ...options, signal: abort.signal, credentials: "omit", cache: "no-store" });
      const text = await answer.text();
      let body = {};
      try {
        body = text ? JSON.parse(text) : {};
      } catch {
        // A proxy's page; the status says enough.
      }
      return { status: answer.status, body };
    } finally {
      clearTimeout(timer);
    }
  }

  // A token: for the same person while the old one holds.
  async session() {
    /** @type {Body} */
    const body = { token: this.store.read("token") || null };
    let { status, body: answer } = await this.call("session", { method: "POST", body: JSON.stringify(body) });
    if (status === 403 && answer.code === "proof_needed") {
      body.proof = await this.solve();
      ({ status, body: answer } = await this.call("session", { method: "POST", body: JSON.stringify(body) }));
    }
    if (answer.code === "origin_refused") throw new NoLine("", { final: "refusedSite" });
    if (status !== 200 && status !== 201) throw new NoLine(`session ${status}`, { wait: answer.retry_after_s });
    this.store.write("token", answer.token);
  }

  async solve() {
    if (!globalThis.crypto?.subtle) throw new NoLine("", { final: "needsHttps" });
    const { body } = await this.call("challenge");
    const bytes = new TextEncoder();
    for (let number = 0; number <= body.maxnumber; number++) {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.encode(body.salt + number)));
      if (digest.reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "") === body.challenge)
        return { salt: body.salt, challenge: body.challenge, signature: body.signature, number };
    }
    throw new Error("no number fits");
  }

  over() {
    this.store.write("token", null);
    this.on.over();
  }

  open() {
    const socket = new WebSocket(`${this.url.replace(/^http/, "ws")}/ws`);
    /** @type {Line} */
    const line = { close: () => socket.close(), send: (text) => socket.send(text) };
    this.line = line;
    let welcome = false;
    const impatient = setTimeout(() => socket.close(), OPEN_MS);
    socket.onopen = () => socket.send(JSON.stringify({ t: "hello", token: this.store.read("token") || "", last_seq: this.lastSeq(), v: 1 }));
    socket.onmessage = (event) => {
      if (this.line !== line) return;
      /** @type {Heard} */
      const frame = JSON.parse(event.data);
      if (frame.t === "welcome") {
        welcome = this.socketWorked = true;
        clearTimeout(impatient);
        this.alive(frame.heartbeat_s);
      }
      this.heard(frame);
    };
    socket.onclose = (event) => {
      clearTimeout(impatient);
      if (this.line !== line) return;
      this.line = null;
      clearInterval(this.beat);
      if (!welcome) this.socketFailures++;
      if (event.code === OVER) this.over();
      this.again(this.wait);
      this.wait = 0;
    };
  }

  /** @param {Heard} frame */
  heard(frame) {
    this.heardAt = Date.now();
    if (frame.t === "live") {
      this.failures = 0;
      this.say("live");
    }
    if (frame.t === "refused" && !frame.id) this.wait = frame.retry_after_s || 0;
    this.on.frame(frame);
  }

  /** We ask, the server answers: a line that died without a word is found within seconds. @param {number} seconds */
  alive(seconds) {
    clearInterval(this.beat);
    this.beat = setInterval(() => {
      const asked = Date.now();
      this.sign({ t: "beat" });
      setTimeout(() => {
        if (this.line && this.heardAt < asked) {
          this.drop();
          this.again();
        }
      }, ANSWER_MS);
    }, seconds * 1000);
  }

  async listen() {
    const abort = new AbortController();
    const line = { close: () => abort.abort() };
    this.line = line;
    try {
      const answer = await fetch(`${this.url}/events?after=${this.lastSeq()}`, { headers: this.bearer(), signal: abort.signal, credentials: "omit", cache: "no-store" });
      if (answer.status === 401) this.over();
      if (!answer.ok || !answer.body) throw new Error(`events ${answer.status}`);
      this.read(answer.body.getReader(), line);
    } catch (error) {
      if (this.line === line) this.line = null;
      this.socketFailures = 0; // Nothing passes at all: begin with sockets again.
      throw error;
    }
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {Line} line */
  async read(reader, line) {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done || this.line !== line) break;
        const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
        rest = parts.pop() ?? "";
        for (const part of parts) if (part.startsWith("data: ")) this.heard(JSON.parse(part.slice(6)));
      }
    } catch {
      // The line is gone; below.
    }
    if (this.line !== line) return;
    this.line = null;
    this.again();
  }

  drop() {
    const line = this.line;
    this.line = null;
    this.up = false;
    clearInterval(this.beat);
    if (line) line.close();
  }

  bearer() {
    return { Authorization: `Bearer ${this.store.read("token") || ""}` };
  }

  /** Something that need not arrive: typing, read marks, heartbeats. @param {Sign} frame */
  sign(frame) {
    if (!this.line) return;
    if (this.line.send) this.line.send(JSON.stringify(frame));
    else if (frame.t !== "beat") this.post(frame).catch(() => {});
  }

  /**
   * Something that must arrive: the answer comes as a frame, by either way; rejects when there was none in time.
   * @param {Sending} frame
   * @param {Blob | undefined} blob
   * @param {Promise<Ack | Refused>} answered
   */
  async deliver(frame, blob, answered) {
    if (blob) return this.upload(frame, blob);
    if (!this.line) throw new Error("no line");
    if (!this.line.send) return this.post(frame);
    this.line.send(JSON.stringify(frame));
    let timer = 0;
    /** @type {Promise<never>} */
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("no answer")), ANSWER_MS)));
    try {
      return await Promise.race([answered, late]);
    } catch (error) {
      if (error instanceof Error && error.message === "no answer" && this.line) {
        this.drop();
        this.again();
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {Sending | Sign} frame @returns {Promise<Ack | Refused>} */
  async post(frame) {
    return this.reply(frame, await this.call("messages", { method: "POST", headers: this.bearer(), body: JSON.stringify(frame) }));
  }

  /** @param {Sending} frame @param {Blob} blob @returns {Promise<Ack | Refused>} */
  async upload(frame, blob) {
    const query = new URLSearchParams({ id: frame.id, kind: frame.kind ?? "file", name: frame.name || "", age_ms: String(frame.age_ms || 0), lang: frame.lang });
    return this.reply(frame, await this.call(`files?${query}`, { method: "POST", headers: this.bearer(), body: blob }, true));
  }

  /** @param {Sending | Sign} frame @param {{ status: number, body: Body }} answer @returns {Ack | Refused} */
  reply(frame, { status, body }) {
    if (status === 200 || status === 204) return /** @type {Ack} */ (body);
    if (status === 401) {
      this.over();
      this.drop();
      this.again();
      throw new Error("session over");
    }
    // Whoever says neither why nor when (a proxy, a house that is starting) has not refused it for good.
    if (!body.code || (status >= 500 && body.retry_after_s === undefined)) throw new Error(`status ${status}`);
    return { t: "refused", id: "id" in frame ? frame.id : undefined, code: body.code, retry_after_s: body.retry_after_s ?? null };
  }
}
