"""Asking the detectors: what one that is not of this program does wrong costs its own say and nothing else.

A stranger's detector may raise, leave, or return what no reading can be.  It then says nothing and the verdict names it; a raid
must not lose its verdict to it, nor may it claim more than its validation bears.  One of ours that raises is a defect and is
raised on; that ours keep the contract is what their tests show (harness/testing/detectors.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np

from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, Validation, View
from harness.judge.evidence import CONTRASTS, PORTIONS, REGISTERED, budgets

OURS = __name__.partition(".")[0]  # the package of the detectors that come with the program
KEYED = (CONTRASTS, PORTIONS, REGISTERED)


class ReadingError(Exception):
    """What a detector returned is no reading; says what was expected and what it was."""


def stranger(spec: DetectorSpec) -> bool:
    """Whether the detector came with another distribution."""
    return str(getattr(spec.judge, "__module__", "")).partition(".")[0] != OURS


def read(
    segments: Sequence[Segment],
    profile: Mapping[str, Any],
    detectors: Mapping[str, DetectorSpec],
    validations: Mapping[str, Validation],
    failed: dict[str, str] | None = None,
) -> list[Reading]:
    """Readings of every detector, by detector name; each in time order.  `validations` by "name/version".

    No e-value is above the cap of its validation, whatever the detector returned: without one, none is above 1.  Why a
    stranger's detector says nothing is entered in `failed` under its name; without `failed` what it raised is raised on.
    """
    readings: list[Reading] = []
    of = budgets(segments)
    parts = [[segment for segment in segments if of[segment.id] == name] for name in dict.fromkeys(of.values())]
    for name, spec in sorted(detectors.items()):
        validation = validations.get(f"{name}/{spec.version}", Validation(0, 0))
        # what compares segments with each other compares those that spend from one budget: what is delivered later neither adds
        # to what was scheduled nor takes from it, and no fresh run is confirmed by what was seen before
        lots = [segments] if spec.one_by_one or len(parts) < 2 else parts
        try:
            found = [one for own in lots for one in asked(spec, own, View(dict(profile), spec.parameters, validation))]
        except (Exception, SystemExit) as error:
            if failed is None or not stranger(spec):
                raise
            failed[name] = str(error) if isinstance(error, ReadingError) else f"{type(error).__name__}: {error}"
            continue
        readings += found
    return readings


def asked(spec: DetectorSpec, segments: Sequence[Segment], view: View) -> list[Reading]:
    """What the detector says of `segments`, capped by its validation.

    Raises whatever a detector raises, and ReadingError for what a stranger's returned that is no reading.
    """
    found = list(spec.judge(tuple(segments), view))
    if stranger(spec):
        known = {segment.id for segment in segments}
        for reading in found:
            for flaw in flaws(spec, reading, known):
                raise ReadingError(flaw)
        check_keys(found)
    cap = view.validation.cap
    return [replace(one, e=cap) if one.e > cap else one for one in found]


def flaws(spec: DetectorSpec, found: object, known: set[str]) -> Iterator[str]:
    """In what `found` is no reading: each as what was expected and what was got.  `known`: the ids of the segments judged."""
    if not isinstance(found, Reading):
        yield f"judge expected to return Readings; got {found!r:.200}"
        return
    reading: Any = found  # what its fields hold is not sure
    at = f"segment {reading.segment!r}"
    if reading.detector != spec.name:
        yield f"{at}: detector expected {spec.name!r}; got {reading.detector!r}"
    if not isinstance(reading.segment, str) or not set(reading.segment.split("|")) <= known:
        yield f"segment expected the id of a segment that was judged, or several joined by '|'; got {reading.segment!r}"
    link = reading.link
    if not isinstance(link, Link) or not isinstance(link.upstream, str) or not isinstance(link.downstream, str):
        yield f"{at}: link expected a Link between two stations; got {link!r}"
    if not _number(reading.e) or reading.e < 0:
        yield f"{at}: e expected a finite number from 0 on; got {reading.e!r}"
    elif not reading.spoke and (reading.e != 1 or reading.hits):
        yield f"{at}: a reading with a reason expected e = 1 and no hits; got e = {reading.e!r}, hits = {reading.hits!r}"
    if reading.p is not None and not (_number(reading.p) and 0 <= reading.p <= 1):
        yield f"{at}: p expected a probability from 0 to 1; got {reading.p!r}"
    if not isinstance(reading.hits, int | np.integer) or reading.hits < 0:
        yield f"{at}: hits expected a number of violations; got {reading.hits!r}"
    if reading.shape is not None and not isinstance(reading.shape, Shape):
        yield f"{at}: shape expected a Shape or None; got {reading.shape!r}"
    if reading.effect is not None and not _number(reading.effect):
        yield f"{at}: effect expected a finite number or None; got {reading.effect!r}"
    if reading.mde is not None and (not isinstance(reading.mde, Real) or math.isnan(reading.mde)):
        yield f"{at}: mde expected a number or None; got {reading.mde!r}"
    if reading.interval is not None and not _interval(reading.interval):
        yield f"{at}: interval expected (low, high) of the effect; got {reading.interval!r}"
    if not isinstance(reading.reason, str) or not isinstance(reading.key, str):
        yield f"{at}: reason and key expected text; got {reading.reason!r} and {reading.key!r}"
    try:
        json.dumps({**reading.at}, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        yield f"{at}: at expected names with numbers, texts and lists of these; got {error}"


def check_keys(readings: Sequence[Reading]) -> None:
    """The keys of one link are contrasts of one kind, or there are none: each has its share of one mixture (evidence.py).

    Raises ReadingError."""
    by_link: dict[Link, set[str]] = {}
    for reading in readings:
        by_link.setdefault(reading.link, set()).add(reading.key)
    for link, keys in by_link.items():
        if keys != {""} and not any(keys <= set(known) for known in KEYED):
            listed = " or ".join("one of " + ", ".join(known) for known in KEYED)
            raise ReadingError(f'key expected "" in every reading over {link}, or {listed}; got {sorted(keys)}')


def _number(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _interval(value: Any) -> bool:
    pair = isinstance(value, tuple | list) and len(value) == 2 and all(map(_number, value))
    return pair and bool(value[0] <= value[1])


def _plain(value: Any) -> Any:
    """What beside JSON's own a verdict can write down (report/document.py)."""
    if isinstance(value, Decimal | Fraction | Enum):
        return str(value)
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} {value!r:.80}")
