"""`reconciler schema`: print a schema."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.config.read.schema import schema_text
from reconciler.exit_codes import Exit


class SchemaName(StrEnum):
    """The schemas there are."""

    CUSTOMER = "customer"
    RECONCILER = "reconciler"
    PLAN = "plan"
    DRIFT = "drift"
    MUTES = "mutes"
    FLEET = "fleet"
    FLEET_SETTINGS = "fleet-settings"


def schema(context: typer.Context, name: Annotated[SchemaName, typer.Argument(help="Which schema.")]) -> None:
    """Print a JSON Schema: of declarations, reconciler.yaml, plan files, drift reports, muted drift, fleets."""
    context.obj.write(schema_text(name.value).encode())
    raise typer.Exit(Exit.DONE)
