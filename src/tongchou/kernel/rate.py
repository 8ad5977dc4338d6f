"""Exact rates: a ratio is a rational number with a decimal text form, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tongchou.kernel.money import Fen, divide_half_up


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """An exact ratio without unit: 65 % is ``Rate(Fraction(65, 100))``.

    Percent (``parse("65%")``) and percentage points (``parse("10pp")``) are both rates; which of the two a number is,
    is said by the place where it stands in a policy, not by the number.
    """

    value: Fraction

    @classmethod
    def parse(cls, text: str | int | Decimal) -> Rate:
        """Read ``"65%"``, ``"0.65"``, ``"10pp"``, ``"0.05%"``, ``0``, ``1`` or a Decimal exactly.

        Raises:
            TypeError: a float or a bool was given.
            ValueError: not a number.
        """
        if isinstance(text, bool | float):
            raise TypeError(f"a rate is never a {type(text).__name__}: {text!r}")
        if isinstance(text, (int, Decimal)):
            return cls(Fraction(text))
        body = text.strip()
        scale = 1
        for suffix in ("%", "pp"):
            if body.endswith(suffix):
                body, scale = body[: -len(suffix)].strip(), 100
                break
        try:
            return cls(Fraction(Decimal(body)) / scale)
        except (ArithmeticError, ValueError) as error:
            raise ValueError(f"not a rate: {text!r}") from error

    @property
    def numerator(self) -> int:
        """Numerator of the reduced fraction."""
        return self.value.numerator

    @property
    def denominator(self) -> int:
        """Denominator of the reduced fraction, positive."""
        return self.value.denominator

    def of(self, fen: int) -> Fen:
        """The share of an amount, rounded half up to the fen."""
        return Fen(divide_half_up(fen * self.value.numerator, self.value.denominator))

    def percent_text(self) -> str:
        """Print as percent without useless zeros: ``"65%"``, ``"0.05%"``, ``"33.333333%"`` (six decimals at most)."""
        scaled = divide_half_up(self.value.numerator * 100 * 10**6, self.value.denominator)
        text = f"{Decimal(scaled).scaleb(-6):f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"

    def ten_thousandths(self) -> int:
        """The rate in 1/10000, as the wire's n5,4 carries it.

        Raises:
            ValueError: the rate is finer than 1/10000.
        """
        scaled = self.value * 10_000
        if scaled.denominator != 1:
            raise ValueError(f"finer than 1/10000: {self.percent_text()}")
        return scaled.numerator
