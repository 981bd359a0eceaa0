"""The pictures of the pulses: what a test found is marked where it is, an honest instrument has its picture too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.generators import PROFILE, Tamper, delivery, instrument
from captures.model import Int64Array
from harness.judge.contract import DetectorSpec, Segment, Validation, View
from harness.judge.detectors import fingerprint_slip, period_gain, slots, split, timer_lattice
from harness.report.document import plain

pytest.importorskip("matplotlib")

from harness.report.ladder_plot import DETECTORS as LADDER
from harness.report.ladder_plot import ladder_figure
from harness.report.order_plot import DETECTORS as ORDER
from harness.report.order_plot import order_figure
from harness.report.pulse_plots import draw_pulses
from harness.report.rose_plot import DETECTORS as ROSE
from harness.report.rose_plot import rose_figure
from harness.report.shown import Shown, best_shown
from harness.report.style import plt

TESTS = (split.DETECTOR, period_gain.DETECTOR, slots.DETECTOR, timer_lattice.DETECTOR, fingerprint_slip.DETECTOR)


@pytest.fixture(autouse=True)
def closed() -> Any:
    yield
    plt.close("all")


def seen(seed: int = 1, litres: float = 20.0, **more: Any) -> Segment:
    """A delivery of which only the board's line is tapped."""
    rng = np.random.default_rng(seed)
    segment = delivery(rng, instrument(rng, "nominal"), litres, emi=0.0, **more)
    return replace(segment, trains={n: t for n, t in segment.trains.items() if not n.startswith("encoder.")})


def changed(segment: Segment, ticks: Int64Array) -> Segment:
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    return replace(
        segment, trains={**segment.trains, "board.A": replace(segment.trains["board.A"], ticks=ticks, levels=levels)}
    )


def multiplied(segment: Segment, gain: float, from_l: float = 0.0) -> Segment:
    ticks = segment.trains["board.A"].ticks
    begin = int(from_l * 200)
    tail = ticks[begin:].astype(np.float64)
    more = np.interp(np.arange(0, tail.size - 1, 1 / (1 + gain)), np.arange(tail.size), tail)
    return changed(segment, np.concatenate([ticks[:begin], np.round(more).astype(np.int64)]))


def document(*segments: Segment, tests: tuple[DetectorSpec, ...] = TESTS) -> Mapping[str, Any]:
    """What these tests say, as a verdict document holds it."""
    readings = [
        reading
        for test in tests
        for reading in test.judge(segments, View(PROFILE, test.parameters, Validation(10_000, 0)))
    ]
    return {"readings": [{**plain(vars(reading)), "link": str(reading.link)} for reading in readings], "evidence": []}


def shown(found: list[Segment], told: Mapping[str, Any], detectors: tuple[str, ...]) -> Shown:
    best = best_shown(found, told, detectors)
    assert best is not None
    return best


def points(axis: Any, marker: str) -> Any:
    lines = [line for line in axis.lines if line.get_marker() == marker]
    return np.concatenate([line.get_xydata() for line in lines]) if lines else np.zeros((0, 2))


def test_an_honest_disc_has_a_mark_on_each_of_its_orders_and_none_beside_them() -> None:
    segment = seen()
    figure = order_figure(shown([segment], document(segment), ORDER), 50)
    assert figure is not None
    above, below = figure.axes
    assert points(above, "o")[:, 0].tolist() == list(range(1, 21))
    assert not points(above, "v").size
    assert np.median(points(above, "o")[:, 1]) > 10  # the lines stand there
    assert "comes again after the declared 50 pulses: gain +0.00" in above.get_title(loc="left")
    assert points(below, "o")[0, 0] == pytest.approx(0, abs=0.02)


def test_a_multiplied_disc_is_marked_at_the_orders_that_were_found() -> None:
    segment = multiplied(seen(), 0.033)
    figure = order_figure(shown([segment], document(segment), ORDER), 50)
    assert figure is not None
    above, below = figure.axes
    found, declared = points(above, "v"), points(above, "o")
    assert found[:, 0] == pytest.approx(np.arange(1, 21) / 1.033, abs=0.02)
    assert np.median(found[:, 1]) > 5 * np.median(declared[:, 1])
    assert points(below, "v")[0, 0] == pytest.approx(3.3, abs=0.05)
    assert "after 51.65 pulses, not 50: gain +3.29" in above.get_title(loc="left")
    assert any("pulses, gain +3.29" in text.get_text() for text in below.get_legend().get_texts())


def test_the_rose_of_an_honest_disc_is_one_panel_of_two_like_halves() -> None:
    segment = seen()
    figure = rose_figure(shown([segment], document(segment), ROSE), 50, PROFILE)
    assert figure is not None
    (axis,) = figure.axes
    first, second = (line.get_ydata()[:-1] for line in axis.lines[:2])
    assert np.corrcoef(first, second)[0, 1] > 0.9
    assert not [line for line in axis.lines if line.get_label() == "_slip"]
    assert "the same rose in both halves" in figure.get_suptitle()


