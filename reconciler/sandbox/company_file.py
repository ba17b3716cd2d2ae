"""The SQLite file of a sandbox company: its tables, and how it is opened.

A table is added by adding it here: a file from before then gets it when it is opened. Only a change of what
is there already needs another format.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

_FORMAT: Final = 2

_SCHEMA: Final = """
create table if not exists customer (
    id integer primary key, number text not null unique, version integer not null,
    created text not null, modified text not null, name text not null, name_folded text not null,
    status text not null, corporate_id text not null, vat_id text not null, email text not null,
    phone text not null, parent text not null, attributes text not null, record text not null
);
create table if not exists write_log (
    id integer primary key, time text not null, method text not null, path text not null,
    number text not null, status integer not null, body text not null
);
create table if not exists shown (
    customer integer not null, details text not null, text text not null, primary key (customer, details)
);
create table if not exists counter (name text primary key, value integer not null);
create table if not exists queued_number (
    id integer primary key, customer integer not null, number text not null, ends text not null,
    due text not null, requests integer not null
);
"""

TABLES: Final = {"customer", "write_log", "shown", "counter", "queued_number"}

_INDEXES: Final = {
    "modified": "(modified, number)",  # with the number a list in its usual order needs no rows to be sorted
    "created": "(created, number)",
    "corporate_id": "(corporate_id)",
    "vat_id": "(vat_id)",
    "email": "(email)",
    "phone": "(phone)",
    "parent": "(parent)",
}


def connected(path: Path) -> sqlite3.Connection:
    """A connection to the file, which is made if need be. Raises ValueError for a file of another kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        _prepare(db, path)
    except sqlite3.DatabaseError as problem:
        db.close()
        raise ValueError(f"{path} is no sandbox database: {problem}") from None
    except ValueError:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("pragma page_size = 8192")  # the texts of customers pack badly in less; holds for new files only
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = normal")
    db.execute("pragma temp_store = memory")
    version = db.execute("pragma user_version").fetchone()[0]
    tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
    if version != _FORMAT and tables:
        raise ValueError(f"{path} is no sandbox database of this version")
    if not tables >= TABLES:  # a new file, or one from before a table was added
        db.executescript(f"begin immediate; {_SCHEMA} pragma user_version = {_FORMAT}; commit;")
        make_indexes(db)


def make_indexes(db: sqlite3.Connection) -> None:
    """Build the indexes that are missing."""
    for name, columns in _INDEXES.items():
        db.execute(f"create index if not exists customer_{name} on customer {columns}")


def drop_indexes(db: sqlite3.Connection) -> None:
    """Drop the indexes, before many rows are added."""
    for name in _INDEXES:
        db.execute(f"drop index if exists customer_{name}")
