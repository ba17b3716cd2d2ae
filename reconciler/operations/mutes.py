"""The drift that is accepted for a time: reading its file, and adding to it."""

from __future__ import annotations

from reconciler.config.read import pattern_checks
from reconciler.config.read.declarations import Loaded
from reconciler.config.read.mutes import Mutes, load_mutes
from reconciler.config.read.typed_values import is_day
from reconciler.config.settings import Settings
from reconciler.core.diagnostics import has_errors
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.core.mutes import Mute
from reconciler.core.renumbering import former_key
from reconciler.operations.declarations import load, names, select
from reconciler.operations.workspace import Workspace


def read_mutes(settings: Settings, loaded: Loaded | None, *, day: str) -> Mutes:
    """The mutes, and what is wrong with their file.

    loaded: all declarations, to know the customers; None does not ask. day: today, YYYY-MM-DD.
    """
    declared = None if loaded is None else names(loaded) | {former_key(one) or "" for one in loaded.desired}
    return load_mutes(settings.mutes, settings.root, declared=declared, day=day)


def sound_mutes(workspace: Workspace, loaded: Loaded) -> Mutes:
    """The mutes, free of errors. Raises InvalidInput before any request is made."""
    mutes = read_mutes(workspace.settings, loaded, day=workspace.now()[:10])
    if has_errors(mutes.diagnostics):
        raise InvalidInput(mutes.diagnostics)
    return mutes


def mute(workspace: Workspace, number: str, path: str, *, until: str | None, reason: str | None) -> None:
    """Put a mute into the file of mutes. until: its last day, YYYY-MM-DD. Raises WrongUsage, InvalidInput."""
    today, why = workspace.now()[:10], (reason or "").strip()
    if until is None or not why:
        raise WrongUsage(
            "--mute needs --until DATE and --reason R", remedy="Add both: a mute ends, and says why it is there."
        )
    if not pattern_checks.names_field(path):
        raise WrongUsage(f"--mute {path!r} names no field", remedy=pattern_checks.remedy(path))
    if not is_day(until):
        raise WrongUsage(f"--until {until!r} is no day", remedy="Write it as 2026-12-31.")
    if until < today:
        raise WrongUsage(f"--until {until} is over: today is {today} (UTC)", remedy="Give a day to come.")
    select(load(workspace), [number])
    from reconciler.config.edit.mutes import add_mute  # noqa: PLC0415 (17 ms, which a plan need not wait for)

    add_mute(workspace.settings.mutes, workspace.settings.root, Mute(number, path, until, why))
