"""`RECONCILER_PLAN_KEY`: plans are signed with it, and without its signature none is applied."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.errors import WrongUsage
from reconciler.core.plan import Plan
from reconciler.state.plan_file import sign

VARIABLE = "RECONCILER_PLAN_KEY"
_SHORTEST = 16


def plan_key(environ: Mapping[str, str]) -> bytes | None:
    """The key, never kept anywhere; None without one. Raises WrongUsage when it is too short."""
    key = environ.get(VARIABLE)
    if key is None:
        return None
    if len(key.strip()) < _SHORTEST:  # also an empty one: a secret that a CI job was not given must not mean no check
        raise WrongUsage(
            f"{VARIABLE} is empty or too short to sign with",
            remedy="Give it 16 random characters or more, such as `openssl rand -hex 32` prints, or unset it.",
        )
    return key.encode("utf-8", "surrogateescape")


def signed(plan: Plan, environ: Mapping[str, str]) -> Plan:
    """The plan, signed when there is a key. Raises WrongUsage."""
    key = plan_key(environ)
    return plan if key is None else sign(plan, key)
