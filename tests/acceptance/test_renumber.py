"""A customer's number is changed on purpose: `lifecycle.renumbered_from`, from the plan to the state."""

from __future__ import annotations

from tests.acceptance.conftest import Company


def _berg(company: Company, number: str = "10000") -> None:
    company.store.create({"name": "Berg Sag AS", "creditLimit": 1000}, number=number)


def _renumbered(more: str = "") -> str:
    return f'{{number: "20000", name: Berg Sag AS, lifecycle: {{renumbered_from: "10000"}}{more}}}'


def test_a_customer_gets_its_new_number_and_keeps_its_identity(company: Company) -> None:
    _berg(company)
    company.declare(_renumbered())
    applied = company.apply()
    assert applied.code == 0, applied.out + applied.err
    assert company.store.numbers() == ["20000"]
    assert "10000 → 20000 renumbered" in applied.out
    again = company.apply()
    assert again.code == 0
    assert "No changes" in again.out or "Nothing" in again.out
    assert "P515" in again.out


def test_an_update_of_the_same_plan_follows_the_renumbering(company: Company) -> None:
    _berg(company)
    company.declare(_renumbered(", creditLimit: 2000"))
    plan = company.plan()
    assert [(action["action"], action["number"]) for action in plan["actions"]] == [
        ("renumber", "20000"),
        ("update", "20000"),
    ]
    applied = company.apply()
    assert applied.code == 0, applied.out + applied.err
    assert company.store.read("20000")["creditLimit"] == 2000 
