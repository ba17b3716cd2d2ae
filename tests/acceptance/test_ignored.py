"""Declared but ignored: what `ignore` and `lifecycle` leave alone is counted and named; nothing claims otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Company

ONE = 'number: "1"\nname: Berg Sag AS\ncreditLimit: 5000\n'


@pytest.fixture(
    params=[
        ("ignore", "ignore: [creditLimit]", ""),
        ("lifecycle.ignore_changes", "", "lifecycle: { ignore_changes: [creditLimit] }\n"),
        ("lifecycle.create_only", "", "lifecycle: { create_only: [creditLimit] }\n"),
    ],
    ids=lambda param: param[0],
)
def ignoring(request: Any, company: Company) -> tuple[Company, str]:
    """A live customer whose declared credit limit differs and is ignored, and what ignores it."""
    rule, settings, lifecycle = request.param
    company.declare(ONE.replace("5000", "100"))
    assert company.apply().code == 0
    company.settings(settings)
    company.declare(ONE + lifecycle)
    return company, rule


def test_a_plan_counts_and_names_what_is_declared_and_ignored(ignoring: tuple[Company, str]) -> None:
    """With both values and what ignores it; nothing is written, and the exit code is 0."""
    company, rule = ignoring
    plan = company.plan()
    summary = plan["summary"]
    assert (plan["actions"], summary["ignored"], summary["unchanged"], summary["muted"]) == ([], 1, 0, 0)
    (customer,) = plan["ignored"]
    (field,) = customer["fields"]
    assert (customer["number"], field["path"], field["rule"], field["mute"]) == ("1", "creditLimit", rule, None)
    assert (field["before"], field["after"]) == (100, 5000)
    ended = company.run("plan", "--detailed-exitcode")
    assert ended.code == 0
    assert f"creditLimit  100 → 5000  (ignored by {rule})" in ended.out
    assert "1 customer differs in ignored fields" in ended.out
    assert "1 ignored" in ended.out


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_nothing_says_that_the_erp_has_what_is_declared(ignoring: tuple[Company, str], command: str) -> None:
    """Each command names the difference instead, in every format that people read."""
    company, _ = ignoring
    for form in ("text", "markdown", "html"):
        options = ["--auto-approve"] if command == "apply" else []
        ended = company.run(command, *options, "--format", form)
        assert ended.code == 0, ended.err
        assert "has what is declared" not in ended.out + ended.err
        assert "creditLimit" in ended.out
        assert "ignored" in ended.out


def test_ignored_differences_are_no_drift(ignoring: tuple[Company, str]) -> None:
    """They are counted beside it, also in JSON."""
    company, rule = ignoring
    ended = company.run("drift", "--detailed-exitcode", "--format", "json")
    assert (ended.code, ended.json["customers"], ended.json["summary"]["ignored"]) == (0, [], 1)
    assert ended.json["ignored"][0]["fields"][0]["rule"] == rule


def test_the_run_report_names_them(ignoring: tuple[Company, str]) -> None:
    """Beside what it wrote."""
    company, _ = ignoring
    company.declare('number: "2"\nname: Dal AS\n', "2.yaml")
    ended = company.run("apply", "--auto-approve", "--format", "json")
    assert [customer["number"] for customer in ended.json["ignored"]] == ["1"]
    text = company.run("apply", "--auto-approve").out
    assert "Nothing to apply: 1 customer differs in ignored fields." in text


def test_what_is_ignored_and_equal_is_not_told(company: Company) -> None:
    """There is no difference to tell."""
    company.declare(ONE)
    assert company.apply().code == 0
    company.settings("ignore: [creditLimit]")
    out = company.run("plan").out
    assert "The ERP has what is declared for 1 customer." in out
    assert "ignored" not in out


def test_an_ignored_line_is_not_deleted(company: Company) -> None:
    """Where a list is declared as complete, a line that is ignored stays; others that are not declared go."""
    lines = "directDebitLines: {{ complete: true, lines: [{}] }}\n"
    head = 'number: "1"\nname: Mandat AS\n'
    company.declare(head + lines.format("{ mandateId: M1 }, { mandateId: M2 }, { mandateId: M3 }"))
    assert company.apply().code == 0
    company.settings("ignore: [directDebitLines.M1]")
    company.declare(head + lines.format("{ mandateId: M2 }"))
    assert company.apply().code == 0
    assert {line["mandateId"] for line in company.store.customer("1")["directDebitLines"]} == {"M1", "M2"}


def test_only_the_first_customers_are_listed_and_all_are_counted(company: Company) -> None:
    """A log stays short where an ignored field differs in many customers."""
    company.declare("".join(f'- {{ number: "{at}", name: N{at}, creditLimit: 1 }}\n' for at in range(1, 15)))
    assert company.apply().code == 0
    company.settings("ignore: [creditLimit]")
    company.declare("".join(f'- {{ number: "{at}", name: N{at}, creditLimit: 2 }}\n' for at in range(1, 15)))
    out = company.run("plan").out
    assert out.count("ignored by ignore") == 10
    assert "and 4 more; --format json has all" in out
    assert "14 customers differ in ignored fields" in out


def test_accept_names_what_is_ignored_instead_of_saying_that_nothing_differs(ignoring: tuple[Company, str]) -> None:
    """It is counted, and the file stays; of a field that was not asked for nothing is said."""
    company, rule = ignoring
    ended = company.run("accept")
    assert ended.code == 0
    assert f"= creditLimit  5000 is declared, 100 in the ERP  (ignored by {rule})" in ended.out
    assert "Nothing to accept: what differs is ignored." in ended.err
    assert "Ignored, though not the same: 1 value of 1 customer." in ended.err
    assert "no declared value" not in ended.err
    assert "gnored" not in company.run("accept", "--field", "name").err
    assert "5000 is declared" in company.run("accept", "--dry-run", "--all").err
