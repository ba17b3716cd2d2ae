"""The campaign runs each part, whatever became of the others, and fails when one does."""

from __future__ import annotations

import pytest

from tests.campaign import __main__ as campaign


def _breaks() -> int:
    raise AssertionError("broken")


def test_a_part_that_breaks_fails_the_campaign_after_all_parts_were_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(campaign, "LONG", {"faults": lambda: 1, "model": _breaks, "soak": lambda: 0})
    assert campaign.main(["--long"]) == 1
    assert "Failed: faults, model." in capsys.readouterr().out
    assert campaign.main(["--only", "soak"]) == 0
    assert "soak: passed" in capsys.readouterr().out
