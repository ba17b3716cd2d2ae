"""Reference tables of the sandbox company: classes, terms, zones, countries and so on.

The real ERP holds these as company set-up; here they are fixed, so that examples and tests can name them.
"""

from __future__ import annotations

from typing import Any, Final

CREDIT_TERMS: Final = {days: f"{days} days" for days in ("7", "10", "14", "30", "45", "60", "90")}

CURRENCIES: Final = ("NOK", "SEK", "DKK", "EUR", "USD", "GBP")

VAT_ZONES: Final = {
    "01": "Domestic, liable to VAT",
    "02": "Domestic, exempt from VAT",
    "03": "EU, goods",
    "04": "EU, services",
    "05": "Export, goods",
    "06": "Export, services",
    "07": "Svalbard and Jan Mayen",
    "08": "Reverse charge",
    "09": "Reduced rate",
    "10": "Outside the VAT area",
}

PAYMENT_METHODS: Final = {
    "1": "Bank transfer",
    "2": "Direct remittance",
    "3": "Avtalegiro",
    "4": "Direct debit",
    "5": "Card",
    "6": "Cash",
}

PRICE_CLASSES: Final = {
    "RETAIL": "Retail",
    "WHOLESALE": "Wholesale",
    "PARTNER": "Partner",
    "VIP": "Key accounts",
}

SALES_PERSONS: Final = {
    "1": "Kari Nordmann",
    "2": "Ola Hansen",
    "3": "Ingrid Lund",
    "4": "Pieter de Vries",
    "5": "Åsa Björk",
}

COUNTRIES: Final = {
    "AE": "United Arab Emirates", "AT": "Austria", "AU": "Australia", "AX": "Åland Islands", "BE": "Belgium",
    "BG": "Bulgaria", "BR": "Brazil", "CA": "Canada", "CH": "Switzerland", "CN": "China", "CY": "Cyprus",
    "CZ": "Czechia", "DE": "Germany", "DK": "Denmark", "EE": "Estonia", "ES": "Spain", "FI": "Finland",
    "FO": "Faroe Islands", "FR": "France", "GB": "United Kingdom", "GL": "Greenland", "GR": "Greece",
    "HK": "Hong Kong", "HR": "Croatia", "HU": "Hungary", "IE": "Ireland", "IL": "Israel", "IN": "India",
    "IS": "Iceland", "IT": "Italy", "JP": "Japan", "KR": "South Korea", "LI": "Liechtenstein",
    "LT": "Lithuania", "LU": "Luxembourg", "LV": "Latvia", "MC": "Monaco", "MT": "Malta", "MX": "Mexico",
    "NL": "Netherlands", "NO": "Norway", "NZ": "New Zealand", "PL": "Poland", "PT": "Portugal",
    "RO": "Romania", "RS": "Serbia", "SE": "Sweden", "SG": "Singapore", "SI": "Slovenia", "SJ": "Svalbard",
    "SK": "Slovakia", "TR": "Türkiye", "TW": "Taiwan", "UA": "Ukraine", "US": "United States",
    "ZA": "South Africa",
}  # fmt: skip

COUNTIES: Final = {
    "03": "Oslo", "11": "Rogaland", "15": "Møre og Romsdal", "18": "Nordland", "31": "Østfold",
    "32": "Akershus", "33": "Buskerud", "34": "Innlandet", "39": "Vestfold", "40": "Telemark",
    "42": "Agder", "46": "Vestland", "50": "Trøndelag", "55": "Troms", "56": "Finnmark",
}  # fmt: skip

ACCOUNTS: Final = {
    "1500": ("Asset", "Trade debtors"),
    "1510": ("Asset", "Trade debtors, EUR"),
    "2965": ("Liability", "Customer prepayments"),
    "3000": ("Income", "Sales, liable to VAT"),
    "3100": ("Income", "Sales, exempt from VAT"),
    "3110": ("Income", "Sales, EU"),
    "3120": ("Income", "Sales, export"),
    "3080": ("Income", "Discounts given"),
    "3850": ("Income", "Freight charged"),
    "8175": ("Expense", "Cash discounts given"),
}

SEGMENTS: Final = {1: "Department", 2: "Project"}

