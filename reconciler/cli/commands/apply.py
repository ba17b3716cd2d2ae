"""`reconciler apply`: execute a saved plan, or plan and execute."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import (
    AutoApprove,
    Format,
    MaxChars,
    NoWait,
    Parallelism,
    Redact,
    Reports,
    Reserve,
    Targets,
    WriteNumbers,
)
from reconciler.cli.shell.output import check_formats, plan_document

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.core.plan import Plan
    from reconciler.state.sqlite.store import Store


def apply(
    context: typer.Context,
    planfile: Annotated[
        Path | None, typer.Argument(metavar="[PLANFILE]", help="A plan saved by `plan -o`; else plan first.")
    ] = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    reserve: Reserve = 0,
    no_wait: NoWait = False,
    force: Annotated[bool, typer.Option("--force", help="Pass the volume guards, never a policy.")] = False,
    target: Targets = None,
    write_numbers: WriteNumbers = False,
    digest: Annotated[
        str | None,
        typer.Option(
            "--digest",
            metavar="SHA256",
            help="Consent to these changes only, as a reviewed plan's `Changes:` names them.",
        ),
    ] = None,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Change the ERP as a plan shows: a saved one as it stands, a fresh one after asking or as it was reviewed."""
    from reconciler.cli.commands import plan as planning
    from reconciler.cli.shell.signing import plan_key
    from reconciler.cli.shell.stopping import Stopping
    from reconciler.core.diagnostics import has_errors
    from reconciler.operations import execute, numbers, pipeline, resuming
    from reconciler.reports.report_kind import ReportKind
    from reconciler.state import plan_file

    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.RUN, session)
    consent = _is_digest(digest) or auto_approve
    _check_consent(session, planfile, consent=consent, targets=target or [])
    saved = None if planfile is None else plan_file.read(planfile, plan_key(session))
    if saved is not None:
        _check_reviewed(saved, digest)
    loaded = planning.load(session, target or []) if saved is None else None
    stopping = Stopping()
    with (
        session.store() as store,
        store.lock("apply"),
        session.erp(sleep=stopping.sleep, reserve=reserve, longest_wait=0.0 if no_wait else None) as (erp, place),
    ):
        resuming.settle(session, store, place, stopping.sleep, no_wait=no_wait)
        compared = planning.compare(session, loaded, erp, place, target or [], store) if loaded is not None else None
        made = compared.plan if compared is not None else saved
        assert made is not None
        if saved is None:
            show_first(session, made, form)
        if saved is None and has_errors(made.diagnostics):
            raise typer.Exit(Exit.INVALID)
        pipeline.check_applicable(made, place, force=force)
        _check_reviewed(made, digest)
        _check_new(made, store)
        if not force:
            resuming.check_unclear(store, made)
        if not (made.is_empty or saved or consent or agreed(made)):
            session.say("Nothing was written.")
            raise typer.Exit(Exit.ERROR)
        begun = resuming.begin(store, made, keep=session.settings.keep_runs)
        workers = parallelism or session.settings.api.parallelism
        unsure = {*begun.open_labels, *(_unnumbered(made) if saved is not None else ())}
        job = execute.Job(made, place, begun.journal, workers, compared, begun.already, unsure)
        run = execute.execute(session, store, erp, job, stopping, live=form == "text")
    execute.report(session, run, form, reports)
    if write_numbers:
        numbers.write_numbers(session, run)
    raise typer.Exit(execute.run_exit(run))


def _unnumbered(made: Plan) -> list[str]:
    """New customers that a saved plan lets the ERP number: a second use of the plan would double them unnoticed, and
    the state may be gone that knows of the first. They are looked up before they are sent."""
    return [action.label for action in made.actions if action.number is None]


def _is_digest(digest: str | None) -> bool:
    """Whether a digest was given. Raises WrongUsage for an empty or cut one: it must never pass for none."""
    from reconciler.core.errors import WrongUsage

    if digest is not None and not _DIGEST.fullmatch(digest):
        raise WrongUsage(
            f"--digest wants sha256: and 64 hexadecimal digits, not {digest!r}",
            remedy="Copy what stands behind `Changes:` in the plan that was reviewed.",
        )
    return digest is not None


def _check_reviewed(made: Plan, digest: str | None) -> None:
    """Raise Refused unless the plan would write what was reviewed. A plan that writes nothing needs no consent."""
    from reconciler.core.errors import Refused

    if digest is not None and not made.is_empty and made.changes_digest != digest:
        raise Refused(
            f"These are not the changes that were reviewed: the plan has {made.changes_digest or 'no changes digest'},"
            f" and consent was given to {digest}",
            remedy="The declarations or the ERP changed since. Review the new plan, and apply with its digest.",
        )


def _check_consent(session: Session, planfile: Path | None, *, consent: bool, targets: list[str]) -> None:
    """Consent must be possible before anything is read: a saved plan or a digest is consent, a person can be asked."""
    from reconciler.core.errors import WrongUsage

    if planfile is not None and targets:
        raise WrongUsage("--target does not go with a saved plan", remedy="Give --target when planning.")
    if planfile is None and not consent and not session.is_interactive:
        raise WrongUsage(
            "There is nobody to ask here, and no saved plan was given",
            remedy="Apply a saved plan (`plan -o FILE`, then `apply FILE`), or add --auto-approve or --digest.",
        )


def _check_new(made: Plan, store: Store) -> None:
    """A plan that was applied in full is stale: what differs from it now is somebody's work."""
    from reconciler.core.errors import Refused
    from reconciler.state.sqlite.journal import RunStatus

    for run in () if made.is_empty else store.runs.all():
        if run.digest == made.digest and run.status is RunStatus.DONE:
            raise Refused(
                f"The plan was applied already, on {run.started_at} (run {run.id})", remedy="Make a new plan."
            )


def show_first(session: Session, made: Plan, form: str) -> None:
    """The plan, before anybody agrees to it; on standard error when standard output is for a machine."""
    document = plan_document(session, made)
    if form == "text":
        session.print(document.lines(session.width))
    else:
        for line in document.lines(None):
            session.err.print(line, soft_wrap=True)


def agreed(made: Plan) -> bool:
    """Ask on the terminal; only `yes` counts, as in Terraform."""
    from shutil import get_terminal_size
    from textwrap import fill

    from reconciler.reports.safe_text import visible

    question = (
        f"Write these {len(made.actions):,} changes to {visible(made.company)} ({visible(made.environment)}, tenant"
        f" {visible(made.tenant_id)})? Only 'yes' is accepted."
    )
    width = get_terminal_size().columns
    typer.echo("\n" + fill(question, width, break_long_words=False, break_on_hyphens=False), err=True)
    return bool(typer.prompt("Answer", default="", show_default=False, err=True).strip() == "yes")
