"""Which of the differences `accept` takes: all that was asked for, else what the ERP changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.shell.session import Session
    from reconciler.config.edit.proposed_edits import Wish
    from reconciler.config.read.declarations import Loaded
    from reconciler.core.desired import Desired
    from reconciler.core.drift_detection import ActiveMutes


class Choice:
    """What was asked for. Where nothing was named, an edit that is not applied yet and a muted value stay as they are.

    mutes: the ones that count when nothing was named; None where everything is taken.
    """

    def __init__(self, keys: frozenset[str], fields: list[str], mutes: ActiveMutes | None) -> None:
        from reconciler.core.patterns import patterns

        self._keys = keys
        self._fields = patterns(tuple(fields))
        self._mutes = mutes
        self.not_applied = 0
        self.muted = 0

    def has(self, desired: Desired) -> bool:
        """Whether the customer is one of those that were named, or all are."""
        from reconciler.core.normalise import number_key

        number = desired.number is not None and number_key(desired.number) in self._keys
        return not self._keys or number or desired.ref in self._keys

    def takes(self, wish: Wish) -> bool:
        """Whether the value is to be accepted; counts those that are left out without having been asked for."""
        from reconciler.core.plan import Cause

        if self._fields and not self._names(wish):
            return False
        if self._mutes is None:
            return True
        if wish.cause is Cause.CONFIG:
            self.not_applied += 1
        elif _is_muted(wish, self._mutes):
            self.muted += 1
        else:
            return True
        return False

    def _names(self, wish: Wish) -> bool:
        from reconciler.core.patterns import covers

        return any(covers(pattern, path) for pattern in self._fields for path in _paths(wish))

    def left_out(self) -> str:
        """What was left out and how to take it too; nothing where all is taken."""
        from reconciler.reports.view import counted

        told = [
            *([f"{counted(self.not_applied, 'value')} that only the declarations changed"] if self.not_applied else []),
            *([f"{counted(self.muted, 'value')} that drift mutes"] if self.muted else []),
        ]
        remedy = "Take such values too with --all, --field, or the customer's number."
        return f"Left out: {' and '.join(told)}. {remedy}" if told else ""


def active_mutes(session: Session, loaded: Loaded) -> ActiveMutes:
    """The mutes that hold today. Raises InvalidInput where the file of mutes has errors."""
    from reconciler.cli.shell.session import now
    from reconciler.core.diagnostics import has_errors
    from reconciler.core.drift_detection import ActiveMutes
    from reconciler.core.errors import InvalidInput
    from reconciler.operations import pipeline

    today = now()[:10]
    found = pipeline.read_mutes(session.settings, loaded, day=today)
    if has_errors(found.diagnostics):
        raise InvalidInput(found.diagnostics)
    return ActiveMutes(found.mutes, today)


def _is_muted(wish: Wish, mutes: ActiveMutes) -> bool:
    from reconciler.core.normalise import number_key
    from reconciler.resources.values import render_path

    names = (number_key(wish.live.number), wish.desired.number and number_key(wish.desired.number), wish.desired.ref)
    return mutes.find(names, render_path(wish.path)) is not None


def _paths(wish: Wish) -> Iterator[tuple[str, ...]]:
    """The paths by which a wish can be chosen: a line is one thing, chosen by any of its members."""
    yield wish.path
    for side in (wish.before, wish.after):
        if isinstance(side, dict):
            yield from ((*wish.path, name) for name in side)
