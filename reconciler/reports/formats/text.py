"""Text for terminals and logs. Everything is said in characters; colour only repeats it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.plan import Outcome, Plan, Result, Run
from reconciler.reports import view
from reconciler.reports.safe_text import shown, visible

# The eight basic colours only, and never on running text: they are the ones that themes keep readable on both grounds.
_STYLES = {"+": "bold green", "~": "bold yellow", "-": "bold red", "=": "bold"}
_BEFORE, _AFTER, _QUIET = "red", "green", "dim"
_PATH_CAP, _BEFORE_CAP = 44, 36
_NAMED = 10  # customers that are named of those that were not sent


def plan_lines(plan: Plan, width: int | None) -> Iterator[Text]:
    """The plan, a line at a time. `width` in cells fits a terminal; None never breaks a line."""
    where = f" · {visible(plan.environment)} · tenant {visible(plan.tenant_id)} · {visible(plan.base_url)}"
    yield Text.assemble((visible(plan.company) or "(no company name)", "bold"), where)
    yield Text(view.freshness(plan), _QUIET)
    yield Text()
    for action in plan.actions:
        yield from _action_lines(view.action_row(action), width)
        yield Text()
    yield from diagnostics_lines(plan.diagnostics)
    errors = sum(each.severity is Severity.ERROR for each in plan.diagnostics)
    if plan.is_empty and not errors:
        yield Text.assemble(("No changes.", "bold"), f" {_matching(plan)}")
    yield Text.assemble(("Plan: ", "bold"), view.counts(plan) + ".")
    for text in filter(None, (view.origins(plan), view.budget(plan), view.guards(plan), view.consent(plan))):
        yield Text(text, _QUIET)
    for refusal in plan.refusals:
        yield Text.assemble(("Refused: ", "bold red"), view.refusal_text(refusal))
    if errors:
        yield Text.assemble(("Incomplete: ", "bold red"), f"{view.counted(errors, 'error')}; it cannot be applied.")


def _matching(plan: Plan) -> str:
    return f"The ERP has what is declared for {view.counted(plan.summary.unchanged, 'customer')}."


def _action_lines(row: view.ActionRow, width: int | None) -> Iterator[Text]:
    head = Text.assemble((row.symbol, _STYLES[row.symbol]), " ", (row.label, "bold"), "  ", row.name)
    if width is not None and head.cell_len + 2 + cell_len(row.where) > width:
        yield head
        yield Text(f"  {row.where}", _QUIET)
    else:
        yield head + Text(f"  {row.where}", _QUIET)
    paths = min(_PATH_CAP, max((cell_len(change.path) for change in row.changes), default=0))
    befores = min(_BEFORE_CAP, max((cell_len(change.before) for change in row.changes), default=0))
    for change in row.changes:
        yield from _change_lines(change, paths, 0 if row.symbol == "+" else befores, width)


def _change_lines(change: view.ChangeRow, paths: int, befores: int, width: int | None) -> Iterator[Text]:
    """One line when it fits; else the path, then before and after below it."""
    symbol = Text.assemble("    ", (change.symbol, _STYLES[change.symbol]), " ")
    words = [change.origin, "" if change.cause in ("config", "unknown", change.origin) else change.cause]
    note = f"  ({', '.join(filter(None, words))})" if any(words) else ""
    where = Text.assemble((note, _QUIET), (f"  {change.where}" if change.where else "", _QUIET))
    values = Text()
    if befores:
        values.append(change.before + " " * (befores - cell_len(change.before)), _BEFORE).append(" → ")
    values.append(change.after, _AFTER)
    line = symbol + Text(change.path + " " * (paths - cell_len(change.path) + 2)) + values + where
    if width is None or line.cell_len <= width:
        yield line
        return
    yield symbol + Text(change.path) + where
    if befores:
        yield Text.assemble("        ", (change.before, _BEFORE))
        yield Text.assemble("      → ", (change.after, _AFTER))
    else:
        yield Text.assemble("        ", (change.after, _AFTER))


def diagnostics_lines(diagnostics: Iterable[Diagnostic]) -> Iterator[Text]:
    """Each diagnostic as `file:line:column: CODE message`, its remedy below it."""
    for each in diagnostics:
        line, remedy = view.diagnostic_lines(each)
        style = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}.get(each.severity, "bold")
        place, code, rest = line.partition(each.code)
        yield Text.assemble(place, (code, style), rest)
        if remedy:
            yield Text(f"    → {remedy}")


def result_lines(result: Result) -> Iterator[Text]:
    """One action's outcome, with what moved and what to do."""
    if result.outcome is Outcome.SKIPPED:
        return  # told in one line at the end: there may be thousands
    good = result.outcome is Outcome.DONE
    yield Text.assemble(("✓ " if good else "✗ ", "bold green" if good else "bold red"), view.result_text(result))
    for change in result.moved:
        now, before = shown(change.after), shown(change.before)
        yield Text(f"    {visible(change.path)} is now {now}; the plan saw {before}")
    if result.remedy:
        yield Text(f"    → {visible(result.remedy)}")
    yield from stored_lines(result)


def stored_lines(result: Result) -> Iterator[Text]:
    """Where the ERP stored something else than it was sent: another form of it, or nothing of it."""
    number = visible(result.number or result.action.label)
    for change in result.normalised:
        yield Text(
            f"    {number} {visible(change.path)}: sent {shown(change.before)}, the ERP stored {shown(change.after)}"
        )
    for change in result.not_taken:
        told = (
            f"{number} {visible(change.path)} not taken: sent {shown(change.before)}, the ERP has {shown(change.after)}"
        )
        yield Text.assemble(("  ✗ ", "bold red"), told)


def run_lines(run: Run) -> Iterator[Text]:
    """A whole run: each result, then the counts."""
    for result in run.results:
        yield from result_lines(result)
    yield from run_end(run)


def run_end(run: Run) -> Iterator[Text]:
    """What stands below the results."""
    skipped: dict[str, list[str]] = {}
    for result in run.results:
        if result.outcome is Outcome.SKIPPED:
            skipped.setdefault(result.message, []).append(result.action.label)
    for reason, labels in skipped.items():
        yield Text.assemble(("✗ ", "bold red"), f"{len(labels):,} not sent: {visible(reason)}")
        more = f", and {len(labels) - _NAMED:,} more" if len(labels) > _NAMED else ""
        yield Text(f"    {', '.join(map(visible, labels[:_NAMED]))}{more}")
    yield from diagnostics_lines(run.diagnostics)
    if run.plan.is_empty:
        yield Text("Nothing to apply.")
        return
    yield Text.assemble(("Applied: ", "bold"), view.run_counts(run) + ".")


def validation_lines(diagnostics: Iterable[Diagnostic], declarations: int) -> Iterator[Text]:
    """Every problem, then the counts line."""
    found = list(diagnostics)
    yield from diagnostics_lines(found)
    errors = sum(each.severity is Severity.ERROR for each in found)
    warnings = sum(each.severity is Severity.WARNING for each in found)
    if errors:
        yield Text.assemble(("Invalid: ", "bold red"), f"{_problems(errors, warnings)}.")
        return
    noun = view.counted(declarations, "declaration")
    tail = f", with {view.counted(warnings, 'warning')}" if warnings else ""
    yield Text.assemble(("Valid: ", "bold green"), f"{noun}{tail}.")


def _problems(errors: int, warnings: int) -> str:
    tail = f" and {view.counted(warnings, 'warning')}" if warnings else ""
    return view.counted(errors, "error") + tail
