"""Drive-on, noise, stable flag, zero tracking, cadence and cells: honest lines within their bounds are not hit, the cheats' forms are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from captures.model import Flag, Int64Array, SampledTrace
from harness.judge.contract import DetectorSpec, Reading, Segment, Shape
from harness.judge.detectors import cell_share, drive_on, line_cadence, plateau_noise, stable_moving, zero_tracking
from tests.scale_stream import HERE, S, ScaleLine, after
from tests.weighed import LONG_S, begin_s, loading, run, stream

TRUCK: dict[str, Any] = {"intervals": "80000/20", "settle_s": "4"}
PRICE = {"settle_s": "2"}
VEHICLES = (0, 31_000, 0, 17_500, 0, 43_000, 0, 24_300, 0)


def hits(spec: DetectorSpec, segments: list[Segment], **profile: Any) -> list[Reading]:
    return [one for one in run(spec, *segments, **profile) if one.hits]


def deck(seed: int, **line: Any) -> ScaleLine:
    return ScaleLine(seed, **{"e_kg": 20, "axles": 4, "mount_s": 0.5, "put_s": 12, "wind_e": 0.3} | line)


# -------------------------------------------------------------------------------------------------------------- drive-on


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "line", [{}, {"axles": 2, "spacing_s": 0.7}, {"tau_s": 0.05, "mount_s": 0.2}, {"hz": 5.0, "wind_e": 1.0}]
)
def test_vehicles_come_axle_by_axle(seed: int, line: dict[str, Any]) -> None:
    scale = deck(seed, **line)
    segments = [scale.load(kg, 20, known=False) for kg in VEHICLES]
    readings = run(drive_on.DETECTOR, *segments, **TRUCK)
    assert not any(one.hits for one in readings)
    assert sum(one.spoke for one in readings) >= 6


def test_what_comes_at_once_did_not_drive_on() -> None:
    scale = deck(1)
    segments = [scale.load(kg, 20, known=False) for kg in VEHICLES]
    scale.axles, scale.mount_s, scale.tau_s = 0, 0.01, 0.05
    substituted = scale.load(38_000, 20, known=False)
    (found,) = hits(drive_on.DETECTOR, [*segments, substituted], **TRUCK)
    assert found.segment == substituted.id
    assert found.shape is Shape.EXTRA
    assert found.at["seconds"] < 0.5


def test_without_drive_ons_of_its_own_nothing_is_claimed() -> None:
    scale = deck(2, axles=0, mount_s=0.01, tau_s=0.05)
    readings = run(drive_on.DETECTOR, *[scale.load(kg, 20, known=False) for kg in (0, 38_000, 0)], **TRUCK)
    assert not any(one.spoke for one in readings)
    goods = ScaleLine(2, mount_s=0.01, tau_s=0.05)
    assert run(drive_on.DETECTOR, *[goods.load(kg, 20) for kg in (0, 1, 0)], **PRICE) == []


def test_a_declared_bound_needs_its_source_and_then_holds_at_rest_too() -> None:
    scale = deck(3, tau_s=0.1)
    honest = [scale.load(kg, 20, known=False) for kg in (0, 31_000, 0)]
    struck = scale.load(31_000, 20, known=False, digital=after(10.0, 9_000))
    bound = TRUCK | {"ramp_kg_s": "20000", "update_ms": 100}
    assert not any(one.spoke for one in run(drive_on.DETECTOR, *honest, struck, **bound))
    (found,) = hits(drive_on.DETECTOR, [*honest, struck], **bound, ramp_source="type approval")
    assert (found.segment, found.shape, found.at["held"]) == (struck.id, Shape.SWITCHED, True)


# --------------------------------------------------------------------------------------------------------- plateau-noise


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise_e", [0.02, 0.3, 0.8])
@pytest.mark.parametrize("wind_e", [0.0, 0.7])
def test_loads_alike_in_noise(seed: int, noise_e: float, wind_e: float) -> None:
    scale = deck(seed, noise_e=noise_e, wind_e=wind_e)
    segments = [scale.load(kg, 50) for kg in (31_000, 28_000, 35_000, 31_000, 30_000, 33_000)]
    assert hits(plateau_noise.DETECTOR, segments, **TRUCK) == []


def test_too_quiet_and_too_noisy() -> None:
    scale = deck(4, noise_e=0.8)
    segments = [scale.load(kg, 120) for kg in (31_000, 28_000, 35_000, 30_000, 33_000)]
    quiet, noisy = scale.load(31_000, 120), scale.load(31_000, 120, noise_e=6.0)
    still = replace(quiet, traces={"weight": _constant(quiet.traces["weight"])})
    told = {one.segment: one.at["plateau"] for one in hits(plateau_noise.DETECTOR, [*segments, still], **TRUCK)}
    assert told == {still.id: "quiet"}
    told = {one.segment: one.at["plateau"] for one in hits(plateau_noise.DETECTOR, [*segments, noisy], **TRUCK)}
    assert told == {noisy.id: "noisy"}


def _constant(trace: SampledTrace) -> SampledTrace:
    return replace(trace, steps=np.full(trace.steps.size, trace.steps[-1]))


def test_a_display_on_one_code_has_no_power() -> None:
    scale = ScaleLine(5, noise_e=0.0, creep_e=0.0)
    readings = run(plateau_noise.DETECTOR, *[scale.load(1.0 + 0.005 * i, 30) for i in range(6)], **PRICE)
    assert {one.reason for one in readings} == {"the display sits on one code: no power"}
    few = run(plateau_noise.DETECTOR, *[scale.load(1.0, 30) for _ in range(3)], **PRICE)
    assert not any(one.spoke for one in few)


def test_a_step_is_no_noise() -> None:
    scale = ScaleLine(6, noise_e=0.2)
    segments = [scale.load(1.0, 40) for _ in range(5)]
    stepped = scale.load(1.0, 40, digital=after(20.0, 0.1))
    assert hits(plateau_noise.DETECTOR, [*segments, stepped], **PRICE) == []


# --------------------------------------------------------------------------------------------------------- stable-moving


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "line", [{}, {"flag_s": 1.0}, {"tau_s": 0.05, "mount_s": 0.02}, {"tau_s": 1.0}, {"noise_e": 0.4}, {"hz": 5.0}]
)
def test_an_honest_flag_falls_while_the_weight_moves(seed: int, line: dict[str, Any]) -> None:
    scale = ScaleLine(seed, **line)
    segments = [scale.load(kg) for kg in (0.0, 0.531, 1.19, 0.0, 2.263, 0.0)]
    assert hits(stable_moving.DETECTOR, segments, **PRICE) == []


def test_a_flag_that_stays_up() -> None:
    scale = ScaleLine(7)
    loads = [scale.load(kg, flags=lambda t, y, own: np.ones_like(own)) for kg in (0.0, 0.531, 1.19)]
    found = hits(stable_moving.DETECTOR, loads, **PRICE)
    assert [one.segment for one in found] == ["L2", "L3"]
    assert {one.at["stable"] for one in found} == {"moving"}


def test_a_flag_that_is_never_down_is_out_of_use() -> None:
    """One property of the indicator, however many loadings show it; where it stays up in some of them it is none."""
    scale = ScaleLine(7)
    masses = (0.531, 1.19, 0.0, 2.263, 0.87, 0.0)
    always = [scale.load(kg, flags=lambda t, y, own: np.ones_like(own)) for kg in masses]
    assert {one.e for one in run(stable_moving.DETECTOR, *always, **PRICE) if one.hits} == {1.0}
    scale = ScaleLine(7)
    some = [scale.load(kg, flags=(lambda t, y, own: np.ones_like(own)) if kg == 2.263 else None) for kg in masses]
    assert [one.e > 100 for one in run(stable_moving.DETECTOR, *some, **PRICE) if one.hits] == [True]


def test_what_a_key_does_at_once_may_be_stable() -> None:
    scale = ScaleLine(8)
    tared = scale.load(1.19, digital=after(15.0, -1.19), keys=[(14.8, "tare")], flags=lambda t, y, own: own | (t > 5))
    assert hits(stable_moving.DETECTOR, [tared], **PRICE) == []
    switched = replace(tared, marks=())
    assert [one.at["stable"] for one in hits(stable_moving.DETECTOR, [switched], **PRICE)] == ["moving"]


def test_never_stable_though_it_stands() -> None:
    scale = ScaleLine(9)
    never = scale.load(1.19, flags=lambda t, y, own: np.zeros_like(own))
    (found,) = hits(stable_moving.DETECTOR, [scale.load(0.5), never], **PRICE)
    assert (found.segment, found.at["stable"]) == (never.id, "never")
    assert found.e < 10


def test_a_line_that_tells_nothing_or_is_slow_says_nothing() -> None:
    slow = ScaleLine(10, hz=1.0).load(1.0, flags=lambda t, y, own: np.ones_like(own))
    assert not any(one.spoke for one in run(stable_moving.DETECTOR, slow))
    fast = ScaleLine(10).load(1.0)
    mute = replace(fast, traces={"weight": replace(fast.traces["weight"], told=Flag(0))})
    assert not any(one.spoke for one in run(stable_moving.DETECTOR, mute))


# --------------------------------------------------------------------------------------------------------- zero-tracking


def pulled(rate_d_s: float, tau_s: float = 0.0) -> Segment:
    """A reading of ten intervals that is pulled to zero."""
    t = np.arange(LONG_S * 10) / 10
    kg = 0.05 * np.exp(-t / tau_s) if tau_s else np.maximum(0.05 - 0.005 * rate_d_s * np.maximum(t - 5, 0), 0)
    line = stream((np.round(kg / 0.005) * 0.005).tolist(), begin_s(1))
    return loading(1, None, line=line)


@pytest.mark.parametrize(
    ("segment", "hit"), [(pulled(0.4), 0), (pulled(2.0), 1), (pulled(0, 3.0), 0), (pulled(0, 8.0), 0)]
)
def test_what_walks_to_zero_evenly_and_too_fast(segment: Segment, hit: int) -> None:
    (found,) = run(zero_tracking.DETECTOR, segment, settle_s="2")
    assert found.hits == hit


def test_the_edition_s_rate_decides() -> None:
    from harness.catalogue import with_rules
    from harness.editions import edition

    assert with_rules({"intervals": "15/0.005"}, edition("jjg539-2016"))["zero_tracking_d_s"] == 0.5
    assert hits(zero_tracking.DETECTOR, [pulled(2.0)], settle_s="2", zero_tracking_d_s=3.0) == []


def added(shown: list[str], **more: Any) -> list[Segment]:
    """A hundred grams more each loading."""
    return [loading(i, 0.1 * i, [kg] * 2, u_kg=1e-5, at_s=[2, 3], **more) for i, kg in enumerate(shown)]


def test_small_loads_that_vanish() -> None:
    honest = added(["0.000", "0.100"])
    (found,) = run(zero_tracking.DETECTOR, *honest, zero_tracking="true")
    assert found.hits == 0
    # 20 intervals in 50 s are 0.4 a second: no more than may be
    assert hits(zero_tracking.DETECTOR, added(["0.000", "0.000"])) == []
    quick = [replace(s, window_ns=(i * 12 * S, i * 12 * S + 11 * S)) for i, s in enumerate(added(["0.000", "0.000"]))]
    quick = [
        replace(s, registers={"display": replace(s.registers["display"], times_ns=np.array([s.window_ns[0] + k * S for k in (2, 3)]))})
        for s in quick
    ]  # fmt: skip
    (found,) = hits(zero_tracking.DETECTOR, quick)
    assert found.at["d_s"] > 0.5
    assert hits(zero_tracking.DETECTOR, [replace(s, state=str(i)) for i, s in enumerate(quick)]) == []


# ---------------------------------------------------------------------------------------------------------- line-cadence


def late(rng: np.random.Generator, from_ns: int, extra_ns: int) -> Any:
    def times(stamps: Int64Array) -> Int64Array:
        shaken = stamps + rng.exponential(1.5e6, stamps.size).astype(np.int64)
        return np.maximum.accumulate(shaken + extra_ns * (stamps >= from_ns))

    return times


@pytest.mark.parametrize("seed", range(4))
def test_one_pace_and_a_busy_host(seed: int) -> None:
    scale, rng = ScaleLine(seed, hz=20.0), np.random.default_rng(seed)
    segments = [scale.load(1.0, 100, times=late(rng, 2**62, 0)) for _ in range(3)]
    (found,) = run(line_cadence.DETECTOR, *segments)
    assert found.spoke
    assert found.hits == 0


def test_a_box_in_the_line() -> None:
    scale, rng = ScaleLine(3, hz=20.0), np.random.default_rng(3)
    segments = [scale.load(1.0, 100, times=late(rng, 150 * S, 12_000_000)) for _ in range(3)]
    (found,) = run(line_cadence.DETECTOR, *segments)
    assert found.hits == 1
    assert found.at["cadence"] == "latency"
    assert found.at["ms"] == pytest.approx(12, abs=2)
    assert found.segment == "L2"
    assert line_cadence.DETECTOR.device_type


def test_a_silence_parts_the_line() -> None:
    scale, rng = ScaleLine(4, hz=20.0), np.random.default_rng(4)
    one = scale.load(1.0, 100, times=late(rng, 2**62, 0))
    scale.t_s += 37.013
    two = scale.load(1.0, 100, times=late(rng, 2**62, 0))
    readings = run(line_cadence.DETECTOR, one, two)
    assert [one.segment for one in readings] == ["L1", "L2"]
    assert not any(one.hits for one in readings)


# ------------------------------------------------------------------------------------------------------------ cell-share

PLACES = ("front", "middle", "back")


def placed(gains: dict[str, float], state: str, first: int) -> list[Segment]:
    """31 t at each place, its error there, read twice."""
    return [
        loading(first + i, 31_000, [Decimal(20 * round(31_000 * (1 + gains.get(place, 0)) / 20))] * 2, state=state, u_kg=1, position=place)
        for i, place in enumerate(PLACES)
    ]  # fmt: skip


def test_an_eccentric_error_of_both_states_is_not_accused() -> None:
    own = {"front": 0.006, "back": -0.004}
    readings = run(cell_share.DETECTOR, *placed(own, "power-0", 1), *placed(own, "power-1", 5), intervals="80000/20")
    assert {one.key for one in readings} == {"state"}
    assert not any(one.hits for one in readings)


def test_a_place_that_matters_in_one_state_alone() -> None:
    segments = [*placed({"front": 0.12, "middle": 0.05}, "power-0", 1), *placed({}, "power-1", 5)]
    (found,) = hits(cell_share.DETECTOR, segments, intervals="80000/20")
    assert found.key == "state"
    assert found.shape is Shape.STATE
    assert set(found.at["places"]) == {"front", "back"}
    assert abs(found.effect or 0) == pytest.approx(0.12, abs=0.01)


def cells(*codes: Int64Array) -> Segment:
    times = np.arange(codes[0].size, dtype=np.int64) * S // 10
    traces = {
        f"counts.{i}": SampledTrace(f"counts.{i}", times, own.astype(np.int64), np.zeros(own.size, np.uint8), Decimal(1), "count", HERE)
        for i, own in enumerate(codes, 1)
    }  # fmt: skip
    return replace(loading(1, None), traces=traces)


def test_cells_that_do_not_weigh() -> None:
    rng = np.random.default_rng(5)
    load = np.clip(np.arange(300) / 100, 0, 1)
    own = [np.round(share * 50_000 * load + rng.normal(0, 3, 300)).astype(np.int64) for share in (0.2, 0.25, 0.3, 0.25)]
    (honest,) = run(cell_share.DETECTOR, cells(*own))
    assert (honest.hits, honest.spoke) == (0, True)
    (frozen,) = run(cell_share.DETECTOR, cells(*own[:3], np.full(300, 12_000)))
    assert (frozen.at["cells"], frozen.at["cell"]) == ("frozen", "counts.4")
    (copied,) = run(cell_share.DETECTOR, cells(*own[:3], np.round(own[0] * 1.25).astype(np.int64)))
    assert (copied.at["cells"], copied.at["cell"]) == ("proportional", "counts.1 counts.4")
    assert str(copied.link) == "load>counts"
