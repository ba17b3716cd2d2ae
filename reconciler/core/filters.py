"""Filters of live customers: what is asked of the ERP, and what is then kept here. Pure.

The ERP's own filters cannot be trusted alone: a parameter that it does not know is ignored and all rows come back
(fact sheet 5), and what some of them mean is open (Q11, Q12, Q27). So the widest form is sent, and each row that comes
back is judged here by exactly what was asked. Ids and phone numbers compare without their layout, which no filter of
the ERP does: they are not sent, and all customers are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.core.errors import WrongUsage
from reconciler.core.live import Live
from reconciler.core.normalise import comparison_key, date_key
from reconciler.core.timestamps import DAY, Moment, read_moment, render_moment
from reconciler.resources.customer import ATTRIBUTES, CUSTOMER, FILTERS
from reconciler.resources.grammar import Comparison, Field
from reconciler.resources.values import Path, get

_BOUND = re.compile(r"\s*(>=|<=|>|<)\s*(.*?)\s*", re.DOTALL)
_FRACTION = re.compile(r"\.(\d+)")
_FORMS = "yyyy-MM-dd, yyyy-MM-dd HH:mm:ss or yyyy-MM-dd HH:mm:ss.FFF"
_REMEDY = f"Write a condition and a time, such as '>= 2026-01-31'. Conditions: > < >= <=. Times: {_FORMS}."

Check: TypeAlias = Callable[[Live], bool]


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition on a time. `form`: digits of the fraction of a second as it was written, None for a date alone."""

    condition: str
    moment: Moment
    form: int | None

    @property
    def is_lower(self) -> bool:
        """Whether it asks for what is later."""
        return self.condition.startswith(">")

    def holds(self, text: str | None) -> bool:
        """Whether the ERP's time, as its row shows it, satisfies the condition.

        Wall clocks are compared as they stand, since the zone is unknown (Q11). Only when the condition names a zone,
        both are compared in UTC; the row's time is then taken as UTC unless it bears a mark of its own.
        """
        seen = read_moment(text or "")
        if seen is None:
            return False
        left, right = (seen.wall, self.moment.wall) if self.moment.offset is None else (seen.utc, self.moment.utc)
        match self.condition:
            case ">":
                return left > right
            case ">=":
                return left >= right
            case "<":
                return left < right
            case _:
                return left <= right

    def sent(self, days: int = 1) -> Bound:
        """The bound that is sent: never strict (Q12), in UTC, and wider by days, since the ERP's zone is unknown (Q11).

        In the form in which it was written, but for a date alone with a zone, which needs a time.
        """
        way = -1 if self.is_lower else 1
        form = 0 if self.form is None and self.moment.offset else self.form
        return Bound(">=" if self.is_lower else "<=", Moment(self.moment.utc + way * days * DAY), form)

    @property
    def text(self) -> str:
        """The time as the API's filters take it."""
        return render_moment(self.moment.wall, self.form)


def parse_bounds(option: str, text: str) -> tuple[Bound, ...]:
    """The conditions of an option such as `--modified '>= 2026-01-01, < 2026-02-01'`. Raises WrongUsage."""
    return tuple(_bound(option, part) for part in text.split(","))


def _bound(option: str, text: str) -> Bound:
    bound = _BOUND.fullmatch(text)
    if bound is None:
        raise WrongUsage(f"{option} has no condition: {text!r}", remedy=_REMEDY)
    moment = read_moment(bound[2])
    fraction = _FRACTION.search(bound[2])
    digits = len(fraction[1]) if fraction else 0
    if moment is None or digits > 3:
        raise WrongUsage(f"{option} has no time that the API takes: {bound[2]!r}", remedy=_REMEDY)
    form = None if bound[2][10:11] not in (" ", "T", "t") else 3 if digits else 0
    return Bound(bound[1], moment, form)


