"""What a finding is, not only that it is: the nouns of one account.

The vocabulary is that of fuel_dispensers.md 1 and statistics.md 1b.  A kind names what is done to the quantity at one
place of the chain; it names no device by its maker, no person and no purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is done to the quantity, as far as the observations tell."""

    PERIODIC = "pulses put in or left out after every so many"
    OSCILLATOR = "pulses put in by an oscillator of its own"
    DELAYED = "pulses doubled at a fixed place after the one before"
    RANDOM = "pulses put in at no regular place"
    ADDED = "pulses put in"
    REMOVED = "pulses taken out"
    MULTIPLIED = "pulses multiplied evenly"
    RETIMED = "pulses given out anew by a device"
    CHANNEL = "one channel driven apart from the other"
    DISC = "another code disc"
    METER = "the meter or the hydraulics pass another volume than is counted"
    FACTOR = "the register counts a pulse as another volume"
    OFFSET = "the register adds a fixed volume"
    START = "the sale does not begin at zero"
    IDLE = "the register advances while nothing flows"
    DISPLAY = "the display shows another volume than the register"
    AMOUNT = "the amount follows another price or volume"
    TOTALISER = "the totaliser keeps another sum"
    MEMORY = "totaliser or identity are replaced when power is cut"
    MONITOR = "the monitoring of the pulser is kept silent"
    PARAMETER = "a sealed parameter was changed"
    CELL = "a load cell or its cable gives another signal for the same load"
    WEIGHED = "the same load is weighed otherwise"
    SHOWN = "the display shows another weight than is sent"
    PRICED = "the price is not the weight times the unit price"
    PRINTED = "the ticket says something else than the display"
    RECORDED = "the record keeps something else than was printed"
    ZERO = "the scale does not start from zero, or does not come back to it"
    SCALED = "the vehicle turns another number of pulses a kilometre than the meter is set for"
    CONSTANT = "the meter makes another distance of the same pulses"
    FARE = "the fare is not what the tariff makes of distance and time"
    CLOCK = "the meter keeps another time"
    TRIP_RECORD = "the record keeps another trip than was shown"
    UNDETERMINED = "not determined by what was observed"


PULSE_LINKS = (
    "reference>encoder",
    "encoder>board",
    "reference>sensor",
    "sensor>input",
)  # inside the pulser or sensor, or on its line
PLACES: Mapping[Kind, tuple[str, ...]] = {  # base links at which each acts
    Kind.PERIODIC: PULSE_LINKS,
    Kind.OSCILLATOR: PULSE_LINKS,
    Kind.DELAYED: PULSE_LINKS,
    Kind.RANDOM: PULSE_LINKS,
    Kind.ADDED: PULSE_LINKS,
    Kind.REMOVED: PULSE_LINKS,
    Kind.MULTIPLIED: PULSE_LINKS,
    Kind.RETIMED: PULSE_LINKS,
    Kind.CHANNEL: PULSE_LINKS,
    Kind.DISC: ("reference>encoder",),
    Kind.METER: ("reference>encoder",),
    Kind.FACTOR: ("board>register",),
    Kind.OFFSET: ("board>register",),
    Kind.START: ("board>register",),
    Kind.IDLE: ("board>register",),
    Kind.DISPLAY: ("register>display",),
    Kind.AMOUNT: ("display>amount",),
    Kind.TOTALISER: ("register>totaliser",),
    Kind.MEMORY: ("register>totaliser",),
    Kind.MONITOR: ("encoder>monitor",),
    Kind.PARAMETER: ("sealed>parameters",),
    Kind.CELL: ("load>counts",),
    Kind.WEIGHED: ("load>counts", "counts>weight"),
    Kind.SHOWN: ("weight>display",),
    Kind.PRICED: ("display>price",),
    Kind.PRINTED: ("price>ticket",),
    Kind.RECORDED: ("ticket>record",),
    Kind.ZERO: ("load>counts", "counts>weight"),
    Kind.SCALED: ("reference>sensor", "input>distance"),
    Kind.CONSTANT: ("input>distance",),
    Kind.FARE: ("distance>fare",),
    Kind.CLOCK: ("clock>waiting",),
    Kind.TRIP_RECORD: ("fare>record",),
    Kind.UNDETERMINED: (),
}
GENERAL = frozenset({Kind.ADDED, Kind.UNDETERMINED})  # said where nothing more particular is known
PATTERNED = frozenset({Kind.PERIODIC, Kind.OSCILLATOR, Kind.DELAYED, Kind.RANDOM})


@dataclass(frozen=True)
class Parameter:
    """A number recovered from the record: `u` standard uncertainty where one is known, `unit` as printed."""

    name: str
    value: float
    u: float | None
    unit: str


@dataclass(frozen=True)
class Size:
    """The gain by one method (or, where none measures it, by the telling test), over `deliveries`: `interval` holds at 95 % whenever one stops (gain.py).

    `uniform`: one gain explains all deliveries; else `gain` is their median and the interval spans them.
    """

    method: str
    gain: float
    interval: tuple[float, float]
    deliveries: int
    uniform: bool


@dataclass(frozen=True)
class Place:
    """Where it begins or ends inside one delivery: litres and seconds from the first pulse of the delivery on,
    and the mark that it may follow (`lag_s` after the mark; negative only within the uncertainties of both)."""

    segment: str
    litres: float | None
    interval_l: tuple[float, float] | None
    seconds: float | None
    mark: str
    lag_s: float | None


@dataclass(frozen=True)
class Account:
    """One explanation of one finding.

    `sizes` by method and `agree`: whether all pairs of methods agree within their uncertainties (None: fewer than two),
    else `apart` names the pairs that do not.  `follows`: the mark next to most onsets, seen at `followed` of them.
    `coheres`: whether the pattern of the disc comes together again when the suspect pulses are left out.
    `honest`: causes that nothing excluded; `possible`: other kinds that the observations leave open.  `device_type`: it says
    what type of device gives the pulses out, not that anything is counted wrongly.
    """

    kind: Kind
    gain: float | None
    interval: tuple[float, float] | None
    sizes: tuple[Size, ...]
    agree: bool | None
    apart: tuple[tuple[str, str], ...]
    onsets: tuple[Place, ...]
    ends: tuple[Place, ...]
    follows: str
    followed: int
    parameters: tuple[Parameter, ...]
    coheres: bool | None
    honest: tuple[str, ...]
    possible: tuple[Kind, ...]
    device_type: bool
