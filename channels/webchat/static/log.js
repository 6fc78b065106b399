// The conversation as a person sees it: bubbles, days, tickets, states.
/** @import { Entry, QuickReply } from "./frames.d.ts" */
/** @import { Words } from "./words.js" */
import { h, icon, set } from "./dom.js";

const LINK = /(https?:\/\/[^\s<>"'，。；）】]+)/g;

export class Log {
  /**
   * @param {Words} t
   * @param {string} code of the language
   * @param {{
   *   again: (entry: Entry) => void, discard: (entry: Entry) => void, choose: (reply: QuickReply) => void, bottom: () => void,
   * }} act
   */
  constructor(t, code, act) {
    this.t = t;
    this.code = code;
    this.act = act;
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    /** @type {string[]} */
    this.urls = [];
    this.atEnd = true; // whether the newest is in sight
    this.day = "";
    this.lastTicket = "";
    this.forgetTyping = 0;
    this.list = h("div", { class: "list", role: "log", "aria-live": "polite", "aria-label": t.log, "aria-busy": "true", tabindex: "0" });
    this.replies = h("div", { class: "replies", role: "group", "aria-label": t.quick });
    this.writingText = h("span", { class: "writing-text" });
    this.writing = h("div", { class: "writing", hidden: true }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), this.writingText);
    this.jump = h("button", { class: "jump", type: "button", "aria-label": t.jump, title: t.jump, hidden: true, onclick: () => this.toEnd(true) }, icon("down"));
    this.scroller = h("div", { class: "scroller" }, this.list, this.replies, this.writing);
    this.element = h("div", { class: "log" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
  }

  scrolled() {
    this.atEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 60;
    this.jump.hidden = this.atEnd;
    this.act.bottom();
  }

  /** @param {boolean} smooth */
  toEnd(smooth) {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  clear() {
    this.list.replaceChildren();
    for (const url of this.urls.splice(0)) URL.revokeObjectURL(url);
    this.rows.clear();
    this.replies.replaceChildren();
    this.day = this.lastTicket = "";
  }

  /** History is put in silently; what comes after is announced. @param {boolean} done */
  settled(done) {
    set(this.list, { "aria-busy": done ? "false" : "true" });
  }

  /** @param {string} text */
  greeting(text) {
    this.list.prepend(h("div", { class: "row row-us" }, this.badge(), h("div", { class: "bubble" }, this.words(text))));
  }

  badge() {
    return h("span", { class: "badge-us", "aria-hidden": "true" }, icon("wave"));
  }

  /** @param {Entry} entry */
  add(entry) {
    const follow = this.atEnd || entry.mine;
    this.date(entry.at);
    const row = entry.kind === "event" || entry.kind === "end" || entry.kind === "rating" ? this.event(entry) : this.message(entry);
    this.rows.set(entry.id, row);
    this.list.append(row);
    if (entry.seq) row.dataset.seq = String(entry.seq);
    this.offer(entry);
    this.ticket(entry.ticket_no);
    if (follow) requestAnimationFrame(() => this.toEnd(false));
    else this.jump.hidden = false;
  }

  /** @param {Entry} entry */
  message(entry) {
    const who = h("span", { class: "hidden" }, `${entry.mine ? this.t.you : this.t.us}: `);
    const bubble = h("div", { class: `bubble bubble-${entry.kind}` }, who, this.body(entry));
    const meta = h("div", { class: "meta" }, h("time", { datetime: new Date(entry.at).toISOString() }, this.clock(entry.at)), entry.mine && this.mark(entry));
    const content = h("div", { class: "content" }, bubble, meta);
    return h("div", { class: `row row-${entry.mine ? "you" : "us"}` }, !entry.mine && this.badge(), content);
  }

  /** @param {Entry} entry */
  event(entry) {
    const rating = entry.kind === "rating" || entry.id.startsWith("rating-");
    const stars = entry.frame?.satisfied;
    const text = rating ? (stars ? this.t.rated(stars) : this.t.ratedPlain) : entry.id.startsWith("end-") ? this.t.ended : entry.text;
    return h("div", { class: "note", hidden: !text }, text || "");
  }

  /** @param {Entry} entry */
  mark(entry) {
    const mark = h("span", { class: "mark" });
    this.fill(mark, entry);
    return mark;
  }

  /** @param {Element} mark @param {Entry} entry */
  fill(mark, entry) {
    const { t } = this;
    mark.className = `mark mark-${entry.state}`;
    if (entry.state === "failed") {
      const own = /** @type {Record<string, unknown>} */ (t)[entry.code ?? ""];
      const why = typeof own === "string" ? own : t.failed;
      mark.replaceChildren(
        h("span", { class: "why", role: "alert" }, icon("alert"), why),
        ...(entry.code === "type_refused" ? [] : [h("button", { type: "button", class: "linklike", onclick: () => this.act.again(entry) }, t.retry)]),
        h("button", { type: "button", class: "linklike", onclick: () => this.act.discard(entry) }, t.discard),
      );
      return;
    }
    const word = { queued: t.waiting, sending: t.sending, sent: t.stored }[entry.state];
    mark.replaceChildren(icon(entry.state === "sent" ? "check" : "clock"), h("span", { class: "mark-word" }, word));
  }

  /** @param {Entry} entry */
  changed(entry) {
    const row = this.rows.get(entry.id);
    const mark = row?.querySelector(".mark");
    if (mark) this.fill(mark, entry);
    if (row && entry.seq) row.dataset.seq = String(entry.seq);
  }

  /** @param {Entry} entry */
  gone(entry) {
    this.rows.get(entry.id)?.remove();
    this.rows.delete(entry.id);
  }

  /** @param {Entry} entry */
  body(entry) {
    const { t } = this;
    /** @type {Partial<import("./frames.d.ts").Said>} */
    const frame = entry.frame || {};
    if (entry.kind === "image" && entry.blob) {
      const url = this.url(entry.blob);
      return h("a", { class: "picture", href: url, target: "_blank", rel: "noopener" }, h("img", { src: url, alt: frame.name ? `${t.imageSent} ${frame.name}` : t.imageSent, onload: () => this.atEnd && this.toEnd(false) }));
    }
    if (entry.kind === "voice" && entry.blob) return this.player(entry.blob, frame.seconds);
    if (entry.kind === "location") {
      const where = frame.lat !== undefined && frame.lon !== undefined ? `${frame.lat.toFixed(5)}, ${frame.lon.toFixed(5)}` : "";
      return h("span", { class: "thing" }, icon("pin"), h("span", {}, entry.text || t.placeSent, where && h("small", {}, where)));
    }
    const { kind } = entry;
    if (kind === "image" || kind === "voice" || kind === "file") {
      const word = { image: t.imageSent, voice: t.voiceSent, file: t.fileSent }[kind];
      return h("span", { class: "thing" }, icon(kind === "voice" ? "mic" : kind), h("span", {}, entry.text || frame.name || word));
    }
    return this.words(entry.text || "");
  }

  /** An address for a picture or a sound, given back when the log is cleared: it keeps the whole file in memory. @param {Blob} blob */
  url(blob) {
    const url = URL.createObjectURL(blob);
    this.urls.push(url);
    return url;
  }

  /** @param {string} text */
  words(text) {
    return text.split(LINK).map((part) => (LINK.test(part) ? ((LINK.lastIndex = 0), h("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part)) : part));
  }

  /** @param {Blob} blob @param {number} [seconds] */
  player(blob, seconds) {
    const sound = new Audio(this.url(blob));
    const length = seconds ? `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}` : "";
    const button = h("button", { type: "button", class: "play", "aria-label": this.t.voiceLength(length), "aria-pressed": "false" }, icon("play"), h("span", { class: "wave", "aria-hidden": "true" }), h("span", { "aria-hidden": "true" }, length));
    /** @param {boolean} on */
    const show = (on) => set(button, { "aria-pressed": String(on) });
    button.addEventListener("click", () => (sound.paused ? sound.play().catch(() => {}) : sound.pause()));
    sound.addEventListener("play", () => show(true));
    for (const name of ["pause", "ended"]) sound.addEventListener(name, () => show(false));
    return button;
  }

  /** Quick replies belong to the newest words of ours, until the person says something. @param {Entry} entry */
  offer(entry) {
    this.replies.replaceChildren();
    if (entry.mine || !entry.quick_replies) return;
    this.replies.append(...entry.quick_replies.map((reply) => h("button", { type: "button", class: "reply", onclick: () => this.act.choose(reply) }, reply.label)));
  }

  /** @param {string | null} [no] */
  ticket(no) {
    if (!no || no === this.lastTicket) return;
    this.lastTicket = no;
    const shown = `${no.slice(0, 8)}-${no.slice(8)}`;
    this.list.append(h("div", { class: "note note-ticket" }, icon("check"), h("span", {}, this.t.ticketNew(shown))));
    if (this.atEnd) requestAnimationFrame(() => this.toEnd(false));
  }

  /** @param {"you" | "us"} from @param {boolean} on */
  typing(from, on) {
    this.writing.hidden = !on;
    this.writingText.textContent = on ? (from === "us" ? this.t.typing : this.t.typingYou) : "";
    clearTimeout(this.forgetTyping);
    if (on) this.forgetTyping = setTimeout(() => this.typing(from, false), 8000);
    if (on && this.atEnd) this.toEnd(false);
  }

  /** @param {number} at */
  date(at) {
    const day = new Date(at).toDateString();
    if (day === this.day) return;
    this.day = day;
    const today = new Date();
    const yesterday = new Date(today.getTime() - 86400000);
    const name = day === today.toDateString() ? this.t.today : day === yesterday.toDateString() ? this.t.yesterday : new Date(at).toLocaleDateString(this.code, { month: "long", day: "numeric" });
    this.list.append(h("div", { class: "day" }, h("span", {}, name)));
  }

  /** @param {number} at */
  clock(at) {
    return new Date(at).toLocaleTimeString(this.code, { hour: "2-digit", minute: "2-digit", hour12: false });
  }
}
