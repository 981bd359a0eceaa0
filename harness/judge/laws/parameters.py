"""Parameter law: what the menu of a gas dispenser holds is what was sealed, and stays so through the visit.

Null (a set test): every parameter read equals its sealed or type-file value to the digits both show; where none is
declared, the first value of the case that was read twice stands for it (one misread digit must not become the standard
that all others break) and only a change breaks the law; or a digit was misread.  What an
edited parameter would do to the indication is computed beside it, so that the error of indication can bear it out or not.
Source: field_rules.md sections 4 and 6; fuel_dispensers.md 3.4 (factor and density settings are sealed [G4]).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet

NAME = "parameter-law"
LINK = Link("sealed", "parameters")
NUMBERS = ("meter_factor", "density_kg_m3")
BASE_C = 15.0


def read(segment: Segment) -> dict[str, str]:
    """Parameters read after this segment, by name, as text."""
    return {str(name): str(value) for name, value in dict(segment.context.get("parameters", {})).items()}


def same(name: str, value: str, sealed: str) -> bool:
    """Equal to the digits that both show: half a step of the coarser one."""
    if name not in NUMBERS:
        return value.strip().lower() == sealed.strip().lower()
    one, two = Decimal(value), Decimal(sealed)
    step = max(Decimal(1).scaleb(int(number.as_tuple().exponent)) for number in (one, two))
    return abs(one - two) < step


def effect(name: str, value: str, sealed: str, gas_c: float | None, per_c: float) -> float | None:
    """Relative change of the indication when `value` stands where `sealed` should; None where it cannot be told.

    Indicated mass is proportional to the factor, indicated volume of a mass meter inversely to the density constant; LPG
    that is not compensated is shown as it flows, V = V15 (1 + beta (T - 15)), and `per_c` is beta.
    """
    if name == "meter_factor":
        return float(Decimal(value) / Decimal(sealed)) - 1
    if name == "density_kg_m3":
        return float(Decimal(sealed) / Decimal(value)) - 1
    if name == "compensation" and gas_c is not None and {value.lower(), sealed.lower()} == {"on", "off"}:
        return (1 if value.lower() == "off" else -1) * per_c * (gas_c - BASE_C)
    return None


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    menus = [(segment, found) for segment in segments if (found := read(segment))]
    expected: dict[str, str] = {}
    for name in dict.fromkeys(name for _, found in menus for name in found):
        sealed = view.profile.get(f"sealed_{name}")
        expected[name] = standard(name, [f[name] for _, f in menus if name in f]) if sealed is None else str(sealed)
    return [_reading(segment, found, expected, view) for segment, found in menus]


def standard(name: str, values: Sequence[str]) -> str:
    """The value that stands for an undeclared one: the first that was read twice, or the first read."""
    return next((v for v in values if sum(same(name, v, other) for other in values) > 1), values[0])


def _reading(segment: Segment, found: Mapping[str, str], expected: Mapping[str, str], view: View) -> Reading:
    odd = {name: value for name, value in found.items() if not same(name, value, expected[name])}
    gas = segment.context.get("gas_c")
    effects = [
        effect(name, value, expected[name], None if gas is None else float(gas), view.parameters["lpg_per_c"])
        for name, value in odd.items()
    ]
    known = [size for size in effects if size is not None]
    at: dict[str, Any] = {"parameters": {name: (expected[name], value) for name, value in odd.items()}}
    steps = [
        float(Decimal(1).scaleb(int(Decimal(found[name]).as_tuple().exponent)) / Decimal(found[name]))
        for name in NUMBERS
        if name in found and Decimal(found[name]) > 0
    ]
    sure = bool(segment.context.get("photographed"))
    q = view.parameters["q_sure" if sure else "q"]
    return Reading(
        NAME,
        segment.id,
        LINK,
        bet(bool(odd), q, view.validation),
        p=q if odd else 1.0,
        hits=int(bool(odd)),
        effect=sum(known) if odd and len(known) == len(effects) else None,
        mde=max(steps, default=None),
        shape=Shape.CONSTANT if odd else None,
        at=at,
    )


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="every parameter read is the sealed one, or the first one read twice where none is declared, or a digit was misread",
    needs="the parameter menu read after deliveries",
    parameters={"q": 0.02, "q_sure": 3e-4, "lpg_per_c": 0.0028},
    judge=judge,
    mechanism="a sealed parameter is not what was sealed",
    telling=24,
    shows=Kind.PARAMETER,
)
