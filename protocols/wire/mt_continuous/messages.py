"""What a Mettler-Toledo indicator broadcasts in continuous mode (protocols.md 3.2): three status words, two figures.

The words are kept as sent; the properties name their bits.  Where makers differ, the property says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntFlag

from protocols.contract import ProtocolError
from protocols.figures import exact
from protocols.indication import Indication

DIGITS = 6
INCREMENTS = {1: 1, 2: 2, 3: 5}
MOST_DECIMALS, FEWEST_DECIMALS = 5, -2


class WordB(IntFlag):
    NET = 0x01
    NEGATIVE = 0x02
    OUT_OF_RANGE = 0x04
    MOTION = 0x08
    KG = 0x10  # else lb
    FIXED = 0x20  # 0 on one maker's units
    ZERO_NOT_CAPTURED = 0x40  # since power-up


class WordC(IntFlag):
    UNIT = 0x07  # 0: kg or lb by word B; 1: g; 2: t on one maker's units; others vary
    PRINT_REQUEST = 0x08
    EXPANDED = 0x10
    FIXED = 0x20
    KEYBOARD_TARE = 0x40  # one clone


_A_FIXED = 0x20


@dataclass(frozen=True, slots=True)
class Frame:
    """One broadcast: words A, B, C, six characters of weight and six of tare, `checked` where a checksum came with it.

    Blanks may stand for leading zeros.  While the weight is out of range its six characters may be blank.
    """

    a: int
    b: WordB
    c: WordC
    weight: str
    tare: str
    checked: bool = True

    @classmethod
    def of(
        cls,
        value: Decimal,
        tare: Decimal,
        decimals: int,
        b: WordB = WordB.FIXED | WordB.KG,
        c: WordC = WordC.FIXED,
        increment: int = 1,
        checked: bool = True,
    ) -> Frame:
        """A frame of a weight and a tare with `decimals` (-2 to 5) and increment 1, 2 or 5; ProtocolError otherwise."""
        code = next((code for code, known in INCREMENTS.items() if known == increment), None)
        if code is None or not FEWEST_DECIMALS <= decimals <= MOST_DECIMALS:
            raise ProtocolError(
                f"MT continuous: expected {FEWEST_DECIMALS} to {MOST_DECIMALS} decimals and increment 1, 2 or 5, "
                f"got {decimals} and {increment}"
            )
        sign = WordB.NEGATIVE if value < 0 else WordB(0)
        a = _A_FIXED | code << 3 | decimals - FEWEST_DECIMALS
        return cls(a, b | sign, c, _digits(value, decimals), _digits(tare, decimals), checked)

    @property
    def decimals(self) -> int:
        """Digits right of the point; negative: zeros that are not sent."""
        return (self.a & 7) + FEWEST_DECIMALS

    @property
    def increment(self) -> Decimal | None:
        """The step of the display; None where the word holds none."""
        step = INCREMENTS.get(self.a >> 3 & 3)
        return None if step is None else exact(str(step), self.decimals)

    @property
    def value(self) -> Decimal | None:
        """Gross or net weight; None while out of range, whatever the digits say."""
        return None if self.out_of_range else exact(self.weight.strip(), self.decimals, self.negative)

    @property
    def tare_value(self) -> Decimal | None:
        """None where the field is blank."""
        text = self.tare.strip()
        return exact(text, self.decimals) if text else None

    @property
    def net(self) -> bool:
        return WordB.NET in self.b

    @property
    def negative(self) -> bool:
        return WordB.NEGATIVE in self.b

    @property
    def out_of_range(self) -> bool:
        return WordB.OUT_OF_RANGE in self.b

    @property
    def motion(self) -> bool:
        return WordB.MOTION in self.b

    @property
    def zero_not_captured(self) -> bool:
        return WordB.ZERO_NOT_CAPTURED in self.b

    @property
    def print_request(self) -> bool:
        return WordC.PRINT_REQUEST in self.c

    @property
    def expanded(self) -> bool:
        """The display was switched to ten times the resolution."""
        return WordC.EXPANDED in self.c

    @property
    def unit(self) -> str:
        """Empty where word C holds a code that differs between makers."""
        return {0: "kg" if WordB.KG in self.b else "lb", 1: "g", 2: "t"}.get(int(self.c & WordC.UNIT), "")

    def indication(self) -> Indication:
        """One bit says out of range; that the sign tells below from above is derived."""
        return Indication(
            self.value,
            self.unit,
            stable=not self.motion,
            net=self.net,
            overload=self.out_of_range and not self.negative,
            underload=self.out_of_range and self.negative,
            tare=self.tare_value,
        )


def _digits(value: Decimal, decimals: int) -> str:
    scaled = abs(value).scaleb(decimals)
    if scaled != scaled.to_integral_value() or scaled >= 10**DIGITS:
        raise ProtocolError(f"MT continuous: expected {DIGITS} digits with {decimals} decimals, got {value}")
    return f"{int(scaled):0{DIGITS}d}"
