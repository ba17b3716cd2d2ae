"""`apply --write-numbers`: the ERP's numbers into the declarations that a run created or updated by their ref."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.config.edit.numbers import not_written
from reconciler.config.edit.numbers import write_numbers as edit
from reconciler.config.edit.write_files import Replacement, replace_files
from reconciler.config.read.files import display, find_files
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.plan import Outcome, Run
from reconciler.operations.files import read_declarations
from reconciler.operations.workspace import Workspace


@dataclass(frozen=True, slots=True)
class WrittenNumbers:
    """The files that got numbers, how many numbers, and what could not be done."""

    files: tuple[str, ...]
    count: int
    diagnostics: tuple[Diagnostic, ...]


def write_numbers(workspace: Workspace, run: Run) -> WrittenNumbers:
    """Insert `number` beside `ref` wherever this run learned it.

    Customers that the run did not write are not in it, and keep their ref alone. Raises InvalidInput, and
    ReconcilerError when a file cannot be written: what the run did is done all the same.
    """
    settings = workspace.settings
    learned = _learned(run)
    found = find_files(settings.customers, settings.root)[0] if learned else ()
    files = {display(path, settings.root): path for path in found}
    changes: list[Replacement] = []
    problems: list[Diagnostic] = []
    count = 0
    for name, numbers in learned.items():
        path = files.get(name)  # a saved plan names files; only declarations are ever written to
        if path is None:
            problems += not_written(name, numbers, "the settings name no such file")
            continue
        data = read_declarations(path, name, settings.limits.files.file_size)
        edited = edit(data, name, numbers, defaults=settings.defaults, environ=workspace.environ)
        problems += edited.diagnostics
        count += len(edited.written)
        if edited.data != data:
            changes.append(Replacement(path, name, data, edited.data))
    replace_files(changes)
    return WrittenNumbers(tuple(change.name for change in changes), count, tuple(problems))


def _learned(run: Run) -> dict[str, dict[str, str]]:
    """By file as positions name it: ref to number."""
    learned: dict[str, dict[str, str]] = {}
    for result in run.results:
        ref, number = result.action.ref, result.number or result.action.number
        if result.outcome is Outcome.DONE and ref and number:
            learned.setdefault(result.action.source.file, {})[ref] = number
    return learned
