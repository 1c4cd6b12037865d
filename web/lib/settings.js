// Settings with their schema and revision; saving them; whose they are where settings travel between nodes.
import { patch_settings } from "./api.js";
import { t } from "./i18n.js";
import { refresh, useRead } from "./live.js";
import { say } from "./parts.js";

/** {row(name), value(name), revision, …} of what is in force; undefined while it is read. */
export function useSettings() {
  const answer = useRead("settings", {}, { on: ["setting"] });
  const rows = new Map((answer.data?.settings ?? []).map((row) => [row.name, row]));
  return {
    ...answer,
    rows,
    revision: answer.data?.revision,
    row: (name) => rows.get(name),
    value: (name) => rows.get(name)?.value,
  };
}

/** Stores `values`; says what came of it. The error when the node refused, so that a form can show it at its field. */
export async function save(revision, values, done = t("Saved.")) {
  try {
    await patch_settings(revision, values);
    say(done);
    await refresh("settings", "status");
    return null;
  } catch (problem) {
    if (problem.status !== 412) return problem;
    await refresh("settings");
    problem.message = t(
      "Somebody else changed settings meanwhile. The current values are loaded now: check them and save again.",
    );
    return problem;
  }
}

const travels = ({ chain }) => chain.some(({ kind }) => kind?.startsWith("settings."));

/**
 * The node that has to be asked to change the setting of this row, when it is not this one; empty otherwise
 * (docs/manual/provisioning.md).
 */
export function belongs_elsewhere(row, status) {
  if (row === undefined || row.owner === "node" || !travels(status)) return "";
  return row.owner === status.role ? "" : row.owner;
}
