"""Which delivery is shown of a test: the one that shows the finding best, else the longest in which the test spoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captures.model import Int64Array, PulseTrain
from harness.judge import disc
from harness.judge.contract import Segment
from harness.judge.detectors import period_gain
from harness.judge.pulses.mending import put_in
from harness.judge.trains import channels


@dataclass(frozen=True, eq=False)
class Shown:
    """One reading of the verdict document with the train it is of; `ticks` (n,) of the equal edges that were judged."""

    reading: Mapping[str, Any]
    segment: Segment
    train: PulseTrain
    ticks: Int64Array

    @property
    def hit(self) -> bool:
        return bool(self.reading["hits"])

    def bears_out(self, gain: float) -> bool:
        """Whether a gain measured anew for a picture is the one that was found: the test may have read other edges."""
        if not self.hit or self.reading["detector"] != period_gain.NAME or self.reading["interval"] is None:
            return True
        low, high = self.reading["interval"]
        return bool(low <= gain <= high)

    @property
    def where(self) -> str:
        return f"{self.segment.id}, {self.train.name}"


def best_shown(found: Sequence[Segment], document: Mapping[str, Any], detectors: Sequence[str]) -> Shown | None:
    """Of the readings of `detectors`, the first the most telling, that spoke about one pulse train; None where none did."""
    by_id = {segment.id: segment for segment in found}
    spoken = []
    for reading in document["readings"]:
        segment = by_id.get(reading["segment"])
        if reading["detector"] not in detectors or reading["reason"] or segment is None:
            continue
        train = train_of(segment, reading)
        if train is not None:
            spoken.append(Shown(reading, segment, train, _judged(segment, train, reading)))
    return max(spoken, key=lambda one: _telling(one, detectors), default=None)


def _judged(segment: Segment, train: PulseTrain, reading: Mapping[str, Any]) -> Int64Array:
    """The edges that the reading is of: a test of the disc may have left out those put in between (disc.py)."""
    ticks = disc.edges(segment, train)
    return np.delete(ticks, put_in(ticks)) if reading["at"].get("left_out") else ticks


def train_of(segment: Segment, reading: Mapping[str, Any]) -> PulseTrain | None:
    """The train that a reading names, or the first channel of the station its link ends at."""
    station = str(reading["at"].get("station") or reading["link"].split(">")[-1])
    taps = channels(segment, station)
    return taps.get(str(reading["at"].get("channel"))) or next(iter(taps.values()), None)


def _telling(one: Shown, detectors: Sequence[str]) -> tuple[float, ...]:
    size = abs(one.reading["effect"] or 0.0) if one.hit else 0.0
    return (
        one.hit,
        -detectors.index(one.reading["detector"]) if one.hit else 0,
        one.reading["hits"],
        size,
        one.ticks.size,
    )
