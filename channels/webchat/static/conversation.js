// What was said, and what still has to be sent: no pages, no elements. Tells its listener what changed.
/** @import { Ack, Entry, Heard, Kept, Message, Refused, Said, Delivery, State } from "./frames.d.ts" */
import { Store } from "./store.js";
import { Transport } from "./transport.js";

const AGAIN_MS = 2000;
const MOST_AGAIN_MS = 60000;
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Conversation {
  /**
   * @param {string} url
   * @param {string} lang zh or en, as the page is read
   * @param {{
   *   entry: (entry: Entry, live: boolean) => void, changed: (entry: Entry) => void, gone: (entry: Entry) => void,
   *   state: (state: State) => void, unread: (n: number) => void, typing: (from: "you" | "us", on: boolean) => void,
   *   ticket: (no: string) => void, refill: () => void, slow: (seconds: number) => void,
   * }} on
   */
  constructor(url, lang, on) {
    this.lang = lang;
    this.on = on;
    this.store = new Store(url);
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {Entry[]} */
    this.queue = [];
    /** @type {Map<string, { resolve: (answer: Ack | Refused) => void, reject: (error: Error) => void }>} */
    this.answers = new Map();
    /** @type {Map<string, Kept>} pictures and sounds that an earlier page has sent */
    this.blobs = new Map();
    this.adopted = false; // whether an earlier page left something unsent
    this.current = false; // whether everything that was missed has come
    this.flushing = false;
    this.lastSeq = 0;
    this.readSeq = this.store.read("read") || 0;
    this.newest = 0;
    this.unread = 0;
    this.seeing = false;
    this.missed = 0;
    this.transport = new Transport(url, this.store, () => this.lastSeq, {
      frame: (frame) => this.frame(frame),
      state: (state) => this.state(state),
      over: () => this.reset(),
    });
  }

  // Takes up what an earlier page left behind; connects when there has been a conversation, or when asked to.
  async begin() {
    await this.store.tidy();
    for (const kept of await this.store.all()) {
      if (kept.state === "sent") this.blobs.set(kept.id, kept);
      else this.adopt(kept);
    }
    if (this.store.read("token") || this.queue.length) this.connect();
  }

  /** @param {Kept} kept */
  adopt(kept) {
    const entry = this.own(kept);
    this.entries.set(entry.id, entry);
    if (entry.state === "queued") this.queue.push(entry);
    this.adopted = true;
    this.on.entry(entry, false);
  }

  /** @param {Kept} kept @returns {Entry} */
  own(kept) {
    const { kind, t, text } = kept.frame ?? { t: "text" };
    return { ...kept, from: "you", kind: kind || t, text: text || "", mine: true };
  }

  connect() {
    this.transport.start();
  }

  get live() {
    return this.transport.state === "live";
  }

  /** @param {State} state */
  state(state) {
    this.on.state(state);
    if (state !== "live") for (const give of this.answers.values()) give.reject(new Error("line lost"));
    else this.flush();
  }

  reset() {
    this.lastSeq = this.newest = this.readSeq = 0;
    this.store.write("read", 0);
    for (const [id, entry] of this.entries) if (entry.state === "sent" || !entry.mine) this.entries.delete(id);
    this.count();
    this.on.refill();
  }

  /** A message of the person. They see it at once; it is kept until the server has stored it. @param {Said} frame @param {Blob} [blob] */
  async send(frame, blob) {
    const id = `${frame.t === "end" || frame.t === "rating" ? `${frame.t}-` : ""}${random()}`;
    const entry = this.own({ id, frame: { ...frame, id }, blob, state: "queued", at: Date.now() });
    this.entries.set(id, entry);
    this.queue.push(entry);
    this.on.entry(entry, true);
    await this.store.put(entry);
    this.connect();
    this.flush();
    return entry;
  }

  async flush() {
    if (this.flushing || !this.live) return;
    this.flushing = true;
    try {
      while (this.queue.length && this.live) await this.deliver(this.queue[0]);
    } catch {
      // Kept; the next time the line is up it goes on from here, each time a little later.
      if (this.live) setTimeout(() => this.flush(), Math.min(AGAIN_MS * 2 ** this.missed++, MOST_AGAIN_MS));
    } finally {
      this.flushing = false;
    }
  }

  /** @param {Entry} entry */
  async deliver(entry) {
    this.update(entry, "sending");
    /** @type {Promise<Ack | Refused>} */
    const answered = new Promise((resolve, reject) => this.answers.set(entry.id, { resolve, reject }));
    answered.catch(() => {});
    const frame = { .../** @type {Said} */ (entry.frame), id: entry.id, age_ms: Math.max(0, Date.now() - entry.at), lang: this.lang };
    let answer;
    try {
      answer = await this.transport.deliver(frame, entry.blob, answered);
    } catch (error) {
      if (entry.state === "sending") this.update(entry, "queued");
      throw error;
    } finally {
      this.answers.delete(entry.id);
    }
    this.missed = 0;
    if (this.entries.get(entry.id) !== entry) return undefined; // Cleared from this device meanwhile: nothing of it may be kept.
    if (answer.t === "ack") return this.stored(entry, answer);
    const wait = answer.retry_after_s;
    if (wait !== null) {
      this.update(entry, "queued");
      if (answer.code === "too_many") this.on.slow(wait);
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
      return undefined;
    }
    entry.code = answer.code;
    if (this.queue[0] === entry) this.queue.shift();
    this.update(entry, "failed");
    await this.store.put(entry);
    return undefined;
  }

  /** @param {Entry} entry @param {{ seq: number, ticket_no: string | null }} ack */
  async stored(entry, ack) {
    if (this.queue[0] === entry) this.queue.shift();
    entry.seq = ack.seq;
    entry.ticket_no = ack.ticket_no;
    this.update(entry, "sent");
    if (ack.ticket_no) this.on.ticket(ack.ticket_no);
    if (entry.blob) await this.store.put(entry);
    else await this.store.drop(entry.id);
  }

  /** @param {Entry} entry @param {Delivery} state */
  update(entry, state) {
    entry.state = state;
    this.on.changed(entry);
  }

  /** @param {Entry} entry */
  async again(entry) {
    entry.at = Date.now();
    entry.code = null;
    this.update(entry, "queued");
    this.queue.push(entry);
    await this.store.put(entry);
    this.flush();
  }

  // Everything in its order: by place in the conversation, what is not stored yet behind it.
  get ordered() {
    return [...this.entries.values()].sort((a, b) => (a.seq || Infinity) - (b.seq || Infinity) || a.at - b.at);
  }

  /** @param {Entry} entry */
  async discard(entry) {
    this.entries.delete(entry.id);
    this.queue = this.queue.filter((one) => one !== entry);
    await this.store.drop(entry.id);
    this.on.gone(entry);
  }

  /** @param {Heard} frame */
  frame(frame) {
    if (frame.t === "ack" || frame.t === "refused") this.answers.get(frame.id ?? "")?.resolve(frame);
    else if (frame.t === "message") this.message(frame);
    else if (frame.t === "typing") this.on.typing(frame.from, frame.on);
    else if (frame.t === "read") this.readUpTo(frame.upto);
    else if (frame.t === "live") {
      if (this.adopted && !this.current) this.on.refill();
      this.current = true;
      // What was looked at just before a line was cut may not be known as read yet.
      if ([...this.entries.values()].some((entry) => entry.read === false && (entry.seq ?? Infinity) <= this.readSeq)) this.transport.sign({ t: "read", upto: this.readSeq });
      if (this.newest > this.readSeq && !this.seeing) this.transport.sign({ t: "got", upto: this.newest });
      this.look();
    }
  }

  /** @param {Message} frame */
  message(frame) {
    this.lastSeq = Math.max(this.lastSeq, frame.seq);
    const own = frame.client_id && this.entries.get(frame.client_id);
    if (own) {
      if (own.state !== "sent") this.stored(own, frame);
      this.answers.get(own.id)?.resolve({ t: "ack", id: own.id, seq: frame.seq, ticket_no: frame.ticket_no });
    } else if (!this.entries.has(frame.id)) {
      const kept = frame.client_id ? this.blobs.get(frame.client_id) : null;
      /** @type {Entry} */
      const entry = { ...frame, id: frame.client_id || frame.id, at: Date.parse(frame.at), state: "sent", mine: frame.from === "you", blob: kept?.blob, frame: kept?.frame };
      this.entries.set(entry.id, entry);
      this.on.entry(entry, this.current);
    }
    if (frame.ticket_no) this.on.ticket(frame.ticket_no);
    if (frame.from !== "us") return;
    if (frame.read) this.readUpTo(frame.seq);
    this.newest = Math.max(this.newest, frame.seq);
    this.count();
    if (this.current && this.seeing) this.look();
    else if (this.current) this.transport.sign({ t: "got", upto: frame.seq });
  }

  /** @param {number} seq */
  readUpTo(seq) {
    this.readSeq = Math.max(this.readSeq, seq);
    this.store.write("read", this.readSeq);
    this.count();
  }

  count() {
    const unread = [...this.entries.values()].filter((entry) => entry.from === "us" && (entry.seq ?? 0) > this.readSeq).length;
    if (unread !== this.unread) this.on.unread((this.unread = unread));
  }

  /** The person is (or is no longer) looking at the newest messages. @param {boolean} seeing */
  see(seeing) {
    this.seeing = seeing;
    this.look();
  }

  look() {
    if (!this.seeing || !this.current || this.newest <= this.readSeq) return;
    this.readUpTo(this.newest);
    this.transport.sign({ t: "read", upto: this.newest });
  }

  /** @param {boolean} on */
  typing(on) {
    if (this.live) this.transport.sign({ t: "typing", on });
  }

  async forget() {
    this.transport.stop();
    this.transport.state = undefined;
    this.queue = [];
    this.entries.clear();
    this.reset();
    await this.store.forget();
  }
}
