"""Whether a live customer is what an action was to make of it, or only looks like it. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.customer import DEFAULT_MATCH, Live
from reconciler.core.normalise import satisfied
from reconciler.core.plan import Action, Verb
from reconciler.resources.customer import leaf
from reconciler.resources.values import Scalar, Values, get, parse_path


def is_as_wanted(action: Action, live: Live) -> bool:
    """Whether the customer has every value that the action was to give it."""
    for change in action.changes:
        path = parse_path(change.path)
        row, now = leaf(path), get(live.values, path)
        if row is None:
            if now is not None:  # a line that was to be deleted
                return False
        elif not row.is_compared:
            continue
        elif isinstance(now, dict) or not satisfied(row, change.after, now):  # type: ignore[arg-type]  # a leaf
            return False
    return True


def looks_like(action: Action, live: Live) -> bool:
    """Same name, and the same corporate id and VAT registration as far as they are declared."""
    return all(live.values.get(name) == declared for name, declared in _told_apart_by(action))


def may_be(action: Action, live: Live) -> bool:
    """Whether the ERP may have made the customer of the action, having stored name or ids in a form of its own.

    The name without case and blanks; of ids only letters and digits count, of long ones the digits alone. An id that
    the customer does not show tells nothing. Looser than `looks_like`: enough not to create it twice, not to take it.
    """
    return all(_is_alike(name, declared, live.values.get(name)) for name, declared in _told_apart_by(action))


def _told_apart_by(action: Action) -> list[tuple[str, Scalar | Values]]:
    after = {change.path: change.after for change in action.changes}
    return [(name, found) for name in ("name", *DEFAULT_MATCH) if (found := after.get(name)) is not None]


def _is_alike(name: str, declared: object, stored: object) -> bool:
    if name == "name":
        return _folded(str(declared)) == _folded(str(stored or ""))
    if stored is None:
        return True
    ours, theirs = _letters_and_digits(str(declared)), _letters_and_digits(str(stored))
    return ours == theirs or (len(_digits(ours)) >= _LONG and _digits(ours) == _digits(theirs))


_LONG = 8
"""Digits from which on those of an id tell a company apart: what stands around them is a country and a register."""


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _letters_and_digits(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def with_alike(actions: Iterable[Action], live: Iterable[Live]) -> tuple[Action, ...]:
    """The actions, each create with the customers that may be taken for it now: none of them can be its doing."""
    planned = tuple(actions)
    new = {_folded(each.name) for each in planned if each.action is Verb.CREATE}
    by_name: dict[str, list[Live]] = defaultdict(list)
    for customer in live if new else ():
        if (name := _folded(customer.name)) in new:
            by_name[name].append(customer)
    return tuple(
        replace(action, alike=alike)
        if action.action is Verb.CREATE
        and (alike := tuple(each.number for each in by_name[_folded(action.name)] if may_be(action, each)))
        else action
        for action in planned
    )
