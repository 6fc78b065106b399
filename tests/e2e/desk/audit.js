// What a checker of WCAG 2.2 AA would look at, for what is on the page now. The body of a function.
const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden";
const problems = [];
const say = (what, e) => problems.push(`${what}: ${e.outerHTML.slice(0, 140)}`);
const name = (e) => {
  const by = e.getAttribute("aria-labelledby");
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent || "").join(" ").trim();
  const label = e.getAttribute("aria-label");
  if (label) return label.trim();
  if (e.labels && e.labels.length) return [...e.labels].map((l) => l.textContent).join(" ").trim();
  return (e.textContent || e.getAttribute("title") || "").trim();
};
for (const e of document.querySelectorAll("button,a[href],input,select,textarea,summary"))
  if (shown(e) && !name(e)) say("no name", e);
for (const e of document.querySelectorAll("[aria-describedby],[aria-labelledby]"))
  for (const id of ((e.getAttribute("aria-describedby") || "") + " " + (e.getAttribute("aria-labelledby") || "")).split(/\s+/))
    if (id && !document.getElementById(id)) say(`points at nothing (${id})`, e);
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) problems.push(`id twice: ${id}`);
if (document.querySelectorAll("main").length !== 1) problems.push("not exactly one main");
if (document.querySelectorAll("h1").length < 1) problems.push("no h1");
if (!document.documentElement.lang) problems.push("no lang");
for (const e of document.querySelectorAll("img,svg"))
  if (e.tagName === "svg" ? e.getAttribute("aria-hidden") !== "true" : !e.hasAttribute("alt")) say("picture without words", e);
for (const e of document.querySelectorAll("button,a[href],select,input:not([type=checkbox])")) {
  const box = e.getBoundingClientRect();
  const inline = getComputedStyle(e).display === "inline" || e.classList.contains("linklike") || e.classList.contains("skip");
  if (shown(e) && !inline && (box.height < 24 || box.width < 24)) say(`target ${Math.round(box.width)}x${Math.round(box.height)}`, e);
}
const parse = (text) => {
  const found = text.match(/[\d.]+/g).map(Number);
  return text.startsWith("color(") ? [...found.slice(0, 3).map((c) => c * 255), found[3] ?? 1] : [...found.slice(0, 3), found[3] ?? 1];
};
const light = ([r, g, b]) => {
  const part = (c) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const ground = (e) => {
  for (let node = e; node; node = node.parentElement) {
    const colour = parse(getComputedStyle(node).backgroundColor);
    if (colour[3] > 0.99) return colour;
  }
  return [255, 255, 255, 1];
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !shown(e) || e.closest(".visually-hidden,.breathing,:disabled,noscript,option")) continue;
  const style = getComputedStyle(e);
  const [a, b] = [light(parse(style.color)), light(ground(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, e);
}
const { scrollWidth, clientWidth } = document.documentElement; // a telephone widens its innerWidth to what sticks out
if (scrollWidth > clientWidth) problems.push(`scrolls sideways: ${scrollWidth} > ${clientWidth}`);
return [...new Set(problems)];
