"""Each promise of docs/guarantees.md has its limits, its proof and the ways in which it was broken on purpose."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.campaign.sabotages import SABOTAGES
from tests.docs.naming import DOCS, exists, named, page

TITLES = (
    "No write without consent",
    "Nothing sent that the plan did not show",
    "No lost update",
    "No doubled customer",
    "Resumable after any kill",
    "No secret at rest or in output",
    "No traceback for any input",
    "Bounded memory and time for any input",
    "Deterministic plans",
    "Apply, then the plan is empty",
    "Export, then the plan is empty",
    "Who moved is told, and never guessed",
    "No mistake and no doubt in silence",
)


def promises() -> dict[str, str]:
    """The sections of the page."""
    parts = re.split(r"^## (.+)\n", page("guarantees.md"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_no_promise_is_missing() -> None:
    assert tuple(promises()) == TITLES


@pytest.mark.parametrize("title", TITLES)
def test_a_promise_says_what_it_does_not_cover_and_its_command_runs_the_tests_that_prove_it(title: str) -> None:
    section = promises()[title]
    assert "\nNot covered: " in section
    proof = named(section.partition("\nProof: ")[2])
    assert proof
    (command,) = re.findall(r"```sh\n(.+)\n```", section)
    program, *places = shlex.split(command)
    words = places[places.index("-k") + 1].split(" or ") if "-k" in places else [""]
    places = places[: places.index("-k")] if "-k" in places else places
    assert program == "pytest"
    for name, file in proof:
        assert any(file.is_relative_to(DOCS.parent / place) for place in places), name
        assert any(word in name for word in words), name
    assert [word for word in words if not any(word in name for name, _ in proof)] == []


@pytest.mark.parametrize("title", TITLES)
def test_a_promise_lists_how_it_was_broken_and_names_the_test_that_noticed(title: str) -> None:
    section = promises()[title]
    sabotages = [sabotage for sabotage in SABOTAGES if sabotage.promise == title]
    listed = " ".join(section.partition("\nBroken by: ")[2].split()).removesuffix(".")
    assert listed.split("; ") == [sabotage.name for sabotage in sabotages]
    proof = named(section)
    for sabotage in sabotages:
        file, name = sabotage.place
        assert (name, (DOCS.parent / "tests" / file).resolve()) in proof, sabotage.name
        assert exists(name, DOCS.parent / "tests" / file)
