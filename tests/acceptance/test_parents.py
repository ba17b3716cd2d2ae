"""Parents by ref: created first, their number in the child's request, and no child without its parent."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.acceptance.conftest import Company

GROUP = '- {ref: group, name: Fjord Gruppen AS, corporateId: "911111111"}\n'
SUB = '- {ref: sub, name: Fjord Drift AS, corporateId: "922222222", parentRecordNumber: %s}\n'
PLAIN, EXPLICIT = "group", "{ref: group}"


def family(company: Company) -> dict[str, str]:
    """Each customer's name and the name of its parent, or nothing."""
    customers = {customer["number"]: customer for customer in company.store.customers()}
    names = {number: customer["name"] for number, customer in customers.items()}
    return {customer["name"]: names.get(customer["parentRecordNumber"], "") for customer in customers.values()}


@pytest.mark.parametrize("numbering", ["automatic", "mixed", "ignores_sent"])
@pytest.mark.parametrize("parent", [PLAIN, EXPLICIT])
def test_a_parent_that_the_erp_numbers_is_created_first(company: Company, parent: str, numbering: str) -> None:
    company.sandbox.switch(numbering=numbering)
    company.declare(SUB % parent + GROUP)
    assert company.run("validate").code == 0
    applied = company.apply()
    assert applied.code == 0, applied.out
    assert family(company) == {"Fjord Gruppen AS": "", "Fjord Drift AS": "Fjord Gruppen AS"}
    assert company.undone() == {}
    shutil.rmtree(company.folder / ".reconciler")
    assert company.undone() == {}


@pytest.mark.parametrize("parent", [PLAIN, EXPLICIT])
def test_where_numbers_are_manual_a_ref_names_a_parent_that_has_a_number(company: Company, parent: str) -> None:
    company.sandbox.switch(numbering="manual")
    company.declare(
        f"- {{number: 20, name: Child, parentRecordNumber: {parent}}}\n- {{number: 30, ref: group, name: Parent}}\n"
    )
    assert company.apply().code == 0
    assert family(company) == {"Parent": "", "Child": "Parent"}
    assert company.store.customer("20")["parentRecordNumber"] == "30"
    assert company.undone() == {}


def test_the_plan_shows_the_ref_where_the_number_will_stand(company: Company) -> None:
    company.declare(SUB % EXPLICIT + GROUP)
    parent, child = company.plan()["actions"]
    assert (parent["ref"], child["ref"]) == ("group", "sub")
    assert child["depends_on"] == ["ref group"]
    assert child["request"]["body"]["parentRecordNumber"] == {"value": {"ref": "group"}}
    shown = next(change for change in child["changes"] if change["path"] == "parentRecordNumber")
    assert shown["after"] == {"ref": "group"}
    assert "the number of ref group" in company.run("plan").out


@pytest.mark.parametrize("consent", ["saved", "digest"])
def test_a_reviewed_plan_is_applied_with_the_number_that_the_erp_gave(company: Company, consent: str) -> None:
    company.declare(SUB % EXPLICIT + GROUP)
    company.run("plan", "-o", "plan.json")
    digest = json.loads((company.folder / "plan.json").read_text())["changes_digest"]
    applied = company.run("apply", *(["plan.json"] if consent == "saved" else ["--digest", digest]))
    assert applied.code == 0, applied.out + applied.err
    assert family(company)["Fjord Drift AS"] == "Fjord Gruppen AS"
    assert company.undone() == {}


def test_a_live_child_gets_a_new_parent_and_loses_it_by_undo(company: Company) -> None:
    company.store.seed(1, 1, start=10)
    company.declare("{number: 10, parentRecordNumber: {ref: group}}", "child.yaml")
    company.declare(GROUP)
    assert company.apply().code == 0
    group = next(each["number"] for each in company.store.customers() if each["name"] == "Fjord Gruppen AS")
    assert company.store.customer("10")["parentRecordNumber"] == group
    assert company.undone() == {}
    (run,) = company.run("runs", "list", "--format", "json").json["runs"]
    assert company.run("runs", "undo", run["id"], "--auto-approve").code == 0
    assert company.store.customer("10")["parentRecordNumber"] == ""


def test_a_live_parent_stands_in_the_plan_by_its_number(company: Company) -> None:
    company.store.seed(1, 1, start=10)
    company.store.edit("10", {"corporateId": "911 111 111", "name": "Fjord Gruppen AS"})
    company.declare(SUB % EXPLICIT + GROUP)
    (child,) = company.plan()["actions"]
    assert child["request"]["body"]["parentRecordNumber"] == {"value": "10"}
    assert child["depends_on"] == []


def test_three_generations_are_created_from_the_top(company: Company) -> None:
    company.declare(
        '- {ref: c, name: C, corporateId: "3", parentRecordNumber: {ref: b}}\n'
        '- {ref: b, name: B, corporateId: "2", parentRecordNumber: a}\n'
        '- {ref: a, name: A, corporateId: "1"}\n'
    )
    assert company.apply().code == 0
    assert family(company) == {"A": "", "B": "A", "C": "B"}


def test_a_child_waits_for_a_parent_whose_create_fails(company: Company) -> None:
    company.declare(SUB % EXPLICIT + GROUP + '- {ref: other, name: Other, corporateId: "9"}\n')
    company.sandbox.fault(method="POST", path="/v1/customer", status=400, body='{"message": "No."}')
    applied = company.apply()
    assert applied.code == 5
    assert "its parent ref group was not created" in applied.out
    assert family(company) == {"Other": ""}
    assert company.run("runs", "resume").code == 0
    assert family(company)["Fjord Drift AS"] == "Fjord Gruppen AS"


