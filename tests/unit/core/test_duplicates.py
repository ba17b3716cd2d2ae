"""A new customer that is there already, or seems to be, is found once, with the surest reason; and nothing else is."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest

from reconciler.core import duplicates
from reconciler.core.desired import Desired, Lifecycle
from reconciler.core.diagnostics import Severity, Source
from reconciler.core.duplicates import declared_twice, findings, likenesses, of_declared, of_live, of_new, of_update
from reconciler.core.live import Live
from reconciler.core.plan import Guard
from reconciler.core.sameness import Degree


def declared(
    number: str | None = None, ref: str | None = None, same_as: tuple[str, ...] = (), **values: Any
) -> Desired:
    at = Source("a.yaml", int(number or 1), 1)
    lifecycle = Lifecycle(same_as=same_as)
    return Desired(number, ref, values, at, lambda path: Source(path[0], at.line, 1), lifecycle=lifecycle)


def live(number: str, **values: Any) -> Live:
    return Live(int(number), number, "v", values)


def degrees(new: Desired, *known: Live) -> list[tuple[str, Degree, str]]:
    return [
        (likeness.other.label, likeness.degree, likeness.sameness.path[0] if likeness.sameness else "")
        for likeness in likenesses([of_new(new)], map(of_live, known))
    ]


def test_the_same_id_in_any_spelling_is_sure() -> None:
    new = declared("9", corporateId="911-111-111")
    held = live("1", corporateId="911 111 111"), live("2", corporateId="911111112")
    assert degrees(new, *held) == [("1", Degree.SURE, "corporateId")]


def test_an_id_that_holds_the_others_number_is_likely() -> None:
    new = declared("9", corporateId="911111111")
    assert degrees(new, live("1", vatRegistrationId="NO911111111MVA")) == [("1", Degree.LIKELY, "corporateId")]


def test_a_name_is_likely_with_its_postal_code() -> None:
    new = declared("9", name="Elv Fisk AS", mainAddress={"postalCode": "0181"})
    assert degrees(new, live("1", name="ELV FISK AS", mainAddress={"postalCode": "0181"})) == [
        ("1", Degree.LIKELY, "name")
    ]
    assert degrees(new, live("1", name="ELV FISK AS", mainAddress={"postalCode": "0182"})) == [
        ("1", Degree.NAMESAKE, "")
    ]
    assert degrees(new, live("1", name="Elv")) == []


@pytest.mark.parametrize("address", [{}, {"city": "Oslo"}, {"postalCode": None, "city": "OSLO "}, None])
def test_where_a_postal_code_is_missing_the_name_is_likely_unless_the_address_differs(
    address: dict[str, Any] | None,
) -> None:
    new = declared("9", name="Elv Fisk AS", mainAddress={"postalCode": "0181", "city": "Oslo"})
    assert degrees(new, live("1", name="Elv Fisk AS", mainAddress=address)) == [("1", Degree.LIKELY, "name")]
    assert degrees(new, live("1", name="Elv Fisk AS", mainAddress={"city": "Bergen"})) == [("1", Degree.NAMESAKE, "")]


def test_where_a_postal_code_is_missing_two_ids_tell_namesakes_apart() -> None:
    new = declared("9", name="Elv Fisk AS", corporateId="911111111")
    assert degrees(new, live("1", name="Elv Fisk AS", corporateId="922222222")) == [("1", Degree.NAMESAKE, "")]
    assert degrees(new, live("1", name="Elv Fisk AS")) == [("1", Degree.LIKELY, "name")]


def test_the_same_digits_in_the_other_id_field_are_told_plainly() -> None:
    new = declared("9", corporateId="911111111")
    similar = likenesses([of_new(new)], [of_live(live("1", vatRegistrationId="NO911111111MVA"))])
    (finding,), _ = findings(similar, duplicates="error", lookalikes="warning")
    assert finding.summary == (
        "9 is new, and looks like 1 by its corporateId: the same digits stand in its vatRegistrationId"
    )
    assert finding.detail == "Here corporateId '911111111', there vatRegistrationId 'NO911111111MVA'."


def test_an_update_that_gives_an_id_which_another_customer_has_is_likely() -> None:
    ours, own = declared("1", corporateId="911111111"), live("1", corporateId="9")
    other = of_live(live("2", name="B", corporateId="911 111 111"))
    update = of_update(ours, own, {"corporateId": "911111111"})
    (likeness,) = likenesses([update], [of_live(own, ours, {"corporateId": "911111111"}), other])
    assert (likeness.other.label, likeness.degree) == ("2", Degree.LIKELY)
    (finding,), _ = findings([likeness], duplicates="error", lookalikes="warning")
    assert (finding.code, finding.summary) == ("P511", "1 is to be given the corporateId that 2 has")
    meant = of_update(declared("1", same_as=("2",)), own, {"corporateId": "911111111"})
    assert [likeness.degree for likeness in likenesses([meant], [other])] == [Degree.NAMESAKE]


def test_a_number_with_other_zeros_is_likely_and_the_same_number_is_no_finding() -> None:
    assert degrees(declared("10"), live("0010")) == [("0010", Degree.LIKELY, "number")]
    assert degrees(declared("10"), live("10")) == [("10", Degree.NAMESAKE, "")]


def test_an_id_without_letters_or_digits_is_nobodys() -> None:
    assert degrees(declared("9", corporateId="-"), live("1", corporateId="-")) == []


@pytest.mark.parametrize("name", ["1", "01 ".strip("0")])
def test_same_as_makes_it_a_namesake(name: str) -> None:
    new = declared("9", same_as=(name,), corporateId="91")
    assert degrees(new, live("1", corporateId="91")) == [("1", Degree.NAMESAKE, "")]


def test_a_declaration_is_not_held_against_itself_and_two_new_ones_are_told_once() -> None:
    one, two = declared("1", corporateId="91"), declared(ref="b", corporateId="9-1")
    found = list(likenesses(map(of_new, [one, two]), map(of_declared, [one, two])))
    assert len(found) == 2
    diagnostics, refusals = findings(found, duplicates="error", lookalikes="warning")
    assert [diagnostic.code for diagnostic in diagnostics] == ["P511"]
    assert [refusal.guard for refusal in refusals] == [Guard.DUPLICATE]


def test_many_with_one_id_are_one_finding_for_each_new_one_and_the_names_are_cut() -> None:
    """Not one for each pair."""
    new = [declared(str(100 + at), name=f"A{at}", corporateId="911111111") for at in range(30)]
    there = [of_live(live(str(at), name=f"B{at}", corporateId="911 111 111")) for at in range(1, 31)]
    diagnostics, refusals = findings(likenesses(map(of_new, new), there), duplicates="error", lookalikes="warning")
    assert len(diagnostics) == len(refusals) == 30
    assert diagnostics[0].summary == (
        "100 is new, and 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more have the same corporateId already"
    )
    assert diagnostics[0].detail == "Here '911111111', there '911 111 111'."
    assert (diagnostics[0].remedy or "").endswith('"9", "10"]}, with the 20 others.')


@pytest.mark.parametrize("seed", range(20))
def test_who_is_like_whom_does_not_hang_on_how_many_have_one_id(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reviewer consents to is the same whether it is worked out by groups or by pairs."""
    chance = random.Random(seed)

    def values() -> dict[str, str]:
        ids = {"corporateId": ["911111111", "911 111 111", "922222222", "933333333"],
               "vatRegistrationId": ["833333333", "NO911111111MVA", "844444444"]}  # fmt: skip
        chosen = {name: chance.choice(texts) for name, texts in ids.items() if chance.random() < 0.7}
        return {"name": chance.choice("AB"), **chosen}

    there = [of_live(live(str(at), **values())) for at in range(1, chance.randint(50, 80))]
    names = [str(at) for at in range(1, 9)]
    new = [
        declared(str(100 + at), same_as=tuple(chance.sample(names, chance.choice((0, 0, 2)))), **values())
        for at in range(20)
    ]

    def alike() -> tuple[dict[str, set[str]], int]:
        found: dict[str, set[str]] = defaultdict(set)
        similar = list(likenesses(map(of_new, new), there))
        for likeness in similar:
            others = likeness.crowd.labels if likeness.crowd else {likeness.other.label}
            found[likeness.candidate.label] |= others
        return found, sum(likeness.crowd is not None for likeness in similar)

    by_groups, groups = alike()
    monkeypatch.setattr(duplicates, "_crowds", lambda *_: {})
    assert (by_groups, 0) == alike()
    assert groups


