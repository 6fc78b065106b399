// What a person has typed and not saved: kept by ticket, merged with what others save meanwhile.

const drafts = new Map();

export const pick = (record, path) => path.split(".").reduce((node, key) => (node == null ? null : node[key]), record) ?? null;
export const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

export function draftOf(ticketId) {
  if (!drafts.has(ticketId)) drafts.set(ticketId, { values: {}, origins: {} });
  return drafts.get(ticketId);
}
export const forget = (ticketId) => drafts.delete(ticketId);
export const anyDraft = () => [...drafts.values()].some((draft) => Object.keys(draft.values).length > 0);

// Sets one field; a value that is what the record says anyway is no change.
export function put(draft, record, path, value, seen = pick(record, path)) {
  const values = { ...draft.values };
  const origins = { ...draft.origins };
  if (same(value, pick(record, path))) {
    delete values[path];
    delete origins[path];
  } else {
    values[path] = value;
    if (!(path in origins)) origins[path] = seen;
  }
  return { values, origins };
}

// The draft after `sent` has been saved.
export function without(draft, sent) {
  const values = { ...draft.values };
  const origins = { ...draft.origins };
  for (const [path, value] of Object.entries(sent)) {
    if (!same(values[path], value)) continue;
    delete values[path];
    delete origins[path];
  }
  return { values, origins };
}

// Fields that somebody else changed since this person began to type in them; a machine's guess is nobody's.
export const conflicts = (draft, record) =>
  Object.keys(draft.values).filter((path) => {
    const guess = record.prefill.fields[path];
    if (guess && !guess.confirmed_by) return false;
    return !same(draft.origins[path], pick(record, path)) && !same(draft.values[path], pick(record, path));
  });

// After a look at the conflicts the person's own values stand against the newest record.
export function rebase(draft, record) {
  const origins = {};
  for (const path of Object.keys(draft.values)) origins[path] = pick(record, path);
  return { values: draft.values, origins };
}

// The body of a PATCH: {"demand.type": "help"} becomes {demand: {type: "help"}}.
export function body(draft) {
  const patch = {};
  for (const [path, value] of Object.entries(draft.values)) {
    const keys = path.split(".");
    const last = keys.pop();
    let node = patch;
    for (const key of keys) node = node[key] ??= {};
    node[last] = value;
  }
  return patch;
}
