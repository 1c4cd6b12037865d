"""Medians, tables, ratios and verdicts."""

from statistics import median

from .servers import PRODUCT, REFERENCE


def _cell(value):
    if isinstance(value, str):
        return value
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}"


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(_cell, row)) + " |" for row in rows])


# Counts of mistakes must not vanish in a median.
WORST = {"lost", "repeated_or_late", "bad", "failed", "streams_closed"}


def _disturbed(run, results):
    """Servers in whose runs neither core was busy: something else ran there, or the window was the limit."""
    return sorted({server for server, lines in results.items() for line in lines
                   if run.race and max(line["peer_core"], line["generator_core"]) < 0.9})


def summary(run, results):
    """The table of one benchmark: a row a server, medians over its runs and the range of the figure."""
    rows = []
    for server, lines in results.items():
        figures = [line[run.figure] for line in lines]
        others = [(max if name in WORST else median)([line[name] for line in lines]) for name in run.columns]
        rows.append([server, len(lines), median(figures), f"{_cell(min(figures))} to {_cell(max(figures))}", *others])
    text = f"### {run.name}: {run.title}\n\n" + _table(["server", "runs", run.unit, "range", *run.columns], rows)
    if disturbed := _disturbed(run, results):
        text += f"\n\nNeither core was busy for 90 % (other work, or the window, was the limit): {', '.join(disturbed)}."
    return text


def verdict(run, results):
    """(passed or None, sentence): the product against its target."""
    if PRODUCT not in results:
        return None, f"{run.name}: {PRODUCT} was not measured"
    lines = results[PRODUCT]
    mistakes = sum(line.get(name, 0) for line in lines for name in WORST)
    own = median(line[run.figure] for line in lines)
    others = {name: median(line[run.figure] for line in found)
              for name, found in results.items() if name not in (PRODUCT, REFERENCE)}
    sentence = f"{run.name}: {PRODUCT} {_cell(own)} {run.unit}"
    if others:
        best = (max if run.higher_is_better else min)(others, key=others.get)
        sentence += f", {own / others[best]:.2f} times {best} ({_cell(others[best])})"
    passed = mistakes == 0
    if run.factor:
        sentence += f"; target: at least {run.factor:g} times the best other"
        if not others:
            return None, sentence + "; no other server was measured"
        passed = passed and own >= run.factor * others[best]
    if run.most:
        sentence += f"; target: at most {run.most:g} {run.unit}"
        passed = passed and own <= run.most
    if mistakes:
        sentence += f"; {mistakes:,} lost, repeated, late, bad, failed or closed"
    return (passed if run.factor or run.most or mistakes else None), sentence
