"""From a merged finding to its account: which kind, how large by which method, where, after what, and what else remains.

Nothing here decides whether something was found: levels and conditions are those of findings.py.  What the detectors
recovered (Reading.at) is weighed by rules stated beforehand, most particular first; where they leave more than one kind
open, all of them are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from statistics import median, stdev
from typing import Any

from harness.judge.account import GENERAL, PATTERNED, PLACES, Account, Kind, Parameter, Size
from harness.judge.chain import base_links, contains
from harness.judge.contract import DetectorSpec, Finding, Reading, Segment, Shape
from harness.judge.gain import Measured, agree, of_interval, together
from harness.judge.onsets import end, one_each, onset
from harness.judge.readings import stranger

PATTERNS = {
    "every n": Kind.PERIODIC,
    "own oscillator": Kind.OSCILLATOR,
    "fixed delay": Kind.DELAYED,
    "random": Kind.RANDOM,
}
BY_PLACE = {  # what a break at one base link is, where its test says nothing more particular
    "encoder>board": Kind.ADDED,
    "board>register": Kind.FACTOR,
    "register>display": Kind.DISPLAY,
    "display>amount": Kind.AMOUNT,
    "register>totaliser": Kind.TOTALISER,
    "encoder>monitor": Kind.MONITOR,
    "sealed>parameters": Kind.PARAMETER,
    "load>counts": Kind.CELL,
    "counts>weight": Kind.WEIGHED,
    "weight>display": Kind.SHOWN,
    "display>price": Kind.PRICED,
    "price>ticket": Kind.PRINTED,
    "ticket>record": Kind.RECORDED,
    "sensor>input": Kind.ADDED,
    "input>distance": Kind.CONSTANT,
    "distance>fare": Kind.FARE,
    "clock>waiting": Kind.CLOCK,
    "fare>record": Kind.TRIP_RECORD,
}
OPEN = {  # what else makes the same traces
    Kind.ADDED: (Kind.PERIODIC, Kind.OSCILLATOR, Kind.DELAYED, Kind.RANDOM, Kind.MULTIPLIED),
    Kind.MULTIPLIED: (Kind.PERIODIC, Kind.DISC),
    Kind.RETIMED: (Kind.MULTIPLIED,),
    Kind.CHANNEL: (Kind.PERIODIC, Kind.OSCILLATOR, Kind.DELAYED, Kind.RANDOM),
    Kind.DISC: (Kind.MULTIPLIED,),
    Kind.FACTOR: (Kind.OFFSET,),
    Kind.OFFSET: (Kind.FACTOR,),
}
NUMBERS: Mapping[str, tuple[str, str]] = {  # key of Reading.at -> unit, key of its standard uncertainty
    "every_n": ("pulses", "every_n_u"),
    "oscillator_hz": ("Hz", "oscillator_hz_u"),
    "rate_hz": ("Hz", ""),
    "l_per_min": ("L/min", ""),
    "delay_us": ("us", "delay_us_u"),
    "delay_share": ("1", "delay_share_u"),
    "tick_us": ("us", ""),
    "period": ("pulses", ""),
    "slots": ("slots", ""),
    "declared": ("slots", ""),
    "evened_to": ("1", ""),
    "recorded_ratio": ("1", ""),
    "start_l": ("L", ""),
    "offset_kg": ("kg", ""),
    "from_kg": ("kg", ""),
    "to_kg": ("kg", ""),
    "period_codes": ("intervals", ""),
}
LATTICES = {"lattice_percent": "%", "lattice_kg": "kg"}  # keys of Reading.at with lattice points -> their unit
OF_A_DISC = ("period", "slots", "declared")  # where pulses are put in between others, these are their consequence alone
LEAST_LOADS, LOADS_APART = 3, 1.3  # of which one mass is told from one share
CHANCE = 0.05  # that a gain at random within its interval would have a fraction as simple


def account(
    finding: Finding,
    readings: Sequence[Reading],
    segments: Sequence[Segment],
    profile: Mapping[str, Any],
    detectors: Mapping[str, DetectorSpec],
) -> Account:
    """The account of one merged finding.  `readings` and `segments` of the whole case; `detectors` by name."""
    by_id = {segment.id: segment for segment in segments}
    near = [r for r in readings if contains(finding.link, r.link) or contains(r.link, finding.link)]
    hits = [r for r in near if r.hits and r.shape is not None and r.detector in finding.detectors]
    shown = set(finding.segments)
    hits = [r for r in hits if shown.issuperset(r.segment.split("|"))]
    kind = _kind(finding, hits, detectors)
    sizes, apart, compared = _sizes(near, hits, detectors)
    sizes = sizes or _own_size(finding, hits)
    best = min(sizes, key=lambda size: size.interval[1] - size.interval[0], default=None)
    onsets = [place for r in hits if (place := onset(finding, r, by_id, profile)) is not None]
    ends = [place for r in hits if (place := end(r, by_id, profile)) is not None]
    onsets, ends = one_each(onsets), one_each(ends)
    beside = Counter(place.mark for place in onsets if place.mark)
    follows, followed = beside.most_common(1)[0] if beside else ("", 0)
    told = [r.at["recoheres"] for r in hits if r.at.get("recoheres") is not None]
    return Account(
        kind=kind,
        gain=finding.effect if best is None else best.gain,
        interval=finding.interval if best is None else best.interval,
        sizes=tuple(sizes),
        agree=None if not compared else not apart,
        apart=tuple(apart),
        onsets=tuple(onsets),
        ends=tuple(ends),
        follows=follows,
        followed=followed,
        parameters=(
            *_parameters(kind, hits, detectors),
            *_ratio(kind, best),
            *_register(kind, finding),
            *_mass(hits),
            *_lattice(near, shown),
        ),
        coheres=all(told) if told else None,
        honest=tuple(cause.cause for cause in finding.explanations if not cause.excluded_by),
        possible=_possible(kind, finding, near, hits),
        device_type=all(detectors[name].device_type for name in finding.detectors),
    )


# --------------------------------------------------------------------------------------------------------------- kind


def kind_of_test(finding: Finding, readings: Sequence[Reading], detectors: Mapping[str, DetectorSpec]) -> Kind:
    """What the first test of a finding supports by itself, at the link where it saw it.  Its evidence weighs that and no
    more: what other tests told of the same break has evidence of its own."""
    name, shown = finding.detectors[0], set(finding.segments)
    hits = [r for r in readings if r.detector == name and r.hits and r.shape is not None]
    hits = [r for r in hits if shown.issuperset(r.segment.split("|"))]
    link = finding.link if any(r.link == finding.link for r in hits) else next((r.link for r in hits), finding.link)
    own = [r for r in hits if r.link == link]
    return _kind(replace(finding, link=link, detectors=(name,)), own, detectors)


def _kind(finding: Finding, hits: Sequence[Reading], detectors: Mapping[str, DetectorSpec]) -> Kind:
    """The most particular kind that what was recovered supports."""
    # on one channel alone it is that channel which is told; the pattern stays among the parameters
    whole = [r for r in hits if detectors[r.detector].shows is not Kind.CHANNEL]
    patterns = Counter(PATTERNS[r.at["pattern"]] for r in whole if r.at.get("pattern") in PATTERNS)
    taken_out = finding.effect is not None and finding.effect < 0
    shows = {detectors[r.detector].shows for r in hits}
    if any(r.at.get("follows") == "time" for r in hits):
        return Kind.OSCILLATOR
    # where most edges were moved as well, what is left over by a comparison lies at no places of its own
    if any("retimed" in r.at for r in hits) or (Kind.MULTIPLIED in shows and not patterns):
        return Kind.REMOVED if taken_out and Kind.MULTIPLIED not in shows else Kind.MULTIPLIED
    if patterns and taken_out:
        return Kind.REMOVED
    if patterns:
        return max(patterns, key=lambda kind: (patterns[kind], kind is not Kind.RANDOM))
    if any("every_n" in r.at for r in whole):
        return Kind.REMOVED if taken_out else Kind.PERIODIC
    # pulses put in make the whole too much as well: that is no scale
    beside = {*GENERAL, Kind.SCALED} if Kind.ADDED in shows else set(GENERAL)
    particular = [spec.shows for spec in (detectors[name] for name in finding.detectors) if spec.shows not in beside]
    if particular and not (particular[0] is Kind.RETIMED and Kind.ADDED in shows):
        return _of_register(particular[0], finding)
    if Kind.ADDED in shows:
        return Kind.REMOVED if taken_out else Kind.ADDED
    spanned = base_links(finding.link)
    if len(spanned) == 1:
        return _of_register(BY_PLACE.get(next(iter(spanned)), Kind.UNDETERMINED), finding)
    return Kind.UNDETERMINED


def _of_register(kind: Kind, finding: Finding) -> Kind:
    """A register that adds litres is not one that counts a pulse for more."""
    if kind is not Kind.FACTOR:
        return kind
    return Kind.OFFSET if finding.at.get("size_kind") == "offset" or finding.at.get("kind") == "jump" else Kind.FACTOR


def _possible(kind: Kind, finding: Finding, near: Sequence[Reading], hits: Sequence[Reading]) -> tuple[Kind, ...]:
    """The other kinds that the observations leave open: wide rather than narrow, the true one must stay in."""
    spanned = base_links(finding.link)
    if kind is Kind.UNDETERMINED:
        found = [one for one in Kind if spanned & set(PLACES[one]) and one not in GENERAL]
        if finding.shape is not Shape.EXTRA:
            found = [one for one in found if one is not Kind.IDLE]
    else:
        found = list(OPEN.get(kind, ()))
    if kind is Kind.MULTIPLIED and _split_spoke(near, hits):
        found.remove(Kind.PERIODIC)  # pulses between pulses would have been seen
    found += [PATTERNS[r.at["pattern_or"]] for r in hits if r.at.get("pattern_or") in PATTERNS]
    if finding.effect is not None:
        found = [one for one in found if one not in _against(finding.effect)]
    return tuple(one for one in Kind if one in found and one is not kind)


def _against(effect: float) -> frozenset[Kind]:
    """Kinds that an effect of this sign speaks against."""
    if effect > 0:
        return frozenset({Kind.REMOVED})
    return frozenset({*PATTERNED, Kind.ADDED}) if effect < 0 else frozenset()


def _split_spoke(near: Sequence[Reading], hits: Sequence[Reading]) -> bool:
    """The test for pulses between pulses could speak in a delivery that shows the break, and saw none."""
    broken = {r.segment for r in hits}
    return any(r.detector == "split" and r.spoke and not r.hits and r.segment in broken for r in near)


# --------------------------------------------------------------------------------------------------------------- size


def _sizes(
    near: Sequence[Reading], hits: Sequence[Reading], detectors: Mapping[str, DetectorSpec]
) -> tuple[list[Size], list[tuple[str, str]], int]:
    """The gain by every method, the pairs of methods that disagree, and how many pairs could be compared."""
    broken = {r.segment for r in hits if detectors[r.detector].method}
    measured: dict[str, dict[str, Measured]] = {}
    systematic: dict[str, float] = {}
    for r in near:
        spec = detectors[r.detector]
        if stranger(spec) and spec.weight == 0:
            continue  # what claims nothing tells no size either
        if not spec.method or r.segment not in broken or r.effect is None or r.interval is None:
            continue
        if not r.hits and not spec.conformity_alone:
            continue
        own = measured.setdefault(spec.method, {})
        if r.segment not in own or abs(r.effect) > abs(own[r.segment].gain):
            own[r.segment] = of_interval(r.effect, r.interval)
        # an honest instrument may err by so much against the reference
        systematic[spec.method] = spec.parameters.get("bound", 0.0) / 2 if spec.conformity_alone else 0.0
    sizes = []
    for method, own in measured.items():
        gain, interval, uniform = together(list(own.values()))
        sizes.append(Size(method, gain, interval, len(own), uniform))
    names, apart, compared = list(measured), list[tuple[str, str]](), 0
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            same = agree(measured[one], measured[other], systematic[one] + systematic[other])
            compared += same is not None
            if same is False:
                apart.append((one, other))
    return sizes, apart, compared


def _own_size(finding: Finding, hits: Sequence[Reading]) -> list[Size]:
    """Where no method measures the gain: what the telling test says of its size, over all that show it."""
    name, key = finding.detectors[0], str(finding.at.get("contrast", ""))
    own = [
        of_interval(r.effect, r.interval)
        for r in hits
        if r.detector == name and r.key == key and r.effect is not None and r.interval is not None
    ]
    if not own:
        return []
    gain, interval, uniform = together(own)
    return [Size(name, gain, interval, len(own), uniform)]


# --------------------------------------------------------------------------------------------------------- parameters


def _parameters(kind: Kind, hits: Sequence[Reading], detectors: Mapping[str, DetectorSpec]) -> list[Parameter]:
    """Medians of what the readings recovered, with the median of their standard uncertainties."""
    found = []
    for key, (unit, u_key) in NUMBERS.items():
        if key in OF_A_DISC and kind in (*PATTERNED, Kind.REMOVED, Kind.CHANNEL):
            continue
        telling = [r for r in hits if key in r.at]
        # places counted on one channel alone include what was put in there
        telling = [r for r in telling if detectors[r.detector].shows is not Kind.CHANNEL] or telling
        values = [float(r.at[key]) for r in telling]
        if values:
            us = [float(r.at[u_key]) for r in telling if u_key in r.at]
            found.append(Parameter(key, median(values), median(us) if us else None, unit))
    if any(one.name == "oscillator_hz" for one in found):  # one rate, told once
        found = [one for one in found if one.name != "rate_hz"]
    return found


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of the smallest denominator within [low, high], 0 < low <= high (Stern and Brocot)."""
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))


