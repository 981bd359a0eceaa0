"""Real recordings go through the same judging: nothing is accused, what was put in is, what cannot be told is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from captures.formats import read
from captures.model import EdgeKind, PulseTrain
from fixtures.plugins import specs
from harness.catalogue import load_catalogue, load_causes, load_validations
from harness.editions import edition
from harness.judge.contract import Segment, SegmentKind, Verdict
from harness.judge.verdict import judge
from harness.judging import judge_path, tap_segments

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sigrok"
FILES = sorted(DATA.glob("*.sr"))
pytestmark = pytest.mark.skipif(not FILES, reason="real recordings are not beside this checkout")


def judged(train: PulseTrain) -> Verdict:
    tap = Segment("tap", SegmentKind.TAP, "", "", (0, 0), trains={train.name: train})
    return judge(
        [tap], {}, edition("jjg443-2023"), load_catalogue(), load_causes(), specs("detectors"), load_validations(),
        instrument="tap", status="complete",
    )  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_recording_is_accused(path: Path) -> None:
    document = judge_path(path)
    assert document["integrity"] in ("no_evidence", "inconclusive")
    assert document["findings"] == []
    assert all(q["why"] for q in document["coverage"] if not q["answered"])


@pytest.mark.parametrize("name", ["agilent_hdns_2000_move_mouse_fast", "agilent_hdns_2000_move_mouse_left_right"])
def test_a_hand_that_stops_and_turns_is_not_guessed_about(name: str) -> None:
    document = judge_path(DATA / f"{name}.sr")
    assert document["integrity"] == "inconclusive"
    assert any("stops, turns" in q["why"] for q in document["coverage"])


@pytest.mark.parametrize(("name", "channels"), [("rotary-ramp", {"0", "1"}), ("smoothieware", {"3", "5"})])
def test_what_moves_steadily_is_judged(name: str, channels: set[str]) -> None:
    segments = [s for s in tap_segments(DATA / f"{name}.sr") if s.id.split(":")[1] in channels]
    assert len(segments) == len(channels)
    for segment in segments:
        verdict = judged(next(iter(segment.trains.values())))
        assert verdict.integrity == "no_evidence"
        assert all(q.answered and q.mde is not None and q.mde < 0.01 for q in verdict.coverage)


def with_pulses_put_in(train: PulseTrain, share: float, how: str, seed: int = 1) -> PulseTrain:
    """`share` of the pulses doubled: in mid-interval at random or regularly, or right behind a real one."""
    rng = np.random.default_rng(seed)
    rising, falling = train.rising, train.falling
    width = int(np.median(falling[: rising.size] - rising[: falling.size]))
    gaps = np.flatnonzero(np.diff(rising) > 4 * width)
    count = int(share * rising.size)
    chosen = (
        np.sort(rng.choice(gaps, count, replace=False)) if how != "regular" else gaps[:: gaps.size // count][:count]
    )
    room = rising[chosen + 1] - rising[chosen] - 3 * width
    offset = 2 * width + (
        room // 2 if how == "regular" else (rng.random(count) * room * (0.1 if how == "close" else 1)).astype(np.int64)
    )
    ups = rising[chosen] + offset
    ticks = np.concatenate([train.ticks, ups, ups + width])
    assert train.levels is not None
    levels = np.concatenate([train.levels, np.ones(count, np.uint8), np.zeros(count, np.uint8)])
    order = np.argsort(ticks, kind="stable")
    return replace(train, ticks=ticks[order], levels=levels[order], edge=EdgeKind.BOTH)


@pytest.mark.parametrize("how", ["random", "regular", "close"])
@pytest.mark.parametrize("channel", ["5", "3"])
def test_step_pulses_with_two_per_cent_put_in_are_not_passed(channel: str, how: str) -> None:
    [train] = [t for t in read(DATA / "smoothieware.sr").trains if t.channel == channel]
    verdict = judged(with_pulses_put_in(train, 0.02, how))
    assert verdict.integrity == "suspect"  # a single tap is never more
    [finding] = verdict.findings
    assert "split" in finding.detectors
    assert any("single tap" in limit for limit in finding.limits)
    assert finding.effect == pytest.approx(0.02, abs=0.006)
