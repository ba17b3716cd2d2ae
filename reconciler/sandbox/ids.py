"""Company numbers in correct form, check digits included; all invented."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import Final

from reconciler.sandbox.chance import Chance

_NO_WEIGHTS: Final = (3, 2, 7, 6, 5, 4, 3, 2)
_DK_WEIGHTS: Final = (2, 7, 6, 5, 4, 3, 2)
_FI_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2)
_NL_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2)
_BANKS: Final = {"ABNA": "ABNANL2A", "INGB": "INGBNL2A", "RABO": "RABONL2U", "TRIO": "TRIONL2U"}
_BANK_NAMES: Final = tuple(_BANKS)
_GS1_WEIGHTS: Final = (1, 3) * 6


def _digits(chance: Chance, count: int, first: str = "") -> str:
    rest = count - len(first)
    return first + str(chance.below(10**rest)).zfill(rest)


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(map(mul, map(int, digits), weights))


def norwegian_number(chance: Chance) -> str:
    """Nine digits, modulo 11."""
    while True:
        stem = _digits(chance, 8, chance.pick("89"))
        check = -_weighted(stem, _NO_WEIGHTS) % 11
        if check < 10:
            return f"{stem}{check}"


def swedish_number(chance: Chance) -> str:
    """Ten digits with hyphen, Luhn."""
    stem = _digits(chance, 9, "556")
    doubled = (int(digit) * (2 - at % 2) for at, digit in enumerate(stem))
    total = sum(value // 10 + value % 10 for value in doubled)
    return f"{stem[:6]}-{stem[6:]}{-total % 10}"


def danish_number(chance: Chance) -> str:
    """Eight digits, modulo 11."""
    while True:
        stem = _digits(chance, 7, chance.pick("123"))
        check = -_weighted(stem, _DK_WEIGHTS) % 11
        if check < 10:
            return f"{stem}{check}"


def finnish_number(chance: Chance) -> str:
    """Seven digits, hyphen, modulo 11."""
    while True:
        stem = _digits(chance, 7, chance.pick("0123"))
        rest = _weighted(stem, _FI_WEIGHTS) % 11
        if rest != 1:
            return f"{stem}-{0 if rest == 0 else 11 - rest}"


def dutch_number(chance: Chance) -> str:
    """Nine digits, modulo 11: the stem of a VAT id."""
    while True:
        stem = _digits(chance, 8)
        check = _weighted(stem, _NL_WEIGHTS) % 11
        if check < 10 and stem[0] != "0":
            return f"{stem}{check}"


def dutch_account(chance: Chance) -> tuple[str, str]:
    """An IBAN with its check digits, and the BIC of its bank."""
    bank, account = chance.pick(_BANK_NAMES), _digits(chance, 10, "0")
    letters = "".join(str(ord(letter) - 55) for letter in bank)
    check = 98 - int(f"{letters}{account}232100") % 97
    return f"NL{check:02d}{bank}{account}", _BANKS[bank]


def location_number(chance: Chance, prefix: str) -> str:
    """A GLN: thirteen digits with the check digit of GS1."""
    stem = _digits(chance, 12, prefix)
    return f"{stem}{-_weighted(stem, _GS1_WEIGHTS) % 10}"
