// Sign in: name, password and, where the account has one, the code of the second factor.
import { arrival } from "../lib/desk.js";
import { Field, Text, TextField } from "../lib/fields.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Mark } from "../lib/icons.js";
import { enter_with } from "../lib/session.js";

export default function Login() {
  const [came] = useState(arrival);
  const [user, set_user] = useState(came.user);
  const [password, set_password] = useState("");
  const [code, set_code] = useState("");
  const [wants_code, want_code] = useState(false);
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    set_busy(true);
    set_problem("");
    try {
      await enter_with({ user, password, ...(code ? { code } : {}) });
    } catch (refusal) {
      want_code(wants_code || refusal.field === "code" || refusal.field === "totp");
      set_problem(refusal.message);
      set_busy(false);
    }
  };
  return html`
    <main class="login">
      <form class="panel" onSubmit=${submit} aria-labelledby="login-title">
        <div class="login-brand"><${Mark} /><h1 id="login-title">Sallyport</h1></div>
        <p class="note">${location.hostname}</p>
        ${came.why && html`<p class="note" role="status">${came.why} ${t("Sign in to go on.")}</p>`}
        <${Field} label=${t("Name")}>
          ${(at) => html`
            <${Text}
              ...${at}
              name="user"
              autocomplete="username"
              value=${user}
              onChange=${set_user}
              required
              autofocus
            />
          `}
        <//>
        <${Field} label=${t("Password")} error=${problem}>
          ${(at) => html`
            <${Text}
              ...${at}
              name="password"
              type="password"
              autocomplete="current-password"
              value=${password}
              onChange=${set_password}
              required
            />
          `}
        <//>
        ${wants_code
          ? html`
              <${TextField}
                label=${t("Authenticator code")}
                name="code"
                inputmode="numeric"
                autocomplete="one-time-code"
                value=${code}
                onChange=${set_code}
              />
            `
          : html`
              <button type="button" class="button quiet small" onClick=${() => want_code(true)}>
                ${t("I have an authenticator code")}
              </button>
            `}
        <button type="submit" class="button primary" aria-busy=${busy ? "true" : undefined}>${t("Sign in")}</button>
        <details class="hint">
          <summary>${t("No account yet, or lost the password?")}</summary>
          <p>
            ${t("An account is created on the node's host, with the command that {command} prints at its end:", {
              command: html`<code>sallyport init</code>`,
            })}
          </p>
          <p><code>sallyport admins add NAME --role administrator --config FILE</code></p>
          <p>${t("A new password:")} <code>sallyport admins passwd NAME --config FILE</code></p>
        </details>
      </form>
    </main>
  `;
}
