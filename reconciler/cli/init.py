"""`reconciler init`: a project to start from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.cli.session import Session


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
) -> None:
    """Write reconciler.yaml, a first declaration, the schemas for your editor, and a CI workflow."""
    from reconciler.cli.scaffold import files
    from reconciler.core.errors import ReconcilerError, WrongUsage

    session: Session = context.obj
    if (directory / "reconciler.yaml").exists():
        raise WrongUsage(f"{directory / 'reconciler.yaml'} exists already", remedy="Edit it, or choose another folder.")
    written = []
    try:
        for name, text in files(company or directory.absolute().name, tenant, ci.value if ci else None).items():
            if _write(directory / name, text):
                written.append(name)
            else:
                session.say(f"Kept {name}, which was there already.")
    except OSError as error:
        raise ReconcilerError(f"Cannot write into {directory}: {error.strerror or error}") from error
    for name in written:
        session.say(f"Wrote {name}")
    session.say("Next: reconciler validate, then reconciler --env sandbox plan")
    raise typer.Exit(Exit.DONE)


def _write(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
