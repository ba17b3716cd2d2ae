"""What stands against writing a plan: each check raises Refused, and nothing was written then."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.core.diagnostics import has_errors
from reconciler.core.errors import Refused, WrongUsage
from reconciler.core.parents import parent_of
from reconciler.core.plan import Action, Guard, Outcome, Plan, Verb
from reconciler.core.rules import Target
from reconciler.operations.past_runs import is_of, is_unclear
from reconciler.resources.customer import FIELDS
from reconciler.resources.values import NumberOf, parse_path
from reconciler.state.journal import RunInfo, RunStatus
from reconciler.state.store import Store

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def check_digest(digest: str) -> None:
    """Raise WrongUsage for an empty or cut digest: it must never pass for none."""
    if not _DIGEST.fullmatch(digest):
        raise WrongUsage(
            f"--digest wants sha256: and 64 hexadecimal digits, not {digest!r}",
            remedy="Copy what stands behind `Changes:` in the plan that was reviewed.",
        )


def check_reviewed(plan: Plan, consent: bool | str) -> None:
    """Refuse what is not what was reviewed, when consent is a digest. A plan that writes nothing needs no consent."""
    if isinstance(consent, str) and not plan.is_empty and plan.changes_digest != consent:
        raise Refused(
            f"These are not the changes that were reviewed: the plan has {plan.changes_digest or 'no changes digest'},"
            f" and consent was given to {consent}",
            remedy="The declarations or the ERP changed since. Review the new plan, and apply with its digest.",
        )


def check_applicable(plan: Plan, target: Target, *, force: bool = False) -> None:
    """Refuse a plan that was made for another target, or that a guard or an error stands against."""
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
    standing = [refusal for refusal in plan.refusals if not (force and refusal.guard is Guard.VOLUME)]
    if standing:
        standing.sort(key=lambda refusal: refusal.guard is Guard.VOLUME)  # first what cannot be forced
        first = standing[0]
        firm = "" if first.guard is Guard.VOLUME else " --force does not pass this."
        raise Refused(
            "The plan refuses itself: " + "; ".join(refusal.summary for refusal in standing),
            remedy=f"{first.remedy}{firm}".strip(),
        )


def _check_sense(plan: Plan) -> None:
    """A plan that this version made has distinct labels and paths of fields; another one must not be half applied."""
    labels = [action.label for action in plan.actions]
    known = all(path and path[0] in FIELDS for action in plan.actions for path in _paths(action))
    if len(set(labels)) < len(labels) or not known:
        raise Refused("The plan makes no sense: it names a field that there is not, or two actions alike")
    created = {action.ref: action.label for action in plan.actions if action.action is Verb.CREATE}
    for action in plan.actions:
        parent = parent_of(action)
        if isinstance(parent, NumberOf) and created.get(parent.ref) not in action.depends_on:
            raise Refused(f"The plan makes no sense: {action.label} has a parent that the plan does not create first")


def _paths(action: Action) -> list[tuple[str, ...]]:
    return [parse_path(change.path) for change in action.changes]


def check_not_applied(runs: Iterable[RunInfo], plan: Plan) -> None:
    """Refuse a plan that was applied in full: what differs from it now is somebody's work. runs: of the state."""
    for run in runs:
        if run.digest == plan.digest and run.status is RunStatus.DONE:
            raise Refused(
                f"The plan was applied already, on {run.started_at} (run {run.id})", remedy="Make a new plan."
            )


def check_unclear(store: Store, runs: Iterable[RunInfo], plan: Plan) -> None:
    """Refuse to create again what an earlier run may have created, so that its declaration does not find it. runs: of
    the store.

    A customer whose number, name or ids the ERP stored otherwise is not found by them: the plan cannot but ask for it
    once more. One that looked like it before that run is not its doing, and one that `same_as` names is another one.
    """
    suspects = {action.label: action for action in plan.actions if action.alike or action.alike_groups}
    for info in runs if suspects else ():
        if not is_of(info, plan) or info.digest == plan.digest or not is_unclear(info):
            continue
        record = store.runs.get(info.id)
        before = {action.label: action for action in record.plan().actions}
        for entry in record.entries:
            action = suspects.get(entry.label) if entry.outcome in (None, Outcome.UNKNOWN) else None
            if action is None:
                continue
            earlier = before[entry.label].look_alikes if entry.label in before else frozenset()
            if new := sorted(action.look_alikes - earlier - set(action.same_as)):
                raise Refused(
                    f"{entry.label} may have been created by run {info.id} as {', '.join(new)}: that looks like it",
                    remedy=f'Look at it. If it is that one, declare number: "{new[0]}"; if both are meant, say so:'
                    f' lifecycle: {{same_as: ["{new[0]}"]}}.',
                )
