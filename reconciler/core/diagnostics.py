"""Problems as values: each has a stable code, says what is wrong and where, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a diagnostic stops: an error stops the command, the others only inform."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in a text file; `line` and `column` count from 1, `column` in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem.

    `summary` is one sentence with the offending value, `detail` gives further facts, `remedy` says what to do.
    `code` is a key of `reconciler.core.codes.CODES`.
    """

    severity: Severity
    code: str
    summary: str
    detail: str = ""
    remedy: str = ""
    source: Source | None = None


def has_errors(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> bool:
    """Whether any of the diagnostics is an error."""
    return any(each.severity is Severity.ERROR for each in diagnostics)


def in_order(diagnostics: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics sorted by place, then code; the ones without a place come first."""
    nowhere = Source("", 0, 0)
    return tuple(sorted(diagnostics, key=lambda each: (each.source or nowhere, each.code, each.summary)))
