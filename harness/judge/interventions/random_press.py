"""Random press: over one untouched load a key sequence is pressed or not, in an order drawn by lot beforehand.

Null: the press has no effect on what is shown; then the readings are what they are whatever was drawn, and all orders that could
have been drawn are alike likely.  The lot decides for each block of four trials between ABBA and BAAB (B: the sequence is pressed;
A: it is not, for as long).  A key whose own work changes what is displayed (tare, zero, unit) cannot be tried so.  No model of noise, drift, rounding or misreading enters: a misread digit falls on A and B alike.
Two statistics, fixed beforehand: the reading after B less that after A (a mode that its own keys or the next trial clears), and
how far the reading moved in the trial, B less A (a mode that stays, or that every press toggles).  Of either the sign of each
block's contrast is bet on (an e-process, weights/permutation.py); half of the capital stands on each.
Context of the loading: `allocation`, a text such as "ABBABAAB" or a tuple of letters, in the order of the readings;
`allocation_sha256`, the hash of the seed as it was shown before the first trial, "" where none was (a plan yields Load, Commit,
Draw over `draw.of_blocks`, then a Mark "trial" before each trial; derive/parts.py checks the lot).  Readings: marks of the kind
"trial", one where each trial begins, or else one reading of the display a trial, and one before the first.
Source: statistics.md 2b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.loads import STREAMS, changing, e_at, loadings, observed, presses, shown
from harness.judge.weights.permutation import mirrored, sign_capital

NAME = "random-press"
BLOCKS = ("ABBA", "BAAB")
TRIAL = "trial"


def allocation(segment: Segment) -> tuple[str, ...]:
    """The letters as drawn; () where nothing was."""
    return tuple("".join(segment.context.get("allocation", ())))


def of_trials(segment: Segment, station: str, trials: int) -> list[Decimal] | str:
    """What was shown before the first trial and after each; or why that is not known."""
    begins = [mark.t_ns + mark.u_ns for mark in segment.marks if mark.kind == TRIAL]
    if len(begins) == trials:
        edges = [segment.window_ns[0], *begins, segment.window_ns[1]]
        found = [_last(segment, station, a, b) for a, b in pairwise(edges)]
    elif begins:
        return "not every trial was marked"
    elif station in STREAMS:
        return "the trials were not marked"
    else:
        found = [one.kg for one in shown(segment, station)]
    known = [kg for kg in found if kg is not None]
    return known if len(known) == trials + 1 == len(found) else "not every trial was read at rest"


def _last(segment: Segment, station: str, begin_ns: int, until_ns: int) -> Decimal | None:
    """The last reading at rest within a trial, whatever was pressed in it."""
    own = shown(replace(segment, window_ns=(begin_ns, until_ns), marks=()), station)
    return next((one.kg for one in reversed(own) if begin_ns <= one.t_ns < until_ns), None)


def _sequence(segment: Segment, letters: Sequence[str]) -> list[str]:
    """What was pressed in the first trial with a press, as far as the trials are marked; else all keys that were."""
    begins = [mark.t_ns for mark in segment.marks if mark.kind == TRIAL]
    own = [(begin, key) for begin, _, key in presses(segment)]
    if len(begins) != len(letters):
        return list(dict.fromkeys(key for _, key in own))
    first = list(letters).index("B")
    until = [*begins, segment.window_ns[1]][first + 1]
    return [key for begin, key in own if begins[first] <= begin < until]


def contrasts(values: Int64Array, is_b: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    """B less A of each block of four (n/4,)."""
    signed = np.where(is_b, values, -values).reshape(-1, 4).sum(axis=1)
    return [int(one) for one in signed]


def _reading(segment: Segment, station: str, view: View) -> Reading:
    link = Link("load", station)

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    letters = allocation(segment)
    blocks = ["".join(letters[i : i + 4]) for i in range(0, len(letters), 4)]
    if not segment.context.get("allocation_sha256"):
        return mute("the order was not committed to before it was drawn")
    if not set(blocks) <= set(BLOCKS):
        return mute("the order is not one of whole blocks ABBA or BAAB")
    may = changing(view.profile)
    if any(may(key) for _, _, key in presses(segment)):
        return mute("a key was pressed whose own work changes what is displayed")
    found = of_trials(segment, station, len(letters))
    if isinstance(found, str):
        return mute(found)
    unit = min((Decimal(1).scaleb(int(kg.as_tuple().exponent)) for kg in found), default=Decimal(1))
    codes = np.array([int(kg / unit) for kg in found], dtype=np.int64)
    is_b = np.array([letter == "B" for letter in letters])
    moved = np.abs(np.diff(codes))
    levels, moves = contrasts(codes[1:], is_b), contrasts(moved, is_b)
    e = (sign_capital(levels)[-1] + sign_capital(moves, side=1)[-1]) / 2
    try:
        p = min(1.0, 2 * min(mirrored(codes[1:], is_b).p, mirrored(moved, is_b, side=1).p))
    except ValueError as error:
        return mute(str(error))
    base = float(found[0])
    most_e = e_at(view.profile, max(abs(float(kg)) for kg in found))
    level = float(np.mean(levels)) / 2 * float(unit)
    size = float(np.median(moved[is_b])) * float(unit)
    farthest = max(found, key=lambda kg: abs(float(kg) - base))
    size = size if float(farthest) >= base else -size
    hit = p < view.parameters["q"] and max(abs(level), abs(size)) >= view.parameters["least_e"] * most_e
    effect = (level if abs(level) >= abs(size) else size) / base if hit and base else None
    return Reading(
        NAME,
        segment.id,
        link,
        min(e, view.validation.cap),
        p=p,
        hits=len(blocks) if hit else 0,
        effect=effect,
        interval=None if effect is None else (effect - most_e / base, effect + most_e / base),
        mde=view.parameters["least_e"] * most_e / base if base > 0 else None,
        shape=Shape.SWITCHED if hit else None,
        at={
            "held": True,
            "randomised": True,
            "sequence": " ".join(_sequence(segment, letters)),
            "blocks": len(blocks),
            "level_kg": level,
            "moved_kg": size,
            "base_kg": base,
        },
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [
        _reading(segment, station, view)
        for segment in loadings(segments)
        if allocation(segment)
        for station in observed(segment)
    ]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="intervention",
    null="pressing or not pressing, in an order drawn by lot beforehand, makes no difference to what an untouched load shows",
    needs="one load, four trials a block in an order committed to and drawn, the weight read after each",
    parameters={"q": 0.01, "least_e": 1.0},
    judge=judge,
    one_by_one=True,
    mechanism="what an untouched load shows follows the presses that were drawn by lot",
    telling=38,
    shows=Kind.WEIGHED,
)
