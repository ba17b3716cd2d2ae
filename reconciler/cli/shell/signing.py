"""`RECONCILER_PLAN_KEY`: plans are signed with it, and without its signature none is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.core.plan import Plan

VARIABLE = "RECONCILER_PLAN_KEY"
_SHORTEST = 16


def plan_key(session: Session) -> bytes | None:
    """The key from the process environment, never kept anywhere; None without one. Raises WrongUsage when too short."""
    from reconciler.core.errors import WrongUsage

    given = session.environ.get(VARIABLE)
    if given is None:
        return None
    if len(given.strip()) < _SHORTEST:  # also an empty one: a secret that a CI job was not given must not mean no check
        raise WrongUsage(
            f"{VARIABLE} is empty or too short to sign with",
            remedy="Give it 16 random characters or more, such as `openssl rand -hex 32` prints, or unset it.",
        )
    return given.encode("utf-8", "surrogateescape")


def signed(session: Session, made: Plan) -> Plan:
    """The plan, signed when there is a key."""
    from reconciler.state.plan_file import sign

    key = plan_key(session)
    return made if key is None else sign(made, key)
