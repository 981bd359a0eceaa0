"""Tests of pulses made for dispensers, asked of a taximeter: one adapter, no copies.

A sensor that turns with the wheels is to them an encoder, the meter's input a board, the displayed distance a register, a trip a
delivery, a soak a closed nozzle, and the one quantity that they know (docs/decisions/0009-one-quantity.md) is the kilometre.
What they say comes back under the names of the taximeter's own stations; what ends in `_l` or names litres is in kilometres.

Sensor and input are shown together only where the papers say that the same pulses pass both taps: a conditioner between them
may change their number and their times (field_rules.md section 4), and what nobody declared is not held against a meter.
Then each tap is shown by itself, and `tap-ratio` compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from captures.model import EdgeKind, PulseTrain
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, View
from harness.judge.pulses.speeds import debounced
from harness.judge.sensor_class import chatter_s as chatter
from harness.judge.sensor_class import per_m_at, top_speed_kmh
from harness.judge.trains import channels, clipped, to_ns

SHOWN_AS = {"sensor": "encoder", "input": "board", "distance": "register", "source": "reference"}
NAMED = {"encoder": "sensor", "board": "input", "register": "distance"}
KINDS = {SegmentKind.TRIP: SegmentKind.DELIVERY, SegmentKind.SOAK: SegmentKind.SHUT}
_WORDS = re.compile(r"\b(encoder|board|register|steady flow|delivery|sale|disc)\b|(?<=[0-9] )L\b")
_SAID = {**NAMED, "steady flow": "steady driving", "delivery": "trip", "sale": "trip", "disc": "rotor", "L": "km"}
KEPT = 1024  # segments of a day
SAME_PULSES = ("magnet-rotor", "abs-derived", "ecu-regenerated")  # what the sensor gives goes on to the meter as it is

# what keeps a time of its own, or is more even than a wheel: so is every pulse of a source
OF_WHEELS = ("oscillator", "timer-lattice", "jitter-floor", "fingerprint-slip")
FED = "a pulse source gave these pulses, and no wheel"

MECHANISMS = {
    "edge-balance": "pulses at the meter's input and pulses of the sensor differ",
    "oscillator": "surplus pulses keep a time of their own, however the vehicle drives",
    "timer-lattice": "a timer gives out the pulses that should come from a rotor",
    "jitter-floor": "the pulses are more even than a rotor turns: a device averages them",
    "fingerprint-slip": "the pulses begin to slip against the pattern of their rotor",
    "course": "the distance is counted otherwise from some place of a trip on",
    "gain-change": "the same distance is counted differently",
    "zero-law": "the displayed distance advances while the vehicle stands",
    "register-law": "the displayed distance is not the pulses at the input divided by the sealed K",
}


def same_pulses(profile: Mapping[str, Any]) -> bool:
    """Whether the papers say that what the sensor gives reaches the meter pulse for pulse."""
    return profile.get("sensor_class") in SAME_PULSES


def shown_profile(profile: Mapping[str, Any]) -> Mapping[str, Any]:
    """The profile under the keys of a dispenser: K per kilometre, the rotor as a disc, the top speed as the greatest flow."""
    own = {**profile, "topology": "direct", "blending": False, "decoding": "x1"}
    own["max_flow_l_min"] = Decimal(str(top_speed_kmh(profile))) / 60
    if profile.get("pulses_per_km") is not None:
        own["pulses_per_litre"] = profile["pulses_per_km"]
    if "sealed_k" in profile:
        own["electronic_calibration"] = profile["sealed_k"] is not True
    if "sensor_class" in profile:
        own["sensor_class"] = "disc" if profile["sensor_class"] == "magnet-rotor" else "smart"
    if "magnets" in profile:
        own["slots_per_rev"] = profile["magnets"]
    if "distance_resolution_km" in profile:
        own["volume_resolution_l"] = profile["distance_resolution_km"]
    return own


def _station(name: str) -> str:
    station, dot, channel = name.partition(".")
    return SHOWN_AS.get(station, station) + dot + channel


def _read_at_rest(segment: Segment) -> bool:
    """Whether the displayed distance was read again when the last pulse had come: on a tap that is tied to the host's clock."""
    register = segment.registers.get("distance")
    if register is None or not register.values:
        return False
    for station in ("input", "sensor"):
        for train in channels(segment, station).values():
            last = to_ns(segment, train, clipped(segment, train)[0][-1:])
            if last is not None and last.size:
                return bool(int(register.times_ns[-1]) - int(register.u_ns[-1]) > int(last[0]))
    return False


