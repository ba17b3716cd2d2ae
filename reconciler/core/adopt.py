"""What to declare of a live customer, so that a plan of the declaration is empty at once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.live import Live
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Form, Group, Resource
from reconciler.resources.values import Path, Values, get, leaves, put


@dataclass(frozen=True, slots=True)
class Manner:
    """How to declare.

    mirrors: also invoice and delivery addresses and contacts that are equal to the main ones. class_values: what each
    class gives its customers, by class id; such values are left out. defaults: what the settings lay under every
    declaration; where the customer has no value, a null keeps them away from it.
    """

    mirrors: bool = False
    class_values: Mapping[str, Values] = field(default_factory=dict)
    defaults: Values = field(default_factory=dict)


def to_declare(live: Live, manner: Manner, resource: Resource = CUSTOMER) -> Values:
    """The values to declare, without the number; None stands where a default must be kept away.

    Free keys are sorted; `declared` brings the fields into their order.
    """
    live = live.unpacked()
    values = _with_value({name: value for name, value in live.values.items() if name != resource.key})
    if not manner.mirrors:
        _leave_out_mirrors(values, live, manner.defaults, resource)
    _leave_out_class_values(values, manner, resource)
    for path in _comparable_leaves(manner.defaults, resource):
        # null clears: it is only for what was read and found without value
        if path[0] in live.values and get(values, path) is None and get(live.values, path[:-1]) is not None:
            put(values, path, None if resource.leaf(path) else {})
    for row in resource.groups:
        if row.form in (Form.MAP, Form.LINES) and isinstance(below := values.get(row.name), dict):
            values[row.name] = _in_order(row, below, live)
    return values


def _in_order(row: Group, values: Values, live: Live) -> Values:
    """Free keys and lines sorted by key: the ERP promises no order, and an export should not change by itself.

    Attributes under the ids as the ERP spells them.
    """
    spelled = live.line_ids if row.form is Form.MAP else {}
    return dict(sorted((spelled.get((row.name, key), key), value) for key, value in values.items()))


def _with_value(values: Mapping[str, object]) -> Values:
    """A copy without what is None, and without groups that are then empty."""
    kept: Values = {}
    for key, value in values.items():
        if isinstance(value, dict):
            below = _with_value(value)
            if below:
                kept[key] = below
        elif value is not None:
            kept[key] = value  # type: ignore[assignment]  # a leaf
    return kept


def _leave_out_mirrors(values: Values, live: Live, defaults: Values, resource: Resource) -> None:
    """The API does not say whether the link to the main address still holds: equal counts (fact sheet 12.5).

    Declared, a mirrored address would be held while the main one moves on.
    """
    for main, followers in resource.mirrors.items():
        for name in followers:
            if name not in defaults and live.values.get(name) == live.values.get(main):
                values.pop(name, None)


def _leave_out_class_values(values: Values, manner: Manner, resource: Resource) -> None:
    given = manner.class_values.get(str(values.get(resource.category)), {})
    for path, value in leaves(given):
        if get(values, path) == value and get(manner.defaults, path) is None:
            _remove(values, path)


def _remove(values: Values, path: Path) -> None:
    """Take a leaf out, and its group if that is then empty."""
    group = get(values, path[:-1]) if len(path) > 1 else values
    if isinstance(group, dict):
        del group[path[-1]]
        if not group:
            _remove(values, path[:-1])


def _comparable_leaves(defaults: Values, resource: Resource) -> Iterator[Path]:
    """The paths that defaults declare and a plan compares; a list of lines counts as one."""
    lines = {row.name for row in resource.groups if row.is_lines}
    yield from ((name,) for name in defaults if name in lines)
    for path, _ in leaves({name: value for name, value in defaults.items() if name not in lines}):
        row = resource.leaf(path)
        if row is not None and row.is_compared:
            yield path
