"""What is kept between runs: looking at it, unlocking it, deleting it. Needs neither the ERP nor credentials."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.errors import Declined
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible
from reconciler.state.process_identity import Owner
from reconciler.state.sqlite import file_cache
from reconciler.state.sqlite.store import Description


@dataclass(frozen=True, slots=True)
class Cleared:
    """Whether there was a state, and a cache of declarations beside it."""

    state: bool
    cache: bool


def describe(workspace: Workspace) -> tuple[Description, int]:
    """What there is, and the bytes of declarations already read beside it. Changes nothing. Raises StateError."""
    return workspace.store.describe(), file_cache.size(workspace.settings.state)


def unlock(workspace: Workspace, *, force: bool = False) -> Owner | None:
    """Take away a lock that was left behind; answers whose it was, or None. force: also that of another machine.

    Raises Locked when its holder runs, or may run.
    """
    return workspace.store.unlock(force=force)


def clear(workspace: Workspace, *, consent: bool = False) -> Cleared:
    """Delete it all. Lost are speed, the cause of drift, and undo; nothing in the ERP. Raises Declined, Locked."""
    settings = workspace.settings
    question = (
        f"Runs that were killed can then not be resumed, and no run can be undone. Delete the state of"
        f" {visible(settings.environment)}, {visible(str(settings.state))}?"
    )
    if not (consent is True or workspace.listener.ask(question)):
        raise Declined("Nothing was deleted.")
    return Cleared(workspace.store.clear(), bool(file_cache.clear(settings.state)))