def test_guards_decide_what_refuses() -> None:
    new = declared("9", corporateId="911111111")
    sure = list(likenesses([of_new(new)], [of_live(live("1", corporateId="911111111"))]))
    likely = list(likenesses([of_new(new)], [of_live(live("1", vatRegistrationId="NO911111111MVA"))]))
    assert len(findings(sure, duplicates="error", lookalikes="warning")[1]) == 1
    assert findings(sure, duplicates="warning", lookalikes="error")[1] == []
    assert findings(likely, duplicates="error", lookalikes="warning")[1] == []
    assert len(findings(likely, duplicates="warning", lookalikes="error")[1]) == 1


def test_two_declarations_of_one_id_are_an_error_unless_both_have_numbers() -> None:
    with_numbers = [declared("1", corporateId="91"), declared("2", corporateId="9 1")]
    without = [declared("1", corporateId="91"), declared(ref="b", corporateId="91")]
    assert [each.severity for each in declared_twice(with_numbers, "error")] == [Severity.WARNING]
    assert [each.severity for each in declared_twice(without, "error")] == [Severity.ERROR]
    assert [each.severity for each in declared_twice(without, "warning")] == [Severity.WARNING]
    meant = [declared("1", corporateId="91"), declared(ref="b", same_as=("1",), corporateId="91")]
    assert list(declared_twice(meant, "error")) == []
