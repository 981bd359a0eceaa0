"""One delivery of an extension, as it was asked before and will be asked again: what is worked before it, whether power is cut, and which half
of a comparison it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from harness.judge.interventions.gain_change import HALVES
from harness.plans.worked import plain, writes

WORDS = re.compile(r"[^\W_][\w +*#.-]{0,39}")
FLOWS = ("full", "slow")
PLAIN = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
LONGEST_S = 3600
MOST_WORKED = 12
SILENT, SHOWS = HALVES


@dataclass(frozen=True)
class Repeated:
    """One delivery, or with `shut_s` a nozzle held shut for so long.  `worked`: pressed or typed right before it; `dark`: power is cut before
    that; `half`: of a confirmation that compares, whether it is to be silent or to show it."""

    volume_l: Decimal = Decimal(0)
    amount: Decimal | None = None
    flow: str = "full"
    press_at_l: Decimal | None = None
    shut_s: int = 0
    worked: tuple[str, ...] = ()
    dark: bool = False
    half: str = ""


def listed(repeats: Sequence[Repeated]) -> list[dict[str, Any]]:
    """As they stand in the journal: decimals as text."""
    return [{key: text(value) for key, value in asdict(one).items()} for one in repeats]


def text(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value


def read_one(one: Mapping[str, Any]) -> Repeated:
    """Raises KeyError, TypeError, ValueError or ArithmeticError where it is not what `listed` wrote of something that may be done."""
    volume_l, shut_s, flow = _litres(one["volume_l"]), one["shut_s"], one["flow"]
    if type(shut_s) is not int or not 0 <= shut_s <= LONGEST_S:
        raise ValueError(f"expected whole seconds up to {LONGEST_S}, got {shut_s!r}")
    if flow not in FLOWS:
        raise ValueError(f"expected flow {' or '.join(FLOWS)}, got {flow!r}")
    if (volume_l > 0) == (shut_s > 0):
        raise ValueError("expected a volume above zero, or seconds of a nozzle held shut")
    amount = None if one["amount"] is None else _litres(one["amount"])
    press_at_l = None if one["press_at_l"] is None else _litres(one["press_at_l"])
    dark, half = one.get("dark", False), one.get("half", "")
    if type(dark) is not bool or half not in ("", *HALVES):
        raise ValueError(f"expected yes or no, and {' or '.join(HALVES)} or nothing, got {dark!r} and {half!r}")
    return Repeated(volume_l, amount, flow, press_at_l, shut_s, read_worked(one.get("worked", [])), dark, half)


def read_worked(found: object) -> tuple[str, ...]:
    """TypeError or ValueError for anything that may not be worked."""
    if not isinstance(found, list) or len(found) > MOST_WORKED:
        raise TypeError(f"expected a list of at most {MOST_WORKED} things worked")
    for what in found:
        if not isinstance(what, str) or WORDS.fullmatch(what) is None or not plain(what) or writes(what):
            raise ValueError(f"expected something that may be worked, got {what!r}")
    return tuple(found)


def _litres(found: object) -> Decimal:
    if not isinstance(found, str) or PLAIN.fullmatch(found) is None:
        raise ValueError(f"expected a plain decimal, got {found!r}")
    return Decimal(found)
