"""The customers of a report in Markdown: one row for each group of identical changes, the rest in sum; then what is
left alone. Pure.

Each customer stands once: in the row of its group, or in the sum of what has no room. What a row cannot hold (long
values, many fields, messages, the members of a group) is below the table, folded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from reconciler.core.diagnostics import Severity, Source
from reconciler.reports.fitting import Room, cut, length_note
from reconciler.reports.gfm import block, code, is_plain, paragraph, prose, quiet
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.amounts import AmountChange
from reconciler.reports.view.groups import FieldSummary, Group, field_summaries, groups_of
from reconciler.reports.view.report import CustomerRow, FieldRow, LineAuthor, Report
from reconciler.reports.view.risk import shortened
from reconciler.reports.wording import ORIGINS, counted, file_and_line, line_beside, unquoted

_NAME, _TEXT, _LONG, _SHORT = 120, 600, 500, 48
_FIELDS, _AUTHORS, _FILES, _SUMMED, _NUMBERS = 4, 2, 2, 20, 8
_LEAST_LIST = 200
_OPEN = 25
"""So many rows are in sight; the others are folded."""
_DETAILED = 8
"""An eighth of the room is for details, where not all customers have rows."""
_OVERWRITES = ("drift", "both", "outside")
_KEYS = {
    ReportKind.PLAN: "`-` is what the ERP holds, `+` what it will be sent.",
    ReportKind.RUN: "`-` is what the ERP held, `+` what it was to be sent.",
    ReportKind.DRIFT: "`-` is what was applied, `+` what the ERP holds now. Where the cause is unknown, `-` is what is"
    " declared; where it is config, `-` is what the ERP holds and `+` what is declared.",
}


def changes(report: Report, room: Room) -> Iterator[str]:
    """The table, the sum of what is not in it, and what is folded below; all in the room."""
    if not report.customers:
        return
    groups = groups_of(report.customers)
    table = _Table(report, groups)
    lines = table.fitted(3 * room.left // 4)
    summed: list[str] = []
    if len(lines) < len(groups):
        few = _rows(groups[len(table.fitted(room.left // 2)) :])
        lines = table.fitted(room.left - room.left // _DETAILED - _size(_summed(few, Room(room.left // 2))))
    room.left -= _size(lines)
    left_out = _rows(groups[len(lines) :])
    if left_out:
        summed = list(_summed(left_out, room))
    yield "### Customers"
    if left_out:
        yield _left_out(len(report.customers), len(left_out))
    if lines:
        yield "\n".join([*table.head, *lines[:_OPEN]])
    yield from summed
    if lines[_OPEN:]:
        next_rows = f"The next {counted(len(_rows(groups[_OPEN : len(lines)])), 'customer')}"
        yield fold(next_rows, ["\n".join([*table.head, *lines[_OPEN:]])])
    yield from _folded(report, groups[: len(lines)], room)


def _rows(groups: Iterable[Group]) -> list[CustomerRow]:
    return [row for group in groups for row in group.customers]


def _size(blocks: Iterable[str]) -> int:
    return sum(len(block.encode()) + 2 for block in blocks)


class _Table:
    """One row for each group."""

    def __init__(self, report: Report, groups: Sequence[Group]) -> None:
        fields = [field for group in groups for field in group.first.fields]
        self._groups = groups
        self._with_origin = any(field.origin for field in fields)
        self._is_drift = report.kind is ReportKind.DRIFT
        columns = ["action", "customer", "change", "look, because"]
        columns += ["origin"] if self._with_origin else []
        columns += ["age"] if self._is_drift else []
        columns += ["where, by whom" if any(field.author for field in fields) else "where"]
        self.head = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]

    def fitted(self, most: int) -> list[str]:
        """The first rows that fit so many bytes."""
        lines: list[str] = []
        size = 2 * _size(self.head)  # also above what is folded
        for group in self._groups:
            line = self._line(group)
            size += _size([line])
            if size > most:
                break
            lines.append(line)
        return lines

    def _line(self, group: Group) -> str:
        row = group.first
        refused = ", refused" if row.severity is Severity.ERROR and not row.outcome else ""
        verb = f"{row.verb}: {row.outcome}" if row.outcome else row.verb
        sign = f"{row.symbol} " if row.verb == "renumber" else ""  # it is rare: the others are told by their word
        cells = [
            sign + prose(verb) + refused,
            _who(group),
            _changes(group),
            prose(shortened([cut(reason, _NAME) for reason in group.stakes])) if group.stakes else "",
            *([_origins(group)] if self._with_origin else []),
            *([_age(group)] if self._is_drift else []),
            _where(group),
        ]
        return f"| {' | '.join(cells)} |"


def _who(group: Group) -> str:
    if not group.is_single:
        return f"**{counted(len(group.customers), 'customer')}**"
    row = group.first
    return " ".join(quiet(cut(text, _NAME)) for text in (row.label, row.name) if text)


def _changes(group: Group) -> str:
    """The riskiest fields with before and after, and how many more there are."""
    fields = sorted(group.fields, key=lambda field: -field.risk)
    parts = [_change(field, is_new=group.first.symbol == "+") for field in fields[:_FIELDS]]
    if len(fields) > _FIELDS:
        parts.append(f"and {counted(len(fields) - _FIELDS, 'more field')}")
    if not fields and group.first.message:
        parts.append(prose(cut(group.first.message, _NAME)))
    return "; ".join(parts)


def _change(field: FieldRow, *, is_new: bool) -> str:
    """`Credit terms creditTermsId: 10 → 14`, the name and the values in code."""
    name = f"{quiet(cut(field.title, _NAME))} {code(cut(field.path, 60))}" if field.title else code(cut(field.path, 60))
    if field.symbol == "=":
        return f"{name}: stays {_value(field.after)}"
    if is_new:
        return f"{name}: {_value(field.told[1]) if field.amount is None else quiet(field.told[1])}"
    return f"{name}: {_step(field)}"


def _step(field: FieldRow) -> str:
    if field.amount is not None:
        return _amount(field.amount)
    before, after = _window(field.before, field.after, _SHORT)
    return f"{_value(before)} → {_value(after)}"


def _amount(amount: AmountChange) -> str:
    """Narrow columns do not break an amount: its blanks are no-break spaces."""
    return _INSIDE_AMOUNT.sub("\u00a0", prose(amount.change))


_INSIDE_AMOUNT = re.compile(r"(?<=\d) (?=\d{3}(?!\d)|[A-Z]{3}\b)")


def _value(text: str) -> str:
    return code(unquoted(text))


def _origins(group: Group) -> str:
    origins = dict.fromkeys(_signed(field.origin) for field in group.first.fields if field.origin)
    return ", ".join(origins)


def _signed(reason: str) -> str:
    """A cause or an origin in words; with a sign where somebody's work in the ERP may be overwritten."""
    return ("⚠ " if reason in _OVERWRITES else "") + ORIGINS.get(reason, reason)


