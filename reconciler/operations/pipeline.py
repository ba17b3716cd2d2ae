"""The street, read aloud: load the declarations, refresh the live customers, plan, apply.

Each function is one step with plain values in and out; nothing here reads the environment, prints or exits. What only
one of the steps needs is imported in it: a plan does not pay for drift, apply and reports.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reconciler._version import __version__
from reconciler.config.read.declarations import Loaded, find_files, load_declarations
from reconciler.config.read.policies import Rule, broken
from reconciler.config.settings import Settings
from reconciler.core.classes import class_notes, touches_classes
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors
from reconciler.core.errors import InvalidInput, NotFound, PermissionDenied, Refused
from reconciler.core.guards import VolumeLimits
from reconciler.core.identity import Pairing
from reconciler.core.lookalikes import with_alike
from reconciler.core.normalise import number_key
from reconciler.core.plan import Action, ConfigSummary, Guard, Outcome, Plan, Result, Verb
from reconciler.core.planner import compute_plan
from reconciler.core.ports import Cache, Erp, Journal, View
from reconciler.core.rules import Memory, Rules, Target
from reconciler.erp.encode import WireCodec
from reconciler.operations.refresh import Refreshing
from reconciler.resources.customer import FIELDS
from reconciler.resources.values import parse_path
from reconciler.state.plan_file import dumps, seal

if TYPE_CHECKING:
    from reconciler.config.read.mutes import Mutes
    from reconciler.core.drift import Drift, History

Found = TypeVar("Found")


def load(
    settings: Settings, *, environ: Mapping[str, str], paths: Sequence[Path] = (), cache: Cache | None = None
) -> Loaded:
    """Read and validate the declarations: all that the settings name, or only `paths`. No network.

    cache: what earlier loads read of files that have not changed; without one all files are parsed.

    Problems are in the result's diagnostics; `make_plan` refuses a result that holds errors.
    """
    files, problems = (tuple(paths), ()) if paths else find_files(settings.customers, settings.root)
    loaded = load_declarations(
        files,
        root=settings.root,
        defaults=settings.defaults,
        environ=environ,
        cache=cache,
        bounds=settings.limits.files,
    )
    return replace(loaded, diagnostics=(*problems, *loaded.diagnostics))


def refresh(loaded: Loaded, erp: Erp, *, memory: Memory | None = None) -> View:
    """Read the live customers in full, with what the declarations need. Raises ErpError.

    `Refreshing` reads less where there is a snapshot; `compare` plans with it.
    """
    return Refreshing(loaded.desired, memory or Memory()).view(erp)


def compare(
    live: Refreshing,
    erp: Erp | None,
    mode: str,
    compute: Callable[[View], Found],
    concerned: Callable[[Found], Iterable[str]],
) -> tuple[Found, View]:
    """Refresh as `mode` says, and compute. What the result says of the customers that it concerns is surely so.

    erp: None with mode `none` only. concerned: their numbers. Raises ErpError, StateError, WrongUsage.
    """
    if erp is None or mode == "none":
        view = live.offline()
        return compute(view), view
    view = live.view(erp, mode)
    found = compute(view)
    sure = live.confirmed(erp, view, frozenset(concerned(found)))
    return (found, view) if sure is None else (compute(sure), sure)


def updated(plan: Plan) -> Iterator[str]:
    """The numbers of the customers that the plan would update."""
    return (action.number for action in plan.actions if action.action is Verb.UPDATE and action.number)


def drifted(drift: Drift) -> Iterator[str]:
    """The numbers of the customers of which some field is told."""
    return (each.number for each in drift.customers if each.fields and each.number)


def _offline(view: View) -> tuple[Diagnostic, ...]:
    """For the reports that show problems only: nobody must take what was made offline for fresh."""
    if view.reading.mode != "none":
        return ()
    summary = f"this was made offline, from the snapshot of {view.as_of}; the ERP may have changed since"
    remedy = "Leave out --refresh none before you rely on it. Applying such a plan overwrites nothing that changed."
    return (Diagnostic(Severity.WARNING, "P527", summary, remedy=remedy),)


def make_plan(
    settings: Settings,
    loaded: Loaded,
    view: View,
    *,
    target: Target,
    created_at: str,
    targets: frozenset[str] = frozenset(),
    git_commit: str | None = None,
    memory: Memory | None = None,
    paired: Pairing | None = None,
) -> Plan:
    """Compare, and decide what to write. Raises InvalidInput when the declarations have errors.

    paired: the declarations with their live customers, when the caller found them out already.
    """
    if has_errors(loaded.diagnostics):
        raise InvalidInput(loaded.diagnostics)
    made = compute_plan(
        loaded.desired,
        view,
        WireCodec(),
        rules=rules_of(settings),
        target=target,
        config=ConfigSummary(loaded.digest, len(loaded.desired), git_commit),
        memory=memory or Memory(),
        version=__version__,
        created_at=created_at,
        targets=targets,
        paired=paired,
    )
    made = replace(made, actions=with_alike(made.actions, view.customers))
    refusals, warnings = broken(made.actions, _policies(settings))
    return seal(
        replace(
            made,
            diagnostics=(*loaded.diagnostics, *made.diagnostics, *warnings, *_offline(view)),
            refusals=(*made.refusals, *refusals),
        )
    )


def read_mutes(settings: Settings, loaded: Loaded | None, *, day: str) -> Mutes:
    """The drift that is accepted for a time, and what is wrong with its file.

    loaded: all declarations, to know the customers; None does not ask. day: today, YYYY-MM-DD.
    """
    from reconciler.config.read.mutes import load_mutes

    declared = None if loaded is None else _names(loaded)
    return load_mutes(settings.mutes, settings.root, declared=declared, day=day)


def make_drift(
    settings: Settings,
    loaded: Loaded,
    view: View,
    *,
    mutes: Mutes,
    target: Target,
    created_at: str,
    targets: frozenset[str] = frozenset(),
    memory: Memory | None = None,
    history: History | None = None,
    applied_at: Callable[[str], str | None] = lambda _key: None,
) -> Drift:
    """Compare, and tell apart who moved. Raises InvalidInput when declarations or mutes have errors.

    history: what the last report saw. applied_at: when a customer (`number_key`) was last applied.
    """
    from reconciler.core.drift import History
    from reconciler.core.drift_detection import compute_drift

    problems = (*loaded.diagnostics, *mutes.diagnostics)
    if has_errors(problems):
        raise InvalidInput(problems)
    found = compute_drift(
        loaded.desired,
        view,
        rules=rules_of(settings),
        target=target,
        memory=memory or Memory(),
        history=history or History(),
        mutes=mutes.mutes,
        applied_at=applied_at,
        version=__version__,
        created_at=created_at,
        targets=targets,
    )
    return replace(found, diagnostics=(*problems, *found.diagnostics, *_offline(view)))


def rules_of(settings: Settings) -> Rules:
    """What the settings say of comparing and refusing."""
    return Rules(
        ignore=settings.ignore,
        nested_updates=settings.nested_updates,
        send_null=settings.api.clear_nullable == "send-null",
        deactivate_removed=settings.on_removed == "deactivate",
        duplicates=settings.guards.duplicates,
        recheck_nested=settings.api.recheck_nested,
        limits=VolumeLimits(settings.guards.updates, settings.guards.creates),
    )


def _policies(settings: Settings) -> list[Rule]:
    return [Rule(each.message, each.schema, each.name, each.severity, each.source) for each in settings.guards.policies]


def explain(plan: Plan, erp: Erp) -> Plan:
    """The plan with what its customer classes mean for it; they are read only when it creates or moves into one.

    An ERP that does not let the classes be read leaves the plan as it is: it is no worse for that. Raises ErpError.
    """
    if not touches_classes(plan.actions):
        return plan
    try:
        classes = {each.id: each for each in erp.classes()}
    except (NotFound, PermissionDenied):
        return plan
    notes = tuple(class_notes(plan.actions, classes))
    counted = replace(plan.refresh, requests=plan.refresh.requests + 1)
    left = plan.budget.remaining
    budget = replace(plan.budget, remaining=None if left is None else max(0, left - 1))
    return seal(replace(plan, diagnostics=(*plan.diagnostics, *notes), refresh=counted, budget=budget))


def check_applicable(plan: Plan, target: Target, *, force: bool = False) -> None:
    """Raise Refused unless the plan was made for this target and no guard or error stands against it."""
    for what, planned, here in (
        ("tenant", plan.tenant_id, target.tenant_id),
        ("base URL", plan.base_url, target.base_url),
        ("environment", plan.environment, target.environment),
    ):
        if planned != here:
            raise Refused(
                f"The plan is for {what} {planned!r}, and this is {here!r}",
                remedy="Apply it with the --env and settings that made it, or make a new plan.",
            )
    _check_sense(plan)
    if plan.redacted:
        raise Refused("The plan is redacted: its values are not the real ones", remedy="Make one without --redact.")
    if has_errors(plan.diagnostics):
        raise Refused("The plan has errors", remedy="Correct them, and plan again.")
    standing = [each for each in plan.refusals if not (force and each.guard is Guard.VOLUME)]
    if standing:
        standing.sort(key=lambda each: each.guard is Guard.VOLUME)  # first what cannot be forced
        first = standing[0]
        firm = "" if first.guard is Guard.VOLUME else " --force does not pass this."
        raise Refused(
            "The plan refuses itself: " + "; ".join(each.summary for each in standing),
            remedy=f"{first.remedy}{firm}".strip(),
        )


def _check_sense(plan: Plan) -> None:
    """A plan that this version made has distinct labels and paths of fields; another one must not be half applied."""
    labels = [action.label for action in plan.actions]
    known = all(path and path[0] in FIELDS for action in plan.actions for path in _paths(action))
    if len(set(labels)) < len(labels) or not known:
        raise Refused("The plan makes no sense: it names a field that there is not, or two actions alike")


def _paths(action: Action) -> list[tuple[str, ...]]:
    return [parse_path(change.path) for change in action.changes]


def apply_plan(
    plan: Plan,
    erp: Erp,
    journal: Journal | None = None,
    *,
    parallelism: int = 4,
    recheck_nested: bool = True,
    already: Mapping[str, Result] | None = None,
    open_labels: Collection[str] = (),
    stop: Callable[[], bool] = lambda: False,
    abandon: Callable[[], bool] = lambda: False,
) -> Iterator[Result]:
    """Send what the plan shows; yields each action's result as it ends. Call `check_applicable` first.

    journal: where intents and outcomes are recorded. already, open_labels: what an earlier try of the same run did, and
    what it may have done. stop: asked before anything new is begun. abandon: whether to leave what is in flight, too.
    recheck_nested: whether a customer is read once more before an update that its version may not protect.
    """
    from reconciler.apply.executor import execute

    return execute(
        plan,
        erp,
        journal or _NoJournal(),
        parallelism=parallelism,
        recheck_nested=recheck_nested,
        since=plan.refresh.created_since or plan.refresh.as_of,
        already=already,
        open_labels=open_labels,
        stop=stop,
        abandon=abandon,
    )


class _NoJournal:
    """For callers that keep no state: a killed run can then not be resumed, only planned again."""

    def intend(self, label: str) -> None:
        """Nothing is recorded."""

    def finish(
        self, label: str, outcome: Outcome, *, number: str | None = None, message: str = "", version: str | None = None
    ) -> None:
        """Nothing is recorded."""


def render(plan: Plan, form: str = "text", *, width: int | None = None, max_chars: int | None = None) -> bytes:
    """The plan in a format of `--format`. `json` is the plan file.

    width: cells that a line of `text` must fit, None never breaks one.

    max_chars: characters that the result must fit, None for what the format's platform takes.
    """
    if form == "json":
        return dumps(plan)
    if form == "text":
        from reconciler.reports.formats.text import plan_lines

        return "".join(f"{line.plain}\n" for line in plan_lines(plan, width)).encode()
    from reconciler.reports import formats
    from reconciler.reports.report import of_plan

    return formats.render(of_plan(plan), form, max_chars=max_chars)


def target_keys(targets: Sequence[str]) -> frozenset[str]:
    """The `--target` words as the planner compares them: numbers trimmed and upper-cased, refs as they are."""
    return frozenset(targets) | {number_key(each) for each in targets}


def missing_targets(loaded: Loaded, targets: Sequence[str]) -> tuple[str, ...]:
    """The targets that no declaration has."""
    known = _names(loaded)
    return tuple(each for each in targets if each not in known and number_key(each) not in known)


def _names(loaded: Loaded) -> frozenset[str]:
    """The `number_key` or ref of each declaration, by which users name it."""
    numbers = {number_key(each.number) for each in loaded.desired if each.number}
    return frozenset(numbers | {each.ref for each in loaded.desired if each.ref})
