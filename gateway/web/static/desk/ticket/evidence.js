// Where a field's value came from, how sure that is, and what else was offered; and the words that show it.
import { html, useMemo } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Icon } from "../shared/ui.js";

export const SURE = 0.5; // from here a guess is filled in, below it is only offered
const OWN_WORDS = new Set(["demand.title", "demand.content"]); // they quote themselves; marking them would mark everything
const CHIPS = 3;

export const letters = (text) => Array.from(text || "");
export const percent = (guess) => Math.round((guess.confidence || 0) * 100);

// "confirmed", "filled", "offered" or "" for what pre-fill has to say about a path.
export function standing(record, path) {
  const guess = record.prefill.fields[path];
  if (!guess) return "";
  if (guess.confirmed_by) return "confirmed";
  return guess.confidence >= SURE ? "filled" : "offered";
}

export function Evidence({ path, guess, form, label }) {
  const { t } = useDesk();
  const state = standing(form.record, path);
  if (state === "confirmed") return html`<p class="note note-good"><${Icon} name="check" />${t.confirmed} · ${t[`from_${guess.source}`] || guess.source}</p>`;
  const shown = form.readable(path, guess.value);
  const text = letters(form.record.demand.content);
  const quote = guess.span && !OWN_WORDS.has(path) ? text.slice(guess.span[0], guess.span[1]).join("") : "";
  return html`<p class="note">
    <span class="origin">${t[`from_${guess.source}`] || guess.source} · ${t.confidence(percent(guess))}</span>
    ${quote && html`<span class="quote">${quote}</span>`}
    ${state === "offered" &&
    html`<button type="button" class="offer" disabled=${form.busy} aria-label=${t.accept(shown, t.confidence(percent(guess)))}
      onClick=${() => form.accept(path, guess.value)}><${Icon} name="check" />${t.offeredLabel}: ${shown}</button>`}
    <span class="visually-hidden">${label}</span>
  </p>`;
}

// Further candidates for a category, a unit or a place: one click takes one.
export function Candidates({ path, items, form, label }) {
  const { t } = useDesk();
  const guess = form.record.prefill.fields[path];
  if ((guess && guess.confirmed_by) || !form.known(path)) return null;
  const now = form.codeAt(path);
  const offered = guess && guess.confidence < SURE ? guess.value : null;
  const others = (items || []).filter((one) => one.code !== now && one.code !== offered).slice(0, CHIPS);
  if (!others.length) return null;
  return html`<ul class="candidates" aria-label=${t.candidatesOf(label)}>
    ${others.map(
      (one) => html`<li key=${one.code}><button type="button" class="offer" disabled=${form.busy} title=${form.readable(path, one.code)}
        aria-label=${t.accept(form.readable(path, one.code), t.confidence(percent(one)))}
        onClick=${() => form.accept(path, one.code)}>${form.brief(path, one.code)} <span class="faint">${percent(one)}%</span></button></li>`,
    )}
  </ul>`;
}

// Every passage of the content that something rests on: {key, from, to}; keys are record paths and "mention.N".
export const useSpans = (record) =>
  useMemo(() => {
    const length = letters(record.demand.content).length;
    const all = Object.entries(record.prefill.fields)
      .filter(([path]) => !OWN_WORDS.has(path))
      .map(([key, guess]) => ({ key, span: guess.span }));
    (record.prefill.mentions || []).forEach((mention, n) => all.push({ key: `mention.${n}`, span: mention.span }));
    return all
      .filter(({ span }) => span && span[0] < span[1] && span[1] <= length)
      .map(({ key, span }) => ({ key, from: span[0], to: span[1] }));
  }, [record]);

// `text` (whose first character is number `at` of the content) as strings and marks.
export function marked(text, at, spans, active, named) {
  const chars = letters(text);
  const within = spans
    .map((one) => ({ key: one.key, from: Math.max(0, one.from - at), to: Math.min(chars.length, one.to - at) }))
    .filter((one) => one.from < one.to);
  if (!within.length) return [text];
  const cuts = [...new Set([0, chars.length, ...within.flatMap((one) => [one.from, one.to])])].sort((a, b) => a - b);
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

// Where each of `texts`, said one after the other, begins in the content; null for what is not in it word for word.
export function places(content, texts) {
  let cursor = 0;
  return texts.map((text) => {
    const said = (text || "").trim();
    const found = said ? (content || "").indexOf(said, cursor) : -1;
    if (found < 0) return null;
    cursor = found + said.length;
    return letters(content.slice(0, found)).length - letters(text.slice(0, text.indexOf(said))).length;
  });
}
