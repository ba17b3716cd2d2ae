"""`reconciler init`: a project to start from."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.ci.hosts import allowed_hosts, new_api
from reconciler.ci.install import EXAMPLE, check_install, is_from_index, own_source, told_source
from reconciler.ci.platforms import before_merge, pipelines
from reconciler.cli.shell.application import run
from reconciler.cli.shell.session import Session
from reconciler.core.errors import WrongUsage
from reconciler.exit_codes import Exit
from reconciler.operations.scaffold import SAMPLE, check_label, files, write


class Ci(StrEnum):
    """CI systems with a workflow to start from."""

    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE = "azure"
    BITBUCKET = "bitbucket"


class State(StrEnum):
    """Where the state is kept."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


Install = Annotated[
    str | None,
    typer.Option(
        "--install",
        metavar="SPEC",
        help="With --ci: where the jobs get reconciler from: NAME==VERSION, the https address of a wheel, or"
        " git+https://HOST/PATH@COMMIT [where this one is from].",
    ),
]


def init(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the new project.")] = Path(),
    company: Annotated[str, typer.Option("--company", help="Label that plans and reports show.")] = "",
    tenant: Annotated[str, typer.Option("--tenant", help="Id of the company tenant [VISMA_TENANT_ID].")] = "",
    ci: Annotated[Ci | None, typer.Option("--ci", help="Also write a CI workflow.")] = None,
    install: Install = None,
    state: Annotated[
        State, typer.Option("--state", help="A file on each machine, or a database for all, which the pipelines use.")
    ] = State.SQLITE,
    from_live: Annotated[
        bool,
        typer.Option(
            "--from-live", help="Export the live customers as YAML whose first plan is empty, instead of a sample."
        ),
    ] = False,
) -> None:
    """Write reconciler.yaml, a sample declaration, the schemas for your editor, and a CI workflow.

    On a terminal, init asks for what was not given.
    """
    session: Session = context.obj
    if (directory / "reconciler.yaml").exists():
        remedy = f"Export into it with: {_command('export', directory, session)}" if from_live else "Edit it."
        raise WrongUsage(f"{directory / 'reconciler.yaml'} exists already", remedy=f"{remedy} Or name another folder.")
    if install is not None and ci is None:
        raise WrongUsage("--install goes with --ci", remedy="Name the CI system, such as --ci github.")
    install = install if install is not None else own_source() or EXAMPLE
    check_install(install)
    label = company or _asked(session, "Company (a label for plans)", directory.absolute().name)
    tenant = tenant or _asked(session, "Id of the company tenant (empty: from VISMA_TENANT_ID)", "")
    check_label("--company", label)
    check_label("--tenant", tenant)
    shared = state is State.POSTGRES
    api = new_api(session.environ)
    workflow = pipelines(ci.value, install, allowed_hosts(api), is_state_shared=shared) if ci else {}
    texts = files(label, tenant, workflow, api, example=not from_live, is_state_shared=shared)
    written = []
    for name, is_new in write(directory, texts):
        if is_new:
            written.append(name)
        else:
            session.say(f"Kept {name}: it was there already.")
    for name in written:
        session.say(f"Wrote {name}")
    code = _export(session, directory) if from_live else Exit.DONE
    if from_live and code == Exit.DONE:
        session.say(f"Next: {_command('plan', directory, session)}, which has no changes yet.")
    elif from_live:
        again = _command("export", directory, session)
        session.warn(f"The project is there, and its customers are not. Once that is mended: {again}")
    else:
        session.say(
            f"Next: declare a customer in {SAMPLE}, which is only a comment, or take over the live ones with"
            " reconciler export; then reconciler --env sandbox plan"
        )
    if ci:
        session.say(before_merge(ci.value, is_state_shared=shared))
        _tell_source(session, install)
    raise typer.Exit(code)


def _tell_source(session: Session, install: str) -> None:
    """Where the pipelines install from; a warning where somebody else may decide what that is."""
    tell = session.warn if is_from_index(install) else session.say
    tell(told_source(install))


def _asked(session: Session, question: str, default: str) -> str:
    """The answer of whoever is there to be asked, else the default."""
    if not session.is_interactive:
        return default
    return str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()


def _command(name: str, directory: Path, session: Session) -> str:
    """A command in the new project, as it is typed from here."""
    there = [] if directory == Path() else ["--chdir", str(directory)]
    chosen = ["--env", session.environment] if session.environment else []
    return shlex.join(["reconciler", *there, *chosen, name])


def _export(session: Session, directory: Path) -> int:
    """Export into the new project, as a command of its own would."""
    chosen = ["--env", session.environment] if session.environment else []
    return run(["--chdir", str(directory), *chosen, "export"])
