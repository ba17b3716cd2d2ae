"""The fault matrix, a row a test: the telling faults; all of them by `python -m tests.acceptance.fault_matrix`."""

from __future__ import annotations

import os

import pytest

from tests.acceptance.fault_matrix import AT_ONCE, FAULTS, LATER, NOT_MET, REFUSED, SPOTS, WRONG, counts, main, matrix

TELLING = (
    "400 JSON", "500 HTML", "503 once done",
    "reset before", "reset once done", "hang once done", "truncate", "garble", "tokens expire", "429 for a second",
    "page shifted", "renumbered", "clerk before", "clerk after", "rival before", "vanish after",
)  # fmt: skip

ROWS = tuple(FAULTS) if os.environ.get("RECONCILER_FAULT_MATRIX") == "all" else TELLING
RIGHT = {AT_ONCE, LATER, NOT_MET}

AT_ONCE_EVERYWHERE = (
    "reset once done", "hang once done", "503 once done", "tokens expire", "429 for a second", "truncate",
)  # fmt: skip
"""What a run gets over by itself, whichever request is struck."""


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_on_any_request_ends_as_declared_with_nothing_twice_and_nothing_overwritten(name: str) -> None:
    row = matrix({name: FAULTS[name]})[name]
    wrong = {spot: cell.problems + cell.log for spot, cell in row.items() if cell.outcome == WRONG}
    assert not wrong
    outcomes = {cell.outcome for cell in row.values()}
    assert outcomes <= RIGHT | ({REFUSED} if name.startswith(("renumbered", "vanish")) else set())
    if name in AT_ONCE_EVERYWHERE:
        assert outcomes == {AT_ONCE}


def test_the_command_prints_the_rows_and_their_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fault", "reset once done", "--request", "POST 50"]) == 0
    out = capsys.readouterr().out
    assert "reset once done" in out
    assert "1  at once" in out
    assert "0  WRONG" in out


def test_a_matrix_counts_each_cell_once() -> None:
    found = matrix({"late": FAULTS["late"]}, SPOTS[:2])
    assert counts(found).total() == 2
