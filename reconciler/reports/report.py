"""The one view that every format renders: a plan, a run, a validation or a drift, as plain rows.

All texts in it are harmless on a terminal already (`reports.safe_text`): formats only escape what their own syntax
needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler._version import __version__
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Action, Change, Guard, Outcome, Plan, Refusal, Result, Run, Verb
from reconciler.core.plan import Verdict as GuardVerdict
from reconciler.reports import view
from reconciler.reports.report_kind import Kind
from reconciler.reports.safe_text import shown, visible
from reconciler.resources.customer import CUSTOMER

if TYPE_CHECKING:
    from reconciler.core.drift import Drift


class State(StrEnum):
    """How it stands, as one word for a badge; `Report.headline` says it in a sentence."""

    CLEAN = "clean"  # nothing to do, valid, all done, no drift
    CHANGES = "changes"  # something is to be written, or drifted
    REFUSED = "refused"  # a guard or a policy says no
    INVALID = "invalid"  # errors in the declarations or in the plan
    PARTIAL = "partial"  # a run with conflicts, failures or unclear answers
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Row:
    """One field. symbol: + set, ~ change, - clear, = sent so that it stays, ! drifted.

    before, after: values as `safe.shown` writes them; for drift the value that was applied and the live one. cause:
    config, drift, both, unknown or "". origin: branch, merged, drift or "". notes: further facts, a short text each.
    muted: drift that somebody accepts for now.
    """

    symbol: str
    path: str
    before: str
    after: str
    cause: str = ""
    origin: str = ""
    source: Source | None = None
    notes: tuple[str, ...] = ()
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One customer. symbol: + create, ~ update, ! drifted, - missing, ? unmanaged; verb says it in a word.

    severity: how much it needs a look: ERROR for what failed or is refused, WARNING for drift and conflicts.
    risk: the higher, the earlier it must be seen; formats that must leave something out keep the riskiest.
    outcome, message, remedy: of a run's action; outcome is a word of `view.OUTCOMES` or "".
    """

    symbol: str
    verb: str
    label: str
    name: str
    rows: tuple[Row, ...] = ()
    source: Source | None = None
    severity: Severity = Severity.NOTE
    risk: int = 0
    outcome: str = ""
    message: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """file:line, or nothing."""
        return view.place(self.source)


