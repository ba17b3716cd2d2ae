"""Where each change of a plan comes from, seen from a pull request: two plans against the same live customers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core.normalise import number_key
from reconciler.core.plan import Action, Cause, Change, Guard, Origin, Plan, Refusal
from reconciler.core.some_names import some_names


def attributed(plan: Plan, base: Plan) -> Plan:
    """The plan, each change with its origin.

    base: what the base revision's declarations ask for, planned against the same live customers. A change that it has
    too, with the same value, comes with or without the branch: it is drift where the ERP moved away from what was last
    applied, merged where the declarations moved, and one of the two where nothing is recorded. All others are the
    branch's.
    """
    asked = {key: action for action in base.actions for key in _keys(action)}
    # the branch renumbers a customer that the base still calls by its former number
    formers = {action.number: action.former for action in plan.actions if action.former is not None}
    return replace(
        plan,
        actions=tuple(
            _attributed(action, _twin(action, asked, formers.get(action.number) if action.former is None else None))
            for action in plan.actions
        ),
    )


def _twin(action: Action, asked: dict[str, Action], former: str | None) -> Action | None:
    keys = [*_keys(action), *(_keys(replace(action, number=former)) if former is not None else ())]
    return next((asked[key] for key in keys if key in asked), None)


def _keys(action: Action) -> Iterator[str]:
    """By number and by ref: a branch may write down the number of a ref."""
    if action.number is not None:
        yield f"{action.action}:number:{number_key(action.number)}"
    if action.ref is not None:
        yield f"{action.action}:ref:{action.ref}"


def _attributed(action: Action, twin: Action | None) -> Action:
    theirs = {change.path: change for change in twin.changes} if twin else {}
    return replace(
        action,
        changes=tuple(replace(change, origin=_origin(change, theirs.get(change.path))) for change in action.changes),
    )


def _origin(change: Change, theirs: Change | None) -> Origin:
    if theirs is None or theirs.after != change.after:
        return Origin.BRANCH
    return {Cause.DRIFT: Origin.DRIFT, Cause.UNKNOWN: Origin.OUTSIDE}.get(theirs.cause, Origin.MERGED)


def outside(plan: Plan) -> Refusal | None:
    """What `--fail-outside` says when changes stand in the plan that the branch does not make."""
    labels = [
        action.label
        for action in plan.actions
        if any(change.origin is not Origin.BRANCH and change.before != change.after for change in action.changes)
    ]
    if not labels:
        return None
    have = "customers have" if len(labels) > 1 else "customer has"
    return Refusal(
        Guard.POLICY,
        f"{len(labels):,} {have} changes that are not this branch's: {some_names(labels)}",
        "Apply what is merged and settle the drift (`reconciler drift`, `reconciler accept`) first.",
    )


def unattributed(ref: str) -> Refusal:
    """What `--fail-outside` says when the base revision cannot be planned."""
    return Refusal(Guard.POLICY, f"whether the changes are this branch's cannot be told: {ref} has errors")


def by_origins(plan: Plan) -> dict[tuple[Origin, ...], int]:
    """How many customers have changes of these origins and of no others, so that each counts once. Empty without a
    base."""
    counts: dict[tuple[Origin, ...], int] = {}
    for action in plan.actions:
        held = {change.origin for change in action.changes}
        origins = tuple(origin for origin in Origin if origin in held)
        if origins:
            counts[origins] = counts.get(origins, 0) + 1
    order = list(Origin)
    return {origins: counts[origins] for origins in sorted(counts, key=lambda held: [order.index(one) for one in held])}
