// Pictures of the place: taken with the telephone, made smaller, sent one after the other.
/** @import { UnitTask } from "../desk/shared/openapi.d.ts" */
import { explain, failure, send } from "../desk/shared/api.js";
import { html, useState } from "../desk/shared/html.js";
import { useUnit } from "./state.js";

const MOST_PX = 2048;
const QUALITY = 0.85;
const SHOWS = /** @type {const} */ (["before", "after", "evidence"]);
const TOLD = ["file_too_large", "file_not_allowed", "file_empty", "too_many_pictures"];

/** @param {{ task: UnitTask, take: (task: UnitTask) => void }} props */
export function Pictures({ task, take }) {
  const { t, u } = useUnit();
  const [told, tell] = useState({ bad: false, text: "" });
  const [busy, setBusy] = useState(false);
  const gone = task.status === "returned" || task.status === "cancelled";
  /** @param {typeof SHOWS[number]} shows @param {HTMLInputElement} input */
  const add = async (shows, input) => {
    const files = [...(input.files || [])];
    setBusy(true);
    try {
      for (const [nth, file] of files.entries()) {
        tell({ bad: false, text: u.pictureSending(nth + 1, files.length) });
        const query = { shows, name: file.name.slice(0, 200) };
        take(await send("POST unit/tasks/{task}/pictures", { path: { task: task.task_id }, query, file: await smaller(file) }));
      }
      tell({ bad: false, text: files.length ? u.pictureAdded : "" });
    } catch (thrown) {
      const error = failure(thrown);
      tell({ bad: true, text: TOLD.includes(error.code) ? u[/** @type {"file_empty"} */ (error.code)] : explain(t, error) });
    } finally {
      input.value = "";
      setBusy(false);
    }
  };
  return html`${SHOWS.map((shows) => html`<${Gallery} key=${shows} title=${u[shows]} task=${task} items=${task.pictures.filter((one) => one.shows === shows)} />`)}
    ${!gone && html`<div class="unit-buttons">${SHOWS.map((shows) => html`<label key=${shows} class=${`button unit-file ${busy ? "unit-busy" : ""}`}>
      <input type="file" accept="image/jpeg,image/png,image/webp" multiple disabled=${busy}
        onChange=${(event) => add(shows, event.currentTarget)} />${u.addPicture[shows]}</label>`)}</div>`}
    <div role=${told.bad ? "alert" : "status"}>${told.text && html`<p class=${`notice ${told.bad ? "notice-bad" : ""}`}>${told.text}</p>`}</div>`;
}

/** @param {{ title: string, task: UnitTask, items: { attachment_id: string }[] }} props */
export function Gallery({ title, task, items }) {
  const { u } = useUnit();
  if (!items.length) return null;
  return html`<h3>${title}</h3><ul class="unit-gallery">${items.map((one, nth) => {
    const url = `/api/v1/unit/tasks/${encodeURIComponent(task.task_id)}/pictures/${encodeURIComponent(one.attachment_id)}`;
    return html`<li key=${one.attachment_id}><a href=${url} target="_blank" rel="noopener" aria-label=${u.pictureOf(title, nth + 1)}><img src=${url} alt="" loading="lazy" /></a></li>`;
  })}</ul>`;
}

/**
 * A picture of at most MOST_PX a side, without what the telephone wrote into it; as it is, where that cannot be had.
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function smaller(file) {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MOST_PX / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return await new Promise((resolve) => canvas.toBlob((made) => resolve(made || file), "image/jpeg", QUALITY));
  } catch {
    return file;
  }
}
