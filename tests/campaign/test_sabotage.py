"""The table of sabotages fits the code, and one of them is noticed; all: `python -m tests.campaign.sabotage`."""

from __future__ import annotations

import pytest

from tests.campaign.sabotage import ALL, ROOT, changed, main
from tests.campaign.sabotages import Sabotage


@pytest.mark.parametrize("sabotage", ALL, ids=[each.name for each in ALL])
def test_each_change_fits_its_file(sabotage: Sabotage) -> None:
    text = (ROOT / "reconciler" / sabotage.file).read_text(encoding="utf-8")
    assert changed(text, sabotage) != text


def test_a_text_that_is_not_there_once_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 times"):
        changed("ab ab", Sabotage("x", "x", "x.py", "ab", "c", "x::x"))


def test_names_are_unique() -> None:
    assert len({each.name for each in ALL}) == len(ALL) >= 15


def test_one_is_tried_for_real_in_the_copy_and_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--skip-unbroken", "--only", "a file may have any size"]) == 0
    out = capsys.readouterr().out
    assert "noticed" in out
    assert "1 sabotages, 0 survived." in out
