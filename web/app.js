// The frame around every page: who is signed in, the menu, what is at the top, which page is shown.
import { Others } from "./lib/desk.js";
import { number } from "./lib/format.js";
import { html, render, useEffect, useErrorBoundary, useRef, useState } from "./lib/html.js";
import { t, tn } from "./lib/i18n.js";
import { Icon, Mark } from "./lib/icons.js";
import { language } from "./lib/language.js";
import { line, useRead } from "./lib/live.js";
import { Asked, Notice, Said, State, say } from "./lib/parts.js";
import { take_sample } from "./lib/samples.js";
import { leave, resume, session, verbs } from "./lib/session.js";
import { useStore } from "./lib/store.js";
import { switch_theme, theme } from "./lib/theme.js";
import { word_of } from "./lib/words.js";
import { find_page, pages_of } from "./pages.js";

const status_beat_ms = 4_000; // the stream of changes brings it more often

/** "#/peer/capulet.lab?tab=log" as {path, rest, query}. */
function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [first = "", ...rest] = path.split("/");
  let names = [];
  try {
    names = rest.map(decodeURIComponent);
  } catch {
    names = []; // an address that nobody of ours made
  }
  return { path: first || "overview", rest: names, query: Object.fromEntries(new URLSearchParams(query)) };
}

function usePlace() {
  const [at, set] = useState(place);
  useEffect(() => {
    const move = () => set(place());
    addEventListener("hashchange", move);
    return () => removeEventListener("hashchange", move);
  }, []);
  return at;
}

function Body({ at, status }) {
  const [page, set] = useState(null);
  const [problem, forgive] = useErrorBoundary();
  const known = find_page(at.path);
  useEffect(() => {
    let wanted = true;
    forgive();
    known?.load().then(
      (module) => wanted && set({ path: at.path, Show: module.default }),
      (error) => wanted && set({ path: at.path, error }),
    );
    return () => {
      wanted = false;
    };
  }, [at.path]);
  if (!known) {
    return html`
      <${Notice} tone="warn" title=${t("Page not found.")}>
        ${t("It may belong to another node: each node shows only what it can do.")}
      <//>
    `;
  }
  if (problem || page?.error) {
    return html`
      <${Notice} tone="bad" title=${t("This page failed.")}>
        ${t("{problem}. Reload it; if it fails again, report it with this text.", {
          problem: String((problem ?? page.error).message),
        })}
      <//>
    `;
  }
  if (page === null || page.path !== at.path) return html`<div class="wait"></div>`;
  return html`
    <${page.Show}
      key=${`${at.path}/${at.rest.join("/")}?${JSON.stringify(at.query)}`}
      rest=${at.rest}
      query=${at.query}
      status=${status}
    />
  `;
}

const lines = () => ({ live: ["good", t("Live")], lost: ["warn", t("Reconnecting")], off: ["calm", t("Not live")] });

const title_of = (who) =>
  who.by ? t("Signed in as {user}, brought by {node}", { user: who.user, node: who.by }) : t("Your account");

function Top({ status, error, menu, toggle }) {
  const who = useStore(session);
  const dark = useStore(theme) === "dark";
  const live = useStore(line);
  const [tone, text] = error ? ["bad", t("Node does not respond")] : lines()[live];
  const alarms = status?.alarms.length ?? 0;
  const out = () => leave().catch((problem) => say(problem.message, "bad"));
  return html`
    <header class="top">
      <button
        type="button"
        class="button quiet icon-only menu-button"
        aria-expanded=${menu ? "true" : "false"}
        aria-controls="menu"
        aria-label=${t("Menu")}
        onClick=${toggle}
      >
        <${Icon} name="menu" />
      </button>
      <a class="brand" href="#/overview" aria-label=${t("Sallyport, overview")}><${Mark} /><span>Sallyport</span></a>
      ${status && html`
        <div class="node"><strong>${status.name}</strong><span class="role">${word_of("role", status.role)}</span></div>
      `}
      <${Others} />
      <div class="top-right">
        <span role="status"><${State} tone=${tone}>${text}<//></span>
        <a class=${`alarm-count ${alarms > 0 ? "bad" : ""}`} href="#/alarms">
          <${Icon} name="alarms" />
          <span aria-hidden="true">${number(alarms)}</span>
          <span class="visually-hidden">${tn(alarms, "{n} active alarm", "{n} active alarms")}</span>
        </a>
        <button
          type="button"
          class="button quiet icon-only"
          onClick=${switch_theme}
          aria-label=${dark ? t("Light theme") : t("Dark theme")}
          title=${dark ? t("Light theme") : t("Dark theme")}
        >
          <${Icon} name=${dark ? "sun" : "moon"} />
        </button>
        <a class="who" href="#/account" title=${title_of(who)}>
          <${Icon} name="users" />
          <span>${who.user}<small>${word_of("access", who.role)}</small></span>
        </a>
        <button
          type="button"
          class="button quiet icon-only"
          onClick=${out}
          aria-label=${t("Sign out")}
          title=${t("Sign out")}
        >
          <${Icon} name="leave" />
        </button>
      </div>
    </header>
  `;
}

