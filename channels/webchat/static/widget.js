// The one script tag of a host page: reads its data attributes, puts a <hotline-chat> at the end of the page.
// Everything else is in modules beside it, fetched once the page has settled.
(() => {
  /** @typedef {import("./element.js").HotlineChat} HotlineChat */
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement) || document.querySelector("hotline-chat")) return;
  const given = script.dataset;
  const source = new URL(script.src, location.href);
  const named = source.pathname.match(/^(.*)\/chat\/([^/]+)\/widget\.js$/);
  const prefix = named ? named[1] : source.pathname.replace(/\/static\/widget\.js$/, "");
  const base = (given.base || source.origin + prefix).replace(/\/+$/, "");
  const channel = given.channel || (named ? decodeURIComponent(named[2]) : "{{channel}}");
  const url = `${base}/chat/${encodeURIComponent(channel)}`;
  const element = /** @type {HotlineChat} */ (document.createElement("hotline-chat"));
  for (const name of ["lang", "theme", "position", "mode", "title", "open", "offset"])
    if (given[name] !== undefined) element.setAttribute(name === "title" ? "heading" : name === "lang" ? "language" : name, given[name]);
  element.setAttribute("url", url);
  const start = () => {
    document.body.append(element);
    import(`${url}/element.js`).catch(() => {
      element.remove();
      console.warn("hotline-chat: the chat at", base, "cannot be reached");
    });
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start, { once: true });
  else start();
  // For pages that want their own button: window.hotlineChat.open().
  const hotlineChat = {
    open: () => customElements.whenDefined("hotline-chat").then(() => element.show()),
    close: () => customElements.whenDefined("hotline-chat").then(() => element.hide()),
    element,
  };
  Object.assign(window, { hotlineChat });
})();
