// What stands around every page of who is logged in: the bar, what is wrong, and the stream of events.
import { Callbacks } from "./callbacks/callbacks.js";
import { Channels } from "./channels/channels.js";
import { channels, troubles, watchChannels } from "./channels/state.js";
import { Feeds } from "./feeds/feeds.js";
import { TicketList } from "./list/list.js";
import { Overdue } from "./overdue/overdue.js";
import { html, useEffect, useState } from "./shared/html.js";
import { online, route, useDesk, wide } from "./shared/state.js";
import { connected, follow, subscribe } from "./shared/stream.js";
import { Tools } from "./shared/tools.js";
import { Empty, Icon, Logo, Skeleton } from "./shared/ui.js";
import { known, loadFields } from "./ticket/fields.js";
import { Ticket } from "./ticket/ticket.js";
import { Waiting } from "./waiting/waiting.js";

const NEWS_MS = 5000;
const PAGES = { callbacks: Callbacks, channels: Channels, feeds: Feeds, overdue: Overdue, waiting: Waiting };

/** @param {{ leave: () => void }} props */
export function Frame({ leave }) {
  const { t, session } = useDesk();
  const news = useNews();
  useEffect(loadFields, []);
  useEffect(follow, []);
  useEffect(watchChannels, []);
  const unwell = (channels.value.items || []).filter((one) => troubles(one).length).length;
  const [room = "tickets", id] = route.value;
  const trouble = !online.value ? t.offline : !connected.value ? t.reconnecting : "";
  const Page = PAGES[/** @type {keyof typeof PAGES} */ (room)];
  /** @param {string} one */
  const current = (one) => (room === one ? "page" : undefined);
  return html`<div class="frame">
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }}>${t.skip}</a>
    <header class="bar">
      <a class="brand" href="#/tickets"><${Logo} /><strong>${t.product}</strong></a>
      <nav aria-label=${t.nav}>
        <a href="#/tickets" aria-current=${current("tickets")}><${Icon} name="list" /><span>${t.tickets}</span></a>
        <a href="#/callbacks" aria-current=${current("callbacks")}><${Icon} name="clock" /><span>${t.callbacks}</span></a>
        <a href="#/waiting" aria-current=${current("waiting")}><${Icon} name="inbox" /><span>${t.waitingTitle}</span></a>
        <a href="#/overdue" aria-current=${current("overdue")}><${Icon} name="flag" /><span>${t.overdueTitle}</span></a>
        ${session.role === "admin" && html`<a href="#/feeds" aria-current=${current("feeds")}><${Icon} name="refresh" /><span>${t.feeds}</span></a>`}
      </nav>
      <a class=${`pulse ${trouble || unwell ? "pulse-off" : ""}`} href="#/channels" aria-current=${current("channels")}
        aria-label=${`${trouble ? "" : `${t.live}${t.comma}`}${unwell ? t.channelsUnwell(unwell) : t.channelHealth}`} title=${t.liveHint}>
        <span class="pulse-dot" aria-hidden="true"></span><span>${trouble ? "" : unwell ? t.channelsUnwell(unwell) : t.live}</span></a>
      <${Tools} />
      <div class="who">
        <span class="who-name">${session.name}</span>
        <button type="button" class="quiet" onClick=${leave} aria-label=${t.logOut} title=${t.logOut}><${Icon} name="exit" /></button>
      </div>
    </header>
    <div role="status" class="trouble-place">${trouble && html`<p class="trouble">${trouble}</p>`}</div>
    <div role="status" class="visually-hidden">${news && t.arrived(news)}</div>
    ${!known.value
      ? html`<main id="main" tabindex="-1"><${Skeleton} lines=${6} label=${t.loading} /></main>`
      : Page ? html`<div class="page-scroll"><${Page} /></div>` : html`<${Tickets} id=${id} />`}
  </div>`;
}

/** The number of the ticket that came last, for screen readers: not more often than they can say it. */
function useNews() {
  const [news, setNews] = useState("");
  useEffect(() => {
    let last = 0;
    return subscribe((event) => {
      if (event?.type !== "ticket.registered" || Date.now() - last <= NEWS_MS) return;
      last = Date.now();
      setNews(event.ticket_no);
    });
  }, []);
  return news;
}

/** @param {{ id: string | undefined }} props */
function Tickets({ id }) {
  const { t } = useDesk();
  return html`<div class=${`split ${id ? "has-ticket" : ""}`}>
    ${(wide.value || !id) && html`<${TicketList} selected=${id} main=${!wide.value} />`}
    ${(wide.value || id) &&
    html`<main id="main" class="detail" tabindex="-1">
      ${id ? html`<${Ticket} key=${id} id=${id} />` : html`<${Empty} icon="inbox" title=${t.pick} hint=${t.pickHint} />`}
    </main>`}
  </div>`;
}
