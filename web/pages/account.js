// Who is signed in, what that role may do, and a new password for oneself; every role has it.
import { act } from "../lib/api.js";
import { TextField } from "../lib/fields.js";
import { useForm } from "../lib/form.js";
import { time } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { Button, Facts, Notice, Page, Panel, say } from "../lib/parts.js";
import { session, useHas } from "../lib/session.js";
import { useStore } from "../lib/store.js";

const may = {
  "read-only": "see everything but accounts, tokens and the audit",
  operator: "see, check, ping, close streams, set log levels, acknowledge alarms, restart a router",
  administrator: "see and change everything: settings, lists, users, accounts",
};

const fresh = { current: "", password: "", again: "" };

function NewPassword({ user }) {
  const [unlike, set_unlike] = useState(false);
  const { form, put, problem, wrong, busy, submit, clear } = useForm(fresh, async () => {
    const same = form.password === form.again;
    set_unlike(!same);
    if (!same) return;
    await act("account.passwd", { current: form.current, password: form.password });
    clear();
    say("Your password is changed; your other sessions have ended.");
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
      ${field("current", "Current password", "current-password", wrong("current"))}
      ${field("password", "New password", "new-password", wrong("password"))}
      ${field("again", "New password again", "new-password", unlike ? "The two passwords differ." : "")}
      ${problem && !["current", "password"].includes(problem.field) && html`
        <${Notice} tone="bad">${problem.message}<//>
      `}
      <div class="form-foot">
        <${Button} type="submit" kind="primary" verb="account.passwd" busy=${busy}>Change password<//>
      </div>
    </form>
  `;
}

export default function Account() {
  const who = useStore(session);
  const can = useHas("account.passwd");
  return html`
    <${Page} title="Your account" lead=${`You are signed in as ${who.user}.`} />
    <${Panel} title="What you may do">
      <${Facts}
        rows=${[
          ["Role", who.role],
          ["May", may[who.role], true],
          ["This session ends", time(who.expires)],
        ]}
      />
    <//>
    <${Panel} title="Password">
      ${can
        ? html`<${NewPassword} user=${who.user} />`
        : html`
            <p>
              An administrator can change it on the page <a href="#/access">Administrators</a>, or on the
              host: <code>sallyport admins passwd ${who.user}</code>.
            </p>
          `}
    <//>
  `;
}
