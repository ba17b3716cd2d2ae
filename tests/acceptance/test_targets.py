"""`--target` and `--exclude`: numbers, refs and patterns choose what a command looks at."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Company

DECLARED = """\
- {number: "10001", name: One}
- {number: "10002", name: " Two "}
- {number: "20001", ref: shop, name: Three}
- {number: "A-*", name: Star}
- {ref: store-oslo, corporateId: "974760673", name: Four}
"""


@pytest.fixture
def shop(company: Company) -> Company:
    company.sandbox.switch(number_upper=False)
    company.declare(DECLARED)
    return company


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["--target", "100*"], ["One", "Two"]),
        (["--target", "1000[13]", "--target", "20001"], ["One", "Three"]),
        (["--target", "sho?"], ["Three"]),
        (["--target", "store-*", "--target", "10002"], ["Two", "Four"]),
        (["--target", "a-*"], ["Star"]),
        (["--target", "A-?"], ["Star"]),
        (["--exclude", "100*"], ["Three", "Star", "Four"]),
        (["--exclude", "shop", "--exclude", "store-oslo"], ["One", "Two", "Star"]),
        (["--target", "100*", "--exclude", "10001"], ["Two"]),
    ],
    ids=" ".join,
)
def test_patterns_choose_customers_by_number_and_ref(shop: Company, words: list[str], chosen: list[str]) -> None:
    """A word that is a number or a ref means that one alone, also with signs of a pattern in it."""
    plan = shop.run("plan", *words, "--format", "json").json
    assert [action["name"] for action in plan["actions"]] == chosen


@pytest.mark.parametrize(
    ("command", "option", "word", "remedy"),
    [
        ("plan", "--target", "1001*", "Did you mean 10001 or "),
        ("apply", "--exclude", "sjop", "Did you mean shop"),
        ("drift", "--target", "x*y", "Write the number"),
    ],
)
def test_a_word_that_names_nobody_is_refused_with_the_nearest_names(
    shop: Company, command: str, option: str, word: str, remedy: str
) -> None:
    ended = shop.run(command, option, word, *(["--auto-approve"] if command == "apply" else []))
    assert ended.code == 64
    assert f"No declaration has the number or ref {word}" in ended.err
    assert remedy in ended.err
    assert shop.sandbox.requests == []


def test_to_exclude_everybody_is_refused(shop: Company) -> None:
    """Nothing left is not the same as no choice, which means all."""
    ended = shop.run("apply", "--auto-approve", "--exclude", "*")
    assert (ended.code, "--exclude leaves out every customer" in ended.err) == (64, True)
    assert shop.bodies() == []


def test_apply_leaves_the_excluded_alone(shop: Company) -> None:
    ended = shop.run("apply", "--auto-approve", "--exclude", "100*")
    assert ended.code == 0, ended.err
    assert "This plan leaves out 10001, 10002; they may differ too" in ended.out + ended.err
    assert {"10001", "10002"}.isdisjoint(shop.store.numbers())
    assert {"20001", "A-*"} <= set(shop.store.numbers())


def test_what_an_excluded_customer_is_needed_for_is_left_out_with_it(company: Company) -> None:
    """Nothing that was excluded is created, also not as the parent of a customer that was not."""
    company.declare('- {number: "1", name: Head}\n- {number: "2", name: Sub, parentRecordNumber: "1"}\n')
    company.declare('number: "3"\nname: Alone\n', "3.yaml")
    ended = company.run("plan", "--exclude", "1", "--format", "json")
    assert [action["number"] for action in ended.json["actions"]] == ["3"]
    assert "2 is left out: it needs 1, which is excluded" in ended.out
    ended = company.run("plan", "--target", "2", "--format", "json")
    assert [action["number"] for action in ended.json["actions"]] == ["1", "2"]


def test_a_targeted_plan_and_report_speak_of_their_targets_alone(shop: Company) -> None:
    """Warnings and notes of other declarations stay out; of a parent that comes along they do not."""
    two = "10002"
    whole = shop.run("plan", "--format", "json").json["diagnostics"]
    assert [one["code"] for one in whole if one["source"]["line"] == 2] == ["D319"]
    for command in ("plan", "drift"):
        told = shop.run(command, "--target", "10001", "--format", "json").json["diagnostics"]
        assert [one for one in told if one["code"] != "P503"] == []
        told = shop.run(command, "--target", two, "--format", "json").json["diagnostics"]
        assert [one["code"] for one in told if one["code"] != "P503"] == ["D319"]
    shop.declare('number: "5"\nname: Child\nparentRecordNumber: "10002"\n', "5.yaml")
    told = shop.run("plan", "--target", "5", "--format", "json").json["diagnostics"]
    assert "D319" in [one["code"] for one in told]


def test_an_error_in_another_declaration_still_stops_a_targeted_plan(shop: Company) -> None:
    shop.declare("number: '7'\nnmae: x\n", "7.yaml")
    assert shop.run("plan", "--target", "10001").code == 3


def test_accept_takes_patterns_too(shop: Company) -> None:
    assert shop.run("apply", "--auto-approve", "--exclude", "store-*").code == 0
    for number in ("10001", "20001"):
        shop.store.edit(number, {"name": "Changed"})
    assert shop.run("accept", "100*").code == 0
    text = (shop.folder / "customers/all.yaml").read_text(encoding="utf-8")
    assert '{number: "10001", name: Changed}' in text
    assert "name: Three" in text
