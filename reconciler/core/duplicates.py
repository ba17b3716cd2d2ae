"""New customers that are there already, or seem to be: finding P511 (docs/decisions: who is the same customer). Pure.

A new customer is held against the live customers as they are, and against every other declaration. The same id is sure
sameness, `guards.duplicates` decides; the same but for a prefix, the same name and postal code, or a number that is the
same but for zeros is likely, `guards.lookalikes` decides. `lifecycle.same_as` says for one declaration that both are
meant: one organisation may well have several customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.core.customer import DEFAULT_MATCH, Desired, Live
from reconciler.core.identity_key import identity_key, name_key, numeral_key, organisation_number, same_organisation
from reconciler.core.normalise import number_key
from reconciler.resources.values import Path, Values, get

POSTAL_CODE: Path = ("mainAddress", "postalCode")

Mark: TypeAlias = "tuple[str, str]"
"""What a customer can be recognised by: the kind of mark, and its key."""


@dataclass(frozen=True, slots=True)
class Known:
    """A customer that a new one may be: live, or declared. `names` are its number and ref, as `same_as` may give them."""

    label: str
    names: frozenset[str]
    values: Values
    source: str = ""  # where it is declared, if it is only declared
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why a new customer seems to be another: `sure` for the same id; `field` is the declared one, `theirs` the other's."""

    declaration: Desired
    other: Known
    field: Path
    ours: str
    theirs: str
    sure: bool

    @property
    def key(self) -> tuple[str, str, bool]:
        """What consent is given to: the new customer, the other, and how sure it is."""
        return self.declaration.label, number_key(self.other.label), self.sure


def of_live(customer: Live) -> Known:
    """A live customer as one that a new one may be."""
    return Known(customer.number, frozenset({number_key(customer.number)}), customer.values, "", customer.number)


def of_declared(declaration: Desired) -> Known:
    """A declaration as one that another new one may be."""
    names = {declaration.ref or ""} | ({number_key(declaration.number)} if declaration.number else set())
    return Known(declaration.label, frozenset(names - {""}), declaration.values, str(declaration.source), declaration.number)


def likenesses(new: Iterable[Desired], known: Iterable[Known]) -> Iterator[Likeness]:
    """One for each pair of a new customer and a known one that is, or seems to be, the same; the surest reason counts.

    Those that `same_as` of either side names are left out, and so is a declaration itself.
    """
    wanted = list(new)
    by_mark: dict[Mark, list[Desired]] = defaultdict(list)
    for declaration in wanted:
        for mark in _marks(declaration.values, declaration.number):
            by_mark[mark].append(declaration)
    if not by_mark:
        return
    for other in known:
        seen: set[int] = set()
        for mark in _marks(other.values, other.number):
            for declaration in by_mark.get(mark, ()):
                if id(declaration) in seen or _is_itself(declaration, other) or _is_meant(declaration, other):
                    continue
                seen.add(id(declaration))
                likeness = _compare(declaration, other)
                if likeness is not None:
                    yield likeness


def _marks(values: Mapping[str, object], number: str | None) -> Iterator[Mark]:
    for name in DEFAULT_MATCH:
        value = values.get(name)
        if isinstance(value, str) and (key := identity_key(value)):
            yield name, key
            if stem := organisation_number(key):
                yield "organisation", stem
    postal, name = get(values, POSTAL_CODE), values.get("name")
    if isinstance(postal, str) and isinstance(name, str):
        yield "name", f"{name_key(name)}\n{identity_key(postal)}"
    if number is not None:
        yield "number", numeral_key(number)


def _is_itself(declaration: Desired, other: Known) -> bool:
    return bool(other.source) and other.source == str(declaration.source)


def _is_meant(declaration: Desired, other: Known) -> bool:
    return any(name == other or number_key(name) in other.names or name in other.names for name in declaration.lifecycle.same_as)


def _compare(declaration: Desired, other: Known) -> Likeness | None:
    """The surest reason to take the two for one; None where the marks met by accident only."""
    ids = [
        ((name,), ours, theirs, name == theirs_name)
        for name in DEFAULT_MATCH
        if isinstance(ours := declaration.values.get(name), str)
        for theirs_name in DEFAULT_MATCH
        if isinstance(theirs := other.values.get(theirs_name), str)
    ]
    for path, ours, theirs, same_field in ids:
        if same_field and identity_key(ours) == identity_key(theirs) != "":
            return Likeness(declaration, other, path, ours, theirs, sure=True)
    for path, ours, theirs, _ in ids:
        one, two = identity_key(ours), identity_key(theirs)
        if same_organisation(one, two):
            return Likeness(declaration, other, path, ours, theirs, sure=False)
    return _same_number(declaration, other) or _same_name(declaration, other)


def _same_number(declaration: Desired, other: Known) -> Likeness | None:
    ours, theirs = declaration.number, other.number
    if ours is None or theirs is None or number_key(ours) == number_key(theirs):
        return None
    same = numeral_key(ours) == numeral_key(theirs)
    return Likeness(declaration, other, ("number",), ours, theirs, sure=False) if same else None


def _same_name(declaration: Desired, other: Known) -> Likeness | None:
    ours, theirs = declaration.values.get("name"), other.values.get("name")
    codes = get(declaration.values, POSTAL_CODE), get(other.values, POSTAL_CODE)
    if not (isinstance(ours, str) and isinstance(theirs, str) and name_key(ours) == name_key(theirs)):
        return None
    if not all(isinstance(code, str) for code in codes) or identity_key(str(codes[0])) != identity_key(str(codes[1])):
        return None
    return Likeness(declaration, other, ("name",), ours, theirs, sure=False)
