// Words of the page of callbacks.
export const zh = {};
export const en = {};
