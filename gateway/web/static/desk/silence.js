// Which channels are quieter than they should be at this hour.
import { useEffect, useRef, useState } from "./vendor/preact.js";
import { call } from "./api.js";
import { word } from "./format.js";

const LOOK_MS = 30000;

// Looks when the agent does something (`step` changes): a timer would keep a forgotten session from ending.
export function useSilence(t, step) {
  const [kinds, setKinds] = useState([]);
  const looked = useRef(0);
  useEffect(() => {
    if (Date.now() - looked.current < LOOK_MS) return;
    looked.current = Date.now();
    call("GET", "channels").then(
      (page) => setKinds(page.items.filter((one) => one.silent).map((one) => one.kind)),
      () => setKinds([]), // what keeps us from asking is told elsewhere
    );
  }, [step]);
  return kinds.length ? t.silent([...new Set(kinds)].map((kind) => word(t.channels, kind, t)).join(t.comma)) : "";
}
