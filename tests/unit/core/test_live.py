"""Live customers, packed and not."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.live import Live, PackedLive
from reconciler.resources.values import Path, Values


def _unpack(packed: bytes) -> tuple[Values, Mapping[Path, str]]:
    return {"name": packed.decode()}, {("attributes", "A"): "a"}


def test_a_packed_customer_reads_as_any_other() -> None:
    found = PackedLive(7, "10000", "v1", "2026-01-31", b"Fjord", True, _unpack)
    assert (found.internal_id, found.number, found.version, found.modified, found.created, found.whole) == (
        7, "10000", "v1", "2026-01-31", None, True,
    )  # fmt: skip
    assert (found.name, found.values, found.line_ids) == ("Fjord", {"name": "Fjord"}, {("attributes", "A"): "a"})
    assert not PackedLive(7, "1", None, None, b"", False, _unpack).whole
    other = found.with_values({"name": "B"})
    assert other == Live(7, "10000", "v1", {"name": "B"}, "2026-01-31", None, {("attributes", "A"): "a"})
    assert found.with_values({}, {}).line_ids == {}


def test_a_name_that_is_no_text_is_none() -> None:
    assert Live(1, "1", None, {"name": None}).name == ""
    assert Live(1, "1", None, {}).name == ""


def test_a_packed_customer_is_unpacked_once_for_whoever_looks_more_than_once() -> None:
    calls: list[bytes] = []

    def unpack(packed: bytes) -> tuple[Values, Mapping[Path, str]]:
        calls.append(packed)
        return _unpack(packed)

    live = PackedLive(7, "10000", "v1", None, b"Fjord", True, unpack).unpacked()
    assert (live.values, live.line_ids, live.name) == ({"name": "Fjord"}, {("attributes", "A"): "a"}, "Fjord")
    assert live.unpacked() is live
    assert len(calls) == 1
