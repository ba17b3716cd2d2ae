"""The gateway to the ERP's customers: the whole list, one customer, a write. Fulfils `core.ports.Erp`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from reconciler.core.classes import CustomerClass
from reconciler.core.doubts import Unreadable
from reconciler.core.errors import AnswerLost, NotFound, Refused, Rejected, ServerFailed, UnexpectedAnswer
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import Reading, Request
from reconciler.core.ports import Acted, Batch, Need, Sent, Spent, Touched, View
from reconciler.core.progress import Progress
from reconciler.erp.answer import Answer, parse, render
from reconciler.erp.auth import Access
from reconciler.erp.bodies import json_of, object_of, rows_of
from reconciler.erp.budget import Window
from reconciler.erp.classes import decode_classes
from reconciler.erp.decode import (
    Json,
    bare_version,
    decode,
    decode_own,
    decode_row,
    row_names,
    strange_members,
    unreadable,
)
from reconciler.erp.error_answers import fault, visible
from reconciler.erp.listing import MAX_PAGES, Listing, Tally, expand_flags
from reconciler.erp.ordered_pool import in_order
from reconciler.erp.paths import (
    CUSTOMERS,
    RENUMBER_PATH,
    action_path,
    customer_path,
    decode_segment,
    identity_path,
    number_in_location,
)
from reconciler.erp.transport import Hooks, Transport, open_client
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Scalar, Values

Answered = TypeVar("Answered")

_VERSION = re.compile(r"[\x21\x23-\x7e]+")
_LETTERS = re.compile("[A-Za-z]{4,}")
_PROBED = 20
_ACT_REMEDY = "It may or may not be done: look in the ERP before you repeat it."
_WRITE_PATH = re.compile(rf"{CUSTOMERS}/[^/?#]+")


@dataclass(frozen=True, slots=True)
class AccessCheck:
    """What the `auth` command tells: the token's scopes and lifetime in seconds, rate window, customers.

    `customers` is how many there are, or None when the ERP did not say.
    """

    scopes: tuple[str, ...]
    expires_in: int
    window: Window | None
    customers: int | None


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a list: customers, each with the API's own row, or what can be known of one that cannot be read; and
    how many the ERP says there are, or None."""

    rows: tuple[tuple[Live | Unreadable, Json], ...]
    total: int | None

    @property
    def read(self) -> list[Live | Unreadable]:
        """What was made of the rows."""
        return [live for live, _ in self.rows]


