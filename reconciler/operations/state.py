"""What is kept between runs: looking at it, unlocking it, deleting it. Needs neither the ERP nor credentials."""

from __future__ import annotations

from reconciler.core.errors import Declined
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible
from reconciler.state.process_identity import Owner
from reconciler.state.store import Description


def describe(workspace: Workspace) -> Description:
    """What there is. Changes nothing. Raises StateError."""
    return workspace.store.describe()


def unlock(workspace: Workspace, *, force: bool = False) -> Owner | None:
    """Take away a lock that was left behind; answers whose it was, or None. force: also that of another machine.

    Raises Locked when its holder runs, or may run.
    """
    return workspace.store.unlock(force=force)


def clear(workspace: Workspace, *, consent: bool = False) -> bool:
    """Delete it all; answers whether there was a state. What is lost: speed, the cause of drift, and undo.

    Raises Declined, Locked.
    """
    settings = workspace.settings
    question = (
        f"Runs that were killed can then not be resumed, and no run can be undone. Delete the state of"
        f" {visible(settings.environment)}, {visible(str(settings.state))}?"
    )
    if not (consent is True or workspace.listener.ask(question)):
        raise Declined("Nothing was deleted.")
    return workspace.store.clear()
