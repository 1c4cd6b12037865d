// What the node says, in the language that was chosen. An answer of the node carries names beside its English words:
// the code of an alarm, a state, the name of a setting or a verb. The catalogue has the words under these names; what
// it does not have is shown as it came.
import { entry, fill } from "./i18n.js";

/** A word of one of the node's tables: word_of("state", "in force"). */
export const word_of = (table, name) => entry("words", table, String(name)) ?? name;

/** What an alarm says, and its remedy; one with words of its own comes with `said`. */
export const alarm_text = (alarm) =>
  said_text(alarm) ?? fill(entry("alarms", alarm.own_text ? "" : alarm.code, "text") ?? alarm.text, alarm);
export const alarm_cure = (alarm) =>
  fill(entry("alarms", alarm.own_cure ? "" : alarm.code, "cure") ?? alarm.cure, alarm);
