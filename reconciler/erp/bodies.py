"""The bodies of successful reads, in the shape that is expected there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from reconciler.core.errors import UnexpectedAnswer
from reconciler.erp.answer import Answer, parse_leniently, parse_rows, parse_rows_apart
from reconciler.erp.decode import Json
from reconciler.erp.error_answers import fault, read_reason


def json_of(path: str, answer: Answer) -> Any:
    """The JSON of a 200. Raises UnexpectedAnswer on another status and on what is no JSON."""
    if answer.status != 200:
        raise fault("GET", path, answer, 0.0)
    try:
        return parse_leniently(answer.body)
    except ValueError:
        said = read_reason(answer)[0] or "nothing"
    raise UnexpectedAnswer(
        f"GET {path} was answered with something that is not JSON: {said}",
        remedy="Check that base_url is the API's address, and that no proxy answers in its place.",
    )


def object_of(path: str, answer: Answer) -> Json:
    """A JSON object. Raises UnexpectedAnswer."""
    found = json_of(path, answer)
    if not isinstance(found, dict):
        raise UnexpectedAnswer(f"GET {path} was not answered with a JSON object")
    return found


def rows_of(
    path: str,
    answer: Answer,
    names: frozenset[str] | None = None,
    mirrors: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Any]:
    """A JSON array: of objects where the ERP is sound, with only the members of these names when they are given.
    mirrors: as `answer.parse_rows` takes them.

    Whatever else stands in it is given as it is, and a row that cannot be parsed as `Unfit`: one row must not cost the
    others. Raises UnexpectedAnswer.
    """
    if names is not None and answer.status == 200 and (rows := parse_rows(answer.body, names, mirrors)) is not None:
        return rows
    try:
        return parse_rows_apart(answer.body) if answer.status == 200 else _array(path, json_of(path, answer))
    except ValueError:
        return _array(path, json_of(path, answer))


def _array(path: str, found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise UnexpectedAnswer(f"GET {path} was not answered with a JSON array")
    return found
