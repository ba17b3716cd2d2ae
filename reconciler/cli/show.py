"""`reconciler show`: render a saved plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import Format, Reports
from reconciler.cli.output import check_formats


def show(
    context: typer.Context,
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A plan saved by `plan -o`.")],
    form: Format = "text",
    report: Reports = None,
) -> None:
    """Show a saved plan. Needs neither the declarations nor the ERP."""
    from reconciler.cli.plan import FORMATS, show_plan
    from reconciler.state import plan_file

    reports = check_formats(form, report or [], FORMATS)
    show_plan(context.obj, plan_file.read(planfile), form, reports)
    raise typer.Exit(Exit.DONE)
