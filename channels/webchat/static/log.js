// The conversation as a person sees it: bubbles, days, tickets, states.
import { h, icon, set } from "./dom.js";

const LINK = /(https?:\/\/[^\s<>"'，。；）】]+)/g;

export class Log {
  // act: {again(entry), discard(entry), choose(reply), bottom(at)}
  constructor(t, code, act) {
    this.t = t;
    this.code = code;
    this.act = act;
    this.rows = new Map();
    this.urls = [];
    this.list = h("div", { class: "list", role: "log", "aria-live": "polite", "aria-label": t.log, "aria-busy": "true", tabindex: "0" });
    this.replies = h("div", { class: "replies", role: "group", "aria-label": t.quick });
    this.writing = h("div", { class: "writing", hidden: true }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span", { class: "writing-text" }));
    this.jump = h("button", { class: "jump", type: "button", "aria-label": t.jump, title: t.jump, hidden: true, onclick: () => this.toEnd(true) }, icon("down"));
    this.scroller = h("div", { class: "scroller" }, this.list, this.replies, this.writing);
    this.element = h("div", { class: "log" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
  }

  scrolled() {
    this.atEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 60;
    this.jump.hidden = this.atEnd;
    this.act.bottom(this.atEnd);
  }

  toEnd(smooth) {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  clear() {
    this.list.replaceChildren();
    for (const url of this.urls.splice(0)) URL.revokeObjectURL(url);
    this.rows.clear();
    this.replies.replaceChildren();
    this.day = this.lastTicket = null;
  }

  // History is put in silently; what comes after is announced.
  settled(done) {
    set(this.list, { "aria-busy": done ? "false" : "true" });
  }

  greeting(text) {
    this.list.prepend(h("div", { class: "row row-us" }, this.badge(), h("div", { class: "bubble" }, this.words(text))));
  }

  badge() {
    return h("span", { class: "badge-us", "aria-hidden": "true" }, icon("wave"));
  }

  add(entry) {
    const follow = this.atEnd !== false || entry.mine;
    this.date(entry.at);
    const row = entry.kind === "event" || entry.kind === "end" || entry.kind === "rating" ? this.event(entry) : this.message(entry);
    this.rows.set(entry.id, row);
    this.list.append(row);
    if (entry.seq) row.dataset.seq = entry.seq;
    this.offer(entry);
    this.ticket(entry.ticket_no);
    if (follow) requestAnimationFrame(() => this.toEnd(false));
    else this.jump.hidden = false;
  }

  message(entry) {
    const who = h("span", { class: "hidden" }, `${entry.mine ? this.t.you : this.t.us}: `);
    const bubble = h("div", { class: `bubble bubble-${entry.kind}` }, who, this.body(entry));
    const meta = h("div", { class: "meta" }, h("time", { datetime: new Date(entry.at).toISOString() }, this.clock(entry.at)), entry.mine && this.mark(entry));
    const content = h("div", { class: "content" }, bubble, meta);
    return h("div", { class: `row row-${entry.mine ? "you" : "us"}` }, !entry.mine && this.badge(), content);
  }

  event(entry) {
    const rating = entry.kind === "rating" || entry.id.startsWith("rating-");
    const stars = entry.frame?.satisfied;
    const text = rating ? (stars ? this.t.rated(stars) : this.t.ratedPlain) : entry.id.startsWith("end-") ? this.t.ended : entry.text;
    return h("div", { class: "note", hidden: !text }, text || "");
  }

  mark(entry) {
    const mark = h("span", { class: "mark" });
    this.fill(mark, entry);
    return mark;
  }

  fill(mark, entry) {
    const { t } = this;
    mark.className = `mark mark-${entry.state}`;
    if (entry.state === "failed") {
      const why = t[entry.code] && typeof t[entry.code] === "string" ? t[entry.code] : t.failed;
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

  changed(entry) {
    const row = this.rows.get(entry.id);
    const mark = row?.querySelector(".mark");
    if (mark) this.fill(mark, entry);
    if (row && entry.seq) row.dataset.seq = entry.seq;
  }

  gone(entry) {
    this.rows.get(entry.id)?.remove();
    this.rows.delete(entry.id);
  }

  body(entry) {
    const { t } = this;
    const frame = entry.frame || {};
    if (entry.kind === "image" && entry.blob) {
      const url = this.url(entry.blob);
      return h("a", { class: "picture", href: url, target: "_blank", rel: "noopener" }, h("img", { src: url, alt: frame.name ? `${t.imageSent} ${frame.name}` : t.imageSent, onload: () => this.atEnd !== false && this.toEnd(false) }));
    }
    if (entry.kind === "voice" && entry.blob) return this.player(entry.blob, frame.seconds);
    if (entry.kind === "location") {
      const where = frame.lat !== undefined ? `${frame.lat.toFixed(5)}, ${frame.lon.toFixed(5)}` : "";
      return h("span", { class: "thing" }, icon("pin"), h("span", {}, entry.text || t.placeSent, where && h("small", {}, where)));
    }
    if (["image", "voice", "file"].includes(entry.kind)) {
      const word = { image: t.imageSent, voice: t.voiceSent, file: t.fileSent }[entry.kind];
      return h("span", { class: "thing" }, icon({ voice: "mic" }[entry.kind] || entry.kind), h("span", {}, entry.text || frame.name || word));
    }
    return this.words(entry.text || "");
  }

  // An address for a picture or a sound, given back when the log is cleared: it keeps the whole file in memory.
  url(blob) {
    const url = URL.createObjectURL(blob);
    this.urls.push(url);
    return url;
  }

  words(text) {
    return text.split(LINK).map((part) => (LINK.test(part) ? ((LINK.lastIndex = 0), h("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part)) : part));
  }

  player(blob, seconds) {
    const sound = new Audio(this.url(blob));
    const length = seconds ? `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}` : "";
    const button = h("button", { type: "button", class: "play", "aria-label": this.t.voiceLength(length), "aria-pressed": "false" }, icon("play"), h("span", { class: "wave", "aria-hidden": "true" }), h("span", { "aria-hidden": "true" }, length));
    const show = (on) => set(button, { "aria-pressed": String(on) });
    button.addEventListener("click", () => (sound.paused ? sound.play().catch(() => {}) : sound.pause()));
    sound.addEventListener("play", () => show(true));
    for (const name of ["pause", "ended"]) sound.addEventListener(name, () => show(false));
    return button;
  }

  // Quick replies belong to the newest words of ours, until the person says something.
  offer(entry) {
    this.replies.replaceChildren();
    if (entry.mine || !entry.quick_replies) return;
    this.replies.append(...entry.quick_replies.map((reply) => h("button", { type: "button", class: "reply", onclick: () => this.act.choose(reply) }, reply.label)));
  }

  ticket(no) {
    if (!no || no === this.lastTicket) return;
    this.lastTicket = no;
    const shown = `${no.slice(0, 8)}-${no.slice(8)}`;
    this.list.append(h("div", { class: "note note-ticket" }, icon("check"), h("span", {}, this.t.ticketNew(shown))));
    if (this.atEnd !== false) requestAnimationFrame(() => this.toEnd(false));
  }

  typing(from, on) {
    this.writing.hidden = !on;
    this.writing.lastChild.textContent = on ? (from === "us" ? this.t.typing : this.t.typingYou) : "";
    clearTimeout(this.forgetTyping);
    if (on) this.forgetTyping = setTimeout(() => this.typing(from, false), 8000);
    if (on && this.atEnd !== false) this.toEnd(false);
  }

  date(at) {
    const day = new Date(at).toDateString();
    if (day === this.day) return;
    this.day = day;
    const today = new Date();
    const yesterday = new Date(today - 86400000);
    const name = day === today.toDateString() ? this.t.today : day === yesterday.toDateString() ? this.t.yesterday : new Date(at).toLocaleDateString(this.code, { month: "long", day: "numeric" });
    this.list.append(h("div", { class: "day" }, h("span", {}, name)));
  }

  clock(at) {
    return new Date(at).toLocaleTimeString(this.code, { hour: "2-digit", minute: "2-digit", hour12: false });
  }
}