ATTRIBUTES: Final[dict[str, dict[str, Any]]] = {
    "REGION": {
        "description": "Sales region",
        "type": "Combo",
        "default": "",
        "details": {"NORTH": "North", "SOUTH": "South", "EAST": "East", "WEST": "West"},
    },
    "SEGMENT": {
        "description": "Market segment",
        "type": "Combo",
        "default": "SMB",
        "details": {
            "SMB": "Small business",
            "MID": "Mid market",
            "ENT": "Enterprise",
            "PUB": "Public sector",
        },
    },
    "VIP": {"description": "Key account", "type": "Checkbox", "default": "0", "details": {}},
    "CHANNEL": {
        "description": "Sales channels",
        "type": "MultiSelectCombo",
        "default": "",
        "details": {"WEB": "Web shop", "EDI": "EDI", "PHONE": "Phone", "FIELD": "Field sales"},
    },
    "SINCE": {"description": "Customer since", "type": "Datetime", "default": "", "details": {}},
    "EXTREF": {"description": "External reference", "type": "Text", "default": "", "details": {}},
}

_GL_DOMESTIC: Final = {
    "customerLedgerAccount": "1500",
    "customerLedgerSubaccount": {"1": "00"},
    "salesAccount": "3000",
    "salesNonTaxableAccount": "3100",
    "salesEuAccount": "3110",
    "salesExportAccount": "3120",
    "salesSubaccount": {"1": "00"},
}

_FLAGS_OFF: Final = {
    "printInvoices": False,
    "acceptAutoInvoices": False,
    "sendInvoicesByEmail": False,
    "sendDunningLettersViaEMail": False,
    "printDunningLetters": False,
    "printStatements": False,
    "sendStatementsByEmail": False,
    "printMultiCurrencyStatements": False,
    "invoiceOrdersSeparately": False,
}


def _class(description: str, *, needs_zone: bool, attributes: tuple[str, ...], **values: Any) -> dict[str, Any]:
    settings = {
        **_FLAGS_OFF,
        "creditTermsId": "30",
        "currencyId": "NOK",
        "vatZoneId": "01",
        "defaultPaymentMethodId": "1",
        "statementType": "OpenItem",
        "creditVerification": "Disabled",
        "glAccounts": _GL_DOMESTIC,
        **values,
    }
    return {
        "description": description,
        "needs_zone": needs_zone,
        "attributes": attributes,
        "values": settings,
    }


DEFAULT_CLASS: Final = "1"

CLASSES: Final[dict[str, dict[str, Any]]] = {
    "1": _class(
        "Domestic customers", needs_zone=False, attributes=("REGION", "SEGMENT", "VIP", "SINCE"),
        printInvoices=True, printDunningLetters=True, printStatements=True,
    ),
    "TEST": _class(
        "Test customers", needs_zone=False,
        attributes=("REGION", "SEGMENT", "VIP", "CHANNEL", "SINCE", "EXTREF"),
        creditTermsId="14",
    ),
    "RETAIL": _class(
        "Retail customers", needs_zone=False, attributes=("REGION", "CHANNEL", "VIP"),
        creditTermsId="10", sendInvoicesByEmail=True, sendDunningLettersViaEMail=True,
        statementType="BalanceBroughtForward", defaultPaymentMethodId="5",
    ),
    "NL": _class(
        "Customers in the Netherlands", needs_zone=True, attributes=("REGION", "SEGMENT"),
        currencyId="EUR", vatZoneId="03", defaultPaymentMethodId="4", sendInvoicesByEmail=True,
        sendStatementsByEmail=True, glAccounts={**_GL_DOMESTIC, "customerLedgerAccount": "1510"},
    ),
}  # fmt: skip


def class_dto(class_id: str) -> dict[str, Any]:
    """A customer class as the API reads it (fact sheet 4.2)."""
    settings = CLASSES[class_id]
    return {
        "id": class_id,
        "description": settings["description"],
        "taxZoneId": settings["values"]["vatZoneId"],
        "requiredTaxzoneId": settings["needs_zone"],
        "paymentMethodId": settings["values"]["defaultPaymentMethodId"],
        "invoiceOrdersSeparately": settings["values"]["invoiceOrdersSeparately"],
        "attributes": [_attribute_dto(name, order) for order, name in enumerate(settings["attributes"], 1)],
    }


def _attribute_dto(attribute_id: str, order: int) -> dict[str, Any]:
    attribute = ATTRIBUTES[attribute_id]
    dto = {
        "attributeId": attribute_id,
        "description": attribute["description"],
        "sortOrder": order,
        "required": False,
        "attributeType": attribute["type"],
        "defaultValue": attribute["default"],
        "details": [{"id": value, "description": text} for value, text in attribute["details"].items()],
    }
    return {name: value for name, value in dto.items() if value != ""}
