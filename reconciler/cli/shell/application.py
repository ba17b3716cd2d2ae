"""The command line's root: global options, the list of commands, and the one error boundary."""

from __future__ import annotations

import errno
import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.main import get_command

from reconciler.cli.shell.command_list import Commands, complete
from reconciler.cli.shell.current import current, forget, is_unwritten, redactor, use
from reconciler.cli.shell.streams import failure, steady_streams
from reconciler.exit_codes import Exit, exit_code

if TYPE_CHECKING:
    from reconciler.core.errors import ReconcilerError


class LogLevel(StrEnum):
    """Words of --log-level."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """Words of --log-format."""

    TEXT = "text"
    JSON = "json"


app = typer.Typer(
    name="reconciler",
    cls=Commands,
    help="Terraform for ERP customers: validate, plan and apply Visma.net ERP customers kept as YAML in git.",
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _show_version(wanted: bool) -> None:
    """At once, whatever else stands on the line; `reconciler --version` alone never gets here."""
    if wanted:
        from reconciler._version import __version__

        typer.echo(f"reconciler {__version__}")
        raise typer.Exit(Exit.DONE)


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """The environments of the settings, for the shell's completion."""
    from reconciler.cli.shell.completion import environment_names

    chosen = context.params.get("config") or context.params.get("chdir")
    return [name for name in environment_names(Path(chosen or ".")) if name.startswith(incomplete)]


@app.callback()
def root(
    context: typer.Context,
    chdir: Annotated[Path | None, typer.Option("--chdir", metavar="DIR", help="Work in this folder.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="Settings file [reconciler.yaml].")
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--env",
            metavar="NAME",
            help="Environment in the settings; `sandbox` always exists.",
            autocompletion=environments,
        ),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="The least severe messages to log.")
    ] = LogLevel.WARNING,
    log_format: Annotated[LogFormat, typer.Option("--log-format", help="Format of log lines.")] = LogFormat.TEXT,
    no_color: Annotated[bool, typer.Option("--no-color", help="Do not use colour.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress on standard error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Global options may stand before or after the command."""
    from reconciler.cli.shell.session import Session

    if chdir is not None:
        _change_folder(chdir)
    _start_logging(log_level, log_format)
    session = Session(
        config=config,
        environment=environment,
        color=False if no_color else None,
        quiet=quiet,
        environ=os.environ,
    )
    use(context, session)


def run(arguments: list[str]) -> int:
    """Run one command; the only place where an error becomes a message and an exit code."""
    with steady_streams():
        forget()
        signal.signal(signal.SIGTERM, _terminated)
        code = _run(arguments)
        if failure(sys.stdout) is not None:
            current().tell_undelivered()
        return int(Exit.ERROR if code == Exit.DONE and is_unwritten() else code)


def _run(arguments: list[str]) -> int:
    command = get_command(app)
    complete(command)
    try:
        return int(command.main(hoisted(arguments), prog_name="reconciler", standalone_mode=False) or Exit.DONE)
    except typer.TyperException as error:
        return _wrong_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return _complain("Interrupted.", "", Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the boundary: whatever comes, the user sees one clear message
        return _failed(error)


_GLOBAL_FLAGS = ("--version", "--no-color", "--quiet", "-q")
_GLOBAL_OPTIONS = ("--chdir", "--config", "-c", "--env", "--log-level", "--log-format")


def hoisted(arguments: list[str]) -> list[str]:
    """The arguments with global options moved before the command, wherever they were written.

    >>> hoisted(["plan", "--env", "test", "-o", "p.json"])
    ['--env', 'test', 'plan', '-o', 'p.json']
    """
    moved, kept = [], []
    words = iter(arguments)
    for word in words:
        if word == "--":
            kept += [word, *words]
        elif word in _GLOBAL_OPTIONS:
            moved += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word in _GLOBAL_FLAGS or word.startswith(tuple(f"{name}=" for name in _GLOBAL_OPTIONS if len(name) > 2)):
            moved.append(word)
        else:
            kept.append(word)
    return moved + kept


def _wrong_usage(error: typer.TyperException) -> int:
    """Help that is shown for want of a command keeps its lines; other texts may quote hostile words."""
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{error.format_message()}\n")
        return int(Exit.USAGE)
    from reconciler.cli.shell.spelling import usage_problem

    return _complain(*usage_problem(error), Exit.USAGE)


def _failed(error: Exception) -> int:
    from reconciler.core.errors import Declined, InvalidInput, ReconcilerError

    if isinstance(error, Declined):
        current().say(str(error))
        return int(exit_code(error))
    if isinstance(error, InvalidInput):
        _show_problems(error)
        return int(exit_code(error))
    if isinstance(error, ReconcilerError):
        return _complain(_message(error), error.remedy or _remedy_for(error.__cause__), exit_code(error))
    if isinstance(error, OSError) and (error.errno in _FULL or (error.errno in _CLOSED and error.filename)):
        where = f" {error.filename}" if error.filename else ""
        return _complain(f"Cannot write{where}: {error.strerror}", _remedy_for(error), Exit.ERROR)
    import logging

    logging.getLogger("reconciler").debug("internal error", exc_info=error)
    return _complain(
        f"Internal error: {type(error).__name__}: {error}",
        "This is a defect of reconciler. Please report it, with what --log-level debug says.",
        Exit.ERROR,
    )


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)
_CLOSED_REMEDY = "Make the folder writable for the user that runs reconciler, or work in another one (--chdir DIR)."


def _remedy_for(cause: BaseException | None) -> str:
    """What to do about a place that the system closed, whoever met it first."""
    return _CLOSED_REMEDY if isinstance(cause, OSError) and cause.errno in _CLOSED else ""


def _message(error: ReconcilerError) -> str:
    reference = getattr(error, "reference", None)
    return f"{error} (ERP reference {reference})" if reference else str(error)


def _show_problems(error: ReconcilerError) -> None:
    from reconciler.core.errors import InvalidInput
    from reconciler.reports.formats.text import diagnostics_lines

    assert isinstance(error, InvalidInput)
    session, hide = current(), redactor()
    found = hide.diagnostics(error.diagnostics) if hide else error.diagnostics
    for line in diagnostics_lines(found):
        session.err.print(line, soft_wrap=True)
    _complain(f"{error}.", error.remedy, Exit.INVALID)


def _complain(message: str, remedy: str, code: Exit) -> int:
    from reconciler.reports.safe_text import visible

    session, hide = current(), redactor()
    if hide:
        message, remedy = hide.text(message), hide.text(remedy)
    session.err.print("Error: ", style="bold red", end="")
    session.err.print(visible(message), soft_wrap=True)
    if remedy:
        session.err.print(f"→ {visible(remedy)}", soft_wrap=True)
    return int(code)


def _terminated(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(int(Exit.TERMINATED))


def _change_folder(folder: Path) -> None:
    from reconciler.core.errors import WrongUsage

    try:
        os.chdir(folder)
    except OSError as error:
        why = "there is no such folder" if isinstance(error, FileNotFoundError) else error.strerror
        raise WrongUsage(f"Cannot work in {folder}: {why}", remedy="Correct --chdir, or leave it out.") from error


def _start_logging(level: LogLevel, form: LogFormat) -> None:
    import logging

    from reconciler.cli.shell.logs import handler

    log = logging.getLogger("reconciler")
    log.handlers[:] = [handler(json=form is LogFormat.JSON)]
    log.setLevel(level.value.upper())
    log.propagate = False
