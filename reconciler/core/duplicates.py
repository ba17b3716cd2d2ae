"""Customers that are there already, or seem to be: finding P511. Pure.

A new customer is held against the live customers as they are, and against every other declaration. Sure sameness
(`core.sameness`) is decided by `guards.duplicates`, likely sameness by `guards.lookalikes`. An update that gives a
customer an id which another live one has makes no customer, and is likely sameness at most. `lifecycle.same_as` says
for one declaration that both are meant: one organisation may well have several customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from reconciler.core.crowd import Crowd
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.identity_key import identity_key
from reconciler.core.live import Live
from reconciler.core.normalise import match_key, number_key
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
    """That a candidate seems to be another customer: why, or None for namesakes and those that are both meant.

    crowd: those that all have the id for which it seems to be `other`, but for the hidden ones, by their labels: each
    of these is meant, or told for another reason.
    """

    candidate: Candidate
    other: Known
    sameness: Sameness | None
    crowd: Crowd[Known] | None = None
    hidden: frozenset[str] = frozenset()

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
    """One for each candidate and known customer that are, or seem to be, the same, with the surest reason; where many
    have the same id, one for all of these.

    A declaration is not held against itself. Those that `same_as` of either side names are namesakes at most.
    """
    by_mark: dict[Mark, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        for mark in marks(candidate.side, resource):
            by_mark[mark].append(candidate)
    if not by_mark:
        return
    near: list[_Near] = []
    for other in known:
        shared = [mark for mark in marks(other.side, resource) if mark in by_mark]
        if shared:
            near.append((other, shared))
    crowds = _crowds(by_mark, near, resource)
    yield from _like_crowds(by_mark, crowds, resource)
    yield from _like_single_ones(by_mark, near, crowds, resource)


_Near: TypeAlias = "tuple[Known, list[Mark]]"
"""A known customer, and the marks that a candidate has, too."""

_Crowds: TypeAlias = "dict[Mark, tuple[Crowd[Known], ...]]"
"""By the mark of an id that many have: the live ones, and the declared ones that are not live."""


def _crowds(by_mark: Mapping[Mark, Sequence[Candidate]], near: Iterable[_Near], resource: Resource) -> _Crowds:
    holders: dict[Mark, list[Known]] = defaultdict(list)
    for other, shared in near:
        for mark in shared:
            if mark[0] in resource.match_set:
                holders[mark].append(other)
    crowds: _Crowds = {}
    for mark, customers in holders.items():
        if len(customers) <= MOST:
            continue
        rivals = frozenset(candidate.label for candidate in by_mark[mark])
        live = Crowd(tuple(other for other in customers if other.declaration is None), rivals)
        rest = tuple(other for other in customers if other.declaration is not None and other.label not in live.places)
        crowds[mark] = tuple(crowd for crowd in (live, Crowd(rest, rivals)) if crowd.members)
    return crowds


def _like_crowds(
    by_mark: Mapping[Mark, Sequence[Candidate]], crowds: _Crowds, resource: Resource
) -> Iterator[Likeness]:
    for mark, parts in crowds.items():
        for crowd in parts:
            meant = _Meant(crowd)
            of_earlier = _Earlier(mark, crowd, resource, crowds)
            for candidate in by_mark[mark]:
                rest, told = of_earlier.without(candidate)
                if rest is None:
                    continue
                pairs = [other for other in meant.of(candidate) if not _is_itself(candidate, other)]
                yield from (Likeness(candidate, other, None) for other in pairs)
                first = rest.members[0]
                reason = same_member(candidate.side, first.side, mark[0])
                yield Likeness(candidate, first, reason, rest, told.union(other.label for other in pairs))


class _Meant:
    """Who of a crowd is meant beside a candidate (`is_meant`), found by the names and not one by one."""

    def __init__(self, crowd: Crowd[Known]) -> None:
        self._by_name: dict[str, list[Known]] = defaultdict(list)
        self._naming: dict[str, list[Known]] = defaultdict(list)
        for other in crowd.members:
            for name in other.names:
                self._by_name[name].append(other)
            for name in other.same_as:
                for form in {name, number_key(name)}:
                    self._naming[form].append(other)

    def of(self, candidate: Candidate) -> list[Known]:
        """Those, each once."""
        declaration = candidate.declaration
        ours = filter(None, (declaration.ref, declaration.number and number_key(declaration.number)))
        named = [form for name in declaration.lifecycle.same_as for form in (name, number_key(name))]
        others = [*(other for name in ours for other in self._naming.get(name, ()))]
        others += [other for name in named for other in self._by_name.get(name, ())]
        return list({other.label: other for other in others}.values())


class _Earlier:
    """A crowd without those that are in the crowd of an earlier field with a candidate: they are told for that id."""

    def __init__(self, mark: Mark, crowd: Crowd[Known], resource: Resource, crowds: _Crowds) -> None:
        self._crowd, self._resource, self._crowds = crowd, resource, crowds
        self._fields = resource.match[: resource.match.index(mark[0])]
        self._sharing: dict[Mark, set[str]] = defaultdict(set)
        for other in crowd.members if self._fields else ():
            for earlier in self._marks(other.side):
                self._sharing[earlier].add(other.label)
        self._rests: dict[Mark, Crowd[Known] | None] = {}

    def without(self, candidate: Candidate) -> tuple[Crowd[Known] | None, frozenset[str]]:
        """The crowd that is left, and who of it is hidden. None where nobody is left."""
        rest: Crowd[Known] | None = self._crowd
        hidden: frozenset[str] = frozenset()
        for mark in self._marks(candidate.side) if self._fields else ():
            sharing = self._sharing.get(mark, ())
            if 2 * len(sharing) <= len(self._crowd.members):
                hidden |= frozenset(sharing)
            elif mark not in self._rests:  # once for all candidates: at most one id is that of most
                left = self._crowd.without(sharing)
                rest = self._rests[mark] = left if left.members else None
            else:
                rest = self._rests[mark]
        return rest, hidden

    def _marks(self, side: Side) -> Iterator[Mark]:
        for name in self._fields:
            value = side.values.get(name)
            if isinstance(value, str) and (mark := (name, str(match_key(name, value, self._resource)))) in self._crowds:
                yield mark


def _like_single_ones(
    by_mark: Mapping[Mark, Sequence[Candidate]], near: Iterable[_Near], crowds: _Crowds, resource: Resource
) -> Iterator[Likeness]:
    """All that are not of one crowd, each pair by itself."""

    def crowded(side: Side) -> frozenset[Mark]:
        return frozenset(mark for mark in marks(side, resource) if mark in crowds) if crowds else frozenset()

    apart: dict[Mark, dict[frozenset[Mark], list[Candidate]]] = {}
    for other, shared in near:
        seen: set[int] = set()
        own = crowded(other.side)
        for mark in shared:
            if mark[0] == resource.label and other.declaration is not None:
                continue  # two declared namesakes are nothing: nobody can take one for the other
            if mark in crowds:
                continue
            if mark not in apart:
                apart[mark] = _grouped(by_mark[mark], crowded)
            for group, bucket in apart[mark].items():
                if not own.isdisjoint(group):
                    continue
                for candidate in bucket:
                    if id(candidate) in seen or _is_itself(candidate, other):
                        continue
                    is_known_apart = is_meant(candidate.declaration, other)
                    reason = None if is_known_apart else _reason(candidate.side, other.side, mark, resource)
                    if mark[0] == DIGITS and reason is None and not is_known_apart:
                        continue  # some digits in common are nothing
                    seen.add(id(candidate))
                    yield Likeness(candidate, other, reason)


def _grouped(
    candidates: Iterable[Candidate], crowded: Callable[[Side], frozenset[Mark]]
) -> dict[frozenset[Mark], list[Candidate]]:
    """Candidates by the crowds that they belong to."""
    groups: dict[frozenset[Mark], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[crowded(candidate.side)].append(candidate)
    return groups


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
        first = alike.likeness
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


@dataclass(frozen=True, slots=True)
class _Alike:
    """What one finding tells: a likeness, and all others that the candidate is like for the same reason.

    others: the first of them, of `count`. theirs: the different values of theirs, as they are shown.
    """

    likeness: Likeness
    others: Sequence[Known]
    count: int
    theirs: Sequence[str]


def _told_together(similar: Iterable[Likeness], lost: Collection[str]) -> Iterator[tuple[str, _Alike]]:
    """What one finding tells, with its code: all that a candidate is like for the same reason. Where hundreds of new
    customers have one id that hundreds of live ones have, that is a finding for each new one, not for each pair."""
    together: dict[tuple[str, tuple[object, ...]], list[Likeness]] = defaultdict(list)
    told: dict[str, set[str]] = defaultdict(set)
    crowds_of: dict[str, list[Crowd[Known]]] = defaultdict(list)
    parts = _Parts(lost)
    for likeness in similar:
        reason, ours, other = likeness.sameness, likeness.candidate, likeness.other
        if likeness.crowd is not None:
            crowds_of[ours.label].append(likeness.crowd)
            yield from parts.told(likeness, likeness.crowd)
            continue
        if reason is None or other.label in told[ours.label] or ours.label in told[other.label]:
            continue  # two candidates are told once, and a customer that is declared and live too
        if any(other.label in crowd.places for crowd in crowds_of.get(ours.label, ())):
            continue  # as above
        told[ours.label].add(other.label)
        is_lost = ours.live is None and other.declaration is None and other.number in lost
        code = LOST if is_lost else CODE
        kind = ours.label, likeness.degree, reason.path, reason.their_path, other.declaration is None
        together[code, kind].append(likeness)
    for (code, _), alike in together.items():
        theirs = dict.fromkeys(_value(likeness.reason, likeness.reason.theirs, ours=False) for likeness in alike)
        yield code, _Alike(alike[0], [likeness.other for likeness in alike[:MOST]], len(alike), list(theirs))


class _Parts:
    """The crowds, each divided once into those that lost their declaration and the others."""

    def __init__(self, lost: Collection[str]) -> None:
        self._lost = lost
        self._parts: dict[int, tuple[Crowd[Known], list[tuple[str, Crowd[Known], list[str]]]]] = {}

    def told(self, likeness: Likeness, crowd: Crowd[Known]) -> Iterator[tuple[str, _Alike]]:
        """What is to be told of a candidate that is like a crowd."""
        ours, hidden = likeness.candidate, likeness.hidden
        for code, part, theirs in self._of(likeness, crowd):
            if count := part.count_for(ours.label, hidden):
                first = part.first_for(ours.label, MOST, hidden)
                reason = same_member(ours.side, first[0].side, likeness.reason.path[0])
                yield code, _Alike(replace(likeness, other=first[0], sameness=reason), first, count, theirs)

    def _of(self, likeness: Likeness, crowd: Crowd[Known]) -> list[tuple[str, Crowd[Known], list[str]]]:
        if id(crowd) not in self._parts:
            parts = [(CODE, crowd)]
            if self._lost and likeness.candidate.live is None and likeness.other.declaration is None:
                parts = [(CODE, crowd.without(self._lost)), (LOST, crowd.only(self._lost))]
            member = likeness.reason.path[0]
            shown = [
                (code, part, list(dict.fromkeys(repr(str(other.side.values[member])) for other in part.members)))
                for code, part in parts
            ]
            self._parts[id(crowd)] = crowd, shown  # the crowd is kept, so that its id stays its own
        return self._parts[id(crowd)][1]


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


def _diagnostic(alike: _Alike, code: str) -> Diagnostic:
    """One finding of what a candidate is like for the same reason."""
    ours, reason, names = alike.likeness.candidate, alike.likeness.reason, [other.name for other in alike.others]
    is_one = alike.count == 1
    count = "both" if is_one else "all"
    summary = _summary(alike)
    if code == LOST:
        summary += f", which {'is' if is_one else 'are'} no longer declared"
    same = f"lifecycle: {{same_as: [{', '.join(map(_quoted, names[:MOST]))}]}}"
    if alike.count > MOST:
        same += f", with the {alike.count - MOST:,} others"
    ours_shown = _value(reason, reason.ours, ours=True)
    return Diagnostic(
        Severity.WARNING,
        code,
        summary,
        detail=_both(ours_shown, some_names(alike.theirs, _SPELLINGS), "Both" if is_one else "All"),
        remedy=f"If they are one customer, {_if_one(alike)}; if {count} are meant, say so: {same}.",
        source=ours.declaration.locate(reason.path),
    )


_SPELLINGS = 3
"""How many values of others are shown beside one of ours."""


def _quoted(name: str) -> str:
    return f'"{name}"'


def _summary(alike: _Alike) -> str:
    ours, reason, is_one = alike.likeness.candidate, alike.likeness.reason, alike.count == 1
    others = some_names([other.placed for other in alike.others], count=alike.count)
    member, has = render_path(reason.path), "has" if is_one else "have"
    is_sure = reason.degree is Degree.SURE
    if ours.live is not None:
        what = f"the {member} that {others} {has}" if is_sure else f"a {member} by which it looks like {others}"
        summary = f"{ours.label} is to be given {what}"
    elif is_sure:
        summary = f"{ours.label} is new, and {others} {has} the same {member}"
        summary += "" if alike.others[0].declaration is not None else " already"
    else:
        summary = f"{ours.label} is new, and looks like {others} by its {member}"
    if reason.is_crossed:
        summary += f": the same digits stand in {'its' if is_one else 'their'} {render_path(reason.their_path)}"
    return summary


def _value(reason: Sameness, value: str, *, ours: bool) -> str:
    """A value as one reads it; with its member, where the two sides have different ones."""
    path = f"{render_path(reason.path if ours else reason.their_path)} " if reason.is_crossed else ""
    return f"{path}{value!r}"


def _if_one(alike: _Alike) -> str:
    """What to do where two of them are one customer."""
    ours, other, is_one = alike.likeness.candidate, alike.others[0], alike.count == 1
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
