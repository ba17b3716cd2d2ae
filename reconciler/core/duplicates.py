"""Customers that are there already, or seem to be: finding P511. Pure.

A new customer is held against the live customers as they are, and against every other declaration. Sure sameness
(`core.sameness`) is decided by `guards.duplicates`, likely sameness by `guards.lookalikes`. An update that gives a
customer an id which another live one has makes no customer, and is likely sameness at most. `lifecycle.same_as` says
for one declaration that both are meant: one organisation may well have several customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.identity_key import identity_key
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import Guard, Refusal
from reconciler.core.sameness import DIGITS, Degree, Mark, Sameness, Side, marks, same_member, sameness
from reconciler.core.some_names import MOST, some_names
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import render_path

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

    @property
    def name(self) -> str:
        """What `same_as` calls it."""
        return self.number or self.label.removeprefix("ref ")

    @property
    def placed(self) -> str:
        """Its label, with the place of its declaration where it is known by that."""
        return self.label if self.declaration is None else f"{self.label} ({self.declaration.source})"


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
    def reason(self) -> Sameness:
        """Why, where that is known."""
        assert self.sameness is not None
        return self.sameness

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
                reason = None if is_known_apart else _reason(candidate.side, other.side, mark, resource)
                if mark[0] == DIGITS and reason is None and not is_known_apart:
                    continue  # some digits in common are nothing
                seen.add(id(candidate))
                yield Likeness(candidate, other, reason)


def _reason(ours: Side, theirs: Side, mark: Mark, resource: Resource) -> Sameness | None:
    """Why two that have a mark in common are one; the same id needs no second look."""
    return same_member(ours, theirs, mark[0]) if mark[0] in resource.match_set else sameness(ours, theirs, resource)


def findings(
    similar: Iterable[Likeness],
    *,
    duplicates: Literal["warning", "error"],
    lookalikes: Literal["warning", "error"],
    lost: Collection[str] = (),
    lost_is_retired: bool = False,
) -> tuple[list[Diagnostic], list[Refusal]]:
    """P511 for all that a candidate is like for one reason: a warning, or what refuses the plan (exit 4).

    lost: numbers of live customers that are no longer declared: to be like one of them is P517. lost_is_retired:
    whether the plan makes them Inactive; then the likeness always refuses it.
    """
    diagnostics: list[Diagnostic] = []
    refusals: list[Refusal] = []
    for code, alike in _told_together(similar, lost):
        first = alike[0]
        is_sure = first.degree is Degree.SURE
        finding = _diagnostic(alike, code)
        diagnostics.append(finding)
        is_refused = code == LOST and lost_is_retired
        if (duplicates if is_sure else lookalikes) == "error" or is_refused:
            name = "duplicates" if is_sure else "lookalikes"
            summary = f"{finding.code} {finding.summary}"
            way_out = "" if is_refused else f" guards.{name}: warning only warns."
            remedy = f"{finding.remedy}{way_out}"
            refusals.append(
                Refusal(Guard.DUPLICATE, summary, remedy, first.candidate.declaration.number, finding.source)
            )
    return diagnostics, refusals


def _told_together(similar: Iterable[Likeness], lost: Collection[str]) -> Iterator[tuple[str, list[Likeness]]]:
    """What one finding tells, with its code: all that a candidate is like for the same reason. Where hundreds of new
    customers have one id that hundreds of live ones have, that is a finding for each new one, not for each pair."""
    together: dict[tuple[str, tuple[object, ...]], list[Likeness]] = defaultdict(list)
    told: dict[str, set[str]] = defaultdict(set)
    for likeness in similar:
        reason, ours, other = likeness.sameness, likeness.candidate, likeness.other
        if reason is None or other.label in told[ours.label] or ours.label in told[other.label]:
            continue  # two candidates are told once, and a customer that is declared and live too
        told[ours.label].add(other.label)
        is_lost = ours.live is None and other.declaration is None and other.number in lost
        code = LOST if is_lost else CODE
        kind = ours.label, likeness.degree, reason.path, reason.their_path, other.declaration is None
        together[code, kind].append(likeness)
    for (code, _), alike in together.items():
        yield code, alike


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


def _both(ours: str, theirs: str, both: str = "Both") -> str:
    return f"{both} have {ours}." if ours == theirs else f"Here {ours}, there {theirs}."


def _diagnostic(alike: Sequence[Likeness], code: str) -> Diagnostic:
    """One finding of what a candidate is like for the same reason."""
    ours, reason, names = alike[0].candidate, alike[0].reason, [likeness.other.name for likeness in alike]
    is_one = len(alike) == 1
    count = "both" if is_one else "all"
    summary = _summary(alike)
    if code == LOST:
        summary += f", which {'is' if is_one else 'are'} no longer declared"
    same = f"lifecycle: {{same_as: [{', '.join(map(_quoted, names[:MOST]))}]}}"
    if len(names) > MOST:
        same += f", with the {len(names) - MOST:,} others"
    ours_shown = _value(reason, reason.ours, ours=True)
    theirs = list(dict.fromkeys(_value(likeness.reason, likeness.reason.theirs, ours=False) for likeness in alike))
    return Diagnostic(
        Severity.WARNING,
        code,
        summary,
        detail=_both(ours_shown, some_names(theirs, _SPELLINGS), "Both" if is_one else "All"),
        remedy=f"If they are one customer, {_if_one(alike)}; if {count} are meant, say so: {same}.",
        source=ours.declaration.locate(reason.path),
    )


_SPELLINGS = 3
"""How many values of others are shown beside one of ours."""


def _quoted(name: str) -> str:
    return f'"{name}"'


def _summary(alike: Sequence[Likeness]) -> str:
    ours, reason, is_one = alike[0].candidate, alike[0].reason, len(alike) == 1
    others = some_names([likeness.other.placed for likeness in alike])
    member, has = render_path(reason.path), "has" if is_one else "have"
    is_sure = reason.degree is Degree.SURE
    if ours.live is not None:
        what = f"the {member} that {others} {has}" if is_sure else f"a {member} by which it looks like {others}"
        summary = f"{ours.label} is to be given {what}"
    elif is_sure:
        summary = f"{ours.label} is new, and {others} {has} the same {member}"
        summary += "" if alike[0].other.declaration is not None else " already"
    else:
        summary = f"{ours.label} is new, and looks like {others} by its {member}"
    if reason.is_crossed:
        summary += f": the same digits stand in {'its' if is_one else 'their'} {render_path(reason.their_path)}"
    return summary


def _value(reason: Sameness, value: str, *, ours: bool) -> str:
    """A value as one reads it; with its member, where the two sides have different ones."""
    path = f"{render_path(reason.path if ours else reason.their_path)} " if reason.is_crossed else ""
    return f"{path}{value!r}"


def _if_one(alike: Sequence[Likeness]) -> str:
    """What to do where two of them are one customer."""
    ours, other, is_one = alike[0].candidate, alike[0].other, len(alike) == 1
    if ours.live is not None:
        rest = "the other one" if is_one else "the others"
        return f"decide which one stays, make {rest} Inactive in the ERP, and declare the one that stays"
    if not other.number or other.declaration is not None:
        return "keep one declaration"
    number = f'"{other.number}"' if is_one else "the one of that customer"
    if not ours.declaration.number:
        return f"declare number: {number}"
    return (
        f"{other.number if is_one else 'one of them'} is perhaps {ours.declaration.number} renumbered in the ERP:"
        f" declare number: {number}, or, to give it the new number, lifecycle: {{renumbered_from: {number}}}"
    )


def _is_itself(candidate: Candidate, other: Known) -> bool:
    """Whether both are one declaration, whose parent may have been resolved in one of them (`core.parents`), or one
    live customer."""
    if other.declaration is not None:
        return candidate.declaration.label == other.declaration.label
    return candidate.live is not None and number_key(candidate.live) in other.names


def is_meant(declaration: Desired, other: Known) -> bool:
    """Whether `same_as` of either says that both are one organisation's, on purpose."""
    if not (declaration.lifecycle.same_as or other.same_as):
        return False
    ours = {declaration.ref, declaration.number and number_key(declaration.number)}
    return any(name in other.names or number_key(name) in other.names for name in declaration.lifecycle.same_as) or any(
        name in ours or number_key(name) in ours for name in other.same_as
    )
