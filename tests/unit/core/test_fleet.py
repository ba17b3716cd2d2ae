"""What came of a fleet: which company needs a look first, one digest, one exit code, and names for folders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.fleet import (
    EXIT_CODES,
    CompanyOutcome,
    CompanyReport,
    FleetReport,
    Work,
    fleet_digest,
    folder_name,
    in_order,
)


def company(name: str, outcome: CompanyOutcome, digest: str = "", **summary: int) -> CompanyReport:
    return CompanyReport(name, name, outcome, EXIT_CODES[outcome], summary=summary, changes_digest=digest)


def report(*outcomes: CompanyOutcome, interrupted: int | None = None) -> FleetReport:
    companies = tuple(company(str(at), outcome) for at, outcome in enumerate(outcomes))
    return FleetReport(Work.PLAN, "0", "2026-01-31T12:00:00Z", companies, interrupted=interrupted)


def test_what_went_wrong_stands_before_what_changes_and_much_before_little() -> None:
    companies = (
        company("clean", CompanyOutcome.CLEAN),
        company("little", CompanyOutcome.CHANGES, updates=1),
        company("much", CompanyOutcome.CHANGES, updates=9),
        company("broken", CompanyOutcome.INVALID),
        company("down", CompanyOutcome.FAILED),
    )
    assert [one.name for one in in_order(companies)] == ["down", "broken", "much", "little", "clean"]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((), 0),
        ((CompanyOutcome.CLEAN, CompanyOutcome.APPLIED), 0),
        ((CompanyOutcome.CHANGES, CompanyOutcome.LOCKED), 6),
        ((CompanyOutcome.LOCKED, CompanyOutcome.INVALID), 3),
        ((CompanyOutcome.INVALID, CompanyOutcome.REFUSED), 4),
        ((CompanyOutcome.REFUSED, CompanyOutcome.PARTIAL), 5),
        ((CompanyOutcome.REFUSED, CompanyOutcome.NOT_PLANNED), 5),
        ((CompanyOutcome.PARTIAL, CompanyOutcome.FAILED), 1),
    ],
)
def test_the_exit_code_is_that_of_the_company_that_ended_worst(outcomes: tuple[CompanyOutcome, ...], code: int) -> None:
    assert report(*outcomes).exit_code(detailed=False) == code


def test_changes_count_only_where_they_are_asked_for() -> None:
    assert report(CompanyOutcome.CHANGES).exit_code(detailed=False) == 0
    assert report(CompanyOutcome.DRIFT).exit_code(detailed=True) == 2


def test_a_signal_is_the_exit_code_of_what_it_stopped() -> None:
    assert report(CompanyOutcome.FAILED, CompanyOutcome.STOPPED, interrupted=143).exit_code(detailed=False) == 143


def test_the_digest_covers_each_change_and_no_company_without_any() -> None:
    one, other = company("a", CompanyOutcome.CHANGES, "sha256:1"), company("b", CompanyOutcome.CHANGES, "sha256:2")
    clean = company("c", CompanyOutcome.CLEAN)
    assert fleet_digest((one, other)) == fleet_digest((other, clean, one))
    assert len({fleet_digest(companies) for companies in ((one,), (other,), (one, other), (clean,))}) == 4
    assert fleet_digest((clean,)) == ""


@given(st.text(min_size=1))
def test_the_name_of_a_folder_is_one_part_of_a_path_whatever_the_company_is_called(name: str) -> None:
    folder = folder_name(name)
    assert folder not in ("", ".", "..", "fleet.json")
    assert not set(folder) & set('/\\:*?"<>|\0\n\r')
    assert len(folder) <= 100


@pytest.mark.parametrize("name", ["fjord", "Bjørn & Co AS", "north-1", "a.b_c+d"])
def test_a_plain_name_is_kept(name: str) -> None:
    assert folder_name(name) == name


@pytest.mark.parametrize("name", ["CON", "nul.txt", "fleet.json", "Fleet", "a.", " a", "../a", "a" * 200])
def test_another_name_gets_a_digest_so_that_no_two_share_a_folder(name: str) -> None:
    assert folder_name(name) != name
    assert folder_name(name) != folder_name(name + "x")