def _age(group: Group) -> str:
    days = [row.days for row in group.customers if row.days is not None]
    return "" if not days else counted(max(days), "day") if max(days) else "today"


def _where(group: Group) -> str:
    """The place, and who wrote what changes there."""
    places = [code(_short_file(place)) for place in group.places[:_FILES]]
    if len(group.places) > _FILES:
        places.append(f"and {counted(len(group.places) - _FILES, 'more file')}")
    authors = [author_text(author) for author in group.authors[:_AUTHORS]]
    if len(group.authors) > _AUTHORS:
        authors.append(f"and {counted(len(group.authors) - _AUTHORS, 'other')}")
    return ", ".join(filter(None, ("; ".join(places), "; ".join(authors))))


def author_text(author: LineAuthor) -> str:
    """Who wrote a line; nothing of the name becomes a mention or a link."""
    return f"{quiet(cut(author.name, 60))} {code(author.commit)}" if author.commit else quiet(cut(author.name, 60))


def _short_file(place: str) -> str:
    """Where a long name leaves the line in sight."""
    file, colon, line = visible(place).rpartition(":")
    return f"{cut(file, _NAME)}{colon}{line}" if colon and line.isdecimal() else cut(visible(place), _NAME)


# ---- what has no row ----


_WHOLE = (
    "Every customer with its values: in the output of the command, which is the job's log in CI, and in the reports"
    " `html`, `csv`, `xlsx` and `json`. The pipelines of `init --ci` publish none of these files, because whoever can"
    " read the repository could read the personal data in them."
)


def _left_out(count: int, left_out: int) -> str:
    if left_out == count:
        what = "the customer" if count == 1 else f"any of the {count:,} customers"
        return f"**No room for a row for {what} here.** {_WHOLE}"
    shown = counted(count - left_out, "customer")
    return (
        f"**The {shown} with the riskiest changes {'has a row' if count - left_out == 1 else 'have rows'}; the other"
        f" {left_out:,} of {count:,} customers are summed up by field.** {_WHOLE}"
    )


