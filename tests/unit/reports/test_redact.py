"""What a redacted message keeps of the ERP's own words: nothing."""

from __future__ import annotations

import pytest

from reconciler.reports.redact import Redactor


@pytest.mark.parametrize(
    "message",
    [
        "GET /v1/customer was answered 400 Bad Request: Ola Nordmann is taken",
        "GET /v1/customer was answered with something that is not JSON: Ola Nordmann, Oslo",
        "PUT /v1/customer/1 was answered 400 Bad Request: (the ERP's words are redacted: Ola Nordmann",
    ],
)
def test_nothing_that_the_erp_said_is_left_and_a_redacted_message_stays_as_it_is(message: str) -> None:
    redactor = Redactor(b"0123456789abcdef")
    redacted = redactor.text(message)
    assert "Ola" not in redacted
    assert redactor.text(redacted) == redacted
