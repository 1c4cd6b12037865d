// Who is signed in, what that role may do, and a new password for oneself; every role has it.
import { act } from "../lib/api.js";
import { SelectField, TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { chosen, choose } from "../lib/language.js";
import { languages } from "../lib/languages.js";
import { Button, Facts, Notice, Page, Panel, say, useAction } from "../lib/parts.js";
import { session, useHas } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { word_of } from "../lib/words.js";

const may = () => ({
  "read-only": t("see everything but accounts, tokens and the audit"),
  operator: t("see, check, ping, close streams, set log levels, acknowledge alarms, restart a router"),
  administrator: t("see and change everything: settings, lists, users, accounts"),
});

const fresh = { current: "", password: "", again: "" };

function NewPassword({ user }) {
  const [unlike, set_unlike] = useState(false);
  const { form, put, problem, wrong, busy, submit, clear } = useForm(fresh, async () => {
    const same = form.password === form.again;
    set_unlike(!same);
    if (!same) return;
    await act("account.passwd", { current: form.current, password: form.password });
    clear();
    say(t("Your password is changed; your other sessions have ended."));
  });
  const field = (name, label, autocomplete, error) => html`
    <${TextField}
      label=${label}
      required
      error=${error}
      name=${name}
      type="password"
      autocomplete=${autocomplete}
      value=${form[name]}
      onChange=${put(name)}
    />
  `;
  return html`
    <form onSubmit=${submit}>
      <input class="visually-hidden" tabindex="-1" aria-hidden="true" autocomplete="username" value=${user} readonly />
      ${field("current", t("Current password"), "current-password", wrong("current"))}
      ${field("password", t("New password"), "new-password", wrong("password"))}
      ${field("again", t("New password again"), "new-password", unlike ? t("The two passwords differ.") : "")}
      ${problem && !["current", "password"].includes(problem.field) && html`
        <${Notice} tone="bad">${problem.message}<//>
      `}
      <div class="form-foot">
        <${Button} type="submit" kind="primary" verb="account.passwd" busy=${busy}>${t("Change password")}<//>
      </div>
    </form>
  `;
}

/** Kept with the account: on each node whose accounts these are, and in each browser. */
function Language() {
  const now = useStore(chosen);
  const [busy, run] = useAction();
  const put = (tag) =>
    run(async () => {
      await choose(tag);
      say(t("These pages are in English."));
    });
  return html`
    <${SelectField}
      label=${t("Language of these pages")}
      help=${t("Names and commands, and what other servers say, stay as they are.")}
      name="language"
      disabled=${busy}
      options=${[["", t("As the browser asks")], ...languages]}
      value=${now}
      onChange=${put}
    />
  `;
}

export default function Account() {
  const who = useStore(session);
  const can = useHas("account.passwd"),
    speaks = useHas("account.language");
  return html`
    <${Page} title=${t("Your account")} lead=${t("You are signed in as {user}.", { user: who.user })} />
    <${Panel} title=${t("What you may do")}>
      <${Facts}
        rows=${[
          [t("Role"), word_of("access", who.role)],
          [t("May"), may()[who.role], true],
          ...(who.by ? [[t("Brought by"), who.by]] : []),
          [t("This session ends"), time(who.expires)],
        ]}
      />
    <//>
    ${speaks && html`<${Panel} title=${t("Language")}><${Language} /><//>`}
    <${Panel} title=${t("Password")}>
      ${can
        ? html`<${NewPassword} user=${who.user} />`
        : html`
            <p>
              ${t("An administrator can change it on the page {page}, or on the host: {command}.", {
                page: html`<a href="#/access">${t("Administrators")}</a>`,
                command: html`<code>sallyport admins passwd ${who.user}</code>`,
              })}
            </p>
          `}
    <//>
  `;
}
