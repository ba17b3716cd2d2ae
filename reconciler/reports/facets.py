"""What a long report can be filtered by: the words that occur in it, numbered, with how many items have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import CustomerRow, FieldRow


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
    for item in words:
        for word in dict.fromkeys(filter(None, item)):
            counts[word] = counts.get(word, 0) + 1
    if ranked:
        counts = dict(sorted(counts.items()))
    return Facet(key, label, of_rows, counts, {word: index for index, word in enumerate(counts)})


def of_customers(customers: Iterable[CustomerRow]) -> dict[str, Facet]:
    """The filters of customers."""
    rows = tuple(customers)

    def of_fields(key: str, label: str, member: str = "") -> Facet:
        words = ([getattr(field, member or key) for field in row.fields] for row in rows)
        return facet(key, label, words, of_rows=True)

    return _by_key(
        facet("action", "Action", ((row.verb,) for row in rows), ranked=False),
        facet("outcome", "Result", ((row.outcome,) for row in rows), ranked=False),
        of_fields("cause", "Cause"),
        of_fields("origin", "Origin"),
        of_fields("field", "Field", "path"),
        facet("file", "File", map(files_of, rows)),
    )


def of_diagnostics(diagnostics: Iterable[Diagnostic]) -> dict[str, Facet]:
    """The filters of problems."""
    problems = tuple(diagnostics)
    return _by_key(
        facet("action", "Severity", ((problem.severity.value,) for problem in problems), ranked=False),
        facet("cause", "Code", ((problem.code,) for problem in problems)),
        facet("file", "File", ((file_of(problem.source),) for problem in problems)),
    )


def _by_key(*facets: Facet) -> dict[str, Facet]:
    return {facet.key: facet for facet in facets}


def files_of(customer: CustomerRow) -> list[str]:
    """Every file that declares something of the customer."""
    sources = (customer.source, *(field.source for field in customer.fields))
    return list(dict.fromkeys(filter(None, map(file_of, sources))))


def file_of(source: Source | None) -> str:
    """The file's name as shown, or nothing."""
    return visible(source.file) if source else ""


def tally(fields: Iterable[FieldRow], key: str) -> dict[str, int]:
    """How many fields have each word, the most frequent first."""
    counts = Counter(word for field in fields if (word := getattr(field, key)))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