def parse_attributes(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`ID=VALUE` words by id; a comma in a value, or the same id again, means any of them. Raises WrongUsage."""
    wanted: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip()
        values = tuple(part.strip() for part in text.split(","))
        if not equals or not name or not all(values):
            raise WrongUsage(
                f"--attribute wants ID=VALUE, not {word!r}",
                remedy="Write --attribute REGION=NORTH, or --attribute REGION=NORTH,SOUTH for either.",
            )
        wanted[name] = (*wanted.get(name, ()), *values)
    return wanted


def parse_status(word: str) -> str:
    """A status as the API spells it, whatever the case. Raises WrongUsage."""
    row = CUSTOMER.leaf((CUSTOMER.status,))
    assert row is not None, "a customer has a status"
    for status in row.values:
        if status.lower() == word.strip().lower():
            return status
    raise WrongUsage(f"There is no status {word!r}", remedy=f"Take one of {', '.join(row.values)}.")


def parse_text(option: str, text: str) -> str:
    """A text to look for. Raises WrongUsage when it is blank: the ERP would take that for no filter."""
    if not text.strip():
        raise WrongUsage(f"{option} is blank", remedy="Leave it out, or give it a text.")
    return text.strip()


def parse_equal(option: str, text: str) -> str:
    """The text of a filter of `FILTERS`, by its name. Raises WrongUsage for one that can find nobody."""
    word, row = parse_text(f"--{option}", text), _row(option)
    if not comparison_key(row, word):
        raise WrongUsage(f"--{option} {word!r} has neither a letter nor a digit", remedy="Write the number itself.")
    return word


def _row(option: str) -> Field:
    row = CUSTOMER.leaf(FILTERS[option].path)
    assert row is not None, "a filter is about a leaf"
    return row


def _is_sent(option: str) -> bool:
    """Whether the ERP's filter finds all that is asked for: not where another layout is the same value."""
    return _row(option).comparison is Comparison.EXACT


@dataclass(frozen=True, slots=True)
class Filters:
    """What customers to take; all that is given must hold.

    `equal`: texts by the keys of `FILTERS`, each from `parse_equal`. `name`: a part of the name, in any case.
    `customer_class`: the API has no filter for it. `name_is_sent`: whether the ERP can be trusted to find parts of
    names (Q27).
    """

    status: str | None = None
    customer_class: str | None = None
    name: str | None = None
    equal: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    modified: tuple[Bound, ...] = ()
    created: tuple[Bound, ...] = ()
    name_is_sent: bool = True

    @property
    def has_zone(self) -> bool:
        """Whether a time was given with a zone."""
        return any(bound.moment.offset is not None for bound in (*self.modified, *self.created))

    @property
    def fields(self) -> frozenset[str]:
        """The fields that must be read to judge a customer here."""
        names = {FILTERS[option].path[0] for option in self.equal}
        names |= {CUSTOMER.category} if self.customer_class else set()
        return frozenset(names | ({ATTRIBUTES} if self.attributes else set()))

    def parameters(self) -> dict[str, str]:
        """The list parameters to send (fact sheet 5), each in its widest form."""
        sent: dict[str, str] = {}
        if self.status:
            sent[CUSTOMER.status] = self.status
        if self.name and self.name_is_sent:
            sent[CUSTOMER.label] = self.name
        sent |= {FILTERS[option].parameter: text for option, text in self.equal.items() if _is_sent(option)}
        for name, bounds in (("lastModifiedDateTime", self.modified), ("createdDateTime", self.created)):
            if bounds:
                bound = _first(bounds).sent()
                sent |= {name: bound.text, f"{name}Condition": bound.condition}
        if self.attributes:
            texts = {name: ",".join(values) for name, values in self.attributes.items()}
            sent[ATTRIBUTES] = json.dumps(texts, ensure_ascii=False)
        return sent


@dataclass(slots=True)
class Sieve:
    """Keeps the customers that were asked for, and notes when the ERP returned what it was not asked for."""

    filters: Filters
    wrong: int = 0
    _is_broken: bool = False
    _here: list[Check] = field(init=False)
    _sent: list[tuple[Check, Check]] = field(init=False)

    def __post_init__(self) -> None:
        self._here = list(_checks_here(self.filters))
        self._sent = list(_checks_sent(self.filters))

    def keeps(self, live: Live) -> bool:
        """Whether the customer was asked for."""
        if not all(asked(live) for asked, _ in self._sent):
            self.wrong += 1
            self._is_broken = self._is_broken or not all(promised(live) for _, promised in self._sent)
            return False
        return all(check(live) for check in self._here)

    @property
    def dropped(self) -> int:
        """How many rows the ERP returned although they do not satisfy what it was asked.

        Zero when it only returned the margin that was asked for beyond the times that are wanted.
        """
        return self.wrong if self._is_broken else 0


def _first(bounds: tuple[Bound, ...]) -> Bound:
    """The API takes one condition for each time: a lower one, if there is one, cuts off the long past."""
    return next((bound for bound in bounds if bound.is_lower), bounds[0])


def _checks_sent(filters: Filters) -> Iterable[tuple[Check, Check]]:
    """For each filter that is sent: the check of what was asked, and of what the ERP was sent."""
    for check in _exact_checks(filters):
        yield check, check
    for bounds, time_of in ((filters.modified, _modified), (filters.created, _created)):
        if bounds:
            yield _times_check(bounds, time_of), _times_check((_first(bounds).sent(2),), time_of)


def _exact_checks(filters: Filters) -> Iterable[Check]:
    if filters.status:
        yield _equals((CUSTOMER.status,), filters.status)
    if filters.name and filters.name_is_sent:
        yield _contains(filters.name)
    for option, text in filters.equal.items():
        if _is_sent(option):
            yield _equals(FILTERS[option].path, text)
    for name, wanted in filters.attributes.items():
        yield _has_attribute(name, wanted)


def _checks_here(filters: Filters) -> Iterable[Check]:
    if filters.customer_class:
        yield _equals((CUSTOMER.category,), filters.customer_class)
    if filters.name and not filters.name_is_sent:
        yield _contains(filters.name)
    for option, text in filters.equal.items():
        if not _is_sent(option):
            yield _has_key(FILTERS[option].path, _row(option), text)


def _has_key(path: Path, row: Field, text: str) -> Check:
    wanted = comparison_key(row, text)
    return lambda live: isinstance(value := get(live.values, path), str) and comparison_key(row, value) == wanted


def _equals(path: Path, text: str) -> Check:
    """Equal but for case and surrounding blanks: databases compare like that, and the API does not say (5)."""
    wanted = _folded(text)
    return lambda live: _folded(get(live.values, path)) == wanted


def _contains(text: str) -> Check:
    wanted = text.casefold()
    return lambda live: wanted in live.name.casefold()


def _has_attribute(name: str, wanted: tuple[str, ...]) -> Check:
    """Any of the values; a live value may be several itself, joined by commas (a multi-select)."""
    key, options = _folded(name), {_attribute_key(value) for value in wanted}

    def check(live: Live) -> bool:
        held = live.values.get(ATTRIBUTES)
        for attribute, value in held.items() if isinstance(held, dict) else ():
            if _folded(attribute) == key and isinstance(value, str):
                return not options.isdisjoint(map(_attribute_key, [value, *value.split(",")]))
        return False

    return check


def _attribute_key(text: str) -> str:
    """Dates without midnight, and a checkbox's words as the API's filter has them (fact sheet 5): 1 and 0."""
    folded = _folded(text)
    if read_moment(folded):
        return date_key(folded.upper())
    return {"true": "1", "false": "0"}.get(folded, folded)


def _times_check(bounds: tuple[Bound, ...], time_of: Callable[[Live], str | None]) -> Check:
    return lambda live: all(bound.holds(time_of(live)) for bound in bounds)


def _modified(live: Live) -> str | None:
    return live.modified


def _created(live: Live) -> str | None:
    return live.created


def _folded(value: object) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""