def test_a_child_is_held_back_when_its_parent_exists_already(company: Company) -> None:
    """Nobody knows if the clerk's customer is the one that is meant."""
    company.declare(SUB % EXPLICIT + GROUP)
    company.run("plan", "-o", "plan.json")
    company.store.seed(1, 1, start=10)
    company.store.edit("10", {"corporateId": "911111111"})
    applied = company.run("apply", "plan.json")
    assert applied.code == 5
    assert "its parent ref group is there already, as 10" in applied.out
    assert company.store.count() == 1
    assert company.apply().code == 0  # a new plan finds the parent by its id
    assert company.store.count() == 2


def test_after_a_lost_answer_the_child_gets_the_number_that_is_found(company: Company) -> None:
    company.declare(SUB % EXPLICIT + GROUP)
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after")
    assert company.apply().code == 0
    assert family(company) == {"Fjord Gruppen AS": "", "Fjord Drift AS": "Fjord Gruppen AS"}


def test_the_state_remembers_the_number_and_not_the_ref(company: Company) -> None:
    """A clerk's other parent is drift then."""
    company.declare(SUB % EXPLICIT + GROUP)
    assert company.apply().code == 0
    child = next(each["number"] for each in company.store.customers() if each["name"] == "Fjord Drift AS")
    company.store.edit(child, {"parentRecordNumber": ""})
    (action,) = company.plan()["actions"]
    assert [(change["path"], change["cause"]) for change in action["changes"]] == [("parentRecordNumber", "drift")]
    assert company.apply().code == 0


WRONG = [
    (SUB % "{ref: grop}" + GROUP, "I417", "grop", 1),
    (SUB % "{ref: sub}", "P502", "its own parent", 1),
    (SUB % "sub", "P502", "its own parent", 1),
    (GROUP.replace("}", ", parentRecordNumber: {ref: sub}}") + SUB % "group", "P502", "stands under", 2),
    (SUB % "{ref: group, number: 1}" + GROUP, "D301", "number", 1),
    (SUB % "{}" + GROUP, "D307", "ref", 1),
    (SUB % "[group]" + GROUP, "D30", "parentRecordNumber", 1),
]


@pytest.mark.parametrize(("declared", "code", "word", "line"), WRONG)
def test_a_wrong_ref_is_an_error_at_its_place(company: Company, declared: str, code: str, word: str, line: int) -> None:
    company.declare(declared)
    ended = company.run("validate")
    assert ended.code == 3
    place = next(text for text in ended.out.splitlines() if f"all.yaml:{line}:" in text and code in text)
    assert word in place
    column = declared.splitlines()[line - 1].index("parentRecordNumber: ") + len("parentRecordNumber: ") + 1
    assert int(place.split(":")[2]) >= column
    assert company.apply().code == 3
    assert company.store.count() == 0


@pytest.mark.parametrize("holder", ["live", "declared"])
def test_a_text_that_is_a_number_and_a_ref_is_refused(company: Company, holder: str) -> None:
    company.store.seed(1, 1, start=10)
    if holder == "live":
        company.store.edit("10", {"name": "Other"})
    else:
        company.declare("{number: 10}", "other.yaml")
    group = '- {ref: "10", name: Fjord Gruppen AS, corporateId: "911111111"}\n'
    company.declare(SUB % "10" + group)
    planned = company.run("plan")
    assert planned.code == 3
    assert "I416" in planned.out + planned.err
    company.declare(SUB % '{ref: "10"}' + group)
    assert company.apply().code == 0
    assert family(company)["Fjord Drift AS"] == "Fjord Gruppen AS"


def test_a_misspelt_plain_ref_is_named_with_what_is_likely_meant(company: Company) -> None:
    company.declare(SUB % "grop" + GROUP)
    planned = company.run("plan")
    assert "P514" in planned.out
    assert "Is ref group meant?" in planned.out


def test_a_target_takes_its_parent_along(company: Company) -> None:
    company.declare(SUB % EXPLICIT + GROUP + '- {ref: other, name: Other, corporateId: "9"}\n')
    assert company.run("apply", "--target", "sub", "--auto-approve").code == 0
    assert family(company) == {"Fjord Gruppen AS": "", "Fjord Drift AS": "Fjord Gruppen AS"}


def test_fmt_and_accept_and_write_numbers_keep_the_ref(company: Company) -> None:
    path = company.declare(
        "- ref: sub\n  parentRecordNumber:\n    ref: NO\n  name: Fjord Drift AS\n  corporateId: '922222222'\n"
        "- ref: NO\n  name: Fjord Gruppen AS\n  corporateId: '911111111'\n"
    )
    assert company.run("fmt").code == 0
    assert '  parentRecordNumber:\n    ref: "NO"\n' in path.read_text()
    assert company.run("fmt", "--check").code == 0
    assert company.run("apply", "--auto-approve", "--write-numbers").code == 0
    child = next(each["number"] for each in company.store.customers() if each["name"] == "Fjord Drift AS")
    company.store.edit(child, {"name": "Fjord Drift ASA"})
    assert company.run("accept").code == 0
    text = path.read_text()
    assert '    ref: "NO"\n' in text
    assert "name: Fjord Drift ASA" in text
    assert company.undone() == {}
    company.store.edit(child, {"parentRecordNumber": ""})
    assert company.run("accept").code == 0
    assert company.undone() == {}
    assert company.store.customer(child)["parentRecordNumber"] == ""


def test_export_of_other_customers_leaves_a_ref_alone(company: Company) -> None:
    path = company.declare(SUB % EXPLICIT + GROUP)
    assert company.apply().code == 0
    before = path.read_text()
    company.run("export", "-o", str(company.folder / "out"))
    assert path.read_text() == before
