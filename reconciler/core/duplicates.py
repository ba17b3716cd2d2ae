"""Customers that are there already, or seem to be: finding P511. Pure.

A new customer is held against the live customers as they are, and against every other declaration. Sure sameness
(`core.sameness`) is decided by `guards.duplicates`, likely sameness by `guards.lookalikes`. An update that gives a
customer an id which another live one has makes no customer, and is likely sameness at most. `lifecycle.same_as` says
for one declaration that both are meant: one organisation may well have several customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.identity_key import identity_key
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import Guard, Refusal
from reconciler.core.sameness import DIGITS, Degree, Mark, Sameness, Side, marks, sameness
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, render_path

CODE = "P511"

LOST = "P517"
"""Code of a likeness to a customer that lost its declaration: the new one may be the old one with another number."""


@dataclass(frozen=True, slots=True)
class Known:
    """A customer that another one may be: live, or declared. `names` are its number and ref, as `same_as` gives them.

    same_as: whom its own declaration names so. declaration: where it is known by that alone.
    """

    label: str
    names: frozenset[str]
    side: Side
    same_as: tuple[str, ...] = ()
    declaration: Desired | None = None

    @property
    def number(self) -> str | None:
        """The customer's number, where it has one."""
        return self.side.number


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a plan makes of a declaration, and what another customer may be already.

    side: all of a new customer; of an update, the ids that it gives. live: the number of the customer that is updated.
    """

    declaration: Desired
    side: Side
    live: str | None = None

    @property
    def label(self) -> str:
        """As the action is called."""
        return self.live or self.declaration.label


@dataclass(frozen=True, slots=True)
class Likeness:
    """That a candidate seems to be another customer: why, or None for namesakes and those that are both meant."""

    candidate: Candidate
    other: Known
    sameness: Sameness | None

    @property
    def degree(self) -> Degree:
        """How sure it is."""
        if self.sameness is None:
            return Degree.NAMESAKE
        return min(self.sameness.degree, Degree.LIKELY) if self.candidate.live else self.sameness.degree


def of_live(customer: Live, declaration: Desired | None = None, ids: Mapping[str, object] | None = None) -> Known:
    """A live customer as one that another may be. declaration: its own. ids: what the plan makes of its ids."""
    names = {number_key(customer.number), *((declaration.ref,) if declaration is not None and declaration.ref else ())}
    values = customer.values if ids is None else {**customer.values, **ids}
    same_as = declaration.lifecycle.same_as if declaration is not None else ()
    return Known(customer.number, frozenset(names), Side(values, customer.number), same_as)


def of_declared(declaration: Desired) -> Known:
    """A declaration as one that another new one may be."""
    names = {name for name in (declaration.ref, declaration.number and number_key(declaration.number)) if name}
    side = Side(declaration.values, declaration.number)
    return Known(declaration.label, frozenset(names), side, declaration.lifecycle.same_as, declaration)


def of_new(declaration: Desired) -> Candidate:
    """A customer that is to be created."""
    return Candidate(declaration, Side(declaration.values, declaration.number))


def of_update(declaration: Desired, live: Live, ids: Mapping[str, object]) -> Candidate:
    """A customer that is to be given these ids."""
    return Candidate(declaration, Side(ids), live.number)


def likenesses(
    candidates: Iterable[Candidate], known: Iterable[Known], resource: Resource = CUSTOMER
) -> Iterator[Likeness]:
    """One for each candidate and known customer that are, or seem to be, the same, with the surest reason.

    A declaration is not held against itself. Those that `same_as` of either side names are namesakes at most.
    """
    by_mark: dict[Mark, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        for mark in marks(candidate.side, resource):
            by_mark[mark].append(candidate)
    if not by_mark:
        return
    for other in known:
        seen: set[int] = set()
        for mark in marks(other.side, resource):
            if mark[0] == resource.label and other.declaration is not None:
                continue  # two declared namesakes are nothing: nobody can take one for the other
            for candidate in by_mark.get(mark, ()):
                if id(candidate) in seen or _is_itself(candidate, other):
                    continue
                is_known_apart = is_meant(candidate.declaration, other)
                reason = None if is_known_apart else sameness(candidate.side, other.side, resource)
                if mark[0] == DIGITS and reason is None and not is_known_apart:
                    continue  # some digits in common are nothing
                seen.add(id(candidate))
                yield Likeness(candidate, other, reason)


def findings(
    similar: Iterable[Likeness],
    *,
    duplicates: Literal["warning", "error"],
    lookalikes: Literal["warning", "error"],
    lost: Collection[str] = (),
    lost_is_retired: bool = False,
) -> tuple[list[Diagnostic], list[Refusal]]:
    """P511 for each likeness that has a reason: a warning, or what refuses the plan (exit 4).

    lost: numbers of live customers that are no longer declared: to be like one of them is P517. lost_is_retired:
    whether the plan makes them Inactive; then the likeness always refuses it.
    """
    diagnostics: list[Diagnostic] = []
    refusals: list[Refusal] = []
    told: set[frozenset[str]] = set()
    for likeness in similar:
        if likeness.sameness is None:
            continue
        pair = frozenset({likeness.candidate.label, likeness.other.label})
        if pair in told:  # two candidates are told once, and a customer that is declared and live too
            continue
        told.add(pair)
        is_new = likeness.candidate.live is None
        level = duplicates if likeness.degree is Degree.SURE else lookalikes
        is_lost = is_new and likeness.other.declaration is None and likeness.other.number in lost
        finding = _diagnostic(likeness, likeness.sameness, is_lost=is_lost)
        diagnostics.append(finding)
        if level == "error" or (is_lost and lost_is_retired):
            name = "duplicates" if likeness.degree is Degree.SURE else "lookalikes"
            summary = f"{finding.code} {finding.summary}"
            way_out = "" if is_lost and lost_is_retired else f" guards.{name}: warning only warns."
            remedy = f"{finding.remedy}{way_out}"
            refusals.append(
                Refusal(Guard.DUPLICATE, summary, remedy, likeness.candidate.declaration.number, finding.source)
            )
    return diagnostics, refusals


def declared_twice(
    declarations: Iterable[Desired], level: Literal["warning", "error"], resource: Resource = CUSTOMER
) -> Iterator[Diagnostic]:
    """Two declarations with one id, found offline. An error (under `guards.duplicates`) where one has no number: both
    would be created, or one finds the other's customer. Where both have one, both may be live, and the plan decides."""
    holders: dict[Mark, Desired] = {}
    for declaration in declarations:
        for name in resource.match:
            value = declaration.values.get(name)
            if not isinstance(value, str) or not (key := identity_key(value)):
                continue
            other = holders.setdefault((name, key), declaration)
            if other is declaration or is_meant(declaration, of_declared(other)):
                continue
            numbered = declaration.number is not None and other.number is not None
            yield Diagnostic(
                Severity.WARNING if numbered or level == "warning" else Severity.ERROR,
                "D331",
                f"{declaration.label} and {other.label} ({other.source}) have the same {name}",
                detail=_both(repr(value), repr(other.values.get(name))),
                remedy="If they are one customer, keep one declaration. If both are meant, say so: lifecycle:"
                f' {{same_as: ["{other.number or other.ref}"]}}.',
                source=declaration.locate((name,)),
            )
            break


