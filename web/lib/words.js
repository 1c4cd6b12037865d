// What the node says, in the language that was chosen. An answer of the node carries names beside its English words:
// the code of an alarm or a finding with the values in its sentence, a state, the name of a setting or a verb (the verb
// `words` lists them). The catalogue has the words under these names; what it does not have is shown as it came.
import { entry, fill, plural_of, t } from "./i18n.js";

/** A word of one of the node's tables: word_of("state", "in force"). */
export const word_of = (table, name) => entry("words", table, String(name)) ?? name;

/** A sentence of the catalogue with its values; `said` where it has none. Forms go by the number that `by` names. */
function sentence(found, values, said) {
  if (found === undefined) return said;
  return fill(typeof found === "string" ? found : (found[plural_of(Number(values[found.by]))] ?? found.other), values);
}

const with_detail = (text, detail) => (detail ? `${text}: ${detail}` : text);

/** One of another node says here whose it is, and the rest as that node did. */
export const alarm_text = (alarm) =>
  alarm.own_text
    ? alarm.node
      ? t("an alarm of {node}", { node: alarm.node })
      : alarm.text
    : sentence(entry("alarms", alarm.code, "text"), alarm, alarm.text);
export const alarm_cure = (alarm) =>
  alarm.own_cure ? alarm.cure : sentence(entry("alarms", alarm.code, "remedy"), alarm, alarm.cure);

/** What a judge or a check found, or that an alarm is active. */
export function finding_text({ text, code, values }) {
  const alarm = entry("alarms", code, "text");
  if (alarm !== undefined) return with_detail(sentence(alarm, values, text), values.detail);
  return sentence(entry("findings", code, "text"), values, text);
}
export const finding_cure = ({ remedy, remedy_code: code, values }) =>
  sentence(entry("alarms", code, "remedy") ?? entry("findings", code, "remedy"), values, remedy);

/** A step of the chain of provisioning. */
export const step_name = ({ step, kind, about }) => sentence(entry("steps", kind), { about: about ?? "" }, step);

/** What the certificate is shown for: "s2s b.test", "link". */
export const certificate_use = ({ use, domain, used_for: said }) =>
  sentence(entry("words", "use", use), { domain: domain ?? "" }, said).trim();

export const translated_rule = (rule) => entry("rules", rule);
export const rule_text = (rule) => translated_rule(rule) ?? rule;

export const setting_help = (row) => row && (entry("settings", row.name, "help") ?? row.help);
export const setting_values = (row) => entry("settings", row.name, "values") ?? row.values;

export const verb_help = (verb, said) => entry("verbs", verb, "help") ?? said;
/** `argument`: {name, help}. */
export const argument_help = (verb, argument) => entry("verbs", verb, "arguments", argument.name) ?? argument.help;
