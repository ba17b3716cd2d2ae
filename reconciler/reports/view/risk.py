"""How early a reviewer must see a change: what moves money or trade first."""

from __future__ import annotations

from collections.abc import Mapping

_PRIORITIES: Mapping[str, int] = {
    "status": 60,
    "creditLimit": 50,
    "creditVerification": 40,
    "number": 40,
    "customerClassId": 35,
    "parentRecordNumber": 35,
    "creditTermsId": 30,
    "currencyId": 30,
    "vatZoneId": 30,
    "vatRegistrationId": 30,
    "corporateId": 30,
    "name": 20,
}
CLEARED, DRIFTED = 15, 10
"""What is added for a value that is cleared, and for one that the ERP changed."""


def review_priority(path: str) -> int:
    """How much a change of the field needs a look: 1 and more."""
    return 1 + _PRIORITIES.get(path.partition(".")[0], 0)
