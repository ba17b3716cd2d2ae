"""Whether a live customer is what an action was to make of it, or only looks like it. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.live import Live
from reconciler.core.normalise import satisfied
from reconciler.core.plan import Action, Verb
from reconciler.resources.values import Scalar, Values, get, parse_path


def is_as_wanted(action: Action, live: Live) -> bool:
    """Whether the customer has every value that the action was to give it."""
    values = live.unpacked().values
    for change in action.changes:
        path = parse_path(change.path)
        row, now = action.table.leaf(path), get(values, path)
        if row is None:
            if now is not None:  # a line that was to be deleted
                return False
        elif not row.is_compared:
            continue
        elif isinstance(now, dict) or not satisfied(row, change.after, now):  # type: ignore[arg-type]  # a leaf
            return False
    return True


def looks_like(action: Action, live: Live) -> bool:
    """Same name, and the same ids as far as they are declared."""
    values = live.values
    return all(values.get(member) == declared for member, declared in _identifying(action))


def could_be_result_of(action: Action, live: Live) -> bool:
    """Whether the ERP may have made the customer of the action, having stored name or ids in a form of its own.

    The name without case and blanks; of ids only letters and digits count, of long ones the digits alone. An id that
    the customer does not show tells nothing. Looser than `looks_like`: enough not to create it twice, not to take it.
    """
    values, label = live.values, action.table.label
    return all(
        _folded(str(declared)) == _folded(str(values.get(member) or ""))
        if member == label
        else _is_same_id(declared, values.get(member))
        for member, declared in _identifying(action)
    )


def _identifying(action: Action) -> list[tuple[str, Scalar | Values]]:
    """The declared members that tell one customer from another: its name and its ids."""
    after = {change.path: change.after for change in action.changes}
    members = (action.table.label, *action.table.match)
    return [(member, declared) for member in members if (declared := after.get(member)) is not None]


def _is_same_id(declared: object, stored: object) -> bool:
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
    new = {_folded(action.name) for action in planned if action.action is Verb.CREATE}
    by_name: dict[str, list[Live]] = defaultdict(list)
    for customer in live if new else ():
        if (name := _folded(customer.name)) in new:
            by_name[name].append(customer)
    return tuple(
        replace(action, alike=alike)
        if action.action is Verb.CREATE
        and (
            alike := tuple(
                customer.number for customer in by_name[_folded(action.name)] if could_be_result_of(action, customer)
            )
        )
        else action
        for action in planned
    )
