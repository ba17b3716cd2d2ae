"""What to declare of a live customer, so that a plan of the declaration is empty at once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.customer import Live
from reconciler.resources.customer import FIELDS, MIRRORS, Field, Form, Group, Row
from reconciler.resources.values import Path, Scalar, Values, get, leaves, put


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


def to_declare(live: Live, manner: Manner) -> Values:
    """The values to declare, without the number; None stands where a default must be kept away.

    Free keys are sorted; `declared` brings the fields into their order.
    """
    values = _with_value({name: value for name, value in live.values.items() if name != "number"})
    if not manner.mirrors:
        _leave_out_mirrors(values, live, manner.defaults)
    _leave_out_class_values(values, manner)
    for path in _comparable_leaves(manner.defaults):
        # null clears: it is only for what was read and found without value
        if path[0] in live.values and get(values, path) is None and get(live.values, path[:-1]) is not None:
            put(values, path, {} if _is_lines(path) else None)
    return {name: _in_order(name, _as_spelled(name, value, live)) for name, value in values.items()}


def _as_spelled(name: str, value: Scalar | Values, live: Live) -> Scalar | Values:
    """Attributes under the ids as the ERP spells them."""
    if name != "attributes" or not isinstance(value, dict):
        return value
    return {live.line_ids.get((name, key), key): each for key, each in value.items()}


def _in_order(name: str, value: Scalar | Values) -> Scalar | Values:
    """Free keys and lines sorted by key: the ERP promises no order, and an export should not change by itself."""
    row = FIELDS[name]
    is_free = isinstance(row, Group) and row.form in (Form.MAP, Form.LINES)
    return dict(sorted(value.items())) if is_free and isinstance(value, dict) else value


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


def _leave_out_mirrors(values: Values, live: Live, defaults: Values) -> None:
    """The API does not say whether the link to the main address still holds: equal counts (fact sheet 12.5).

    Declared, a mirrored address would be held while the main one moves on.
    """
    for main, followers in MIRRORS.items():
        for name in followers:
            if name not in defaults and live.values.get(name) == live.values.get(main):
                values.pop(name, None)


def _leave_out_class_values(values: Values, manner: Manner) -> None:
    given = manner.class_values.get(str(values.get("customerClassId")), {})
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


def _comparable_leaves(defaults: Values) -> Iterator[Path]:
    """The paths that defaults declare and a plan compares; a list of lines counts as one."""
    for name, value in defaults.items():
        row = FIELDS[name]
        if isinstance(row, Field):
            if _is_compared(row):
                yield (name,)
        elif row.form is Form.LINES:
            yield (name,)
        elif isinstance(value, dict):
            yield from (path for path, _ in leaves(value, (name,)) if _is_compared(row.by_name.get(path[-1])))


def _is_compared(row: Row | None) -> bool:
    return not isinstance(row, Field) or row.is_compared


def _is_lines(path: Path) -> bool:
    row = FIELDS[path[0]]
    return len(path) == 1 and isinstance(row, Group)
