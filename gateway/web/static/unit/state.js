// What the unit's pages are drawn with: the desk's words and session, and words of their own.
/** @import { Desk } from "../desk/shared/state.js" */
import { UNIT_WORDS } from "./words.js";
import { useDesk } from "../desk/shared/state.js";

/** @typedef {typeof UNIT_WORDS.zh} UnitWords */
/** @typedef {Desk & { u: UnitWords }} Unit */

/** @returns {Unit} */
export function useUnit() {
  const desk = useDesk();
  return { ...desk, u: UNIT_WORDS[desk.language] };
}