def _ratio(kind: Kind, best: Size | None) -> list[Parameter]:
    """m over n of an even multiplication, where its interval is so narrow that so simple a fraction is no chance: of the
    numbers in a stretch w about one in w n^2 / 3 is hit by a fraction of denominator up to n."""
    if kind is not Kind.MULTIPLIED or best is None or not best.uniform:
        return []
    low, high = (Fraction(1 + end).limit_denominator(10**9) for end in best.interval)
    if low <= 0:
        return []
    ratio = simplest(low, high)
    if ratio == 1 or float(high - low) * ratio.denominator**2 / 3 > CHANCE:
        return []
    return [
        Parameter("ratio_m", float(ratio.numerator), None, "pulses"),
        Parameter("ratio_n", float(ratio.denominator), None, "pulses"),
    ]


def _lattice(near: Sequence[Reading], shown: set[str]) -> list[Parameter]:
    """The lattice points that sizes over the same loads lie on, each once (detectors/gain_lattice.py)."""
    own = [r for r in near if shown.issuperset(r.segment.split("|"))]
    return [
        Parameter(key, value, None, unit)
        for key, unit in LATTICES.items()
        for value in sorted({float(point) for r in own for point in r.at.get(key, ())})
    ]


def _mass(hits: Sequence[Reading]) -> list[Parameter]:
    """One mass that is added to, or taken from, loads that differ: all differences are alike within what each is known to."""
    told = [
        (min(map(float, r.at["loads_kg"])), float(r.at["delta_kg"]), float(r.at["bound_kg"]))
        for r in hits
        if {"loads_kg", "delta_kg", "bound_kg"} <= set(r.at)
    ]
    loads, masses, bounds = ([one[i] for one in told] for i in range(3))
    if len(told) < LEAST_LOADS or max(loads) <= LOADS_APART * min(loads) or max(masses) - min(masses) > median(bounds):
        return []
    # the difference is the second loading's less the first's; the effect says which of the two errs
    sign = 1.0 if median([r.effect for r in hits if "delta_kg" in r.at and r.effect is not None]) >= 0 else -1.0
    return [Parameter("added_kg", sign * abs(median(masses)), stdev(masses), "kg")]


def _register(kind: Kind, finding: Finding) -> list[Parameter]:
    """What a register adds, by the fit over all sales."""
    if kind not in (Kind.FACTOR, Kind.OFFSET, Kind.UNDETERMINED) or "size_kind" not in finding.at:
        return []
    told: list[tuple[str, Callable[[], float], Callable[[], float], str]] = [
        ("offset_l", lambda: finding.at["offset_l"], lambda: finding.at["offset_u_l"], "L"),
        ("factor", lambda: 1 + finding.at["gain"], lambda: finding.at["gain_u"], "1"),
    ]
    return [Parameter(name, float(value()), float(u()), unit) for name, value, u, unit in told]
