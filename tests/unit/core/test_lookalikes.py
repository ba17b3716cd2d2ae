"""What may be the doing of a create: looser than what is taken for it, and no looser than that."""

from __future__ import annotations

import pytest

from reconciler.core.diagnostics import Source
from reconciler.core.live import Live
from reconciler.core.lookalikes import could_be_result_of, looks_like, with_alike
from reconciler.core.plan import Action, Cause, Change, Request, Verb

AT = Source("customers/a.yaml", 1, 1)


def create(name: str, **ids: str) -> Action:
    changes = tuple(Change(path, None, value, Cause.CONFIG, AT) for path, value in {"name": name, **ids}.items())
    return Action(Verb.CREATE, None, "a", name, AT, changes, Request("POST", "/v1/customer", None, {}))


def live(name: str, **ids: str | None) -> Live:
    return Live(1, "7", None, {"name": name, **ids})


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        (create("Fjord Handel"), live("FJORD  HANDEL ")),
        (create("Fjord Handel"), live("FjordHandel")),
        (create("Straße"), live("STRASSE")),
        (create("A", corporateId="NO 911 111 111 MVA"), live("A", corporateId="911111111")),
        (create("A", corporateId="911 111 111"), live("A", corporateId="NO911111111MVA")),
        (create("A", corporateId="ab-12"), live("A", corporateId="AB12")),
        (create("A", corporateId="911111111"), live("A", corporateId=None)),
        (create("A", vatRegistrationId="NO 1"), live("a", vatRegistrationId="no1")),
    ],
)
def test_a_form_of_the_erps_own_may_be_it_and_is_not_taken_for_it(declared: Action, stored: Live) -> None:
    assert could_be_result_of(declared, stored)
    assert not looks_like(declared, stored)
    assert with_alike([declared], [stored])[0].alike == ("7",)


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        (create("Fjord"), live("Fjord AS")),
        (create("A", corporateId="911111111"), live("A", corporateId="922222222")),
        (create("A", corporateId="AB-1"), live("A", corporateId="CD-1")),
        (create("A", corporateId="1", vatRegistrationId="2"), live("A", corporateId="1", vatRegistrationId="3")),
    ],
)
def test_another_name_or_id_is_another_customer(declared: Action, stored: Live) -> None:
    assert not could_be_result_of(declared, stored)
    assert with_alike([declared], [stored])[0].alike == ()
