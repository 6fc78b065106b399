// Where a person writes, adds pictures, files and their place, or speaks.
/** @import { IconName } from "./dom.js" */
/** @import { Said } from "./frames.d.ts" */
/** @import { Words } from "./words.js" */
import { h, icon, set } from "./dom.js";

const KINDS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const MOST_SECONDS = 60;
const LEAST_SECONDS = 0.7;
const TYPING_MS = 3000;

export class Composer {
  /**
   * @param {Words} t
   * @param {{
   *   send: (said: Said, blob?: Blob) => unknown, typing: (on: boolean) => void, say: (text: string) => void,
   *   limits: () => { max_text_bytes: number, max_file_bytes: number },
   * }} act
   */
  constructor(t, act) {
    this.t = t;
    this.act = act;
    /** @type {MediaRecorder | null} */
    this.recorder = null;
    this.asking = false; // whether the browser is asking for the microphone
    this.keep = false; // whether what is recorded is to be sent
    this.signed = 0; // when others were last told that somebody types
    this.clock = 0;
    const picker = { type: "file", multiple: true, tabindex: "-1", "aria-hidden": "true", class: "picker", onchange: (/** @type {{ currentTarget: HTMLInputElement }} */ event) => this.picked(event.currentTarget) };
    const image = h("input", { ...picker, accept: "image/*" });
    const file = h("input", picker);
    this.box = h("textarea", { rows: "1", "aria-label": t.message, placeholder: t.placeholder, enterkeyhint: "send", autocomplete: "off" });
    this.sendButton = h("button", { type: "submit", class: "round send", "aria-label": t.send, title: t.send }, icon("send"));
    this.micButton = h("button", { type: "button", class: "round quiet", "aria-label": t.voice, title: t.voice, onclick: () => this.record() }, icon("mic"));
    this.plus = h("button", { type: "button", class: "round quiet", "aria-label": t.attach, title: t.attach, "aria-expanded": "false", "aria-controls": "attach", onclick: () => this.unfold(Boolean(this.attach.hidden)) }, icon("plus"));
    this.attach = h("div", { class: "attach", id: "attach", role: "group", "aria-label": t.attach, hidden: true },
      this.option("image", t.photo, () => image.click()),
      this.option("file", t.file, () => file.click()),
      this.option("pin", t.place, () => this.locate()));
    this.line = h("form", { class: "line", novalidate: true }, this.plus, this.box, this.micButton, this.sendButton);
    this.length = h("span", { class: "length", role: "timer" });
    this.stopButton = h("button", { type: "button", class: "round send", "aria-label": t.voiceStop, title: t.voiceStop, onclick: () => this.finish(true) }, icon("send"));
    this.recorderLine = h("div", { class: "line recorder", hidden: true },
      h("button", { type: "button", class: "round quiet", "aria-label": t.voiceCancel, title: t.voiceCancel, onclick: () => this.finish(false) }, icon("trash")),
      h("span", { class: "pulse", "aria-hidden": "true" }), this.length, this.stopButton);
    this.element = h("div", { class: "composer" }, this.attach, this.line, this.recorderLine, image, file);
    this.line.addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => this.take(event, event.dataTransfer));
    this.typed(true);
  }

  /** @param {IconName} name @param {string} label @param {() => void} act */
  option(name, label, act) {
    return h("button", { type: "button", class: "option", onclick: () => (this.unfold(false), act()) }, icon(name), h("span", {}, label));
  }

  focus() {
    this.box.focus({ preventScroll: true });
  }

  /** @param {boolean} open */
  unfold(open) {
    this.attach.hidden = !open;
    set(this.plus, { "aria-expanded": String(open) });
    if (open) this.attach.querySelector("button")?.focus();
  }

  // Esc closes the innermost thing first; whether there was one.
  escape() {
    if (this.recorder) return this.finish(false), true;
    if (this.attach.hidden) return false;
    this.unfold(false);
    this.plus.focus();
    return true;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.submit();
  }

  typed(quiet = false) {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 140)}px`;
    const words = this.box.value.trim() !== "";
    this.sendButton.hidden = !words;
    this.micButton.hidden = words || !navigator.mediaDevices || !window.MediaRecorder;
    if (this.micButton.hidden) this.sendButton.hidden = false;
    if (quiet || !words || Date.now() - this.signed < TYPING_MS) return;
    this.signed = Date.now();
    this.act.typing(true);
  }

  submit() {
    const text = this.box.value.trim();
    if (!text) return;
    if (new TextEncoder().encode(text).length > this.act.limits().max_text_bytes) return this.act.say(this.t.tooLong);
    this.box.value = "";
    this.typed(true);
    this.signed = 0;
    this.act.typing(false);
    this.act.send({ t: "text", text });
  }

  /** @param {HTMLInputElement} input */
  picked(input) {
    for (const file of input.files ?? []) this.add(file);
    input.value = "";
    this.focus();
  }

  /** @param {Event} event @param {DataTransfer | null} transfer */
  take(event, transfer) {
    const files = [...(transfer?.files || [])];
    if (!files.length) return;
    event.preventDefault();
    for (const file of files) this.add(file);
  }

  /** @param {File} file */
  add(file) {
    const most = this.act.limits().max_file_bytes;
    if (file.size > most) return this.act.say(this.t.tooLarge(Math.round((most / 1048576) * 10) / 10));
    const kind = file.type.startsWith("image/") && file.type !== "image/svg+xml" ? "image" : "file";
    return this.act.send({ t: "media", kind, name: file.name }, file);
  }

  locate() {
    this.focus();
    if (!navigator.geolocation) return this.act.say(this.t.placeNo);
    this.act.say(this.t.placeFinding);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.act.say("");
        this.act.send({ t: "location", lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy) });
      },
      () => this.act.say(this.t.placeNo),
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  }

  async record() {
    if (this.recorder || this.asking) return;
    this.asking = true;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 } });
    } catch {
      return this.act.say(this.t.voiceNo);
    } finally {
      this.asking = false;
    }
    this.act.say("");
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 24000 });
    /** @type {Blob[]} */
    const parts = [];
    const begun = performance.now();
    this.recorder.ondataavailable = (event) => event.data.size && parts.push(event.data);
    this.recorder.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
      this.recorded(new Blob(parts, { type: (mimeType || "").split(";")[0] }), (performance.now() - begun) / 1000);
    };
    this.recorder.start(1000);
    this.clock = setInterval(() => this.tick(begun), 250);
    this.tick(begun);
    this.line.hidden = true;
    this.recorderLine.hidden = false;
    this.stopButton.focus();
  }

  /** @param {number} begun */
  tick(begun) {
    const seconds = Math.floor((performance.now() - begun) / 1000);
    this.length.textContent = this.t.recording(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
    if (seconds >= MOST_SECONDS) this.finish(true);
  }

  /** @param {boolean} keep */
  finish(keep) {
    if (!this.recorder) return;
    this.keep = keep;
    clearInterval(this.clock);
    this.recorder.stop();
    this.recorder = null;
    this.recorderLine.hidden = true;
    this.line.hidden = false;
    this.focus();
  }

  /** @param {Blob} blob @param {number} seconds */
  recorded(blob, seconds) {
    if (!this.keep) return;
    if (seconds < LEAST_SECONDS) this.act.say(this.t.voiceShort);
    else this.act.send({ t: "media", kind: "voice", name: "", seconds }, blob);
  }
}
