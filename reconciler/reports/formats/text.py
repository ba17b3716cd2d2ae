"""Text for terminals and logs. Everything is said in characters; colour only repeats it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.plan import Outcome, Result
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.view.left_alone import left_words
from reconciler.reports.view.problems import problems_of
from reconciler.reports.view.report import CustomerRow, FieldRow, Report
from reconciler.reports.view.run import Ending, ending_of
from reconciler.reports.wording import (
    ORIGINS,
    OUTCOMES,
    counted,
    diagnostic_lines,
    file_and_line,
    line_beside,
    refusal_text,
)

# The eight basic colours only, and never on running text: they are the ones that themes keep readable on both grounds.
_PLAN_STYLES = {"+": "bold green", "~": "bold yellow", "-": "bold red", "=": "bold", "»": "bold cyan"}
_DRIFT_STYLES = {"!": "bold yellow", "~": "bold", "+": "bold", "-": "bold red", "?": "bold"}
_BEFORE, _AFTER, _QUIET = "red", "green", "dim"
_PATH_CAP, _BEFORE_CAP = 44, 36
_LINE = 100
_NAMED = 10  # customers that are named of those that were not sent, or are not declared
_NOT_SENT = OUTCOMES[Outcome.SKIPPED]
_UNDECLARED = {"removed": "removed from the declarations", "unmanaged": "unmanaged"}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The lines unbroken, UTF-8. max_chars is of no use here: a log takes any number."""
    return "".join(f"{line.plain}\n" for line in lines(report, None)).encode()


def lines(report: Report, width: int | None) -> Iterator[Text]:
    """The report, a line at a time. `width` in cells fits a terminal; None never breaks a line."""
    match report.kind:
        case ReportKind.PLAN:
            yield from _plan(report, width)
        case ReportKind.DRIFT:
            yield from _drift(report, width)
        case ReportKind.RUN:
            yield from (line for row in report.customers for line in _result(row))
            yield from run_end(report)
        case ReportKind.VALIDATION:
            yield from diagnostics_lines(report.diagnostics)
            yield _headline(report, "bold red" if report.errors else "bold green")


def _plan(report: Report, width: int | None) -> Iterator[Text]:
    yield from _head(report)
    for row in report.customers:
        yield from _customer(row, row.fields, report.kind, width)
        yield Text()
    yield from _left_alone(report, width)
    yield from _problems(report)
    errors = report.errors
    if not report.customers and not errors:
        yield Text.assemble(("No changes.", "bold"), f" {_nothing_to_write(report)}")
    yield Text.assemble(("Plan: ", "bold"), f"{report.tally}.")
    budget, consent = report.facts[:1], report.facts[1:]
    for text in filter(None, (report.origins, *budget, _guards(report), *consent)):
        yield Text(text, _QUIET)
    for refusal in report.refusals:
        yield Text.assemble(("Refused: ", "bold red"), refusal_text(refusal))
    if errors:
        yield Text.assemble(("Incomplete: ", "bold red"), f"{counted(errors, 'error')}; it cannot be applied.")


def _nothing_to_write(report: Report) -> str:
    """Why there is nothing to write: the ERP has all that is declared, or what it has not is left alone."""
    counts = report.counts
    unchanged = counted(counts["unchanged"], "customer")
    if left := left_words(counts["muted"], counts["ignored"]):
        return f"Left alone: {left}. As declared: {unchanged}."
    return f"The ERP has what is declared for {unchanged}."


def _left_alone(report: Report, width: int | None) -> Iterator[Text]:
    """The fields that differ and are not written: all muted ones, and the first customers with ignored ones."""
    for verb, most in (("muted", None), ("ignored", _NAMED)):
        rows = [row for row in report.left_alone if row.verb == verb]
        if not rows:
            continue
        yield Text(f"{verb.capitalize()}:", _QUIET)
        for row in rows[:most]:
            yield from _customer(row, row.fields, report.kind, width, _QUIET)
        if most is not None and len(rows) > most:
            yield Text(f"    and {len(rows) - most:,} more; --format json has all", _QUIET)
        yield Text()


def _guards(report: Report) -> str:
    """What the volume guards found, or nothing when nothing is to be sent."""
    guards = [f"{counted(guard.found, guard.name.removesuffix('s'))} (limit {guard.limit})" for guard in report.guards]
    return f"Guards: {', '.join(guards)}." if guards and report.customers else ""


