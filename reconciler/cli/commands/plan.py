"""`reconciler plan`: what would change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import DetailedExitcode, Format, MaxChars, Redact, Reports, Targets
from reconciler.cli.shell.output import check_formats, emit, plan_document, validation_document, write_reports

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.config.read.declarations import Loaded
    from reconciler.core.errors import InvalidInput, StateError
    from reconciler.core.identity import Pairing
    from reconciler.core.plan import Plan
    from reconciler.core.ports import Erp, View
    from reconciler.core.rules import Memory, Target
    from reconciler.operations.refresh import Refreshing
    from reconciler.state.sqlite.store import Store

REFRESH_HELP = "How to read the ERP: what changed since the snapshot, if that is sure to suffice; in full; not at all."


class RefreshMode(StrEnum):
    """Words of --refresh."""

    FULL = "full"
    INCREMENTAL = "incremental"
    NONE = "none"


def plan(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Save the plan to apply it.")] = None,
    target: Targets = None,
    refresh: Annotated[RefreshMode, typer.Option("--refresh", help=REFRESH_HELP)] = RefreshMode.INCREMENTAL,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="REF", help="Tell this branch's changes from what REF asks for, and drift."),
    ] = None,
    fail_outside: Annotated[
        bool,
        typer.Option("--fail-outside", help="With --base: refuse changes that are not this branch's."),
    ] = False,
    detailed_exitcode: DetailedExitcode = False,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Show what would change in the ERP. Writes nothing."""
    from reconciler.cli.shell.signing import plan_key, signed
    from reconciler.core.errors import WrongUsage
    from reconciler.operations.base_revision import attribute, load_base
    from reconciler.reports.report_kind import ReportKind

    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.PLAN, session, out)
    plan_key(session)
    targets = target or []
    if fail_outside and base is None:
        raise WrongUsage("--fail-outside needs --base REF", remedy="Give the branch that this one goes into.")
    loaded = load_or_tell(session, targets, form, reports)
    against = load_base(session, base) if base is not None else None
    with session.store() as store, live_side(session, refresh) as (erp, place):
        compared = compare(session, loaded, erp, place, targets, store, refresh)
        made = compared.plan
        if against is not None:
            made = attribute(compared, against, place, targets, fail_outside=fail_outside)
    made = signed(session, made)
    if out is not None:
        from reconciler.state import plan_file

        plan_file.write(made, out)
    emit(session, form, reports, plan_document(session, made))
    if out is not None:
        say_saved(session, made, out)
    raise typer.Exit(plan_exit(made, detailed=detailed_exitcode))


def load_or_tell(session: Session, targets: list[str], form: str, reports: list[tuple[str, Path]]) -> Loaded:
    """The declarations; when they have errors, every format but the terminal's gets these as `validate` gives them."""
    from reconciler.core.errors import InvalidInput

    try:
        return load(session, targets)
    except InvalidInput as error:
        tell_invalid(session, error, form, reports)
        raise


def tell_invalid(session: Session, error: InvalidInput, form: str, reports: list[tuple[str, Path]]) -> None:
    """What is wrong, in every format but the terminal's, which gets the error itself."""
    from reconciler.reports.formats import formats_of
    from reconciler.reports.report_kind import ReportKind

    found = validation_document(session, error.diagnostics, 0)
    known = formats_of(ReportKind.VALIDATION)
    if form != "text" and form in known:
        emit(session, form, (), found)
    write_reports(session, [each for each in reports if each[0] in known], found)


@contextmanager
def live_side(session: Session, mode: RefreshMode) -> Iterator[tuple[Erp | None, Target]]:
    """The live side of the environment; offline there is no ERP, and no credentials are needed."""
    if mode is RefreshMode.NONE:
        yield None, session.place()
        return
    with session.erp() as found:
        yield found


def load(session: Session, targets: list[str]) -> Loaded:
    """The declarations, free of errors. Raises InvalidInput before any request is made."""
    from reconciler.core.diagnostics import has_errors
    from reconciler.core.errors import InvalidInput, WrongUsage
    from reconciler.operations import pipeline

    loaded = pipeline.load(session.settings, environ=session.environ, cache=session.cache(session.settings))
    if has_errors(loaded.diagnostics):
        raise InvalidInput(loaded.diagnostics)
    if missing := pipeline.missing_targets(loaded, targets):
        raise WrongUsage(
            f"No declaration has the number or ref {', '.join(missing)}",
            remedy="Write the number or the ref as it stands in a declaration.",
        )
    return loaded


@dataclass(frozen=True)
class Compared:
    """A plan, and what it was made from; `paired` are the declarations with their live customers."""

    plan: Plan
    view: View
    memory: Memory
    paired: Pairing


def compare(
    session: Session,
    loaded: Loaded,
    erp: Erp | None,
    place: Target,
    targets: list[str],
    store: Store,
    mode: RefreshMode = RefreshMode.INCREMENTAL,
) -> Compared:
    """Refresh and plan, telling what is being done. erp: None with the mode `none` only."""
    from reconciler.cli.shell.session import git_commit, now
    from reconciler.core.identity import pair
    from reconciler.operations import pipeline

    if erp is not None:
        session.say(f"Reading the customers of {place.environment} ...")
    memory = store.known(place).load().memory()
    started, commit = now(), git_commit(session.settings.root)
    live = refreshing(session, loaded, place, store, memory, started)

    pairings: list[Pairing] = []

    def planned(view: View) -> Plan:
        paired = pair(loaded.desired, view.customers, memory.numbers, memory.identities)
        pairings[:] = [paired]
        return pipeline.make_plan(
            session.settings,
            loaded,
            view,
            target=place,
            created_at=now(),
            targets=pipeline.target_keys(targets),
            git_commit=commit,
            memory=memory,
            paired=paired,
        )

    made, view = pipeline.compare(live, erp, mode.value, planned, pipeline.updated)
    explained = made if erp is None else pipeline.explain(made, erp)
    return Compared(explained, view, memory, pairings[0])


def refreshing(
    session: Session, loaded: Loaded, place: Target, store: Store, memory: Memory, started: str
) -> Refreshing:
    """What reads the live side for the declarations, with the snapshot of the state."""
    from reconciler.operations.refresh import Refreshing

    tell = partial(not_kept, session)
    return Refreshing(loaded.desired, memory, started, store.snapshot(place), session.settings.refresh, tell)


def not_kept(session: Session, error: StateError) -> None:
    """A snapshot saves time, no more: without one the next plan reads everything."""
    from reconciler.reports.safe_text import visible

    session.say(f"The snapshot could not be kept: {visible(str(error))}")


def say_saved(session: Session, made: Plan, out: Path) -> None:
    """Where the plan is and how it is applied, unless it cannot be: what stands against it was just shown."""
    from shlex import quote

    from reconciler.core.diagnostics import has_errors

    if not made.refusals and not has_errors(made.diagnostics):
        chosen = f"--env {session.environment} " if session.environment else ""
        values = ", with the real values," if session.redactor is not None else ""
        session.say(f"Saved the plan{values} to {out}. Apply it with: reconciler {chosen}apply {quote(str(out))}")


def plan_exit(made: Plan, *, detailed: bool) -> Exit:
    """The exit code that a rendered plan stands for."""
    from reconciler.core.diagnostics import has_errors

    if has_errors(made.diagnostics):
        return Exit.INVALID
    if made.refusals:
        return Exit.REFUSED
    return Exit.CHANGES if detailed and not made.is_empty else Exit.DONE
