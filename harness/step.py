"""The few things a plan can ask for.  Frozen, without I/O: a plan can be listed, costed and checked without a bench.

A step names what is to happen, not which instrument does it; where the bench has none, the operator is asked.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of field_rules.md section 3 begins: A-F, or "bench" in a laboratory."""

    letter: str
    title: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """The operator confirms that something is so or was done (safety, control taken, decision)."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Inquire:
    """The operator states a fact: nameplate, seal, legal basis."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """One sale.  `label` names its segment; volume preset, else amount preset, else free up to `volume_l`.

    `press_at_l`: the seized remote is pressed when the register passes that volume.  `covert`: bought as an ordinary
    customer buys, nobody shows a badge.
    """

    label: str
    volume_l: Decimal
    amount: Decimal | None = None
    flow: str = "full"
    covert: bool = False
    press_at_l: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Shut:
    """Nozzle lifted and closed, motor on: nothing may be counted."""

    label: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Read:
    """One number read at rest: "display" (volume and amount) or "totaliser", for the segment `label`."""

    what: str
    label: str


@dataclass(frozen=True, slots=True)
class Weigh:
    """The delivery `label`, caught in a can, is weighed: gross, tare, density, temperature as raw readings."""

    label: str


@dataclass(frozen=True, slots=True)
class Press:
    what: str


@dataclass(frozen=True, slots=True)
class PowerCycle:
    """Destroys volatile state: allowed in phase E, F or on a bench, never before what it destroys was measured."""

    off_s: int


@dataclass(frozen=True, slots=True)
class Judge:
    """The judgement so far; its outcome names the delivery that showed most."""


Step = Phase | Confirm | Inquire | Deliver | Shut | Read | Weigh | Press | PowerCycle | Judge
Outcome = Mapping[str, Any]
Plan = Generator[Step, Outcome, None]


def described(step: Step) -> dict[str, Any]:
    """`step` as JSON-ready data, decimals as text, for the journal."""
    body = {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(step).items()}
    return {"type": type(step).__name__, **body}