class Customers:
    """One company's customers. Safe to use from several threads; reads up to `parallelism` pages at once."""

    def __init__(
        self,
        transport: Transport,
        *,
        page_size: int,
        parallelism: int,
        clock: Callable[[], float],
        most_pages: int = MAX_PAGES,
        progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._transport = transport
        self._listing = Listing(transport, page_size, parallelism, most_pages, progress)
        self._progress = progress
        self._parallelism = parallelism
        self._clock = clock

    @property
    def window(self) -> Window | None:
        """What the ERP last said of its rate limit."""
        return self._transport.window

    @property
    def strange(self) -> Mapping[str, int]:
        """How many customers have which member that this version does not know, in what was read so far."""
        return self._listing.strange

    @property
    def requests(self) -> int:
        """How many API calls were sent so far."""
        return self._transport.requests

    def refresh(self, need: Need, keep: Callable[[Live], Live] = lambda live: live) -> View:
        """All customers, each once, by internal id. Raises ErpErrors; TornView if the list never agrees.

        keep: what is kept of each customer while the rest is read; `need.own` is added to those that it concerns.
        """
        before, as_of = self.requests, _utc(self._clock())
        found = self._listing.whole(need, keep=keep)
        assert found is not None, "no bound was set"
        listed = self.requests - before
        customers, lost = self._with_own(found.customers, need)
        spent = self.spent()
        return View(
            tuple(customers),
            as_of,
            spent.requests - before,
            spent.limit,
            spent.remaining,
            spent.reset_seconds,
            found.page_size,
            Reading(all_read_at=as_of, list_requests=listed),
            found.doubts.with_unreadable(lost),
        )

    def modified_since(self, moment: str, need: Need, *, at_most: int) -> tuple[Live, ...] | None:
        """Customers modified at or after the moment, as the filter takes it; None when there are more than `at_most`.

        Also what the ERP returns although it was not modified since: it is fresh. Raises ErpErrors; TornView.
        """
        filters = {"lastModifiedDateTime": moment, "lastModifiedDateTimeCondition": ">="}
        found = self._listing.whole(need, filters, at_most=at_most)
        if found is not None and not found.doubts.is_sure:
            raise UnexpectedAnswer("Some of what changed cannot be read")
        return None if found is None else tuple(self._sound(found.customers, need))

    def list_page(self, number: int, size: int, need: Need) -> Batch:
        """One page of the list of all; `number` counts from 1."""
        page = self._listing.page(number, size, dict.fromkeys(expand_flags(need), "true"), row_names(need))
        return Batch(tuple(self._sound([decode(row, need) for row in page.rows], need)), page.total)

    def customer(self, number: str, need: Need) -> Live:
        """One customer, with the version of the ETag, else of the body (Q8). NotFound on a 404 only."""
        path = customer_path(number)
        answer = self._transport.get(path)
        live = decode(object_of(path, answer), need)
        if number_key(live.number) != number_key(number):
            raise UnexpectedAnswer(f"GET {path} was answered with another customer, {visible(live.number)}")
        live = replace(live, version=bare_version(answer.headers.get("etag")) or live.version)
        return self._sound([live], need)[0]

    def number_of(self, internal_id: int) -> str:
        """The number that the customer has now (fact sheet 4.1). NotFound on a 404 only."""
        path = identity_path(internal_id)
        row = object_of(path, self._transport.get(path))
        live = decode(row, Need(frozenset(), {}))
        if live.internal_id != internal_id:
            raise UnexpectedAnswer(f"GET {path} was answered with another customer, {visible(live.number)}")
        return live.number

    def customers(self, numbers: Sequence[str], need: Need) -> tuple[Live, ...]:
        """Customers, each read by itself, in that order. Raises as `customer` does."""
        read = in_order(lambda number: self.customer(number, need), numbers, self._parallelism)
        return tuple(self._told(read, len(numbers)))

    def spent(self) -> Spent:
        """What was used of the ERP so far."""
        window = self.window or Window(None, None, None)
        return Spent(self.requests, window.limit, window.remaining, window.reset_seconds)

    def row(self, number: str) -> Json:
        """One customer as the API's own row."""
        path = customer_path(number)
        answer = self._transport.get(path)
        row = object_of(path, answer)
        self._listing.strange |= Counter(strange_members(b"[%b]" % answer.body, [row]))
        return row

    def stream(
        self,
        need: Need,
        filters: Mapping[str, str] | None = None,
        expand: Iterable[str] = (),
        reading: Tally | None = None,
    ) -> Iterator[Rows]:
        """The customers page by page, as they come: filters are the API's list parameters (fact sheet 5).

        Unlike `refresh` this neither drops repeated rows nor reads again (`listing.Tally` tells), and `need.own` is
        not read. expand: more list parameters to set to true. reading: what is made of it.
        """
        expand = {*expand_flags(need), *expand}
        made = partial(_with_row, need=need)
        for page in self._listing.pages(filters or {}, expand, made=made, reading=reading):
            yield Rows(tuple(page.rows), page.total)

    def with_own(self, customers: Sequence[Live], names: Iterable[str]) -> tuple[list[Live], list[Unreadable]]:
        """The customers with fields that take a request each, and those for which such an answer cannot be read."""
        everyone = frozenset(number_key(live.number) for live in customers)
        return self._with_own(customers, Need(frozenset(), dict.fromkeys(names, everyone)))

    def finds_parts_of_names(self) -> bool:
        """Whether the `name` filter finds a part of a name in any case, which is open (Q27): two small reads.

        A part of a name that the ERP has is looked for, with its case swapped. False also when no name can tell.
        """
        rows = self._listing.page(1, _PROBED, {}).rows
        names = [row.get(CUSTOMER.label) for row in rows if isinstance(row, dict)]
        part = next((part for name in names if isinstance(name, str) and (part := _part_of(name))), None)
        return part is not None and bool(self._listing.page(1, 1, {CUSTOMER.label: part}).rows)

    def created_since(self, moment: str, need: Need) -> Iterator[Live]:
        """Customers created at or after the moment (UTC, ISO 8601), and those of the day before it.

        The zone in which the ERP reads the filter is unknown (fact sheet 14, Q11): the window overlaps by a day.
        """
        for batch in self.stream(need, _since("createdDateTime", moment)):
            lost = next((row for row in batch.read if isinstance(row, Unreadable)), None)
            if lost is not None:  # it may be the one that is looked for
                raise UnexpectedAnswer(f"{lost.label} cannot be read: {lost.reason}")
            yield from self._sound([live for live in batch.read if isinstance(live, Live)], need)

    def touched_since(self, moment: str, need: Need) -> Touched:
        """Customers created or modified at or after the moment (UTC, ISO 8601), and in the day before it; all of them
        from an ERP that does not take the filter. Raises ErpErrors; TornView."""
        try:
            rows = self._listing.whole(need, _since("lastModifiedDateTime", moment))
        except Rejected:
            rows = self._listing.whole(need)
        assert rows is not None, "no bound was set"
        return Touched(rows.customers, rows.doubts)

    def send(self, request: Request) -> Sent:
        """Send a create or an update exactly as it stands, once.

        Raises Conflict on 412, AnswerLost when the write may or may not be done, and the other ErpErrors.
        """
        headers = _write_headers(request)
        answer = self._transport.send(request.method, request.path, render(request.body), headers)
        return _created(request, answer) if request.method == "POST" else _updated(request, answer)

    def act(self, number: str, action: str, body: Mapping[str, Any]) -> Acted:
        """POST an action of a customer, once; its body is not wrapped (fact sheet 4.1).

        Raises AnswerLost when it may or may not be done, also on a 5xx and on an answer without a result: an action
        has no trace that could be looked for before it is repeated. Raises the other ErpErrors.
        """
        return self._act(action_path(number, action), body)

    def renumber(self, request: Request) -> Acted:
        """Send a renumbering exactly as it stands, once. Raises as `act` does; Refused when it is none."""
        if request.method != "POST" or not RENUMBER_PATH.fullmatch(request.path):
            raise Refused("The plan holds a request that is no renumbering of a customer")
        return self._act(request.path, request.body)

    def _act(self, path: str, body: Mapping[str, Any]) -> Acted:
        try:
            answer = self._transport.send("POST", path, render(body), {})
        except ServerFailed as error:
            raise AnswerLost(str(error), remedy=_ACT_REMEDY, status=error.status, reference=error.reference) from None
        return _acted(path, answer)

    def check(self) -> AccessCheck:
        """Get a token and read one row: cheap, and proves credentials, tenant and the scope to read."""
        page = self._listing.page(1, 1, {})
        token = self._transport.tokens.current()
        return AccessCheck(token.scopes, token.expires_in, self.window, page.total if page.rows else 0)

    def classes(self) -> tuple[CustomerClass, ...]:
        """The customer classes (fact sheet 4.2)."""
        path = f"{CUSTOMERS}/customerClass"
        return decode_classes(rows_of(path, self._transport.get(path)))

    def _sound(self, customers: Sequence[Live], need: Need) -> list[Live]:
        """As `_with_own`. Raises UnexpectedAnswer where one of them cannot be read."""
        sound, lost = self._with_own(customers, need)
        if lost:
            raise UnexpectedAnswer(f"{lost[0].label} cannot be read: {lost[0].reason}")
        return sound

    def _with_own(self, customers: Sequence[Live], need: Need) -> tuple[list[Live], list[Unreadable]]:
        """The customers with the fields that take a request each, where `need.own` names them; and those for which such
        an answer cannot be read."""
        wanted = [
            (live, name)
            for live in customers
            for name, numbers in need.own.items()
            if number_key(live.number) in numbers
        ]
        if not wanted:
            return list(customers), []
        extra: dict[int, Values] = {}
        lost: dict[int, Unreadable] = {}
        found = in_order(lambda one: self._own(one[0].number, one[1]), wanted, self._parallelism)
        for (live, name), value in zip(wanted, self._told(found, len(wanted)), strict=True):
            if isinstance(value, UnexpectedAnswer):
                lost[live.internal_id] = unreadable(live, str(value))
            else:
                extra.setdefault(live.internal_id, {})[name] = value
        return [
            live.with_values(live.values | extra[live.internal_id]) if live.internal_id in extra else live
            for live in customers
            if live.internal_id not in lost
        ], list(lost.values())

    def _told(self, answers: Iterable[Answered], total: int) -> Iterator[Answered]:
        """The answers, telling how many of them have come."""
        for done, answer in enumerate(answers, 1):
            self._progress(Progress("Reading customers singly", "request", done, total))
            yield answer

    def _own(self, number: str, name: str) -> Scalar | Values | UnexpectedAnswer:
        """A 404 here is no missing customer: it stands in the list. What cannot be read is given as the reason."""
        path = f"{customer_path(number)}/{CUSTOMER.fields[name].own_path}"
        try:
            answer = self._transport.get(path)
        except NotFound as error:
            raise UnexpectedAnswer(f"{error}, but the customer exists", status=404) from error
        try:
            return decode_own(name, None if answer.status == 204 else json_of(path, answer))
        except UnexpectedAnswer as error:
            return error


def _with_row(row: Json, place: str, need: Need) -> tuple[Live | Unreadable, Json]:
    return decode_row(row, need, place), row


def _since(member: str, moment: str) -> dict[str, str]:
    """The list's filter by a time; the zone in which the ERP reads it is unknown (Q11), hence the day before."""
    start = datetime.fromisoformat(moment) - timedelta(days=1)
    return {member: f"{start:%Y-%m-%d %H:%M:%S}", f"{member}Condition": ">="}


@contextmanager
def open_customers(
    access: Access,
    hooks: Hooks | None = None,
    *,
    page_size: int = 1000,
    parallelism: int = 4,
    timeout: float = 60.0,
    trust_env: bool = True,
    most_pages: int = MAX_PAGES,
) -> Iterator[Customers]:
    """The customers of one company, with connections that are closed at the end. Nothing is sent yet.

    timeout: seconds of silence. trust_env: honour HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE. most_pages: of a list.
    """
    hooks = hooks or Hooks()
    urls, clock = (access.base_url, access.token_url), hooks.clock
    with open_client(parallelism=parallelism, timeout=timeout, trust_env=trust_env, urls=urls, clock=clock) as client:
        transport = Transport(client, access, hooks)
        yield Customers(
            transport,
            page_size=page_size,
            parallelism=parallelism,
            clock=clock,
            most_pages=most_pages,
            progress=hooks.on_progress,
        )


def _write_headers(request: Request) -> dict[str, str]:
    """If-Match for an update: without it the last writer would win in silence (fact sheet 13.10)."""
    if request.method == "POST" and request.path == CUSTOMERS:
        return {}
    if request.method != "PUT" or not _WRITE_PATH.fullmatch(request.path):
        raise Refused("The plan holds a request that is neither a create nor an update of a customer")
    if request.if_match is None or not _VERSION.fullmatch(request.if_match):
        raise UnexpectedAnswer(
            f"PUT {request.path} is not sent: the ERP gave no version to check it against",
            remedy="Make a new plan.",
        )
    return {"If-Match": f'"{request.if_match}"'}


def _created(request: Request, answer: Answer) -> Sent:
    """The number is in Location alone: the body is empty (fact sheet 3.2, 12.2)."""
    if answer.status == 202:
        raise fault(request.method, request.path, answer, 0.0)
    number = number_in_location(answer.headers.get("location", ""))
    if number is None:
        raise AnswerLost(
            f"POST {request.path} was answered {answer.status} without the new customer's number",
            remedy="Look for the customer before it is created again: it may exist.",
            status=answer.status,
        )
    return Sent(number, bare_version(answer.headers.get("etag")))


def _updated(request: Request, answer: Answer) -> Sent:
    if answer.status not in (200, 204):
        raise fault(request.method, request.path, answer, 0.0)
    number = decode_segment(request.path.removeprefix(f"{CUSTOMERS}/"))
    assert number is not None, "the codec wrote the path"
    return Sent(number, bare_version(answer.headers.get("etag")))


def _acted(path: str, answer: Answer) -> Acted:
    """Member names in any case, as elsewhere (fact sheet 10)."""
    try:
        found = parse(answer.body)
    except ValueError:
        found = None
    members = {str(name).lower(): text for name, text in found.items()} if isinstance(found, dict) else {}
    texts = {name: text for name, text in members.items() if isinstance(text, str)}
    if answer.status == 202:
        return Acted("Background", texts.get("id", ""))
    if "actionresult" in texts:
        return Acted(texts["actionresult"], texts.get("actionid", ""), texts.get("errorinfo", ""))
    raise AnswerLost(
        f"POST {path} was answered {answer.status} without a result", remedy=_ACT_REMEDY, status=answer.status
    )


def _part_of(name: str) -> str | None:
    """A part of the name in swapped case, or None when it has none that could tell."""
    found = _LETTERS.search(name)
    return found[0][:-1].swapcase() if found else None


def _utc(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
