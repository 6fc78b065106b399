// A field that is typed in to search and chosen from: the combobox pattern of WAI-ARIA 1.2.
/** @import { HandledEvent } from "../shared/html.js" */
/** @import { Common } from "./form.js" */
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { bare, useDesk } from "../shared/state.js";

/** @typedef {{ code: string, label: string, brief: string, text: string }} Option */

const MOST = 40;

/** @param {Option[]} options @param {string} query */
function found(options, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  /** @type {[number, Option][]} */
  const scored = [];
  for (const one of options) {
    let score = 0;
    for (const word of words) {
      if (one.code.toLowerCase().startsWith(word)) score += 4;
      else if (one.brief.toLowerCase().startsWith(word)) score += 3;
      else if (one.text.includes(word)) score += 1;
      else {
        score = -1;
        break;
      }
    }
    if (score >= 0) scored.push([score, one]);
  }
  return scored.sort((a, b) => b[0] - a[0]).slice(0, MOST).map(([, one]) => one);
}

/**
 * `text` is what stands there now; `pick` takes a code, or null to clear.
 * @param {{ common: Common, text: string, code: string | null, options: Option[], pick: (code: string | null) => void }} props
 */
export function Picker({ common, text, code, options, pick }) {
  const { t } = useDesk();
  const [query, setQuery] = useState(/** @type {string | null} */ (null));
  const [at, setAt] = useState(0);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const open = query !== null;
  const shown = query === null ? [] : found(options, query);
  const listId = `${common.id}-list`;
  useEffect(() => {
    if (open) list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at, open]);
  /** @param {Option} one */
  const choose = (one) => {
    setQuery(null);
    pick(one.code);
  };
  /** @param {HandledEvent} event */
  const keyed = (event) => {
    if (!bare(event)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        setQuery("");
        setAt(Math.max(0, options.findIndex((one) => one.code === code)) % MOST);
      } else if (shown.length) setAt((at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length);
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      if (shown[at]) choose(shown[at]);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      setQuery(null);
    }
  };
  const left = () => {
    if (query === "" && typed.current && text) pick(null);
    typed.current = false;
    setQuery(null);
    common.onBlur();
  };
  const typed = useRef(false);
  return html`<div class="picker">
    <input ...${common} role="combobox" aria-expanded=${open ? "true" : "false"} aria-autocomplete="list"
      aria-controls=${open ? listId : undefined} aria-activedescendant=${open && shown[at] ? `${listId}-${at}` : undefined}
      autocomplete="off" spellcheck="false" placeholder=${t.pickerHint} value=${open && (query || typed.current) ? query : text}
      onInput=${(event) => {
        typed.current = true;
        setQuery(event.target.value);
        setAt(0);
      }}
      onFocus=${(event) => {
        common.onFocus();
        event.target.select(); // what is typed replaces what stands there
      }}
      onClick=${(event) => {
        if (open) return;
        setQuery("");
        setAt(0);
        event.target.select();
      }} onKeyDown=${keyed} onBlur=${left} />
    <span class="visually-hidden" role="status">${open && query ? (shown.length ? t.options(shown.length) : t.noOption) : ""}</span>
    ${open &&
    html`<ul ref=${list} id=${listId} role="listbox" class="options" aria-label=${common["data-label"]}>
      ${shown.map(
        (one, n) => html`<li key=${one.code} id=${`${listId}-${n}`} role="option" aria-selected=${n === at ? "true" : "false"}
          onMouseDown=${(event) => event.preventDefault()} onClick=${() => choose(one)}>
          <span>${one.label}</span><span class="code">${one.code}</span></li>`,
      )}
      ${!shown.length && html`<li role="option" aria-disabled="true" aria-selected="false" class="faint">${t.noOption}</li>`}
    </ul>`}
  </div>`;
}
