"""What the reports say, before any format: plain rows from a plan, a run or diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.core.attribution import by_origin
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import READ_IN_FULL, Action, Change, Outcome, Plan, Refusal, Result, Run, Verb
from reconciler.reports.safe_text import shown, visible

if TYPE_CHECKING:
    from reconciler.core.drift import Drift


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field. symbol: + set, ~ change, - clear, = sent so that it stays."""

    symbol: str
    path: str
    before: str
    after: str
    cause: str
    where: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One customer. symbol: + create, ~ update."""

    symbol: str
    label: str
    name: str
    where: str
    changes: tuple[ChangeRow, ...]


def action_row(action: Action) -> ActionRow:
    """The action's row; places inside the action's own file are shortened to `:line`."""
    return ActionRow(
        "+" if action.action is Verb.CREATE else "~",
        visible(action.label),
        visible(action.name),
        place(action.source),
        tuple(_change_row(change, action.source) for change in action.changes),
    )


def place(source: Source | None) -> str:
    """file:line, or nothing."""
    return "" if source is None else f"{visible(source.file)}:{source.line}"


def _change_row(change: Change, home: Source) -> ChangeRow:
    source = change.source
    where = f":{source.line}" if source is not None and source.file == home.file else place(source)
    return ChangeRow(
        symbol_of(change),
        visible(change.path),
        shown(change.before),
        shown(change.after),
        change.cause.value,
        where,
        ORIGINS[change.origin] if change.origin else "",
    )


ORIGINS = {"branch": "this branch", "merged": "merged but not applied", "drift": "drift", "outside": "merged or drift"}
"""How reports word a change's origin."""


def symbol_of(change: Change) -> str:
    """+ set, ~ change, - clear, = sent so that it stays."""
    if change.before == change.after:
        return "="
    return "+" if change.before is None else "-" if change.after is None else "~"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 request`, `2 requests`, `12,000 requests`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def counts(plan: Plan) -> str:
    """The counts line of a plan."""
    summary = plan.summary
    parts = [
        f"{summary.create:,} to create",
        f"{summary.update:,} to update",
        f"{summary.unchanged:,} unchanged",
        f"{summary.unmanaged:,} unmanaged",
    ]
    if summary.removed:
        parts.append(f"{summary.removed:,} removed from the declarations")
    return ", ".join(parts)


def freshness(plan: Plan | Drift) -> str:
    """As of when the live side is known, and what that cost: one sentence. `reading` has the rest."""
    refresh, reason = plan.refresh, (plan.refresh.reading or READ_IN_FULL).reason
    customers, as_of = counted(refresh.customers, "customer"), visible(refresh.as_of)
    if refresh.mode == "none":
        return f"Offline: {customers} as the snapshot had them at {as_of}; the ERP was not asked."
    why = f", read in full: {visible(reason)}" if refresh.mode == "full" and reason else ""
    return f"Live as of {as_of}: {customers}, {counted(refresh.requests, 'request')}{why}."


def reading(plan: Plan | Drift) -> str:
    """How an incremental read is known to be fresh, for who wants to know; nothing where everything was read."""
    found = plan.refresh.reading or READ_IN_FULL
    if plan.refresh.mode != "incremental":
        return ""
    unseen = f" ({found.unseen:,} had changed under an old time stamp)" if found.unseen else ""
    runs = counted(found.verify_runs or 1, "run")
    return (
        f"Brought up to date from the snapshot: {found.changed:,} changed lately, {found.verified:,} read again{unseen}"
        f", and the ERP counts as many. What no time stamp shows is seen within {runs}."
    )


def budget(plan: Plan) -> str:
    """What applying costs of the API's rate window, or nothing when nothing is to be sent."""
    if plan.is_empty:
        return ""
    text = f"Applying needs {counted(plan.budget.requests, 'API request')}"
    if plan.budget.remaining is not None and plan.budget.limit is not None:
        text += f"; {plan.budget.remaining:,} of {plan.budget.limit:,} are left in this window"
        if plan.budget.reset_seconds is not None:
            text += f", which ends in {duration(plan.budget.reset_seconds)}"
    return text + "."


def origins(plan: Plan) -> str:
    """How many customers the branch changes, and how many others; nothing without a base."""
    found = [f"{counted(count, 'customer')} {ORIGINS[origin]}" for origin, count in by_origin(plan).items()]
    return f"Origin: {', '.join(found)}." if found else ""


def consent(plan: Plan) -> str:
    """What names the changes for `apply --digest`, or nothing when nothing is to be sent."""
    return "" if plan.is_empty or not plan.changes_digest else f"Changes: {visible(plan.changes_digest)}"


def guards(plan: Plan) -> str:
    """What the volume guards found, or nothing when nothing is to be sent."""
    if plan.is_empty or not plan.guards:
        return ""
    found = [f"{counted(each.found, each.name.removesuffix('s'))} (limit {each.limit})" for each in plan.guards]
    return f"Guards: {', '.join(found)}."


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `1 h 5 min`."""
    if seconds > 10_000_000:
        return "months"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def refusal_text(refusal: Refusal) -> str:
    """One refusal in one sentence or two."""
    return f"{visible(refusal.summary)}. {visible(refusal.remedy)}".strip()


def diagnostic_lines(each: Diagnostic) -> tuple[str, str]:
    """`file:line:column: CODE message` and the remedy."""
    where = f"{visible(each.source.file)}:{each.source.line}:{each.source.column}: " if each.source else ""
    detail = f" ({visible(each.detail)})" if each.detail else ""
    severity = "" if each.severity is Severity.ERROR else f"{each.severity.value}: "
    return f"{where}{each.code} {severity}{visible(each.summary)}{detail}", visible(each.remedy)


OUTCOMES: dict[Outcome, str] = {
    Outcome.DONE: "done",
    Outcome.CONFLICT: "conflict",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "not sent",
    Outcome.UNKNOWN: "unclear",
}


def result_text(result: Result) -> str:
    """`10000 created`, or how it ended otherwise."""
    if result.outcome is Outcome.DONE:
        done = "updated" if result.action.action is Verb.UPDATE else "found" if result.is_found else "created"
        number = result.number or result.action.label
        ref = f" (ref {result.action.ref})" if result.action.number is None else ""
        note = f": {result.message}" if result.message else ""
        return visible(f"{number}{ref} {done}{note}")
    where = f" ({place(result.action.source)})" if result.outcome is not Outcome.SKIPPED else ""
    return f"{visible(result.action.label)} {OUTCOMES[result.outcome]}{where}: {visible(result.message)}"


def run_counts(run: Run) -> str:
    """The counts line of a run."""
    done = [result for result in run.results if result.outcome is Outcome.DONE]
    created = sum(result.action.action is Verb.CREATE for result in done)
    parts = [f"{created:,} created", f"{len(done) - created:,} updated"]
    parts += [
        counted(count, "conflict") if outcome is Outcome.CONFLICT else f"{count:,} {word}"
        for outcome, word in OUTCOMES.items()
        if outcome is not Outcome.DONE and (count := run.count(outcome))
    ]
    return ", ".join(parts)
