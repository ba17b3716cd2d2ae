"""Amounts as people read them: separators, currency, the difference and how many times as much. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.core.amounts import plain_text
from reconciler.reports.safe_text import shown, visible

_DIGITS = 20
"""More digits than any amount has: such a value is shown as it is."""
_TIMES = 2
"""From so many times on a factor tells more than per cent."""


@dataclass(frozen=True, slots=True)
class AmountChange:
    """before, after: `25 000 NOK`, or (none). difference: `+725 000 NOK`, or "". factor: `×30`, `÷4`, `+50%`, or "".

    currencies: of before and after, visible, "" where they are not known. times: after by before, where both are above
    nothing and of one currency.
    """

    before: str
    after: str
    difference: str = ""
    factor: str = ""
    currencies: tuple[str, str] = ("", "")
    times: Decimal | None = None

    @property
    def change(self) -> str:
        """`25 000 → 750 000 NOK, ×30`."""
        before, currency = self.before, f" {self.currencies[0]}"
        if self.currencies[0] and self.after.endswith(currency):  # said once for both
            before = before.removesuffix(currency)
        return f"{before} → {self.after}" + (f", {self.factor}" if self.factor else "")


def amount_change(before: Any, after: Any, currencies: tuple[str | None, str | None]) -> AmountChange | None:
    """The two amounts; None where one of them is no amount."""
    if not (_is_amount(before) and _is_amount(after)):
        return None
    units = (visible(currencies[0] or ""), visible(currencies[1] or ""))
    texts = (_amount(before, units[0]), _amount(after, units[1]))
    if before is None or after is None or units[0] != units[1]:
        return AmountChange(*texts, currencies=units)
    old, new = Decimal(before), Decimal(after)
    difference = f"{'+' if new > old else '−'}{_amount(abs(new - old), units[0])}" if new != old else ""
    times = new / old if old > 0 and new > 0 else None
    return AmountChange(*texts, difference, _factor(times), units, times)


def spaced(value: Decimal) -> str:
    """Thousands apart by a blank, two decimals where there are any.

    >>> spaced(Decimal("25000.00")), spaced(Decimal("1234567.5")), spaced(Decimal("-0.125"))
    ('25 000', '1 234 567.50', '-0.125')
    """
    whole, _, decimals = plain_text(value).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}".replace(",", " ")
    return sign + grouped + (f".{decimals:0<2}" if decimals else "")


def _is_amount(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    number = Decimal(value)
    return number.is_finite() and abs(number.adjusted()) < _DIGITS and len(number.as_tuple().digits) < 2 * _DIGITS


def _amount(value: Any, unit: str) -> str:
    if value is None:
        return shown(None)
    return spaced(Decimal(value)) + (f" {unit}" if unit else "")


def _factor(times: Decimal | None) -> str:
    if times is None or times == 1:
        return ""
    if times >= _TIMES:
        return f"×{_rounded(times)}"
    if times <= Decimal(1) / _TIMES:
        return f"÷{_rounded(1 / times)}"
    percent = _rounded(abs(times - 1) * 100)
    return f"{'+' if times > 1 else '−'}{percent}%" if percent != "0" else ""


def _rounded(value: Decimal) -> str:
    """One decimal below ten, none above."""
    text = f"{value:.1f}" if value < 10 else f"{value:,.0f}".replace(",", " ")
    return text.removesuffix(".0")
