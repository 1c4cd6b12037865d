// What one verb answers, for all who show it: asked when somebody begins to watch, on a beat, and when it may have
// changed.
const slow_ms = 30_000;

export class Entry {
  state = { data: undefined, error: null, at: 0 };
  #ask;
  #goes_on;
  #watchers = new Set();
  #beats = [];
  #timer = 0;
  #asking = null;
  #once_more = null;

  /** `ask` asks the node; the beat ends when `goes_on` says no. */
  constructor(verb, ask, goes_on) {
    this.verb = verb;
    this.#ask = ask;
    this.#goes_on = goes_on;
  }

  watch(watcher, every_ms, on) {
    const mine = { watcher, every_ms, on };
    this.#watchers.add(mine);
    this.#beats.push(every_ms);
    if (Date.now() - this.state.at > 500) this.#read();
    else this.#arm();
    return () => {
      this.#watchers.delete(mine);
      this.#beats.splice(this.#beats.indexOf(every_ms), 1);
      this.#arm();
    };
  }

  get unused() {
    return this.#watchers.size === 0;
  }

  wants(event) {
    return [...this.#watchers].some(({ on }) => on.includes(event));
  }

  /**
   * Asks the node for what is true from now on. The answer to a question under way may be older than what made the
   * caller ask, so that one is followed by another.
   */
  refresh() {
    if (this.#asking === null) return this.#read();
    this.#once_more ??= this.#asking.then(() => {
      this.#once_more = null;
      return this.#read();
    });
    return this.#once_more;
  }

  /** What the node sent by itself. */
  fill(data) {
    this.#show({ data, error: null, at: Date.now() });
    this.#arm();
  }

  /** One question at a time. */
  #read() {
    this.#asking ??= this.#answer().finally(() => {
      this.#asking = null;
      this.#arm();
    });
    return this.#asking;
  }

  async #answer() {
    try {
      this.#show({ data: await this.#ask(), error: null, at: Date.now() });
    } catch (error) {
      this.#show({ ...this.state, error, at: Date.now() });
    }
  }

  #show(state) {
    this.state = state;
    for (const { watcher } of [...this.#watchers]) watcher(state);
  }

  #arm() {
    clearTimeout(this.#timer);
    const beats = this.#beats.filter((beat) => beat > 0);
    if (beats.length === 0 || !this.#goes_on()) return;
    const pause = document.hidden ? slow_ms : Math.min(...beats);
    this.#timer = setTimeout(() => this.#read(), pause);
  }
}
