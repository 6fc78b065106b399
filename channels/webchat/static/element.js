// <hotline-chat>: a button in the corner and the window behind it, in a shadow root of its own.
/** @import { State } from "./frames.d.ts" */
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { h, icon, set } from "./dom.js";
import { Log } from "./log.js";
import { question, rating } from "./rating.js";
import { dress } from "./style.js";
import { choose } from "./words.js";

/**
 * What the channel says of itself; only the limits are known before.
 * @typedef {{
 *   max_text_bytes: number, max_file_bytes: number, title?: Record<string, string>, greeting?: Record<string, string>,
 * }} Config
 */

/** @type {Config} */
const LIMITS = { max_text_bytes: 131072, max_file_bytes: 10485760 };
/** @type {State[]} */
const TROUBLE = ["offline", "unreachable", "refusedSite", "needsHttps"];

/** The chat of one element: its parts, and what happens between them. */
class Chat {
  /** @param {HTMLElement} host */
  constructor(host) {
    const { code, t } = choose(host.getAttribute("language"));
    const whole = host.getAttribute("mode") === "page";
    const url = host.getAttribute("url") ?? "";
    this.host = host;
    this.t = t;
    this.code = code;
    this.whole = whole; // whether it is a page of its own
    this.url = url;
    this.config = LIMITS;
    this.configured = false;
    this.shown = false;
    this.seeing = false; // whether the person is looking at the newest
    this.quiet = 0;
    this.root = host.attachShadow({ mode: "open" });
    dress(this.root);
    this.log = new Log(t, code, {
      again: (entry) => this.talk.again(entry),
      discard: (entry) => this.talk.discard(entry),
      choose: (reply) => {
        this.talk.send({ t: "text", text: reply.label, choice: reply.key });
        this.composer.focus();
      },
      bottom: () => this.look(),
    });
    this.composer = new Composer(t, {
      send: (frame, blob) => this.talk.send(frame, blob),
      typing: (on) => this.talk.typing(on),
      say: (text) => this.tell(text),
      limits: () => this.config,
    });
    this.count = h("span", { class: "count", hidden: true });
    this.launcher = h("button", { type: "button", class: "launcher", "aria-label": t.launcher, "aria-expanded": "false", "aria-controls": "panel", onclick: () => this.show() }, icon("chat"), this.count);
    this.heading = h("h2", { id: "title" }, host.getAttribute("heading") || t.dialog);
    this.statusText = h("span", {}, t.connecting);
    const status = h("p", { class: "status", role: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), this.statusText);
    this.menuButton = h("button", { type: "button", class: "round on-head", "aria-label": t.menu, title: t.menu, "aria-expanded": "false", "aria-controls": "menu", onclick: () => this.unfold(Boolean(this.menu.hidden)) }, icon("menu"));
    this.menu = h("div", { class: "menu", id: "menu", hidden: true },
      h("button", { type: "button", class: "option", onclick: () => this.finish() }, icon("end"), t.finish),
      h("button", { type: "button", class: "option", onclick: () => this.forget() }, icon("trash"), t.forget));
    const close = h("button", { type: "button", class: "round on-head close", "aria-label": t.close, title: t.close, onclick: () => this.hide() }, icon("close"));
    this.notice = h("p", { class: "notice", role: "alert", hidden: true });
    this.hint = h("p", { class: "hint", role: "status" });
    this.cover = h("div", { class: "cover", hidden: true });
    this.body = h("div", { class: "body" }, this.notice, this.log.element, this.hint, this.composer.element);
    this.panel = h("section", { class: "panel", id: "panel", role: whole ? "region" : "dialog", "aria-labelledby": "title", hidden: true },
      h("div", { class: "head" }, h("span", { class: "logo", "aria-hidden": "true" }, icon("wave")), h("div", { class: "head-words" }, this.heading, status), this.menuButton, !whole && close, this.menu),
      this.body, this.cover);
    this.aloud = h("div", { class: "hidden", role: "status", "aria-live": "polite" });
    this.frame = h("div", { class: `frame${whole ? " whole" : ""}`, lang: code, "data-position": host.getAttribute("position") === "left" ? "left" : "right" }, !whole && this.launcher, this.panel, this.aloud);
    const offset = Number.parseInt(host.getAttribute("offset") ?? "", 10);
    if (offset >= 0) this.frame.style.setProperty("--offset", `${offset}px`);
    this.root.append(this.frame);
    this.scheme();
    this.talk = new Conversation(url, code.slice(0, 2), this.listener());
    this.ready = this.talk.begin();
    document.addEventListener("visibilitychange", () => this.look());
    this.root.addEventListener("keydown", (event) => this.key(/** @type {KeyboardEvent} */ (event)));
    if (whole || host.getAttribute("open") === "true") this.show();
  }

