"""HTML: one file that opens from disk, needs nothing from anywhere, and runs nothing but its own script.

The page says everything without JavaScript; the script only adds search, filters and sorting. Texts are escaped by the
template engine, and a Content-Security-Policy that names the style and the script by their hashes stands behind it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup, escape

from reconciler.core.diagnostics import Severity
from reconciler.core.drift import DriftCount
from reconciler.reports import facets
from reconciler.reports.fitting import cut
from reconciler.reports.marks import Piece, Pieces, excerpt, marked, whole
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.glossary import glossary
from reconciler.reports.view.groups import field_summaries
from reconciler.reports.view.problems import problems_of
from reconciler.reports.view.report import CustomerRow, FieldRow, Report, ReportState
from reconciler.reports.view.risk import order_of
from reconciler.reports.wording import ORIGINS, TITLES, counted, file_and_line, line_beside, moment, moments, unquoted
from reconciler.resources.customer import CUSTOMER

_FEW = 10  # customers that are seen at a glance: their fields need no sum
_FOLD, _EXCERPT, _TITLE, _BARS = 300, 160, 200, 8
_REPORTS = 12  # of the history of a drift
_BADGES: Mapping[ReportState, tuple[str, str, str]] = {
    ReportState.CLEAN: ("good", "✓", "Nothing to do"),
    ReportState.CHANGES: ("info", "●", "Changes"),
    ReportState.REFUSED: ("bad", "✗", "Refused"),
    ReportState.INVALID: ("bad", "✗", "Invalid"),
    ReportState.PARTIAL: ("bad", "!", "Not done in full"),
    ReportState.INTERRUPTED: ("warn", "!", "Interrupted"),
}
_CLEAN = {
    ReportKind.VALIDATION: "Valid",
    ReportKind.PLAN: "No changes",
    ReportKind.RUN: "Done",
    ReportKind.DRIFT: "No drift",
}
_SIDES = {
    "config": ("in the ERP now", "declared"),
    "drift": ("last applied", "in the ERP now"),
    "both": ("last applied", "in the ERP now"),
    "unknown": ("declared", "in the ERP now"),
}
"""What the two values of a drift's row are, by its cause (as `view.drift` sets them)."""
_SYMBOLS = {"+": "set", "~": "chg", "-": "clr", "=": "same", "!": "drf", "?": "unm", "»": "ren"}
_TONES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "info"}
_BREAKS = re.compile(r"[./](?=.)")
_BDI = (Markup("<bdi>"), Markup("</bdi>"))
_DETAILS = Markup("<details><summary>Show all {} characters</summary>{}</details>")
_OUTCOMES = {
    "done": ("good", "✓"),
    "conflict": ("bad", "✗"),
    "exists already": ("bad", "✗"),
    "failed": ("bad", "✗"),
    "unclear": ("warn", "?"),
}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The report as an HTML page, UTF-8. It is a file and holds the whole, whatever a comment may take."""
    problems = report.kind is ReportKind.VALIDATION
    filters = facets.of_diagnostics(report.diagnostics) if problems else facets.of_customers(report.customers)
    title = TITLES[report.kind]
    page = template("report.html").render(
        report=report,
        title=title,
        full_title=cut(" · ".join(filter(None, (title, report.header.company, report.headline))), _TITLE),
        sentences=tuple(filter(None, (report.scope, report.origins, *report.sentences, *report.details))),
        summaries=field_summaries(report.customers) if len(report.customers) > _FEW else [],
        glossary=glossary(report),
        order=order_of(CUSTOMER),
        has_ages=any(row.days is not None for row in report.customers),
        **assets(),
        badge=_badge(report),
        charts=_charts(report),
        history=_history(report.history),
        facets=filters,
        filters=[facet for facet in filters.values() if facet.useful],
        items=len(report.diagnostics) if problems else len(report.customers),
        nouns=("problem", "problems") if problems else ("customer", "customers"),
        problems=problems,
        severities={
            severity: sum(diagnostic.severity is severity for diagnostic in report.diagnostics) for severity in Severity
        },
        shared_problems=problems_of(report),
        sides=_SIDES if report.kind is ReportKind.DRIFT else {},
        anchors=_anchors(report),
        ranked=sorted(enumerate(report.customers), key=lambda numbered: -numbered[1].risk),
    )
    return page.encode()


@cache
def template(name: str) -> jinja2.Template:
    """A page in the folder `html_template`, with what makes foreign texts harmless."""
    env = jinja2.Environment(
        loader=jinja2.PackageLoader("reconciler.reports", "html_template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "visible": visible,
        "fold": fold,
        "isolated": _isolated,
        "path": _path,
        "short": _short,
        "ticked": _ticked,
        "place": file_and_line,
        "moment": moment,
        "moments": moments,
        "unquoted": unquoted,
    }
    env.globals |= {
        "cells": _cells,
        "counted": counted,
        "files_of": facets.files_of,
        "file_of": facets.file_of,
        "line_beside": line_beside,
        "tags_of": _tags_of,
        "SYMBOLS": _SYMBOLS,
        "TONES": _TONES,
        "OUTCOMES": _OUTCOMES,
        "ORIGINS": ORIGINS,
    }
    return env.get_template(name)


@cache
def _asset(name: str) -> str:
    return resources.files("reconciler.reports").joinpath("html_template", name).read_text(encoding="utf-8")


def assets() -> dict[str, object]:
    """What every page holds: `style`, `script`, and `csp`, which allows nothing but these."""
    return {
        "csp": _policy(),
        "style": Markup(_asset("report.css")),  # noqa: S704 (our own file)
        "script": Markup(_asset("report.js")),  # noqa: S704 (our own file)
    }


@cache
def _policy() -> str:
    """The Content-Security-Policy: nothing is loaded, sent or run, but the style and the script with these hashes."""

    def hashed(name: str) -> str:
        return base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{hashed('report.css')}'; script-src 'sha256-{hashed('report.js')}';"
        " base-uri 'none'; form-action 'none'"
    )


def _badge(report: Report) -> tuple[str, str, str]:
    tone, symbol, text = _BADGES[report.state]
    if report.state is ReportState.CLEAN:
        text = _CLEAN[report.kind]
    elif report.state is ReportState.CHANGES and report.kind is ReportKind.DRIFT:
        tone, text = "warn", "Drift"
    return tone, symbol, text


@dataclass(frozen=True, slots=True)
class Chart:
    """Counts to draw as bars, each with its width in percent."""

    title: str
    bars: tuple[tuple[str, int, str], ...]


_DIFFERING = ("drift", "both", "unknown", "config", "missing", "muted")
_AGES = ((0, "today"), (7, "1 to 7 days"), (30, "8 to 30 days"), (90, "31 to 90 days"))


def _charts(report: Report) -> list[Chart]:
    """What matters for the kind of report, each with its unit; what is not there is not drawn."""
    if report.kind is ReportKind.VALIDATION:
        problems = facets.of_diagnostics(report.diagnostics)
        charts = [
            chart("Declarations and problems", report.counts, len(report.counts)),
            chart("Problems by file", problems["file"].counts),
            chart("Problems by code", problems["cause"].counts),
        ]
    else:
        fields = [field for row in report.customers for field in row.fields]
        charts = [
            *_customer_charts(report),
            chart("Fields by cause", facets.tally(fields, "cause")),
            chart("Fields by name", facets.tally(fields, "name")),
        ]
    return [chart for chart in charts if chart.bars]


def _customer_charts(report: Report) -> list[Chart]:
    """How many customers, each counted once in a chart."""
    counts = report.told_counts
    if report.kind is not ReportKind.DRIFT:
        return [chart("Customers by result" if report.kind is ReportKind.RUN else "Customers", counts, len(counts))]
    counts["muted"] = sum(row.muted for row in report.customers)  # one with other differences counts among these
    differing = {word: counts[word] for word in _DIFFERING if counts.get(word)}
    others = {word: count for word, count in counts.items() if word not in _DIFFERING and word != "new"}
    ages = Counter(_age_word(row.days) for row in report.customers if row.days is not None and row.fields)
    in_order = {word: ages[word] for word in (*(word for _, word in _AGES), _OLD) if ages[word]}
    return [
        chart(f"Customers that differ{' or are missing' * ('missing' in differing)}", differing, len(differing)),
        chart("Customers by the age of their drift", in_order),
        chart("All customers", others),
    ]


_OLD = "more than 90 days"


def _age_word(days: int) -> str:
    return next((word for most, word in _AGES if days <= most), _OLD)


def chart(title: str, counts: Mapping[str, int], most: int = _BARS) -> Chart:
    """The first counts as bars, long words cut. What is there is never drawn as nothing."""
    highest = max(counts.values(), default=0) or 1
    bars = tuple(
        (cut(word, 60), count, f"{max(1.5, 100 * count / highest) if count else 0:.4g}")
        for word, count in list(counts.items())[:most]
    )
    return Chart(title, bars)


@dataclass(frozen=True, slots=True)
class _HistoryRow:
    """One report in the chart of drift: how many fields differed, as a bar in percent too, and what came and went."""

    at: str
    fields: int
    width: str
    opened: int
    closed: int


def _history(counts: Sequence[DriftCount]) -> list[_HistoryRow]:
    """The last reports, the oldest first; nothing where there is only one."""
    last = counts[-_REPORTS:] if len(counts) > 1 else ()
    fields = {str(at): count.fields for at, count in enumerate(last)}  # by place: two may be of one second
    bars = chart("", fields, _REPORTS).bars
    return [
        _HistoryRow(count.at, count.fields, width, count.opened, count.closed)
        for count, (_, _, width) in zip(last, bars, strict=True)
    ]


def _anchors(report: Report) -> dict[str, int]:
    """Customer → the number of its row, for links from what refuses it."""
    return {row.label: index for index, row in reversed(list(enumerate(report.customers)))}


def _short(text: str, size: int = _EXCERPT) -> str:
    return cut(text, size)


def fold(text: str) -> Markup:
    """A text of foreign origin: kept apart from the direction of its neighbours, and folded when it is long."""
    if len(text) <= _FOLD:
        return _BDI[0] + escape(text) + _BDI[1]
    return _folded((Piece(text, False),), "b")


def _isolated(text: str) -> Markup:
    """The same for cells, of which there are many: letters that could turn the direction are never ASCII."""
    return escape(text) if text.isascii() and len(text) <= _FOLD else fold(text)


def _ticked(text: str) -> Markup:
    """A sentence of our own, in which what stands between backticks is a command."""
    parts = (f"<code>{escape(part)}</code>" if at % 2 else str(escape(part)) for at, part in enumerate(text.split("`")))
    return Markup("".join(parts))  # noqa: S704 (each part is escaped above)


def _path(text: str) -> Markup:
    """A field's or a file's path, that a narrow column breaks at its dots and slashes rather than inside a word."""
    if len(text) > _FOLD or not text.isascii():
        return fold(text)
    return Markup(_BREAKS.sub(r"\g<0><wbr>", str(escape(text))))  # noqa: S704 (escaped)


def _value(pieces: Pieces, tag: str) -> Markup:
    short = sum(len(piece.text) for piece in pieces) <= _FOLD
    ascii_only = short and all(piece.text.isascii() for piece in pieces)
    return _inked(pieces, tag) if ascii_only else _folded(pieces, tag)


def _folded(pieces: Pieces, tag: str) -> Markup:
    size = sum(len(piece.text) for piece in pieces)
    whole = _BDI[0] + _inked(pieces, tag) + _BDI[1]
    if size <= _FOLD:
        return whole
    start = _BDI[0] + _inked(excerpt(pieces, _EXCERPT), tag) + _BDI[1]
    return start + _DETAILS.format(f"{size:,}", whole)


def _inked(pieces: Pieces, tag: str) -> Markup:
    """The pieces escaped, the ones that changed in an element of the tag."""
    texts = (f"<{tag}>{escape(piece.text)}</{tag}>" if piece.hit else str(escape(piece.text)) for piece in pieces)
    return Markup("".join(texts))  # noqa: S704 (each text is escaped above)


def _cells(field: FieldRow, *, create: bool) -> tuple[Markup, ...]:
    """The values' cells: one of a new customer, else before and after with what differs marked; numbers as a whole."""
    if create:
        return (_isolated(field.told[1]),)
    before, after = marked(*field.told) if field.is_prose else whole(*field.told)
    return _value(before, "del"), _value(after, "ins")


def _tags_of(row: CustomerRow) -> list[str]:
    """The causes and origins of its fields that ask for a look."""
    words = (word for field in row.fields for word in (field.cause, field.origin))
    return [word for word in dict.fromkeys(words) if word in ("drift", "both", "merged", "outside", "unknown")]
