"""What a body of POST and PUT may hold, member by member (fact sheet 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Member:
    """One member; kinds: text, bool, int16, int32, decimal, moment, enum, uuid, object, lines, segments."""

    kind: str
    wrapped: bool = True
    nullable: bool = False
    choices: tuple[str, ...] = ()
    members: Mapping[str, Member] = field(default_factory=dict)


TEXT: Final = Member("text")
BOOL: Final = Member("bool")
MAYBE_BOOL: Final = Member("bool", nullable=True)
MAYBE_MOMENT: Final = Member("moment", nullable=True)
MAYBE_DECIMAL: Final = Member("decimal", nullable=True)
SEGMENTS: Final = Member("segments", wrapped=False)
OPERATION: Final = Member("enum", wrapped=False, choices=("Insert", "Update", "Delete"))


def _object(members: Mapping[str, Member]) -> Member:
    return Member("object", members=members)


def _lines(members: Mapping[str, Member]) -> Member:
    return Member("lines", wrapped=False, members=members)


def _texts(*names: str) -> dict[str, Member]:
    return dict.fromkeys(names, TEXT)


ADDRESS: Final = _object(
    _texts("addressLine1", "addressLine2", "addressLine3", "postalCode", "city", "countryId", "county")
)
CONTACT: Final = _object(_texts("name", "attention", "email", "web", "phone1", "phone2", "fax"))

GL_SUBACCOUNTS: Final = (
    "customerLedgerSubaccount",
    "salesSubaccount",
    "discountSubaccount",
    "freightSubaccount",
    "cashDiscountSubaccount",
    "prepaymentSubaccount",
)
GL_MEMBERS: Final = (
    "customerLedgerAccount",
    "customerLedgerSubaccount",
    "salesAccount",
    "salesNonTaxableAccount",
    "salesEuAccount",
    "salesExportAccount",
    "salesSubaccount",
    "discountAccount",
    "discountSubaccount",
    "freightAccount",
    "freightSubaccount",
    "cashDiscountAccount",
    "cashDiscountSubaccount",
    "prepaymentAccount",
    "prepaymentSubaccount",
)
GL_ACCOUNTS: Final = _object({name: SEGMENTS if name in GL_SUBACCOUNTS else TEXT for name in GL_MEMBERS})

DIRECT_DEBIT: Final = {
    "operation": OPERATION,
    "id": Member("uuid", wrapped=False),
    "mandateId": TEXT,
    "mandateDescription": TEXT,
    "dateOfSignature": MAYBE_MOMENT,
    "isDefault": MAYBE_BOOL,
    "oneTime": MAYBE_BOOL,
    "bic": TEXT,
    "iban": TEXT,
    "lastCollectionDate": MAYBE_MOMENT,
    "maxAmount": MAYBE_DECIMAL,
    "expirationDate": MAYBE_MOMENT,
    "branch": TEXT,
}
SALES_PERSON: Final = {
    "operation": OPERATION,
    "salesPersonID": TEXT,
    "locationID": TEXT,
    "commissionPct": MAYBE_DECIMAL,
    "isDefault": MAYBE_BOOL,
}

ADDRESSES: Final = ("mainAddress", "invoiceAddress", "deliveryAddress")
CONTACTS: Final = ("mainContact", "invoiceContact", "deliveryContact")
MIRRORS: Final = {
    "invoiceAddress": "mainAddress",
    "deliveryAddress": "mainAddress",
    "invoiceContact": "mainContact",
    "deliveryContact": "mainContact",
}
BOOLEANS: Final = (
    "invoiceOrdersSeparately",
    "printInvoices",
    "acceptAutoInvoices",
    "sendInvoicesByEmail",
    "sendDunningLettersViaEMail",
    "printDunningLetters",
    "printStatements",
    "sendStatementsByEmail",
    "printMultiCurrencyStatements",
    "excludeDebtCollection",
)

CUSTOMER: Final[Mapping[str, Member]] = {
    **_texts("number", "name", "accountReference", "parentRecordNumber", "currencyId", "customerClassId"),
    **_texts("creditTermsId", "vatRegistrationId", "corporateId", "vatZoneId", "gln", "note", "priceClassId"),
    "status": Member("enum", choices=("Active", "OnHold", "CreditHold", "Inactive", "OneTime")),
    "numberOfEmployees": Member("int32", nullable=True),
    "creditLimit": Member("decimal"),
    "creditDaysPastDue": Member("int16", nullable=True),
    "overrideWithClassValues": Member("bool", wrapped=False),
    **dict.fromkeys(BOOLEANS, BOOL),
    "invoiceToDefaultLocation": MAYBE_BOOL,
    **dict.fromkeys(ADDRESSES, ADDRESS),
    **dict.fromkeys(CONTACTS, CONTACT),
    "creditVerification": Member("enum", choices=("Disabled", "DaysPastDue", "CreditLimit", "LimitAndDaysPastDue")),
    "statementType": Member("enum", choices=("OpenItem", "BalanceBroughtForward")),
    "eInvoiceContract": _object(_texts("fInvoiceContractID", "fInvoiceIntermediatorID")),
    "defaultPaymentMethod": _object({"paymentMethodId": TEXT, "isDefault": MAYBE_BOOL}),
    "glAccounts": GL_ACCOUNTS,
    "directDebitLines": _lines(DIRECT_DEBIT),
    "salesPersons": _lines(SALES_PERSON),
    "attributeLines": _lines({"attributeId": TEXT, "attributeValue": TEXT}),
    "overrideNumberSeries": BOOL,
}

NESTED: Final = frozenset(
    {
        *ADDRESSES,
        *CONTACTS,
        "glAccounts",
        "directDebitLines",
        "salesPersons",
        "attributeLines",
        "eInvoiceContract",
    }
)
ON_LOCATION: Final = frozenset({"vatRegistrationId", "corporateId", "vatZoneId", "gln", "priceClassId"})
"""Members that live on the default location (fact sheet 12.5)."""
