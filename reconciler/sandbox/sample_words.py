"""Words for invented companies, country by country."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reconciler.sandbox import ids
from reconciler.sandbox.chance import Chance


@dataclass(frozen=True)
class Country:
    """What companies of a country look like."""

    code: str
    weight: int
    forms: tuple[str, ...]
    trades: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str, str], ...]
    """Postal code, town, county id."""
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    phone: str
    phone_digits: int
    domain: str
    gln: str
    currency: str
    vat_zone: str
    number: Callable[[Chance], str]
    vat: Callable[[str], str]


STEMS: Final = (
    "Fjell", "Nord", "Sol", "Hav", "Skog", "Elve", "Berg", "Vest", "Øst", "Stein", "Lind", "Grøn", "Brei",
    "Høy",
    "Strand", "Sund", "Lille", "Stor", "Kvit", "Bjørk", "Eike", "Rogn", "Furu", "Myr", "Mo",
)  # fmt: skip
ENDS: Final = (
    "heim", "vik", "dal", "berg", "nes", "stad", "land", "mark", "bakken", "haug", "lund", "sund", "moen",
    "øya",
    "vang", "tun", "rud", "fors", "holm", "sjø",
)  # fmt: skip

NORWAY: Final = Country(
    "NO", 60, ("AS", "AS", "AS", "ASA", "ANS", "DA"),
    ("Bygg", "Regnskap", "Transport", "Elektro", "Rør", "Handel", "Eiendom", "Consulting", "Fisk",
    "Maskin", "Data",
     "Bakeri", "Gartneri", "Tannlegesenter", "Sport", "Møbler"),
    ("Storgata", "Kirkegata", "Havnegata", "Skolegata", "Parkveien", "Industriveien", "Strandgata", "Bryggen",
     "Karl Johans gate", "Ringveien", "Fjordveien"),
    (("0155", "Oslo", "03"), ("0001", "Oslo", "03"), ("0484", "Oslo", "03"), ("1337", "Sandvika", "32"),
     ("1606", "Fredrikstad", "31"), ("2317", "Hamar", "34"), ("3015", "Drammen", "33"),
     ("3724", "Skien", "40"),
     ("4006", "Stavanger", "11"), ("4611", "Kristiansand", "42"), ("5003", "Bergen", "46"),
     ("6003", "Ålesund", "15"),
     ("7010", "Trondheim", "50"), ("8006", "Bodø", "18"), ("9008", "Tromsø", "55"), ("9510", "Alta", "56")),
    ("Kari", "Ola", "Ingrid", "Lars", "Silje", "Bjørn", "Åse", "Øyvind", "Marit", "Jørgen"),
    ("Nordmann", "Hansen", "Johansen", "Olsen", "Bakke", "Dahl", "Haugen", "Sæther", "Ødegård"),
    "+47", 8, "no", "7080", "NOK", "01", ids.norwegian_number, lambda number: f"NO{number}MVA",
)  # fmt: skip
SWEDEN: Final = Country(
    "SE", 12, ("AB", "AB", "HB"),
    ("Bygg", "Redovisning", "Åkeri", "Måleri", "Handel", "Fastigheter", "Teknik", "Skog"),
    ("Storgatan", "Drottninggatan", "Kungsgatan", "Hamngatan", "Skolgatan", "Industrigatan"),
    (("111 22", "Stockholm", ""), ("411 03", "Göteborg", ""), ("211 20", "Malmö", ""),
    ("753 10", "Uppsala", ""),
     ("903 26", "Umeå", ""), ("972 31", "Luleå", "")),
    ("Åsa", "Erik", "Linnéa", "Göran", "Maja", "Sven"),
    ("Andersson", "Björk", "Lindqvist", "Öberg", "Nyström"),
    "+46", 9, "se", "7350", "SEK", "03", ids.swedish_number,
    lambda number: f"SE{number.replace('-', '')}01",
)  # fmt: skip
DENMARK: Final = Country(
    "DK", 10, ("A/S", "ApS", "ApS", "I/S"),
    ("Byg", "Revision", "Vognmandsforretning", "Handel", "Ejendomme", "Møbler"),
    ("Vestergade", "Østergade", "Nørregade", "Havnegade", "Skolevej", "Industrivej"),
    (("1050", "København K", ""), ("8000", "Aarhus C", ""), ("5000", "Odense C", ""), ("9000", "Aalborg", ""),
     ("0800", "Høje Taastrup", "")),
    ("Mette", "Søren", "Kirsten", "Jens", "Bodil"), ("Jensen", "Nielsen", "Kjær", "Østergaard", "Møller"),
    "+45", 8, "dk", "5790", "DKK", "03", ids.danish_number, lambda number: f"DK{number}",
)  # fmt: skip
FINLAND: Final = Country(
    "FI", 6, ("Oy", "Oyj", "Ky"),
    ("Rakennus", "Kuljetus", "Tilitoimisto", "Sähkö", "Puu"),
    ("Mannerheimintie", "Hämeenkatu", "Aleksanterinkatu", "Satamakatu"),
    (("00100", "Helsinki", ""), ("33100", "Tampere", ""), ("20100", "Turku", ""), ("90100", "Oulu", "")),
    ("Aino", "Väinö", "Päivi", "Jukka"), ("Virtanen", "Mäkinen", "Nieminen", "Hämäläinen"),
    "+358", 9, "fi", "6400", "EUR", "03", ids.finnish_number, lambda number: f"FI{number.replace('-', '')}",
)  # fmt: skip
NETHERLANDS: Final = Country(
    "NL", 12, ("B.V.", "B.V.", "N.V.", "V.O.F."),
    ("Bouw", "Transport", "Administratie", "Bloemen", "Handel", "Techniek"),
    ("Keizersgracht", "Dorpsstraat", "Stationsweg", "Havenstraat", "'s-Gravenweg", "Kerkstraat"),
    (("1015 CJ", "Amsterdam", ""), ("3011 AA", "Rotterdam", ""), ("2511 CV", "'s-Gravenhage", ""),
     ("3511 LN", "Utrecht", ""), ("9711 LM", "Groningen", "")),
    ("Pieter", "Sanne", "Joost", "Anouk", "Daniëlle"),
    ("de Vries", "van den Berg", "Jansen", "Bakker", "Visser"),
    "+31", 9, "nl", "8710", "EUR", "03", ids.dutch_number, lambda number: f"NL{number}B01",
)  # fmt: skip

COUNTRIES: Final = (NORWAY, SWEDEN, DENMARK, FINLAND, NETHERLANDS)

ODD_NUMBERS: Final = (
    "A/B 7", "ÅÆ#1", "..", ".", "A:B", "50%", "Q?X=1", "[X]", "A+B", "A&B;C", "B64(X)", "BALANCE", "INTERNAL",
    "CUSTOMERCLASS", "007", "1E3", "NO", "NULL", "@HOME", "A*B", "X Y", "TRUE", "-1", "12:30:45",
)  # fmt: skip
ODD_NAMES: Final = (
    'Bakeriet "Brød & Kake" AS', "O'Brien's Pub", "Key: value # no comment", "Line one\nLine two",
    "Café 🥐 Emoji",
    "<script>alert(1)</script>", "| pipe | table |", "  blanks around  ", "- dash", "{braces} [brackets]",
    "%percent",
    "*star & *anchor", "tab\there", "=SUM(A1:A9)", "Ünïcødé Ærlig Øl AS", "yes", "null", "2026-01-31", "1e3",
    "back\\slash", "@mention `code`", "ﬁne ligature", "e\u0301 combining", "\u05d0\u05d1 right to left",
)  # fmt: skip