def test_a_slip_is_marked_and_taken_back() -> None:
    segment = multiplied(seen(3, 27.0), 0.03, 12.0)
    told = document(segment)
    figure = rose_figure(shown([segment], told, ROSE), 50, PROFILE)
    assert figure is not None
    declared, taken_back = figure.axes
    assert any("slips +1.4" in text.get_text() for text in declared.texts)
    (arc,) = (line for line in declared.lines if line.get_label() == "_slip")
    assert arc.get_xdata()[-1] == pytest.approx(2 * np.pi * 0.03 / 1.03, rel=0.02)
    halves = [[line.get_ydata()[:-1] for line in axis.lines[:2]] for axis in (declared, taken_back)]
    smeared, standing = (np.corrcoef(*pair)[0, 1] for pair in halves)
    assert standing > 0.9 > smeared + 0.3
    assert "on the pulses slip against the disc, +3.0" in figure.get_suptitle()


def test_pulses_put_in_are_marked_with_their_pattern() -> None:
    segment = seen(tamper=Tamper(insert_every=25, delay=0.3))
    segment = replace(segment, trains={"board.A": segment.trains["board.A"]})
    told = document(segment, tests=(split.DETECTOR,))
    figure = ladder_figure(shown([segment], told, LADDER), PROFILE, told)
    assert figure is not None
    (axis,) = figure.axes
    marked = points(axis, "v")
    usual = float(np.median(points(axis, ".")[:, 1]))
    assert 150 < len(marked) <= 160  # two intervals for each of some eighty
    assert bool(np.all(marked[20:, 1] < 0.8 * usual))
    assert not points(axis, "^").size
    assert "pulses between others, one every 25.0 pulses" in figure.get_suptitle()


def test_missing_pulses_are_marked_as_such() -> None:
    segment = seen(tamper=Tamper(delete_every=40))
    told = document(segment, tests=(split.DETECTOR,))
    figure = ladder_figure(shown([segment], told, LADDER), PROFILE, told)
    assert figure is not None
    assert len(points(figure.axes[0], "^")) == pytest.approx(49, abs=3)
    assert "pulses missing, one every 4" in figure.get_suptitle()


def test_a_burst_is_marked_and_not_held_against_the_instrument() -> None:
    segment = seen()
    ticks = segment.trains["board.A"].ticks
    low = int(ticks[2001])  # the line is low from here on: one narrow pulse
    burst = changed(segment, np.sort(np.append(ticks, [low + 3000, low + 3040])))
    told = document(burst, tests=(split.DETECTOR,))
    figure = ladder_figure(shown([burst], told, LADDER), PROFILE, told)
    assert figure is not None
    assert len(points(figure.axes[0], "v")) == 2
    assert "1 pulse between others; no test holds that against it" in figure.get_suptitle()


def test_what_only_both_channels_show_is_said_and_not_denied() -> None:
    segment = multiplied(seen(), 0.033)  # of one channel alone
    told = document(segment, tests=(split.DETECTOR,))
    assert any(reading["hits"] for reading in told["readings"])
    figure = ladder_figure(shown([segment], told, LADDER), PROFILE, told)
    assert figure is not None
    assert "what a test of both channels found does not show on one" in figure.get_suptitle()


def test_an_honest_ladder_has_no_mark() -> None:
    segment = seen()
    told = document(segment)
    figure = ladder_figure(shown([segment], told, LADDER), PROFILE, told)
    assert figure is not None
    assert not points(figure.axes[0], "v").size + points(figure.axes[0], "^").size
    assert "divided or doubled" in figure.get_suptitle()
    assert not figure.axes[0].child_axes


def test_a_timer_has_its_inset() -> None:
    segment = seen()
    ticks = segment.trains["board.A"].ticks // 40 * 40 + 3
    timed = changed(segment, np.maximum.accumulate(ticks - np.arange(ticks.size)) + np.arange(ticks.size))
    told = document(timed)
    figure = ladder_figure(shown([timed], told, LADDER), PROFILE, told)
    assert figure is not None
    (inset,) = figure.axes[0].child_axes
    heights = [patch.get_height() for patch in inset.patches]
    assert max(heights) > 0.9 * sum(heights)
    assert "keeps to a timer of 40 us" in figure.get_suptitle()


def test_encoder_and_board_stand_one_above_the_other() -> None:
    rng = np.random.default_rng(4)
    segment = delivery(rng, instrument(rng, "nominal"), 13.7, emi=0.0, tamper=Tamper(insert_every=20))
    told = document(segment, tests=(split.DETECTOR,))
    figure = ladder_figure(shown([segment], told, LADDER), PROFILE, told)
    assert figure is not None
    encoder, board = figure.axes
    assert (encoder.get_ylabel(), board.get_ylabel()) == ("encoder.A, ms", "board.A, ms")
    assert not points(encoder, "v").size
    assert points(board, "v").size


def test_the_delivery_that_shows_most_is_drawn_and_without_a_finding_the_longest() -> None:
    short, long = seen(1, 7.3), replace(seen(2, 27.1), id="d2")
    assert shown([short, long], document(short, long), ORDER).segment.id == "d2"
    cheated = multiplied(seen(1, 13.7), 0.033)
    best = shown([cheated, long], document(cheated, long), ORDER)
    assert (best.segment.id, best.hit, best.where) == ("d1", True, "d1, board.A")


