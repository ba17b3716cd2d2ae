# ruff: noqa: S608  # SQL is put together from constants; values are bound
"""The query of GET /v1/customer, as SQL (fact sheet 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from reconciler.sandbox.dto_members import CUSTOMER
from reconciler.sandbox.jsontext import loads
from reconciler.sandbox.refusals import Refusal, support_reference
from reconciler.sandbox.switches import Switches

_EQUAL: Final = {
    "corporateid": "corporate_id",
    "vatregistrationid": "vat_id",
    "email": "email",
    "phone": "phone",
}
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d{1,3})?)?", re.ASCII)
_CONDITIONS: Final = (">", "<", ">=", "<=")
_ORDERS: Final = {"number": "number", "internal_id": "id", "modified": "modified desc, id"}
_EXPANDS: Final = {
    "expandaccountinformation": "glAccounts",
    "expandpaymentmethods": "paymentMethods",
    "expanddirectdebit": "directDebitLines",
}
_INT32: Final = 1 << 31


@dataclass
class ListQuery:
    """One list request: SQL conditions with their values, the page, and what to expand."""

    conditions: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    page: int = 1
    size: int = 100
    offset: int = 0
    order: str = "number"
    details: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The SQL condition, never empty."""
        return " and ".join(self.conditions) or "1"

    def add(self, condition: str, *values: object) -> None:
        """One more condition that rows must meet."""
        self.conditions.append(condition)
        self.values += values


EVERYTHING: Final = ListQuery()
"""All customers; shared, so not to be changed."""


def read_query(parameters: Mapping[str, str], switches: Switches) -> ListQuery:
    """The list query of request parameters; unknown ones are ignored (5), names match in any case.

    Raises Refusal (400) for a value that does not fit its parameter.
    """
    sent = {name.lower(): value for name, value in reversed(list(parameters.items()))}
    query = ListQuery(order=_ORDERS[switches.list_order])
    _page(query, sent, switches)
    _plain_filters(query, sent, switches)
    for name, column in (("lastmodifieddatetime", "modified"), ("createddatetime", "created")):
        _moment_filter(query, sent, name, column, switches)
    if sent.get("attributes"):
        _attribute_filter(query, sent["attributes"])
    always = switches.list_details == "always"
    query.details = tuple(member for name, member in _EXPANDS.items() if _flag(sent, name) or always)
    return query


def _bad(text: str) -> Refusal:
    return Refusal(f"{support_reference()}{text}", 400)


def _page(query: ListQuery, sent: Mapping[str, str], switches: Switches) -> None:
    """Pages from 1; a size above the maximum is cut without error (6)."""
    query.page = _whole(sent, "pagenumber", 1)
    query.size = min(_whole(sent, "pagesize", switches.page_size_default), switches.page_size_max)
    shift = switches.page_shift * (query.page - 1)
    query.offset = max(0, (query.page - 1) * query.size + shift)


def _whole(sent: Mapping[str, str], name: str, default: int) -> int:
    text = sent.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or not 1 <= int(text) < _INT32:
        raise _bad(f"The value '{text[:40]}' is not valid for {name}.")
    return int(text)


def _flag(sent: Mapping[str, str], name: str) -> bool:
    word = sent.get(name, "").strip().lower()
    if word not in ("", "true", "false"):
        raise _bad(f"The value '{word[:40]}' is not valid for {name}.")
    return word == "true"


def _plain_filters(query: ListQuery, sent: Mapping[str, str], switches: Switches) -> None:
    for name, column in _EQUAL.items():
        if sent.get(name):
            query.add(f"{column} = ?", sent[name])
    if sent.get("status"):
        if sent["status"] not in CUSTOMER["status"].choices:
            raise _bad(f"The value '{sent['status'][:40]}' is not valid for status.")
        query.add("status = ?", sent["status"])
    if sent.get("name"):
        _name_filter(query, sent["name"], switches)


def _name_filter(query: ListQuery, name: str, switches: Switches) -> None:
    """Contains, case-insensitive, unless the switches say otherwise (Q27)."""
    column, wanted = ("name", name) if switches.name_filter_case else ("name_folded", name.casefold())
    if switches.name_filter == "equals":
        query.add(f"{column} = ?", wanted)
    else:
        query.add(f"instr({column}, ?) > 0", wanted)


def _moment_filter(query: ListQuery, sent: Mapping[str, str], name: str, column: str, switches: Switches) -> None:
    """A moment needs its condition and the other way round (5)."""
    text, condition = sent.get(name, ""), sent.get(f"{name}condition", "").strip()
    if not text and not condition:
        return
    if not text or not condition:
        raise _bad(f"{name} and {name}Condition must be given together.")
    if condition not in _CONDITIONS:
        raise _bad(f"The value '{condition[:40]}' is not valid for {name}Condition.")
    try:
        moment = filter_moment(text, switches)
    except ValueError as problem:
        _refused_moment(query, str(problem), switches)
        return
    if condition == ">" and not switches.greater_is_strict:
        condition = ">="
    query.add(f"{column} {condition} ?", moment)


def filter_moment(text: str, switches: Switches) -> str:
    """A filter value as stored moments are written. Raises ValueError for a refused form (5.1)."""
    if re.search("[W-Zw-z]", text):
        raise ValueError("The characters W to Z are not allowed in a filter.")
    if not _MOMENT.fullmatch(text) or ("T" in text and not switches.filter_t_form):
        raise ValueError(f"The value '{text[:40]}' is not a valid date.")
    moment = datetime.fromisoformat(text.replace("T", " ") if "." not in text else _full_fraction(text))
    try:
        moment -= timedelta(minutes=switches.zone_offset_minutes + switches.filter_zone_minutes)
    except OverflowError:
        raise ValueError(f"The value '{text}' is not a valid date.") from None
    return moment.isoformat(timespec="microseconds")


def _full_fraction(text: str) -> str:
    head, _, fraction = text.partition(".")
    return f"{head}.{fraction.ljust(3, '0')}"


def _refused_moment(query: ListQuery, problem: str, switches: Switches) -> None:
    """Q14: an error, or silently all rows, or none."""
    if switches.refused_filter == "error":
        raise _bad(problem)
    if switches.refused_filter == "empty":
        query.add("0")


def _attribute_filter(query: ListQuery, text: str) -> None:
    """JSON text, attribute id to value, a comma inside the value means any of (5)."""
    try:
        wanted = loads(text)
    except ValueError:
        raise _bad("The value of attributes is not JSON.") from None
    if not isinstance(wanted, dict):
        raise _bad("The value of attributes is not a JSON object.")
    for key, value in wanted.items():
        options = [option.strip() for option in _attribute_text(value).split(",")]
        marks = ", ".join("?" * len(options))
        member = f"line.key = ? and line.value in ({marks})"
        query.add(
            f"exists (select 1 from json_each(customer.attributes) line where {member})",
            key.upper(),
            *options,
        )


def _attribute_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dict | list) or value is None:
        raise _bad("The value of an attribute is not a text.")
    return str(value)
