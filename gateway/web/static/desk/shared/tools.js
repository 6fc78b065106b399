// Language and appearance, on every page.
import { html } from "./html.js";
import { language, nextTheme, theme, useDesk } from "./state.js";
import { Icon } from "./ui.js";

const ICONS = { auto: "half", light: "sun", dark: "moon" };

export function Tools() {
  const { t } = useDesk();
  const other = language.value === "en" ? "zh" : "en";
  const look = t[`theme_${theme.value}`];
  return html`<div class="tools">
    <button type="button" class="quiet" lang=${other === "zh" ? "zh-CN" : "en"} aria-label=${t.languageLabel}
      onClick=${() => (language.value = other)}>${t.language}</button>
    <button type="button" class="quiet square" aria-label=${look} title=${look} onClick=${nextTheme}><${Icon} name=${ICONS[theme.value]} /></button>
  </div>`;
}
