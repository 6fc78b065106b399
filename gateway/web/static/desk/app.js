// The desk: session, frame, and which page stands in it.
import { html, render, useCallback, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { call, follow, setCsrf, setUnauthorized } from "./api.js";
import { Callbacks } from "./callbacks.js";
import { Channels, troubles, useChannels } from "./channels.js";
import { Feeds } from "./feeds.js";
import { Login, NewPassword } from "./login.js";
import { Desk, useDesk, useLanguage, useRoute, useTheme, useWide } from "./state.js";
import { TicketList } from "./list.js";
import { Ticket } from "./ticket.js";
import { Empty, Icon, Logo } from "./ui.js";
import { WORDS } from "./words.js";

const THEME_ICONS = { auto: "half", light: "sun", dark: "moon" };

function App() {
  const [language, setLanguage] = useLanguage();
  const [theme, nextTheme] = useTheme();
  const [session, setSession] = useState(undefined);
  const [ended, setEnded] = useState(null);
  const t = WORDS[language];
  const enter = useCallback((found) => {
    setCsrf(found.csrf_token);
    setEnded(null);
    setSession(found);
  }, []);
  useEffect(() => {
    setUnauthorized((code) => {
      setCsrf("");
      setSession((was) => {
        if (was) setEnded(code);
        return null;
      });
    });
    call("GET", "session").then(enter, () => setSession(null));
  }, []);
  const leave = async () => {
    await call("DELETE", "session").catch(() => {});
    location.hash = "";
    setSession(null);
  };
  const desk = useMemo(
    () => ({ t, language, zone: session ? session.timezone : "UTC", session }),
    [t, language, session],
  );
  const tools = html`<${Tools} t=${t} theme=${theme} nextTheme=${nextTheme} language=${language} setLanguage=${setLanguage} />`;
  let page = null;
  if (session === undefined) page = html`<main id="main" class="login" aria-busy="true"></main>`;
  else if (session === null) page = html`<${Login} onSession=${enter} ended=${ended} />`;
  else if (session.must_change_password) page = html`<${NewPassword} onSession=${enter} />`;
  else page = html`<${Frame} tools=${tools} leave=${leave} />`;
  const outside = !session || session.must_change_password;
  return html`<${Desk.Provider} value=${desk}>
    ${outside && session !== undefined && html`<div class="corner">${tools}</div>`}
    ${page}
  <//>`;
}

function Tools({ t, theme, nextTheme, language, setLanguage }) {
  return html`<div class="tools">
    <button type="button" class="quiet" lang=${language === "en" ? "zh-CN" : "en"} aria-label=${t.languageLabel}
      onClick=${() => setLanguage(language === "en" ? "zh" : "en")}>${t.language}</button>
    <button type="button" class="quiet square" aria-label=${t[`theme_${theme}`]} title=${t[`theme_${theme}`]}
      onClick=${nextTheme}><${Icon} name=${THEME_ICONS[theme]} /></button>
  </div>`;
}

const PAGES = { callbacks: Callbacks, channels: Channels, feeds: Feeds };

function Frame({ tools, leave }) {
  const desk = useDesk();
  const { t, session } = desk;
  const route = useRoute();
  const wide = useWide();
  const [connected, setConnected] = useState(true);
  const [online, setOnline] = useState(navigator.onLine);
  const [news, setNews] = useState("");
  const listeners = useRef(new Set());
  const lastNews = useRef(0);

  // Pages subscribe to events; `null` means "we may have missed some, read anew".
  const subscribe = useCallback((listener) => {
    listeners.current.add(listener);
    return () => listeners.current.delete(listener);
  }, []);
  useEffect(() => {
    let first = true;
    const stop = follow(
      (event) => {
        for (const listener of listeners.current) listener(event);
        if (event.type === "ticket.registered" && Date.now() - lastNews.current > 5000) {
          lastNews.current = Date.now();
          setNews(event.ticket_no);
        }
      },
      (up) => {
        setConnected(up);
        if (up && !first) for (const listener of listeners.current) listener(null);
        first = false;
      },
    );
    const watch = () => setOnline(navigator.onLine);
    addEventListener("online", watch);
    addEventListener("offline", watch);
    return () => {
      stop();
      removeEventListener("online", watch);
      removeEventListener("offline", watch);
    };
  }, []);

  const channels = useChannels();
  const unwell = (channels.items || []).filter((one) => troubles(one).length).length;
  const [room = "tickets", id] = route;
  const inside = useMemo(() => ({ ...desk, subscribe }), [desk.t, desk.language, desk.session]);
  const trouble = !online ? t.offline : !connected ? t.reconnecting : "";
  return html`<${Desk.Provider} value=${inside}><div class="frame">
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      document.getElementById("main").focus();
    }}>${t.skip}</a>
    <header class="bar">
      <a class="brand" href="#/tickets"><${Logo} /><strong>${t.product}</strong></a>
      <nav aria-label=${t.nav}>
        <a href="#/tickets" aria-current=${room === "tickets" ? "page" : undefined}><${Icon} name="list" /><span>${t.tickets}</span></a>
        <a href="#/callbacks" aria-current=${room === "callbacks" ? "page" : undefined}><${Icon} name="clock" /><span>${t.callbacks}</span></a>
        ${session.role === "admin" && html`<a href="#/feeds" aria-current=${room === "feeds" ? "page" : undefined}><${Icon} name="refresh" /><span>${t.feeds}</span></a>`}
      </nav>
      <a class=${`pulse ${trouble || unwell ? "pulse-off" : ""}`} href="#/channels" aria-current=${room === "channels" ? "page" : undefined}
        aria-label=${`${trouble ? "" : `${t.live}${t.comma}`}${unwell ? t.channelsUnwell(unwell) : t.channelHealth}`} title=${t.liveHint}>
        <span class="pulse-dot" aria-hidden="true"></span><span>${trouble ? "" : unwell ? t.channelsUnwell(unwell) : t.live}</span></a>
      ${tools}
      <div class="who">
        <span class="who-name">${session.name}</span>
        <button type="button" class="quiet" onClick=${leave} aria-label=${t.logOut} title=${t.logOut}><${Icon} name="exit" /></button>
      </div>
    </header>
    <div role="status" class="trouble-place">${trouble && html`<p class="trouble">${trouble}</p>`}</div>
    <div role="status" class="visually-hidden">${news && t.arrived(news)}</div>
    ${room in PAGES
      ? html`<div class="page-scroll"><${PAGES[room]} found=${channels} /></div>`
      : html`<${Tickets} id=${id} wide=${wide} channels=${channels.items} />`}
  </div><//>`;
}

function Tickets({ id, wide, channels }) {
  const { t } = useDesk();
  return html`<div class=${`split ${id ? "has-ticket" : ""}`}>
    ${(wide || !id) && html`<${TicketList} selected=${id} main=${!wide} channels=${channels} />`}
    ${(wide || id) &&
    html`<main id="main" class="detail" tabindex="-1">
      ${id
        ? html`<${Ticket} key=${id} id=${id} wide=${wide} />`
        : html`<${Empty} icon="inbox" title=${t.pick} hint=${t.pickHint} />`}
    </main>`}
  </div>`;
}

render(html`<${App} />`, document.getElementById("app"));