def _drift(report: Report, width: int | None) -> Iterator[Text]:
    """What is to be looked at first; then who is not declared, and what somebody accepts for a time."""
    yield from _head(report)
    for row in report.customers:
        if row.verb not in _UNDECLARED and not row.muted:
            open_fields = [field for field in row.fields if not field.muted]
            yield from _customer(row, open_fields, report.kind, width)
            yield Text()
    for verb, words in _UNDECLARED.items():
        yield from _undeclared(report, verb, words, width)
    yield from _muted(report, width)
    yield from _left_alone(report, width)
    yield from _problems(report)
    yield _headline(report, "bold")
    for text in filter(None, (*report.facts, report.hint)):
        yield Text(text, _QUIET)


def _head(report: Report) -> Iterator[Text]:
    header = report.header
    where = f" · {header.environment} · tenant {header.tenant_id} · {header.base_url}"
    yield Text.assemble((header.company or "(no company name)", "bold"), where)
    for text in report.as_of:
        yield Text(text, _QUIET)
    yield Text()


def _headline(report: Report, style: str) -> Text:
    """The headline, its first words up to a colon or full stop in the style."""
    end = min(at for at in map(report.headline.find, ":.") if at >= 0) + 1
    return Text.assemble((report.headline[:end], style), report.headline[end:])


# ---- customers and fields ----


def _customer(
    row: CustomerRow, fields: Sequence[FieldRow], kind: ReportKind, width: int | None, style: str = ""
) -> Iterator[Text]:
    """The customer with these of its fields; `style` for all of it, if one is given."""
    styles = _DRIFT_STYLES if kind is ReportKind.DRIFT else _PLAN_STYLES
    only_declared = kind is ReportKind.DRIFT and fields and all(field.symbol == "~" for field in fields)
    symbol = "~" if only_declared else row.symbol
    head = Text.assemble((symbol, style or styles[symbol]), " ", (row.label, style or "bold"))
    head.append(f"  {row.name}" if row.name or kind is ReportKind.PLAN else "", style)
    yield from _beside(head, file_and_line(row.source), width)
    notes = "" if style and fields else "; ".join(row.notes)  # what is muted says so at each field
    if row.message or notes:
        between = "; " if row.message and notes else ""
        yield Text.assemble((f"    {row.message}", style), (between + notes, _QUIET))
    paths = min(_PATH_CAP, max((cell_len(field.path) for field in fields), default=0))
    befores = min(_BEFORE_CAP, max((cell_len(field.before) for field in fields), default=0))
    for field in fields:
        reasons = [ORIGINS.get(reason, reason) for reason in field.reasons(kind)]
        words = f"  ({', '.join([*reasons, *field.notes])})" if reasons or field.notes else ""
        where = line_beside(field.source, row.source)
        tail = (words + (f"  {where}" if where else ""), _QUIET)
        sign = (field.symbol, style or styles[field.symbol])
        values = [(field.before, style or _BEFORE), (field.after, style or _AFTER)]
        yield from _field(sign, (field.path, style), values[row.symbol == "+" :], tail, (paths, befores), width)


Styled = tuple[str, str]


def _field(
    sign: Styled, path: Styled, values: Sequence[Styled], tail: Styled, columns: tuple[int, int], width: int | None
) -> Iterator[Text]:
    """One line when it fits, in columns or closer together; else the path with the tail, and the values below it."""
    *before, after = values
    for path_width, before_width in (columns, (0, 0)):
        parts: list[str | Styled] = ["    ", sign, " ", path, " " * (path_width - cell_len(path[0])), "  "]
        for value in before:
            parts += [value, " " * (before_width - cell_len(value[0])), " → "]
        line = Text.assemble(*parts, after, tail)
        if width is None or line.cell_len <= width:
            yield line
            return
    yield Text.assemble("    ", sign, " ", path, tail)
    yield from (Text.assemble("        ", value) for value in before)
    yield Text.assemble("      → " if before else "        ", after)


def _beside(head: Text, text: str, width: int | None) -> Iterator[Text]:
    """The head and a quiet text, on two lines where one is too narrow."""
    place = Text(f"  {text}" if text else "", _QUIET)
    if width is not None and head.cell_len + place.cell_len > width:
        yield head
        yield place
    else:
        yield head + place


