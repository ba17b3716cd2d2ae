"""New customers that are there already, or seem to be: finding P511. Pure.

A new customer is held against the live customers as they are, and against every other declaration. The same id is sure
sameness, and `guards.duplicates` decides. The same but for a prefix, the same name and postal code, or a number that is
the same but for zeros is likely sameness, and `guards.lookalikes` decides. `lifecycle.same_as` says for one declaration
that both are meant: one organisation may well have several customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.identity_key import (
    HALF,
    digit_run,
    identity_key,
    name_key,
    numeral_keys,
    organisation_number,
    same_organisation,
)
from reconciler.core.live import Live
from reconciler.core.normalise import match_key, number_key
from reconciler.core.plan import Guard, Refusal
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, get, render_path

Mark: TypeAlias = "tuple[str, str]"
"""What a customer can be recognised by: the sort of mark, and its key."""

CODE = "P511"

_DIGITS = "digits"
"""The sort of mark by which two ids may hold one organisation number."""

LOST = "P517"
"""Code of a likeness to a customer that lost its declaration: the new one may be the old one with another number."""


class Degree(IntEnum):
    """How sure it is that two customers are one."""

    NAMESAKE = 0  # the same name alone: no finding, but neither can be taken for the other later
    LIKELY = 1
    SURE = 2


@dataclass(frozen=True, slots=True)
class Known:
    """A customer that a new one may be: live, or declared. `names` are its number and ref, as `same_as` gives them."""

    label: str
    names: frozenset[str]
    values: Mapping[str, object]
    number: str | None = None
    declaration: Desired | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why a new customer seems to be another: `path` is the declared member, `ours` and `theirs` the two values."""

    declaration: Desired
    other: Known
    path: Path
    ours: str
    theirs: str
    degree: Degree


def of_live(customer: Live) -> Known:
    """A live customer as one that a new one may be."""
    return Known(customer.number, frozenset({number_key(customer.number)}), customer.values, customer.number)


def of_declared(declaration: Desired) -> Known:
    """A declaration as one that another new one may be."""
    names = {name for name in (declaration.ref, declaration.number and number_key(declaration.number)) if name}
    return Known(declaration.label, frozenset(names), declaration.values, declaration.number, declaration)


def likenesses(new: Iterable[Desired], known: Iterable[Known], resource: Resource = CUSTOMER) -> Iterator[Likeness]:
    """One for each new customer and known one that are, or seem to be, the same, with the surest reason.

    A declaration is not held against itself. Those that `same_as` of either side names are namesakes at most.
    """
    by_mark: dict[Mark, list[Desired]] = defaultdict(list)
    for declaration in new:
        for mark in marks(declaration.values, declaration.number, resource):
            by_mark[mark].append(declaration)
    if not by_mark:
        return
    for other in known:
        seen: set[int] = set()
        for mark in marks(other.values, other.number, resource):
            if mark[0] == resource.label and other.declaration is not None:
                continue  # two declared namesakes are nothing: nobody can take one for the other
            for declaration in by_mark.get(mark, ()):
                if id(declaration) in seen or _is_itself(declaration, other):
                    continue
                likeness = _compare(declaration, other, resource)
                if mark[0] == _DIGITS and likeness.degree is Degree.NAMESAKE and not is_meant(declaration, other):
                    continue  # some digits in common are nothing
                seen.add(id(declaration))
                yield likeness


def findings(
    found: Iterable[Likeness],
    *,
    duplicates: Literal["warning", "error"],
    lookalikes: Literal["warning", "error"],
    lost: Collection[str] = (),
    lost_is_retired: bool = False,
) -> tuple[list[Diagnostic], list[Refusal]]:
    """P511 for each likeness that is more than a namesake: a warning, or what refuses the plan (exit 4).

    lost: numbers of live customers that are no longer declared: to be like one of them is P517. lost_is_retired:
    whether the plan makes them Inactive; then the likeness always refuses it.
    """
    diagnostics: list[Diagnostic] = []
    refusals: list[Refusal] = []
    told: set[frozenset[str]] = set()
    for likeness in found:
        if likeness.degree is Degree.NAMESAKE:
            continue
        pair = frozenset({likeness.declaration.label, likeness.other.label})
        if pair in told:  # two new customers are told once, and a customer that is declared and live too
            continue
        told.add(pair)
        level = duplicates if likeness.degree is Degree.SURE else lookalikes
        is_lost = likeness.other.declaration is None and likeness.other.number in lost
        finding = _diagnostic(likeness, is_lost=is_lost)
        diagnostics.append(finding)
        if level == "error" or (is_lost and lost_is_retired):
            name = "duplicates" if likeness.degree is Degree.SURE else "lookalikes"
            summary = f"{finding.code} {finding.summary}"
            way_out = "" if is_lost and lost_is_retired else f" guards.{name}: warning only warns."
            remedy = f"{finding.remedy}{way_out}"
            refusals.append(
                Refusal(Guard.DUPLICATE, summary, remedy, likeness.declaration.number, diagnostics[-1].source)
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
                detail=f"Here {value!r}, there {other.values.get(name)!r}.",
                remedy="If they are one customer, keep one declaration. If both are meant, say so: lifecycle:"
                f' {{same_as: ["{other.number or other.ref}"]}}.',
                source=declaration.locate((name,)),
            )
            break


