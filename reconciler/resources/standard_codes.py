"""Codes of countries and currencies, and how many digits a country's postal codes have.

The codes are those of ISO 3166-1 and ISO 4217 as pycountry 26.2.16 has them, which takes them from Debian's iso-codes:
`" ".join(sorted(country.alpha_2 for country in pycountry.countries))`, and `alpha_3` of the currencies. Two lists
of words do not justify a dependency with 20 MB of translations, and no library that the package needs has them. Old
currencies (DEM), and codes that banks use and ISO does not have (XK for Kosovo), are not in them: a declaration that
means one says so (docs/declarations.md).
"""

from __future__ import annotations

COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 (a list of 249 words reads worse)
)
"""ISO 3166-1, two letters."""

CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD
    XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 (a list of 249 words reads worse)
)
"""ISO 4217, three letters."""

ZERO_FIRST = frozenset(("NO", "DK", "FI", "DE", "EE", "ES", "FR", "IT"))
"""Countries with postal codes that start with a zero."""

POSTAL_DIGITS = {
    "NO": 4, "DK": 4, "NL": 4, "SE": 5, "FI": 5, "DE": 5, "EE": 5, "ES": 5, "FR": 5, "IT": 5,
}  # fmt: skip
"""How many digits a postal code has (Universal Postal Union)."""

POSTAL_LETTERS = {"NL": 2}
"""How many letters follow them."""
