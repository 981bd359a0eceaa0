"""One call of a detector, held to the contract, and what a call may not change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from harness.fixed_streams import Case
from harness.judge.contract import DetectorSpec, Reading, Segment, Validation, View
from harness.judge.readings import ReadingError, check_keys, flaws
from harness.testing.wanted import Broken, want

_COPY = re.compile(r"copy-[0-9]+-")  # begins the names of the segments of a copy


def view_of(spec: DetectorSpec, case: Case, validation: Validation) -> View:
    return View(case.profile, spec.parameters, validation)


def judged(
    spec: DetectorSpec, segments: Sequence[Segment], view: View, where: str, mutes_alone: bool = False
) -> list[Reading]:
    """Its readings, each checked by itself.  `mutes_alone`: the segments lack what any test needs, so that nothing may be claimed of them."""
    try:
        found = list(spec.judge(tuple(segments), view))
    except (Exception, SystemExit) as error:  # a stranger's detector may raise anything, or leave
        got = f"{type(error).__name__}: {error}"
        raise Broken(
            f"{where}: judge expected readings, or one with a reason where it cannot speak, and no exception; got {got}"
        ) from error
    known = {segment.id for segment in segments}
    for reading in found:
        check_reading(spec, reading, view, where, known)
        if mutes_alone:
            silent = not reading.spoke or (reading.hits == 0 and reading.e <= 1)
            want(silent, f"{where}: nothing to judge expected a reason, or no hit and e of at most 1", reading)
    try:
        check_keys(found)
    except ReadingError as error:
        raise Broken(f"{where}: {error}") from None
    return found


def check_reading(spec: DetectorSpec, reading: Reading, view: View, where: str, known: set[str]) -> None:
    """What a judgement would not take it for (judge/readings.py), and an e-value that claims more than its validation bears."""
    for flaw in flaws(spec, reading, known):
        raise Broken(f"{where}: {flaw}")
    at, e, cap = f"{where}, segment {reading.segment!r}", float(reading.e), view.validation.cap
    want(e <= max(cap, 1.0) * (1 + 1e-9), f"{at}: e expected at most {cap:g}, the cap of its validation (view.validation.cap)", e)  # fmt: skip
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
    found: dict[str, Any] = {}
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
