"""The use case `apply`: write a saved plan as it stands, or plan and write."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from reconciler.config.read.declarations import Loaded
from reconciler.core.errors import WrongUsage
from reconciler.core.plan import Plan, Run
from reconciler.core.ports import Erp
from reconciler.operations.checks import check_reviewed
from reconciler.operations.declarations import Selection, load, select
from reconciler.operations.pipeline import compare
from reconciler.operations.signing import plan_key
from reconciler.operations.workspace import Workspace
from reconciler.operations.writing import Proposal, WriteOptions, write
from reconciler.state import plan_file


def apply(
    workspace: Workspace,
    plan: Plan | Path | None,
    options: WriteOptions,
    *,
    targets: Sequence[str] = (),
    include_muted: bool = False,
    refresh: str | None = None,
) -> Run:
    """Write the plan, the one in the file, or (None) a fresh one, of which all is said to the listener.

    targets: only these customers; include_muted: also what a running mute covers; refresh: `incremental` (None) or
    `full`; all for a fresh plan. Raises InvalidInput, WrongUsage and what `writing.write` does.
    """
    if plan is not None and targets:
        raise WrongUsage(
            "--target and --exclude do not go with a saved plan, which is applied as it was reviewed",
            remedy="Give them to `reconciler plan -o FILE`, and apply that plan.",
        )
    if plan is not None and include_muted:
        raise WrongUsage("--include-muted does not go with a saved plan", remedy="Give --include-muted when planning.")
    if plan is not None and refresh is not None:
        raise WrongUsage("--refresh does not go with a saved plan", remedy="Give --refresh when planning.")
    if refresh == "none":
        raise WrongUsage(
            "apply reads the ERP before it writes: --refresh none is for plan",
            remedy="Give --refresh full or incremental, or save a plan with `plan --refresh none -o FILE`.",
        )
    if plan is None:
        loaded = load(workspace)
        selection = select(loaded, targets)
        propose = partial(_fresh, workspace, loaded, selection, include_muted, refresh or "incremental")
    else:
        saved = _admitted(plan, plan_key(workspace.environ))
        check_reviewed(saved, options.consent)
        propose = partial(_saved, saved)
    run = write(workspace, "apply", propose, options)
    assert run is not None, "there is always a proposal"
    return run


def _admitted(plan: Plan | Path, key: bytes | None) -> Plan:
    """A plan from outside, whole and signed: one from memory passes the same gate as a file. Raises Refused."""
    if isinstance(plan, Path):
        return plan_file.read(plan, key)
    return plan_file.loads(plan_file.dumps(plan), "the plan", key)


def _fresh(
    workspace: Workspace, loaded: Loaded, selection: Selection, include_muted: bool, refresh: str, erp: Erp
) -> Proposal:
    compared = compare(workspace, loaded, erp, selection, refresh, include_muted=include_muted)
    return Proposal(compared.plan, preview=compared.plan, compared=compared)


def _saved(plan: Plan, _erp: Erp) -> Proposal:
    """The plan as it stands: what it creates is looked for right before it is sent (`apply.presence`)."""
    return Proposal(plan)
