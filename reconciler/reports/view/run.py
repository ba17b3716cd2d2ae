"""A run as rows: what an apply did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from reconciler.core.diagnostics import Severity
from reconciler.core.plan import CHANGED_AGAIN, Change, Outcome, Result, Run, Verb
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import shown, visible
from reconciler.reports.view.left_alone import left_rows, left_words
from reconciler.reports.view.plan import action_row
from reconciler.reports.view.reading import header_of
from reconciler.reports.view.report import CustomerRow, Report, ReportState
from reconciler.reports.wording import OUTCOMES, counted, file_and_line

_PAST = {Verb.CREATE: "created", Verb.UPDATE: "updated", Verb.RENUMBER: "renumbered"}


NOT_TAKEN = "not taken as sent"
"""Updates that the ERP confirmed, and of which a value is not there when it is read back."""


def of_run(run: Run) -> Report:
    """What an apply did."""
    interrupted = run.interrupted is not None
    state = ReportState.INTERRUPTED if interrupted else ReportState.CLEAN if run.is_good else ReportState.PARTIAL
    counts = _counts(run)
    return Report(
        ReportKind.RUN,
        state,
        _headline(run, counts),
        counts,
        tuple(result_row(result) for result in run.results),
        left_rows(run.plan.muted, run.plan.ignored),
        run.diagnostics,
        guards=run.plan.guards,
        facts=(f"Started {run.started_at}, finished {run.finished_at}.",),
        header=header_of(run.plan),
        created_at=run.finished_at,
        digest=run.plan.digest,
        redacted=run.plan.redacted,
    )


def _headline(run: Run, counts: dict[str, int]) -> str:
    """What was applied, and what differs still and was left alone."""
    summary = run.plan.summary
    held = f"{counted(summary.held_back, 'declaration')} held back" if summary.held_back else ""
    left = "; ".join(filter(None, (held, left_words(summary.muted, summary.ignored))))
    if run.plan.is_empty:
        return f"Nothing to apply: {left}." if left else "Nothing to apply."
    return f"Applied: {_tally(counts)}; {left}." if left else f"Applied: {_tally(counts)}."


@dataclass(frozen=True, slots=True)
class Ending:
    """How an action ended, in the words of a `CustomerRow`: all that is told of a result as it comes."""

    label: str
    outcome: str
    remedy: str
    sentence: str
    notes: tuple[str, ...]
    stored: tuple[str, ...]
    not_taken: tuple[str, ...]


def result_row(result: Result) -> CustomerRow:
    """One action's outcome."""
    row, ending = action_row(result.action), ending_of(result)
    severity, risk = _weight(result)
    return replace(
        row,
        label=ending.label,
        severity=severity,
        risk=row.risk + risk,
        outcome=ending.outcome,
        stakes=row.stakes if result.is_good else (ending.outcome, *row.stakes),
        message=visible(result.message),
        remedy=ending.remedy,
        sentence=ending.sentence,
        notes=ending.notes,
        stored=ending.stored,
        not_taken=ending.not_taken,
    )


def ending_of(result: Result) -> Ending:
    """How the action ended."""
    return Ending(
        label=visible(_label(result)),
        outcome=OUTCOMES[result.outcome],
        remedy=visible(result.remedy),
        sentence=_sentence(result),
        notes=tuple(
            f"{visible(change.path)} is now {shown(change.after)}; the plan saw {shown(change.before)}"
            for change in result.moved
        ),
        stored=tuple(_sent(change, "", "stored") for change in result.normalised),
        not_taken=tuple(_sent(change, _why_not_there(result), "has") for change in result.not_taken),
    )


def _label(result: Result) -> str:
    """A renumbering is called by both numbers, whatever became of it."""
    return result.action.label if result.action.action is Verb.RENUMBER else result.number or result.action.label


def _weight(result: Result) -> tuple[Severity, int]:
    """How much it needs a look, and what that adds to its risk."""
    if result.is_good:
        return Severity.NOTE, 0
    return (Severity.WARNING, 100) if result.outcome is Outcome.SKIPPED else (Severity.ERROR, 200)


def _why_not_there(result: Result) -> str:
    """What a value is that was written and is not there."""
    return f" {CHANGED_AGAIN if result.message == CHANGED_AGAIN else 'not taken'}"


def _sent(change: Change, problem: str, verb: str) -> str:
    return f"{visible(change.path)}{problem}: sent {shown(change.before)}, the ERP {verb} {shown(change.after)}"


def _sentence(result: Result) -> str:
    """`10000 created`, or how it ended otherwise."""
    action = result.action
    if result.outcome is Outcome.DONE:
        verb = "found" if result.is_found else _PAST[action.action]
        ref = f" (ref {action.ref})" if action.number is None else ""
        message = f": {result.message}" if result.message else ""
        return visible(f"{_label(result)}{ref} {verb}{message}")
    where = f" ({file_and_line(action.source)})" if result.outcome is not Outcome.SKIPPED else ""
    return f"{visible(action.label)} {OUTCOMES[result.outcome]}{where}: {visible(result.message)}"


def _counts(run: Run) -> dict[str, int]:
    done = [result for result in run.results if result.outcome is Outcome.DONE]
    lost = [result for result in done if result.action.action is Verb.UPDATE and result.not_taken]
    verbs = Counter(result.action.action for result in done)
    renumbered = {"renumbered": verbs[Verb.RENUMBER]} if run.plan.summary.renumber else {}
    others = {word: run.count(outcome) for outcome, word in OUTCOMES.items() if outcome is not Outcome.DONE}
    taken = {"updated": verbs[Verb.UPDATE] - len(lost), **({NOT_TAKEN: len(lost)} if lost else {})}
    return {"created": verbs[Verb.CREATE], **taken, **renumbered, **others}


def _tally(counts: dict[str, int]) -> str:
    conflict = OUTCOMES[Outcome.CONFLICT]
    return ", ".join(
        counted(count, word) if word == conflict else f"{count:,} {word}"
        for word, count in counts.items()
        if count or word in ("created", "updated")
    )
