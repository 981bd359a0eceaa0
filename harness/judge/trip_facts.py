"""Facts (facts.py) of trips and soaks of a taximeter: what can exclude an honest cause there.

A fact is true only when it was observed or declared; each turns false where the cause it excludes acts in every segment alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from harness.judge.contract import Segment, SegmentKind
from harness.judge.ground import Ground
from harness.judge.quantities import number
from harness.judge.sensor_class import top_speed_kmh
from harness.judge.trains import channels, clipped

BEYOND_SPIN = 1.5  # of the top speed: no engine turns a wheel so fast [D]
WIDE_US = (
    500.0  # interference leaves spikes of some microseconds to some tens on a line that drives a meter's input [D]
)
CONTROL_NS = 5_000_000_000  # a control worked so near before may have done it
SURPLUS = 3  # pulses
SLIP_REL = 0.15  # of a leg that slipping wheels make longer, at the most: nobody drives a kilometre on ice [D]
TYRES_REL = 0.02  # by which pressure, load and speed move the circumference of one tyre within a visit, at the most [D]


def _all(test: Callable[[Mapping[str, object]], bool]) -> Callable[[Ground], bool]:
    return lambda ground: bool(ground.hits) and all(test(reading.at) for reading in ground.hits)


def _beyond_spin(ground: Ground) -> bool:
    """Every violation is a speed that no engine gives a wheel."""
    bound = BEYOND_SPIN * top_speed_kmh(ground.profile)
    return _all(lambda at: float(str(at.get("speed_kmh", 0))) > bound)(ground)


def _rising(segment: Segment, station: str) -> int | None:
    """Pulses at a tap; None where it is none."""
    taps = channels(segment, station)
    if not taps:
        return None
    ticks, levels = clipped(segment, next(iter(taps.values())))
    return int(ticks.size if levels is None else (levels == 1).sum())


def _sensor_fewer(ground: Ground) -> bool:
    """In every segment the input counts more than the sensor, tapped beside it, gives."""
    for segment in ground.segments:
        up, down = _rising(segment, "sensor"), _rising(segment, "input")
        if up is None or down is None or down - up < SURPLUS:
            return False
    return bool(ground.segments)


def _no_control_near(ground: Ground) -> bool:
    """No control was worked shortly before any of the violations, and marks would have told."""
    onsets = {reading.segment: reading.at.get("onset_ns") for reading in ground.hits}
    if not onsets or any(onset is None for onset in onsets.values()):
        return False
    return all(
        not any(0 <= int(onsets[segment.id] or 0) - mark.t_ns <= CONTROL_NS for mark in segment.marks if mark.kind.startswith("control-"))
        for segment in ground.segments
    )  # fmt: skip


def _at_rest(segment: Segment) -> bool:
    """Seen to stand: handbrake on, stated by the plan, or the vehicle's own speed was zero throughout."""
    if segment.kind is SegmentKind.SOAK and segment.context.get("handbrake") is True:
        return True
    speed = segment.traces.get("speed")
    return speed is not None and speed.steps.size >= 3 and not speed.steps.any()


def _k_as_certified(ground: Ground) -> bool:
    """K read from the meter in this case is the K of the certificate, and the one that is declared."""
    declared, certified = number(ground.profile, "pulses_per_km"), number(ground.profile, "certificate_k")
    said = {str(segment.context.get("stated_k", "")).strip() for segment in ground.segments}
    if declared is None or certified is None or declared != certified or len(said) != 1:
        return False
    try:
        return Decimal(said.pop()) == certified
    except InvalidOperation:
        return False


def _controls_alike(ground: Ground) -> bool:
    """The same control in three workings and more, in every reading."""
    return _all(lambda at: int(str(at.get("worked", 0))) >= 3 and bool(at.get("control")))(ground)


def _each(test: Callable[[Segment], bool]) -> Callable[[Ground], bool]:
    return lambda ground: bool(ground.segments) and all(test(segment) for segment in ground.segments)


def _beyond_slip(ground: Ground) -> bool:
    """Some leg of every trip tells more than wheels slip by on a leg of a kilometre with a stop in it."""
    return _all(lambda at: float(str(at.get("most_leg", 0))) > SLIP_REL)(ground)


TESTS: Mapping[str, Callable[[Ground], bool]] = {
    "beyond_spin": _beyond_spin,
    "even_train": _all(lambda at: at.get("even") is True),
    "wide_pulses": _all(lambda at: float(str(at.get("width_us", 0))) >= WIDE_US),
    "sensor_fewer": _sensor_fewer,
    "no_control_near": _no_control_near,
    "vehicle_at_rest": _each(_at_rest),
    "k_as_certified": _k_as_certified,
    "sensor_declared": lambda ground: bool(ground.profile.get("sensor_class")),
    "controls_alike": _controls_alike,
    "beyond_tyres": lambda ground: (
        bool(ground.hits) and all(abs(reading.effect or 0.0) > TYRES_REL for reading in ground.hits)
    ),
    "beyond_slip": _beyond_slip,
    "tariff_displayed": _each(lambda segment: segment.context.get("tariff") is not None),
    "no_surcharge": _all(lambda at: at.get("beyond_extras") is True),
}
READS: Mapping[str, tuple[str, ...]] = {
    "sensor_fewer": ("sensor", "input"),
    "vehicle_at_rest": ("speed",),
}
