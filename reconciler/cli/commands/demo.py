"""`reconciler demo`: the whole story on the sandbox, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from reconciler.cli.shell.application import run
from reconciler.cli.shell.session import Session
from reconciler.core.errors import WrongUsage
from reconciler.exit_codes import Exit

_SEED = ("sandbox", "seed", "--count", "12", "--seed", "7", "--start", "20001")
_STORY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("An ERP with twelve customers; four of them stand in our YAML files, with changes.", _SEED),
    ("Are the files in order? This needs no network.", ("validate",)),
    ("What would change in the ERP? The plan is saved, so that what was reviewed is what gets applied.",
     ("--env", "sandbox", "plan", "-o", "plan.json")),
    ("Apply the saved plan.", ("--env", "sandbox", "apply", "plan.json")),
    ("Plan again: nothing is left to do.", ("--env", "sandbox", "plan")),
    ("Now a clerk changes a customer in the ERP, behind the files' back.",
     ("sandbox", "edit", "20002", "creditLimit=90000")),
    ("The next plan shows it, and would set it right.", ("--env", "sandbox", "plan")),
)  # fmt: skip


def demo(
    context: typer.Context,
    directory: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="Work in this new folder and keep it.")
    ] = None,
) -> None:
    """Try the whole cycle on the embedded ERP: validate, plan, apply, an empty plan, and drift."""
    session: Session = context.obj
    with _folder(directory) as folder, _inside(folder):
        for text, arguments in _STORY:
            _step(session, text, arguments)
    if directory is not None:
        session.say(f"\nThe folder is {directory}. Look at it, edit the YAML, and plan again.")
    raise typer.Exit(Exit.DONE)


def example_folder() -> Path:
    """The example company: inside an installed package, or in a checkout beside it."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "example"
    return installed if installed.is_dir() else package.parent / "examples" / "company"


def _step(session: Session, text: str, arguments: tuple[str, ...]) -> None:
    session.print([Text(), Text(f"# {text}"), Text(f"$ reconciler {' '.join(arguments)}", style="bold")])
    code = run(list(arguments))
    if code != Exit.DONE:
        raise typer.Exit(code)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        if wanted.exists():
            raise WrongUsage(f"{wanted} exists already", remedy="Name a folder that does not exist yet.")
        shutil.copytree(example_folder(), wanted)
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as made:
        folder = Path(made) / "company"
        shutil.copytree(example_folder(), folder)
        yield folder


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
