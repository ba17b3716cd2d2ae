"""What a long report can be filtered by: the words that occur in it, numbered, with how many items have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.reports.report import Entry, Row
from reconciler.reports.safe_text import visible


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter. counts: word → items with it, in the order to offer; at: word → its place in that order.

    of_rows: whether the rows have the word, or the item as a whole.
    """

    key: str
    label: str
    of_rows: bool
    counts: Mapping[str, int]
    at: Mapping[str, int]

    @property
    def useful(self) -> bool:
        """Whether there is something to choose."""
        return len(self.counts) > 1


def facet(key: str, label: str, words: Iterable[Iterable[str]], *, of_rows: bool = False, ranked: bool = True) -> Facet:
    """The facet over each item's words. ranked: by name, else in the order of first appearance."""
    counts: dict[str, int] = {}
    for each in words:
        for word in dict.fromkeys(filter(None, each)):
            counts[word] = counts.get(word, 0) + 1
    if ranked:
        counts = dict(sorted(counts.items()))
    return Facet(key, label, of_rows, counts, {word: index for index, word in enumerate(counts)})


def of_entries(entries: Iterable[Entry]) -> dict[str, Facet]:
    """The filters of customers."""
    all_entries = tuple(entries)

    def rows(key: str, label: str, member: str = "") -> Facet:
        words = ([getattr(row, member or key) for row in each.rows] for each in all_entries)
        return facet(key, label, words, of_rows=True)

    found = (
        facet("action", "Action", ((each.verb,) for each in all_entries), ranked=False),
        facet("outcome", "Result", ((each.outcome,) for each in all_entries), ranked=False),
        rows("cause", "Cause"),
        rows("origin", "Origin"),
        rows("field", "Field", "path"),
        facet("file", "File", (files_of(each) for each in all_entries)),
    )
    return {each.key: each for each in found}


def of_diagnostics(diagnostics: Iterable[Diagnostic]) -> dict[str, Facet]:
    """The filters of problems."""
    found = tuple(diagnostics)
    facets = (
        facet("action", "Severity", ((each.severity.value,) for each in found), ranked=False),
        facet("cause", "Code", ((each.code,) for each in found)),
        facet("file", "File", ((file_of(each.source),) for each in found)),
    )
    return {each.key: each for each in facets}


def files_of(entry: Entry) -> list[str]:
    """Every file that has a word in the entry."""
    return list(dict.fromkeys(filter(None, map(file_of, (entry.source, *(row.source for row in entry.rows))))))


def file_of(source: Source | None) -> str:
    """The file's name as shown, or nothing."""
    return visible(source.file) if source else ""


def tally(rows: Iterable[Row], key: str) -> dict[str, int]:
    """How many rows have each word, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        word = getattr(row, key)
        if word:
            counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
