// The look: the desk's colours, calm surfaces, nothing from outside. A constructed sheet needs no style-src exception.
const css = `
:host { all: initial; position: static; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.frame {
  --ground: #f4f3ee; --surface: #fff; --surface-2: #f8f7f3; --sunken: #eceae3; --ink: #1c2422; --ink-2: #55605c;
  --line: #dedbd1; --line-strong: #8b918b; --accent: #0b6b66; --accent-ink: #fff; --accent-deep: #084f4b;
  --accent-soft: #e0efec; --bad: #a8281f; --bad-soft: #fbe9e6; --warn: #85540a; --warn-soft: #faf0da; --good: #2a6a35;
  --star: #b07404; --live: #b3361c; --head: #0b6b66; --head-ink: #fff; --head-soft: #d5ebe8; --dot: #9be3b4; --mine: #0b6b66; --mine-ink: #fff;
  --shadow: 0 2px 6px rgb(40 36 20 / 8%), 0 18px 48px rgb(40 36 20 / 18%);
  --font: "Inter", "PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", system-ui, sans-serif;
  position: fixed; z-index: 2147483000; inset-block-end: calc(var(--offset, 24px) + env(safe-area-inset-bottom));
  inset-inline-end: 24px; display: grid; justify-items: end; color: var(--ink); font: 400 15px/1.6 var(--font);
  color-scheme: light; text-align: start; -webkit-font-smoothing: antialiased;
}
.frame[data-position="left"] { inset-inline: 24px auto; justify-items: start; }
.frame[data-scheme="dark"] {
  --ground: #101514; --surface: #181f1d; --surface-2: #1d2523; --sunken: #0c100f; --ink: #e7ece9; --ink-2: #a3b0ab;
  --line: #2c3633; --line-strong: #71807a; --accent: #5cc4b8; --accent-ink: #06201d; --accent-deep: #85d8ce;
  --accent-soft: #173532; --bad: #ff9d94; --bad-soft: #3a1d1b; --warn: #efc068; --warn-soft: #332710; --good: #94d39c;
  --star: #efc068; --live: #ff9a7d; --head: #14312e; --head-ink: #e7ece9; --head-soft: #a8d4cd; --dot: #7fd69a; --mine: #1b514c; --mine-ink: #eef6f4;
  --shadow: 0 2px 6px rgb(0 0 0 / 35%), 0 18px 48px rgb(0 0 0 / 50%);
  color-scheme: dark;
}
button, textarea, input { font: inherit; color: inherit; margin: 0; }
button { cursor: pointer; }
button:disabled { cursor: default; opacity: .5; }
h2, p { margin: 0; }
:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
.icon { inline-size: 1.35em; block-size: 1.35em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.icon-menu { stroke-width: 3; }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.picker { position: absolute; inline-size: 1px; block-size: 1px; opacity: 0; pointer-events: none; }

.launcher {
  position: relative; display: grid; place-items: center; inline-size: 60px; block-size: 60px; border: 0; border-radius: 50%;
  background: var(--head); color: var(--head-ink); box-shadow: var(--shadow); font-size: 20px; transition: transform .16s ease-out, background .16s;
}
.launcher:hover { transform: translateY(-2px); background: var(--accent-deep); }
[data-scheme="dark"] .launcher { background: #5cc4b8; color: #06201d; }
[data-open] .launcher { display: none; }
.count {
  position: absolute; inset: -4px -4px auto auto; min-inline-size: 22px; block-size: 22px; padding-inline: 6px; border-radius: 11px;
  background: #b3361c; color: #fff; font: 650 12px/22px var(--font); text-align: center; box-shadow: 0 0 0 2px var(--surface);
}

.panel {
  position: relative; display: flex; flex-direction: column; inline-size: 392px; block-size: min(680px, calc(100dvb - 48px));
  overflow: hidden; border: 1px solid var(--line); border-radius: 20px; background: var(--ground); box-shadow: var(--shadow);
}
.head { position: relative; display: flex; align-items: center; gap: 12px; padding: 14px 12px 14px 16px; background: var(--head); color: var(--head-ink); }
.head-words { flex: 1; min-inline-size: 0; }
.head h2 { overflow: hidden; font: 650 16px/1.35 var(--font); text-overflow: ellipsis; white-space: nowrap; }
.logo { font-size: 19px; display: grid; place-items: center; inline-size: 40px; block-size: 40px; flex: none; border-radius: 12px; background: rgb(255 255 255 / 14%); }
.status { display: flex; align-items: center; gap: 6px; font-size: 13px; line-height: 1.4; color: var(--head-soft); }
.dot { inline-size: 8px; block-size: 8px; flex: none; border-radius: 50%; background: #f0c674; }
[data-state="live"] .dot { background: var(--dot); }
.round { display: grid; place-items: center; inline-size: 40px; block-size: 40px; flex: none; padding: 0; border: 0; border-radius: 50%; background: none; }
.on-head { color: inherit; }
.on-head:hover { background: rgb(255 255 255 / 14%); }
.on-head:focus-visible { outline-color: var(--head-ink); outline-offset: -2px; }
.menu, .attach { display: grid; gap: 2px; padding: 6px; border: 1px solid var(--line); border-radius: 14px; background: var(--surface); color: var(--ink); box-shadow: var(--shadow); }
.menu { position: absolute; z-index: 3; inset: calc(100% - 6px) 12px auto auto; }
.option { display: flex; align-items: center; gap: 10px; min-block-size: 42px; padding: 4px 14px 4px 10px; border: 0; border-radius: 10px; background: none; text-align: start; white-space: nowrap; }
.option:hover { background: var(--accent-soft); }
.option .icon { color: var(--accent); }

.body { display: flex; flex: 1; flex-direction: column; min-block-size: 0; }
.notice { padding: 9px 16px; background: var(--warn-soft); color: var(--warn); font-size: 13.5px; }
.log { position: relative; flex: 1; min-block-size: 0; }
.scroller { block-size: 100%; overflow-y: auto; overscroll-behavior: contain; padding: 16px 16px 8px; scrollbar-width: thin; scrollbar-color: var(--line-strong) transparent; }
.list { display: flex; flex-direction: column; gap: 10px; border-radius: 12px; }
.row { display: flex; align-items: flex-end; gap: 8px; max-inline-size: 88%; }
.row-you { align-self: flex-end; }
.content { min-inline-size: 0; }
.row-you .content { display: grid; justify-items: end; }
.badge-us { display: grid; place-items: center; inline-size: 28px; block-size: 28px; flex: none; align-self: flex-start; border-radius: 9px; background: var(--accent-soft); color: var(--accent-deep); font-size: 13px; }
.bubble { inline-size: fit-content; max-inline-size: 100%; padding: 9px 14px; border: 1px solid var(--line); border-radius: 4px 16px 16px; background: var(--surface); overflow-wrap: anywhere; white-space: pre-wrap; }
.row-you .bubble { border-color: transparent; border-radius: 16px 16px 4px; background: var(--mine); color: var(--mine-ink); }
.row-you .bubble :focus-visible { outline-color: var(--mine-ink); }
.bubble a { color: inherit; text-underline-offset: .2em; }
.bubble-image { padding: 4px; }
.picture { display: block; }
.picture img { display: block; max-inline-size: 100%; max-block-size: 220px; min-block-size: 48px; min-inline-size: 48px; border-radius: 12px 12px 2px; object-fit: cover; background: var(--sunken); }
.thing { display: inline-flex; align-items: center; gap: 10px; }
.thing small { display: block; font-size: 12.5px; font-variant-numeric: tabular-nums; }
.meta { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; margin-block-start: 3px; color: var(--ink-2); font-size: 12.5px; line-height: 1.4; font-variant-numeric: tabular-nums; }
.row-you .meta { justify-content: flex-end; }
.mark { display: inline-flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 2px 6px; }
.mark .icon { inline-size: 1.15em; block-size: 1.15em; }
.mark-sent .icon { color: var(--accent); stroke-width: 2.4; }
.mark-sent .mark-word { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
.why { display: inline-flex; align-items: center; gap: 4px; color: var(--bad); }
.linklike { min-block-size: 24px; padding: 0 4px; border: 0; background: none; color: var(--accent); font-weight: 600; text-decoration: underline; text-underline-offset: .2em; }
.play { display: inline-flex; align-items: center; gap: 10px; min-inline-size: 140px; padding: 2px 0; border: 0; background: none; font-variant-numeric: tabular-nums; }
.play .icon { fill: currentColor; stroke: none; }
.wave { flex: 1; block-size: 16px; background: repeating-linear-gradient(90deg, currentColor 0 2px, transparent 2px 6px); mask: linear-gradient(90deg, #0006, #000 20% 80%, #0006); opacity: .6; border-radius: 2px; }
.play[aria-pressed="true"] .wave { opacity: 1; }
.day { display: grid; grid-template-columns: 1fr auto 1fr; align-items: center; gap: 12px; color: var(--ink-2); font-size: 12.5px; }
.day::before, .day::after { content: ""; block-size: 1px; background: var(--line); }
.note { align-self: center; max-inline-size: 92%; color: var(--ink-2); font-size: 13px; text-align: center; text-wrap: balance; }
.note-ticket { display: inline-flex; align-items: center; gap: 6px; padding: 4px 14px 4px 10px; border-radius: 999px; background: var(--accent-soft); color: var(--accent-deep); font-weight: 550; font-variant-numeric: tabular-nums; text-align: start; }
.replies { display: flex; flex-wrap: wrap; gap: 8px; padding-block-start: 10px; padding-inline-start: 36px; }
.replies:empty { display: none; }
.reply { min-block-size: 38px; padding: 4px 16px; border: 1px solid var(--accent); border-radius: 999px; background: var(--surface); color: var(--accent); font-weight: 550; }
.reply:hover { background: var(--accent-soft); }
.writing { display: flex; align-items: center; gap: 8px; padding: 10px 0 0 36px; color: var(--ink-2); font-size: 13px; }
.dots { display: inline-flex; gap: 3px; }
.dots i { inline-size: 6px; block-size: 6px; border-radius: 50%; background: currentColor; }
.jump { position: absolute; inset: auto 16px 8px auto; display: grid; place-items: center; inline-size: 38px; block-size: 38px; padding: 0; border: 1px solid var(--line); border-radius: 50%; background: var(--surface); color: var(--accent); box-shadow: var(--shadow); }
.hint { padding: 0 18px 4px; color: var(--warn); font-size: 13px; }
.hint:empty { display: none; }

.composer { position: relative; padding: 8px 10px calc(10px + env(safe-area-inset-bottom)); }
.line { display: flex; align-items: flex-end; gap: 2px; padding: 4px; border: 1px solid var(--line-strong); border-radius: 25px; background: var(--surface); }
.line:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.line textarea { flex: 1; min-inline-size: 0; block-size: 40px; max-block-size: 140px; padding: 8px 4px; border: 0; background: none; line-height: 24px; resize: none; outline: none; }
textarea::placeholder { color: var(--ink-2); opacity: 1; }
.quiet { color: var(--ink-2); }
.quiet:hover { background: var(--sunken); color: var(--ink); }
.send { background: var(--accent); color: var(--accent-ink); }
.send:hover { background: var(--accent-deep); }
.attach { position: absolute; z-index: 2; inset: auto auto calc(100% - 2px) 12px; }
.recorder { align-items: center; }
.pulse { inline-size: 10px; block-size: 10px; margin-inline: 8px; border-radius: 50%; background: var(--live); }
.length { flex: 1; font-variant-numeric: tabular-nums; }

.cover { position: absolute; z-index: 4; inset: 0; display: grid; align-items: end; background: rgb(16 21 20 / 45%); }
.card, .card-form { display: grid; gap: 14px; }
.card { padding: 22px 20px calc(20px + env(safe-area-inset-bottom)); border-radius: 20px 20px 0 0; background: var(--surface); color: var(--ink); }
.card h2 { font: 650 17px/1.4 var(--font); text-align: center; }
.card textarea { inline-size: 100%; padding: 10px 12px; border: 1px solid var(--line-strong); border-radius: 12px; background: var(--surface-2); resize: none; }
.card-row { display: flex; gap: 10px; }
.card-row .button { flex: 1; }
.button { min-block-size: 44px; padding: 4px 18px; border: 1px solid var(--line-strong); border-radius: 999px; background: var(--surface); font-weight: 550; }
.button:hover:not(:disabled) { background: var(--accent-soft); border-color: var(--accent); }
.button-main { border-color: var(--accent); background: var(--accent); color: var(--accent-ink); }
.button-main:hover:not(:disabled) { background: var(--accent-deep); }
.button-quiet { border-color: transparent; background: none; }
.stars { display: flex; justify-content: center; gap: 4px; }
.star { position: relative; display: grid; place-items: center; inline-size: 52px; block-size: 48px; border-radius: 12px; color: var(--line-strong); font-size: 24px; cursor: pointer; }
.star-input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
.star:has(:focus-visible) { outline: 2.5px solid var(--accent); outline-offset: -2px; }
.star.on { color: var(--star); }
.star.on .icon { fill: currentColor; }
.rate-word { min-block-size: 24px; margin-block: -8px; color: var(--ink-2); font-size: 14px; text-align: center; }

.whole { position: fixed; inset: 0; justify-items: center; background: var(--ground); padding-inline: env(safe-area-inset-left) env(safe-area-inset-right); }
.whole .panel { inline-size: min(100%, 760px); block-size: 100%; border-block: 0; border-radius: 0; box-shadow: none; }
.whole .head { padding-block-start: calc(14px + env(safe-area-inset-top)); }

@media (max-width: 30rem) {
  .frame:not(.whole) { inset-inline-end: 16px; inset-block-end: calc(var(--offset, 16px) + env(safe-area-inset-bottom)); }
  .frame[data-position="left"]:not(.whole) { inset-inline: 16px auto; }
  .frame[data-open]:not(.whole) { inset: 0; }
  .panel { inline-size: 100%; block-size: 100%; border: 0; border-radius: 0; }
  [data-open]:not(.whole) .panel { position: fixed; inset: 0; block-size: 100dvb; }
  [data-open]:not(.whole) .head { padding-block-start: calc(14px + env(safe-area-inset-top)); }
  .line textarea { font-size: 16px; }
}
@media (prefers-reduced-motion: no-preference) {
  .frame:not(.whole) .panel { animation: rise .2s ease-out; }
  .card { animation: rise .18s ease-out; }
  .dots i, .pulse { animation: breathe 1.2s ease-in-out infinite; }
  .dots i:nth-child(2) { animation-delay: .15s; }
  .dots i:nth-child(3) { animation-delay: .3s; }
  @keyframes rise { from { opacity: 0; transform: translateY(12px); } }
  @keyframes breathe { 50% { opacity: .3; } }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) { .bubble, .panel, .launcher, .button, .note-ticket { border: 1px solid; } }
`;

/** @param {ShadowRoot} root */
export function dress(root) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Older browsers have no constructable sheets.
    const element = document.createElement("style");
    element.textContent = css;
    root.append(element);
  }
}
