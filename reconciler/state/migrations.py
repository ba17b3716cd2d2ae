"""The state's tables, as steps that are never changed once released: a new version appends one.

They are written for SQLite, where `PRAGMA user_version` counts the steps that a file has gone through;
`postgres/tables.py` takes them over. Times are UTC, ISO 8601, with a Z.
"""

from __future__ import annotations

_VERSION_1 = (
    # Numbers mean something only within one tenant of one ERP; VISMA_TENANT_ID can point an environment elsewhere.
    """
    CREATE TABLE target (
        id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, base_url TEXT NOT NULL, UNIQUE (tenant_id, base_url)
    )
    """,
    """
    CREATE TABLE known (
        target INTEGER NOT NULL REFERENCES target (id), number_key TEXT NOT NULL, number TEXT NOT NULL, ref TEXT,
        internal_id INTEGER, applied_at TEXT NOT NULL, run TEXT, applied TEXT NOT NULL, normalised TEXT NOT NULL,
        PRIMARY KEY (target, number_key), UNIQUE (target, ref)
    )
    """,
    """
    CREATE TABLE run (
        id TEXT PRIMARY KEY, environment TEXT NOT NULL, tenant_id TEXT NOT NULL, base_url TEXT NOT NULL,
        digest TEXT NOT NULL, actions INTEGER NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
        status TEXT NOT NULL, plan BLOB NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE entry (
        run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE, position INTEGER NOT NULL, label TEXT NOT NULL,
        intent_at TEXT, finished_at TEXT, outcome TEXT, number TEXT, message TEXT NOT NULL DEFAULT '', read_back TEXT,
        PRIMARY KEY (run, position)
    ) WITHOUT ROWID
    """,
)

_VERSION_2 = (
    # What the last drift report saw; `live` is a digest, and an empty path is said of the customer as a whole.
    """
    CREATE TABLE drift_seen (
        target INTEGER NOT NULL REFERENCES target (id), number_key TEXT NOT NULL, path TEXT NOT NULL,
        live TEXT NOT NULL, first_seen TEXT NOT NULL, muted INTEGER NOT NULL,
        PRIMARY KEY (target, number_key, path)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE drift_report (target INTEGER PRIMARY KEY REFERENCES target (id), reported_at TEXT NOT NULL)",
    # The version that a write made: who resumes the run can tell its values from somebody's work since.
    "ALTER TABLE entry ADD COLUMN version TEXT",
    # The local copy of the live customers: a cache, never truth (docs/decisions/0003). It counts runs: core.snapshot.
    """
    CREATE TABLE snapshot (
        target INTEGER PRIMARY KEY REFERENCES target (id), fields TEXT NOT NULL, known_by TEXT NOT NULL,
        sequence INTEGER NOT NULL, next_page INTEGER NOT NULL, page_size INTEGER NOT NULL,
        all_read_at TEXT NOT NULL, as_of TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE live (
        target INTEGER NOT NULL, internal_id INTEGER NOT NULL, number TEXT NOT NULL, version TEXT, modified TEXT,
        whole INTEGER NOT NULL, seen INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (target, internal_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX live_number ON live (target, number)",
)

_VERSION_3 = (
    # A plan that has read before an apply wrote must not keep what it read, see core.snapshot.
    "ALTER TABLE snapshot ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0",
    # A row that is not as it was written is as good as none.
    "ALTER TABLE live ADD COLUMN sum INTEGER NOT NULL DEFAULT 0",
)

_VERSION_4 = (
    # What is kept is kept by resource (resources.registry); before, customers were all there was. SQLite changes no
    # primary key, so the table is made anew.
    """
    CREATE TABLE known_by_resource (
        target INTEGER NOT NULL REFERENCES target (id), resource TEXT NOT NULL DEFAULT 'customer',
        number_key TEXT NOT NULL, number TEXT NOT NULL, ref TEXT, internal_id INTEGER, applied_at TEXT NOT NULL,
        run TEXT, applied TEXT NOT NULL, normalised TEXT NOT NULL,
        PRIMARY KEY (target, resource, number_key), UNIQUE (target, resource, ref)
    )
    """,
    """
    INSERT INTO known_by_resource
        (target, number_key, number, ref, internal_id, applied_at, run, applied, normalised)
    SELECT target, number_key, number, ref, internal_id, applied_at, run, applied, normalised FROM known
    """,
    "DROP TABLE known",
    "ALTER TABLE known_by_resource RENAME TO known",
    "ALTER TABLE entry ADD COLUMN resource TEXT NOT NULL DEFAULT 'customer'",
)

_VERSION_5 = (
    # A shared database holds several environments. A file holds one, which has no name there.
    """
    CREATE TABLE target_by_environment (
        id INTEGER PRIMARY KEY, environment TEXT NOT NULL DEFAULT '', tenant_id TEXT NOT NULL, base_url TEXT NOT NULL,
        UNIQUE (environment, tenant_id, base_url)
    )
    """,
    "INSERT INTO target_by_environment (id, tenant_id, base_url) SELECT id, tenant_id, base_url FROM target",
    "DROP TABLE target",
    "ALTER TABLE target_by_environment RENAME TO target",
    # The id of the key that customers' values are sealed with; no row where they are not (sealing.py).
    "CREATE TABLE seal (key_id TEXT NOT NULL PRIMARY KEY)",
)

_VERSION_6 = (
    # How many fields differed in the last drift reports; opened and closed since the one before.
    """
    CREATE TABLE drift_count (
        target INTEGER NOT NULL REFERENCES target (id), reported_at TEXT NOT NULL, fields INTEGER NOT NULL,
        opened INTEGER NOT NULL, closed INTEGER NOT NULL, PRIMARY KEY (target, reported_at)
    ) WITHOUT ROWID
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5, _VERSION_6)


def newest() -> int:
    """The schema version that this program writes."""
    return len(MIGRATIONS)
