"""Observations of this case that can exclude an honest cause, computed from the segments a finding rests on.

A fact is true only when it was observed, or declared by the instrument's papers (DECLARED: reports say so); what nobody
recorded is false.  A fact must turn false when the honest cause it excludes acts in every segment alike: that
something was seen again and again excludes accidents, never a lasting cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from harness.judge.contract import Segment, SegmentKind, Shape
from harness.judge.ground import Fact, Ground, Shown
from harness.judge.pair_facts import HOSE_L
from harness.judge.pair_facts import TESTS as OF_PAIRS
from harness.judge.parameter_facts import certificate_confirms, indication_follows
from harness.judge.places import same
from harness.judge.pulse_facts import counts_more, decoded_surplus, two_taps
from harness.judge.quantities import at_rest, counts, ended, number, repeats_at_rest, volume
from harness.judge.smoothness import smooth
from harness.judge.trains import channels, gaps_in_window
from harness.judge.trip_facts import READS as READ_OF_TRIPS
from harness.judge.trip_facts import TESTS as OF_TRIPS
from harness.judge.volumes import track
from harness.judge.weighing_facts import TESTS as OF_WEIGHINGS


def _each(test: Callable[[Segment], bool]) -> Callable[[Ground], bool]:
    return lambda ground: bool(ground.segments) and all(test(segment) for segment in ground.segments)


def _no_gaps(segment: Segment) -> bool:
    return (
        segment.complete
        and bool(segment.trains)
        and not any(gaps_in_window(segment, train) for train in segment.trains.values())
    )


def _no_pulse_tap(segment: Segment) -> bool:
    """Whole, and nothing in it was counted from pulses: read by eye and heard on a data line alone."""
    return segment.complete and not segment.trains


def _temperatures(segment: Segment) -> bool:
    own = segment.context
    return bool(own.get("temperature_recorded")) or {"t_meter_c", "t_reference_c"} <= set(own)


def _hits(ground: Ground) -> int:
    return sum(reading.hits for reading in ground.hits)


def _segments_hit(ground: Ground) -> int:
    return len({reading.segment for reading in ground.hits})


def _wire(ground: Ground) -> bool:
    """The register speaks for itself over the wire and repeats at rest."""
    return bool(ground.segments) and all(
        repeats_at_rest(segment.registers.get("register")) >= 3 for segment in ground.segments
    )


def _litres_per_min(segment: Segment, profile: Mapping[str, Any]) -> float | None:
    """Measured flow over the middle half of a delivery, by the reference, else by the register."""
    for station in ("reference", "register"):
        found = track(segment, station, profile)
        if not isinstance(found, str) and found.litres[-1] > found.litres[0]:
            low, high = (found.litres[0] + part * (found.litres[-1] - found.litres[0]) for part in (0.25, 0.75))
            first, last = (int(np.searchsorted(found.litres, level)) for level in (low, high))
            minutes = float(found.t_ns[last] - found.t_ns[first]) / 6e10
            return float(found.litres[last] - found.litres[first]) / minutes if minutes > 0 else None
    return None


def _same_flow(ground: Ground) -> bool:
    """Measured flows of all segments agree within a fifth."""
    flows = [_litres_per_min(segment, ground.profile) for segment in ground.segments]
    known = [flow for flow in flows if flow is not None]
    return bool(known) and len(known) == len(flows) and max(known) <= 1.2 * min(known)


def _k_confirmed(ground: Ground) -> bool:
    """The K read from the nameplate in this case is the K that the bench file declares."""
    declared = number(ground.profile, "pulses_per_litre")
    said = {str(segment.context.get("stated_k", "")).strip() for segment in ground.segments}
    if declared is None or len(said) != 1:
        return False
    [text] = said
    return bool(re.fullmatch(r"[0-9]{1,7}([.][0-9]{1,6})?", text)) and Decimal(text) == declared


def _grows(ground: Ground) -> bool:
    """The excess in litres grows with the delivery: no fixed loss or gain at start and stop makes it."""
    excess = []
    for segment in ground.segments:
        sizes = [r.effect for r in ground.hits if r.segment == segment.id and r.effect is not None]
        litres = at_rest(segment.registers.get("register"))
        if sizes and litres:
            excess.append((float(litres), abs(sizes[0]) * float(litres)))
    if len(excess) < 2:
        return False
    (small, low), (large, high) = min(excess), max(excess)
    return large > 1.3 * small and high > 1.2 * low and high > 0.1


def _beyond_start(ground: Ground) -> bool:
    """Every onset lies well behind what air in a standing line and a swelling hose can reach."""
    onsets = [reading.at["onset_interval_l"][0] for reading in ground.hits if "onset_interval_l" in reading.at]
    return bool(onsets) and min(onsets) > START_L


def _beyond_drift(ground: Ground) -> bool:
    """Every difference is more than a reference in series can drift, air and fittings included."""
    drift = float(ground.profile.get("reference_drift_rel", REFERENCE_DRIFT))
    sizes = [abs(reading.effect) for reading in ground.hits if reading.effect is not None]
    return bool(sizes) and min(sizes) > 1.5 * drift


def _beyond_transfer(ground: Ground) -> bool:
    """Every part of a sale that differs does so by more litres than one fill can lose or gain by honest handling."""
    litres = [reading.at.get("excess_l") for reading in ground.hits]
    return bool(litres) and all(excess is not None and float(excess) > TRANSFER_L for excess in litres)


def _read_twice(ground: Ground) -> bool:
    """Both officers read the measure alike, and every display was read twice or agrees with its amount."""
    return bool(ground.hits) and all(reading.at.get("sure") is True for reading in ground.hits)


def _two_levels(ground: Ground) -> bool:
    """The gain before the onset and after it is the same in all deliveries: two states, not a wandering."""
    sizes = [float(reading.at["size"]) for reading in ground.hits if "size" in reading.at]
    return len(sizes) >= 2 and max(sizes) - min(sizes) <= 0.25 * max(abs(size) for size in sizes)


def _modes_tight(ground: Ground) -> bool:
    """Three or more sales that deviate by the same share, within a quarter of it."""
    sizes = [reading.effect for reading in ground.hits if reading.effect is not None]
    return len(sizes) >= 3 and max(sizes) - min(sizes) <= 0.25 * max(abs(size) for size in sizes)


def _clean_elsewhere(ground: Ground) -> bool:
    """Fresh deliveries that would have shown the effect did not."""
    sizes = [abs(reading.effect) for reading in ground.hits if reading.effect]
    return bool(sizes) and any(
        reading.mde is not None and reading.mde < min(sizes) and reading.segment not in ground.idle
        for reading in ground.others
    )


def _at_rest(ground: Ground) -> bool:
    return bool(ground.hits) and all(reading.at.get("at_rest") is True for reading in ground.hits)


def _each_says(key: str, value: Any) -> Callable[[Ground], bool]:
    return _each(lambda segment: segment.context.get(key) is value)


def _reading_says(key: str) -> Callable[[Ground], bool]:
    return lambda ground: bool(ground.hits) and all(reading.at.get(key) is True for reading in ground.hits)


def _start_repeats(ground: Ground) -> bool:
    """Three or more sales begin beyond zero."""
    return len({reading.segment for reading in ground.hits if "start_l" in reading.at}) >= 3


def _zero_elsewhere(ground: Ground) -> bool:
    """Another sale of the case was seen to begin at zero: the place can show it, and the instrument can do it."""
    return any(
        str(reading.at.get("start_l", "")).strip("0.") == "" for reading in ground.others if "start_l" in reading.at
    )


def _start_in_total(ground: Ground) -> bool:
    """What the sale began with is in its total and was not delivered: three or more sales, and all that a reference
    measured, show at least half of it too much.  A start value that had flowed, or was zeroed after it was read, is not."""
    by_id = {segment.id: segment for segment in ground.segments}
    shares = []
    for reading in ground.hits:
        segment, begun = by_id.get(reading.segment), float(reading.at.get("start_l", 0))
        if segment is None or segment.kind is not SegmentKind.DELIVERY or not begun:
            return False
        name = "register" if "register" in segment.registers else "display"
        true, shown = volume(segment, "reference", ground.profile), volume(segment, name, ground.profile)
        if not (true.why_not or shown.why_not):
            shares.append((shown.litres - true.litres) / begun)
    return len(shares) >= 3 and min(shares) >= 0.5


def _totals_current(ground: Ground) -> bool:
    """Advances and sales drift apart by more than a totaliser that is brought up to date a sale late ever stands back.

    What is late is made good later, so that its deviations cancel but for one sale, which may be somebody else's.
    """
    told = [r.at for r in (*ground.hits, *ground.others) if "advance_l" in r.at and "sold_l" in r.at]
    apart = sum((Decimal(at["advance_l"]) - Decimal(at["sold_l"]) for at in told), Decimal(0))
    largest = max((Decimal(at["sold_l"]) for at in told), default=Decimal(0))
    return bool(told) and (apart < -largest or apart > max(largest, LARGEST_SALE_L))


def _beyond_rounding(ground: Ground) -> bool:
    """Every excess is more than the coarsest step of which all amounts shown are multiples, as rounding to coins makes."""
    shown = [
        (Decimal(r.at["value"]), Decimal(r.at["low"]), Decimal(r.at["high"]))
        for r in ground.hits
        if {"value", "low", "high"} <= set(r.at)
    ]
    if not shown:
        return False
    every = [abs(value) for value, _, _ in shown]
    step = max((coin for coin in COINS if all(value % coin == 0 for value in every)), default=Decimal(0))
    return all(abs(value - (low + high) / 2) > step for value, low, high in shown)


COINS = tuple(Decimal(one).scaleb(scale) for scale in range(-3, 5) for one in (1, 2, 5))
LARGEST_SALE_L = Decimal(200)  # into a lorry's tank [D]
START_L = 3.0  # air collected in a standing line has passed by then: its last tenth after 2.3 L at the most [D]
LEAK_L_MIN = 0.3  # a leak of so much runs from the nozzle before everybody's eyes [D]


def _beyond_hose(ground: Ground) -> bool:
    """Every start value, or advance with the nozzle closed, is more than any hose takes up."""
    litres = [float(r.at.get("start_l", r.at.get("litres", 0))) for r in ground.hits]
    return bool(litres) and min(litres) > HOSE_L


def _leak_free(ground: Ground) -> bool:
    """What the register gained with the nozzle closed did not flow: the encoder, or the reference, stood still, or so
    much cannot have run from a nozzle unseen."""
    if not ground.segments:
        return False
    rates = [float(r.at.get("litres_per_min", 0)) for r in ground.hits]
    untapped = not any(channels(segment, "encoder") for segment in ground.segments)
    if untapped and rates and min(rates) > LEAK_L_MIN:
        return True
    for segment in ground.segments:
        own = counts(segment, "encoder", ground.profile)
        if isinstance(own, str) or float(own.high / own.per_litre) > HOSE_L:
            return False
    return True


def _one_visit(ground: Ground) -> bool:
    """All deliveries compared lie within four hours of one case, the later ones under control (phase B on)."""
    if not ground.segments:
        return False
    begin = min(segment.window_ns[0] for segment in ground.segments)
    end = max(segment.window_ns[1] for segment in ground.segments)
    last = max(ground.segments, key=lambda segment: segment.window_ns)
    return end - begin <= 4 * 3600 * 10**9 and last.phase not in ("", "A")


def _not_mains(ground: Ground) -> bool:
    """Every comb has a rate more than one per cent from 50 and 60 Hz, their harmonics and halves."""
    rates = [float(reading.at["rate_hz"]) for reading in ground.hits if "rate_hz" in reading.at]
    return bool(rates) and all(
        abs(rate / base - round(rate / base)) * base > 0.01 * rate or round(rate / base) == 0
        for rate in rates
        for base in (25.0, 30.0)
    )


REFERENCE_DRIFT = 0.01  # relative, between two parts of one visit; the certificate of a reference may declare less [D]
TRANSFER_L = 0.15  # film, remnant, first litre, hose and evaporation of one 20 L fill taken together [D]
DECLARED = frozenset(
    {
        "decodes_both",
        "sealed_k",
        "no_electronic_calibration",
        "topology_direct",
        "lock_documented",
        "no_hold_mode",
        "no_article_tax",
        "sensor_declared",
    }
)

_TESTS: Mapping[str, Callable[[Ground], bool]] = {
    "certificate_confirms": lambda ground: certificate_confirms(ground.hits, ground.segments),
    "indication_follows": lambda ground: indication_follows(ground.hits, ground.segments, ground.profile),
    "no_gaps": _each(_no_gaps),
    "no_pulse_tap": _each(_no_pulse_tap),
    "events_separated": lambda ground: _hits(ground) >= 3,
    "three_or_more": lambda ground: _segments_hit(ground) >= 3 or _hits(ground) >= 3,
    "three_segments": lambda ground: _segments_hit(ground) >= 3,
    "reproduced": lambda ground: _segments_hit(ground) >= 2,
    "regular": lambda ground: bool(ground.hits) and all("every_n" in reading.at for reading in ground.hits),
    "counts_more": counts_more,
    "decoded_surplus": decoded_surplus,
    "grows_with_volume": _grows,
    "beyond_reference_drift": _beyond_drift,
    "beyond_transfer": _beyond_transfer,
    "read_twice": _read_twice,
    "two_levels": _two_levels,
    "lock_documented": lambda ground: ground.profile.get("self_lock_initialised") is True,
    "steps_back": lambda ground: (
        bool(ground.hits) and all(str(r.at.get("step_l", "")).startswith("-") for r in ground.hits)
    ),
    "beyond_visit": _reading_says("beyond_visit"),
    "pulses_tapped": _reading_says("pulses_tapped"),
    "start_in_total": _start_in_total,
    "totals_current": _totals_current,
    "beyond_rounding": _beyond_rounding,
    "rule_verified": _reading_says("verified"),
    "whole_measured": lambda ground: (
        ground.link.upstream == "reference" and ground.link.downstream in ("register", "display")
    ),
    "start_by_wire": _each_says("start_by", "wire"),
    "start_repeats": _start_repeats,
    "zero_elsewhere": _zero_elsewhere,
    "beyond_hose": _beyond_hose,
    "leak_free": _leak_free,
    "modes_tight": _modes_tight,
    "heard_to_the_end": _each(ended),
    "same_slots": lambda ground: len({reading.at.get("slots") for reading in ground.hits}) == 1,
    "not_mains": _not_mains,
    "k_confirmed": _k_confirmed,
    "price_observed": _each(lambda segment: "price" in segment.context),
    "no_foreign_sale": _each_says("foreign_sale", False),
    "same_onset_volume": lambda ground: same(ground.hits),
    "same_flow": _same_flow,
    "decodes_both": lambda ground: ground.profile.get("decoding") in ("x2", "x4"),
    "smooth_flow": lambda ground: _each(lambda segment: smooth(segment, ground.profile))(ground),
    "beyond_start": _beyond_start,
    "one_visit": _one_visit,
    "inside_delivery": lambda ground: ground.shape in (Shape.THRESHOLD, Shape.SWITCHED),
    "inline_reference": _each(lambda segment: "reference.P" in segment.trains),
    "sealed_k": lambda ground: bool(ground.profile.get("sealed_k")),
    "no_electronic_calibration": lambda ground: ground.profile.get("electronic_calibration") is False,
    "topology_direct": lambda ground: ground.profile.get("topology") == "direct" and not ground.profile.get("blending"),
    "temperature_recorded": _each(_temperatures),
    "photographed": _each(lambda segment: bool(segment.context.get("photographed"))),
    "two_taps_one_clock": _each(two_taps),
    "seals_unchanged": _each(lambda segment: bool(segment.context.get("seals_unchanged"))),
    "at_rest": _at_rest,
    "wire_register": _wire,
    "clean_elsewhere": _clean_elsewhere,
    **OF_PAIRS,
    **OF_WEIGHINGS,
    **OF_TRIPS,
}

READS: Mapping[str, tuple[str, ...]] = {  # a fact sees the values of no other station (ground.py)
    "indication_follows": ("reference", "register", "display"),
    "decoded_surplus": ("encoder", "board"),
    "grows_with_volume": ("register",),
    "beyond_reference_drift": ("reference",),
    "start_in_total": ("reference", "register", "display"),
    "leak_free": ("encoder",),
    "same_flow": ("reference", "register"),
    "smooth_flow": ("reference", "encoder"),
    "temperature_recorded": ("reference",),
    "wire_register": ("register",),
    **READ_OF_TRIPS,
}
TAPS = frozenset({"no_gaps", "no_pulse_tap", "inline_reference", "two_taps_one_clock"})
FACTS: Mapping[str, Fact] = {
    name: Fact(test, frozenset(READS.get(name, ())), name in TAPS) for name, test in _TESTS.items()
}


def facts(ground: Ground, late: Iterable[str] = ()) -> dict[str, bool]:
    """Every fact by name; `late`: stations whose values show nothing, as their standard was past its due day."""
    late, shown = frozenset(late), dict[Shown, Ground]()  # most read no station at all: they are shown the same
    return {name: fact.holds(ground, late, shown) for name, fact in FACTS.items()}
