// How every channel is doing, the telephone like the others.
/** @import { Channel as OneChannel } from "../shared/record.d.ts" */
import { explain } from "../shared/api.js";
import { fullTime, word } from "../shared/format.js";
import { html } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Chip, Empty, PageTitle, Skeleton } from "../shared/ui.js";
import { channels, loadChannels, troubles } from "./state.js";

export function Channels() {
  const { t } = useDesk();
  const { items, error } = channels.value;
  return html`<main id="main" class="page" tabindex="-1">
    <div class="page-head"><${PageTitle} focusKey="channels">${t.channelHealth}<//></div>
    ${error && html`<div role="alert" class="notice notice-bad">${explain(t, error)}
      <button class="button" onClick=${loadChannels}>${t.retry}</button></div>`}
    ${items === null && !error && html`<${Skeleton} lines=${4} label=${t.loading} />`}
    ${items && items.length === 0 && html`<${Empty} icon="inbox" title=${t.noChannels} hint="" />`}
    ${items && items.length > 0 && html`<ul class="cards">${items.map((one) => html`<${Channel} key=${one.channel_id} one=${one} />`)}</ul>`}
  </main>`;
}

/** @param {{ one: OneChannel }} props */
function Channel({ one }) {
  const desk = useDesk();
  const { t } = desk;
  const wrong = troubles(one);
  const refused = Object.values(one.refused || {}).reduce((sum, n) => sum + n, 0);
  /** @type {[string, string | number][]} */
  const facts = [
    [t.lastHeard, one.last_inbound_at ? fullTime(one.last_inbound_at, desk) : t.never],
    [t.received, one.inbound],
    [t.sent, one.outbound],
  ];
  if (one.pending > 0) facts.push([t.waiting, one.pending]);
  if (refused > 0) facts.push([t.refusedCount, refused]);
  return html`<li class=${`task ${wrong.length ? "task-late" : ""}`}>
    <div class="task-main"><strong>${word(t.channels, one.kind, t)} <span class="faint small">${one.channel_id}</span></strong>
      <span class="task-why">${wrong.length
        ? wrong.map((key) => html`<${Chip} key=${key} tone="bad">${t.channelTroubles[key]}<//>`)
        : html`<${Chip} tone="status">${t.channelWell}<//>`}</span></div>
    <dl class="facts channel-facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </li>`;
}
