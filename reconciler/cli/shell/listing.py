"""Live customers to standard output, page by page: nothing waits for the last one, and memory holds a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from reconciler.cli.shell.session import Session
from reconciler.config.edit.yaml_writer import item_lines, raw_members
from reconciler.operations.customers import Page
from reconciler.reports.csv_lines import header, row
from reconciler.reports.records import EXTRAS, flat_paths, json_text, record
from reconciler.reports.table import COLUMNS, Table
from reconciler.resources.customer import ATTRIBUTES
from reconciler.resources.values import Path

RAW = "raw"
"""The format that shows the API's own rows."""


class Writer(Protocol):
    """Takes pages, also empty ones, and then the end; `paths` is what it shows, None for all."""

    paths: tuple[Path, ...] | None
    is_raw: bool

    def page(self, page: Page) -> None:
        """Write the customers of a page."""

    def end(self) -> None:
        """Write what closes the list."""


def writer(session: Session, form: str, paths: tuple[Path, ...] | None, attributes: Iterable[str]) -> Writer:
    """The writer of a format. attributes: ids that get columns of their own in CSV without paths."""
    match form:
        case "table":
            return _Table(session, paths or COLUMNS)
        case "json":
            return _Json(session, paths)
        case "yaml":
            return _Yaml(session, paths)
        case "csv":
            return _Csv(session, paths, attributes)
        case _:
            return _Raw(session)


class _Table:
    is_raw = False

    def __init__(self, session: Session, paths: tuple[Path, ...]) -> None:
        self.paths: tuple[Path, ...] | None = paths
        self._shown = paths
        self._session = session
        self._table = Table(paths, session.width)

    def page(self, page: Page) -> None:
        self._session.print(self._table.page([record(live, row, self._shown) for live, row in page]))

    def end(self) -> None:
        pass


class _Array:
    """A JSON array, an item at a time."""

    paths: tuple[Path, ...] | None = None
    is_raw = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_empty = True

    def _items(self, values: Iterable[object]) -> None:
        parts = []
        for value in values:
            text = json_text(value).replace("\n", "\n  ")
            parts.append(f"{'[' if self._is_empty else ','}\n  {text}")
            self._is_empty = False
        self._session.write("".join(parts).encode())

    def end(self) -> None:
        self._session.write(b"[]\n" if self._is_empty else b"\n]\n")


class _Json(_Array):
    def __init__(self, session: Session, paths: tuple[Path, ...] | None) -> None:
        super().__init__(session)
        self.paths = paths

    def page(self, page: Page) -> None:
        self._items(record(live, row, self.paths) for live, row in page)


class _Raw(_Array):
    is_raw = True

    def page(self, page: Page) -> None:
        self._items(row for _, row in page)


class _Yaml:
    is_raw = False

    def __init__(self, session: Session, paths: tuple[Path, ...] | None) -> None:
        self.paths = paths
        self._session = session
        self._is_empty = True

    def page(self, page: Page) -> None:
        for live, own in page:
            lines = item_lines(raw_members(record(live, own, self.paths), declaration=False))
            self._session.write("".join(f"{line}\n" for line in lines).encode())
            self._is_empty = False

    def end(self) -> None:
        if self._is_empty:
            self._session.write(b"[]\n")


class _Csv:
    is_raw = False

    def __init__(self, session: Session, paths: tuple[Path, ...] | None, attributes: Iterable[str]) -> None:
        self.paths = paths
        self._session = session
        self._attributes = set(attributes)
        self._columns: tuple[Path, ...] | None = None
        self._others: frozenset[str] | None = None

    def page(self, page: Page) -> None:
        records = [record(live, own, self.paths) for live, own in page]
        parts = []
        if self._columns is None:
            self._columns = self._all_columns(records)
            parts.append(header(self._columns, others=self._others is not None))
        parts += [row(each, self._columns, others=self._others) for each in records]
        self._session.write("".join(parts).encode())

    def _all_columns(self, records: list[dict[str, object]]) -> tuple[Path, ...]:
        """Without paths: every member, and the attributes of the classes and of the first page."""
        if self.paths is not None:
            return self.paths
        for each in records:
            held = each.get(ATTRIBUTES)
            self._attributes.update(held if isinstance(held, dict) else ())
        self._others = frozenset(self._attributes)
        paths = flat_paths()
        own = tuple((ATTRIBUTES, name) for name in sorted(self._attributes))
        at = len(paths) - len(EXTRAS)
        return (*paths[:at], *own, *paths[at:])

    def end(self) -> None:
        pass