def test_files_are_written_only_where_a_test_spoke(tmp_path: Path) -> None:
    segment = seen()
    profile = {key: value for key, value in PROFILE.items() if key != "slots_per_rev"}
    told = document(segment, tests=(split.DETECTOR,))
    assert [path.name for path in draw_pulses([segment], profile, told, tmp_path)] == ["interval_ladder.svg"]
    every = draw_pulses([segment], PROFILE, document(segment), tmp_path, "X_")
    assert [path.name for path in every] == [
        "X_order_spectrum.svg", "X_fingerprint_rose.svg", "X_interval_ladder.svg",
    ]  # fmt: skip
    assert every[0].read_bytes() == draw_pulses([segment], PROFILE, document(segment), tmp_path)[0].read_bytes()
    mute = {"readings": [{**reading, "reason": "gap"} for reading in told["readings"]], "evidence": []}
    assert draw_pulses([segment], PROFILE, mute, tmp_path) == []


def test_a_long_train_is_thinned_for_drawing() -> None:
    rng = np.random.default_rng(5)
    ticks = np.cumsum(rng.integers(2_700, 3_300, 600_000)).astype(np.int64)
    one = seen()
    train = one.trains["board.A"]
    segment = replace(changed(one, ticks), window_ns=(0, int(ticks[-1]) * 1000), trains={}, clocks={})
    long = replace(
        train, ticks=ticks, levels=(np.arange(ticks.size) % 2 == 0).astype(np.uint8), window=(0, int(ticks[-1]))
    )
    segment = replace(segment, trains={"board.A": long})
    told = document(segment, tests=(split.DETECTOR,))
    figure = ladder_figure(shown([segment], told, LADDER), PROFILE, told)
    assert figure is not None
    assert len(points(figure.axes[0], ".")) <= 3000


def test_pulses_that_the_test_left_out_are_left_out_of_its_pictures() -> None:
    """Behind pulses at random places the multiplied pattern seems to be another: the picture shows what was judged, or none."""
    segment, rng = multiplied(seen(5), 0.033), np.random.default_rng(3)
    rising = segment.trains["board.A"].ticks[::2]
    at = np.sort(rng.choice(np.arange(100, rising.size - 100), 60, False))
    extra = rising[at] + ((rising[at + 1] - rising[at]) * rng.uniform(0.3, 0.7, at.size)).astype(np.int64)
    both = np.sort(np.concatenate([rising, extra]))
    mixed = changed(segment, np.stack([both, both + np.diff(both, append=both[-1] + 1000) // 2], axis=1).ravel())
    (reading,) = document(segment, tests=(period_gain.DETECTOR,))["readings"]
    assert reading["hits"]
    told = {"readings": [{**reading, "at": {**reading["at"], "left_out": 60}}]}
    best = shown([mixed], told, ORDER)
    assert abs(best.ticks.size - rising.size) < 5
    figure = order_figure(best, 50)
    assert figure is not None
    title = figure.axes[0].get_title(loc="left")
    assert f"after {reading['at']['period']:.2f} pulses, not 50: gain +3.3" in title
    assert "60 pulses put in between others left out" in title
    assert order_figure(shown([mixed], {"readings": [reading]}, ORDER), 50) is None  # another gain than was found
    rose = rose_figure(shown([mixed], {"readings": [reading]}, ROSE), 50, PROFILE)
    assert rose is None or "more pulses than slots" not in rose.get_suptitle()


def test_a_period_that_is_no_finding_is_not_told_to_be_the_declared_one() -> None:
    """Multiplied from a quarter on: the test of one period holds it against nobody, and the picture does not deny it."""
    segment = multiplied(seen(5), 0.02, 5.0)
    told = document(segment, tests=(period_gain.DETECTOR,))
    (reading,) = told["readings"]
    assert not reading["hits"]
    assert not reading["reason"]
    figure = order_figure(shown([segment], told, ORDER), 50)
    assert figure is not None
    title = figure.axes[0].get_title(loc="left")
    assert "declared 50 pulses: gain" not in title
    assert "does so after 50.99 pulses" in title
    assert "no finding of this test" in title


@pytest.mark.parametrize("pulses", [0, 1, 2, 20])
@pytest.mark.parametrize("hits", [0, 1])
def test_a_train_too_short_for_what_is_said_of_it_has_no_picture_of_the_disc(
    tmp_path: Path, pulses: int, hits: int
) -> None:
    segment = changed(seen(), 1000 * np.arange(1, 2 * pulses + 1, dtype=np.int64))
    reading = {"segment": segment.id, "link": "encoder>board", "reason": "", "hits": hits, "effect": 0.02}
    reading |= {"interval": None, "at": {"station": "board", "onset_l": 0.05} if hits else {"station": "board"}}
    told = {"readings": [{**reading, "detector": name} for name in ("split", *ORDER, *ROSE)]}
    drawn = draw_pulses([segment], PROFILE, told, tmp_path)
    assert [path.name for path in drawn] == (["interval_ladder.svg"] if pulses == 20 else [])
