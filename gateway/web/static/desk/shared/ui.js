// Small pieces that every page uses.
/** @import { Children, Ref } from "./html.js" */
/** @import { ApiError } from "./api.js" */
/** @import { Words } from "./state.js" */
import { explain } from "./api.js";
import { html, useLayoutEffect, useRef, useState } from "./html.js";

const PATHS = {
  phone: "M6.6 3h3l1.4 4.2-2.2 1.6a12 12 0 0 0 6.4 6.4l1.6-2.2L21 14.4v3A3.6 3.6 0 0 1 17.4 21 14.4 14.4 0 0 1 3 6.6 3.6 3.6 0 0 1 6.6 3z",
  message: "M4 5h16v11H9l-5 4z",
  back: "M14.5 5 7.5 12l7 7",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.4 15.4 20 20",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8 5.5v13M16 5.5v13",
  check: "M5 12.5 10 17 19 7.5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  refresh: "M19 8a8 8 0 1 0 1 6M19 3v5h-5",
  inbox: "M4 13 7 5h10l3 8v6H4zM4 13h5l1 2.5h4l1-2.5h5",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 2",
  pin: "M12 21s6.5-6 6.5-11a6.5 6.5 0 1 0-13 0c0 5 6.5 11 6.5 11zM12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  half: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z",
  exit: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  list: "M5 6.5h14M5 12h14M5 17.5h9",
  flag: "M6 21V4h11l-2.5 4L17 12H6",
};

/** @param {{ name: keyof typeof PATHS, fill?: boolean }} props */
export const Icon = ({ name, fill }) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} fill=${fill ? "currentColor" : "none"} stroke="currentColor" stroke-width="1.8"
      stroke-linecap="round" stroke-linejoin="round" />
  </svg>`;

export const Logo = () =>
  html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="9" fill="currentColor" />
    <path d="M6 16h4l2.5-7 4 14 3.5-10 2 3h4" fill="none" class="logo-wave" stroke-width="2.6" stroke-linecap="round"
      stroke-linejoin="round" />
  </svg>`;

/** @param {{ tone?: string, children?: Children, title?: string }} props */
export const Chip = ({ tone = "plain", children, title }) =>
  html`<span class=${`chip chip-${tone}`} title=${title}>${children}</span>`;

/** @param {{ label: string }} props */
export const LiveDot = ({ label }) => html`<span class="live"><span class="live-dot" aria-hidden="true"></span>${label}</span>`;

/** @param {{ icon: keyof typeof PATHS, title: string, hint: string, children?: Children }} props */
export function Empty({ icon, title, hint, children }) {
  return html`<div class="empty">
    <span class="empty-icon"><${Icon} name=${icon} /></span>
    <p class="empty-title">${title}</p>
    <p class="empty-hint">${hint}</p>
    ${children}
  </div>`;
}

/**
 * A heading that takes the focus when its page opens, so that keyboards and screen readers begin there.
 * @param {{ children?: Children, id?: string, focusKey: string, quiet?: boolean }} props
 */
export function PageTitle({ children, id, focusKey, quiet }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (!quiet && heading.current) heading.current.focus({ preventScroll: true });
  }, [focusKey]);
  return html`<h1 id=${id} ref=${heading} tabindex="-1">${children}</h1>`;
}

/**
 * @param {{
 *   id: string, label: string, hint?: string, value: string, onInput: (value: string) => void, autocomplete: string, t: Words,
 *   invalid?: boolean, inputRef?: Ref<HTMLInputElement>,
 * }} props
 */
export function Password({ id, label, hint, value, onInput, autocomplete, t, invalid, inputRef }) {
  const [shown, show] = useState(false);
  const hintId = hint ? `${id}-hint` : undefined;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <div class="with-button">
      <input id=${id} ref=${inputRef} type=${shown ? "text" : "password"} required value=${value}
        autocomplete=${autocomplete} aria-describedby=${hintId} aria-invalid=${invalid ? "true" : undefined}
        autocapitalize="none" spellcheck="false" onInput=${(event) => onInput(event.target.value)} />
      <button type="button" class="inside" aria-pressed=${shown ? "true" : "false"} aria-label=${`${t.showPassword}: ${label}`}
        onClick=${() => show(!shown)}>${shown ? t.hide : t.show}</button>
    </div>
    ${hint && html`<p class="hint" id=${hintId}>${hint}</p>`}
  </div>`;
}

/** Something could not be read; `again` tries once more. @param {{ error: ApiError, again: () => void, t: Words }} props */
export const LoadFailed = ({ error, again, t }) => html`<div role="alert" class="notice notice-bad">${t.failed} · ${explain(t, error)}
  <button type="button" class="button button-small" onClick=${again}>${t.retry}</button></div>`;

/** @param {{ lines?: number, label: string }} props */
export const Skeleton = ({ lines = 3, label }) =>
  html`<div class="skeleton" role="status">
    <span class="visually-hidden">${label}</span>
    ${Array.from({ length: lines }, (_, n) => html`<span key=${n} class="bone"></span>`)}
  </div>`;
