// What every page is drawn with: htm's templates over Preact, its hooks, and signals for what pages share.
import htm from "../vendor/htm.js";
import { h } from "../vendor/preact.js";

export { render } from "../vendor/preact.js";
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact-hooks.js";
export { computed, effect, signal } from "../vendor/preact-signals.js";

/**
 * What a handler within a template is given: of keys, pointers and fields alike.
 * @typedef {KeyboardEvent & { readonly currentTarget: HTMLInputElement & HTMLDetailsElement, readonly target: HTMLInputElement }} HandledEvent
 */
/** @typedef {import("preact").VNode} Node */
/** @typedef {import("preact").ComponentChildren} Children */
/**
 * An element that is there once it is drawn.
 * @template T
 * @typedef {import("preact").RefObject<T | null>} Ref
 */

/** @type {(strings: TemplateStringsArray, ...values: (((event: HandledEvent) => unknown) | {} | null | undefined)[]) => Node} */
export const html = /** @type {any} */ (htm.bind(h));
