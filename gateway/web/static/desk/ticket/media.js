// Pictures, voice messages and files that people sent: small beside their words, whole in a dialog, and to keep.
/** @import { Ticket } from "../shared/openapi.d.ts" */
/** @import { Attachment as OneAttachment } from "../shared/record.d.ts" */
/** @import { Words } from "../shared/state.js" */
import { fileSize, fullTime } from "../shared/format.js";
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { bare, useDesk } from "../shared/state.js";
import { Icon } from "../shared/ui.js";

// What every browser shows or plays; all else (HEIC, AMR, office files …) is only downloaded.
const PICTURES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"]);
const SOUNDS = new Set(["audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/aac", "audio/flac"]);
const FILMS = new Set(["video/mp4", "video/webm"]);

/** @param {OneAttachment} one */
const ours = (one) => (one.url || "").startsWith("/api/v1/attachments/");
/** @param {OneAttachment} one */
const isPicture = (one) => ours(one) && Boolean(one.sha256) && PICTURES.has(one.media_type ?? "");
/** @param {Ticket} ticket */
export const pictures = (ticket) => ticket.attachments.filter(isPicture);
/** @param {OneAttachment} one @param {Words} t */
const kindOf = (one, t) => {
  /** @type {Record<string, string>} */
  const kinds = t.fileKinds;
  return kinds[(one.media_type || "").split("/")[0]] || t.fileKinds.file;
};
/** @param {OneAttachment} one @param {Words} t */
const nameOf = (one, t) => one.name || kindOf(one, t);

/** `sealed`: of who asked for secrecy nothing is fetched before everything has been shown. @typedef {boolean} Sealed */
/** Opens the dialog with that picture, or closes it. @typedef {(attachmentId: string | null) => void} Look */

/** @param {{ one: OneAttachment, at?: string, words?: string | null, sealed: Sealed, look: Look }} props */
export function Attachment({ one, at, words, sealed, look }) {
  const desk = useDesk();
  const { t } = desk;
  const [broken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [one.url, one.sha256, sealed]);
  const name = nameOf(one, t);
  /** @type {Record<string, string>} */
  const errors = t.fileErrors;
  const unheard = one.sha256 && one.error && errors[one.error];
  const about = [kindOf(one, t), one.bytes ? fileSize(one.bytes) : "", unheard].filter(Boolean).join(" · ");
  const label = [kindOf(one, t), one.name, at && fullTime(at, desk), words].filter(Boolean).join(t.comma);
  /** @param {string} text @param {boolean} [bad] */
  const line = (text, bad) => html`<div class="file"><${Icon} name="file" /><span class="file-name">${name}</span>
    <span class=${bad ? "note-bad small" : "faint small"}>${text}</span></div>`;
  if (!ours(one)) {
    return html`<div class="file"><${Icon} name="file" /><span class="file-name">${name}</span>
      ${/^https?:\/\/[^*]+$/.test(one.url || "") &&
      html`<a class="small" href=${one.url} target="_blank" rel="noopener noreferrer">${t.fileAtSource}<span class="visually-hidden"> ${name}</span></a>`}</div>`;
  }
  if (!one.sha256) return line(one.error ? t.fileLost(errors[one.error] || t.fileErrors.other) : t.fileComing, Boolean(one.error));
  if (sealed) return line(`${about} · ${t.secretFiles}`);
  const keep = html`<a class="small keep" href=${one.url} download=${one.name || ""} aria-label=${t.download(label)}>${t.downloadShort}</a>`;
  if (isPicture(one) && !broken) {
    return html`<div class="shot">
      <button type="button" class="thumb" aria-label=${t.enlarge(label)} onClick=${() => look(one.attachment_id)}>
        <img src=${one.url} alt="" loading="lazy" decoding="async" onError=${() => setBroken(true)} /></button>
      <span class="faint small">${about} ${keep}</span></div>`;
  }
  const Sound = SOUNDS.has(one.media_type ?? "") && "audio";
  const Film = FILMS.has(one.media_type ?? "") && "video";
  if ((Sound || Film) && !broken) {
    return html`<div class="shot"><${Sound || Film} controls preload="none" src=${one.url} aria-label=${label} onError=${() => setBroken(true)} />
      <span class="faint small">${about} ${keep}</span></div>`;
  }
  return html`<div class="file"><${Icon} name="file" /><span class="file-name">${name}</span>
    <span class="faint small">${about}${broken ? ` · ${t.cannotShow}` : ""}</span> ${keep}</div>`;
}

/**
 * The whole picture over the page. The element traps the focus, Escape closes it, and the focus goes back by itself.
 * @param {{ items: OneAttachment[], shown: string | null, look: Look }} props
 */
export function Viewer({ items, shown, look }) {
  const { t } = useDesk();
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const n = items.findIndex((one) => one.attachment_id === shown);
  const one = items[n];
  useEffect(() => {
    if (one && dialog.current && !dialog.current.open) dialog.current.showModal();
  }, [Boolean(one)]);
  if (!one) return null;
  /** @param {number} by */
  const step = (by) => items[n + by] && look(items[n + by].attachment_id);
  /** @param {KeyboardEvent} event */
  const keyed = (event) => {
    if (!bare(event) || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    step(event.key === "ArrowLeft" ? -1 : 1);
  };
  const name = nameOf(one, t);
  const label = items.length > 1 ? t.pictureOf(n + 1, items.length, name) : name;
  return html`<dialog ref=${dialog} class="viewer" aria-label=${label} onKeyDown=${keyed} onClose=${() => look(null)}
    onClick=${(event) => dialog.current === /** @type {Element} */ (event.target) && dialog.current.close()}>
    <div class="viewer-head"><span class="file-name" role="status">${label}</span>
      ${items.length > 1 &&
      html`<button type="button" class="button button-small" disabled=${n === 0} onClick=${() => step(-1)}>${t.previous}</button>
        <button type="button" class="button button-small" disabled=${n === items.length - 1} onClick=${() => step(1)}>${t.next}</button>`}
      <a class="button button-small" href=${one.url} download=${one.name || ""}>${t.downloadShort}</a>
      <button type="button" class="button button-small button-main" autofocus onClick=${() => dialog.current?.close()}>${t.close}</button></div>
    <img src=${one.url} alt=${label} />
  </dialog>`;
}
