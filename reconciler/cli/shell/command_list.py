"""The commands by name. The module of one is imported when it runs, or when its own help is shown."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from reconciler.cli.shell.command_help import epilog

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
    "explain": "Explain a code, a field or a setting; read the manual.",
    "auth": "Check credentials, tenant and scopes; show the request budget.",
    "export": "Write live customers as YAML whose first plan is empty.",
    "import": "Write a spreadsheet's customers as YAML.",
    "demo": "Try the whole cycle on the embedded ERP.",
    "customers": "Query the live customers.",
    "dunning-letter": "Create dunning letters.",
    "runs": "Earlier applies: list, show, resume, undo.",
    "state": "The state between runs: show, unlock, copy, rekey, clear.",
    "fleet": "Many companies at once: validate, plan, apply, drift, status.",
    "sandbox": "The embedded ERP: serve, seed, edit, reset.",
    "version": "Show the version.",
}
"""One line for each, in the order of the help. The module, and in it the function or `app`, has the same name."""

HIDDEN = ("github", "mark-applied")
"""What only action.yml and the pipelines call."""


class Commands(TyperGroup):
    """The root. Importing and building all commands took longer than most of them run."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = dict.fromkeys(SUMMARIES)  # type: ignore[assignment]  # the names serve for suggestions

    def parse_args(self, ctx: _click.Context, args: list[str]) -> list[str]:
        """The words, once those of other tools were refused. Raises WrongUsage."""
        if not ctx.resilient_parsing and args not in (["--help"], ["-h"], []):
            from reconciler.cli.shell.spelling import check_words  # noqa: PLC0415 - help and completion do without

            check_words(self, ctx, args)
        return super().parse_args(ctx, args)

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
    complete(command, name)
    return command


def _python_name(name: str) -> str:
    return f"{name}_" if iskeyword(name) else name.replace("-", "_")


def _function(module: object, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(module, name.replace("-", "_"))
    return found


_AMBIGUOUS = ("--force", "--out", "--dry-run", "--digest", "--state")
"""What means one thing in one command and another in the next, or (RECONCILER_STATE) beside all of them: each has a
variable of its own."""


def complete(command: object, path: str = "") -> None:
    """Give a command, and those below it, the variables of their options, and the end of their help.

    Every option can be given as RECONCILER_<OPTION> (docs/cli.md), whatever command it belongs to. A variable is set
    once for all commands, so one that is ambiguous carries the command's name: RECONCILER_APPLY_FORCE.
    """
    command.epilog = epilog(path)  # type: ignore[attr-defined]  # each command has one
    for parameter in getattr(command, "params", []):
        names = [name for name in getattr(parameter, "opts", []) if name.startswith("--")]
        if names and getattr(parameter, "param_type_name", "") == "option" and names[0] not in _NO_VARIABLE:
            owner = f"{path} " if names[0] in _AMBIGUOUS else ""
            parameter.envvar = "RECONCILER_" + _variable(f"{owner}{names[0].removeprefix('--')}")
            parameter.show_envvar = bool(owner)
    for name, below in getattr(command, "commands", {}).items():
        if below is not None:
            complete(below, f"{path} {name}".lstrip())


_NO_VARIABLE = ("--help", "--version", "--install-completion", "--show-completion")


def _variable(words: str) -> str:
    return words.replace("-", "_").replace(" ", "_").upper()
