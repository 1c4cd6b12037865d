// The parts that every page is made of: headings, panels, states, facts, buttons, notices.
import { AsSaid, Told } from "./as_said.js";
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "./html.js";
import { t } from "./i18n.js";
import { Icon } from "./icons.js";
import { useForbidden } from "./session.js";
import { Store, useStore } from "./store.js";
import { visible } from "./visible.js";
import { step_name, word_of } from "./words.js";

/** The page's heading: focused when the page is shown, so that readers hear where they are. */
export function Page({ title, lead, actions, children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${visible(title)} – Sallyport`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return html`
    <div class="page-head">
      <div><h1 tabindex="-1" ref=${heading}>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </div>
    ${children}
  `;
}

export function Panel({ title, note, actions, children, flush, class: more = "" }) {
  const id = useId();
  return html`
    <section class=${`panel ${flush ? "flush" : ""} ${more}`} aria-labelledby=${title ? id : undefined}>
      ${title && html`
        <header>
          <h2 id=${id}>${title}</h2>
          ${note && html`<p class="note">${note}</p>`}
          ${actions && html`<div class="actions">${actions}</div>`}
        </header>
      `}
      ${children}
    </section>
  `;
}

const tones = {
  good: [
    "open",
    "in force",
    "good",
    "bound",
    "active",
    "running",
    "up",
    "online",
    "ready",
    "live",
    "pass",
    "connected",
    "resumed",
    "synced",
  ],
  warn: [
    "pending",
    "warning",
    "backoff",
    "waiting",
    "connecting",
    "opening",
    "held",
    "warn",
    "note",
    "resuming",
    "retry",
    "lost",
  ],
  bad: ["failed", "error", "bad", "down", "closed", "critical", "refused", "dead", "blocked"],
};

export const tone_of = (state) => {
  const text = String(state ?? "").toLowerCase();
  return Object.keys(tones).find((tone) => tones[tone].includes(text)) ?? "calm";
};

/** A state in words with a mark whose shape differs too: colour alone says nothing. */
export const State = ({ tone, children }) => html`
  <span class=${`state ${tone ?? tone_of(children)}`}>
    ${typeof children === "string" ? word_of("state", children) : children}
  </span>
`;

export const Tag = ({ children, tone = "" }) => html`<span class=${`tag ${tone}`}>${children}</span>`;

/** Names, addresses, ciphers: what one copies. */
export const Mono = ({ children, title }) => html`<span class="mono" title=${title}>${children}</span>`;

/** A cipher suite, which may break after each underscore. */
export const Cipher = ({ name }) => html`
  <${Mono}>
    ${String(name ?? "–")
      .split("_")
      .map((part, at) => html`${at > 0 && html`_<wbr />`}${part}`)}
  <//>
`;

/** `rows`: [name, value, whole]; what is `whole` has a line of its own, such as a fingerprint. */
export function Facts({ rows }) {
  const shown = rows.filter((row) => row && row[1] !== null && row[1] !== undefined && row[1] !== "");
  return html`
    <dl class="facts">
      ${shown.map(([name, value, whole]) => html`
        <div key=${name} class=${whole ? "whole" : undefined}><dt>${name}</dt><dd>${value}</dd></div>
      `)}
    </dl>
  `;
}

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

/** What stands in a place until it is read, and why it could not be. */
export function Wait({ of, children }) {
  if (of.data !== undefined) {
    return html`
      ${of.error && html`<${Notice} tone="warn">${t("Not up to date: {message}.", { message: of.error.message })}<//>`}
      ${children(of.data)}
    `;
  }
  if (of.error) return html`<${Notice} tone="bad">${of.error.message}<//>`;
  return html`<div class="wait" role="status"><span class="visually-hidden">${t("Loading")}</span></div>`;
}

export const Notice = ({ tone = "calm", title, children, actions }) => html`
  <div class=${`notice ${tone}`} role=${tone === "bad" ? "alert" : undefined}>
    <div>${title && html`<strong>${title}</strong>`}<div>${children}</div></div>
    ${actions && html`<div class="actions">${actions}</div>`}
  </div>
`;

/**
 * `verb` is what the button does; whose role may not do it is told why it does nothing. A busy button does nothing
 * either, but keeps the focus: a disabled one would lose it, and who works with the keyboard would begin again at the
 * top.
 */
export function Button({ verb, kind = "", busy, children, onClick, type = "button", disabled, ...more }) {
  const forbidden = useForbidden(verb);
  const why = verb === undefined ? "" : forbidden;
  const press = (event) => (busy ? event.preventDefault() : onClick?.(event));
  return html`
    <button
      type=${type}
      class=${`button ${kind}`}
      disabled=${disabled || why !== ""}
      aria-disabled=${busy ? "true" : undefined}
      aria-busy=${busy ? "true" : undefined}
      ...${more}
      title=${why || more.title}
      onClick=${press}
    >
      ${children}
    </button>
  `;
}

/** Calls an async function once at a time: [busy, run]. A refusal is said; `run` answers whether it went well. */
export function useAction() {
  const [busy, set] = useState(false);
  const working = useRef(false);
  const run = async (work) => {
    if (working.current) return false;
    working.current = true;
    set(true);
    try {
      await work();
      return true;
    } catch (problem) {
      say(problem.message, "bad");
      return false;
    } finally {
      working.current = false;
      set(false);
    }
  };
  return [busy, run];
}

export function Copy({ text, label = t("Copy") }) {
  const [done, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`
    <button
      type="button"
      class="button quiet icon-only"
      onClick=${copy}
      aria-label=${done ? t("Copied") : label}
      title=${done ? t("Copied") : label}
    >
      <${Icon} name="copy" />
    </button>
  `;
}

/** Several views of one page; arrow keys go from one to the next. */
export function Tabs({ tabs, at, onChange, label }) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const place = tabs.findIndex(([key]) => key === at);
    const next = tabs[(place + step + tabs.length) % tabs.length][0];
    event.currentTarget.querySelector(`[data-tab="${next}"]`)?.focus();
    onChange(next);
  };
  return html`
    <div class="tabs" role="tablist" aria-label=${label} onKeyDown=${move}>
      ${tabs.map(([key, text]) => html`
        <button
          key=${key}
          type="button"
          role="tab"
          data-tab=${key}
          aria-selected=${key === at ? "true" : "false"}
          tabindex=${key === at ? 0 : -1}
          onClick=${() => onChange(key)}
        >
          ${text}
        </button>
      `)}
    </div>
  `;
}

