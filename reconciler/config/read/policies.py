"""Policies: JSON Schemas that every action of a plan must satisfy (docs/decisions/0017)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Action, Change, Guard, Refusal


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy of the settings."""

    message: str
    schema: Mapping[str, Any] | bool
    name: str
    severity: Literal["error", "warning"]
    source: Source | None


def broken(actions: Iterable[Action], rules: Sequence[Rule]) -> tuple[tuple[Refusal, ...], tuple[Diagnostic, ...]]:
    """A refusal for each action and policy that do not fit; for a policy of severity warning, a diagnostic."""
    if not rules:
        return (), ()
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (50 ms that a project without policies need not pay)

    refusals, warnings = [], []
    compiled = [(rule, Draft202012Validator(rule.schema)) for rule in rules]
    for action in actions if compiled else ():
        seen = as_seen(action)
        for rule, validator in compiled:
            if validator.is_valid(seen):
                continue
            summary = f"{action.label}: {rule.message}" + (f" (policy {rule.name})" if rule.name else "")
            if rule.severity == "error":
                refusals.append(Refusal(Guard.POLICY, summary, _REMEDY, action.number, action.source))
            else:
                warnings.append(Diagnostic(Severity.WARNING, "P513", summary, source=action.source))
    return tuple(refusals), tuple(warnings)


_REMEDY = "A policy cannot be forced: change the declaration, or the policy in a reviewed change of the settings."


def as_seen(action: Action) -> dict[str, Any]:
    """The action as a policy sees it: as in the plan file, with `fields`, its changes by path.

    Each field has `before` and `after`; numbers also have `delta` (after less before) and, when there was something
    before, `ratio` (after to before).
    """
    return {
        "action": action.action.value,
        "number": action.number,
        "ref": action.ref,
        "name": action.name,
        "changes": [
            {"path": change.path, "before": change.before, "after": change.after, "cause": change.cause.value}
            for change in action.changes
        ],
        "fields": {change.path: _field(change) for change in action.changes},
    }


def _field(change: Change) -> dict[str, Any]:
    seen = {"before": change.before, "after": change.after}
    before, after = _amount(change.before), _amount(change.after)
    if before is not None and after is not None:
        seen["delta"] = after - before
        if before:
            seen["ratio"] = after / before
    return seen


def _amount(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
