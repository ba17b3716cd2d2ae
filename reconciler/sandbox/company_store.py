# ruff: noqa: S608  # SQL is put together from constants only
"""The sandbox company in one SQLite file, and the hand that edits it behind everyone's back.

Every process that opens the file sees the same company: nothing is cached outside it, so a clerk's edit from
another process shows in a running server at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from reconciler.sandbox.clerk_edits import patch_of
from reconciler.sandbox.clock import Clock, moment_text
from reconciler.sandbox.company_file import TABLES, connected, drop_indexes, make_indexes
from reconciler.sandbox.customer_dto import StoredCustomer, looks_usual, moment, row_text, version_token
from reconciler.sandbox.dto_members import ADDRESS, ADDRESSES, CONTACT, CONTACTS, MIRRORS
from reconciler.sandbox.jsontext import dumps, loads
from reconciler.sandbox.list_query import EVERYTHING, ListQuery
from reconciler.sandbox.merge import Record, class_defaults, class_record, part
from reconciler.sandbox.record_writes import clerk_create, clerk_edit
from reconciler.sandbox.seed import seeded
from reconciler.sandbox.switches import Switches

_of_this_request: ContextVar[Switches | None] = ContextVar("switches of this request", default=None)
_FIRST_VERSION: Final = 0x64D5FA
_FIRST_ID: Final = 5001

_BULK: Final = 2000
"""With this many new rows or more it is quicker to build the indexes afterwards."""

_PARTS: Final = {
    **dict.fromkeys(ADDRESSES, tuple(ADDRESS.members)),
    **dict.fromkeys(CONTACTS, tuple(CONTACT.members)),
}
_COLUMNS: Final = (
    "id", "number", "version", "created", "modified", "name", "name_folded", "status", "corporate_id",
    "vat_id", "email", "phone", "parent", "attributes", "record",
)  # fmt: skip
_ROW: Final = f"into customer ({', '.join(_COLUMNS)}) values ({', '.join('?' * len(_COLUMNS))})"
_READ: Final = (
    "select id, number, version, created, modified, record, "
    "case parent when '' then '' else (select name from customer p where p.number = customer.parent) end "
    "from customer"
)
"""A row as `_stored` takes it; the parent's name is looked up, so it cannot be stale."""


