"""Whether a live customer is what an action was to make of it, or only looks like it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.customer import DEFAULT_MATCH, Live
from reconciler.core.fields import leaf
from reconciler.core.normalise import satisfied
from reconciler.core.plan import Action, Verb
from reconciler.core.values import get, parse_path


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
    after = {change.path: change.after for change in action.changes}
    compared = [name for name in ("name", *DEFAULT_MATCH) if after.get(name) is not None]
    return all(live.values.get(name) == after[name] for name in compared)


def with_alike(actions: Iterable[Action], live: Iterable[Live]) -> tuple[Action, ...]:
    """The actions, each create with the customers that look like it now: none of them can be its doing."""
    by_name: dict[str, list[Live]] = defaultdict(list)
    for customer in live:
        by_name[customer.name].append(customer)
    return tuple(
        replace(action, alike=alike)
        if action.action is Verb.CREATE
        and (alike := tuple(each.number for each in by_name.get(action.name, ()) if looks_like(action, each)))
        else action
        for action in actions
    )
