"""How far a trip went by each of its stations, in metres, with what it cannot know (GUM first order)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from captures.model import Int64Array, PulseTrain
from harness.judge.contract import Segment
from harness.judge.disc import edges
from harness.judge.pulses.speeds import debounced
from harness.judge.sensor_class import chatter_s, per_m_at
from harness.judge.trains import channels, clipped, gaps_in_window

SHOWN = {"distance": "distance", "record": "record_km"}  # station -> the register that tells it, in kilometres
LEAST_M = 200.0  # the shortest surveyed stretch in use (taximeters.md 3)
SPIKE_S = 50e-6  # no input that a cable of some metres leads to takes what is shorter [D]
FROM_SATELLITES = ("gnss", "obd")  # references that decide nothing inside the limits


@dataclass(frozen=True)
class Distance:
    """Metres with a standard uncertainty and `most`, how far it can be off at the worst by resolution and count; or why there is none."""

    metres: float
    u: float
    most: float
    why_not: str = ""


def _none(why: str) -> Distance:
    return Distance(0.0, 0.0, 0.0, why)


def pulses(segment: Segment, train: PulseTrain, profile: Mapping[str, Any]) -> Int64Array:
    """Ticks (n,) of the pulses inside the segment, as every meter takes them: what follows a rising edge within the chatter of the declared
    sensor is the same closing of its contact, and spikes, where both edges tell them, are none."""
    ticks, chatter = edges(segment, train), chatter_s(profile)
    if train.levels is not None and train.tick_s is not None:
        own, levels = clipped(segment, train)
        assert levels is not None
        spikes = own[:-1][(levels[:-1] == 1) & (np.diff(own) * float(train.tick_s) < SPIKE_S)]
        ticks = np.setdiff1d(ticks, spikes, assume_unique=True)
    return ticks if not chatter or train.tick_s is None else debounced(ticks, int(chatter / float(train.tick_s)))


def distance(segment: Segment, station: str, profile: Mapping[str, Any]) -> Distance:
    """The distance of a whole trip by "reference", "sensor", "input", "distance" or "record"."""
    if station in SHOWN:
        return _displayed(segment, SHOWN[station])
    if station == "reference" and segment.reference_m is not None:
        metres, u = segment.reference_m
        return Distance(float(metres), float(u), 2 * float(u))
    tap = "source" if station == "reference" else station
    taps, per_m = channels(segment, tap), per_m_at(profile, "input" if tap == "source" else tap)
    if not taps:
        return _none("no reference measured this trip" if tap == "source" else f"{tap} not tapped")
    if per_m is None:
        return _none("K of the meter is not declared")
    train = next(iter(taps.values()))
    if gaps_in_window(segment, train):
        return _none(f"gap in {train.name}")
    return Distance(pulses(segment, train, profile).size / per_m, 1 / per_m / math.sqrt(6), 1 / per_m)


def _displayed(segment: Segment, name: str) -> Distance:
    """The advance of a display from its first reading to its last; from zero where it was read at the end alone, or stood at zero
    at the beginning.  Some displays round, some count up only what is full: what stands behind a reading lies from half a step
    below it to a whole step above."""
    register = segment.registers.get(name)
    if register is None or not register.values:
        return _none(f"{name.split('_', maxsplit=1)[0]} not read")
    begin = register.values[0] if len(register.values) > 1 else 0
    step_m = float(register.resolution) * 1000
    metres = float(register.values[-1] - begin) * 1000
    if begin:  # both ends may lie so: the shift falls out
        return Distance(metres, 1.5 * step_m / math.sqrt(6), 1.5 * step_m)
    return Distance(metres + step_m / 4, 1.5 * step_m / math.sqrt(12), step_m)
