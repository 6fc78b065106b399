// How every channel is doing, the telephone like the others; and which are not well, for the bar above every page.
import { html, useEffect, useState } from "./vendor/preact.js";
import { call, explain } from "./api.js";
import { fullTime, word } from "./format.js";
import { useDesk } from "./state.js";
import { Chip, Empty, PageTitle, Skeleton } from "./ui.js";

const LOOK_MS = 30000;
const MANY_FAIL = 0.2;

// Everything that is wrong with a channel, as keys of `t.channelTroubles`.
export const troubles = (one) =>
  [
    !one.running && "stopped",
    one.running && one.ready === false && "not_ready",
    one.silent && "silent",
    one.connected === false && "disconnected",
    one.token_ok === false && "token",
    one.error_rate > MANY_FAIL && "failing",
  ].filter(Boolean);

// The channels, looked at again and again: {items, error, load}.
export function useChannels() {
  const [found, setFound] = useState({ items: null, error: null });
  const load = () =>
    call("GET", "channels").then(
      (page) => setFound({ items: page.items, error: null }),
      (error) => setFound((was) => ({ items: was.items, error })),
    );
  useEffect(() => {
    load();
    const timer = setInterval(load, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return { ...found, load };
}

export function Channels({ found: { items, error, load } }) {
  const { t } = useDesk();
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="channels">${t.channelHealth}<//></div>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${load}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="inbox" title=${t.noChannels} hint="" />`}
    ${items && items.length > 0 && html`<ul class="cards">${items.map((one) => html`<${Channel} key=${one.channel_id} one=${one} />`)}</ul>`}
  </main>`;
}

function Channel({ one }) {
  const desk = useDesk();
  const { t } = desk;
  const wrong = troubles(one);
  const refused = Object.values(one.refused || {}).reduce((sum, n) => sum + n, 0);
  const facts = [
    [t.lastHeard, one.last_inbound_at ? fullTime(one.last_inbound_at, desk) : t.never],
    [t.received, one.inbound],
    [t.sent, one.outbound],
    one.pending > 0 && [t.waiting, one.pending],
    refused > 0 && [t.refusedCount, refused],
  ].filter(Boolean);
  return html`<li class=${`task ${wrong.length ? "task-late" : ""}`}>
    <div class="task-main"><strong>${word(t.channels, one.kind, t)} <span class="faint small">${one.channel_id}</span></strong>
      <span class="task-why">${wrong.length
        ? wrong.map((key) => html`<${Chip} key=${key} tone="bad">${t.channelTroubles[key]}<//>`)
        : html`<${Chip} tone="status">${t.channelWell}<//>`}</span></div>
    <dl class="facts channel-facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </li>`;
}
