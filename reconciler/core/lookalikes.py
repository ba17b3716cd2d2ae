"""Whether a live customer is what an action was to make of it, or only looks like it. Pure."""

from __future__ import annotations

from reconciler.core.identity_key import identity_key, name_key, same_organisation
from reconciler.core.live import Live
from reconciler.core.normalise import satisfied
from reconciler.core.plan import Action
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
    return all(_is_same(action, member, declared, values.get(member)) for member, declared in _identifying(action))


def _is_same(action: Action, member: str, declared: object, stored: object) -> bool:
    """To the letter, or in the form in which this ERP is known to keep it."""
    row = action.table.leaf((member,))
    is_kept_otherwise = row is not None and row.forms and satisfied(row, declared, stored)  # type: ignore[arg-type]  # a leaf
    return stored == declared or bool(is_kept_otherwise)


def could_be_result_of(action: Action, live: Live) -> bool:
    """Whether the ERP may have made the customer of the action, having stored name or ids in a form of its own.

    The name without case and blanks; of ids only letters and digits, and likely sameness is enough. An id that
    the customer does not show tells nothing. Looser than `looks_like`: enough not to create it twice, not to take it.
    """
    values, label = live.values, action.table.label
    return all(
        name_key(str(declared)) == name_key(str(values.get(member) or ""))
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
    ours, theirs = identity_key(str(declared)), identity_key(str(stored))
    return ours == theirs or same_organisation(ours, theirs)
