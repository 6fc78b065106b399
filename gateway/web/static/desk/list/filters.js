// By what the list is narrowed: a search, what is chosen most, and the rest behind one button.
/** @import { Session } from "../shared/openapi.d.ts" */
/** @import { Filter } from "./live.js" */
import { channels } from "../channels/state.js";
import { word } from "../shared/format.js";
import { html, useEffect } from "../shared/html.js";
import { useDesk } from "../shared/state.js";
import { Icon } from "../shared/ui.js";
import { loadTables, tables } from "../ticket/catalogue.js";
import { FURTHER } from "./live.js";

const ALWAYS = ["platform", "open311"]; // what other systems hand in needs no channel of its own
const LEVELS = 2; // of categories; what lies deeper is found with what is above it

/** A value, what it is called, and in which language when that is not the page's. @typedef {[string, string, string?]} Option */

/**
 * Only what can be found is offered: statuses that a ticket can come to, channels that are configured.
 * @param {{ filter: Filter, setFilter: (filter: Filter) => void, statuses: Session["statuses"] }} props
 */
export function Filters({ filter, setFilter, statuses }) {
  const { t } = useDesk();
  const kinds = [...new Set([...(channels.value.items || []).map((one) => one.kind), ...ALWAYS])];
  /** @param {keyof Filter} key */
  const set = (key) => (/** @type {{ target: HTMLInputElement }} */ { target }) =>
    setFilter({ ...filter, [key]: target.type === "checkbox" ? target.checked : target.value });
  /** @param {keyof Filter} key @param {string} label @param {Option[]} options */
  const choice = (key, label, options) => html`<label><span class="visually-hidden">${label}</span>
    <select value=${filter[key]} onChange=${set(key)}>
      <option value="">${label}: ${t.all}</option>
      ${options.map(([value, told, lang]) => html`<option key=${value} value=${value} lang=${lang}>${told}</option>`)}
    </select>
  </label>`;
  return html`<form role="search" class="filters" onSubmit=${(event) => event.preventDefault()}>
    <div class="search">
      <${Icon} name="search" />
      <input type="search" aria-label=${t.searchLabel} placeholder=${t.search} value=${filter.text} onInput=${set("text")}
        maxlength="200" autocomplete="off" spellcheck="false" enterkeyhint="search" />
    </div>
    <div class="selects">
      ${choice("line", t.fields.line, Object.entries(t.words.line))}
      ${choice("status", t.fields.status, statuses.map((key) => [key, word(t.words.status, key, t)]))}
      ${choice("channel", t.fields.channel, kinds.map((key) => [key, word(t.channels, key, t)]))}
    </div>
    <${Further} filter=${filter} set=${set} choice=${choice} />
    <label class="check"><input type="checkbox" checked=${filter.empty} onChange=${set("empty")} /><span>${t.showEmpty}</span></label>
  </form>`;
}

/**
 * @param {{
 *   filter: Filter,
 *   set: (key: keyof Filter) => (event: { target: HTMLInputElement }) => void,
 *   choice: (key: keyof Filter, label: string, options: Option[]) => unknown,
 * }} props
 */
function Further({ filter, set, choice }) {
  const { t, language } = useDesk();
  useEffect(loadTables, []);
  const { units, taxonomy, divisions } = tables.value;
  const chosen = FURTHER.filter((key) => filter[key]).length;
  const districts = divisions.items.filter((one) => one.level === "district");
  // A name that exists in Chinese alone is marked as such, so that a screen reader speaks it right on an English page.
  /** @param {string} code @param {string[]} chinese @param {string[]} [english] @returns {Option} */
  const named = (code, chinese, english = []) =>
    language === "en" && english.length ? [code, english.join(" › ")] : [code, chinese.join(" › "), language === "en" ? "zh-CN" : undefined];
  const places = districts.flatMap((district) => [
    named(district.code, [district.name]),
    ...divisions.items
      .filter((one) => one.level === "street" && one.parent === district.code)
      .map((one) => named(one.code, [district.name, one.name])),
  ]);
  return html`<details class="further" open=${chosen > 0}>
    <summary>${t.further}${chosen > 0 && html`<span class="count">${chosen}</span>`}</summary>
    <div class="further-fields">
      ${choice("unit", t.byUnit, units.items.map((one) => named(one.code, [one.name], one.name_en ? [one.name_en] : [])))}
      ${choice("category", t.byCategory, taxonomy.items
        .filter((one) => one.names.length <= LEVELS)
        .map((one) => named(one.code, one.names, one.names_en)))}
      ${choice("division", t.byDivision, places)}
      ${choice("due", t.replyDue, [["over", t.replyOver], ["day", t.replySoon]])}
      <label class="field"><span>${t.fromDay}</span><input type="date" value=${filter.from} max=${filter.to} onChange=${set("from")} /></label>
      <label class="field"><span>${t.toDay}</span><input type="date" value=${filter.to} min=${filter.from} onChange=${set("to")} /></label>
    </div>
    <label class="field"><span>${t.wholeName}</span>
      <input type="text" value=${filter.name} onChange=${set("name")} maxlength="200" autocomplete="off" spellcheck="false" /></label>
  </details>`;
}
