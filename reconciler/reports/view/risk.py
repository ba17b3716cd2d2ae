"""How early a reviewer must see a change: what moves money or trade first."""

from __future__ import annotations

from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource

CLEARED, DRIFTED = 15, 10
"""What is added for a value that is cleared, and for one that the ERP changed."""


def review_priority(path: str, resource: Resource = CUSTOMER) -> int:
    """How much a change of the field needs a look: 1 and more. The field's row says it (`priority`)."""
    row = resource.fields.get(path.partition(".")[0])
    return 1 + (row.priority if row else 0)
