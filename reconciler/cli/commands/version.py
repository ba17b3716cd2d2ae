"""`reconciler version`: as `reconciler --version`, for whoever has learnt it as a command."""

from __future__ import annotations

import typer

from reconciler._version import __version__


def version() -> None:
    """Show the version."""
    typer.echo(f"reconciler {__version__}")