def _undeclared(report: Report, verb: str, words: str, width: int | None) -> Iterator[Text]:
    """The live customers without declaration, the first of them by name."""
    rows = [row for row in report.customers if row.verb == verb]
    if not rows:
        return
    unlisted, unlisted_new = report.unlisted if verb == "unmanaged" else (0, 0)
    total = len(rows) + unlisted
    new = sum(row.new for row in rows) + unlisted_new
    news = f", {new:,} new" if new else ""
    yield Text.assemble(("? ", "bold"), f"{counted(total, 'customer')} {words}{news}:")
    for row in rows[:_NAMED]:
        notes = filter(None, (f"modified {row.modified}" if row.modified else "", "new" if row.new else ""))
        yield from _beside(Text.assemble("    ", (row.label, "bold"), f"  {row.name}"), ", ".join(notes), width)
    if total > _NAMED:
        yield Text(f"    and {total - _NAMED:,} more; --format json has all", _QUIET)
    yield Text()


def _muted(report: Report, width: int | None) -> Iterator[Text]:
    muted = [row for row in report.customers if row.muted or any(field.muted for field in row.fields)]
    if not muted:
        return
    yield Text("Muted:", _QUIET)
    for row in muted:
        yield from _customer(row, [field for field in row.fields if field.muted], report.kind, width, _QUIET)
    yield Text()


# ---- diagnostics and results ----


def _problems(report: Report) -> Iterator[Text]:
    """The problems of customers; what many have in common stands once, and their names and places below it."""
    for problem in problems_of(report):
        yield from diagnostics_lines([problem.diagnostic])
        names = ", ".join(name.replace(" ", "\u00a0") for name in problem.customers)
        lines = wrap(names, _LINE, break_long_words=False, break_on_hyphens=False)  # a place is copied whole
        yield from (Text(f"    {line}".replace("\u00a0", " ")) for line in lines)


def diagnostics_lines(diagnostics: Iterable[Diagnostic]) -> Iterator[Text]:
    """Each diagnostic as `file:line:column: CODE message`, its remedy below it."""
    for diagnostic in diagnostics:
        line, remedy = diagnostic_lines(diagnostic)
        style = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}.get(diagnostic.severity, "bold")
        place, code, rest = line.partition(diagnostic.code)
        yield Text.assemble(place, (code, style), rest)
        if remedy:
            yield Text(f"    → {remedy}")


def result_lines(result: Result) -> Iterator[Text]:
    """One action's outcome as it comes, with what moved and what to do."""
    return _result(ending_of(result))


def stored_lines(result: Result) -> Iterator[Text]:
    """Where the ERP stored something else than it was sent: another form of it, or nothing of it."""
    return _stored(ending_of(result))


def _result(row: CustomerRow | Ending) -> Iterator[Text]:
    if row.outcome == _NOT_SENT:
        return  # one line at the end names them: there may be thousands
    sign = ("✓ ", "bold green") if row.outcome == OUTCOMES[Outcome.DONE] else ("✗ ", "bold red")
    yield Text.assemble(sign, row.sentence)
    yield from (Text(f"    {note}") for note in row.notes)
    if row.remedy:
        yield Text(f"    → {row.remedy}")
    yield from _stored(row)


def _stored(row: CustomerRow | Ending) -> Iterator[Text]:
    yield from (Text(f"    {row.label} {sentence}") for sentence in row.stored)
    yield from (Text.assemble(("  ✗ ", "bold red"), f"{row.label} {sentence}") for sentence in row.not_taken)


def run_end(report: Report) -> Iterator[Text]:
    """What stands below a run's results."""
    not_sent: dict[str, list[str]] = {}
    for row in report.customers:
        if row.outcome == _NOT_SENT:
            not_sent.setdefault(row.message, []).append(row.label)
    for reason, labels in not_sent.items():
        yield Text.assemble(("✗ ", "bold red"), f"{len(labels):,} not sent: {reason}")
        more = f", and {len(labels) - _NAMED:,} more" if len(labels) > _NAMED else ""
        yield Text(f"    {', '.join(labels[:_NAMED])}{more}")
    yield from _problems(report)
    yield _headline(report, "bold")
