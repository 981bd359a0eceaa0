"""What a finding stands on, and how much of it an observation may see: the stations whose values it declares.

Every fact says which stations' values it reads, and is shown the segments without all others.  So none can come to rest on
the reference unsaid, and where a station hangs on a standard past its due day its value can be taken away from all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.judge.chain import station_of
from harness.judge.contract import Link, Reading, Segment, Shape

REFERENCE = "reference"
LOAD = "load"  # what lies on a scale, known by its weights
_OF_REFERENCE = frozenset({"reference_pulses_per_litre", "reference_u_rel", "reference_drift_rel"})
"""Keys of the profile that the reference's certificate states."""
_TEMPERATURES = frozenset({"temperature_recorded", "t_meter_c", "t_reference_c"})
"""Keys of a segment's context that go into the reference's volume: read on a thermometer, a standard as well."""

Shown = tuple[frozenset[str], bool]  # stations whose values are seen, and whether the taps are


@dataclass(frozen=True)
class Ground:
    """What a finding stands on: its link, the readings that hit, their segments, and all readings of its process."""

    link: Link
    hits: tuple[Reading, ...]
    segments: tuple[Segment, ...]
    others: tuple[Reading, ...]  # readings of the same process that spoke and did not hit
    profile: Mapping[str, Any]
    shape: Shape | None
    idle: frozenset[str] = frozenset()  # segments in which nothing was delivered: they show nothing either way


@dataclass(frozen=True)
class Fact:
    """One observation that can exclude an honest cause.

    `reads`: the stations whose values it takes from the segments; the readings of the finding rest on the stations of its
    link and need no mention.  `taps`: it sees which pulses were recorded, and with which gaps, of every station: that a
    line was listened to without a break hangs on no calibration.
    """

    test: Callable[[Ground], bool]
    reads: frozenset[str] = frozenset()
    taps: bool = False

    def holds(self, ground: Ground, late: Iterable[str] = (), shown: dict[Shown, Ground] | None = None) -> bool:
        """Whether it was observed, and still is without the values of the stations `late`.

        Both are asked for: what another station bears out stands (the encoder shows smooth flow as well), and nothing
        comes true because a value is missing.  `shown`: what facts before it were shown of this ground.
        """
        void = self.reads & frozenset(late)
        seen = {} if shown is None else shown
        return self.test(self._shown(ground, self.reads, seen)) and (
            not void or self.test(self._shown(ground, self.reads - void, seen))
        )

    def _shown(self, ground: Ground, stations: frozenset[str], shown: dict[Shown, Ground]) -> Ground:
        known = shown.get((stations, self.taps))
        if known is None:
            segments = tuple(_without_others(segment, stations, self.taps) for segment in ground.segments)
            profile = ground.profile
            if REFERENCE not in stations:
                profile = {key: value for key, value in profile.items() if key not in _OF_REFERENCE}
            known = shown[stations, self.taps] = replace(ground, segments=segments, profile=profile)
        return known


def _without_others(segment: Segment, stations: frozenset[str], taps: bool) -> Segment:
    """The segment with no value but those of `stations`."""
    trains = {name: train for name, train in segment.trains.items() if taps or station_of(name) in stations}
    traces = {name: trace for name, trace in segment.traces.items() if taps or name in stations}
    registers = {name: value for name, value in segment.registers.items() if station_of(name) in stations}
    load_kg = segment.load_kg if LOAD in stations else None
    if REFERENCE in stations:
        return replace(segment, trains=trains, traces=traces, registers=registers, load_kg=load_kg)
    context = {key: value for key, value in segment.context.items() if key not in _TEMPERATURES}
    return replace(
        segment, trains=trains, traces=traces, registers=registers, load_kg=load_kg, context=context,
        reference_l=None, reference_m=None, portions=(),
    )  # fmt: skip
