"""The street, read aloud: declarations and live customers in, a plan out. Nothing here writes to the ERP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from typing import TypeVar

from reconciler._version import __version__
from reconciler.config.read.declarations import Loaded
from reconciler.config.read.mutes import ENDED, Mutes
from reconciler.config.read.policies import Rule, broken
from reconciler.config.settings import Settings
from reconciler.core.classes import class_notes, touches_classes
from reconciler.core.comparison import Comparison, Heading
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors
from reconciler.core.errors import InvalidInput, NotFound, PermissionDenied, StateError
from reconciler.core.guards import VolumeLimits
from reconciler.core.mutes import ActiveMutes
from reconciler.core.plan import ConfigSummary, Plan, Verb
from reconciler.core.planner import compute_plan
from reconciler.core.ports import Erp, View
from reconciler.core.rules import Memory, Rules, Target
from reconciler.core.stores import kept_in
from reconciler.erp.encode import WireCodec
from reconciler.operations.declarations import EVERYBODY, Selection
from reconciler.operations.git import commit_of
from reconciler.operations.last_applied import LastApplied, last_applied
from reconciler.operations.mutes import sound_mutes
from reconciler.operations.refresh import Refreshing
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible
from reconciler.resources.customer import CUSTOMER
from reconciler.state.plan_file import seal

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Compared:
    """A plan, and what it was made from."""

    plan: Plan
    heading: Heading
    comparison: Comparison
    last: LastApplied


def compare(
    workspace: Workspace,
    loaded: Loaded,
    erp: Erp | None,
    selection: Selection,
    mode: str = "incremental",
    *,
    include_muted: bool = False,
    last: LastApplied | None = None,
) -> Compared:
    """Read the live customers, and plan. erp: None with mode `none` only. include_muted: also write what is muted.

    last: what was last applied, where it was read already. Raises InvalidInput for a file of mutes with errors,
    ErpError, StateError, WrongUsage.
    """
    place, settings = workspace.place, workspace.settings
    mutes, last = sound_mutes(workspace, loaded), last or last_applied(workspace)
    if erp is not None:
        workspace.listener.say(f"Reading the customers of {place.environment} ...")
    memory = last.memory
    live = refreshing(workspace, loaded, memory)
    commit = commit_of(settings.root, workspace.environ)

    def planned(view: View) -> Compared:
        heading = heading_of(place, workspace.now())
        comparison = last.with_causes(comparison_of(settings, loaded, view, memory, selection))
        active = ActiveMutes(mutes.mutes, heading.created_at[:10])
        comparison = replace(comparison, rules=replace(comparison.rules, mutes=active, include_muted=include_muted))
        with_mute_problems = replace(loaded, diagnostics=(*loaded.diagnostics, *_of_plan(mutes), *last.diagnostics()))
        plan = make_plan(settings, with_mute_problems, comparison, heading, git_commit=commit)
        return Compared(plan, heading, comparison, last)

    compared, _ = refresh_and_compute(live, erp, mode, planned, lambda compared: updated(compared.plan))
    return compared if erp is None else replace(compared, plan=explain(compared.plan, erp, loaded.desired))


def _of_plan(mutes: Mutes) -> Iterator[Diagnostic]:
    """What a plan says of the file of mutes. That one ended it says where the field differs."""
    return (problem for problem in mutes.diagnostics if problem.code != ENDED)


def refreshing(workspace: Workspace, loaded: Loaded, memory: Memory) -> Refreshing:
    """What reads the live side for the declarations, with the snapshot of the state."""
    snapshot = workspace.store.snapshot(workspace.place)
    policy = workspace.settings.refresh
    return Refreshing(
        loaded.desired,
        memory,
        workspace.now(),
        snapshot,
        policy,
        lambda error: not_kept(workspace, error),
        rules_of(workspace.settings).resource,
    )


def not_kept(workspace: Workspace, error: StateError) -> None:
    """A snapshot saves time, no more: without one the next plan reads everything."""
    workspace.listener.say(f"The snapshot could not be kept: {visible(str(error))}")


# ---- the steps, with plain values in and out ----


def refresh(loaded: Loaded, erp: Erp, *, memory: Memory | None = None) -> View:
    """Read the live customers in full, with what the declarations need. Raises ErpError."""
    return Refreshing(loaded.desired, memory or Memory()).view(erp)


def refresh_and_compute(
    live: Refreshing,
    erp: Erp | None,
    mode: str,
    compute: Callable[[View], Answer],
    concerned: Callable[[Answer], Iterable[str]],
) -> tuple[Answer, View]:
    """Refresh as `mode` says, and compute. What the result says of the customers that it concerns is surely so.

    erp: None with mode `none` only. concerned: their numbers. Raises ErpError, StateError, WrongUsage.
    """
    if erp is None or mode == "none":
        view = live.offline()
        return compute(view), view
    view = live.view(erp, mode)
    answer = compute(view)
    sure = live.confirmed(erp, view, frozenset(concerned(answer)))
    return (answer, view) if sure is None else (compute(sure), sure)


def updated(plan: Plan) -> Iterator[str]:
    """The numbers of the customers that the plan would update or renumber, old ones too."""
    return (number for action in plan.actions if action.action is not Verb.CREATE for number in action.numbers)


def make_plan(
    settings: Settings, loaded: Loaded, comparison: Comparison, heading: Heading, *, git_commit: str | None = None
) -> Plan:
    """Compare, and decide what to write. Raises InvalidInput when the declarations have errors.

    git_commit: of the declarations.
    """
    if has_errors(loaded.diagnostics):
        raise InvalidInput(loaded.diagnostics)
    plan = compute_plan(
        comparison,
        WireCodec(),
        heading=heading,
        config=ConfigSummary(loaded.digest, len(loaded.desired), git_commit),
    )
    refusals, warnings = broken(plan.actions, _policies(settings))
    problems = (*loaded.diagnostics, *plan.diagnostics, *warnings, *made_offline(comparison.view))
    return seal(
        replace(
            plan,
            diagnostics=comparison.about_targets(problems, (action.source for action in plan.actions)),
            refusals=(*plan.refusals, *refusals),
        )
    )


def comparison_of(
    settings: Settings,
    loaded: Loaded,
    view: View,
    memory: Memory | None = None,
    selection: Selection = EVERYBODY,
) -> Comparison:
    """The declarations and the live customers, by the rules of the settings."""
    return Comparison(loaded.desired, view, rules_of(settings), memory or Memory(), *astuple(selection))


def heading_of(place: Target, created_at: str) -> Heading:
    """What a plan or a report of this version says of itself. created_at: UTC, ISO 8601."""
    return Heading(place, created_at, __version__)


def rules_of(settings: Settings) -> Rules:
    """What the settings say of comparing and refusing."""
    return Rules(
        ignore=settings.ignore,
        nested_updates=settings.nested_updates,
        send_null=settings.api.clear_nullable == "send-null",
        deactivate_removed=settings.on_removed == "deactivate",
        duplicates=settings.guards.duplicates,
        lookalikes=settings.guards.lookalikes,
        recheck_nested=settings.api.recheck_nested,
        limits=VolumeLimits(settings.guards.updates, settings.guards.creates, settings.guards.renumbers),
        resource=kept_in(CUSTOMER, settings.api.stores),
    )


def _policies(settings: Settings) -> list[Rule]:
    return [
        Rule(policy.message, policy.schema, policy.name, policy.severity, policy.source)
        for policy in settings.guards.policies
    ]


def made_offline(view: View) -> tuple[Diagnostic, ...]:
    """For the reports that show problems only: nobody must take what was made offline for fresh."""
    if view.reading.mode != "none":
        return ()
    summary = f"this was made offline, from the snapshot of {view.as_of}; the ERP may have changed since"
    remedy = "Leave out --refresh none before you rely on it. Applying such a plan overwrites nothing that changed."
    return (Diagnostic(Severity.WARNING, "P527", summary, remedy=remedy),)


def explain(plan: Plan, erp: Erp, desired: Iterable[Desired] = ()) -> Plan:
    """The plan with what its customer classes mean for it; they are read only when it creates or moves into one.

    An ERP that does not let the classes be read leaves the plan as it is: it is no worse for that. Raises ErpError.
    """
    if not touches_classes(plan.actions):
        return plan
    try:
        classes = {customer_class.id: customer_class for customer_class in erp.classes()}
    except (NotFound, PermissionDenied):
        return plan
    notes = tuple(class_notes(plan.actions, classes, desired))
    counted = replace(plan.refresh, requests=plan.refresh.requests + 1)
    left = plan.budget.remaining
    budget = replace(plan.budget, remaining=None if left is None else max(0, left - 1))
    return seal(replace(plan, diagnostics=(*plan.diagnostics, *notes), refresh=counted, budget=budget))
