"""A body of POST or PUT, read strictly into a patch: write names to plain values.

In a patch an empty text and None mean "clear"; a member that was not sent is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.sandbox.dto_members import CUSTOMER, Member
from reconciler.sandbox.dto_values import check_value
from reconciler.sandbox.jsontext import loads
from reconciler.sandbox.refusals import BadBody
from reconciler.sandbox.switches import Switches

_ABSENT: Final = object()


def read_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises BadBody."""
    try:
        value = loads(body.decode("utf-8-sig"))
    except ValueError as problem:
        raise BadBody("", f"not JSON: {problem}") from None
    if not isinstance(value, dict):
        raise BadBody("", "expected an object")
    return value


def read_customer(body: bytes, switches: Switches) -> dict[str, Any]:
    """The patch that a CustomerUpdateDto asks for. Raises BadBody at the first member that does not fit."""
    return _BodyReader(switches).members(read_object(body), CUSTOMER, "")


class _BodyReader:
    """Walks a body along the shapes; the switches decide the open questions Q15 and Q32."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def members(self, value: Mapping[str, object], shapes: Mapping[str, Member], path: str) -> dict[str, Any]:
        """Members in any case (fact sheet 12.1); unknown ones are ignored unless a switch says otherwise."""
        known = {name.lower(): name for name in shapes}
        patch: dict[str, Any] = {}
        for sent, member in value.items():
            name = known.get(sent.lower())
            if name is None:
                self._unknown(path + sent)
                continue
            read = self._member(member, shapes[name], path + name)
            if read is not _ABSENT:
                patch[name] = read
        return patch

    def _unknown(self, path: str) -> None:
        if self._switches.unknown_members == "refuse":
            raise BadBody(path, "no such member")

    def _member(self, value: object, shape: Member, path: str) -> Any:
        if value is None:
            return self._null(self._switches.null_member, shape, path)
        if shape.wrapped:
            return self._wrapped(value, shape, path)
        return self._plain(value, shape, path)

    def _wrapped(self, value: object, shape: Member, path: str) -> Any:
        inner = _inner(value) if isinstance(value, dict) else _ABSENT
        if inner is not _ABSENT:
            if inner is None:
                return self._null(self._switches.null_value, shape, path)
            return self._plain(inner, shape, path)
        if self._switches.bare_values == "accept" and value != {}:
            return self._plain(value, shape, path)
        if not isinstance(value, dict):
            raise BadBody(path, 'expected a wrapper {"value": ...}')
        return self._null(self._switches.empty_wrapper, shape, path)

    def _null(self, policy: str, shape: Member, path: str) -> Any:
        """Q15: nullable types and texts are cleared, others refused, unless the switch says otherwise."""
        if policy == "ignore":
            return _ABSENT
        if policy == "clear" and shape.nullable:
            return None
        if policy == "clear" and shape.kind == "text":
            return ""
        raise BadBody(path, "null is not allowed")

    def _plain(self, value: object, shape: Member, path: str) -> Any:
        if shape.kind == "object":
            if not isinstance(value, dict):
                raise BadBody(path, "expected an object")
            return self.members(value, shape.members, f"{path}.")
        if shape.kind == "lines":
            return self._lines(value, shape, path)
        try:
            return check_value(value, shape)
        except ValueError as problem:
            raise BadBody(path, str(problem)) from None

    def _lines(self, value: object, shape: Member, path: str) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise BadBody(path, "expected an array")
        lines = []
        for index, line in enumerate(value):
            if not isinstance(line, dict):
                raise BadBody(f"{path}[{index}]", "expected an object")
            lines.append(self.members(line, shape.members, f"{path}[{index}]."))
        return lines


def _inner(wrapper: Mapping[str, object]) -> object:
    return next((wrapper[name] for name in wrapper if name.lower() == "value"), _ABSENT)
