// Elements without a framework: h("p", {class: "x", onclick: f}, "text", child).

/** What is missing is left out. @typedef {Node | string | null | undefined | false | (Node | string)[]} Child */
/** Listeners begin with "on"; true is an attribute without a value, false and null none. @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => unknown)>} Attributes */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

/** @param {Element} element @param {Attributes} attributes */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

const PATHS = {
  wave: "M3.5 12h3.5l1.9-5.25 3 10.5 2.6-7.5 1.5 2.25h4.5",
  chat: "M4 5.5h16v10.5H10l-4.5 4V16H4z",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9.5l6 6 6-6",
  send: "M4.5 12 20 5l-5 15-3.5-6.2z M11.5 13.8 20 5",
  plus: "M12 5v14M5 12h14",
  image: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5L20 17M15.5 9.5h.01",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  pin: "M12 21s6.5-6 6.5-11a6.5 6.5 0 1 0-13 0c0 5 6.5 11 6.5 11zM12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  mic: "M12 3.5a2.75 2.75 0 0 0-2.75 2.75v5.5a2.75 2.75 0 1 0 5.5 0v-5.5A2.75 2.75 0 0 0 12 3.5zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  menu: "M12 5.5h.01M12 12h.01M12 18.5h.01",
  check: "M5 12.5 10 17 19 7.5",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 2",
  alert: "M12 4 3 19.5h18zM12 10v4M12 16.8h.01",
  play: "M8 5.5v13l10.5-6.5z",
  star: "M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  end: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  trash: "M5 7h14M9.5 7V4.5h5V7M7 7l1 13h8l1-13",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export function icon(name) {
  const NS = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(NS, "svg");
  const path = document.createElementNS(NS, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" }))
    svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
