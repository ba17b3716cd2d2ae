"""`reconciler plan`: what would change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import DetailedExitcode, Format, Reports, Targets
from reconciler.cli.output import check_formats, emit

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.config.declarations import Loaded
    from reconciler.core.plan import Plan
    from reconciler.core.ports import Erp, View
    from reconciler.core.rules import Memory, Target
    from reconciler.state.store import Store

FORMATS = ("text", "json")


class RefreshMode(StrEnum):
    """Words of --refresh."""

    FULL = "full"
    INCREMENTAL = "incremental"
    NONE = "none"


def plan(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Save the plan to apply it.")] = None,
    target: Targets = None,
    refresh: Annotated[RefreshMode, typer.Option("--refresh", help="How to read the ERP.")] = RefreshMode.FULL,
    detailed_exitcode: DetailedExitcode = False,
    form: Format = "text",
    report: Reports = None,
) -> None:
    """Show what would change in the ERP. Writes nothing."""
    from reconciler.core.diagnostics import has_errors

    session: Session = context.obj
    reports = check_formats(form, report or [], FORMATS)
    check_refresh(refresh)
    loaded = _load_or_tell(session, target or [], form, reports)
    with session.store() as store, session.erp() as (erp, place):
        made = compare(session, loaded, erp, place, target or [], store).plan
    if out is not None:
        from reconciler.state import plan_file

        plan_file.write(made, out)
    show_plan(session, made, form, reports)
    if out is not None and not made.refusals and not has_errors(made.diagnostics):
        chosen = f"--env {session.environment} " if session.environment else ""
        session.say(f"Saved the plan to {out}. Apply it with: reconciler {chosen}apply {out}")
    raise typer.Exit(plan_exit(made, detailed=detailed_exitcode))


def _load_or_tell(session: Session, targets: list[str], form: str, reports: list[tuple[str, Path]]) -> Loaded:
    """The declarations; when they have errors, machines get these as `validate --format json` gives them."""
    from reconciler.core.errors import InvalidInput
    from reconciler.reports.json import validation
    from reconciler.state.plan_file import write_private

    try:
        return load(session, targets)
    except InvalidInput as error:
        found = validation(error.diagnostics, 0)
        if form == "json":
            session.write(found)
        for name, path in reports:
            if name == "json":
                write_private(path, found)
        raise


def check_refresh(mode: RefreshMode) -> None:
    """Only a full read exists without a snapshot; an incremental one falls back to it."""
    from reconciler.core.errors import WrongUsage

    if mode is RefreshMode.NONE:
        raise WrongUsage(
            "--refresh none needs a snapshot, and none is kept yet",
            remedy="Leave it out: the ERP is then read in full.",
        )


def load(session: Session, targets: list[str]) -> Loaded:
    """The declarations, free of errors. Raises InvalidInput before any request is made."""
    from reconciler import pipeline
    from reconciler.core.diagnostics import has_errors
    from reconciler.core.errors import InvalidInput, WrongUsage

    loaded = pipeline.load(session.settings, environ=session.environ)
    if has_errors(loaded.diagnostics):
        raise InvalidInput(loaded.diagnostics)
    if missing := pipeline.missing_targets(loaded, targets):
        raise WrongUsage(f"No declaration has the number or ref {', '.join(missing)}")
    return loaded


@dataclass(frozen=True)
class Compared:
    """A plan, and what it was made from."""

    plan: Plan
    loaded: Loaded
    view: View
    memory: Memory
    targeted: bool = False

    @property
    def removed(self) -> tuple[str, ...]:
        """Numbers of the live customers that were managed and lost their declaration; a targeted plan has none."""
        from reconciler.core.identity import pair
        from reconciler.core.removed import removed

        if self.targeted:
            return ()
        paired = pair(self.loaded.desired, self.view.customers, self.memory.numbers, self.memory.identities)
        return tuple(live.number for live in removed(self.loaded.desired, paired, self.view, self.memory))


def compare(session: Session, loaded: Loaded, erp: Erp, place: Target, targets: list[str], store: Store) -> Compared:
    """Refresh and plan, telling what is being done."""
    from reconciler import pipeline
    from reconciler.cli.session import git_commit, now

    session.say(f"Reading the customers of {place.environment} ...")
    memory = store.known(place).load().memory()
    view = pipeline.refresh(loaded, erp, memory=memory)
    made = pipeline.make_plan(
        session.settings,
        loaded,
        view,
        target=place,
        created_at=now(),
        targets=pipeline.target_keys(targets),
        git_commit=git_commit(session.settings.root),
        memory=memory,
    )
    return Compared(pipeline.explain(made, erp), loaded, view, memory, bool(targets))


def show_plan(session: Session, made: Plan, form: str, reports: list[tuple[str, Path]]) -> None:
    """Render the plan in each wanted format."""
    from reconciler.reports.text import plan_lines
    from reconciler.state import plan_file

    emit(session, form, reports, lambda width: plan_lines(made, width), {"json": lambda: plan_file.dumps(made)})


def plan_exit(made: Plan, *, detailed: bool) -> Exit:
    """The exit code that a rendered plan stands for."""
    from reconciler.core.diagnostics import has_errors

    if has_errors(made.diagnostics):
        return Exit.INVALID
    if made.refusals:
        return Exit.REFUSED
    return Exit.CHANGES if detailed and not made.is_empty else Exit.DONE
