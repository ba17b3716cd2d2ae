"""A plan as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict

from reconciler.core.attribution import by_origins
from reconciler.core.diagnostics import Severity, has_errors
from reconciler.core.doubts import told_summary
from reconciler.core.plan import Action, Cause, Change, Guard, Plan, Verb
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import shown, visible
from reconciler.reports.view.amounts import AmountChange, amount_change
from reconciler.reports.view.counts import overwrite_warning, scope_of
from reconciler.reports.view.left_alone import left_rows
from reconciler.reports.view.reading import freshness, header_of, reading
from reconciler.reports.view.report import Authors, CustomerRow, FieldRow, Report, ReportState
from reconciler.reports.view.risk import facts_of, field_priority, field_stakes, overwriting, stakes_of
from reconciler.reports.wording import ORIGINS, counted, duration
from reconciler.resources.grammar import Field

SYMBOLS = {Verb.CREATE: "+", Verb.UPDATE: "~", Verb.RENUMBER: "»"}
"""What stands before an action."""

_NEW = 26  # risk of a new customer: between one whose terms change and one whose name does
_RENUMBERED = 90  # it stands before what follows it: any update of the same customer
_MOVED = (Cause.DRIFT, Cause.BOTH)
NOBODY: Authors = {}
_REFUSED = 100  # what is added to the risk of an action that is refused


def of_plan(plan: Plan, authors: Authors = NOBODY) -> Report:
    """What a plan, fresh or saved, says. authors: who wrote the lines that its changes come from, where git tells."""
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
    rows = tuple(action_row(action, refused, authors) for action in plan.actions)
    return Report(
        ReportKind.PLAN,
        state,
        _headline(plan, state, tally),
        told_summary(asdict(plan.summary)),
        rows,
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
        warning=overwrite_warning(rows, "Merging also" if _origins(plan) else "Applying also"),
        scope=scope_of(rows, "is written", "are written"),
        redacted=plan.redacted,
    )


def action_row(action: Action, refused: Collection[str] = (), authors: Authors = NOBODY) -> CustomerRow:
    """One action; `refused` holds the numbers of the customers that a policy or a lifecycle rule refuses."""
    is_refused = action.number is not None and action.number in refused
    fields = tuple(change_row(change, action, authors) for change in action.changes)
    return CustomerRow(
        SYMBOLS[action.action],
        action.action.value,
        visible(action.label),
        visible(action.name),
        fields,
        action.source,
        Severity.ERROR if is_refused else Severity.NOTE,
        _risk(action, fields) + _REFUSED * is_refused,
        modified=visible((action.modified_at or "").partition(".")[0]),
        stakes=_stakes(action, fields, is_refused=is_refused),
    )


def change_row(change: Change, action: Action, authors: Authors = NOBODY) -> FieldRow:
    """One change of an action."""
    facts = facts_of(action.table, change.path)
    amount = _amount(change, action, facts.row)
    moved = change.cause in _MOVED
    return FieldRow(
        _symbol(change),
        visible(change.path),
        shown(change.before),
        shown(change.after),
        change.cause.value,
        change.origin.value if change.origin else "",
        change.source,
        title=facts.title,
        values=(change.before, change.after),
        amount=amount,
        is_prose=facts.is_prose,
        risk=field_priority(facts, change.after, amount, moved=moved),
        stakes=field_stakes(facts, change.before, change.after, amount),
        author=authors.get((change.source.file, change.source.line)) if change.source else None,
    )


def _amount(change: Change, action: Action, row: Field | None) -> AmountChange | None:
    """The change of an amount: before in the currency that the customer has, after in the one that it will have."""
    if row is None or not row.amount:
        return None
    after = next((other.after for other in action.changes if other.path == row.currency), action.currency)
    before = action.currency if row.currency else None
    return amount_change(change.before, change.after, (before, after if row.currency else None))


def _symbol(change: Change) -> str:
    if change.before == change.after:
        return "="
    return "+" if change.before is None else "-" if change.after is None else "~"


def _risk(action: Action, fields: Iterable[FieldRow]) -> int:
    """That of the weightiest field; a new customer and a new number have one of their own."""
    match action.action:
        case Verb.CREATE:
            return _NEW
        case Verb.RENUMBER:
            return _RENUMBERED
        case Verb.UPDATE:
            return max((field.risk for field in fields), default=1)


def _stakes(action: Action, fields: Iterable[FieldRow], *, is_refused: bool) -> tuple[str, ...]:
    """Why a reviewer must see the action as early as it stands."""
    refused = "refused" if is_refused else ""
    if action.action is Verb.CREATE:
        return stakes_of((), refused, "new customer")
    if action.action is Verb.RENUMBER:
        return stakes_of((), refused, "new number")
    overwrites = any(field.is_overwriting for field in fields)
    stakes = stakes_of(fields, refused)
    return (*stakes, overwriting(visible(action.modified_at or ""))) if overwrites else stakes


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
    """How many customers the branch changes, and how many others; each counts once. Nothing without a base."""
    parts = [
        f"{' and '.join(ORIGINS[origin] for origin in origins)} ({counted(count, 'customer')})"
        for origins, count in by_origins(plan).items()
    ]
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
