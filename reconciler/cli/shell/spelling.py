"""Words that other tools taught: an option with one dash, a command of Terraform or git. What to write here instead.

The words are looked at before the command line is read: `-out=plan.json` would otherwise be `-o` with the file
`ut=plan.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from reconciler.core.errors import WrongUsage

_NO_NUMBER = re.compile(r"Input should be a valid (?:integer|number), unable to parse string as an? \w+")
_ADDRESS = re.compile(r"(?<![^\s'\"()=])[^\s'\"()=]+://[^\s'\")]+")
"""An address may hold a secret, and what is wrong with a command line stands in the logs of CI: it is never quoted."""
_ONE_DASH = re.compile(r"-([A-Za-z])(.+)", re.DOTALL)
_NEVER_DELETED = "No customer is ever deleted. on_removed in reconciler.yaml can set to Inactive what leaves the files."
_STATE_PLACE = "The setting `state` says where the state is; `reconciler state copy --to STATE` copies it."

_CONSENT = "Look at the plan first. Without a question, apply takes a saved plan, --digest or --auto-approve."

COMMANDS: Mapping[str, str] = {
    "clone": "Write live customers as YAML with: reconciler export.",
    "completion": "Set it up with: reconciler --install-completion.",
    "config": "The settings are in reconciler.yaml; `reconciler validate` checks them.",
    "console": "Look at live customers with: reconciler customers list, or reconciler customers show NUMBER.",
    "delete": _NEVER_DELETED,
    "deploy": "Write to the ERP with: reconciler apply.",
    "destroy": _NEVER_DELETED,
    "diff": "See what would change with: reconciler plan.",
    "docs": "Read the manual with: reconciler explain --list.",
    "force-unlock": "Remove a lock that was left behind with: reconciler state unlock.",
    "format": "Format the files with: reconciler fmt.",
    "get": "There are no modules. Live customers: reconciler customers show NUMBER.",
    "graph": "The plan lists parents before their children: reconciler plan.",
    "help": "See reconciler --help, or reconciler COMMAND --help; the manual: reconciler explain --list.",
    "history": "See earlier applies with: reconciler runs list.",
    "lint": "Check the files with: reconciler validate.",
    "log": "See earlier applies with: reconciler runs list.",
    "list": "Look at live customers with: reconciler customers list.",
    "login": "Credentials come from the environment (VISMA_CLIENT_ID ...); `reconciler auth` checks them.",
    "logout": "No login is kept: credentials come from the environment.",
    "ls": "Look at live customers with: reconciler customers list.",
    "man": "Read the manual with: reconciler explain --list.",
    "metadata": "The schemas are printed by: reconciler schema NAME.",
    "modules": "There are no modules: declarations share values by `defaults` and YAML anchors.",
    "output": "Look at live customers with: reconciler customers show NUMBER, or with --format json.",
    "providers": "There are no providers: the ERP is named in reconciler.yaml; `reconciler auth` checks it.",
    "pull": "Take over what changed in the ERP with: reconciler accept.",
    "push": "Write to the ERP with: reconciler apply.",
    "query": "Look at live customers with: reconciler customers list.",
    "refresh": "plan and drift read the ERP each time; `reconciler plan --refresh full` reads all of it anew.",
    "revert": "Undo an apply with: reconciler runs undo RUN.",
    "rollback": "Undo an apply with: reconciler runs undo RUN.",
    "status": "See what would change with: reconciler plan; what changed in the ERP with: reconciler drift.",
    "sync": "Write to the ERP with: reconciler apply; take over what changed there with: reconciler accept.",
    "taint": "No customer is made anew: a plan compares every declared value.",
    "test": "Try the files without an ERP with: reconciler --env sandbox plan.",
    "untaint": "No customer is made anew: a plan compares every declared value.",
    "workspace": "Environments stand in reconciler.yaml; choose one with --env NAME.",
    "customers get": "Look at one with: reconciler customers show NUMBER.",
    "state list": "The state: reconciler state show. Live customers: reconciler customers list.",
    "state mv": "Give a customer another number by lifecycle.renumbered_from in its declaration.",
    "state pull": _STATE_PLACE,
    "state push": _STATE_PLACE,
    "state replace-provider": _STATE_PLACE,
    "state rm": "Take the customer out of the files: the ERP keeps it, unless on_removed says otherwise.",
}
"""What to do instead of a command that there is not."""

OPTIONS: Mapping[str, str] = {
    "backend-config": _STATE_PLACE,
    "backup": _STATE_PLACE,
    "compact-warnings": "Leave it out; --format sarif or junit shows the problems alone.",
    "destroy": _NEVER_DELETED,
    "generate-config-out": "Write live customers as YAML with: reconciler export.",
    "input": "Leave it out: nothing is asked where nobody can answer.",
    "input=false": "Leave it out: nothing is asked where nobody can answer.",
    "list": "Leave it out: fmt lists the files that it formats.",
    "lock": "Leave it out: a run never goes without the lock. --lock-timeout SECONDS waits for it.",
    "lock=false": "Leave it out: a run never goes without the lock. --lock-timeout SECONDS waits for it.",
    "migrate-state": _STATE_PLACE,
    "parallelism": "Leave it out; --parallelism N is an option of apply.",
    "reconfigure": _STATE_PLACE,
    "recursive": "Leave it out: fmt formats all files that the settings name.",
    "refresh-only": "See what changed in the ERP with: reconciler drift; take it over with: reconciler accept.",
    "refresh=false": "Write --refresh none.",
    "refresh=true": "Write --refresh full.",
    "replace": "No customer is made anew: a plan compares every declared value.",
    "state": _STATE_PLACE,
    "state-out": _STATE_PLACE,
    "upgrade": "Leave it out: there are no providers and modules to upgrade.",
    "v": "Write --version.",
    "V": "Write --version.",
    "var": "Values stand in the declarations; `${env:NAME}` takes one from the environment.",
    "var-file": "Values stand in the declarations; `${env:NAME}` takes one from the environment.",
    "write=false": "Write --check or --diff.",
    "y": _CONSENT,
    "yes": _CONSENT,
}
"""What to write instead of an option that there is not, by its name without dashes."""


def check_words(command: Any, context: Any, words: Sequence[str], above: tuple[str, ...] = ()) -> None:
    """Raise WrongUsage for a word of another tool: before anything is read or written.

    command, context: Typer's. above: the names of the command. What stands where an option takes its value, or behind
    `--`, is nobody's word.
    """
    options = {name: option for option in _options(command, context) for name in _names(option)}
    rest = iter(words)
    for word in rest:
        if word == "--":
            return
        if word in options:
            for _ in range(_values(options[word])):
                next(rest, None)
        elif word.startswith("-"):
            _check_option(word, options, above)
        elif hasattr(command, "commands"):
            below = command.get_command(context, word)
            if below is None:
                _refuse_command(command, context, (*above, word))
            check_words(below, context, list(rest), (*above, word))
            return


def _options(command: Any, context: Any) -> Iterator[Any]:
    """Those of the command, help, and the global ones, which may stand behind a command too."""
    yield from context.find_root().command.params
    yield from command.params
    yield from filter(None, [command.get_help_option(context)])


def _names(option: Any) -> list[str]:
    return [*option.opts, *option.secondary_opts] if option.param_type_name == "option" else []


def _values(option: Any) -> int:
    """How many words the option takes."""
    return 0 if option.is_flag or option.count else int(option.nargs)


def _check_option(word: str, options: Mapping[str, Any], above: Sequence[str]) -> None:
    """Raise WrongUsage for a name behind one dash, and for one that another tool has."""
    name, equals, value = word.lstrip("-").partition("=")
    if word.startswith("--") and f"--{name}" in options:
        return
    word, value = _ADDRESS.sub("ADDRESS", word), _ADDRESS.sub("ADDRESS", value)
    has_name = f"--{name}" in options
    remedy = OPTIONS.get(f"{name}={value}") if equals else None
    if remedy is None and not has_name:
        remedy = "Write --format json." if name == "json" and "--format" in options else OPTIONS.get(name)
    if remedy is not None:
        raise WrongUsage(f"There is no option {word}", remedy=f"{remedy} Nothing was done.")
    short = _ONE_DASH.fullmatch(word)
    if short is None:
        return
    option, letter = options.get(f"--{name}"), options.get(f"-{short[1]}")
    if option is not None:
        value_part = f" {value or option.metavar or 'VALUE'}" if _values(option) else ""
        problem, remedy = f"{word} has one dash, and options with a name have two", f"Write --{name}{value_part}."
    elif letter is not None:
        value_part = f" {short[2].removeprefix('=')}" if _values(letter) else ""
        problem, remedy = f"{word} is not understood: -{short[1]} stands by itself", f"Write -{short[1]}{value_part}."
    else:
        problem, remedy = f"There is no option {word}", f"See reconciler {' '.join([*above, '--help'])}."
    raise WrongUsage(problem, remedy=f"{remedy} Nothing was done.")


def usage_problem(error: Any) -> tuple[str, str]:
    """What is wrong with the words of a command line, and what to write. error: Typer's."""
    context, name = getattr(error, "ctx", None), getattr(error, "option_name", "")
    path = context.command_path if context is not None else "reconciler"
    look = f"See {path} --help."
    if type(error).__name__ == "NoSuchOption":
        near = " or ".join(sorted(error.possibilities or ())[:3])
        return f"There is no option {name} of {path}", f"Did you mean {near}?" if near else look
    if type(error).__name__ == "BadOptionUsage":
        if "does not take a value" in error.message:
            return f"{name} takes no value", f"Write {name}."
        return f"{name} needs a value", f"Write {name} VALUE; --help says what it may be."
    if type(error).__name__ == "MissingParameter" and error.param is not None:
        wanted = error.param.opts[0] if _names(error.param) else error.param.metavar or error.param.name.upper()
        return f"{path} needs {wanted}", look
    text = _NO_NUMBER.sub("that is no number", error.format_message().replace("Value error, ", ""))
    if _ADDRESS.search(text):
        text, look = _ADDRESS.sub("ADDRESS", text), f"No address is quoted here, as it may hold a secret. {look}"
        if "--notify" in _names_of(error):
            look = "The address comes from RECONCILER_NOTIFY_URL, which no output shows: write --notify SERVICE."
    return text.rstrip("."), look


def _names_of(error: Any) -> list[str]:
    return _names(error.param) if getattr(error, "param", None) is not None else []


def _refuse_command(group: Any, context: Any, path: tuple[str, ...]) -> NoReturn:
    """Raise WrongUsage with what comes nearest."""
    asked = " ".join(path)
    remedy = COMMANDS.get(asked)
    if remedy is None and len(path) == 1:
        groups = {name: getattr(group.get_command(context, name), "commands", ()) for name in group.commands}
        holders = [name for name, commands in groups.items() if asked in commands]
        remedy = f"Did you mean {' or '.join(f'{name} {asked}' for name in holders)}?" if holders else None
    if remedy is None:
        near = get_close_matches(path[-1], list(group.commands))
        hint = f"Did you mean {' or '.join(' '.join([*path[:-1], name]) for name in near)}?" if near else ""
        remedy = hint or f"See reconciler {' '.join([*path[:-1], '--help'])}."
    raise WrongUsage(f"There is no command {asked}", remedy=remedy)
