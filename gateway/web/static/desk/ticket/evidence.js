// Where a field's value came from, how sure that is, and what else was offered; and the words that show it.
/** @import { Node } from "../shared/html.js" */
/** @import { Session, Ticket } from "../shared/openapi.d.ts" */
/** @import { Guess } from "../shared/record.d.ts" */
/** @import { Words } from "../shared/state.js" */
/** @import { Form } from "./editor.js" */
/** @import { Path } from "./fields.js" */
import { word } from "../shared/format.js";
import { html, useMemo } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Icon } from "../shared/ui.js";

/** Where the content rests on something; `key` is a record path or "mention.N". @typedef {{ key: string, from: number, to: number }} Span */

const OWN_WORDS = new Set(["demand.title", "demand.content"]); // they quote themselves; marking them would mark everything
const CHIPS = 3;

/** @param {string | null | undefined} text */
export const letters = (text) => Array.from(text || "");
/** @param {number} confidence */
const percent = (confidence) => Math.round((confidence || 0) * 100);

/** Whether a guess is filled in; one that is not is only offered. @param {Guess | undefined} guess @param {Session} session */
export const isFilled = (guess, session) => guess !== undefined && guess.confidence >= session.guesses.fill_at;

/** What pre-fill has to say about a path. @param {Ticket} record @param {Path} path @param {Session} session */
export function standing(record, path, session) {
  const guess = record.prefill.fields[path];
  if (!guess) return "";
  if (guess.confirmed_by) return "confirmed";
  return isFilled(guess, session) ? "filled" : "offered";
}

/** How sure a guess is, in words and per cent. @param {number} confidence @param {Session} session @param {Words} t */
function sureness(confidence, { guesses: { fill_at, sure } }, t) {
  const likely = confidence >= (fill_at + sure) / 2;
  const word = confidence >= sure ? "sure" : likely ? "likely" : confidence >= fill_at ? "possible" : "unsure";
  return `${t.confidence[word]} ${percent(confidence)}%`;
}

/** @param {{ path: Path, guess: Guess, form: Form, label: string }} props */
export function Evidence({ path, guess, form, label }) {
  const { t, session } = useDesk();
  const state = standing(form.record, path, session);
  const from = word(t.words["prefill.fields.source"], guess.source, t);
  if (state === "confirmed") return html`<p class="note note-good"><${Icon} name="check" />${t.confirmed} · ${from}</p>`;
  const sure = sureness(guess.confidence, session, t);
  const shown = form.readable(path, guess.value);
  const text = letters(form.record.demand.content);
  const quote = guess.span && !OWN_WORDS.has(path) ? text.slice(guess.span[0], guess.span[1]).join("") : "";
  return html`<p class="note">
    <span class="origin">${from} · ${sure}</span>
    ${quote && html`<span class="quote">${quote}</span>`}
    ${state === "offered" &&
    html`<button type="button" class="offer" disabled=${form.busy} aria-label=${t.accept(shown, sure)}
      onClick=${() => form.accept(path, guess.value)}><${Icon} name="check" />${t.offeredLabel}: ${shown}</button>`}
    <span class="visually-hidden">${label}</span>
  </p>`;
}

/**
 * Further candidates for a category, a unit or a place: one click takes one.
 * @param {{ path: Path, items: { code: string, confidence: number }[], form: Form, label: string }} props
 */
export function Candidates({ path, items, form, label }) {
  const { t, session } = useDesk();
  const state = standing(form.record, path, session);
  if (state === "confirmed" || !form.known(path)) return null;
  const now = form.codeAt(path);
  const offered = state === "offered" ? form.record.prefill.fields[path].value : null;
  const others = (items || []).filter((one) => one.code !== now && one.code !== offered).slice(0, CHIPS);
  if (!others.length) return null;
  return html`<ul class="candidates" aria-label=${t.candidatesOf(label)}>
    ${others.map(
      (one) => html`<li key=${one.code}><button type="button" class="offer" disabled=${form.busy} title=${form.readable(path, one.code)}
        aria-label=${t.accept(form.readable(path, one.code), sureness(one.confidence, session, t))}
        onClick=${() => form.accept(path, one.code)}>${form.brief(path, one.code)} <span class="faint">${percent(one.confidence)}%</span></button></li>`,
    )}
  </ul>`;
}

/** Every passage of the content that something rests on. @param {Ticket} record */
export const useSpans = (record) =>
  useMemo(() => {
    const length = letters(record.demand.content).length;
    const all = Object.entries(record.prefill.fields)
      .filter(([path]) => !OWN_WORDS.has(path))
      .map(([key, guess]) => ({ key, span: guess.span }));
    (record.prefill.mentions || []).forEach((mention, n) => all.push({ key: `mention.${n}`, span: mention.span }));
    return all
      .map(({ key, span }) => ({ key, from: span?.[0] ?? 0, to: span?.[1] ?? 0 }))
      .filter(({ from, to }) => from < to && to <= length);
  }, [record]);

/**
 * `text` (whose first character is number `at` of the content) as strings and marks.
 * @param {string | null} text
 * @param {number} at
 * @param {Span[]} spans
 * @param {string | null | undefined} active the key that is lit up
 * @param {(key: string) => string} [named]
 */
export function marked(text, at, spans, active, named) {
  const chars = letters(text);
  const within = spans
    .map((one) => ({ key: one.key, from: Math.max(0, one.from - at), to: Math.min(chars.length, one.to - at) }))
    .filter((one) => one.from < one.to);
  if (!within.length) return [text];
  const cuts = [...new Set([0, chars.length, ...within.flatMap((one) => [one.from, one.to])])].sort((a, b) => a - b);
  /** @type {(string | Node)[]} */
  const pieces = [];
  for (let n = 0; n + 1 < cuts.length; n += 1) {
    const [from, to] = [cuts[n], cuts[n + 1]];
    const piece = chars.slice(from, to).join("");
    const over = within.filter((one) => one.from <= from && one.to >= to);
    if (!over.length) {
      pieces.push(piece);
      continue;
    }
    const ending = named ? within.filter((one) => one.to === to && one.from <= from).map((one) => named(one.key)) : [];
    const name = [...new Set(ending.filter(Boolean))].join(" ");
    pieces.push(html`<mark class=${over.some((one) => one.key === active) ? "active" : ""}>${piece}${name && html`<sup>${name}</sup>`}</mark>`);
  }
  return pieces;
}

/**
 * Where each of `texts`, said one after the other, begins in the content; null for what is not in it word for word.
 * @param {string | null} content
 * @param {(string | null)[]} texts
 */
export function places(content, texts) {
  let cursor = 0;
  return texts.map((text) => {
    const said = (text || "").trim();
    const found = said ? (content || "").indexOf(said, cursor) : -1;
    if (!content || !text || found < 0) return null;
    cursor = found + said.length;
    return letters(content.slice(0, found)).length - letters(text.slice(0, text.indexOf(said))).length;
  });
}