def _settled(segment: Segment, train: PulseTrain, chatter_s: float) -> PulseTrain:
    """The train without what follows a rising edge within the chatter of its contact."""
    if not chatter_s or train.tick_s is None or train.station == "source":
        return train
    rising = train.rising
    kept = debounced(rising, int(chatter_s / float(train.tick_s)))
    return train if kept.size == rising.size else replace(train, ticks=kept, edge=EdgeKind.RISING, levels=None)


@lru_cache(maxsize=KEPT)
def shown(segment: Segment, stations: tuple[str, ...], chatter_s: float = 0.0) -> Segment:
    """A trip or soak as a delivery or a closed nozzle, with its trains and registers of `stations` alone; the same for every test.

    Of a sensor whose contact chatters for `chatter_s` the closings are shown, as every meter counts them.
    """
    trains = {
        _station(name): replace(_settled(segment, train, chatter_s), station=_station(train.station))
        for name, train in segment.trains.items()
        if train.station in stations
    }
    registers = {
        _station(name): replace(register, station=_station(name))
        for name, register in segment.registers.items()
        if name in stations
    }
    known = segment.reference_m
    context = {**segment.context, "wire_end": _read_at_rest(segment)}
    return replace(
        segment,
        kind=KINDS[segment.kind],
        context=context,
        trains=trains,
        registers=registers,
        traces={},
        reference_l=None if known is None else (known[0] / 1000, known[1] / 1000),
        reference_m=None,
    )


def named(text: str) -> str:
    """A sentence of such a test with the taximeter's stations in it."""
    return _WORDS.sub(lambda found: _SAID[found[0]], text)


def _back(value: Any) -> Any:
    if isinstance(value, str):
        return named(value)
    if isinstance(value, Mapping):
        return {key: _back(one) for key, one in value.items()}
    return [_back(one) for one in value] if isinstance(value, list) else value


def told(reading: Reading) -> Reading:
    """The reading under the names of the taximeter's stations."""
    link = Link(NAMED.get(reading.link.upstream, reading.link.upstream), NAMED.get(reading.link.downstream, reading.link.downstream))  # fmt: skip
    return replace(reading, link=link, at=_back(dict(reading.at)), reason=named(reading.reason))


def _views(segments: Sequence[Segment], profile: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Which stations are shown at once, and under which profile: both taps where the same pulses pass them, else one after the other.

    The sensor has a K of its own before a conditioner, and none that is known where nobody declared what stands behind it.
    """
    own = shown_profile(profile)
    if same_pulses(profile):
        return [(("sensor", "input", "distance", "source"), own)]
    tapped = {train.station for segment in segments for train in segment.trains.values()}
    found: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
    if "input" in tapped or "sensor" not in tapped:
        found.append((("input", "distance", "source"), own))
    per_m = per_m_at(profile, "sensor")
    if "sensor" in tapped and per_m is not None:
        beside = () if "input" in tapped else ("distance",)
        found.append((("sensor", *beside, "source"), {**own, "pulses_per_litre": Decimal(str(round(per_m * 1000, 9)))}))
    return found


def _longest(segments: Sequence[Segment], most: int) -> list[Segment]:
    """The `most` segments with the most edges, in the order in which they came; all of them where most is 0."""
    if not most or len(segments) <= most:
        return list(segments)
    edges = [sum(train.ticks.size for train in segment.trains.values()) for segment in segments]
    kept = sorted(sorted(range(len(segments)), key=lambda i: (-edges[i], i))[:most])
    return [segments[i] for i in kept]


def through(spec: DetectorSpec, most: int = 0) -> DetectorSpec:
    """The test of a dispenser's pulses as one of a taximeter's.

    `most` trips are enough of a test that tells a type of device, which is the same on every trip: those with the most pulses.
    """

    def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
        own = [segment for segment in segments if segment.kind in KINDS]
        fed = [one.id for one in own if spec.name in OF_WHEELS and one.context.get("fed")]
        own = _longest([one for one in own if one.id not in fed], most)
        readings = [Reading(spec.name, id, Link("sensor", "input"), 1.0, reason=FED) for id in fed]
        for stations, profile in _views(own, view.profile):
            seen = [shown(segment, stations, chatter(view.profile)) for segment in own]
            readings += map(told, spec.judge(seen, replace(view, profile=profile)))
        order = {segment.id: number for number, segment in enumerate(segments)}
        return sorted(readings, key=lambda reading: order[reading.segment.split("|")[0]])

    return replace(spec, judge=judge, mechanism=MECHANISMS.get(spec.name, spec.mechanism))
