// The end of a conversation: how it was (five stars as a radio group), or just the end.
/** @import { Words } from "./words.js" */
import { h, icon } from "./dom.js";

/**
 * @param {Words} t
 * @param {(said: { end?: boolean, satisfied?: number, comment?: string | null }) => void} done
 */
export function rating(t, done) {
  const chosen = h("p", { class: "rate-word", "aria-hidden": "true" });
  const send = h("button", { type: "submit", class: "button button-main", disabled: true }, t.rateSend);
  const stars = t.rate.map((word, at) => {
    const input = h("input", { type: "radio", name: "stars", value: String(at + 1), "aria-label": word, class: "star-input" });
    return h("label", { class: "star", title: word }, input, icon("star"));
  });
  const comment = h("textarea", { rows: "2", maxlength: "1000", "aria-label": t.rateComment, placeholder: t.rateComment });
  const form = h("form", { class: "card-form" },
    h("h2", { id: "rate-title" }, t.rateTitle),
    h("div", { class: "stars", role: "radiogroup", "aria-labelledby": "rate-title" }, stars),
    chosen, comment, send,
    h("div", { class: "card-row" },
      h("button", { type: "button", class: "button", onclick: () => done({ end: true }) }, t.rateSkip),
      h("button", { type: "button", class: "button button-quiet", onclick: () => done({}) }, t.cancel)));
  form.addEventListener("change", (event) => {
    const star = /** @type {HTMLInputElement} */ (event.target);
    if (star.name !== "stars") return;
    const value = Number(star.value);
    stars.forEach((label, at) => label.classList.toggle("on", at < value));
    chosen.textContent = t.rate[value - 1];
    send.disabled = false;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = Number(new FormData(form).get("stars"));
    done({ end: true, satisfied: value, comment: comment.value.trim() || null });
  });
  return h("div", { class: "card", role: "dialog", "aria-modal": "true", "aria-labelledby": "rate-title" }, form);
}

/** @param {string} text @param {string} yes @param {string} no @param {(sure: boolean) => void} done */
export function question(text, yes, no, done) {
  return h("div", { class: "card", role: "alertdialog", "aria-modal": "true", "aria-label": text },
    h("p", {}, text),
    h("div", { class: "card-row" },
      h("button", { type: "button", class: "button button-main", onclick: () => done(true) }, yes),
      h("button", { type: "button", class: "button", onclick: () => done(false) }, no)));
}
