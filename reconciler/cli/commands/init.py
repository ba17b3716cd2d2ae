"""`reconciler init`: a project to start from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.exit_codes import Exit

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session


class Ci(StrEnum):
    """CI systems with a workflow to start from."""

    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE = "azure"
    BITBUCKET = "bitbucket"


def init(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the new project.")] = Path(),
    company: Annotated[str, typer.Option("--company", help="Label for plans and reports.")] = "",
    tenant: Annotated[str, typer.Option("--tenant", help="Id of the company tenant, or set VISMA_TENANT_ID.")] = "",
    ci: Annotated[Ci | None, typer.Option("--ci", help="Also write a CI workflow.")] = None,
    from_live: Annotated[
        bool, typer.Option("--from-live", help="Export the live customers into it, instead of a first declaration.")
    ] = False,
) -> None:
    """Write reconciler.yaml, a first declaration, the schemas for your editor, and a CI workflow.

    On a terminal it asks for what is not given.
    """
    from reconciler.ci.scaffold import before_merge, files
    from reconciler.core.errors import ReconcilerError, WrongUsage

    session: Session = context.obj
    if (directory / "reconciler.yaml").exists():
        raise WrongUsage(f"{directory / 'reconciler.yaml'} exists already", remedy="Edit it, or choose another folder.")
    label = company or _asked(session, "Company (a label for plans)", directory.absolute().name)
    tenant = tenant or _asked(session, "Id of the company tenant (empty: from VISMA_TENANT_ID)", "")
    for option, given in (("--company", label), ("--tenant", tenant)):
        _check_label(option, given)
    written = []
    try:
        for name, text in files(label, tenant, ci.value if ci else None, example=not from_live).items():
            if _write(directory / name, text):
                written.append(name)
            else:
                session.say(f"Kept {name}, which was there already.")
    except OSError as error:
        raise ReconcilerError(f"Cannot write into {directory}: {error.strerror or error}") from error
    for name in written:
        session.say(f"Wrote {name}")
    code = _export(session, directory) if from_live else Exit.DONE
    if ci and not from_live:
        session.say(
            "customers/sample.yaml is only a comment, since a merge would create it in your ERP: declare a customer in"
            " its place, or take over the live ones with reconciler export."
        )
    if not from_live:
        session.say("Next: reconciler validate, then reconciler --env sandbox plan")
    if ci:
        session.say(before_merge(ci.value))
    raise typer.Exit(code)


def _check_label(option: str, text: str) -> None:
    """Refuse what no settings file can hold; the company is the folder's name where none is given."""
    from unicodedata import category

    from reconciler.core.errors import WrongUsage

    for at, character in enumerate(text, 1):
        if category(character) in ("Cc", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE:
            raise WrongUsage(
                f"The text for {option} holds the control character U+{ord(character):04X} at position {at}",
                remedy=f"Give {option} without it.",
            )


def _asked(session: Session, question: str, default: str) -> str:
    """The answer of whoever is there to be asked, else the default."""
    if not session.is_interactive:
        return default
    return str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()


def _export(session: Session, directory: Path) -> int:
    """Export into the new project, as a command of its own would."""
    from reconciler.cli.shell.application import run

    chosen = ["--env", session.environment] if session.environment else []
    return run(["--chdir", str(directory), *chosen, "export", "--schema", "../schemas/customer.schema.json"])


def _write(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
