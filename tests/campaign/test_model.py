"""Random histories of edits, applies, kills, faults and undos keep every rule; the long run is the module itself."""

from __future__ import annotations

from tests.campaign import model


def test_no_history_of_a_ledger_breaks_a_rule() -> None:
    found = model.attempt(8, 6, seeded=True)
    assert found.histories >= 8
    assert found.commands["apply"] >= 8
