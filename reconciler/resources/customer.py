"""The field table: one row for each member of a customer, and all that follows from it.

The JSON Schema, the wire codec, the comparison, the documentation and the redaction are derived from these rows; adding
a field is adding a row. Facts are from the fact sheet of the customer API, section 11 (members) and 12 (semantics);
the section is named where a row departs from the rule. Everything that is not stated follows these rules:

* a member is written as `{"value": ...}` (`wrapped`) under its own name, and read under the same name;
* it may be sent in POST and PUT;
* text is cleared by `""` (12.1), the members whose .NET type is nullable by `{"value": null}` (Q15), others not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from reconciler.resources.values import Path


class Kind(StrEnum):
    """What a leaf holds, which also says how two of them compare (`reconciler.core.normalise`)."""

    TEXT = "text"  # exactly as stored
    REFERENCE = "reference"  # the id of another record: surrounding blanks do not count
    NUMBER = "customer number"  # blanks and case do not count (11.8, Q22)
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"  # exact, never binary
    ENUM = "enum"
    DATE = "date"  # wall-clock date, or date and time; the zone is unknown (11.9)


class Form(StrEnum):
    """How the members of a group are laid out in a declaration and in a body."""

    OBJECT = "object"  # named members
    MAP = "map"  # free keys to one text each: attributes
    LINES = "lines"  # a list of objects, told apart by key members, each sent with an operation
    SEGMENTS = "segments"  # a list of bare {segmentId, segmentValue}


class Read(StrEnum):
    """Where a member can be read (11, 13.6, 13.7)."""

    ROW = "every list row"
    EXPANDED = "list rows only with an expand flag"
    OWN = "an extra GET for the customer"
    NEVER = "nowhere"


@dataclass(frozen=True, slots=True)
class Field:
    """A leaf.

    name: write name. kind: see Kind. read: dotted path in CustomerDto (or in the group's object), "" = same as name.
    wrapped: sent as {"value": ...}. create_only: never in a PUT. nullable: its wrapper admits null.
    clearable: null may be declared. personal: replaced by `--redact`. values: the allowed words of an ENUM.
    low, high: bounds of an INTEGER.
    """

    name: str
    kind: Kind
    title: str
    description: str
    read: str = ""
    wrapped: bool = True
    create_only: bool = False
    nullable: bool = False
    clearable: bool = True
    personal: bool = False
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    where: Read = Read.ROW

    @property
    def read_path(self) -> Path:
        """The path in the read object, as segments."""
        return tuple((self.read or self.name).split("."))

    @property
    def is_compared(self) -> bool:
        """Whether its live value says something of the declared one: not what is sent once, or can be read nowhere."""
        return not self.create_only and self.where is not Read.NEVER


@dataclass(frozen=True, slots=True)
class Group:
    """A member that holds members. `read` is the path of its object in CustomerDto; `key` names the members that tell
    LINES apart; `expand` is the list parameter without which rows leave it out (5, Q19)."""

    name: str
    form: Form
    title: str
    description: str
    members: tuple[Field | Group, ...]
    read: str = ""
    wrapped: bool = True
    key: tuple[str, ...] = ()
    write: str = ""
    expand: str = ""
    where: Read = Read.ROW

    @property
    def read_path(self) -> Path:
        """The path in the read object, as segments."""
        return tuple((self.read or self.name).split("."))

    @property
    def write_name(self) -> str:
        """The member's name in a request body."""
        return self.write or self.name

    @property
    def by_name(self) -> dict[str, Field | Group]:
        """The members by their names."""
        return {member.name: member for member in self.members}


Row: TypeAlias = Field | Group

INT16 = (-(2**15), 2**15 - 1)
INT32 = (-(2**31), 2**31 - 1)


def _text(name: str, title: str, description: str, *, read: str = "", personal: bool = False) -> Field:
    return Field(name, Kind.TEXT, title, description, read=read, personal=personal)


def _reference(name: str, title: str, description: str, *, read: str = "") -> Field:
    return Field(name, Kind.REFERENCE, title, description, read=read)


def _flag(name: str, title: str, description: str) -> Field:
    return Field(name, Kind.BOOLEAN, title, description, clearable=False)


def _enum(name: str, title: str, description: str, values: tuple[str, ...]) -> Field:
    return Field(name, Kind.ENUM, title, description, clearable=False, values=values)


def _address(name: str, title: str, description: str) -> Group:
    """11.2: the country and county are read one level deeper than they are written."""
    return Group(
        name,
        Form.OBJECT,
        title,
        description,
        (
            _text("addressLine1", "Address line 1", "Street and number.", personal=True),
            _text("addressLine2", "Address line 2", "Second line of the street address.", personal=True),
            _text("addressLine3", "Address line 3", "Third line of the street address.", personal=True),
            _text("postalCode", "Postal code", "Text: a leading zero stays (0155).", personal=True),
            _text("city", "City", "Postal town.", personal=True),
            _reference("countryId", "Country", "Two letters, ISO 3166: NO, SE, DK, FI, NL.", read="country.id"),
            _reference("county", "County", "The county's id in the ERP.", read="county.id"),
        ),
    )


def _contact(name: str, title: str, description: str) -> Group:
    """11.3."""
    return Group(
        name,
        Form.OBJECT,
        title,
        description,
        (
            _text("name", "Contact's company name", "Name that stands on the contact.", personal=True),
            _text("attention", "Attention", "The person that letters are addressed to.", personal=True),
            _text("email", "E-mail", "E-mail address.", personal=True),
            _text("web", "Web", "Web address.", personal=True),
            _text("phone1", "Phone 1", "First phone number; the one that lists can filter by.", personal=True),
            _text("phone2", "Phone 2", "Second phone number.", personal=True),
            _text("fax", "Fax", "Fax number.", personal=True),
        ),
    )


def _account(name: str, title: str) -> Field:
    """11.4: written as the account number, read as an object whose `number` counts."""
    return _reference(name, title, f"Account number of the {title.lower()}.", read=f"{name}.number")


def _subaccount(name: str, title: str) -> Group:
    """11.4: a bare array of bare segments inside the wrapped glAccounts; sent segments replace those segment values."""
    return Group(
        name,
        Form.SEGMENTS,
        title,
        f"Segments of the {title.lower()}; segments that are not declared stay.",
        (
            Field("segmentId", Kind.INTEGER, "Segment", "Number of the segment.", wrapped=False, clearable=False,
                  low=0, high=INT32[1]),
            Field("segmentValue", Kind.REFERENCE, "Value", "Value of the segment.", wrapped=False, clearable=False),
        ),
        read=f"{name}.segments",
        wrapped=False,
        key=("segmentId",),
    )  # fmt: skip


_TABLE: tuple[Row, ...] = (
    Field("number", Kind.NUMBER, "Customer number",
          "Identifies the customer. Leave it out, and give a ref, to let the ERP number the customer.",
          create_only=True, clearable=False),
    Field("name", Kind.TEXT, "Name", "The customer's name. The ERP requires one.", clearable=False, personal=True),
    _enum("status", "Status", "Inactive is what the ERP has in place of deletion.",
          ("Active", "OnHold", "CreditHold", "Inactive", "OneTime")),
    _text("accountReference", "Account reference", "Our number in the customer's books.", personal=True),
    Field("numberOfEmployees", Kind.INTEGER, "Number of employees", "Whole number.", nullable=True,
          low=INT32[0], high=INT32[1]),
    Field("parentRecordNumber", Kind.NUMBER, "Parent", "Number of the parent customer.", read="parentRecord.number"),
    _reference("currencyId", "Currency", "ISO code of a currency that the ERP knows: NOK."),
    Field("creditLimit", Kind.DECIMAL, "Credit limit", "Amount in the customer's currency, exact to the last digit.",
          clearable=False),
    Field("creditDaysPastDue", Kind.INTEGER, "Credit days past due",
          "Days past due after which the credit check reacts.", nullable=True, low=INT16[0], high=INT16[1]),
    Field("overrideWithClassValues", Kind.BOOLEAN, "Take the class's values",
          "On create only: copies the customer class's settings onto the new customer. Never sent in an update.",
          wrapped=False, create_only=True, clearable=False, where=Read.NEVER),
    _reference("customerClassId", "Customer class", "Id of the customer class, at most 10 characters.",
               read="customerClass.id"),
    _flag("invoiceOrdersSeparately", "Invoice orders separately", "One invoice for each order."),
    _reference("creditTermsId", "Credit terms", "Id of the payment terms.", read="creditTerms.id"),
    _flag("printInvoices", "Print invoices", "Invoices are printed."),
    _flag("acceptAutoInvoices", "Accept AutoInvoice", "Invoices go out by AutoInvoice."),
    _flag("sendInvoicesByEmail", "Send invoices by e-mail", "Invoices go out by e-mail."),
    _flag("sendDunningLettersViaEMail", "Send dunning letters by e-mail",
          "Dunning letters go out by e-mail. Mind the capital M: it is the API's own spelling."),
    _flag("printDunningLetters", "Print dunning letters", "Dunning letters are printed."),
    _flag("printStatements", "Print statements", "Statements are printed."),
    _flag("sendStatementsByEmail", "Send statements by e-mail", "Statements go out by e-mail."),
    _flag("printMultiCurrencyStatements", "Print multi-currency statements", "Statements show each currency."),
    Field("invoiceToDefaultLocation", Kind.BOOLEAN, "Invoice to default location",
          "Invoices go to the default location.", nullable=True),
    _text("vatRegistrationId", "VAT registration", "VAT number, exactly as stored.", personal=True),
    _text("corporateId", "Corporate id", "Organisation number, exactly as stored.", personal=True),
    _reference("vatZoneId", "VAT zone", "Id of the VAT zone; some classes require one.", read="vatZone.id"),
    _text("gln", "GLN", "Global location number."),
    Field("note", Kind.TEXT, "Note", "Free text. Read with a request of its own for each customer that declares it.",
          personal=True, where=Read.OWN),
    _address("mainAddress", "Main address", "Where the customer is."),
    _contact("mainContact", "Main contact", "Whom to speak to."),
    _enum("creditVerification", "Credit verification", "What the credit check looks at.",
          ("Disabled", "DaysPastDue", "CreditLimit", "LimitAndDaysPastDue")),
    _address("invoiceAddress", "Invoice address", "Mirrors the main address until it is written once."),
    _contact("invoiceContact", "Invoice contact", "Mirrors the main contact until it is written once."),
    _enum("statementType", "Statement type", "What a statement lists.", ("OpenItem", "BalanceBroughtForward")),
    _address("deliveryAddress", "Delivery address", "Mirrors the main address until it is written once."),
    _contact("deliveryContact", "Delivery contact", "Mirrors the main contact until it is written once."),
    _reference("priceClassId", "Price class", "Id of the price class.", read="priceClass.id"),
    Group("eInvoiceContract", Form.OBJECT, "E-invoice contract", "Finnish e-invoice contract.", (
        _text("fInvoiceContractID", "Finvoice contract", "Contract id."),
        _text("fInvoiceIntermediatorID", "Finvoice intermediator", "Intermediator id."),
    )),
    Group("defaultPaymentMethod", Form.OBJECT, "Default payment method",
          "Sent only on a true change: the ERP has refused an echo of the value it already has.", (
              Field("paymentMethodId", Kind.REFERENCE, "Payment method", "Id of the payment method.",
                    read="defaultPaymentMethodId", clearable=False),
              Field("isDefault", Kind.BOOLEAN, "Default", "Goes along when the payment method changes; not read back.",
                    nullable=True, clearable=False, where=Read.NEVER),
          )),
    Group("glAccounts", Form.OBJECT, "GL accounts", "General ledger accounts and subaccounts.", (
        _account("customerLedgerAccount", "Customer ledger account"),
        _subaccount("customerLedgerSubaccount", "Customer ledger subaccount"),
        _account("salesAccount", "Sales account"),
        _account("salesNonTaxableAccount", "Non-taxable sales account"),
        _account("salesEuAccount", "EU sales account"),
        _account("salesExportAccount", "Export sales account"),
        _subaccount("salesSubaccount", "Sales subaccount"),
        _account("discountAccount", "Discount account"),
        _subaccount("discountSubaccount", "Discount subaccount"),
        _account("freightAccount", "Freight account"),
        _subaccount("freightSubaccount", "Freight subaccount"),
        _account("cashDiscountAccount", "Cash discount account"),
        _subaccount("cashDiscountSubaccount", "Cash discount subaccount"),
        _account("prepaymentAccount", "Prepayment account"),
        _subaccount("prepaymentSubaccount", "Prepayment subaccount"),
    ), expand="expandAccountInformation", where=Read.EXPANDED),
    Group("directDebitLines", Form.LINES, "Direct debit lines",
          "Direct debit mandates (Netherlands), told apart by mandateId.", (
              Field("mandateId", Kind.REFERENCE, "Mandate", "Id of the mandate; tells the lines apart.",
                    clearable=False, personal=True),
              _text("mandateDescription", "Description", "Text of the mandate.", personal=True),
              Field("dateOfSignature", Kind.DATE, "Date of signature", "2026-01-31, or with a time.", nullable=True),
              Field("isDefault", Kind.BOOLEAN, "Default", "The mandate that is used by default.", nullable=True),
              Field("oneTime", Kind.BOOLEAN, "One time", "The mandate holds for one collection.", nullable=True),
              _text("bic", "BIC", "Bank's BIC.", personal=True),
              _text("iban", "IBAN", "Account's IBAN.", personal=True),
              Field("lastCollectionDate", Kind.DATE, "Last collection", "2026-01-31, or with a time.", nullable=True),
              Field("maxAmount", Kind.DECIMAL, "Maximum amount", "Most that is collected at once.", nullable=True),
              Field("expirationDate", Kind.DATE, "Expiration", "2026-01-31, or with a time.", nullable=True),
              _reference("branch", "Branch", "Branch that collects."),
          ), wrapped=False, key=("mandateId",), expand="expandDirectDebit", where=Read.EXPANDED),
    Group("salesPersons", Form.LINES, "Sales persons",
          "Sales persons, told apart by salesPersonID and locationID. Read with a request of its own.", (
              Field("salesPersonID", Kind.REFERENCE, "Sales person", "Id of the sales person.", read="salePersonID",
                    clearable=False),
              Field("locationID", Kind.REFERENCE, "Location", "Id of the customer's location; Main if left out.",
                    clearable=False),
              Field("commissionPct", Kind.DECIMAL, "Commission", "Per cent.", read="commisionPct", nullable=True),
              Field("isDefault", Kind.BOOLEAN, "Default", "The sales person by default.", nullable=True),
          ), wrapped=False, key=("salesPersonID", "locationID"), where=Read.OWN),
    Group("attributes", Form.MAP, "Attributes",
          "Attribute id to value as text: {REGION: NORTH}. Case does not count in ids. null clears; others stay.", (
              _text("attributeValue", "Value", "The attribute's value as text.", read="value", personal=True),
          ), wrapped=False, key=("attributeId",), write="attributeLines"),
    Field("overrideNumberSeries", Kind.BOOLEAN, "Force the number",
          "On create only: keeps the declared number although the ERP numbers, where its number series allows.",
          create_only=True, clearable=False, where=Read.NEVER),
    _flag("excludeDebtCollection", "Exclude from debt collection", "The customer is left out of debt collection."),
)  # fmt: skip

FIELDS: dict[str, Row] = {row.name: row for row in _TABLE}
"""The rows by declaration name, in the order of the ERP's own schema."""

APART = frozenset(name for name, row in FIELDS.items() if row.where in (Read.OWN, Read.EXPANDED))
"""Fields that only an expand flag or a GET of their own brings: an absent one is unknown, never empty (Q19)."""

SELF_READ = ("defaultPaymentMethod",)
"""Groups whose members' read paths start at the customer, not at an object of the group's name."""

MIRRORS: dict[str, tuple[str, ...]] = {
    "mainAddress": ("invoiceAddress", "deliveryAddress"),
    "mainContact": ("invoiceContact", "deliveryContact"),
}
"""What follows the main address and contact until it is written once (12.5, inferred)."""


def leaf(path: Path) -> Field | None:
    """The row of a leaf by its path in the values, or None. Keys of maps and lines stand for any key.

    >>> leaf(("mainAddress", "city")).title
    'City'
    """
    row = FIELDS.get(path[0]) if path else None
    for segment in path[1:]:
        match row:
            case Group(form=Form.OBJECT):
                row = row.by_name.get(segment)
            case Group(form=Form.LINES):
                row = replace(row, form=Form.OBJECT)
            case Group(form=Form.MAP | Form.SEGMENTS):
                row = row.members[-1]
            case _:
                return None
    return row if isinstance(row, Field) else None


def walk() -> Iterator[tuple[Path, Field]]:
    """Each leaf row with its path; the free keys of maps and lines appear as `*`."""

    def below(row: Row, prefix: Path) -> Iterator[tuple[Path, Field]]:
        path = (*prefix, row.name)
        if isinstance(row, Field):
            yield path, row
            return
        if row.form is Form.OBJECT:
            for member in row.members:
                yield from below(member, path)
        elif row.form is Form.LINES:
            for member in row.members:
                yield from below(member, (*path, "*"))
        else:
            value = row.members[-1]
            assert isinstance(value, Field)
            yield (*path, "*"), value

    for row in FIELDS.values():
        yield from below(row, ())
