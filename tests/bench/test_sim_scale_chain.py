"""The measuring chain of simulated scales: mechanics, creep, hysteresis, converter, filters, running ahead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fixtures.sim.scale.adc import Adc, AdcData, Noise
from fixtures.sim.scale.disturbance import Disturbance, Shaking
from fixtures.sim.scale.filters import Filter, FilterData
from fixtures.sim.scale.load_cell import G_M_S2, CellData, LoadCell
from fixtures.sim.scale.sampling import Ahead

MS = 1_000_000
S = 1_000_000_000
IDEAL = CellData(max_kg=15.0, creep=0.0, hysteresis=0.0)


def fine(data: CellData) -> LoadCell:
    return LoadCell(data, MS)


def test_step_response_is_that_of_the_damped_oscillator() -> None:
    cell = fine(IDEAL)
    cell.put(1.5, 0)
    got = cell.run(2000)
    omega = 2 * math.pi * 18.0 * math.sqrt(1.5 / 3.0)
    decay, turn = 0.2 * omega, omega * math.sqrt(1 - 0.2**2)
    t = (np.arange(2000) + 0.5) / 1000  # a mean over a conversion of 1 ms is its middle to within (omega dt)^2/24
    expected = 1.5 * (1 - np.exp(-decay * t) * (np.cos(turn * t) + decay / turn * np.sin(turn * t)))
    assert np.max(np.abs(got - expected)) < 1.5 * (omega * 1e-3) ** 2 / 20
    overshoot = got.max() / 1.5 - 1
    assert overshoot == pytest.approx(math.exp(-math.pi * 0.2 / math.sqrt(1 - 0.04)), abs=0.01)


def test_load_between_conversions_counts_from_its_instant() -> None:
    data = CellData(max_kg=15.0, frequency_hz=4000.0, damping=0.7, receptor_kg=1e6, creep=0.0, hysteresis=0.0)
    cell = LoadCell(data, 100 * MS)
    cell.put(2.0, 25 * MS)
    first, second = cell.run(2)
    assert first == pytest.approx(1.5, abs=0.002)
    assert second == pytest.approx(2.0, abs=1e-6)


def test_dropped_goods_overshoot_further_than_goods_laid_down() -> None:
    laid, dropped = fine(IDEAL), fine(IDEAL)
    laid.put(0.155, 0)
    dropped.put(0.155, 0, velocity_m_s=0.5)
    assert dropped.run(3000)[-1] == pytest.approx(0.155, abs=1e-6)
    laid_peak = laid.run(3000).max()
    omega = 2 * math.pi * 18.0 * math.sqrt(1.5 / 1.655)
    swing = 0.155 * 0.5 * omega / G_M_S2  # amplitude of the blow alone, undamped
    again = fine(IDEAL)
    again.put(0.155, 0, velocity_m_s=0.5)
    assert laid_peak < again.run(3000).max() < 0.155 * 2 + swing


def test_creep_comes_and_recovers_with_its_time_constant() -> None:
    data = CellData(max_kg=15.0, creep=1e-4, creep_s=600.0, hysteresis=0.0)
    cell = LoadCell(data, 100 * MS)
    cell.put(15.0, 0)
    loaded = cell.run(30 * 600) - 15.0
    assert loaded[20 * 10] == pytest.approx(15e-4 * (1 - math.exp(-20.05 / 600)), abs=1e-6)
    assert loaded[-1] == pytest.approx(15e-4 * (1 - math.exp(-3)), rel=1e-3)
    cell.put(0.0, 1800 * S)
    back = cell.run(6000)
    assert back[100] == pytest.approx(15e-4 * (1 - math.exp(-3)) * math.exp(-10.05 / 600), rel=1e-2)
    assert back[-1] == pytest.approx(15e-4 * (1 - math.exp(-3)) * math.exp(-1), rel=1e-2)


def test_hysteresis_reads_low_on_the_way_up_and_high_on_the_way_down() -> None:
    cell = LoadCell(CellData(max_kg=15.0, creep=0.0, hysteresis=1e-4), S)
    errors = []
    for step, load in enumerate((0.0, 5.0, 10.0, 15.0, 10.0, 5.0, 0.0)):
        cell.put(load, step * 5 * S)
        errors.append(cell.run(5)[-1] - load)
    up, down = errors[1:3], errors[5:3:-1]
    assert all(d - u == pytest.approx(2 * 1e-4 * 15, rel=0.2) for u, d in zip(up, down, strict=True))


def test_temperature_tilt_and_place_act_as_their_figures_say() -> None:
    data = CellData(15.0, creep=0.0, hysteresis=0.0, zero_per_c=1e-3, span_per_c=1e-4, drift_c_per_h=2.0, warm_up_c=3.0)
    cell = LoadCell(data, S)
    cell.put(10.0, 0)
    got = cell.run(3600)
    distance_c = 2.0 - 3.0 * math.exp(-6)
    assert got[-1] == pytest.approx(10.0 + distance_c * (1e-3 + 1e-3), abs=3e-6)
    tilted = LoadCell(CellData(15.0, creep=0.0, hysteresis=0.0, tilt_rad=0.05, corner_x=1e-3), S)
    tilted.put(10.0, 0, place=(0.5, 0.0))
    assert tilted.run(10)[-1] == pytest.approx(10.0 * math.cos(0.05) * 1.0005)


def test_runs_may_be_cut_anywhere() -> None:
    def course(cuts: list[int]) -> list[float]:
        cell = LoadCell(CellData(15.0, warm_up_c=2.0, zero_per_c=1e-4, drift_c_per_h=1.0), 12_500_000)
        noise = Noise(np.random.default_rng(7))
        adc = Adc(AdcData(20_000.0, noise_kg=1e-4), noise)
        shaking = Disturbance(Shaking(1e-3, 12.0, 1.0, gust=True), 80.0, Noise(np.random.default_rng(8)))
        filtered = Filter(FilterData("lag", cutoff_hz=2.0, cut_out=0.01), 80.0)
        cell.put(1.234, 3 * MS)
        out: list[float] = []
        for n in cuts:
            out += filtered.run(adc.kg(adc.convert(cell.run(n), shaking.run(n)))).tolist()
        return out

    whole = course([1000])
    assert course([1] * 1000) == whole
    assert course([7, 300, 1, 92, 600]) == whole


def test_converter_saturates_and_gains_the_dead_load_too() -> None:
    adc = Adc(AdcData(1000.0, dead_kg=1.0, full_counts=17_000), Noise(np.random.default_rng(1)))
    assert adc.kg(adc.convert(np.array([0.0, 2.0, 20.0]))).tolist() == [0.0, 2.0, 16.0]
    adc.gain = 1.2
    assert adc.kg(adc.convert(np.array([0.0, 2.0]))).tolist() == pytest.approx([0.2, 2.6])


def test_filters_smooth_noise_lag_as_said_and_let_large_steps_through() -> None:
    rng = np.random.default_rng(3)
    mean = Filter(FilterData("mean", taps=16), 80.0)
    assert mean.run(rng.standard_normal(20_000))[100:].std() == pytest.approx(0.25, rel=0.03)
    lag = Filter(FilterData("lag", cutoff_hz=0.5), 80.0)
    lag.run(np.zeros(1))
    rise = lag.run(np.ones(400))
    tau = np.argmax(rise >= 1 - math.exp(-1)) / 80
    assert tau == pytest.approx(1 / (2 * math.pi * 0.5), abs=0.02)
    quick = Filter(FilterData("mean", taps=40, cut_out=0.5), 80.0)
    quick.run(np.zeros(100))
    assert quick.run(np.array([1.0, 0.0]))[0] < 0.1  # a knock is no load
    quick.run(np.zeros(100))
    assert quick.run(np.full(5, 0.4))[-1] == pytest.approx(0.05)  # small: slow
    quick.run(np.zeros(100))
    assert quick.run(np.full(5, 2.0))[-1] == pytest.approx(2.0)  # large: quick


def test_disturbance_has_its_size_and_frequency() -> None:
    shaking = Disturbance(Shaking(0.01, 10.0, 1.0), 80.0, Noise(np.random.default_rng(5)))
    force = shaking.run(80_000)
    assert force.std() == pytest.approx(0.01, rel=0.05)
    spectrum = np.abs(np.fft.rfft(force)) ** 2
    peak_hz = float(np.fft.rfftfreq(len(force), 1 / 80)[int(np.argmax(spectrum))])
    assert peak_hz == pytest.approx(10.0, abs=1.5)


class _Line:
    """A chain of a cell alone."""

    def __init__(self, cell: LoadCell) -> None:
        self.cell = cell

    def due(self, t_ns: int) -> int:
        return self.cell.due(t_ns)

    def run(self, n: int) -> np.ndarray:
        return self.cell.run(n)

    def copy(self) -> _Line:
        return _Line(self.cell.copy())


@pytest.mark.parametrize("block", [1, 10, 1000])
def test_running_ahead_changes_nothing(block: int) -> None:
    loads = [(0, 1.0), (1_234 * MS, 2.5), (1_240 * MS, 0.3), (9 * S, 0.0)]
    plain = LoadCell(CellData(15.0), 100 * MS)
    ahead = Ahead(_Line(LoadCell(CellData(15.0), 100 * MS)), block)
    expected: list[float] = []
    got: list[float] = []
    for t_ns, load in loads:
        expected += plain.run(plain.due(t_ns)).tolist()
        plain.put(load, t_ns)
        for part in range(1, 11):
            got += ahead.upto(t_ns * part // 10).tolist()
        ahead.change(lambda line, t_ns=t_ns, load=load: line.cell.put(load, t_ns))  # type: ignore[misc]
    expected += plain.run(plain.due(20 * S)).tolist()
    got += ahead.upto(20 * S).tolist()
    assert got == expected


def test_half_an_hour_of_conversions_is_quick() -> None:
    """80 conversions a second for 30 minutes, filtered: the whole of the analogue side, well under a second."""
    import time

    cell = LoadCell(CellData(15.0), 12_500_000)
    adc = Adc(AdcData(20_000.0, noise_kg=1e-4), Noise(np.random.default_rng(7)))
    filtered = Filter(FilterData("mean", taps=40, cut_out=0.01), 80.0)
    cell.put(1.0, 0)
    begun = time.process_time()
    out = filtered.run(adc.kg(adc.convert(cell.run(144_000))))
    assert len(out) == 144_000
    assert time.process_time() - begun < 2.0