def _diagnostic(likeness: Likeness, *, is_lost: bool) -> Diagnostic:
    ours, other = likeness.declaration, likeness.other
    place = f" ({other.declaration.source})" if other.declaration is not None else ""
    member = render_path(likeness.path)
    if likeness.degree is Degree.SURE:
        what = f"has the same {member} already" if not place else f"has the same {member}"
        summary = f"{ours.label} is new, and {other.label}{place} {what}"
    else:
        summary = f"{ours.label} is new, and looks like {other.label}{place} by its {member}"
    same = f'lifecycle: {{same_as: ["{other.number or other.label.removeprefix("ref ")}"]}}'
    one = f'declare number: "{other.number}"' if other.number and not place else "keep one declaration"
    if ours.number and other.number and not place:
        one = f"{other.number} is perhaps {ours.number} renumbered in the ERP: {one}"
    if other.number and not place and ours.number:
        one += f', or, to give it the new number, lifecycle: {{renumbered_from: "{other.number}"}}'
    if is_lost:
        summary += ", which is no longer declared"
    return Diagnostic(
        Severity.WARNING,
        LOST if is_lost else CODE,
        summary,
        detail=_values(likeness),
        remedy=f"If they are one customer, {one}; if both are meant, say so: {same}.",
        source=ours.locate(likeness.path),
    )


def _values(likeness: Likeness) -> str:
    return f"Here {likeness.ours!r}, there {likeness.theirs!r}."


def marks(values: Mapping[str, object], number: str | None, resource: Resource) -> Iterator[Mark]:
    """What a customer can be recognised by: two that have no mark in common are never the same."""
    for name in resource.match:
        value = values.get(name)
        if isinstance(value, str) and (key := identity_key(value)):
            yield name, match_key(name, value, resource)
            stem = organisation_number(key)
            if stem:
                yield "organisation", stem
            for digits in filter(None, dict.fromkeys((digit_run(key), digit_run(stem)))):
                yield _DIGITS, digits[:HALF]
                yield _DIGITS, digits[-HALF:]
    label = values.get(resource.label)
    if isinstance(label, str):
        name = name_key(label)
        yield resource.label, name
        for path in resource.postal_codes:
            if isinstance(code := get(values, path), str):
                yield "address", f"{name}\n{identity_key(code)}"
    if number is not None:
        for key in numeral_keys(number):
            yield resource.key, key


def _is_itself(declaration: Desired, other: Known) -> bool:
    """Whether both are one declaration: its parent may have been resolved in one of them (`core.parents`)."""
    return other.declaration is not None and declaration.label == other.declaration.label


def is_meant(declaration: Desired, other: Known) -> bool:
    """Whether `same_as` of either says that both are one organisation's, on purpose."""
    theirs = other.declaration.lifecycle.same_as if other.declaration is not None else ()
    ours = {declaration.ref, declaration.number and number_key(declaration.number)}
    return any(name in other.names or number_key(name) in other.names for name in declaration.lifecycle.same_as) or any(
        name in ours or number_key(name) in ours for name in theirs
    )


def _compare(declaration: Desired, other: Known, resource: Resource) -> Likeness:
    """The surest reason to take the two for one; their marks have met."""
    namesake = Likeness(declaration, other, (resource.label,), "", "", Degree.NAMESAKE)
    if is_meant(declaration, other):
        return namesake
    return (
        _same_id(declaration, other, resource)
        or _same_number(declaration, other, resource)
        or _same_name(declaration, other, resource)
        or namesake
    )


def _same_id(declaration: Desired, other: Known, resource: Resource) -> Likeness | None:
    ids = [
        (name, ours, there, theirs)
        for name in resource.match
        if isinstance(ours := declaration.values.get(name), str)
        for there in resource.match
        if isinstance(theirs := other.values.get(there), str)
    ]
    for name, ours, there, theirs in ids:
        if name == there and match_key(name, ours, resource) == match_key(there, theirs, resource) != "":
            return Likeness(declaration, other, (name,), ours, theirs, Degree.SURE)
    for name, ours, _, theirs in ids:
        if same_organisation(identity_key(ours), identity_key(theirs)):
            return Likeness(declaration, other, (name,), ours, theirs, Degree.LIKELY)
    return None


def _same_number(declaration: Desired, other: Known, resource: Resource) -> Likeness | None:
    ours, theirs = declaration.number, other.number
    if ours is None or theirs is None or number_key(ours) == number_key(theirs):
        return None
    if numeral_keys(ours).isdisjoint(numeral_keys(theirs)):
        return None
    return Likeness(declaration, other, (resource.key,), ours, theirs, Degree.LIKELY)


def _same_name(declaration: Desired, other: Known, resource: Resource) -> Likeness | None:
    """The same name and postal code."""
    ours, theirs = declaration.values.get(resource.label), other.values.get(resource.label)
    if not (isinstance(ours, str) and isinstance(theirs, str) and name_key(ours) == name_key(theirs)):
        return None
    for path in resource.postal_codes:
        code, other_code = get(declaration.values, path), get(other.values, path)
        if isinstance(code, str) and isinstance(other_code, str) and identity_key(code) == identity_key(other_code):
            return Likeness(
                declaration, other, (resource.label,), f"{ours}, {code}", f"{theirs}, {other_code}", Degree.LIKELY
            )
    return None
