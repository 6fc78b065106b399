// What was written about a task: one's own reasons and replies, and what the units of the ticket tell each other.
/** @import { UnitTask } from "../desk/shared/openapi.d.ts" */
import { call, explain, failure } from "../desk/shared/api.js";
import { fullTime } from "../desk/shared/format.js";
import { html, useRef, useState } from "../desk/shared/html.js";
import { useUnit } from "./state.js";

/** @param {{ task: UnitTask, take: (task: UnitTask) => void }} props */
export function Notes({ task, take }) {
  const unit = useUnit();
  const { t, u } = unit;
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [told, tell] = useState({ bad: false, text: "" });
  const sent = useRef({ text: "", key: "" }); // what is sent again after a lost answer stands there once
  const gone = task.status === "returned" || task.status === "cancelled";
  /** @param {{ preventDefault(): void }} event */
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    if (sent.current.text !== text) sent.current = { text, key: crypto.randomUUID() };
    try {
      take(await call("POST unit/tasks/{task}/notes", { path: { task: task.task_id }, body: { text }, key: sent.current.key }));
      sent.current = { text: "", key: "" };
      setText("");
      tell({ bad: false, text: u.noteSent });
    } catch (thrown) {
      tell({ bad: true, text: explain(t, failure(thrown)) });
    } finally {
      setBusy(false);
    }
  };
  return html`<ul class="unit-notes">${task.notes.map((note) => html`<li key=${note.note_id}>
      <p class="faint small">${note.name || note.unit || u.centre} · ${u.kinds[note.kind]} · <time datetime=${note.at}>${fullTime(note.at, unit)}</time></p>
      <p class="unit-words">${note.text}</p></li>`)}</ul>
    <div role=${told.bad ? "alert" : "status"}>${told.text && html`<p class=${`notice ${told.bad ? "notice-bad" : ""}`}>${told.text}</p>`}</div>
    ${!gone && html`<form class="unit-form" onSubmit=${send}>
      <div class="field"><label for="note">${u.noteWrite}</label>
        <textarea id="note" rows="2" maxlength="5000" required value=${text} aria-describedby="note-hint" onInput=${(event) => setText(event.target.value)}></textarea>
        <p class="hint" id="note-hint">${u.notesHint}</p></div>
      <div class="row-buttons"><button class="button" disabled=${busy || !text.trim()}>${u.noteSend}</button></div>
    </form>`}`;
}