@dataclass(frozen=True, slots=True)
class Place:
    """Which ERP it is about, and which version of reconciler says so; empty for a validation."""

    company: str = ""
    environment: str = ""
    tenant_id: str = ""
    base_url: str = ""
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Report:
    """What any format says.

    headline: one sentence. counts: what was counted, in the order to show it (`{"create": 1, "update": 2, ...}`).
    facts: sentences on freshness and budget. details: more of them, for formats with room.
    refusals, guards: as in the plan, texts not yet made visible.
    hint: what to do next, or "". digest: of the plan. redacted: whether personal data was replaced.
    """

    kind: Kind
    state: State
    headline: str
    counts: Mapping[str, int]
    entries: tuple[Entry, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    guards: tuple[GuardVerdict, ...] = ()
    facts: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    place: Place = Place()
    created_at: str = ""
    digest: str = ""
    hint: str = ""
    redacted: bool = False

    def errors(self) -> int:
        """How many diagnostics are errors."""
        return sum(each.severity is Severity.ERROR for each in self.diagnostics)


def of_validation(diagnostics: Sequence[Diagnostic], declarations: int) -> Report:
    """What `validate` found."""
    errors, warnings, notes = (sum(each.severity is one for each in diagnostics) for one in Severity)
    problems = ", ".join(view.counted(n, noun) for n, noun in ((errors, "error"), (warnings, "warning")) if n)
    count = view.counted(declarations, "declaration")
    headline = f"Invalid: {problems}." if errors else f"Valid: {count}{', with ' + problems if problems else ''}."
    return Report(
        Kind.VALIDATION,
        State.INVALID if errors else State.CLEAN,
        headline,
        {"declarations": declarations, "errors": errors, "warnings": warnings, "notes": notes},
        diagnostics=tuple(diagnostics),
    )


def of_plan(plan: Plan) -> Report:
    """What a plan, fresh or saved, says."""
    errors = sum(each.severity is Severity.ERROR for each in plan.diagnostics)
    state = (
        State.INVALID if errors else State.REFUSED if plan.refusals else State.CLEAN if plan.is_empty else State.CHANGES
    )
    refused = {each.number for each in plan.refusals if each.number and each.guard is not Guard.VOLUME}
    return Report(
        Kind.PLAN,
        state,
        _plan_headline(plan, state, errors),
        _plan_counts(plan),
        tuple(_action_entry(action, refused) for action in plan.actions),
        plan.diagnostics,
        plan.refusals,
        plan.guards,
        tuple(filter(None, (view.origins(plan), view.freshness(plan), view.budget(plan), view.consent(plan)))),
        details=tuple(filter(None, (view.reading(plan),))),
        place=place_of(plan),
        created_at=plan.created_at,
        digest=plan.digest,
        redacted=plan.redacted,
    )


def of_run(run: Run) -> Report:
    """What an apply did."""
    good = run.is_good
    state = State.INTERRUPTED if run.interrupted is not None else State.CLEAN if good else State.PARTIAL
    headline = "Nothing to apply." if run.plan.is_empty else f"Applied: {view.run_counts(run)}."
    return Report(
        Kind.RUN,
        state,
        headline,
        _run_counts(run),
        tuple(_result_entry(result) for result in run.results),
        run.diagnostics,
        guards=run.plan.guards,
        facts=tuple(filter(None, (f"Started {run.started_at}, finished {run.finished_at}.",))),
        place=place_of(run.plan),
        created_at=run.finished_at,
        digest=run.plan.digest,
        redacted=run.plan.redacted,
    )


def place_of(plan: Plan | Drift) -> Place:
    """Which ERP the plan or drift is of."""
    return Place(
        visible(plan.company),
        visible(plan.environment),
        visible(plan.tenant_id),
        visible(plan.base_url),
        visible(plan.reconciler_version),
    )


def _plan_headline(plan: Plan, state: State, errors: int) -> str:
    counts = view.counts(plan)
    match state:
        case State.INVALID:
            return f"Plan with {view.counted(errors, 'error')}, not to be applied: {counts}."
        case State.REFUSED:
            return f"Plan that refuses itself: {counts}."
        case State.CLEAN:
            return f"No changes: {counts}."
        case _:
            return f"Plan: {counts}."


def _plan_counts(plan: Plan) -> dict[str, int]:
    summary = plan.summary
    return {
        "create": summary.create,
        "update": summary.update,
        "unchanged": summary.unchanged,
        "unmanaged": summary.unmanaged,
        "removed": summary.removed,
    }


def _run_counts(run: Run) -> dict[str, int]:
    done = [each for each in run.results if each.outcome is Outcome.DONE]
    created = sum(each.action.action is Verb.CREATE for each in done)
    others = {word: run.count(outcome) for outcome, word in view.OUTCOMES.items() if outcome is not Outcome.DONE}
    return {"created": created, "updated": len(done) - created, **others}


def _action_entry(action: Action, refused: Iterable[str]) -> Entry:
    create = action.action is Verb.CREATE
    stands = action.number is not None and action.number in refused
    return Entry(
        "+" if create else "~",
        action.action.value,
        visible(action.label),
        visible(action.name),
        tuple(change_row(change) for change in action.changes),
        action.source,
        Severity.ERROR if stands else Severity.NOTE,
        risk_of(action) + (100 if stands else 0),
    )


def change_row(change: Change) -> Row:
    """One change of a plan."""
    return Row(
        view.symbol_of(change),
        visible(change.path),
        shown(change.before),
        shown(change.after),
        change.cause.value,
        change.origin.value if change.origin else "",
        change.source,
    )


def _result_entry(result: Result) -> Entry:
    entry = _action_entry(result.action, ())
    number = result.number or result.action.label
    moved = tuple(
        f"{visible(each.path)} is now {shown(each.after)}; the plan saw {shown(each.before)}" for each in result.moved
    )
    stored = tuple(
        f"{visible(each.path)}: sent {shown(each.before)}, the ERP stored {shown(each.after)}"
        for each in result.normalised
    ) + tuple(
        f"{visible(each.path)} not taken: sent {shown(each.before)}, the ERP has {shown(each.after)}"
        for each in result.not_taken
    )
    done = result.is_good
    skipped = result.outcome is Outcome.SKIPPED
    return Entry(
        entry.symbol,
        entry.verb,
        visible(number),
        entry.name,
        entry.rows,
        entry.source,
        Severity.NOTE if done else Severity.WARNING if skipped else Severity.ERROR,
        entry.risk + (0 if done else 100 if skipped else 200),
        view.OUTCOMES[result.outcome],
        visible(result.message),
        visible(result.remedy),
        moved + stored,
    )


def review_priority(path: str) -> int:
    """How much a change of the field needs a look."""
    row = CUSTOMER.fields.get(path.partition(".")[0])
    return 1 + (row.priority if row is not None else 0)


def risk_of(action: Action) -> int:
    """How early a reviewer must see the action: what moves money or trade first, then what clears, then the rest."""
    found = [review_priority(change.path) for change in action.changes]
    clears = any(change.after is None for change in action.changes)
    drifted = any(change.cause in ("drift", "both") for change in action.changes)
    base = max(found, default=0) if action.action is Verb.UPDATE else 10
    return base + 15 * clears + 10 * drifted
