"""One call of a detector, held to the contract, and what a call may not change."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from harness.fixed_streams import Case
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, Validation, View
from harness.testing.wanted import Broken, want

_COPY = re.compile(r"copy-[0-9]+-")  # begins the names of the segments of a copy


def view_of(spec: DetectorSpec, case: Case, validation: Validation) -> View:
    return View(case.profile, spec.parameters, validation)


def judged(
    spec: DetectorSpec, segments: Sequence[Segment], view: View, where: str, mutes_alone: bool = False
) -> list[Reading]:
    """Its readings, each checked by itself.  `mutes_alone`: the segments lack what any test needs, so that nothing may be claimed of them."""
    try:
        found = list(spec.judge(segments, view))
    except Exception as error:  # a stranger's detector may raise anything
        got = f"{type(error).__name__}: {error}"
        raise Broken(
            f"{where}: judge expected readings, or one with a reason where it cannot speak, and no exception; got {got}"
        ) from error
    for reading in found:
        check_reading(spec, reading, view, where)
        if mutes_alone:
            silent = not reading.spoke or (reading.hits == 0 and reading.e <= 1)
            want(silent, f"{where}: nothing to judge expected a reason, or no hit and e of at most 1", reading)
    return found


def check_reading(spec: DetectorSpec, reading: Reading, view: View, where: str) -> None:
    """Its numbers are what the contract calls them: e-value, probability, relative effect."""
    at = f"{where}, segment {reading.segment!r}"
    want(isinstance(reading, Reading), f"{where}: judge expected to return Readings", reading)
    want(reading.detector == spec.name, f"{at}: detector expected {spec.name!r}", reading.detector)
    want(isinstance(reading.link, Link), f"{at}: link expected a Link between two stations", reading.link)
    e, p, cap = float(reading.e), reading.p, view.validation.cap
    want(math.isfinite(e) and e >= 0, f"{at}: e expected a finite number from 0 on", reading.e)
    want(e <= max(cap, 1.0) * (1 + 1e-9), f"{at}: e expected at most {cap:g}, the cap of its validation (view.validation.cap)", e)  # fmt: skip
    want(p is None or 0 <= p <= 1, f"{at}: p expected a probability from 0 to 1", p)
    want(reading.hits >= 0 and int(reading.hits) == reading.hits, f"{at}: hits expected a number of violations", reading.hits)  # fmt: skip
    want(reading.shape is None or isinstance(reading.shape, Shape), f"{at}: shape expected a Shape or None", reading.shape)  # fmt: skip
    for key in ("effect", "mde"):
        size = getattr(reading, key)
        want(size is None or not math.isnan(size), f"{at}: {key} expected a number or None", size)
    if reading.interval is not None:
        low, high = reading.interval
        want(low <= high, f"{at}: interval expected (low, high) of the effect", reading.interval)
    if not reading.spoke:
        want(e == 1 and not reading.hits, f"{at}: a reading with a reason expected e = 1 and no hits", reading)
    if spec.weight == 0:
        want(e <= 1, f"{at}: a detector of weight 0 expected to claim nothing, e of at most 1", e)


def check_no_p_for_e(readings: Sequence[Reading], where: str) -> None:
    """A p-value handed on as e is small where there is evidence: e-values grow with it."""
    pairs = [(float(one.e), one.p) for one in readings if one.spoke and one.p is not None and 0 < one.p < 1]
    slipped = bool(pairs) and all(e == p for e, p in pairs)
    want(not slipped, f"{where}: e expected an e-value (large is evidence against the null)", "the p-value itself")


def copied(case: Case, number: int) -> tuple[list[Segment], dict[str, Any]]:
    """Segments and profile of their own, whose arrays and mappings can be written, so that a change shows instead of raising; the segments have
    names that no other case uses."""
    segments = [replace(deepcopy(segment), id=f"copy-{number}-{segment.id}") for segment in case.segments]
    return segments, deepcopy(dict(case.profile))


def imprint(segments: Sequence[Segment], view: View) -> dict[str, Any]:
    """What a judgement may not change, by what it is called."""
    found: dict[str, Any] = {"the order of the segments": [id(segment) for segment in segments]}
    for segment in segments:
        for part in fields(segment):
            found[f"segment {segment.id!r}: {part.name}"] = _plain(getattr(segment, part.name))
    found |= {"view.profile": _plain(view.profile), "view.parameters": _plain(view.parameters)}
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def _plain(value: Any) -> Any:
    """`value` down to its bytes, in a form that compares by content."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, Mapping):
        return [(_plain(key), _plain(inner)) for key, inner in value.items()]
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(_plain(getattr(value, part.name)) for part in fields(value))]
    return repr(value)


def same(one: Sequence[Reading], other: Sequence[Reading]) -> bool:
    """Whether two calls said the same, whatever a copy was called; NaN is as NaN."""
    return _said(one) == _said(other)


def _said(readings: Sequence[Reading]) -> list[str]:
    return [_COPY.sub("", repr(reading)) for reading in readings]


def first_difference(one: Sequence[Reading], other: Sequence[Reading]) -> str:
    """Where two calls differ, as short as it can be told."""
    if len(one) != len(other):
        return f"{len(one)} readings, then {len(other)}"
    for a, b in zip(one, other, strict=True):
        for part in fields(a):
            before, after = (_COPY.sub("", repr(getattr(reading, part.name))) for reading in (a, b))
            if before != after:
                return f"segment {a.segment!r}: {part.name} {before}, then {after}"
    return "nothing"
