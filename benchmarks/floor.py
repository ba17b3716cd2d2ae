"""The floor: only fetch the pages, decode with orjson, parse the YAML with rapidyaml and JSON, compare dictionaries.

No positions, no validation, no proof that the list was read whole, no plan. `python -m benchmarks.floor FOLDER BASE`.
"""

from __future__ import annotations

import http.client
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import ryml

from benchmarks.world import FIELDS, token

PAGE = 1000
GROUPS = {
    "mainAddress": ("addressLine1", "addressLine2", "addressLine3", "postalCode", "city", "countryId", "county"),
    "mainContact": ("name", "attention", "email", "web", "phone1", "phone2", "fax"),
}


def main() -> int:
    """Count the customers that differ."""
    folder, base = Path(sys.argv[1]), sys.argv[2]
    live, requests = fetch(base)
    differing = sum(1 for each in declared(folder) if not agrees(each, live.get(each["number"], {})))
    sys.stdout.write(f"{len(live)} customers with {requests} requests, {differing} differ\n")
    return 0


def fetch(base: str) -> tuple[dict[str, Any], int]:
    """All rows by number."""
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    headers = {"Authorization": f"Bearer {token(base)}", "Accept": "application/json"}
    live: dict[str, Any] = {}
    page = 1
    while True:
        connection.request("GET", f"/v1/customer?pageNumber={page}&pageSize={PAGE}", headers=headers)
        rows = orjson.loads(connection.getresponse().read())
        live.update((row["number"], row) for row in rows)
        if len(live) >= (rows[-1]["metadata"]["totalCount"] if rows else 0):
            return live, page
        page += 1


def declared(folder: Path) -> list[dict[str, Any]]:
    """All declarations."""
    found: list[dict[str, Any]] = []
    for path in sorted((folder / "customers").iterdir()):
        tree = ryml.parse_in_arena(path.read_bytes())
        value = orjson.loads(bytes(ryml.emit_json(tree), "utf-8"))
        found += value if isinstance(value, list) else [value]
    return found


def agrees(wanted: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether the row holds what is declared."""
    return all(_holds(row, name, value) for name, value in wanted.items())


def _holds(row: dict[str, Any], name: str, value: Any) -> bool:
    if name in GROUPS:
        below = row.get(name) or {}
        return all(str(_plain(below.get(key.removesuffix("Id")) if key == "countryId" else below.get(key))) == each
                   for key, each in value.items())  # fmt: skip
    if name == "creditLimit":
        return bool(float(row.get(name) or 0) == float(value))
    if name in FIELDS and name.endswith("Id") and name not in row:
        return (
            str(_plain(row.get({"customerClassId": "customerClass", "creditTermsId": "creditTerms"}.get(name, name))))
            == value
        )
    return str(_plain(row.get(name))) == str(value)


def _plain(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


if __name__ == "__main__":
    sys.exit(main())
