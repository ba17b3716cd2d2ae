"""What the ERP may hold and a declaration may not, or only when it says that it is meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from decimal import Decimal

from reconciler.config.read.content_checks import Finding, joint_findings
from reconciler.config.read.decoding import CONTROL
from reconciler.config.read.nodes import Broken
from reconciler.config.read.typed_values import is_wall_clock
from reconciler.config.read.typed_values import number as read_number
from reconciler.config.read.value_checks import AS_TYPED, findings
from reconciler.core.amounts import written
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Severity
from reconciler.core.normalise import number_key
from reconciler.core.patterns import covers, patterns
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Row
from reconciler.resources.values import NumberOf, Path, Scalar, Values, get, leaves, put, render_path

LONGEST_KEY = 512
"""Characters of a free key; YAML allows 1024 in its escaped form."""


def declarable(number: str, values: Values) -> tuple[Values, list[tuple[str, str]]]:
    """The values that a declaration can hold, and the paths of the others, each with the reason.

    When the number itself is among the others, there can be no declaration.
    """
    problems: list[tuple[str, str]] = []
    key = FIELDS[CUSTOMER.key]
    assert isinstance(key, Field)
    if reason := _problem(key, number):
        problems.append((CUSTOMER.key, f"{reason}, so the customer is not declared at all"))
    kept = _members(values, FIELDS, (), problems)
    parent = kept.get(CUSTOMER.parent)
    if isinstance(parent, str) and number_key(parent) == number_key(number):
        del kept[CUSTOMER.parent]
        problems.append((CUSTOMER.parent, "a customer cannot be its own parent"))
    return kept, problems


def objection(desired: Desired, number: str, path: Path, value: Scalar | Values) -> str:
    """Why the declaration cannot be given a live value, of the customer with this number; or nothing."""
    values: Values = {}
    put(values, path, value)
    for name, why in declarable(number, values)[1]:
        if name != CUSTOMER.key:
            return why
    said = ((leaf, finding) for leaf, live in leaves(values) for finding in _findings(leaf, live))
    return next(_errors(desired, said), ("", ""))[1]


def joint_objections(desired: Desired, edits: Mapping[Path, Scalar | Values]) -> dict[Path, str]:
    """The edits by which values of the declaration would no longer go together, by path, each with the reason.

    edits: the live values; None for a value or line that the ERP does not have.
    """
    groups = {path[0] for path in edits if len(path) > 1}
    values: Values = {name: deepcopy(value) for name, value in desired.values.items() if name in groups}
    for path, value in edits.items():
        if path[0] not in groups:
            continue
        if value is None and isinstance(get(values, path), dict):
            below = get(values, path[:-1])
            assert isinstance(below, dict)
            del below[path[-1]]
        else:
            put(values, path, deepcopy(value))
    reasons = dict(_errors(desired, joint_findings(values)))
    return {path: reasons[path[0]] for path in edits if path[0] in reasons}


def _errors(desired: Desired, findings: Iterable[tuple[Path, Finding]]) -> Iterator[tuple[str, str]]:
    """The findings that would make the declaration invalid, each with the member that it is about."""
    meant = patterns(desired.lifecycle.as_typed)
    for path, finding in findings:
        is_meant = not finding.final and any(covers(pattern, path) for pattern in meant)
        if finding.severity is Severity.ERROR and not is_meant:
            yield path[0], f"the declaration would be invalid: {finding.code} {finding.summary}"


def _findings(path: Path, value: Scalar) -> Iterator[Finding]:
    """What would be said of a live value, as it would be written."""
    row = CUSTOMER.leaf(path)
    if row is not None and not isinstance(value, NumberOf):
        as_written = Decimal(written(value)) if isinstance(value, Decimal) else value
        yield from findings(row, as_written, Broken())


def lifecycle_of(values: Values) -> dict[str, list[str]]:
    """The `lifecycle` of a declaration that holds the values, all of them meant as they are; empty for most."""
    remarkable = [path for path, value in leaves(values) if _is_remarkable(path, value)]
    remarkable += [path for path, _ in joint_findings(values)]
    return {AS_TYPED: [render_path(path) for path in dict.fromkeys(remarkable)]} if remarkable else {}


def _is_remarkable(path: Path, value: Scalar) -> bool:
    """Whether something would be said of a value. An amount with three decimals is written so that nothing is."""
    return any(not finding.final for finding in _findings(path, value))


def _members(
    values: Mapping[str, object], rows: Mapping[str, Row], path: Path, problems: list[tuple[str, str]]
) -> Values:
    kept: Values = {}
    for name, value in values.items():
        row, at = rows[name], (*path, name)
        if isinstance(row, Group) and isinstance(value, dict):
            kept[name] = _group(row, value, at, problems)
        elif isinstance(row, Field):
            _keep(kept, row, name, value, at, problems)
    return kept


def _group(row: Group, value: Values, path: Path, problems: list[tuple[str, str]]) -> Values:
    if row.form is Form.OBJECT:
        return _members(value, row.by_name, path, problems)
    kept: Values = {}
    for key, line in value.items():
        reason = _key_problem(row, key)
        if reason:
            problems.append((render_path((*path, key)), reason))
        elif isinstance(line, dict):
            members = _members(line, row.by_name, (*path, key), problems)
            if all(members.get(name) is not None for name in row.key):
                kept[key] = members
        else:
            member = row.members[-1]
            assert isinstance(member, Field)
            _keep(kept, member, key, line, (*path, key), problems)
    return kept


def _keep(kept: Values, row: Field, name: str, value: object, path: Path, problems: list[tuple[str, str]]) -> None:
    reason = _problem(row, value)
    if reason:
        problems.append((render_path(path), reason))
    else:
        kept[name] = value  # type: ignore[assignment]  # a leaf


def _key_problem(row: Group, key: str) -> str:
    if row.form is Form.SEGMENTS:
        segment = row.members[0]
        assert isinstance(segment, Field)
        return _problem(segment, int(key))
    if not key.strip() or len(key) > LONGEST_KEY:
        return "the key is empty or too long"
    return "the key has a control character" if CONTROL.search(key) else ""


def _problem(row: Field, value: object) -> str:
    """Why a declaration cannot hold the value, or nothing."""
    match value:
        case None:
            return "" if row.clearable else "it cannot be cleared"
        case str():
            return _text_problem(row, value)
        case bool():
            return ""
        case int() | Decimal():
            return _number_problem(row, value)
    return "it has an unknown type"


def _text_problem(row: Field, text: str) -> str:
    if CONTROL.search(text):
        return "it has a control character"
    if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
        return "it has half a character"
    if row.kind is Kind.ENUM and text not in row.values:
        return "a declaration does not know this word"
    if row.kind is Kind.DATE and not is_wall_clock(text):
        return "it is no date"
    if row.max_length is not None and len(text) > row.max_length:
        return "it is too long for a declaration"
    if row.kind is Kind.NUMBER and any(finding.final for finding in findings(row, text, Broken())):
        return "it has a character that no number has"
    return "it is blank" if not row.clearable and not text.strip() else ""


def _number_problem(row: Field, value: int | Decimal) -> str:
    if read_number(format(value, "f")) is None:
        return "it has too many digits"
    low, high = row.low, row.high
    if low is not None and high is not None and not low <= value <= high:
        return "it is out of the range that can be written"
    return ""
