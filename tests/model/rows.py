# The rows of the machines of the router link, and what the model says of them.
import re

TABLES = {
    "SessionLife": "src/proto/link/session_life.cpp",
    "Machine": "src/proto/link/machine.cpp",
}


def split(text):
    """At the commas that stand in no braces."""
    parts, depth, part = [], 0, ""
    for letter in text:
        depth += letter in "{(" 
        depth -= letter in "})"
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return parts + [part.strip()]


def names(text):
    return [re.sub(r"^\w+::", "", one.strip()) for one in text.strip("{} ").split(",") if one.strip()]


def of_table(machine, source):
    """Each row of the table as: phases, event, act, facts."""
    rows = []
    source = re.sub(r"//[^\n]*", "", source)
    table = re.search(r"std::array rows\{(.*?)\n    \};", source, re.S)
    if table is None:
        raise SystemExit(f"check_rows: no table of rows for {machine}")
    for body in re.findall(r"\bRow\{(.*?)\}(?=,\s*(?:Row\{|$))", table.group(1).strip(), re.S):
        parts = split(" ".join(body.split()))
        phases, event, act = " and ".join(names(parts[0])), names(parts[1])[0], parts[3].split("::")[-1]
        needs = names(parts[5]) if len(parts) > 5 else []
        forbids = names(parts[6]) if len(parts) > 6 else []
        row = f"{machine}: {phases}, {event}, {act}"
        row += f" if {' and '.join(needs)}" if needs else ""
        row += f" but not {' and '.join(forbids)}" if forbids else ""
        rows.append(row)
    return rows


def of_model(model):
    return re.findall(r'\bROW\("([^"]+)"\)', model)


def left_out(text):
    """Rows with their reason; a row without one has an empty one."""
    reasons, waiting, reason = {}, [], []

    def finish():
        for row in waiting:
            reasons[row] = " ".join(reason)

    for line in [*text.splitlines(), ""]:
        if line.startswith(" "):
            reason.append(line.strip())
        elif not line.strip():
            finish()
            waiting, reason = [], []
        elif not line.startswith("#"):
            waiting.append(line.strip())
    return reasons


def faults(model):
    """What the model can be told to do wrong, with its number."""
    section = model.split("byte fault;")[0]
    return {name: int(number) for name, number in re.findall(r"^#define (\w+) (\d+) +/\*", section, re.M)}


def objections(sources, model, exceptions):
    """What is wrong between tables, model and exceptions; empty: nothing."""
    wrong = []
    rows = [row for machine, source in sources.items() for row in of_table(machine, source)]
    named, left = set(of_model(model)), left_out(exceptions)
    for row in rows:
        if row not in named and row not in left:
            wrong.append(f"the model neither has nor leaves out the row: {row}")
        if row in named and row in left:
            wrong.append(f"the model has a row that it is said to leave out: {row}")
    wrong += [f"the model names a row that is in no table: {row}" for row in sorted(named - set(rows))]
    wrong += [f"left_out.txt names a row that is in no table: {row}" for row in left if row not in rows]
    wrong += [f"left_out.txt gives no reason for: {row}" for row, reason in left.items() if not reason]
    return wrong