def _summed(rows: Sequence[CustomerRow], room: Room) -> Iterator[str]:
    """The customers without a row: their fields in sum, and their numbers."""
    if not rows:
        return
    summaries = field_summaries(rows)
    lines = []
    for summary in summaries[:_SUMMED]:
        line = _sum_line(summary)
        if not room.takes(line):
            break
        lines.append(line)
    if lines:
        verbs = Counter(f"{row.verb}: {row.outcome}" if row.outcome else row.verb for row in rows)
        actions = ", ".join(f"{prose(verb)} {counted(count, 'customer')}" for verb, count in verbs.most_common())
        more = len(summaries) - len(lines)
        yield f"#### The other {counted(len(rows), 'customer')}, by field\n\n{actions}." + (
            f" {counted(more, 'more field')} would not fit here." if more else ""
        )
        yield "\n".join(["| field | customers | changes |", "| --- | --- | --- |", *lines])
    listed = _listed(rows, room.left // 2)
    if listed:
        room.left -= len(listed.encode()) + 2
        yield listed


def _sum_line(summary: FieldSummary) -> str:
    texts = [
        f"{_value(cut(before, _SHORT))} → {_value(cut(after, _SHORT))}: {counted(count, 'customer')}"
        for before, after, count in summary.values
    ]
    texts += [prose(cut(text, _TEXT)) for text in summary.others]
    texts += [f"in all {prose(summary.total)}"] if summary.total else []
    title = quiet(cut(summary.title, _NAME))
    name = f"{title} {code(cut(summary.path, 60))}" if summary.title != summary.path else code(cut(summary.path, 60))
    return f"| {name} | {summary.customers:,} | {'; '.join(texts)} |"


def _listed(rows: Sequence[CustomerRow], most: int) -> str:
    """The customers, folded, as fully as the bytes allow: with name and place, by number, or by file; else nothing."""
    if most < _LEAST_LIST:
        return ""
    numbers = [row.label for row in rows]
    wide = [", ".join(numbers[at : at + _NUMBERS]) for at in range(0, len(numbers), _NUMBERS)]
    files = Counter(row.source.file for row in rows if row.source)
    for lines in (
        (_full(row) for row in rows),
        wide,
        (f"{counted(count, 'customer')} in {file}" for file, count in files.items()),
    ):
        text = fold(f"The {counted(len(rows), 'customer')}", [block([cut(line, _TEXT) for line in lines], "text")])
        if len(text.encode()) <= most:
            return text
    return ""


def _full(row: CustomerRow) -> str:
    who = ", ".join(f"{author.name} {author.commit}".rstrip() for author in row.authors[:_AUTHORS])
    return "  ".join(filter(None, (row.label, row.name, file_and_line(row.source), who)))


# ---- what is folded below the table ----


def _folded(report: Report, groups: Sequence[Group], room: Room) -> Iterator[str]:
    """What a row could not hold; how many groups are without it, when there is no room for all."""
    most = max(room.left // 4, min(room.left, 2 * _LEAST_LIST)) if len(groups) > 1 else room.left
    taken, cut_short = [], 0
    for group in groups:
        text = _details(group, report.kind, min(most, room.left) if group.is_single else 9 * room.left // 10)
        if text is None or (text and not room.takes(text)):
            cut_short += len(group.customers)
        elif text:
            taken.append(text)
    if cut_short:
        yield f"**{counted(cut_short, 'customer')} in the table without more details, which do not fit.**"
    if any("```diff" in text for text in taken):
        yield _KEYS.get(report.kind, "")
    yield from taken


def _details(group: Group, kind: ReportKind, most: int) -> str | None:
    """All that the row of the group leaves out, or nothing; None when it takes more bytes than `most`."""
    row = group.first
    texts = [prose(cut(text, _TEXT)) for text in (row.message, row.remedy, *row.remarks)] if group.is_single else []
    if not group.is_single:
        texts = [prose(cut(text, _TEXT)) for text in (row.message, row.remedy) if text]
    body = [paragraph(text) for text in texts if text]
    if not _is_told(group):
        body.append(block(line for field in group.fields for line in _diff(field, row, kind)))
    if group.is_single:
        text = fold(_summary(group), body) if body else ""
        return text if len(text.encode()) <= most else None
    listed = _listed(group.customers, most - sum(len(part.encode()) + 2 for part in body))
    if not listed:
        return None
    return "\n\n".join([fold(_summary(group), body), listed]) if body else _titled(listed, _summary(group))


def _is_told(group: Group) -> bool:
    """Whether the row says all of the fields."""
    fields = group.fields
    if len(fields) > _FIELDS or any(field.notes for field in fields):
        return False
    values = (value for field in fields if field.amount is None for value in (field.before, field.after))
    sources = {field.source.file for field in fields if field.source}
    home = {group.first.source.file} if group.first.source else set()
    return all(len(value) <= _SHORT for value in values) and (not group.is_single or sources <= home)


def _summary(group: Group) -> str:
    """The words on the fold, which is HTML: plain ones only."""
    row = group.first
    if not group.is_single:
        titles = [field.title or field.path for field in group.fields[:_FIELDS]]
        plain = [title for title in titles if is_plain(title)]
        return f"{row.verb} {counted(len(group.customers), 'customer')}" + (f": {', '.join(plain)}" if plain else "")
    names = [cut(text, _NAME) for text in (row.label, row.name) if text]
    count = f": {counted(len(row.fields), 'field')}" if row.fields else ""
    return " ".join([row.verb, *(name for name in names if is_plain(name))]) + count


def fold(summary: str, body: Iterable[str]) -> str:
    """What only who wants it sees. summary: plain words, since they stand in HTML."""
    return "\n\n".join([f"<details>\n<summary>{summary}</summary>", *body, "</details>"])


def _titled(folded: str, summary: str) -> str:
    """The same with other words on the fold."""
    return f"<details>\n<summary>{summary}" + folded[folded.index("</summary>") :]


def _diff(field: FieldRow, row: CustomerRow, kind: ReportKind) -> Iterator[str]:
    """One field as lines of a diff: its path with place and cause, then before and after."""
    before, after = _window(*field.told, _LONG)
    path = cut(field.path, 2 * _NAME)
    tail = ", ".join(filter(None, (_short_place(field.source, row.source), *_reasons(field, kind))))
    if field.symbol == "+" and row.symbol == "+":
        yield f"+ {path} = {after}" + (f"  ({tail})" if tail else "")
        return
    yield f"@@ {path} @@ {tail}".rstrip()
    if field.symbol == "=":
        yield f"  {after}  (sent so that it stays)"
    else:
        if field.symbol != "+":
            yield f"- {before}"
        yield f"+ {after}"
    yield from (f"# {cut(note, _TEXT)}" for note in field.notes)


def _reasons(field: FieldRow, kind: ReportKind) -> list[str]:
    """Origin and cause in words; outside of drift, the first that tells of the ERP's change has the sign."""
    reasons = field.reasons(kind)
    first = "" if kind is ReportKind.DRIFT else next((reason for reason in reasons if reason in _OVERWRITES), "")
    return [_signed(reason) if reason == first else ORIGINS.get(reason, reason) for reason in reasons]


def _short_place(source: Source | None, home: Source | None) -> str:
    place = line_beside(source, home)
    return f"line {place[1:]}" if place.startswith(":") else cut(place, _NAME)


def _window(before: str, after: str, most: int) -> tuple[str, str]:
    """Two values cut to a readable length, so that what differs in them stays in sight."""
    if max(len(before), len(after)) <= most:
        return before, after
    same = next((at for at, (one, two) in enumerate(zip(before, after, strict=False)) if one != two), 0)
    lead = min(40, most // 3)
    start = max(0, same - lead) if same > most - most // 5 else 0
    return _part(before, start, most), _part(after, start, most)


def _part(text: str, start: int, most: int) -> str:
    if len(text) <= most:
        return text
    part, note = text[start : start + most], length_note(text)
    end = "…" if start + most < len(text) else ""
    return f"{'…' if start else ''}{part}" + ("" if part.endswith(note) else f"{end} {note}")


# ---- what is not written ----


def left_alone(report: Report, room: Room) -> Iterator[str]:
    """What differs and is not written, with the reason; what does not fit is counted."""
    lines = [_left_line(row, field) for row in report.left_alone for field in row.fields]
    if not lines:
        return
    taken = list(takewhile(room.takes, lines))
    more = [f"- and {len(lines) - len(taken):,} more, left out here"] if len(taken) < len(lines) else []
    yield "### Left alone\n\n" + "\n".join(taken + more)


def _left_line(row: CustomerRow, field: FieldRow) -> str:
    before, after = _window(field.before, field.after, _LONG)
    who = " ".join(quiet(cut(text, _NAME)) for text in (row.label, row.name) if text)
    why = "; ".join(cut(note, _TEXT) for note in field.notes)
    return f"- {who}: {code(cut(field.path, _NAME))} is {code(before)}, declared {code(after)} ({prose(why)})"
