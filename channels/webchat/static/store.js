// What stays in this browser: the token, what is not sent yet, and the pictures and sounds that were sent (IndexedDB).
// Where a browser keeps nothing (private windows), everything works until the page is closed.
/** @import { Kept } from "./frames.d.ts" */
/** `read`: up to which seq. @typedef {{ token?: string | null, read?: number, queue?: Record<string, Kept> }} Remembered */

const MOST_BLOBS = 60;

/** @returns {Promise<IDBDatabase | null>} */
function database() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("hotline-chat", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("kept", { keyPath: ["url", "id"] });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

export class Store {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
    this.key = `hotline-chat ${url}`;
    /** @type {Remembered} */
    this.memory = {};
    this.db = database();
  }

  /** @returns {Remembered} what the browser keeps; throws where it keeps nothing */
  whole() {
    return JSON.parse(localStorage.getItem(this.key) ?? "{}") ?? {};
  }

  /**
   * @template {keyof Remembered} K
   * @param {K} name
   * @returns {Remembered[K]}
   */
  read(name) {
    try {
      return this.whole()[name] ?? this.memory[name];
    } catch {
      return this.memory[name];
    }
  }

  /**
   * @template {keyof Remembered} K
   * @param {K} name
   * @param {Remembered[K]} value
   */
  write(name, value) {
    this.memory[name] = value;
    try {
      localStorage.setItem(this.key, JSON.stringify({ ...this.whole(), [name]: value }));
    } catch {
      // Kept in memory only.
    }
  }

  /**
   * What a request came to; undefined where nothing is kept.
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(kept: IDBObjectStore) => IDBRequest<T>} act
   * @returns {Promise<T | undefined>}
   */
  async run(mode, act) {
    const db = await this.db;
    if (!db) return undefined;
    return new Promise((resolve) => {
      try {
        const transaction = db.transaction("kept", mode);
        const request = act(transaction.objectStore("kept"));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onerror = transaction.onabort = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }

  /**
   * What was written here, oldest first. Words are kept at once (a page may be closed in the next moment), pictures and
   * sounds as soon as the database can.
   * @returns {Promise<Kept[]>}
   */
  async all() {
    const range = IDBKeyRange.bound([this.url, ""], [this.url, "\uffff"]);
    const found = (await this.run("readonly", (kept) => kept.getAll(range))) || [];
    return found.concat(Object.values(this.read("queue") || {})).sort((a, b) => a.at - b.at);
  }

  /** @param {Kept} entry */
  async put(entry) {
    const { id, frame, blob, state, at, code } = entry;
    if (blob) await this.run("readwrite", (kept) => kept.put({ url: this.url, id, frame, blob, state, at, code }));
    else this.write("queue", { ...this.read("queue"), [id]: { id, frame, state, at, code } });
  }

  /** @param {string} id */
  async drop(id) {
    const { [id]: found, ...rest } = this.read("queue") || {};
    if (found) this.write("queue", rest);
    else await this.run("readwrite", (kept) => kept.delete([this.url, id]));
  }

  // Sent words come back from the server; of what was sent only the newest pictures and sounds are kept.
  async tidy() {
    const sent = (await this.all()).filter((entry) => entry.state === "sent");
    for (const entry of sent.slice(0, -MOST_BLOBS)) await this.drop(entry.id);
  }

  async forget() {
    for (const entry of await this.all()) await this.drop(entry.id);
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept.
    }
    this.memory = {};
  }
}
