// What a unit owes next, and how near that is.
/** @import { UnitTask } from "../desk/shared/openapi.d.ts" */
/** @import { Unit } from "./state.js" */
import { span } from "../desk/shared/format.js";

const SOON_MS = 7200000;
const OURS = ["sign", "respond", "reply"]; // the other clocks are the centre's
/** @typedef {UnitTask["clocks"][number]} Clock */

/** @param {Clock} clock */
export const running = (clock) => !clock.met_at && !clock.stopped_at && OURS.includes(clock.kind);

/**
 * The clock that runs out first.
 * @param {Pick<UnitTask, "clocks">} task
 * @returns {Clock | undefined}
 */
export const nearest = ({ clocks }) =>
  clocks.filter((one) => running(one) && one.due_at && !one.paused_at).sort((a, b) => Date.parse(a.due_at || "") - Date.parse(b.due_at || ""))[0];

/**
 * When the reply is due, where that clock runs or stands still.
 * @param {Pick<UnitTask, "clocks">} task
 */
export const replyDue = ({ clocks }) => clocks.find((one) => one.kind === "reply" && running(one))?.due_at;

/**
 * How a task stands in words, and as a mark: "late", "soon" or "".
 * @param {Pick<UnitTask, "clocks">} task
 * @param {number} now
 * @param {Unit} unit
 */
export function standing(task, now, { t, u }) {
  const clock = nearest(task);
  if (!clock?.due_at) return { mark: "", text: task.clocks.some((one) => running(one) && one.paused_at) ? u.paused : u.noDue, clock };
  const left = Date.parse(clock.due_at) - now;
  const what = u.clocks[/** @type {keyof typeof u.clocks} */ (clock.kind)];
  const text = `${what} · ${left < 0 ? u.overdue(span(left, t)) : u.left(span(left, t))}`;
  return { mark: left < 0 ? "late" : left < SOON_MS ? "soon" : "", text, clock };
}
