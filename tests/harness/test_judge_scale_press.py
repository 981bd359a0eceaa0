"""Presses drawn by lot: an honest scale shows nothing however often it is tried, whoever misreads; a mode shows within ten blocks."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from captures.model import Mark, MarkSource
from harness.derive.parts import _Reader
from harness.draw import allocation, commitment, drawn, of_blocks
from harness.judge.contract import Segment
from harness.judge.interventions import random_press
from tests.weighed import S, begin_s, loading, run, shown_as, stream

SEED = "5ea5" * 8
Shows = Callable[[list[bool]], list[float]]


def letters(blocks: int, seed: str = SEED) -> str:
    candidates = of_blocks(blocks)
    return allocation(drawn(seed, candidates, len(candidates)))


def tried(drawn_: str, shows: Shows, **context: object) -> Segment:
    values = shows([False, *(letter == "B" for letter in drawn_)])
    at_s = [1 + 30 * i / len(values) for i in range(len(values))]
    own = {"allocation": tuple(drawn_), "allocation_sha256": "ab" * 32} | context
    pressed = [(t + 0.3, "M5") for t, letter in zip(at_s, drawn_, strict=False) if letter == "B"]
    return loading(1, 1.187, [shown_as(kg) for kg in values], at_s=at_s, keys=pressed, **own)


def toggles(pressed: list[bool]) -> list[float]:
    return [1.187 * (1 + 0.1 * (sum(pressed[: i + 1]) % 2)) for i in range(len(pressed))]


def only_then(pressed: list[bool]) -> list[float]:
    return [1.187 * (1.1 if one else 1.0) for one in pressed]


def test_the_lot_can_be_repeated_and_holds_whole_blocks() -> None:
    drawn_ = letters(10)
    assert drawn_ == letters(10)
    assert {drawn_[i : i + 4] for i in range(0, 40, 4)} == {"ABBA", "BAAB"}
    assert len({letters(10, f"{n:032x}") for n in range(50)}) > 40
    with pytest.raises(ValueError, match="both choices"):
        allocation(["001.ABBA"])


@pytest.mark.parametrize("shows", [toggles, only_then])
def test_a_mode_that_toggles_and_one_that_the_next_trial_clears(shows: Shows) -> None:
    (reading,) = run(random_press.DETECTOR, tried(letters(14), shows))
    assert reading.hits == 14
    assert reading.e > 1e3
    assert reading.effect == pytest.approx(0.1, abs=0.01)
    assert reading.at["sequence"] == "M5"


def test_honest_scales_misread_and_drifting() -> None:
    rng = np.random.default_rng(9)
    found = []
    for n in range(400):

        def shows(pressed: list[bool]) -> list[float]:
            drift = np.linspace(0, 0.02, len(pressed)) + rng.normal(0, 0.004, len(pressed))
            wrong = np.where(rng.random(len(pressed)) < 0.03, rng.choice([-0.1, 0.1, 1.0], len(pressed)), 0.0)
            return list(1.187 + drift + wrong)

        (reading,) = run(random_press.DETECTOR, tried(letters(8, f"{n:032x}"), shows))
        found.append(reading)
    # two statistics at 2 p: at most one case in a hundred below 0.01, and e-values of mean one
    assert np.mean([one.p is not None and one.p < 0.01 for one in found]) <= 0.03
    assert np.mean([one.e for one in found]) < 1.5
    assert sum(bool(one.hits) for one in found) <= 8


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"allocation_sha256": ""}, "the order was not committed to before it was drawn"),
        ({"allocation": "AABB"}, "the order is not one of whole blocks ABBA or BAAB"),
        ({"allocation": "ABBAABBA"}, "not every trial was read at rest"),
    ],
)
def test_what_was_not_drawn_or_read_says_nothing(change: dict[str, object], reason: str) -> None:
    (reading,) = run(random_press.DETECTOR, tried("ABBA", only_then, **change))
    assert reading.reason == reason


def test_a_key_with_weight_work_of_its_own_cannot_be_tried() -> None:
    own = loading(1, 1.187, ["1.185"] * 5, keys=[(4, "tare")], allocation="ABBA", allocation_sha256="ab" * 32)
    (reading,) = run(random_press.DETECTOR, own)
    assert reading.reason == "a key was pressed whose own work changes what is displayed"


def test_trials_marked_on_a_line() -> None:
    drawn_ = letters(8)
    begin = begin_s(1)
    shown = [float(shown_as(kg)) for kg in toggles([False, *(letter == "B" for letter in drawn_)]) for _ in range(10)]
    line = stream(shown, begin)
    marks = [Mark((begin + 1 + i) * S, 0, MarkSource.RUNNER, random_press.TRIAL) for i in range(len(drawn_))]
    own = loading(1, 1.187, line=line, marks=marks, allocation=drawn_, allocation_sha256="ab" * 32)
    (reading,) = run(random_press.DETECTOR, own)
    assert reading.hits == 8
    assert Decimal(str(reading.at["moved_kg"])) == pytest.approx(Decimal("0.12"), abs=Decimal("0.006"))


def journal(*acts: tuple[dict[str, Any], dict[str, Any]]) -> list[tuple[str, str] | None]:
    """The trials of every load in a journal of these steps and outcomes."""
    reader = _Reader()
    for n, (step, value) in enumerate(acts):
        reader.take(f"0001:{2 * n}", {"kind": "step", "n": n, "t_ns": n * S, "step": step})
        reader.take(f"0001:{2 * n + 1}", {"kind": "outcome", "n": n, "t_ns": n * S + 1, "value": value})
    return [part.trials for part in reader.told.parts]


LOAD = ({"type": "Load", "label": "P1", "mass_kg": "1.187"}, {"mass_kg": "1.187"})
COMMIT = ({"type": "Commit"}, {"sha256": commitment(SEED)})


def lot(seed: str = SEED, order: list[str] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    candidates = of_blocks(4)
    told = {"seed": seed, "drawn": order or drawn(seed, candidates, len(candidates))}
    return {"type": "Draw", "candidates": list(candidates), "count": len(candidates)}, told


def test_a_lot_counts_once_as_it_was_committed_to() -> None:
    assert journal(LOAD, COMMIT, lot()) == [(letters(4), commitment(SEED))]
    assert journal(LOAD, lot()) == [None]
    assert journal(LOAD, COMMIT, lot("0" * 32)) == [None]
    assert journal(LOAD, COMMIT, lot(order=sorted(of_blocks(4)))) == [None]
    # the seed is known after the first draw
    assert journal(LOAD, COMMIT, lot(), LOAD, COMMIT, lot()) == [(letters(4), commitment(SEED)), None]
