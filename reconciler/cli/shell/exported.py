"""What an export did, in words and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from reconciler.cli.shell.session import Session
from reconciler.config.read.files import display
from reconciler.core.errors import ReportError
from reconciler.operations.export import Exported
from reconciler.reports import json_documents
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import counted
from reconciler.state import plan_file

_TOLD = 10
_NAMED = 5

Thing = TypeVar("Thing")


def show_export(session: Session, done: Exported, paths: list[Path], *, is_json: bool, is_forced: bool) -> None:
    """All that was left out, as JSON where that is asked for; and what was written, in words.

    paths: of the report files. is_forced: whether declared customers were to be brought up to date.
    """
    folder = display(done.folder, session.settings.root)
    counts = {"customers": done.customers, "requests": done.requests}
    document = json_documents.export(folder, counts, done.undeclarable, done.unseen, done.declared, done.updated)
    if is_json:
        session.write(document)
    for path in paths:
        try:
            plan_file.write_private(path, document)
        except ReportError as error:
            session.miss(error)
    _warn(session, done, is_whole=bool(paths) or is_json)
    _tell(session, done, folder, is_forced=is_forced)


def _warn(session: Session, done: Exported, *, is_whole: bool) -> None:
    """The first of what could not be written. is_whole: whether a report has all of it."""
    for number, path, reason in done.undeclarable[:_TOLD]:
        session.warn(f"{number}: {path} is not in its declaration: {reason}.")
    if len(done.undeclarable) > _TOLD:
        where = "the report has all" if is_whole else "--report json=PATH writes all of them to a file"
        session.warn(f"{counted(len(done.undeclarable) - _TOLD, 'more value')} could not be declared; {where}.")
    for diagnostic in done.doubts.diagnostics():
        session.warn(f"{diagnostic.code} {diagnostic.summary}. {diagnostic.detail}".strip())
    if done.unseen:
        session.warn(f"The ERP's list showed no {' and no '.join(done.unseen)}; they are not in the export.")


def _tell(session: Session, done: Exported, folder: str, *, is_forced: bool) -> None:
    if done.declared and is_forced:
        files = f" in {_first(done.updated, str)}" if done.updated else ", and nothing there changes"
        session.say(f"{_are_declared(len(done.declared))}; brought up to date{files}.")
    elif done.declared:
        places = _first(done.declared, lambda one: f"{one[0]} at {one[1].file}:{one[1].line}")
        session.say(f"{_are_declared(len(done.declared))} and left as it stands: {places}.")
        session.say("--force brings declared customers up to date in their files; accept does so for declared fields.")
    if done.lost:
        session.say(
            f"{counted(len(done.lost), 'customer')} lost the declaration, and is not counted as unmanaged:"
            f" {_first(done.lost, str)}. To declare it again: reconciler export NUMBER"
        )
    requests = counted(done.requests, "request")
    if done.customers or not (done.declared or done.lost):
        session.say(f"Wrote {counted(done.customers, 'customer')} to {folder} ({requests}).")
    else:
        session.say(f"Nothing new to write ({requests}).")


def _are_declared(count: int) -> str:
    return f"{counted(count, 'customer')} {'is' if count == 1 else 'are'} declared already"


def _first(things: Sequence[Thing], said: Callable[[Thing], str]) -> str:
    """The first few, and how many more there are."""
    rest = f" and {len(things) - _NAMED:,} more" if len(things) > _NAMED else ""
    return visible(", ".join(map(said, things[:_NAMED]))) + rest
