"""What the words of a report mean, for a reader who knows the ERP and not this tool. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.reports.report_kind import ReportKind
from reconciler.reports.view.report import Report

_VERBS: Mapping[str, str] = {
    "create": "the customer is declared and not in the ERP yet",
    "update": "the customer is in the ERP, and some of its fields are declared otherwise",
    "renumber": "the customer gets another number, and stays the same one",
    "drifted": "somebody changed a declared field in the ERP",
    "declared": "the declaration changed and is not applied yet",
    "missing": "the customer is declared and not in the ERP",
    "muted": "the difference is accepted until a day, for a reason: it is not written",
    "ignored": "the settings or the declaration say that an update never writes the field",
}
_COUNTED: Mapping[str, str] = {
    "managed": "customers in the ERP that have a declaration",
    "unchanged": "customers that are in the ERP as they are declared",
    "unmanaged": "customers in the ERP without a declaration: they are never touched",
    "removed": "customers that had a declaration and have none any more",
    "held back": "declarations that are not compared: they may mean a customer that cannot be read",
    "unreadable": "customers in the ERP that cannot be read",
}
_CAUSES: Mapping[str, str] = {
    "config": "the declaration changed",
    "drift": "the ERP changed",
    "both": "the declaration and the ERP changed",
    "unknown": "nothing is recorded yet that shows the cause",
}
_ORIGINS: Mapping[str, str] = {
    "branch": "only this branch asks for it",
    "merged": "the base branch asks for it too; it is not applied yet",
    "drift": "the base branch asks for it too; the ERP moved away from it",
    "outside": "the base branch asks for it too; nothing shows whether it was applied",
}
_OUTCOMES: Mapping[str, str] = {
    "done": "the ERP took it",
    "exists already": "the customer is in the ERP already, by another hand",
    "conflict": "somebody changed the customer in the ERP since the plan was made; it was left alone",
    "failed": "the ERP refused it",
    "not sent": "something before it did not succeed",
    "unclear": "it was sent, and no usable answer came",
}
DECLARED = "what the files in git ask for"


def glossary(report: Report) -> tuple[tuple[str, str], ...]:
    """Each word that occurs in the report, with its meaning, in the order in which a reader meets them.

    The words are as rows and counts have them; `wording.ORIGINS` says how formats word an origin.
    """
    if report.kind is ReportKind.VALIDATION:
        return ()
    return tuple(dict(_words(report)).items())


def _words(report: Report) -> Iterator[tuple[str, str]]:
    rows = report.customers
    fields = [field for row in rows for field in row.fields]
    counted = set(report.told_counts)
    occurring = (
        (_VERBS, {row.verb for row in rows} | counted),
        (_COUNTED, counted),
        (_OUTCOMES, {row.outcome for row in rows}),
        (_CAUSES, {field.cause for field in fields}),
        (_ORIGINS, {field.origin for field in fields}),
    )
    if rows:
        yield "declared value", DECLARED
    for meanings, words in occurring:
        yield from ((word, meaning) for word, meaning in meanings.items() if word in words)
