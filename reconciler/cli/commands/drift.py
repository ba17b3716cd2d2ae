"""`reconciler drift`: what changed in the ERP behind the declarations' back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.commands import plan as planning
from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import Format, MaxChars, Redact, Reports, Targets
from reconciler.cli.shell.output import check_formats, drift_document, emit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.cli.shell.session import Session
    from reconciler.config.read.declarations import Loaded
    from reconciler.config.read.mutes import Mutes
    from reconciler.core.drift import Drift
    from reconciler.core.ports import View


def drift(
    context: typer.Context,
    target: Targets = None,
    refresh: Annotated[
        planning.RefreshMode, typer.Option("--refresh", help=planning.REFRESH_HELP)
    ] = planning.RefreshMode.INCREMENTAL,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Show and count only what the last report did not have.")
    ] = False,
    no_record: Annotated[
        bool, typer.Option("--no-record", help="Only look: this is not the report that the next one compares with.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there is drift that is not muted, 0 when not.")
    ] = False,
    mute: Annotated[
        tuple[str, str] | None,
        typer.Option("--mute", metavar="NUMBER PATH", help="Accept drift of a field for a time; needs the next two."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="With --mute: its last day, as 2026-12-31.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="R", help="With --mute: why.")] = None,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Show what the ERP changed since the last apply, what the declarations changed, and both. Writes no customer.

    With --mute nothing is read from the ERP: the mute goes into the file of mutes, to be reviewed and committed.
    """
    from reconciler.core.diagnostics import has_errors
    from reconciler.core.drift_detection import new_only
    from reconciler.core.errors import WrongUsage
    from reconciler.reports.report_kind import ReportKind

    session: Session = context.obj
    if mute is not None:
        _mute(session, *mute, until, reason)
        raise typer.Exit(Exit.DONE)
    if until is not None or reason is not None:
        raise WrongUsage("--until and --reason go with --mute NUMBER PATH")
    reports = check_formats(form, report or [], ReportKind.DRIFT, session)
    loaded = planning.load_or_tell(session, target or [], form, reports)
    muted = _mutes_or_tell(session, loaded, form, reports)
    whole, record = _look(session, loaded, muted, target or [], refresh)
    found = new_only(whole) if only_new else whole
    emit(session, form, reports, drift_document(session, found))
    if not no_record:
        _recording(session, record)
    if has_errors(found.diagnostics):
        raise typer.Exit(Exit.INVALID)
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and found.alerts else Exit.DONE)


def _mutes_or_tell(session: Session, loaded: Loaded, form: str, reports: list[tuple[str, Path]]) -> Mutes:
    """The mutes, free of errors. Raises InvalidInput before any request is made."""
    from reconciler.cli.shell.session import now
    from reconciler.core.diagnostics import has_errors
    from reconciler.core.errors import InvalidInput
    from reconciler.operations import pipeline

    muted = pipeline.read_mutes(session.settings, loaded, day=now()[:10])
    if has_errors(muted.diagnostics):
        error = InvalidInput(muted.diagnostics)
        planning.tell_invalid(session, error, form, reports)
        raise error
    return muted


def _look(
    session: Session,
    loaded: Loaded,
    muted: Mutes,
    targets: list[str],
    mode: planning.RefreshMode,
) -> tuple[Drift, Callable[[], None]]:
    """Read and compare; and what notes in the state that this was told."""
    from reconciler.cli.shell.session import now
    from reconciler.core.drift_detection import looked_at, sightings
    from reconciler.operations import pipeline

    keys = pipeline.target_keys(targets)
    with session.store() as store, planning.live_side(session, mode) as (erp, place):
        if erp is not None:
            session.say(f"Reading the customers of {place.environment} ...")
        known, seen = store.known(place).load(), store.sightings(place)
        memory, history = known.memory(), seen.load()

        def drifted(view: View) -> Drift:
            return pipeline.make_drift(
                session.settings,
                loaded,
                view,
                mutes=muted,
                target=place,
                created_at=now(),
                targets=keys,
                memory=memory,
                history=history,
                applied_at=lambda key: known[key].applied_at if key in known else None,
            )

        live = planning.refreshing(session, loaded, place, store, memory, now())
        found, _ = pipeline.compare(live, erp, mode.value, drifted, pipeline.drifted)

    def record() -> None:
        with session.store() as store:
            store.sightings(place).record(found.created_at, sightings(found), within=looked_at(keys, memory))

    return found, record


def _recording(session: Session, record: Callable[[], None]) -> None:
    """Once all was delivered: what nobody got to read is still news. A state that cannot be written hides no report."""
    from reconciler.core.errors import StateError
    from reconciler.reports.safe_text import visible

    if session.unwritten:
        session.say("This report is not recorded, since not all of it was written: the news stays news.")
        return
    try:
        session.flush()
        record()
    except StateError as error:
        why = visible(str(error))
        session.say(f"Warning: this report is not recorded, so the next one cannot tell what is new: {why}")


def _mute(session: Session, number: str, path: str, until: str | None, reason: str | None) -> None:
    """Put a mute into the file of mutes."""
    from reconciler.cli.shell.session import now
    from reconciler.config.read import pattern_checks
    from reconciler.config.read.files import display
    from reconciler.config.read.mutes import add_mute
    from reconciler.config.read.typed_values import is_day
    from reconciler.core.drift import Mute
    from reconciler.core.errors import WrongUsage
    from reconciler.reports.safe_text import visible

    settings = session.settings
    if until is None or not (reason or "").strip():
        raise WrongUsage("--mute needs --until DATE and --reason R", remedy="A mute ends, and says why it is there.")
    if not pattern_checks.names_field(path):
        raise WrongUsage(f"--mute {path!r} names no field", remedy=pattern_checks.remedy(path))
    if not is_day(until):
        raise WrongUsage(f"--until {until!r} is no day", remedy="Write it as 2026-12-31.")
    if until < now()[:10]:
        raise WrongUsage(f"--until {until} is over: today is {now()[:10]} (UTC)", remedy="Give a day to come.")
    planning.load(session, [number])
    add_mute(settings.mutes, settings.root, Mute(number, path, until, (reason or "").strip()))
    name = display(settings.mutes, settings.root)
    session.say(visible(f"Muted {number} {path} until {until} in {name}. Review it and commit it."))