def _both(ours: str, theirs: str) -> str:
    return f"Both have {ours}." if ours == theirs else f"Here {ours}, there {theirs}."


def _diagnostic(likeness: Likeness, reason: Sameness, *, is_lost: bool) -> Diagnostic:
    ours, other = likeness.candidate, likeness.other
    place = f" ({other.declaration.source})" if other.declaration is not None else ""
    summary = _summary(likeness, reason, f"{other.label}{place}")
    if is_lost:
        summary += ", which is no longer declared"
    same = f'lifecycle: {{same_as: ["{other.number or other.label.removeprefix("ref ")}"]}}'
    return Diagnostic(
        Severity.WARNING,
        LOST if is_lost else CODE,
        summary,
        detail=_both(_value(reason.path, reason.ours), _value(reason.their_path, reason.theirs))
        if reason.is_crossed
        else _both(repr(reason.ours), repr(reason.theirs)),
        remedy=f"If they are one customer, {_if_one(likeness)}; if both are meant, say so: {same}.",
        source=ours.declaration.locate(reason.path),
    )


def _summary(likeness: Likeness, reason: Sameness, other: str) -> str:
    ours, member = likeness.candidate, render_path(reason.path)
    is_sure = reason.degree is Degree.SURE
    if ours.live is not None:
        what = f"the {member} that {other} has" if is_sure else f"a {member} by which it looks like {other}"
        summary = f"{ours.label} is to be given {what}"
    elif is_sure:
        summary = f"{ours.label} is new, and {other} has the same {member}"
        summary += "" if likeness.other.declaration is not None else " already"
    else:
        summary = f"{ours.label} is new, and looks like {other} by its {member}"
    if reason.is_crossed:
        summary += f": the same digits stand in its {render_path(reason.their_path)}"
    return summary


def _value(path: Path, value: str) -> str:
    return f"{render_path(path)} {value!r}"


def _if_one(likeness: Likeness) -> str:
    """What to do where the two are one customer."""
    ours, other = likeness.candidate, likeness.other
    if ours.live is not None:
        return "decide which one stays, make the other one Inactive in the ERP, and declare the one that stays"
    if not other.number or other.declaration is not None:
        return "keep one declaration"
    if not ours.declaration.number:
        return f'declare number: "{other.number}"'
    return (
        f"{other.number} is perhaps {ours.declaration.number} renumbered in the ERP: declare number:"
        f' "{other.number}", or, to give it the new number, lifecycle: {{renumbered_from: "{other.number}"}}'
    )


def _is_itself(candidate: Candidate, other: Known) -> bool:
    """Whether both are one declaration, whose parent may have been resolved in one of them (`core.parents`), or one
    live customer."""
    if other.declaration is not None:
        return candidate.declaration.label == other.declaration.label
    return candidate.live is not None and number_key(candidate.live) in other.names


def is_meant(declaration: Desired, other: Known) -> bool:
    """Whether `same_as` of either says that both are one organisation's, on purpose."""
    ours = {declaration.ref, declaration.number and number_key(declaration.number)}
    return any(name in other.names or number_key(name) in other.names for name in declaration.lifecycle.same_as) or any(
        name in ours or number_key(name) in ours for name in other.same_as
    )
