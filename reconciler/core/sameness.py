"""Whether two customers are one: the rule for findings, for the look before a create and for what is named after it.

The same id is sure sameness. The same but for a prefix or in the other id field, a number that is the same but for
zeros, or the same name and address is likely sameness. Pure; which ids and numbers are the same says
`core.identity_key`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from reconciler.core.identity_key import (
    HALF,
    digit_run,
    identity_key,
    name_key,
    numeral_keys,
    organisation_number,
    same_organisation,
)
from reconciler.core.normalise import match_key, number_key
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, get, leaves

Mark: TypeAlias = "tuple[str, str]"
"""What a customer can be recognised by: the sort of mark, and its key."""

DIGITS = "digits"
"""The sort of mark by which two ids may hold one organisation number."""


class Degree(IntEnum):
    """How sure it is that two customers are one."""

    NAMESAKE = 0  # the same name alone: no finding, but neither can be taken for the other later
    LIKELY = 1
    SURE = 2


@dataclass(frozen=True, slots=True)
class Side:
    """One of two customers that may be the same: a live one, or one that is declared."""

    values: Mapping[str, object]
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Sameness:
    """Why two customers seem to be one: `path` is our member and `their_path` theirs, with the two values.

    by: what is the same of theirs, in words.
    """

    degree: Degree
    path: Path
    ours: str
    their_path: Path
    theirs: str
    by: str

    @property
    def is_crossed(self) -> bool:
        """Whether their other id field has what ours has."""
        return self.path != self.their_path


def sameness(ours: Side, theirs: Side, resource: Resource) -> Sameness | None:
    """The surest reason to take the two for one; None where nothing says so. The same number is none: it pairs them."""
    return same_id(ours, theirs, resource) or _same_number(ours, theirs, resource) or _same_name(ours, theirs, resource)


def marks(side: Side, resource: Resource) -> Iterator[Mark]:
    """What a customer can be recognised by: two that have no mark in common are never the same."""
    values = side.values
    for name in resource.match:
        value = values.get(name)
        if isinstance(value, str) and (key := identity_key(value)):
            yield name, match_key(name, value, resource)
            stem = organisation_number(key)
            if stem:
                yield "organisation", stem
            for digits in filter(None, dict.fromkeys((digit_run(key), digit_run(stem)))):
                yield DIGITS, digits[:HALF]
                yield DIGITS, digits[-HALF:]
    label = values.get(resource.label)
    if isinstance(label, str):
        name = name_key(label)
        yield resource.label, name
        for path in resource.postal_codes:
            if isinstance(code := get(values, path), str):
                yield "address", f"{name}\n{identity_key(code)}"
    if side.number is not None:
        for key in numeral_keys(side.number):
            yield resource.key, key


def says_the_same(values: Mapping[str, object], other: Mapping[str, object], resource: Resource) -> bool:
    """Whether nothing more can be recognised by these values than by the other ones, which stand for the same number.

    Cheap: they must be the same texts.
    """
    for name in (*resource.match, resource.label):
        if (value := values.get(name)) is not None and value != other.get(name):
            return False
    return all((code := get(values, path)) is None or code == get(other, path) for path in resource.postal_codes)


def same_id(ours: Side, theirs: Side, resource: Resource) -> Sameness | None:
    """The same id, or likely the same, in any of the id fields."""
    ids = [
        (name, our_id, their_name, their_id)
        for name, our_id in _ids(ours, resource)
        for their_name, their_id in _ids(theirs, resource)
    ]
    for name, our_id, their_name, their_id in ids:
        if name == their_name and match_key(name, our_id, resource) == match_key(name, their_id, resource) != "":
            return same_member(ours, theirs, name)
    for name, our_id, their_name, their_id in ids:
        if same_organisation(identity_key(our_id), identity_key(their_id)):
            by = f"the {their_name} {their_id!r} (declared is the {name} {our_id!r})"
            return Sameness(Degree.LIKELY, (name,), our_id, (their_name,), their_id, by)
    return None


def same_member(ours: Side, theirs: Side, name: str) -> Sameness:
    """That two have the same id in one field."""
    return Sameness(Degree.SURE, (name,), str(ours.values[name]), (name,), str(theirs.values[name]), f"the same {name}")


def contradiction(ours: Side, theirs: Side, resource: Resource) -> tuple[str, str, str] | None:
    """An id field in which the two differ, with our value and theirs, where no id of theirs is like one of ours."""
    if same_id(ours, theirs, resource) is not None:
        return None
    their_ids = dict(_ids(theirs, resource))
    return next(
        ((name, our_id, their_ids[name]) for name, our_id in _ids(ours, resource) if name in their_ids),
        None,
    )


def _ids(side: Side, resource: Resource) -> Iterator[tuple[str, str]]:
    """The ids that say something, by member."""
    for name in resource.match:
        value = side.values.get(name)
        if isinstance(value, str) and identity_key(value):
            yield name, value


def _same_number(ours: Side, theirs: Side, resource: Resource) -> Sameness | None:
    one, other = ours.number, theirs.number
    if one is None or other is None or number_key(one) == number_key(other):
        return None
    if numeral_keys(one).isdisjoint(numeral_keys(other)):
        return None
    return Sameness(Degree.LIKELY, (resource.key,), one, (resource.key,), other, f"a number that may be {one}")


def _same_name(ours: Side, theirs: Side, resource: Resource) -> Sameness | None:
    """The same name and postal code. Where one of them has no postal code, the same name will do, unless their
    addresses or their ids tell them apart."""
    label = resource.label
    one, other = ours.values.get(label), theirs.values.get(label)
    if not (isinstance(one, str) and isinstance(other, str) and name_key(one) == name_key(other)):
        return None
    codes = [(_code(ours, path), _code(theirs, path)) for path in resource.postal_codes]
    known = [both for both in codes if all(both)]
    for code, their_code in known:
        if identity_key(code) == identity_key(their_code):
            both = f"{one}, {code}", f"{other}, {their_code}"
            return Sameness(Degree.LIKELY, (label,), both[0], (label,), both[1], "the same name and postal code")
    if known or (any(_ids(ours, resource)) and any(_ids(theirs, resource))) or _lives_elsewhere(ours, theirs, resource):
        return None
    return Sameness(Degree.LIKELY, (label,), one, (label,), other, "the same name, and no other address")


def _code(side: Side, path: Path) -> str:
    """The postal code, or nothing."""
    code = get(side.values, path)
    return code if isinstance(code, str) and identity_key(code) else ""


def _lives_elsewhere(ours: Side, theirs: Side, resource: Resource) -> bool:
    """Whether a member of the address that names a place differs, as far as both have it."""
    for group in dict.fromkeys(path[0] for path in resource.postal_codes):
        address = ours.values.get(group)
        for path, value in leaves(address) if isinstance(address, dict) else ():
            other = get(theirs.values, (group, *path))
            if value not in (None, "") and other not in (None, "") and name_key(str(value)) != name_key(str(other)):
                return True
    return False
