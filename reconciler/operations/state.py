"""What is kept between runs: looking at it, unlocking it, deleting it. Needs neither the ERP nor credentials."""

from __future__ import annotations

from pathlib import Path

from reconciler.core.errors import Declined, WrongUsage
from reconciler.core.shared_state import SharedState, is_shared, url_problem
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible
from reconciler.state.copying import copy_all, reseal
from reconciler.state.process_identity import Owner
from reconciler.state.sealing import KEY_WANTED, NEW_KEY_VARIABLE, Seal, key_from
from reconciler.state.store import Description, open_store


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
    return workspace.store.clear(timeout=workspace.lock_timeout)


def rekey(workspace: Workspace) -> str | None:
    """Encrypt all that is kept with the key in RECONCILER_STATE_NEW_KEY; answers the key's id.

    Raises StateError, Locked.
    """
    key = key_from(workspace.environ, NEW_KEY_VARIABLE)
    if key is None:
        raise WrongUsage(
            f"{NEW_KEY_VARIABLE} is not set", remedy=f"Put the new key there: {KEY_WANTED}. Keep it where it is safe."
        )
    with workspace.lock("state rekey"):
        return reseal(workspace.store, Seal(key))


def copy(workspace: Workspace, to: str) -> int:
    """Copy all that is kept of this environment to another, empty state; answers how many rows. The first one stays.

    to: a path, or the address of a database. Raises StateError, Locked, WrongUsage.
    """
    settings, place = workspace.settings, workspace.place
    location: Path | SharedState
    if is_shared(to):
        if problem := url_problem(to):
            raise WrongUsage(f"--to {problem}", remedy="Write postgresql://HOST:PORT/DATABASE.")
        location = SharedState(to, settings.state_schema)
    else:
        location = settings.root / to
    target = open_store(location, place=place, key=key_from(workspace.environ), environ=workspace.environ)
    with workspace.lock("state copy"), target, target.lock("state copy", timeout=workspace.lock_timeout):
        return copy_all(workspace.store, target, place)
