// What the whole page shares: language, appearance, who is logged in, where it stands, how wide it is.
/** @import { Session } from "./openapi.d.ts" */
import { computed, effect, signal, useCallback, useEffect, useRef } from "./html.js";
import { WORDS } from "./words.js";

/** @typedef {"zh" | "en"} Language */
/** @typedef {typeof WORDS.zh} Words */
/**
 * Words that are plain text.
 * @typedef {{ [K in keyof Words]: Words[K] extends string ? K : never }[keyof Words]} TextKey
 */
/**
 * What a page is drawn with. `session` is that of who is logged in: pages behind the log-in alone read it.
 * @typedef {{ t: Words, language: Language, zone: string, session: Session }} Desk
 */

/** @param {string} key */
const recall = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};
/** @param {string} key @param {string} value */
const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* private windows forget; nothing depends on it */
  }
};

const THEMES = /** @type {const} */ (["auto", "light", "dark"]);
/** @typedef {typeof THEMES[number]} Theme */

export const language = signal(/** @type {Language} */ ((recall("desk.language") ?? navigator.language).startsWith("en") ? "en" : "zh"));
export const theme = signal(THEMES.find((one) => one === recall("desk.theme")) ?? THEMES[0]);
export const nextTheme = () => {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
};
/** Who is logged in; null: nobody, undefined: not known yet. */
export const session = signal(/** @type {Session | null | undefined} */ (undefined));

effect(() => {
  document.documentElement.lang = language.value === "en" ? "en" : "zh-CN";
  document.title = WORDS[language.value].product;
  remember("desk.language", language.value);
});
effect(() => {
  document.documentElement.dataset.theme = theme.value;
  remember("desk.theme", theme.value);
});

const desk = computed(() => /** @type {Desk} */ ({
  t: WORDS[language.value],
  language: language.value,
  zone: session.value?.timezone ?? "UTC",
  session: session.value,
}));
export const useDesk = () => desk.value;

const parts = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean);
/** The parts of the address after #. */
export const route = signal(parts());
addEventListener("hashchange", () => {
  route.value = parts();
});

const broad = matchMedia("(min-width: 60rem)");
/** Whether list and ticket stand side by side. */
export const wide = signal(broad.matches);
broad.addEventListener("change", () => {
  wide.value = broad.matches;
});

export const online = signal(navigator.onLine);
for (const kind of ["online", "offline"])
  addEventListener(kind, () => {
    online.value = navigator.onLine;
  });

const TICK_MS = 15000;
/** The time in ms, as often as ages on the page have to be right. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, TICK_MS);

/**
 * Whether a key was pressed by itself: not while an input method composes a word, not with a modifier.
 * @param {KeyboardEvent} event
 */
export const bare = (event) => !(event.isComposing || event.ctrlKey || event.altKey || event.metaKey);

/**
 * Calls `work` at once, then at most every `pause` ms: a burst of events costs two requests, not a hundred.
 * @param {() => unknown} work
 * @param {number} pause
 */
export function useThrottled(work, pause) {
  const timer = useRef(0);
  const again = useRef(false);
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current) {
      again.current = true;
      return;
    }
    latest.current();
    const wait = () => {
      timer.current = setTimeout(() => {
        timer.current = 0;
        if (again.current) {
          again.current = false;
          latest.current();
          wait();
        }
      }, pause);
    };
    wait();
  }, [pause]);
}
