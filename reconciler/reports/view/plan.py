"""A plan as rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from reconciler.core.attribution import by_origin
from reconciler.core.diagnostics import Severity, has_errors
from reconciler.core.doubts import told_summary
from reconciler.core.plan import Action, Change, Guard, Plan, Verb
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import shown, visible
from reconciler.reports.view.left_alone import left_rows
from reconciler.reports.view.reading import freshness, header_of, reading
from reconciler.reports.view.report import CustomerRow, FieldRow, Report, ReportState
from reconciler.reports.view.risk import CLEARED, DRIFTED, review_priority
from reconciler.reports.wording import ORIGINS, counted, duration

SYMBOLS = {Verb.CREATE: "+", Verb.UPDATE: "~", Verb.RENUMBER: "»"}
"""What stands before an action."""

_RENUMBERED = 90  # it stands before what follows it: any update of the same customer

_REFUSED = 100  # what is added to the risk of an action that is refused


def of_plan(plan: Plan) -> Report:
    """What a plan, fresh or saved, says."""
    invalid = has_errors(plan.diagnostics)
    state = (
        ReportState.INVALID
        if invalid
        else ReportState.REFUSED
        if plan.refusals
        else ReportState.CLEAN
        if plan.is_empty
        else ReportState.CHANGES
    )
    refused = {refusal.number for refusal in plan.refusals if refusal.number and refusal.guard is not Guard.VOLUME}
    tally = _tally(plan)
    return Report(
        ReportKind.PLAN,
        state,
        _headline(plan, state, tally),
        told_summary(asdict(plan.summary)),
        tuple(action_row(action, refused) for action in plan.actions),
        left_rows(plan.muted, plan.ignored),
        plan.diagnostics,
        plan.refusals,
        plan.guards,
        tally=tally,
        origins=_origins(plan),
        as_of=(freshness(plan.refresh),),
        facts=tuple(filter(None, (_budget(plan), _consent(plan)))),
        details=tuple(filter(None, (reading(plan.refresh),))),
        header=header_of(plan),
        created_at=plan.created_at,
        digest=plan.digest,
        redacted=plan.redacted,
    )


def action_row(action: Action, refused: Collection[str] = ()) -> CustomerRow:
    """One action; `refused` holds the numbers of the customers that a policy or a lifecycle rule refuses."""
    is_refused = action.number is not None and action.number in refused
    return CustomerRow(
        SYMBOLS[action.action],
        action.action.value,
        visible(action.label),
        visible(action.name),
        tuple(change_row(change) for change in action.changes),
        action.source,
        Severity.ERROR if is_refused else Severity.NOTE,
        _risk(action) + _REFUSED * is_refused,
    )


def change_row(change: Change) -> FieldRow:
    """One change of an action."""
    return FieldRow(
        _symbol(change),
        visible(change.path),
        shown(change.before),
        shown(change.after),
        change.cause.value,
        change.origin.value if change.origin else "",
        change.source,
    )


def _symbol(change: Change) -> str:
    if change.before == change.after:
        return "="
    return "+" if change.before is None else "-" if change.after is None else "~"


def _risk(action: Action) -> int:
    """What moves money or trade first, then what clears, then the rest."""
    priorities = [review_priority(change.path) for change in action.changes]
    clears = any(change.after is None for change in action.changes)
    drifted = any(change.cause in ("drift", "both") for change in action.changes)
    base = max(priorities, default=0) if action.action is Verb.UPDATE else 10
    if action.action is Verb.RENUMBER:
        base = _RENUMBERED
    return base + CLEARED * clears + DRIFTED * drifted


def _headline(plan: Plan, state: ReportState, tally: str) -> str:
    match state:
        case ReportState.INVALID:
            errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in plan.diagnostics)
            return f"Plan with {counted(errors, 'error')}, which cannot be applied: {tally}."
        case ReportState.REFUSED:
            return f"Refused plan: {tally}."
        case ReportState.CLEAN:
            return f"No changes: {tally}."
        case _:
            return f"Plan: {tally}."


def _tally(plan: Plan) -> str:
    summary = plan.summary
    parts = [
        f"{summary.create:,} to create",
        f"{summary.update:,} to update",
        *([f"{summary.renumber:,} to renumber"] if summary.renumber else []),
        f"{summary.unchanged:,} unchanged",
        f"{summary.unmanaged:,} unmanaged",
    ]
    if summary.removed:
        parts.append(f"{summary.removed:,} removed from the declarations")
    if summary.held_back:
        parts.append(f"{summary.held_back:,} held back")
    if summary.unreadable:
        parts.append(f"{summary.unreadable:,} unreadable")
    parts += [f"{count:,} {word}" for word, count in (("muted", summary.muted), ("ignored", summary.ignored)) if count]
    return ", ".join(parts)


def _origins(plan: Plan) -> str:
    """How many customers the branch changes, and how many others; nothing without a base."""
    parts = [f"{counted(count, 'customer')} {ORIGINS[origin]}" for origin, count in by_origin(plan).items()]
    return f"Origin: {', '.join(parts)}." if parts else ""


def _budget(plan: Plan) -> str:
    """What applying costs of the API's rate window, or nothing when nothing is to be sent."""
    if plan.is_empty:
        return ""
    text = f"Applying needs {counted(plan.budget.requests, 'API request')}"
    if plan.budget.remaining is not None and plan.budget.limit is not None:
        text += f"; {plan.budget.remaining:,} of {plan.budget.limit:,} are left in this window"
        if plan.budget.reset_seconds is not None:
            text += f", which ends in {duration(plan.budget.reset_seconds)}"
    return text + "."


def _consent(plan: Plan) -> str:
    """What names the changes for `apply --digest`, or nothing when nothing is to be sent."""
    return "" if plan.is_empty or not plan.changes_digest else f"Changes: {visible(plan.changes_digest)}"
