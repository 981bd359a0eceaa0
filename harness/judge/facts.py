"""Observations of this case that can exclude an honest cause, computed from the segments a finding rests on.

A fact is true only when it was observed; what nobody recorded is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.judge.contexts import slow
from harness.judge.contract import Link, Reading, Segment, Shape
from harness.judge.quantities import repeats_at_rest
from harness.judge.trains import channels, gaps_in_window


@dataclass(frozen=True)
class Ground:
    """What a finding stands on: its link, the readings that hit, their segments, and all readings of its process."""

    link: Link
    hits: tuple[Reading, ...]
    segments: tuple[Segment, ...]
    others: tuple[Reading, ...]  # readings of the same process that spoke and did not hit
    profile: Mapping[str, Any]
    shape: Shape | None
    clean_upstream: bool  # a detector watched the link above and found it whole


def _each(test: Callable[[Segment], bool]) -> Callable[[Ground], bool]:
    return lambda ground: bool(ground.segments) and all(test(segment) for segment in ground.segments)


def _no_gaps(segment: Segment) -> bool:
    return segment.complete and not any(gaps_in_window(segment, train) for train in segment.trains.values())


def _two_taps(segment: Segment) -> bool:
    ups, downs = channels(segment, "encoder"), channels(segment, "board")
    shared = [name for name in ups if name in downs]
    return bool(shared) and all(ups[name].clock == downs[name].clock for name in shared)


def _temperatures(segment: Segment) -> bool:
    own = segment.context
    return bool(own.get("temperature_recorded")) or {"t_meter_c", "t_reference_c"} <= set(own)


def _hits(ground: Ground) -> int:
    return sum(reading.hits for reading in ground.hits)


def same_onset(hits: Sequence[Reading]) -> bool:
    """Two or more deliveries whose onset lies at one volume within their intervals."""
    spans = [reading.at["onset_interval_l"] for reading in hits if reading.at.get("onset_l")]
    return len(spans) >= 2 and max(low for low, _ in spans) <= min(high for _, high in spans) + 0.5


def _segments_hit(ground: Ground) -> int:
    return len({reading.segment for reading in ground.hits})


def _wire(ground: Ground) -> bool:
    """The register speaks for itself over the wire and repeats at rest."""
    return bool(ground.segments) and all(
        repeats_at_rest(segment.registers.get("register")) >= 3 for segment in ground.segments
    )


def _same_flow(ground: Ground) -> bool:
    return bool(ground.segments) and len({slow(segment) for segment in ground.segments}) == 1


def _same_volumes(ground: Ground) -> bool:
    """Groups compared at the same asked volumes: pairs agree within a twentieth."""
    by_id = {segment.id: segment for segment in ground.segments}
    pairs = [reading.segment.split("|") for reading in ground.hits if "|" in reading.segment]
    if not pairs or any(id not in by_id for pair in pairs for id in pair):
        return False
    asked = [[by_id[id].context.get("asked_l") for id in pair] for pair in pairs]
    return all(a is not None and b is not None and abs(float(a) / float(b) - 1) < 0.05 for a, b in asked)


def _one_visit(ground: Ground) -> bool:
    """All deliveries compared lie within four hours of one case, the later ones under control (phase B on)."""
    if not ground.segments:
        return False
    begin = min(segment.window_ns[0] for segment in ground.segments)
    end = max(segment.window_ns[1] for segment in ground.segments)
    last = max(ground.segments, key=lambda segment: segment.window_ns)
    return end - begin <= 4 * 3600 * 10**9 and last.phase not in ("", "A")


FACTS: Mapping[str, Callable[[Ground], bool]] = {
    "no_gaps": _each(_no_gaps),
    "events_separated": lambda ground: _hits(ground) >= 3,
    "three_or_more": lambda ground: _segments_hit(ground) >= 3 or _hits(ground) >= 3,
    "three_segments": lambda ground: _segments_hit(ground) >= 3,
    "reproduced": lambda ground: _segments_hit(ground) >= 2,
    "same_onset_volume": lambda ground: same_onset(ground.hits),
    "same_flow": _same_flow,
    "same_volumes": _same_volumes,
    "one_visit": _one_visit,
    "inside_delivery": lambda ground: ground.shape in (Shape.THRESHOLD, Shape.SWITCHED),
    "inline_reference": _each(lambda segment: "reference.P" in segment.trains),
    "sealed_k": lambda ground: bool(ground.profile.get("sealed_k")),
    "no_electronic_calibration": lambda ground: ground.profile.get("electronic_calibration") is False,
    "topology_direct": lambda ground: ground.profile.get("topology") == "direct" and not ground.profile.get("blending"),
    "temperature_recorded": _each(_temperatures),
    "photographed": _each(lambda segment: bool(segment.context.get("photographed"))),
    "two_taps_one_clock": _each(_two_taps),
    "seals_unchanged": _each(lambda segment: bool(segment.context.get("seals_unchanged"))),
    "at_rest": lambda ground: bool(ground.hits) and all(reading.at.get("at_rest") for reading in ground.hits),
    "wire_register": _wire,
    "clean_upstream": lambda ground: ground.clean_upstream,
    "clean_elsewhere": lambda ground: bool(ground.others),
}


def facts(ground: Ground) -> dict[str, bool]:
    """Every fact by name."""
    return {name: test(ground) for name, test in FACTS.items()}