  scheme() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      const wanted = this.host.getAttribute("theme");
      this.frame.dataset.scheme = wanted === "dark" || (wanted !== "light" && dark.matches) ? "dark" : "light";
      // What shows beside and behind a page of our own (overscroll, a keyboard that slides away) has its colour too.
      if (this.whole) document.documentElement.style.background = getComputedStyle(this.frame).backgroundColor;
    };
    dark.addEventListener("change", apply);
    apply();
  }

  /** @returns {ConstructorParameters<typeof Conversation>[2]} */
  listener() {
    return {
      entry: (entry, live) => {
        this.log.add(entry);
        if (live && !entry.mine && !this.seeing) this.aloud.textContent = this.t.newMessage(this.t.us, entry.text || "");
        if (entry.from === "us") this.log.typing("us", false);
      },
      changed: (entry) => this.log.changed(entry),
      gone: (entry) => this.log.gone(entry),
      state: (state) => this.state(state),
      unread: (n) => this.unread(n),
      typing: (from, on) => this.log.typing(from, on),
      ticket: (no) => this.log.ticket(no),
      refill: () => this.refill(),
      slow: (s) => this.tell(this.t.slow(s)),
    };
  }

  refill() {
    this.log.clear();
    this.greet();
    for (const entry of this.talk.ordered) this.log.add(entry);
  }

  greet() {
    const text = this.config.greeting?.[this.code];
    if (text) this.log.greeting(text);
  }

  async configure() {
    if (this.configured) return;
    this.configured = true;
    try {
      const answer = await fetch(`${this.url}/config`, { credentials: "omit" });
      if (!answer.ok) throw new Error(String(answer.status));
      this.config = { ...LIMITS, ...(await answer.json()) };
      if (!this.host.getAttribute("heading")) this.heading.textContent = this.config.title?.[this.code] ?? this.t.dialog;
      this.greet();
    } catch {
      this.configured = false;
    }
  }

  /** @param {State} state */
  state(state) {
    const { t } = this;
    this.frame.dataset.state = state;
    const words = { ...t, live: t.online };
    const trouble = TROUBLE.includes(state);
    this.statusText.textContent = trouble ? (state === "unreachable" ? t.retrying : t.away) : words[state];
    this.notice.hidden = !trouble;
    this.notice.textContent = trouble ? words[state] : "";
    if (state === "live") {
      this.log.settled(true);
      this.tell("");
      this.configure();
    }
  }

  /** @param {number} n */
  unread(n) {
    this.count.hidden = n === 0;
    this.count.textContent = n > 99 ? "99+" : String(n);
    set(this.launcher, { "aria-label": n ? this.t.launcherUnread(n) : this.t.launcher });
  }

  /** @param {string} text */
  tell(text) {
    this.hint.textContent = text;
    clearTimeout(this.quiet);
    if (text) this.quiet = setTimeout(() => (this.hint.textContent = ""), 8000);
  }

  look() {
    this.seeing = this.shown && !document.hidden && this.log.atEnd;
    this.talk?.see(this.seeing);
  }

  get full() {
    return this.whole || matchMedia("(max-width: 30rem)").matches;
  }

  async show() {
    if (this.shown) return this.composer.focus();
    this.shown = true;
    this.panel.hidden = false;
    set(this.panel, { "aria-modal": !this.whole && this.full ? "true" : null });
    set(this.launcher, { "aria-expanded": "true" });
    this.frame.dataset.open = "";
    this.composer.typed(true);
    if (!this.whole) this.composer.focus();
    this.configure();
    await this.ready;
    this.talk.connect();
    this.log.toEnd(false);
    this.log.scrolled();
    return undefined;
  }

  hide() {
    if (!this.shown || this.whole) return;
    this.shown = false;
    this.panel.hidden = true;
    delete this.frame.dataset.open;
    set(this.launcher, { "aria-expanded": "false" });
    this.launcher.focus();
    this.look();
  }

  /** @param {boolean} open */
  unfold(open) {
    this.menu.hidden = !open;
    set(this.menuButton, { "aria-expanded": String(open) });
    if (open) this.menu.querySelector("button")?.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      if (!this.cover.hidden) this.uncover();
      else if (!this.menu.hidden) (this.unfold(false), this.menuButton.focus());
      else if (!this.composer.escape()) this.hide();
    } else if (event.key === "Tab" && this.shown && (!this.cover.hidden || (this.full && !this.whole))) this.trap(event);
  }

  /** A window over everything keeps the focus; beside a page it does not. @param {KeyboardEvent} event */
  trap(event) {
    const within = this.cover.hidden ? this.panel : this.cover;
    /** @type {NodeListOf<HTMLElement>} */
    const found = within.querySelectorAll("button, textarea, input:not(.picker), a[href], [tabindex='0']");
    const stops = [...found].filter((one) => !one.matches(":disabled") && one.getClientRects().length);
    const at = stops.indexOf(/** @type {HTMLElement} */ (this.root.activeElement));
    const first = event.shiftKey ? at <= 0 : at === stops.length - 1;
    if (!first) return;
    event.preventDefault();
    stops[event.shiftKey ? stops.length - 1 : 0]?.focus();
  }

  /** @param {HTMLElement} card */
  ask(card) {
    this.unfold(false);
    this.cover.replaceChildren(card);
    this.cover.hidden = false;
    set(this.body, { inert: true });
    /** @type {HTMLElement | null} */
    const first = card.querySelector("input, button");
    first?.focus();
  }

  uncover() {
    this.cover.hidden = true;
    this.cover.replaceChildren();
    set(this.body, { inert: false });
    this.composer.focus();
  }

  finish() {
    this.ask(rating(this.t, ({ end, satisfied, comment }) => {
      this.uncover();
      if (satisfied) this.talk.send({ t: "rating", satisfied, comment });
      if (end) this.talk.send({ t: "end" });
    }));
  }

  forget() {
    this.ask(question(this.t.forgetSure, this.t.forgetYes, this.t.cancel, async (sure) => {
      this.uncover();
      if (!sure) return;
      await this.talk.forget();
      if (this.whole) this.talk.connect();
      else this.hide();
    }));
  }
}

export class HotlineChat extends HTMLElement {
  /** @type {Chat | undefined} */
  chat = undefined;

  connectedCallback() {
    this.chat ??= new Chat(this);
  }

  get talk() {
    return this.chat?.talk;
  }

  async show() {
    return this.chat?.show();
  }

  hide() {
    this.chat?.hide();
  }
}

if (!customElements.get("hotline-chat")) customElements.define("hotline-chat", HotlineChat);
