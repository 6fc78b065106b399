// Language, appearance, session and connection: what the whole page shares.
import { createContext, useCallback, useContext, useEffect, useRef, useState } from "./vendor/preact.js";
import { WORDS } from "./words.js";

export const Desk = createContext(null);
export const useDesk = () => useContext(Desk);

const recall = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};
const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* private windows forget; nothing depends on it */
  }
};

// Whether a key was pressed by itself: not while an input method composes a word, not with a modifier.
export const bare = (event) => !(event.isComposing || event.ctrlKey || event.altKey || event.metaKey);

export function useLanguage() {
  const [language, set] = useState(() => recall("desk.language") || (navigator.language.startsWith("en") ? "en" : "zh"));
  useEffect(() => {
    document.documentElement.lang = language === "en" ? "en" : "zh-CN";
    document.title = WORDS[language].product;
    remember("desk.language", language);
  }, [language]);
  return [language, set];
}

const THEMES = ["auto", "light", "dark"];
export function useTheme() {
  const [theme, set] = useState(() => recall("desk.theme") || "auto");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    remember("desk.theme", theme);
  }, [theme]);
  return [theme, () => set(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length])];
}

export function useRoute() {
  const read = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean);
  const [route, set] = useState(read);
  useEffect(() => {
    const follow = () => set(read());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

export function useWide() {
  const [wide, set] = useState(() => matchMedia("(min-width: 60rem)").matches);
  useEffect(() => {
    const query = matchMedia("(min-width: 60rem)");
    const follow = () => set(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return wide;
}

// Calls `work` at once, then at most every `pause` ms: a burst of events costs two requests, not a hundred.
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

export function useNow(every) {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