// What was done, and questions before it ------------------------------------------------------------------------------

const said = new Store([]);
let number = 0;

/** A sentence at the foot of the page, read out too. */
export function say(text, tone = "good") {
  const one = { id: ++number, text, tone };
  said.value = [...said.value, one].slice(-3);
  setTimeout(
    () => {
      said.value = said.value.filter(({ id }) => id !== one.id);
    },
    tone === "bad" ? 12_000 : 5_000,
  );
}

export function Said() {
  const all = useStore(said);
  const close = (id) => () => {
    said.value = said.value.filter((one) => one.id !== id);
  };
  return html`
    <div class="said" role="status" aria-live="polite">
      ${all.map((one) => html`
        <p key=${one.id} class=${one.tone}>
          ${one.text}
          <button type="button" class="button quiet" onClick=${close(one.id)} aria-label=${t("Dismiss")}>×</button>
        </p>
      `)}
    </div>
  `;
}

/**
 * Opens the dialog as long as it is drawn, and gives the focus back to where it was; to the page's heading when that is
 * gone.
 */
function useModal(shown) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    if (!shown) return undefined;
    const before = document.activeElement;
    dialog.current.showModal();
    return () =>
      queueMicrotask(() => {
        const place = before?.isConnected && before !== document.body ? before : document.querySelector("main h1");
        if (document.querySelector("dialog[open]") === null) place?.focus({ preventScroll: place.tagName === "H1" });
      });
  }, [shown]);
  return dialog;
}

const asked = new Store(null);

/** Asks before something that cannot be taken back: true when the answer is yes. */
export const confirm = (question) =>
  new Promise((answer) => {
    asked.value = { ...question, answer };
  });

export function Asked() {
  const question = useStore(asked);
  const dialog = useModal(question);
  if (!question) return null;
  const end = (yes) => () => {
    asked.value = null;
    question.answer(yes);
  };
  return html`
    <dialog ref=${dialog} class="dialog" aria-labelledby="asked-title" onClose=${end(false)}>
      <h2 id="asked-title">${question.title}</h2>
      <p>${question.text}</p>
      <div class="actions">
        <button type="button" class="button" autofocus onClick=${end(false)}>${t("Cancel")}</button>
        <button type="button" class=${`button ${question.kind ?? "danger"}`} onClick=${end(true)}>
          ${question.yes}
        </button>
      </div>
    </dialog>
  `;
}

/** A form in a dialog; Escape, the cross and the Cancel of its `SheetFoot` close it. */
export function Sheet({ title, onClose, children }) {
  const dialog = useModal(true);
  const id = useId();
  return html`
    <dialog ref=${dialog} class="dialog sheet" aria-labelledby=${id} onClose=${onClose}>
      <header>
        <h2 id=${id}>${title}</h2>
        <button type="button" class="button quiet" aria-label=${t("Close")} onClick=${() => dialog.current.close()}>
          ×
        </button>
      </header>
      ${children}
    </dialog>
  `;
}

/** What ends a form in a sheet: what it does, and Cancel. */
export const SheetFoot = ({ onClose, children }) => html`
  <div class="form-foot">
    ${children}
    <button type="button" class="button" onClick=${onClose}>${t("Cancel")}</button>
  </div>
`;

/** The remedy of a problem or an alarm; `said` as the node put it. */
export const Cure = ({ said: own, children }) => html`
  <p class="cure">
    <span>${t("Remedy")}</span>
    ${" "}
    ${typeof children === "string" ? html`<${Told} text=${children} said=${own ?? children} />` : children}
  </p>
`;

/** The chain of provisioning as steps: how far settings have come on their way. */
export const chain_steps = ({ chain }) =>
  chain.map((one) => ({
    key: one.step,
    name: step_name(one),
    state: one.state,
    text: one.reason && html`<${AsSaid} text=${one.reason} />`,
  }));

/** Steps one after another, each with a state: a chain, a verdict's walk, a handshake. */
export const Steps = ({ steps }) => html`
  <ol class="steps">
    ${steps.map((step, at) => html`
      <li key=${step.key ?? at} class=${step.tone ?? tone_of(step.state)}>
        <div class="step-name">
          ${step.name}
          ${step.state && html` <${State} tone=${step.tone}>${step.state}<//>`}
          ${step.aside && html`<span class="aside">${step.aside}</span>`}
        </div>
        ${step.text && html`<div class="step-text">${step.text}</div>`}
        ${step.cure && html`<${Cure}>${step.cure}<//>`}
      </li>
    `)}
  </ol>
`;
