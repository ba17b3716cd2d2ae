"""A plan that changes too much refuses itself, at exactly the limit that the settings give."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reconciler.core.guards import SHARE_FROM, VolumeLimits, refusals, volume_verdicts
from reconciler.core.plan import Guard, Summary, Verdict

THIRD = VolumeLimits(updates=Fraction(30, 100), creates=50)


def _passed(summary: Summary, managed: int, limits: VolumeLimits = THIRD) -> tuple[bool, bool]:
    updates, creates = volume_verdicts(summary, limits, managed)
    return updates.passed, creates.passed


@pytest.mark.parametrize(("updates", "passed"), [(3, True), (4, False)])
def test_a_share_is_of_the_managed_customers_and_the_limit_itself_passes(updates: int, passed: bool) -> None:
    assert _passed(Summary(update=updates), 10) == (passed, True)


@pytest.mark.parametrize(("managed", "passed"), [(SHARE_FROM - 1, True), (SHARE_FROM, False), (SHARE_FROM + 1, False)])
def test_a_share_counts_from_ten_managed_customers_on(managed: int, passed: bool) -> None:
    assert _passed(Summary(update=managed), managed) == (passed, True)


@pytest.mark.parametrize(("creates", "passed"), [(50, True), (51, False)])
@pytest.mark.parametrize("managed", [0, 9, 10_000])
def test_a_number_is_a_limit_at_any_size_and_the_limit_itself_passes(creates: int, passed: bool, managed: int) -> None:
    assert _passed(Summary(create=creates), managed) == (True, passed)


def test_a_share_is_exact_where_binary_fractions_are_not() -> None:
    """7 % of 100 is 7, which 0.07 * 100 is not."""
    limits = VolumeLimits(updates=Fraction(7, 100), creates=Fraction(29, 100))
    assert _passed(Summary(update=7, create=29), 100, limits) == (True, True)
    assert _passed(Summary(update=8, create=30), 100, limits) == (False, False)


def test_what_nobody_set_is_thirty_percent_and_fifty() -> None:
    assert VolumeLimits() == THIRD
    assert _passed(Summary(update=3, create=50), 10, VolumeLimits()) == (True, True)
    assert _passed(Summary(update=4, create=51), 10, VolumeLimits()) == (False, False)


def test_a_verdict_tells_what_was_found_and_the_limit_in_words() -> None:
    summary = Summary(update=2_000, create=1_001)
    assert volume_verdicts(summary, VolumeLimits(Fraction(125, 1000), 1_000), 16_000) == (
        Verdict("updates", "12.5% of 16,000 managed customers", 2_000, True),
        Verdict("creates", "1,000", 1_001, False),
    )
    (updates, _) = volume_verdicts(Summary(update=9), THIRD, 9)
    assert updates == Verdict("updates", "30%, from 10 managed customers on", 9, True)


def test_each_verdict_that_says_no_is_a_refusal_that_force_can_lift() -> None:
    verdicts = volume_verdicts(Summary(update=2_000, create=1), VolumeLimits(1_999, 0), 5)
    updates, creates = refusals(verdicts)
    assert (updates.guard, creates.guard) == (Guard.VOLUME, Guard.VOLUME)
    assert updates.summary == "2,000 updates are more than the guard allows (1,999)"
    assert creates.summary == "1 create is more than the guard allows (0)"
    assert updates.remedy == "If that is meant, apply with --force, or raise guards.updates in the settings."
    assert refusals(volume_verdicts(Summary(), THIRD, 100)) == ()


@pytest.mark.parametrize(("renumbers", "passed"), [(10, True), (11, False)])
def test_more_than_ten_renumberings_refuse_a_plan_that_nobody_set_a_limit_for(renumbers: int, passed: bool) -> None:
    verdict = volume_verdicts(Summary(renumber=renumbers), VolumeLimits(), 5)[-1]
    assert verdict == Verdict("renumbers", "10", renumbers, passed)


def test_a_plan_that_renumbers_nobody_has_no_verdict_on_that() -> None:
    assert [verdict.name for verdict in volume_verdicts(Summary(), VolumeLimits(), 5)] == ["updates", "creates"]
    (refusal,) = refusals(volume_verdicts(Summary(renumber=2), VolumeLimits(renumbers=1), 5))
    assert refusal.summary == "2 renumberings are more than the guard allows (1)"
    assert "guards.renumbers" in refusal.remedy
