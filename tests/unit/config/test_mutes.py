"""The file of mutes: what is wrong with it and where, and what is put into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.edit.mutes import add_mute, with_mute
from reconciler.config.read.mutes import load_mutes, read_mutes
from reconciler.core.diagnostics import Severity
from reconciler.core.errors import InvalidInput, ReconcilerError
from reconciler.core.mutes import Mute

DAY = "2026-01-31"
GOOD = "- { number: '1', path: name, until: 2026-02-01, reason: agreed }\n"
MUTE = Mute("A-7", 'attributes["A.B"]', "2026-12-31", "says Kari: it's fine # really")


def codes(text: str, declared: set[str] | None = None) -> list[tuple[str, str]]:
    found = read_mutes(text.encode(), "m.yaml", declared=declared, day=DAY)
    return [(each.code, str(each.source)) for each in found.diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, []),
        ("", []),
        ("# only a comment\n", []),
        ("[]\n", []),
        ("number: 1\n", [("M702", "m.yaml:1:1")]),
        ("- 1\n", [("M702", "m.yaml:1:3")]),
        ("- { number: '1', path: name, until: 2026-02-01 }\n", [("M703", "m.yaml:1:3")]),
        (GOOD.replace("name", "nam"), [("M704", "m.yaml:1:24")]),
        (GOOD.replace("2026-02-01", "2026-02-30"), [("M705", "m.yaml:1:37")]),
        (GOOD.replace("2026-02-01", "''"), [("M705", "m.yaml:1:37")]),
        (GOOD.replace("agreed", "''"), [("M702", "m.yaml:1:57")]),
        (GOOD.replace("reason", "because"), [("M701", "m.yaml:1:49"), ("M703", "m.yaml:1:3")]),
        (GOOD.replace("2026-02-01", "2026-01-30"), [("M706", "m.yaml:1:3")]),
        (GOOD + GOOD, [("M708", "m.yaml:2:3")]),
        ("- [\n", [("Y201", "m.yaml:2:1")]),
    ],
)
def test_each_problem_has_its_code_and_its_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted(codes(text)) == sorted(expected)


def test_a_number_that_nobody_declares_is_a_warning() -> None:
    assert codes(GOOD, {"1"}) == []
    assert codes(GOOD.replace("'1'", "' a-1 '"), {"A-1"}) == []
    assert codes(GOOD, {"2"}) == [("M707", "m.yaml:1:3")]
    found = read_mutes(GOOD.encode(), "m.yaml", declared={"2"}, day=DAY)
    assert [each.severity for each in found.diagnostics] == [Severity.WARNING]
    assert len(found.mutes) == 1


def test_what_is_written_is_what_is_read() -> None:
    data = with_mute(b"", "m.yaml", MUTE)
    (found,) = read_mutes(data, "m.yaml", declared=None, day=DAY).mutes
    assert (found.number, found.path, found.until, found.reason) == (MUTE.number, MUTE.path, MUTE.until, MUTE.reason)


@pytest.mark.parametrize("before", ["# a comment", "# a comment\n", "[]\n", "\ufeff" + GOOD, GOOD.rstrip("\n")])
def test_a_mute_is_added_to_whatever_stands_there(before: str) -> None:
    data = with_mute(before.encode(), "m.yaml", MUTE)
    found = read_mutes(data, "m.yaml", declared=None, day=DAY)
    assert [each for each in found.diagnostics if each.severity is Severity.ERROR] == []
    assert [each.path for each in found.mutes][-1] == MUTE.path
    assert before.rstrip("\n").removesuffix("[]") in data.decode()


def test_a_mute_of_the_same_field_gets_a_new_day_in_its_place() -> None:
    data = with_mute(GOOD.encode(), "m.yaml", Mute(" 1", "name", "2027-01-01", "again"))
    assert data.decode() == "- { number: '1', path: name, until: \"2027-01-01\", reason: again }\n"


def test_a_file_with_errors_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("- number: 1\n")
    with pytest.raises(InvalidInput):
        add_mute(file, tmp_path, MUTE)
    assert file.read_text() == "- number: 1\n"


def test_a_file_that_cannot_be_made_or_read_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ReconcilerError, match="Cannot write taken/m"):
        add_mute(tmp_path / "taken/m.yaml", tmp_path, MUTE)
    (problem,) = load_mutes(tmp_path, tmp_path.parent, declared=None, day=DAY).diagnostics
    assert problem.code == "Y215"
