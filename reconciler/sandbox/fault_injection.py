# ruff: noqa: S311  # chance here must be repeatable, not secret
"""Faults on demand: a script that matching requests consume, and chance.

A fault waits for a request that its `method` and `path` match, lets `skip` of them pass, and strikes `count`
times (0: for ever), each time with `probability`. Several faults stand in a queue; a request is struck by one
at most.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from reconciler.sandbox.clerk_edits import patch_of
from reconciler.sandbox.stored_forms import check_form
from reconciler.sandbox.switches import Switches

KINDS: Final = {
    "respond": "Answer `status`, `body`, `content_type`, `headers`; `when` after: once the work is done.",
    "reset": "Reset the connection, before or after the work is done (`when`).",
    "hang": "Say nothing for `seconds`, then close; `when` after: the work is done first.",
    "delay": "Answer `seconds` late.",
    "drip": "Send the body `bytes` at a time, `seconds` between.",
    "truncate": "Promise the whole body, send `bytes` of it, close.",
    "garble": "Send only `bytes` of the body as if that were all.",
    "expire": "All tokens expire just before the request.",
    "throttle": "429 for `seconds`, this request included.",
    "shift": "Shift the page of a list by `rows`.",
    "location": "Name `host` in Location.",
    "normalise": "The ERP keeps other `values`: path to a form as in the switch `normalise`, or to {set: value}.",
    "assign": "A POST gets `number` whatever it asked for.",
    "switch": "The request meets other switches: `values`, name to value.",
    "edit": "A clerk changes `number` with `values`, before or after the request (`when`).",
    "create": "A clerk enters a customer with `values` (and `number`, if given), before or after the request.",
    "renumber": "A clerk gives customer `number` the number `new`, before or after the request (`when`).",
    "vanish": "Customer `number` disappears, before or after the request (`when`).",
}


@dataclass(frozen=True)
class Fault:
    """One fault; see `KINDS` for which fields a kind reads."""

    kind: str = "respond"
    method: str = ""
    path: str = ""
    skip: int = 0
    count: int = 1
    probability: float = 1.0
    when: str = "before"
    status: int = 500
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    bytes: int = 16
    rows: int = -1
    host: str = "https://elsewhere.example"
    number: str = ""
    new: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")
        if self.when not in ("before", "after"):
            raise ValueError(f"when is before or after, not {self.when!r}")
        try:
            re.compile(self.method)
            re.compile(self.path)
        except re.error as problem:
            raise ValueError(f"method or path is no regular expression: {problem}") from None

    def matches(self, method: str, target: str) -> bool:
        """Whether it concerns the request; `target` is path and query."""
        return bool(re.fullmatch(self.method or ".*", method) and re.search(self.path, target))

    def as_dict(self) -> dict[str, Any]:
        """For the control API."""
        return asdict(self)


def fault_of(values: Mapping[str, Any]) -> Fault:
    """A fault from plain values. Raises ValueError for an unknown name or a value of the wrong type."""
    known = {member.name: member for member in fields(Fault)}
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"unknown field {name!r} of a fault; known: {', '.join(known)}")
        checked[name] = _typed(name, value, str(known[name].type))
    fault = Fault(**checked)
    _check_values(fault)
    return fault


def _check_values(fault: Fault) -> None:
    """Paths and values are checked when the fault is ordered, not when it strikes."""
    if fault.kind in ("edit", "create"):
        patch_of(fault.values)
    elif fault.kind == "switch":
        Switches().with_values(fault.values)
    elif fault.kind == "normalise":
        for path, form in fault.values.items():
            if isinstance(form, Mapping):
                patch_of({path: form.get("set")})
            else:
                check_form(form)


def _typed(name: str, value: Any, kind: str) -> Any:
    if kind == "str" and isinstance(value, str):
        return value
    if kind.startswith("Mapping") and isinstance(value, Mapping):
        return dict(value)
    try:
        if kind == "int" and not isinstance(value, bool):
            return int(value)
        if kind == "float" and not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name} of a fault does not take {value!r}")


class _Queued:
    """A fault with its counters."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.struck = 0

    @property
    def done(self) -> bool:
        return bool(self.fault.count) and self.struck >= self.fault.count


class FaultBook:
    """The queue of faults."""

    def __init__(self, seed: int = 0) -> None:
        self._queue: list[_Queued] = []
        self.chance = random.Random(seed)

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the queue."""
        self._queue.append(_Queued(fault))

    def clear(self) -> None:
        """Forget all faults."""
        self._queue.clear()

    def pending(self) -> list[dict[str, Any]]:
        """The faults still to strike, with how often each has struck."""
        return [{**queued.fault.as_dict(), "struck": queued.struck} for queued in self._queue]

    def take(self, method: str, target: str) -> Fault | None:
        """The fault that strikes this request, if any."""
        for queued in self._queue:
            if queued.fault.matches(method, target) and self._strikes(queued):
                self._queue = [left for left in self._queue if not left.done]
                return queued.fault
        return None

    def _strikes(self, queued: _Queued) -> bool:
        if queued.seen < queued.fault.skip:
            queued.seen += 1
            return False
        if queued.fault.probability < 1 and self.chance.random() >= queued.fault.probability:
            return False
        queued.struck += 1
        return True
