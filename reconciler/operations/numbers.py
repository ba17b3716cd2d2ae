"""`apply --write-numbers`: the ERP's numbers into the declarations that a run created or updated by their ref."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.config.edit.write_files import Replacement
    from reconciler.core.diagnostics import Diagnostic
    from reconciler.core.plan import Run


def write_numbers(session: Session, run: Run) -> None:
    """Insert `number` beside `ref` wherever this run learned it, and say so.

    Customers that the run did not write are not in it, and keep their ref alone. Whatever stands in the way is a
    warning: what the run did is done.
    """
    from reconciler.core.errors import ReconcilerError
    from reconciler.reports.formats.text import diagnostics_lines
    from reconciler.reports.safe_text import visible

    learned = _learned(run)
    if not learned:
        return
    try:
        changes, count, problems = _changes(session, learned)
        _write(session, changes, count)
    except ReconcilerError as error:
        session.err.print("Warning: the new numbers were not written into the declarations: ", end="")
        session.err.print(visible(str(error)), soft_wrap=True)
        return
    for line in diagnostics_lines(problems):
        session.err.print(line, soft_wrap=True)


def _learned(run: Run) -> dict[str, dict[str, str]]:
    """By file as positions name it: ref to number."""
    from reconciler.core.plan import Outcome

    found: dict[str, dict[str, str]] = {}
    for result in run.results:
        ref, number = result.action.ref, result.number or result.action.number
        if result.outcome is Outcome.DONE and ref and number:
            found.setdefault(result.action.source.file, {})[ref] = number
    return found


def _changes(session: Session, learned: dict[str, dict[str, str]]) -> tuple[list[Replacement], int, list[Diagnostic]]:
    """The files to replace, how many numbers they get, and what could not be done."""
    from reconciler.cli.shell.rewriting import read_declarations
    from reconciler.config.edit.numbers import not_written, write_numbers
    from reconciler.config.edit.write_files import Replacement
    from reconciler.config.read.files import display, find_files

    settings = session.settings
    files = {display(path, settings.root): path for path in find_files(settings.customers, settings.root)[0]}
    changes: list[Replacement] = []
    problems: list[Diagnostic] = []
    count = 0
    for name, numbers in learned.items():
        path = files.get(name)  # a saved plan names files; only declarations are ever written to
        if path is None:
            problems += not_written(name, numbers, "the settings name no such file")
            continue
        data = read_declarations(path, name, settings.limits.files.file_size)
        made = write_numbers(data, name, numbers, defaults=settings.defaults, environ=session.environ)
        problems += made.diagnostics
        count += len(made.written)
        if made.data != data:
            changes.append(Replacement(path, name, data, made.data))
    return changes, count, problems


def _write(session: Session, changes: list[Replacement], count: int) -> None:
    from reconciler.config.edit.write_files import replace_files
    from reconciler.reports.safe_text import visible
    from reconciler.reports.wording import counted

    replace_files(changes)
    if changes:
        names = ", ".join(visible(change.name) for change in changes)
        session.say(f"Wrote {counted(count, 'number')} into {names}.")
