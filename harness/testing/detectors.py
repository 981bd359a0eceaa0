"""Checks of a detector against its contract (harness/judge/contract.py).

`check_detector` needs nothing but the `DetectorSpec`: it is called on the streams of the kit (streams.every_case), or on cases of your own, some
four times each.  `check_null` counts false alarms on honest streams, `check_power` what it finds where there is something to find; both say how
many of how many, and the bound.  What an e-value may claim in a verdict is another matter: that is measured on ten thousand honest segments
(docs/calibration.md).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import stats

from harness.fixed_streams import Case
from harness.judge.account import Kind
from harness.judge.contract import API_VERSION, DetectorSpec, Reading, Validation, View
from harness.testing.bare_segments import bare_cases
from harness.testing.filled_in import check_filled_in
from harness.testing.judged import (
    changed,
    check_no_p_for_e,
    copied,
    first_difference,
    imprint,
    judged,
    same,
    view_of,
)
from harness.testing.streams import HONEST, Streams, every_case
from harness.testing.wanted import want

KINDS = ("law", "detector", "intervention")
LAST_TELLING = 100  # the default: nobody said how telling it is
MEASURED: Mapping[str, str] = {  # the last word of a name that has a unit, and how it is written
    **dict.fromkeys(("time", "duration", "latency", "delay", "lag", "window", "interval", "period", "timeout", "width", "age", "skew"), "_us or _s"),
    **dict.fromkeys(("distance", "way", "length", "height"), "_m"), **dict.fromkeys(("volume", "dilation", "litres"), "_l"),
    **dict.fromkeys(("flow", "leak"), "_l_min"), **dict.fromkeys(("speed", "velocity"), "_kmh or _m_s"), "acceleration": "_m_s2",
    **dict.fromkeys(("mass", "weight", "load"), "_kg or _e"), "temperature": "_c", "frequency": "_hz", "offset": "_l or _s", "voltage": "_v",
}  # fmt: skip
RATIOS = ("bound", "share", "ratio", "factor")  # a name with one of them is that of a number without unit
SMALL_CAP = Validation(6, 0)  # an e-value may claim 2: one that takes no notice of its validation shows at once
MEASURED_ON = Validation(10_000, 0)  # while error rates are counted, as in benchmarks/nulls.py
SURE = 1e-4  # a detector that keeps its word is refused by chance no oftener
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PARAMETER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def check_detector(spec: DetectorSpec, cases: Mapping[str, Case] | None = None) -> None:
    """Its specification is filled in, and judging is a pure function that says why where it cannot speak.

    `cases` by name replace the streams of the kit: give some of two segments and more, so that neighbours can be left out.
    Of a detector that is silent on all of them this shows little more than that it is silent: then bring cases on which it speaks.
    """
    _check_specification(spec)
    known = every_case() if cases is None else cases
    want(len(known) > 0, "cases: expected one at least", "none")
    first = {name: _check_call(spec, name, case, number) for number, (name, case) in enumerate(known.items())}
    for reading in (one for said in first.values() for one in said):
        check_filled_in("judge: reason", reading.reason)
    _check_bare(spec)  # after the calls on copies: these segments are shared
    check_no_p_for_e([one for said in first.values() for one in said], spec.name)
    for name, case in reversed(list(known.items())):
        if not spec.one_by_one or not _alone_as_in(spec, name, case, first[name]):
            again = judged(spec, case.segments, view_of(spec, case, SMALL_CAP), f"{spec.name} on {name}, again")
            told = (
                f"{spec.name} on {name}: expected the same readings whatever was judged before (no state between calls)"
            )
            want(same(first[name], again), told, first_difference(first[name], again))
            if spec.one_by_one:
                want(False, *_neighbours_matter(spec, name, case, first[name]))


def _check_specification(spec: DetectorSpec) -> None:
    want(_NAME.fullmatch(spec.name) is not None, "name: expected lower-case words with hyphens", spec.name)
    want(spec.api == API_VERSION, f"api: expected {API_VERSION}; adapt the plugin to this contract", spec.api)
    want(type(spec.version) is int and spec.version >= 1, "version: expected a whole number from 1 on", spec.version)
    want(spec.kind in KINDS, f"kind: expected one of {', '.join(KINDS)}", spec.kind)
    want(len(spec.null.split()) >= 3, "null: expected a sentence on what its e-value is against", spec.null)
    check_filled_in("null", spec.null)
    want(spec.needs.strip() != "", "needs: expected what it needs, in words", spec.needs)
    want(0 <= spec.weight <= 1, "weight: expected a share from 0 to 1 (0: it never claims)", spec.weight)  # fmt: skip
    for name, value in spec.parameters.items():
        want(_PARAMETER.fullmatch(name) is not None, "parameters: expected a name in lower case with its unit", name)
        number = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
        want(number, f"parameters: {name} expected a finite number", value)
        words = name.split("_")
        unit = "" if set(words) & set(RATIOS) else MEASURED.get(words[-1], "")
        want(not unit, f"parameters: {name} expected its unit behind it, as in {name}{unit.split()[0] if unit else ''}", name)  # fmt: skip
    if spec.weight > 0:
        want(spec.mechanism.strip() != "", "mechanism: expected the sentence that a finding of it says", spec.mechanism)
        want(0 <= spec.telling < LAST_TELLING, f"telling: expected a rank from 0 to {LAST_TELLING - 1} among those that see the same break", spec.telling)  # fmt: skip
    want(isinstance(spec.shows, Kind), "shows: expected a Kind of account", spec.shows)
    want(callable(spec.judge), "judge: expected a function of segments and view", spec.judge)


def _check_bare(spec: DetectorSpec) -> None:
    """What lacks everything is met with silence: no segment, none of its trains, one edge, nothing but gaps."""
    for name, case in bare_cases().items():
        view = view_of(spec, case, SMALL_CAP)
        where = f"{spec.name} on {name}"
        found = judged(spec, case.segments, view, where, mutes_alone=True)
        want(bool(case.segments) or not found, f"{where}: expected no readings", found)


def _check_call(spec: DetectorSpec, name: str, case: Case, number: int) -> list[Reading]:
    """A first call, and one on a copy of other names: the same said of both, and the copy left as it was."""
    where = f"{spec.name} on {name}"
    segments, profile = copied(case, number)
    view = View(profile, dict(spec.parameters), SMALL_CAP)
    before = imprint(segments, view)
    of_copy = judged(spec, segments, view, where)
    altered = changed(before, imprint(segments, view))
    want(not altered, f"{where}: judge expected to leave its input as it is", f"changed: {', '.join(altered)}")
    said = judged(spec, case.segments, view_of(spec, case, SMALL_CAP), where)
    told = f"{where}: expected the same readings of a copy whose segments have other names (no state between calls, nothing read from an id)"
    want(same(of_copy, said), told, first_difference(of_copy, said))
    return said


def _alone(spec: DetectorSpec, name: str, case: Case) -> dict[str, list[Reading]]:
    """What it says of each segment when it is given that one only."""
    view = view_of(spec, case, SMALL_CAP)
    return {one.id: judged(spec, [one], view, f"{spec.name} on {name}, {one.id} alone") for one in case.segments}


def _alone_as_in(spec: DetectorSpec, name: str, case: Case, company: Sequence[Reading]) -> bool:
    alone = _alone(spec, name, case)
    return all(same([one for one in company if one.segment == id], said) for id, said in alone.items())


def _neighbours_matter(spec: DetectorSpec, name: str, case: Case, company: Sequence[Reading]) -> tuple[str, str]:
    """What is wanted, and the first segment of which something else is said in company."""
    for id, said in _alone(spec, name, case).items():
        beside = [one for one in company if one.segment == id]
        if not same(beside, said):
            told = f"{spec.name} on {name}: one_by_one expected the same of segment {id!r} alone as in company"
            return told, first_difference(beside, said)
    return f"{spec.name} on {name}: expected the same readings of each segment at every call", "others"


def check_null(
    spec: DetectorSpec, segments_of: Streams | None = None, runs: int = 300, alpha: float = 0.05, seed: int = 1
) -> None:
    """On honest streams e reaches 1/alpha no oftener than alpha, nor ten times as much ten times as often; and so do p and hits.

    `segments_of` makes one honest case of a random generator; without it every honest stream of the kit on which the detector speaks is used.
    Each of `runs` cases counts once, by one reading drawn by lot among those that spoke, so that the counts are binomial.  The e of a detector
    of weight 0 is 1 whatever it saw: its null is tried by hits and p alone, and e has to be tried when it is given a weight.
    """
    spoke_of = 0
    silent: Counter[str] = Counter()
    for name, make in (HONEST if segments_of is None else {"your honest streams": segments_of}).items():
        found = _spoken(spec, name, make, runs, seed, silent)
        spoke_of += bool(found)
        where = f"{spec.name} on {name}"
        for level in (alpha, alpha / 10, alpha / 100):
            _at_most(level, [one.e >= 1 / level for one in found], f"{where}: e of {1 / level:g} and more")
            _at_most(
                level, [one.p is not None and one.p <= level for one in found], f"{where}: p of {level:g} and less"
            )
        _at_most(alpha, [one.hits > 0 for one in found], f"{where}: hits")
    told = f"{spec.name}: expected to speak on honest streams; give segments_of for what it needs"
    want(spoke_of > 0, told, f"it says nothing: {_reasons(silent)}")


def _at_most(level: float, alarms: Sequence[bool], what: str) -> None:
    most = int(stats.binom.isf(SURE, len(alarms), level)) if alarms else 0
    told = f"{what} expected in at most {most} of {len(alarms)} honest cases ({level:g} of them, by chance once in {1 / SURE:g})"
    want(sum(alarms) <= most, told, f"{sum(alarms)} of {len(alarms)}")


def _spoken(spec: DetectorSpec, name: str, make: Streams, runs: int, seed: int, silent: Counter[str]) -> list[Reading]:
    """One reading a case; a family of which it says nothing in the first ten cases is left."""
    found: list[Reading] = []
    for number in range(runs):
        rng = np.random.default_rng([seed, number])
        case = make(rng)
        readings = judged(spec, case.segments, view_of(spec, case, MEASURED_ON), f"{spec.name} on {name}")
        spoke = [reading for reading in readings if reading.spoke]
        silent.update(reading.reason for reading in readings if not reading.spoke)
        if spoke:
            found.append(spoke[int(rng.integers(len(spoke)))])
        if number == 9 and not found:
            break
    return found


def check_power(spec: DetectorSpec, cases: Iterable[tuple[str, Case, Case]], at_least: float = 0.9) -> None:
    """Of (label, honest, cheating) it finds the cheating ones in a share of at least so much, and the honest ones hardly ever.

    A case is found where a reading that spoke has hits.  Refused is what comes, at that share, once in a hundred or less; so many
    cases are asked for that none found is refused.
    """
    rows = list(cases)
    fewest = math.ceil(math.log(0.01) / math.log(1 - at_least)) if 0 < at_least < 1 else 1
    want(len(rows) >= fewest, f"cases: expected at least {fewest} to bear out a share of {at_least:g}", len(rows))
    tally: dict[str, list[str]] = {"found": [], "missed": [], "false": []}
    for label, honest, cheating in rows:
        spoke, silent = _hits(spec, cheating, f"{label}, cheating")
        told = f"{spec.name}: expected to speak of what it is to find"
        want(spoke is not None, told, f"it says nothing on {label!r}: {_reasons(silent)}")
        tally["found" if spoke else "missed"].append(label)
        tally["false"] += [label] if _hits(spec, honest, f"{label}, honest")[0] else []
    n, found, false = len(rows), len(tally["found"]), len(tally["false"])
    least, most = _fewest(n, at_least), int(stats.binom.isf(0.01, n, 0.05))
    told = f"{spec.name}: expected at least {least} of {n} cheating cases found (a share of {at_least:g}, by chance fewer once in a hundred)"
    want(found >= least, told, f"{found}; missed {', '.join(tally['missed'])}")
    told = f"{spec.name}: expected hits in at most {most} of {n} honest cases (one in twenty, by chance more once in a hundred)"
    want(false <= most, told, f"{false}: {', '.join(tally['false'])}")


def _fewest(n: int, share: float) -> int:
    """The least number found of n that is no less than once in a hundred at that share."""
    return next(k for k in range(n + 1) if stats.binom.cdf(k, n, share) > 0.01)


def _hits(spec: DetectorSpec, case: Case, where: str) -> tuple[bool | None, Counter[str]]:
    """Whether it found something, None where it did not speak; and its reasons."""
    found = judged(spec, case.segments, view_of(spec, case, MEASURED_ON), f"{spec.name} on {where}")
    spoke = [reading for reading in found if reading.spoke]
    return (any(one.hits for one in spoke) if spoke else None), Counter(one.reason for one in found if not one.spoke)


def _reasons(silent: Counter[str]) -> str:
    return "; ".join(reason for reason, _ in silent.most_common(3)) or "no reading at all"
