// What pages read: one copy for each verb and its arguments, asked again on a beat and when the node says that
// something changed.
import { changes_address } from "./api.js";
import { Entry } from "./entry.js";
import { useEffect, useState } from "./html.js";
import { call, session } from "./session.js";
import { Store } from "./store.js";

const hushed_ms = 200;
const again_ms = 3_000;
const most_entries = 60;

const entries = new Map();

function entry_of(verb, args) {
  const key = `${verb} ${JSON.stringify(args ?? {})}`;
  if (!entries.has(key)) {
    // What nobody shows any more is forgotten, the oldest first.
    for (const [old, entry] of entries) {
      if (entries.size < most_entries) break;
      if (entry.unused) entries.delete(old);
    }
    entries.set(
      key,
      new Entry(
        verb,
        () => call(verb, args),
        () => session.value !== null,
      ),
    );
  }
  return entries.get(key);
}

const nobody = { data: undefined, error: null, at: 0, refresh: () => {} };

/**
 * What `verb` answers: {data, error, at, refresh}. `every` is the beat in milliseconds, `on` the changes that make it
 * stale; a null verb reads nothing.
 */
export function useRead(verb, args, { every = 0, on = [] } = {}) {
  const entry = verb ? entry_of(verb, args) : null;
  const [, set] = useState(null);
  useEffect(() => entry?.watch(set, every, on), [entry, every]);
  return entry ? { ...entry.state, refresh: () => entry.refresh() } : nobody;
}

/** Asks again for everything that is shown and named so. */
export const refresh = (...names) =>
  Promise.all([...entries.values()].filter(({ verb }) => names.includes(verb)).map((entry) => entry.refresh()));

/** Forgets all that was read; for the next person. */
export function forget() {
  entries.clear();
}

// The stream of changes -----------------------------------------------------------------------------------------------

/** "live", "lost" or "off". */
export const line = new Store("off");
const listeners = new Map();
const kinds = ["log", "setting", "alarm", "status"];
let source = null;
let retry = 0;
const stale = new Set();
let hush = 0;

function tell(kind, text) {
  stale.add(kind);
  if (hush === 0) {
    hush = setTimeout(() => {
      hush = 0;
      for (const entry of entries.values()) {
        if ([...stale].some((one) => entry.wants(one))) entry.refresh();
      }
      stale.clear();
    }, hushed_ms);
  }
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return;
  }
  if (kind === "status") entry_of("status", {}).fill(data);
  for (const listener of listeners.get(kind) ?? []) listener(data);
}

function connect() {
  source = new EventSource(changes_address);
  source.onopen = () => {
    line.value = "live";
  };
  source.onerror = () => {
    line.value = "lost";
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    retry = setTimeout(connect, again_ms);
  };
  for (const kind of kinds) source.addEventListener(kind, (event) => tell(kind, event.data));
}

function disconnect() {
  clearTimeout(retry);
  source?.close();
  source = null;
  line.value = "off";
}

session.watch((who) => {
  disconnect();
  forget();
  if (who) connect();
});

// A browser has six connections to a node at most: tabs that nobody looks at keep none.
document.addEventListener("visibilitychange", () => {
  disconnect();
  if (!document.hidden && session.value) connect();
});

/** Calls `handler` with the data of each change of this kind until the function returned is called. */
export function listen(kind, handler) {
  if (!listeners.has(kind)) listeners.set(kind, new Set());
  listeners.get(kind).add(handler);
  return () => listeners.get(kind).delete(handler);
}
