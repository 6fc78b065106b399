// What other systems are sent, for who administers the house: what waits, what is held and why, what was given up.
/** @import { ApiError } from "../shared/api.js" */
/** @import { HandledEvent } from "../shared/html.js" */
/** @import { DeadLetterList, ReplayBody } from "../shared/openapi.d.ts" */
/** @import { Feed as OneFeed } from "../shared/record.d.ts" */
import { call, explain, failure } from "../shared/api.js";
import { dashed, fullTime, word } from "../shared/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { bare, useDesk } from "../shared/state.js";
import { Chip, Empty, PageTitle, Skeleton } from "../shared/ui.js";

/** @typedef {DeadLetterList["items"][number]} Letter */
/** @typedef {(verb: "release" | "replay", body?: ReplayBody) => Promise<void>} Act */

const LOOK_MS = 10000;

export function Feeds() {
  const { t } = useDesk();
  const [items, setItems] = useState(/** @type {OneFeed[] | null} */ (null));
  const [letters, setLetters] = useState(/** @type {Letter[]} */ ([]));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const [told, tell] = useState("");
  const load = async () => {
    try {
      const [feeds, dead] = await Promise.all([call("GET feeds"), call("GET feeds/dead-letters")]);
      setItems(feeds.items);
      setLetters(dead.items);
      setError(null);
    } catch (problem) {
      setError(failure(problem));
    }
  };
  useEffect(() => {
    load();
    const timer = setInterval(load, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="feeds">${t.feeds}<//></div>
    <p role="status" class=${told ? "notice" : "visually-hidden"}>${told}</p>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${load}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="inbox" title=${t.noFeeds} hint="" />`}
    ${items && items.length > 0 && html`<ul class="cards">${items.map((one) => html`<${Feed} key=${one.feed} one=${one}
      letters=${letters.filter((letter) => letter.feed === one.feed)} reload=${load} tell=${tell} />`)}</ul>`}
  </main>`;
}

/** @param {{ one: OneFeed, letters: Letter[], reload: () => Promise<void>, tell: (text: string) => void }} props */
function Feed({ one, letters, reload, tell }) {
  const desk = useDesk();
  const { t } = desk;
  const [asking, ask] = useState(/** @type {"since" | "all" | ""} */ (""));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const opener = useRef(/** @type {HTMLElement | null} */ (null));
  const { held } = one;
  /** @type {Act} */
  const act = async (verb, body) => {
    setBusy(true);
    setProblem("");
    try {
      const path = { feed: one.feed };
      if (verb === "release") await call("POST feeds/{feed}/actions/release", { path });
      const sent = verb === "replay" ? (await call("POST feeds/{feed}/actions/replay", { path, body })).events : 0;
      tell(t.feedTold[verb](one.feed, sent));
      close();
      await reload();
    } catch (error) {
      setProblem(explain(t, failure(error)));
    } finally {
      setBusy(false);
    }
  };
  const close = () => {
    ask("");
    opener.current?.focus();
  };
  /** @param {"since" | "all"} verb */
  const open = (verb) => (/** @type {HandledEvent} */ event) => {
    opener.current = event.currentTarget;
    ask(verb);
  };
  /** @param {keyof typeof t.feedVerbs} verb @param {(event: HandledEvent) => void} onClick @param {boolean} [main] */
  const button = (verb, onClick, main) => html`<button type="button" class=${`button ${main ? "button-main" : ""}`} disabled=${busy}
    aria-expanded=${verb === "since" || verb === "all" ? String(asking === verb) : undefined} onClick=${onClick}>
    ${t.feedVerbs[verb]}<span class="visually-hidden"> ${one.feed}</span></button>`;
  /** @type {[string, string | number][]} */
  const facts = [
    [t.feedPending, one.pending],
    [t.feedDead, one.dead],
  ];
  if (held) facts.push([t.feedHeldSince, fullTime(held.since, desk)], [t.feedProbes, held.probes]);
  return html`<li class=${`task ${held || one.dead ? "task-late" : ""}`}>
    <div class="task-main"><strong>${one.feed}</strong>
      <span class="task-why">${held && html`<${Chip} tone="bad">${t.feedStates.held}<//>`}
        ${one.dead > 0 && html`<${Chip} tone="bad">${t.feedStates.dead}<//>`}
        ${!held && !one.dead && html`<${Chip} tone="status">${t.feedStates.ok}<//>`}</span></div>
    <dl class="facts channel-facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${held && html`<div class="task-wide"><p>${word(t.feedCauses, held.cause, t)}</p>
      <p class="faint small">${t.feedAnswer}${t.colon}${held.why}</p><p class="small">${t.feedHeldHint}</p></div>`}
    <div class="row-buttons task-wide">
      ${held && button("release", () => act("release"), true)}
      ${one.dead > 0 && button("dead", () => act("replay", { dead: true }), !held)}
      ${button("since", open("since"))}${button("all", open("all"))}
    </div>
    ${problem && html`<p class="note-bad task-wide" role="alert">${problem}</p>`}
    ${asking && html`<${Replay} key=${asking} verb=${asking} feed=${one.feed} busy=${busy} close=${close} act=${act} />`}
    ${letters.length > 0 && html`<${Letters} feed=${one.feed} letters=${letters} busy=${busy} act=${act} />`}
  </li>`;
}

/**
 * From which event on, or whether all of them are really meant.
 * @param {{ verb: "since" | "all", feed: string, busy: boolean, close: () => void, act: Act }} props
 */
function Replay({ verb, feed, busy, close, act }) {
  const { t } = useDesk();
  const [since, setSince] = useState("");
  const first = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => first.current?.focus(), []);
  /** @param {HandledEvent} event */
  const send = (event) => {
    event.preventDefault();
    return act("replay", verb === "all" ? { all: true } : { since: Number(since) });
  };
  return html`<form class="task-wide outcome" aria-label=${`${t.feedVerbs[verb]} ${feed}`} onSubmit=${send}
    onKeyDown=${(event) => event.key === "Escape" && bare(event) && close()}>
    ${verb === "since"
      ? html`<label class="field"><span class="hint">${t.feedSince}</span><input ref=${first} type="number" min="1" step="1" required
          value=${since} onInput=${(event) => setSince(event.target.value)} /></label>`
      : html`<p>${t.feedAllSure}</p>`}
    <div class="row-buttons"><button type="button" class="button" ref=${verb === "all" ? first : undefined} onClick=${close}>${t.goBack}</button>
      <button class="button button-main" disabled=${busy}>${t.feedSend}</button></div>
  </form>`;
}

/** @param {{ feed: string, letters: Letter[], busy: boolean, act: Act }} props */
function Letters({ feed, letters, busy, act }) {
  const desk = useDesk();
  const { t } = desk;
  return html`<section class="task-wide" aria-label=${`${t.feedLetters} ${feed}`}><h2 class="small">${t.feedLetters}</h2>
    <ul class="letters">${letters.map((one) => html`<li key=${one.event_seq}>
      <span><strong>${one.event_seq}</strong> <a href=${`#/tickets/${one.ticket_id}`}>${dashed(one.ticket_no)}</a> ${word(t.events, one.type, t)}</span>
      <span class="small">${one.last_error}</span>
      <span class="faint small">${t.feedAttempts(one.attempts)} · <time datetime=${one.dead_at}>${fullTime(one.dead_at, desk)}</time></span>
      <button type="button" class="button button-small" disabled=${busy} onClick=${() => act("replay", { events: [one.event_seq] })}>
        ${t.feedVerbs.one}<span class="visually-hidden"> ${one.event_seq}</span></button></li>`)}</ul>
  </section>`;
}