class CompanyStore:
    """Customers, counters and the write log. Safe to use from several threads and processes."""

    def __init__(self, path: str | Path, *, switches: Switches | None = None, clock: Clock | None = None) -> None:
        self.path = Path(path)
        self._switches = switches or Switches()
        self.clock = clock or Clock()
        self._lock = threading.RLock()
        self._depth = 0
        self._db = connected(self.path)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> CompanyStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def switches(self) -> Switches:
        """The switches in force; for one request they can be others."""
        return _of_this_request.get() or self._switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._switches = switches

    @contextmanager
    def switched(self, values: Mapping[str, object]) -> Iterator[None]:
        """Other switches for the block, and for no other request that is served at the same time."""
        token = _of_this_request.set(self.switches.with_values(values) if values else None)
        try:
            yield
        finally:
            _of_this_request.reset(token)

    # ---- the clerk's hands: what the command line and tests call ----

    def seed(self, count: int = 100, seed: int = 1, *, odd: bool = False, start: int | None = None) -> list[str]:
        """Add believable customers, the same for the same arguments; answers their numbers.

        `odd` adds a few customers with awkward numbers and names. Without `start` numbers go on from 10000.
        """
        with self.transaction():
            first_id = self._counter("internal_id", _FIRST_ID)
            first_version = self._counter("version", _FIRST_VERSION)
            people = seeded(
                count,
                seed,
                taken=set(self.numbers()),
                first_id=first_id,
                first_version=first_version,
                odd=odd,
                start=start,
            )
            added: list[str] = []
            self._db.execute("delete from shown where customer in (select id from customer where parent <> '')")
            with self._bulk(count):
                self._db.executemany(f"insert {_ROW}", self._noted(people, added))
            self._set_counter("internal_id", first_id + len(added))
            self._set_counter("version", first_version + len(added))
        return added

    def edit(self, number: str, values: Mapping[str, object]) -> None:
        """Change a customer as a clerk would: `{"mainAddress.city": "Oslo", "attributes.REGION": "NORTH"}`.

        Raises ValueError for an unknown number, an unknown path or a value that the field cannot hold.
        """
        patch = patch_of(values)
        with self.transaction():
            clerk_edit(self, self._known(number), patch)

    def create(self, values: Mapping[str, object], number: str = "") -> str:
        """Enter a customer as a clerk would, with the settings of its class; answers its number.

        Without `number` the company's series gives one. Raises ValueError for a taken number, an unknown path or a
        value that the field cannot hold.
        """
        patch = patch_of(values)
        with self.transaction():
            return clerk_create(self, self.normal_number(number) or self.next_number(), patch).number

    def delete(self, number: str) -> None:
        """Let a customer vanish (the API itself cannot do that). Raises ValueError when unknown."""
        with self.transaction():
            customer = self._known(number)
            self._db.execute("delete from customer where id = ?", (customer.internal_id,))
            self._forget_texts(customer)

    def renumber(self, number: str, new: str) -> None:
        """Give a customer another number; its internal id stays. Raises ValueError when unknown or taken."""
        with self.transaction():
            customer = self._known(number)
            new = self.normal_number(new)
            if not new or self.has(new):
                raise ValueError(f"number {new!r} is empty or taken")
            self.rename(customer, new)

    def reset(self) -> None:
        """Forget all customers, the log and the counters."""
        with self.transaction():
            for table in TABLES:
                self._db.execute(f"delete from {table}")

    def customer(self, number: str) -> dict[str, Any]:
        """One customer in the shape of a declaration (write names). Raises ValueError when unknown."""
        with self._lock:
            return _declared(self._known(number))

    def customers(self) -> Iterator[dict[str, Any]]:
        """All customers by number, in the shape of declarations."""
        for number in self.numbers():
            yield self.customer(number)

    def numbers(self) -> list[str]:
        """All customer numbers, sorted."""
        with self._lock:
            return [row[0] for row in self._db.execute("select number from customer order by number")]

    def count(self, query: ListQuery = EVERYTHING) -> int:
        """How many customers there are, or meet the conditions of a list."""
        return int(self.value(f"select count(*) from customer where {query.where}", *query.values))

    def has(self, number: str) -> bool:
        """Whether a customer has this number (case and blanks as the switches say)."""
        return bool(self.value("select count(*) from customer where number = ?", self.normal_number(number)))

    def write_log(self) -> list[dict[str, Any]]:
        """Every accepted write in order: id, time, method, path, number, status, body."""
        names = ("id", "time", "method", "path", "number", "status", "body")
        with self._lock:
            rows = self._db.execute(f"select {', '.join(names)} from write_log order by id").fetchall()
        return [{**dict(zip(names, row, strict=True)), "body": loads(row[6])} for row in rows]

    # ---- what the HTTP side calls ----

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested uses join the outer one."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("begin immediate")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("rollback")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("commit")

    def value(self, sql: str, *parameters: object) -> Any:
        """The single value of a query."""
        with self._lock:
            row = self._db.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def change(self, sql: str, *parameters: object) -> None:
        """Carry out a statement that answers nothing."""
        with self._lock:
            self._db.execute(sql, parameters)

    def rows(self, sql: str, parameters: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._lock:
            return self._db.execute(sql, tuple(parameters)).fetchall()

    def normal_number(self, number: str) -> str:
        """A number as the ERP keeps it (Q22)."""
        number = number.strip() if self.switches.number_trim else number
        return number.upper() if self.switches.number_upper else number

    def find(self, number: str) -> StoredCustomer | None:
        """The customer of that number."""
        return self._one("number = ?", self.normal_number(number))

    def find_internal(self, internal_id: int) -> StoredCustomer | None:
        """The customer of that internal id."""
        return self._one("id = ?", internal_id)

    def page(self, query: ListQuery) -> list[StoredCustomer]:
        """The customers of one page."""
        rows = self.rows(f"{_READ} where {_on_page(query)}", (*query.values, query.size, query.offset))
        return [_stored(row) for row in rows]

    def page_texts(self, query: ListQuery) -> list[str]:
        """The same as JSON, each open at its end. In their usual looks customers are made into text once."""
        if not looks_usual(self.switches):
            return [row_text(customer, self.switches, query.details) for customer in self.page(query)]
        texts = self._kept_texts(query)
        if any(text is None for _, text in texts):
            with self.transaction():
                self._keep_texts([customer for customer, text in self._kept_texts(query) if text is None], query)
                texts = self._kept_texts(query)
        return [text for _, text in texts]

    def insert(self, record: Record) -> StoredCustomer:
        """A new customer with the next internal id, its number taken from the record."""
        internal_id = self._next("internal_id", _FIRST_ID)
        now = moment_text(self.clock.now())
        customer = StoredCustomer(
            internal_id, record["number"], self._next("version", _FIRST_VERSION), now, now, record
        )
        return self._put(customer)

    def save(self, customer: StoredCustomer, *, touch: bool = True) -> StoredCustomer:
        """Keep a changed record; `touch` raises version and modified time (Q10)."""
        if touch:
            version = self._next("version", _FIRST_VERSION)
            customer = customer._replace(version=version, modified=moment_text(self.clock.now()))
        return self._put(customer)

    def rename(self, customer: StoredCustomer, new: str) -> StoredCustomer:
        """Change the number; children show it as their parent's, and keep their version (neighbours-api.md 6)."""
        children = self.rows("select id from customer where parent = ?", (customer.number,))
        touch = self.switches.renumber_touches
        renamed = self.save(customer._replace(number=new, record={**customer.record, "number": new}), touch=touch)
        for (child_id,) in children:
            child = self.find_internal(child_id)
            if child is not None:
                self._put(child._replace(record={**child.record, "parentRecordNumber": new}))
        return renamed

    def next_number(self) -> str:
        """The next free number of the automatic series (fact sheet 12.3)."""
        while True:
            number = str(self._next("number", self.switches.number_start))
            if not self.has(number):
                return number

    def log_write(self, method: str, path: str, number: str, status: int, body: str) -> None:
        """Record an accepted write."""
        values = (moment_text(self.clock.now()), method, path, number, status, body)
        sql = "insert into write_log (time, method, path, number, status, body) values (?, ?, ?, ?, ?, ?)"
        with self._lock:
            self._db.execute(sql, values)

    # ---- inside ----

    @contextmanager
    def _bulk(self, count: int) -> Iterator[None]:
        if count >= _BULK:
            drop_indexes(self._db)
        yield
        make_indexes(self._db)

    def _known(self, number: str) -> StoredCustomer:
        customer = self.find(number)
        if customer is None:
            raise ValueError(f"no customer has the number {number!r}")
        return customer

    def _one(self, where: str, value: object) -> StoredCustomer | None:
        rows = self.rows(f"{_READ} where {where}", (value,))
        return _stored(rows[0]) if rows else None

    def _put(self, customer: StoredCustomer) -> StoredCustomer:
        with self._lock:
            self._db.execute(f"insert or replace {_ROW}", self._columns(customer))
            self._forget_texts(customer)
        return customer

    def _kept_texts(self, query: ListQuery) -> list[tuple[Any, ...]]:
        """Ids of a page, each with its text or None."""
        text = "(select text from shown where shown.customer = customer.id and details = ?)"
        values = (",".join(query.details), *query.values, query.size, query.offset)
        return self.rows(f"select id, {text} from customer where {_on_page(query)}", values)

    def _keep_texts(self, internal_ids: list[int], query: ListQuery) -> None:
        rows = self.rows(f"{_READ} where id in (select value from json_each(?))", (dumps(internal_ids),))
        details = ",".join(query.details)
        texts = ((row[0], details, row_text(_stored(row), self.switches, query.details)) for row in rows)
        with self._lock:
            self._db.executemany("insert into shown (customer, details, text) values (?, ?, ?)", texts)

    def _forget_texts(self, customer: StoredCustomer) -> None:
        """The text of a changed customer, and of those that show its name as their parent's."""
        children = "select id from customer where parent = ?"
        sql = f"delete from shown where customer = ? or customer in ({children})"
        self._db.execute(sql, (customer.internal_id, customer.number))

    def _noted(self, people: Iterable[StoredCustomer], added: list[str]) -> Iterator[tuple[object, ...]]:
        """Rows for the table; the numbers are noted in `added`."""
        for customer in people:
            added.append(customer.number)
            yield self._columns(customer)

    def _columns(self, customer: StoredCustomer) -> tuple[object, ...]:
        record = customer.record
        contact, parent = record["mainContact"], record["parentRecordNumber"]
        return (
            customer.internal_id, customer.number, customer.version, customer.created, customer.modified,
            record["name"], record["name"].casefold(), record["status"],
            record["corporateId"], record["vatRegistrationId"], contact["email"], contact["phone1"],
            self.normal_number(parent), _attributes_text(tuple(record["attributes"].items())), _compact(record),
        )  # fmt: skip

    def _counter(self, name: str, first: int) -> int:
        value = self.value("select value from counter where name = ?", name)
        return first if value is None else int(value)

    def _set_counter(self, name: str, value: int) -> None:
        with self._lock:
            self._db.execute("insert or replace into counter (name, value) values (?, ?)", (name, value))

    def _next(self, name: str, first: int) -> int:
        value = self._counter(name, first)
        self._set_counter(name, value + 1)
        return value


def open_store(path: str | Path, *, switches: Switches | None = None, clock: Clock | None = None) -> CompanyStore:
    """Open (or make) a sandbox company; the file is readable by its owner only."""
    return CompanyStore(path, switches=switches, clock=clock)


def _on_page(query: ListQuery) -> str:
    """Ids first and rows after, so that skipped rows are not read."""
    ids = f"select id from customer where {query.where} order by {query.order} limit ? offset ?"
    return f"id in ({ids}) order by {query.order}"


def _stored(row: tuple[Any, ...]) -> StoredCustomer:
    internal_id, number, version, created, modified, record, parent_name = row
    return StoredCustomer(internal_id, number, version, created, modified, _full(record), parent_name or "")


def _compact(record: Record) -> str:
    """The class, and what differs from a new customer of it; addresses and contacts as bare lists."""
    usual = class_defaults(record["customerClassId"])
    own = {name: value for name, value in record.items() if value != usual[name] or name == "customerClassId"}
    for name, members in _PARTS.items():
        if own.get(name) is not None:
            own[name] = [own[name][member] for member in members]
    return dumps(own)


def _full(text: str) -> Record:
    own = loads(text)
    for name, members in _PARTS.items():
        if own.get(name) is not None:
            own[name] = dict(zip(members, own[name], strict=True))
    return {**class_record(own["customerClassId"]), **own}


@lru_cache(maxsize=1024)
def _attributes_text(attributes: tuple[tuple[str, str], ...]) -> str:
    return dumps(dict(attributes))


def _declared(customer: StoredCustomer) -> dict[str, Any]:
    shown = {**customer.record, **{name: part(customer.record, name) for name in MIRRORS}}
    return {
        **shown,
        "internalId": customer.internal_id,
        "createdDateTime": moment(customer.created),
        "lastModifiedDateTime": moment(customer.modified),
        "timeStamp": version_token(customer.version),
    }
