"""The field table of customers: one row for each member of a customer, and all that follows from it.

The JSON Schema, the wire codec, the comparison, the documentation and the redaction are derived from these rows; adding
a field is adding a row. Facts are from the fact sheet of the customer API (`docs/customer-api.md`), sections 11
(members) and 12 (semantics); the section is named where a row departs from the rule (`resources.grammar`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.resources.grammar import Comparison, Content, Field, Form, Group, Kind, Read, Resource, Row
from reconciler.resources.values import Path

INT16 = (-(2**15), 2**15 - 1)
INT32 = (-(2**31), 2**31 - 1)

ATTRIBUTES = "attributes"
"""The group of attributes: the classes define them, and lists can be filtered and shown by them."""

NOTE, SALES_PERSONS = "note", "salesPersons"
"""Each has an option of `export`, since it costs a request for each customer."""


def _text(name: str, title: str, description: str, **facts: Any) -> Field:
    return Field(name, Kind.TEXT, title, description, **facts)


def _reference(name: str, title: str, description: str, **facts: Any) -> Field:
    return Field(name, Kind.REFERENCE, title, description, **facts)


def _flag(name: str, title: str, description: str, **facts: Any) -> Field:
    return Field(name, Kind.BOOLEAN, title, description, clearable=False, **facts)


def _enum(name: str, title: str, description: str, values: tuple[str, ...], **facts: Any) -> Field:
    return Field(name, Kind.ENUM, title, description, clearable=False, values=values, **facts)


def _address(name: str, title: str, description: str, mirrors: str = "") -> Group:
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
            _text("postalCode", "Postal code", "Text: a leading zero stays (0155).", personal=True,
                  content=Content.POSTAL_CODE),
            _text("city", "City", "Postal town.", personal=True),
            _reference("countryId", "Country", "Two letters, ISO 3166: NO, SE, DK, FI, NL.", read="country.id",
                       max_length=2, content=Content.COUNTRY),
            _reference("county", "County", "The county's id in the ERP.", read="county.id"),
        ),
        mirrors=mirrors,
        whole=True,
    )  # fmt: skip


def _contact(name: str, title: str, description: str, mirrors: str = "") -> Group:
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
            _text(
                "phone1",
                "Phone 1",
                "First phone number; the one that lists can filter by.",
                personal=True,
                comparison=Comparison.PHONE,
            ),
            _text("phone2", "Phone 2", "Second phone number.", personal=True, comparison=Comparison.PHONE),
            _text("fax", "Fax", "Fax number.", personal=True, comparison=Comparison.PHONE),
        ),
        mirrors=mirrors,
        whole=True,
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


_ROWS: tuple[Row, ...] = (
    Field("number", Kind.NUMBER, "Customer number",
          "Identifies the customer. Leave it out, and give a ref, to let the ERP number the customer.",
          create_only=True, clearable=False, always=True, priority=40),
    Field("name", Kind.TEXT, "Name", "The customer's name. The ERP requires one.", clearable=False, personal=True,
          always=True, priority=20),
    _enum("status", "Status", "Inactive is what the ERP has in place of deletion.",
          ("Active", "OnHold", "CreditHold", "Inactive", "OneTime"), always=True, priority=60),
    _text("accountReference", "Account reference", "Our number in the customer's books.", personal=True,
          content=Content.FOREIGN_ID),
    Field("numberOfEmployees", Kind.INTEGER, "Number of employees", "Whole number.", nullable=True,
          low=INT32[0], high=INT32[1], unsigned=True),
    Field("parentRecordNumber", Kind.NUMBER, "Parent",
          "Number of the parent customer; or, for one that is declared here, its ref: {ref: head-office}.",
          read="parentRecord.number", by_ref=True, priority=35),
    _reference("currencyId", "Currency", "ISO code of a currency that the ERP knows: NOK.", priority=30,
               content=Content.CURRENCY),
    Field("creditLimit", Kind.DECIMAL, "Credit limit", "Amount in the customer's currency, exact to the last digit.",
          clearable=False, priority=50, amount=True, currency="currencyId", unsigned=True),
    Field("creditDaysPastDue", Kind.INTEGER, "Credit days past due",
          "Days past due after which the credit check reacts.", nullable=True, low=INT16[0], high=INT16[1],
          unsigned=True),
    Field("overrideWithClassValues", Kind.BOOLEAN, "Take the class's values",
          "On create only: copies the customer class's settings onto the new customer. Never sent in an update.",
          wrapped=False, create_only=True, clearable=False, where=Read.NEVER),
    _reference("customerClassId", "Customer class", "Id of the customer class, at most 10 characters.",
               read="customerClass.id", max_length=10, priority=35),
    _flag("invoiceOrdersSeparately", "Invoice orders separately", "One invoice for each order.",
          class_member="invoiceOrdersSeparately"),
    _reference("creditTermsId", "Credit terms", "Id of the payment terms.", read="creditTerms.id", priority=30),
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
    _text("vatRegistrationId", "VAT registration", "VAT number, exactly as stored.",
              personal=True, comparison=Comparison.ID, elsewhere=True,
          priority=30),
    _text("corporateId", "Corporate id", "Organisation number, exactly as stored.",
              personal=True, comparison=Comparison.ID, elsewhere=True,
          priority=30),
    _reference("vatZoneId", "VAT zone", "Id of the VAT zone; some classes require one.", read="vatZone.id",
               elsewhere=True, class_member="taxZoneId", priority=30),
    _text("gln", "GLN", "Global location number.", elsewhere=True, content=Content.FOREIGN_ID),
    Field(NOTE, Kind.TEXT, "Note", "Free text. Read with a request of its own for each customer that declares it.",
          personal=True, where=Read.OWN, own_path="note", elsewhere=True, multiline=True),
    _address("mainAddress", "Main address", "Where the customer is."),
    _contact("mainContact", "Main contact", "Whom to speak to."),
    _enum("creditVerification", "Credit verification", "What the credit check looks at.",
          ("Disabled", "DaysPastDue", "CreditLimit", "LimitAndDaysPastDue"), priority=40),
    _address("invoiceAddress", "Invoice address", "Mirrors the main address until it is written once.",
             mirrors="mainAddress"),
    _contact("invoiceContact", "Invoice contact", "Mirrors the main contact until it is written once.",
             mirrors="mainContact"),
    _enum("statementType", "Statement type", "What a statement lists.", ("OpenItem", "BalanceBroughtForward")),
    _address("deliveryAddress", "Delivery address", "Mirrors the main address until it is written once.",
             mirrors="mainAddress"),
    _contact("deliveryContact", "Delivery contact", "Mirrors the main contact until it is written once.",
             mirrors="mainContact"),
    _reference("priceClassId", "Price class", "Id of the price class.", read="priceClass.id", elsewhere=True),
    Group("eInvoiceContract", Form.OBJECT, "E-invoice contract", "Finnish e-invoice contract.", (
        _text("fInvoiceContractID", "Finvoice contract", "Contract id."),
        _text("fInvoiceIntermediatorID", "Finvoice intermediator", "Intermediator id."),
    ), whole=True),
    Group("defaultPaymentMethod", Form.OBJECT, "Default payment method",
          "Sent only on a true change: the ERP has refused an echo of the value it already has.", (
              Field("paymentMethodId", Kind.REFERENCE, "Payment method", "Id of the payment method.",
                    read="defaultPaymentMethodId", clearable=False, class_member="paymentMethodId"),
              Field("isDefault", Kind.BOOLEAN, "Default", "Goes along when the payment method changes; not read back.",
                    nullable=True, clearable=False, where=Read.NEVER),
          ), flat=True),
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
              Field("isDefault", Kind.BOOLEAN, "Default", "The mandate that is used by default; one at most.",
                    nullable=True, sole=True),
              Field("oneTime", Kind.BOOLEAN, "One time", "The mandate holds for one collection.", nullable=True),
              _text("bic", "BIC", "Bank's BIC.", personal=True, priority=55, stakes="bank account"),
              _text("iban", "IBAN", "Account's IBAN.", personal=True, comparison=Comparison.ID,
                    content=Content.IBAN, priority=55, stakes="bank account"),
              Field("lastCollectionDate", Kind.DATE, "Last collection", "2026-01-31, or with a time.", nullable=True),
              Field("maxAmount", Kind.DECIMAL, "Maximum amount", "Most that is collected at once.", nullable=True,
                    amount=True, unsigned=True),
              Field("expirationDate", Kind.DATE, "Expiration", "2026-01-31, or with a time.", nullable=True),
              _reference("branch", "Branch", "Branch that collects."),
          ), wrapped=False, key=("mandateId",), line_id="id", expand="expandDirectDebit", where=Read.EXPANDED),
    Group(SALES_PERSONS, Form.LINES, "Sales persons",
          "Sales persons, told apart by salesPersonID and locationID. Read with a request of its own.", (
              Field("salesPersonID", Kind.REFERENCE, "Sales person", "Id of the sales person.", read="salePersonID",
                    clearable=False),
              Field("locationID", Kind.REFERENCE, "Location", "Id of the customer's location; Main if left out.",
                    clearable=False, default="Main"),
              Field("commissionPct", Kind.DECIMAL, "Commission", "Per cent.", read="commisionPct", nullable=True,
                    unsigned=True),
              Field("isDefault", Kind.BOOLEAN, "Default", "The sales person by default; likely one for each location.",
                    nullable=True, sole=True, sole_within="locationID"),
          ), wrapped=False, key=("salesPersonID", "locationID"), where=Read.OWN, own_path="salespersons"),
    Group(ATTRIBUTES, Form.MAP, "Attributes",
          "Attribute id to value as text: {REGION: NORTH}. Case does not count in ids. null clears; others stay.", (
              _text("attributeValue", "Value", "The attribute's value as text.", read="value", personal=True),
          ), wrapped=False, key=("attributeId",), read_key="id", write="attributeLines"),
    Field("overrideNumberSeries", Kind.BOOLEAN, "Force the number",
          "On create only: keeps the declared number although the ERP numbers, where its number series allows.",
          create_only=True, clearable=False, where=Read.NEVER),
    _flag("excludeDebtCollection", "Exclude from debt collection", "The customer is left out of debt collection."),
)  # fmt: skip

CUSTOMER = Resource(
    name="customer",
    path="/v1/customer",
    rows=_ROWS,
    key="number",
    label="name",
    match=("corporateId", "vatRegistrationId"),
    postal_codes=(("mainAddress", "postalCode"),),
    status="status",
    retired="Inactive",
    parent="parentRecordNumber",
    category="customerClassId",
    takes_category="overrideWithClassValues",
    shown=("consolidateInvoices",),
    bookkeeping=("location", "paymentMethods", "errorInfo"),
)

FIELDS: dict[str, Row] = CUSTOMER.fields
"""The rows of a customer by declaration name."""

KEEPS_NUMBER = "overrideNumberSeries"
"""What a message advises where the ERP numbers customers by itself."""


@dataclass(frozen=True, slots=True)
class ListFilter:
    """A list parameter of equal texts (fact sheet 5), and the member that it is about."""

    path: Path
    parameter: str


FILTERS: dict[str, ListFilter] = {
    "corporate-id": ListFilter(("corporateId",), "corporateId"),
    "vat-registration-id": ListFilter(("vatRegistrationId",), "vatRegistrationId"),
    "email": ListFilter(("mainContact", "email"), "email"),
    "phone": ListFilter(("mainContact", "phone1"), "phone"),
}
"""The list filters of equal texts, by the command line's option."""

COLUMNS: dict[Path, str] = {
    ("number",): "NUMBER",
    ("name",): "NAME",
    ("status",): "STATUS",
    ("customerClassId",): "CLASS",
    ("mainAddress", "city"): "CITY",
    ("mainAddress", "countryId"): "COUNTRY",
    ("corporateId",): "CORPORATE ID",
}
"""The members that a list of customers shows if nothing else is asked for, with their titles."""
