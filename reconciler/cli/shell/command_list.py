"""The commands by name. The module of one is imported when it runs, or when its own help is shown."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer import _click

SUMMARIES = {
    "init": "Start a project: settings, a sample or the live customers, schemas, CI.",
    "validate": "Check settings and declarations, offline.",
    "fmt": "Put declarations into canonical form.",
    "plan": "Show what would change in the ERP.",
    "show": "Show a saved plan or a past run.",
    "apply": "Apply a plan to the ERP: a saved one, or a new one.",
    "drift": "Show what changed in the ERP since the last apply.",
    "accept": "Copy values from the ERP into the declarations.",
    "schema": "Print a JSON Schema.",
    "auth": "Check credentials, tenant and scopes; show the request budget.",
    "export": "Write live customers as YAML whose first plan is empty.",
    "import": "Write a spreadsheet's customers as YAML.",
    "demo": "Try the whole cycle on the embedded ERP.",
    "customers": "Query the live customers.",
    "dunning-letter": "Create dunning letters.",
    "runs": "Earlier applies: list, show, resume, undo.",
    "state": "The state between runs: show, unlock, copy, rekey, clear.",
    "sandbox": "The embedded ERP: serve, seed, edit, reset.",
}
"""One line for each, in the order of the help. The module, and in it the function or `app`, has the same name."""

HIDDEN = ("github",)
"""What only action.yml calls."""


class Commands(TyperGroup):
    """The root. Importing and building all commands took longer than most of them run."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = dict.fromkeys(SUMMARIES)  # type: ignore[assignment]  # the names serve for suggestions

    def get_command(self, ctx: _click.Context, cmd_name: str) -> _click.Command | None:
        """The command, built when it is first asked for."""
        if cmd_name in (*SUMMARIES, *HIDDEN) and not self.commands.get(cmd_name):
            self.commands[cmd_name] = _build(cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        """Names and summaries, whole."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


def _build(name: str) -> _click.Command:
    module = import_module(f"reconciler.cli.commands.{_python_name(name)}")
    holder = typer.Typer(rich_markup_mode=None)
    if hasattr(module, "app"):
        holder.add_typer(module.app, name=name)
    else:
        holder.command(name)(_function(module, _python_name(name)))
    command = get_group(holder).commands[name]
    name_variables(command)
    return command


def _python_name(name: str) -> str:
    return f"{name}_" if iskeyword(name) else name.replace("-", "_")


def _function(module: object, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(module, name)
    return found


def name_variables(command: object) -> None:
    """Every option can be given as RECONCILER_<OPTION> (docs/cli.md), whatever command it belongs to."""
    for parameter in getattr(command, "params", []):
        names = [name for name in getattr(parameter, "opts", []) if name.startswith("--")]
        if names and getattr(parameter, "param_type_name", "") == "option" and names[0] not in ("--help", "--version"):
            parameter.envvar = "RECONCILER_" + names[0].removeprefix("--").replace("-", "_").upper()
    for below in getattr(command, "commands", {}).values():
        name_variables(below)
