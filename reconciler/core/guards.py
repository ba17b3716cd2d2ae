"""Volume guards: how much a plan may change before it refuses itself (docs/decisions/0017). Pure.

A share is of the managed customers that exist, and only counts from ten of them on, as in octoDNS: in a small company
every change is a large share.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from reconciler.core.plan import Guard, Refusal, Summary, Verdict

SHARE_FROM = 10
"""Managed customers from which on a share counts."""

Limit: TypeAlias = "int | Fraction"


@dataclass(frozen=True, slots=True)
class VolumeLimits:
    """At most so many updates, creates and renumberings: a number, or a share of the managed customers."""

    updates: Limit = Fraction(30, 100)
    creates: Limit = 50
    renumbers: Limit = 10


def volume_verdicts(summary: Summary, limits: VolumeLimits, managed: int) -> tuple[Verdict, ...]:
    """One verdict each for updates and creates, and one for renumberings where there are any: they are rare.

    managed: live customers with a declaration, targeted or not.
    """
    verdicts = (
        _verdict("updates", summary.update, managed, limits.updates),
        _verdict("creates", summary.create, managed, limits.creates),
    )
    if not summary.renumber:
        return verdicts
    return (*verdicts, _verdict("renumbers", summary.renumber, managed, limits.renumbers))


def refusals(verdicts: tuple[Verdict, ...]) -> tuple[Refusal, ...]:
    """A refusal for each verdict that says no."""
    return tuple(
        Refusal(
            Guard.VOLUME,
            f"{verdict.found:,} {_worded(verdict)} more than the guard allows ({verdict.limit})",
            f"If that is meant, apply with --force, or raise guards.{verdict.name} in the settings.",
        )
        for verdict in verdicts
        if not verdict.passed
    )


def _worded(verdict: Verdict) -> str:
    word = {"renumbers": "renumberings"}.get(verdict.name, verdict.name)
    return f"{word.removesuffix('s')} is" if verdict.found == 1 else f"{word} are"


def _verdict(name: str, found: int, managed: int, limit: Limit) -> Verdict:
    if isinstance(limit, int):
        return Verdict(name, f"{limit:,}", found, found <= limit)
    share = f"{float(limit * 100):g}%"
    if managed < SHARE_FROM:
        return Verdict(name, f"{share}, from {SHARE_FROM} managed customers on", found, passed=True)
    return Verdict(name, f"{share} of {managed:,} managed customers", found, found <= limit * managed)
