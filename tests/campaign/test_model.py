"""Random histories of edits, applies, kills, faults and undos keep every rule; the long run is the module itself."""

from __future__ import annotations

from tests.campaign import model
from tests.campaign.world import world


def test_no_history_of_a_ledger_breaks_a_rule() -> None:
    with world() as found:
        model.attempt(found, 8, 8, 1)
    assert found.histories >= 8
    assert found.commands["apply"] >= 8