function Menu({ at, role, open, close }) {
  const known = useStore(verbs);
  const pages = pages_of(role, known).filter((page) => page.group);
  const groups = [...new Set(pages.map((page) => page.group))];
  const current = at.path === "peer" ? "peers" : at.path;
  return html`
    <nav id="menu" class=${`menu ${open ? "open" : ""}`} aria-label=${t("Pages")}>
      ${groups.map((group) => html`
        <div key=${group}>
          <h2>${t(group)}</h2>
          <ul>
            ${pages
              .filter((page) => page.group === group)
              .map((page) => html`
                <li key=${page.path}>
                  <a
                    href=${`#/${page.path}`}
                    onClick=${close}
                    aria-current=${page.path === current ? "page" : undefined}
                  >
                    <${Icon} name=${page.icon} />
                    ${t(page.title)}
                  </a>
                </li>
              `)}
          </ul>
        </div>
      `)}
    </nav>
  `;
}

/** `/` goes to the page's filter, Escape out of it and out of the menu of a phone. */
function useKeys(close_menu) {
  useEffect(() => {
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = event.target.matches?.("input, select, textarea");
      if (event.key === "/" && !typing) {
        const filter = document.querySelector("main input[type=search]");
        if (filter) {
          filter.focus();
          event.preventDefault();
        }
      } else if (event.key === "Escape" && event.target.matches?.("input[type=search]")) {
        event.target.blur();
      } else if (event.key === "Escape" && event.target.closest?.("#menu.open, .menu-button")) {
        close_menu();
        document.querySelector(".menu-button").focus();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

function Frame() {
  const at = usePlace();
  const [menu, set_menu] = useState(false);
  const main = useRef(null);
  const { data: status, error } = useRead("status", {}, { every: status_beat_ms });
  useKeys(() => set_menu(false));
  useEffect(() => {
    if (status) take_sample(status);
  }, [status]);
  useEffect(() => main.current?.scrollTo(0, 0), [at.path]);
  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`
    <div class="frame">
      <a class="skip" href="#main" onClick=${skip}>${t("Skip to content")}</a>
      <${Top} status=${status} error=${error} menu=${menu} toggle=${() => set_menu(!menu)} />
      ${status && html`<${Menu} at=${at} role=${status.role} open=${menu} close=${() => set_menu(false)} />`}
      <main id="main" ref=${main} tabindex="-1">
        ${status
          ? html`<${Body} at=${at} status=${status} />`
          : error
            ? html`<${Notice} tone="bad" title=${t("The node does not respond.")}>${error.message}<//>`
            : html`<div class="wait"></div>`}
      </main>
    </div>
  `;
}

function App() {
  const who = useStore(session);
  const tag = useStore(language);
  const [Login, set_login] = useState(null);
  const [problem, set_problem] = useState(null);
  useEffect(() => {
    resume().catch(set_problem);
  }, []);
  useEffect(() => {
    if (who === null) import("./pages/login.js").then((module) => set_login(() => module.default));
  }, [who]);
  const shown = who
    ? html`<${Frame} key=${`${who.user} ${tag}`} />`
    : who === null && Login
      ? html`<${Login} key=${tag} />`
      : problem
        ? html`
            <main class="alone">
              <${Notice} tone="bad" title=${t("The node does not respond.")}>${problem.message}<//>
            </main>
          `
        : html`<p class="boot">Sallyport</p>`;
  return html`${shown}<${Said} /><${Asked} />`;
}

render(html`<${App} />`, document.getElementById("app"));
