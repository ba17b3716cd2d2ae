"""HTML: one file that opens from disk, needs nothing from anywhere, and runs nothing but its own script.

The page says everything without JavaScript; the script only adds search, filters and sorting. Texts are escaped by the
template engine, and a Content-Security-Policy that names the style and the script by their hashes stands behind it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup, escape

from reconciler.core.diagnostics import Severity, Source
from reconciler.reports import facets, view
from reconciler.reports.marks import Piece, Pieces, excerpt, marked
from reconciler.reports.report import Entry, Report, Row, State
from reconciler.reports.report_kind import Kind
from reconciler.reports.safe_text import visible

_FOLD, _EXCERPT, _TITLE, _BARS = 300, 160, 200, 8
_TITLES = {
    Kind.VALIDATION: "Validation",
    Kind.PLAN: "Plan",
    Kind.RUN: "Apply",
    Kind.DRIFT: "Drift",
}
_BADGES: Mapping[State, tuple[str, str, str]] = {
    State.CLEAN: ("good", "✓", "Nothing to do"),
    State.CHANGES: ("info", "●", "Changes"),
    State.REFUSED: ("bad", "✗", "Refused"),
    State.INVALID: ("bad", "✗", "Invalid"),
    State.PARTIAL: ("bad", "!", "Not done in full"),
    State.INTERRUPTED: ("warn", "!", "Interrupted"),
}
_CLEAN = {Kind.VALIDATION: "Valid", Kind.PLAN: "No changes", Kind.RUN: "Done", Kind.DRIFT: "No drift"}
_SIDES = {
    "config": ("in the ERP now", "declared"),
    "drift": ("last applied", "in the ERP now"),
    "both": ("last applied", "in the ERP now"),
    "unknown": ("declared", "in the ERP now"),
}
"""What the two values of a drift's row are, by its cause (as `report_drift.row_of` sets them)."""
_SYMBOLS = {"+": "set", "~": "chg", "-": "clr", "=": "same", "!": "drf", "?": "unm"}
_TONES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "info"}
_BREAKS = re.compile(r"[./](?=.)")
_BDI = (Markup("<bdi>"), Markup("</bdi>"))
_DETAILS = Markup("<details><summary>Show all {} characters</summary>{}</details>")
_OUTCOMES = {"done": ("good", "✓"), "conflict": ("bad", "✗"), "failed": ("bad", "✗"), "unclear": ("warn", "?")}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The report as an HTML page, UTF-8. It is a file and holds the whole, whatever a comment may take."""
    problems = report.kind is Kind.VALIDATION
    found = facets.of_diagnostics(report.diagnostics) if problems else facets.of_entries(report.entries)
    title, place = _TITLES[report.kind], report.place
    page = _template().render(
        report=replace(report, facts=report.facts + report.details),
        title=title,
        full_title=_short(" · ".join(filter(None, (title, place.company, report.headline))), _TITLE),
        csp=_policy(),
        style=Markup(_asset("report.css")),  # noqa: S704 (our own file)
        script=Markup(_asset("report.js")),  # noqa: S704 (our own file)
        badge=_badge(report),
        charts=_charts(report),
        facets=found,
        filters=[each for each in found.values() if each.useful],
        items=len(report.diagnostics) if problems else len(report.entries),
        nouns=("problem", "problems") if problems else ("customer", "customers"),
        problems=problems,
        diagnostics={each: [one for one in report.diagnostics if one.severity is each] for each in Severity},
        sides=_SIDES if report.kind is Kind.DRIFT else {},
        anchors=_anchors(report),
        ranked=sorted(enumerate(report.entries), key=lambda each: -each[1].risk),
    )
    return page.encode()


@cache
def _template() -> jinja2.Template:
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
        "place": view.place,
    }
    env.globals |= {
        "cells": _cells,
        "counted": view.counted,
        "files_of": facets.files_of,
        "file_of": facets.file_of,
        "line_of": _line_of,
        "tags_of": _tags_of,
        "SYMBOLS": _SYMBOLS,
        "TONES": _TONES,
        "OUTCOMES": _OUTCOMES,
        "ORIGINS": view.ORIGINS,
    }
    return env.get_template("report.html")


@cache
def _asset(name: str) -> str:
    return resources.files("reconciler.reports").joinpath("html_template", name).read_text(encoding="utf-8")


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
    if report.state is State.CLEAN:
        text = _CLEAN[report.kind]
    elif report.state is State.CHANGES and report.kind is Kind.DRIFT:
        tone, text = "warn", "Drift"
    return tone, symbol, text


@dataclass(frozen=True, slots=True)
class Chart:
    """Counts to draw as bars, each with its width in percent."""

    title: str
    bars: tuple[tuple[str, int, str], ...]


def _charts(report: Report) -> list[Chart]:
    rows = [row for each in report.entries for row in each.rows]
    paths, causes = facets.tally(rows, "path"), facets.tally(rows, "cause")
    noun = "Declarations" if report.kind is Kind.VALIDATION else "Customers"
    charts = [_chart(noun if report.kind is not Kind.RUN else "Results", report.counts, len(report.counts))]
    if report.kind is Kind.VALIDATION:
        found = facets.of_diagnostics(report.diagnostics)
        charts += [_chart("Problems by file", found["file"].counts), _chart("Problems by code", found["cause"].counts)]
    else:
        charts += [_chart("Fields by cause", causes), _chart("Most frequent fields", paths)]
    return [each for each in charts if each.bars]


def _chart(title: str, counts: Mapping[str, int], most: int = _BARS) -> Chart:
    """The first counts as bars, long words cut. What is there is never drawn as nothing."""
    highest = max(counts.values(), default=0) or 1
    bars = tuple(
        (_short(word, 60), count, f"{max(1.5, 100 * count / highest) if count else 0:.4g}")
        for word, count in list(counts.items())[:most]
    )
    return Chart(title, bars)


def _anchors(report: Report) -> dict[str, int]:
    """Customer → the number of its entry, for links from what refuses it."""
    return {each.label: index for index, each in reversed(list(enumerate(report.entries)))}


def _short(text: str, size: int = _EXCERPT) -> str:
    return text if len(text) <= size else f"{text[:size]}… ({len(text):,} characters)"


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
    short = sum(len(each.text) for each in pieces) <= _FOLD
    ascii_only = short and all(each.text.isascii() for each in pieces)
    return _inked(pieces, tag) if ascii_only else _folded(pieces, tag)


def _folded(pieces: Pieces, tag: str) -> Markup:
    size = sum(len(each.text) for each in pieces)
    whole = _BDI[0] + _inked(pieces, tag) + _BDI[1]
    if size <= _FOLD:
        return whole
    start = _BDI[0] + _inked(excerpt(pieces, _EXCERPT), tag) + _BDI[1]
    return start + _DETAILS.format(f"{size:,}", whole)


def _inked(pieces: Pieces, tag: str) -> Markup:
    """The pieces escaped, the ones that changed in an element of the tag."""
    texts = (f"<{tag}>{escape(each.text)}</{tag}>" if each.hit else str(escape(each.text)) for each in pieces)
    return Markup("".join(texts))  # noqa: S704 (each text is escaped above)


def _cells(row: Row, *, create: bool) -> tuple[Markup, ...]:
    """The values' cells: one of a new customer, else before and after with the characters marked that differ."""
    if create:
        return (_isolated(row.after),)
    before, after = marked(row.before, row.after)
    return _value(before, "del"), _value(after, "ins")


def _line_of(row: Row, entry: Entry) -> str:
    """Where the field is declared: only the line when it is in the entry's own file."""
    source: Source | None = row.source
    if source is not None and entry.source is not None and source.file == entry.source.file:
        return f":{source.line}"
    return view.place(source)


def _tags_of(entry: Entry) -> list[str]:
    """The causes and origins in the entry that ask for a look."""
    words = [word for row in entry.rows for word in (row.cause, row.origin)]
    return [word for word in dict.fromkeys(words) if word in ("drift", "both", "merged", "outside", "unknown")]
