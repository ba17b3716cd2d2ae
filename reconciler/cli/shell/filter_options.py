"""The list filters that `customers list` and `export` share: the options, and the words taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from reconciler.core.filters import Filters, parse_attributes, parse_bounds, parse_status, parse_text

_TIMES = "COND is > < >= <=; TIME is yyyy-MM-dd, with HH:mm:ss or HH:mm:ss.FFF after a blank."

Status = Annotated[
    str | None,
    typer.Option("--status", metavar="WORD", help="Active, OnHold, CreditHold, Inactive or OneTime."),
]
ClassId = Annotated[
    str | None,
    typer.Option("--class", metavar="ID", help="Customer class. The API cannot filter by it: all are read."),
]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="A part of the name, in upper or lower case.")]
CorporateId = Annotated[str | None, typer.Option("--corporate-id", metavar="ID", help="Organisation number, whole.")]
VatId = Annotated[str | None, typer.Option("--vat-registration-id", metavar="ID", help="VAT number, whole.")]
Email = Annotated[
    str | None, typer.Option("--email", metavar="ADDRESS", help="E-mail address of the main contact, whole.")
]
Phone = Annotated[str | None, typer.Option("--phone", metavar="NUMBER", help="Phone 1 of the main contact, whole.")]
Attribute = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        metavar="ID=VALUE",
        help="Attribute; a comma in VALUE means any of; repeated for more attributes. Dates yyyy-MM-dd, checkbox 1.",
    ),
]
Modified = Annotated[
    str | None, typer.Option("--modified", metavar="'COND TIME'", help=f"When it was last changed. {_TIMES}")
]
Created = Annotated[str | None, typer.Option("--created", metavar="'COND TIME'", help="When it was made; likewise.")]


@dataclass(frozen=True, slots=True)
class Exact:
    """The texts that a customer's field must have whole; None asks for nothing."""

    corporate_id: str | None
    vat_registration_id: str | None
    email: str | None
    phone: str | None

    def by_option(self) -> dict[str, str]:
        """Those that are given, by their option without its dashes."""
        options = {
            "corporate-id": self.corporate_id,
            "vat-registration-id": self.vat_registration_id,
            "email": self.email,
            "phone": self.phone,
        }
        return {option: text for option, text in options.items() if text is not None}


def read_filters(
    exact: Exact,
    *,
    status: str | None,
    customer_class: str | None,
    name: str | None,
    attribute: list[str] | None,
    modified: str | None,
    created: str | None,
) -> Filters:
    """The filters of the options. Raises WrongUsage before anything is asked."""
    return Filters(
        status=None if status is None else parse_status(status),
        customer_class=None if customer_class is None else parse_text("--class", customer_class),
        name=None if name is None else parse_text("--name", name),
        equal={option: parse_text(f"--{option}", text) for option, text in exact.by_option().items()},
        attributes=parse_attributes(attribute or []),
        modified=() if modified is None else parse_bounds("--modified", modified),
        created=() if created is None else parse_bounds("--created", created),
    )
