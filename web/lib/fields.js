// What one fills in: a label, its control, its help and what is wrong with it, tied together.
import { html, useId } from "./html.js";
import { t } from "./i18n.js";

/** A label, its control and its help, tied together. `children` is called with the attributes of the control. */
export function Field({ label, help, error, required, children, wide }) {
  const id = useId();
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return html`
    <div class=${`field ${error ? "wrong" : ""} ${wide ? "wide" : ""}`}>
      <label for=${id}>${label}${required && html`<span class="required" title=${t("required")}> *</span>`}</label>
      <div class="control">
        ${children({
          id,
          "aria-describedby": described,
          "aria-invalid": error ? "true" : undefined,
          "aria-required": required ? "true" : undefined,
        })}
        ${help && html`<p class="help" id=${`${id}-help`}>${help}</p>`}
        ${error && html`<p class="error" id=${`${id}-error`} role="alert">${error}</p>`}
      </div>
    </div>
  `;
}

export const Select = ({ options, value, onChange, ...more }) => html`
  <select value=${value} onChange=${(event) => onChange(event.target.value)} ...${more}>
    ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
  </select>
`;

export const Text = ({ value, onChange, type = "text", ...more }) => html`
  <input
    type=${type}
    value=${value}
    onInput=${(event) => onChange(event.target.value)}
    autocomplete="off"
    autocapitalize="off"
    spellcheck=${false}
    ...${more}
  />
`;

/** `label`, `help`, `error`, `required` and `wide` are the field's, the rest is the control's. */
export const TextField = ({ label, help, error, required, wide, ...control }) => html`
  <${Field} label=${label} help=${help} error=${error} required=${required} wide=${wide}>
    ${(at) => html`<${Text} ...${at} required=${required} ...${control} />`}
  <//>
`;

export const SelectField = ({ label, help, error, wide, ...control }) => html`
  <${Field} label=${label} help=${help} error=${error} wide=${wide}>
    ${(at) => html`<${Select} ...${at} ...${control} />`}
  <//>
`;

export const Check = ({ value, onChange, children, ...more }) => html`
  <label class="check">
    <input type="checkbox" checked=${value} onChange=${(event) => onChange(event.target.checked)} ...${more} /> <span>
      ${children}
    </span>
  </label>
`;
