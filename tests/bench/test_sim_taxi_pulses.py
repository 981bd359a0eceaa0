"""Vehicle, sensor classes and cable of a simulated taxi: instants solved, counts exact, rates as documented."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.sim.scenario import Streams
from fixtures.sim.taxi.cycles import Hop, Slips, Wait, route
from fixtures.sim.taxi.sensors import CLASSES, sensor
from fixtures.sim.taxi.vehicle import Tyre, Vehicle
from tests.bench.taxis import S, steady, taxi


@pytest.mark.parametrize("style", ["town", "traffic", "highway", "steady"])
def test_a_drive_ends_where_it_should_and_turns_are_where_they_are(style: str) -> None:
    rng = np.random.default_rng(4)
    car = Vehicle(Tyre(1.95), rng)
    car.drive(route(style, 3000, rng, Slips(0.5, 0.5)), S)  # type: ignore[arg-type]
    assert car.road.end_m == pytest.approx(3000, abs=1e-6)
    turns = int(car.revolutions(car.wheel.end_m))
    times = car.revolutions_ns(1, turns)
    assert np.all(np.diff(times) > 0)
    assert np.abs(car.wheel.metres(times) - 1.95 * np.arange(1, turns + 1)).max() < 1e-6


def test_the_wheels_slip_where_they_are_told_and_the_road_does_not() -> None:
    rng = np.random.default_rng(1)
    spun = Vehicle(Tyre(), rng)
    spun.drive([Hop(500, 40, spin=True)], 0)
    assert spun.wheel.end_m - spun.road.end_m > 0.2
    locked = Vehicle(Tyre(), rng)
    locked.drive([Hop(500, 60, down=6.0, skid=True)], 0)
    assert locked.road.end_m == pytest.approx(500, abs=1e-6)
    assert -3 < locked.wheel.end_m - locked.road.end_m < -0.05


def test_wear_and_pressure_make_the_wheel_smaller() -> None:
    assert Tyre(2.0, wear=0.025).circumference_m == pytest.approx(1.95)
    assert Tyre(2.0, pressure_bar=2.16).circumference_m == pytest.approx(2.0 * (1 - 0.0015))
    with pytest.raises(ValueError, match="expected a circumference of"):
        Tyre(0.0)


@pytest.mark.parametrize("name", CLASSES)
def test_pulses_are_the_way_times_k_for_every_sensor_class(name: str) -> None:
    car, heard = taxi(sensor_class=name, pulses_per_km=None, seed=7)
    end = car.drive([Hop(2000, 60), Wait(5), Hop(1000, 8), Wait(2)], S)
    car.advance(end + S)
    tyre = car.vehicle.tyre
    exact = car.vehicle.wheel.end_m * car.meter.certificate_k / 1000 * tyre.new_m / tyre.circumference_m
    assert abs(car.meter.pulses - exact) <= 2
    assert abs(len(heard.closings(2)) - exact) <= 2


@pytest.mark.parametrize(
    ("name", "cheat"),
    [
        ("magnet-rotor", None),
        ("magnet-rotor", "taxi.C05"),
        ("magnet-rotor", "taxi.C02"),
        ("abs-derived", "taxi.C02"),
        ("ecu-regenerated", "taxi.C35:window"),
        ("conditioner", None),
    ],
)
def test_nothing_depends_on_how_often_it_is_looked_at(name: str, cheat: str | None) -> None:
    honest = ("reed_bounce",) if name == "magnet-rotor" else ()
    found = []
    for looks in (1, 13):
        car, heard = taxi(cheat, sensor_class=name, pulses_per_km=2000, honest=honest, seed=11)
        end = car.drive([Hop(200, 95, up=4, down=4)], S)
        held = (5 * S, 7 * S)
        for t_ns in sorted([*np.linspace(0, end + 4 * S, looks + 1).astype(int).tolist()[1:], *held]):
            if t_ns == held[0]:
                car.press("remote", t_ns)
            elif t_ns == held[1]:
                car.release("remote", t_ns)
            car.advance(t_ns)
        found.append((heard.times(1), heard.states(1), heard.times(2), heard.states(2)))
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)


def test_a_rotor_repeats_every_turn_and_a_control_unit_does_not() -> None:
    def folded(name: str, magnets: int) -> float:
        car, heard = taxi(sensor_class=name, magnets=magnets, seed=3, pulses_per_km=1000)
        car.advance(car.drive(steady(1500, 50), 0))
        tau = np.log(np.diff(heard.closings(2)[200:1000]).astype(float))
        tau = tau[: len(tau) // magnets * magnets].reshape(-1, magnets)
        tau -= tau.mean(axis=1, keepdims=True)
        return float(np.ptp(tau.mean(axis=0)))

    assert folded("magnet-rotor", 4) > 0.01
    assert folded("ecu-regenerated", 4) < 0.004


def test_an_extra_magnet_of_two_is_half_more_with_three_uneven_intervals() -> None:
    car, heard = taxi("taxi.C10", seed=5)
    car.advance(car.drive(steady(1000, 45), 0))
    assert car.meter.pulses == pytest.approx(1500, abs=2)
    tau = np.diff(heard.closings(1)[300:900]).astype(float)
    turn = tau[: len(tau) // 3 * 3].reshape(-1, 3)
    assert (turn.max(axis=1) / turn.min(axis=1) > 1.5).all()


def test_a_reed_bounces_at_the_tap_and_not_in_the_count() -> None:
    car, heard = taxi(honest=("reed_bounce",), sensor_class=None, seed=2)
    car.advance(car.drive(steady(500, 60), 0))
    assert car.meter.pulses == pytest.approx(500, abs=1)
    assert len(heard.rises(1)) > 1.5 * car.meter.pulses
    assert int(np.diff(heard.rises(1)).min()) < car.scenario.sensor().filter_ns


@pytest.mark.parametrize(
    ("cheat", "hz"),
    [("taxi.C02", 390 / 3.6), ("taxi.C01", 600 / 3.6), ("taxi.C04", 600 / 3.6), ("taxi.C01:instead", 600 / 3.6)],
)
def test_trains_have_their_documented_rates(cheat: str, hz: float) -> None:
    """390 km/h is 108 Hz, 600 is 167 Hz at K 1000."""
    car, heard = taxi(cheat)
    control = car.parts[0].control
    assert control is not None
    car.press(control, 5 * S)
    car.release(control, 25 * S)
    car.advance(40 * S)
    assert not len(heard.rises(1))
    assert car.meter.pulses == pytest.approx(20 * hz, rel=0.03)
    assert car.path.injected_ns()[0] - 5 * S < 2e9 / hz


@pytest.mark.parametrize(("cheat", "kmh"), [("taxi.C02", 390), ("taxi.C01", 600), ("taxi.C05", 1080)])
def test_trains_keep_their_rate_where_k_is_high(cheat: str, kmh: float) -> None:
    car, heard = taxi(cheat, sensor_class="abs-derived", pulses_per_km=8000)
    car.drive(steady(400, 40), 0)
    car.press("remote", 12 * S)
    car.release("remote", 20 * S)
    car.advance(21 * S)
    held = heard.rises(2)[(heard.rises(2) > 17 * S) & (heard.rises(2) < 20 * S)]
    assert len(held) == pytest.approx(3 * 8000 * (kmh + 40) / 3600, rel=0.03)


def test_superposed_at_40_km_h_it_is_nearly_ten_times_the_way() -> None:
    """Wuxi: +390 km in an hour at 40 km/h is about 9.75 times."""
    car, heard = taxi("taxi.C02")
    car.drive(steady(400, 40), 0)
    car.press("remote", 15 * S)
    car.release("remote", 30 * S)
    car.advance(31 * S)
    held = heard.rises(2)[(heard.rises(2) > 16 * S) & (heard.rises(2) < 29 * S)]
    assert len(held) == pytest.approx(13 * 430 / 3.6, rel=0.03)
    assert int(np.diff(held).min()) >= car.scenario.sensor().filter_ns


def test_a_motor_gathers_speed_and_runs_down_at_the_sensor() -> None:
    car, heard = taxi("taxi.C05")
    car.press("remote", S)
    car.release("remote", 9 * S)
    car.advance(20 * S)
    at = heard.rises(1)
    early = np.sum((at > S) & (at <= 1.2 * S)) / 0.2
    late = np.sum((at > 6 * S) & (at <= 8 * S)) / 2
    assert late == pytest.approx(300, rel=0.02)  # 1080 km/h at K 1000
    assert early < 0.5 * late
    assert np.sum(at > 9 * S) > 50
    assert len(heard.rises(2)) == pytest.approx(len(at), abs=2)


def test_each_press_of_a_lump_adder_is_the_same_burst() -> None:
    car, heard = taxi("taxi.C03")
    for number in range(4):
        car.press("gear", (1 + 3 * number) * S)
        car.release("gear", (1 + 3 * number) * S + S // 5)
    car.advance(20 * S)
    starts = np.array([1, 4, 7, 10]) * S
    counts = [int(np.sum((heard.rises(2) >= t) & (heard.rises(2) < t + 3 * S))) for t in starts]
    assert counts == [200] * 4
    lengths = {int(np.ptp(heard.rises(2)[200 * n : 200 * (n + 1)])) for n in range(4)}
    assert len(lengths) == 1


def test_a_scratched_wire_bounces_and_hides_pulses() -> None:
    car, heard = taxi("taxi.C09")
    car.drive(steady(500, 40), 0)
    car.press("wire", 10 * S)
    car.release("wire", 20 * S)
    car.advance(50 * S)
    held = (heard.times(2) > 10 * S) & (heard.times(2) < 20 * S)
    assert np.min(np.diff(heard.times(2)[held])) < 300_000
    assert 0 < car.meter.pulses - 500 < len(car.path.injected_ns())


@pytest.mark.parametrize("cheat", ["taxi.C35", "taxi.C35:cable"])
def test_a_retiming_chip_gives_six_for_five_and_no_turn_shows(cheat: str) -> None:
    car, heard = taxi(cheat, magnets=4, seed=9)
    car.advance(car.drive(steady(1500, 50), 0) + S)
    assert car.meter.pulses == pytest.approx(1800, abs=2)
    assert len(heard.closings(1)) == pytest.approx(1500 if cheat.endswith("cable") else 1800, abs=2)


def test_a_speed_window_works_above_90_and_only_there() -> None:
    slow, _ = taxi("taxi.C35:window", seed=9)
    slow.advance(slow.drive(steady(2000, 85), 0) + S)
    fast, _ = taxi("taxi.C35:window", seed=9)
    fast.advance(fast.drive(steady(2000, 110), 0) + S)
    assert slow.meter.pulses == pytest.approx(2000, abs=2)
    assert fast.meter.pulses > 2000 * 1.13


def test_a_chip_on_the_hired_line_waits_for_it() -> None:
    car, _ = taxi("taxi.C35:hired")
    end = car.drive(steady(1000), 0)
    car.hire(end)
    before = car.meter.pulses
    car.advance(car.drive(steady(1000), end) + S)
    assert (before, car.meter.pulses - before) == (pytest.approx(1000, abs=2), pytest.approx(1200, abs=2))


def test_sensor_classes_are_data_and_say_what_they_are() -> None:
    found = sensor("conditioner", Streams(1).generator("x"))
    below, above = str(found.declared()["ratio"]).split("/")
    assert int(below) > int(above)  # fewer pulses go on than come
    assert sensor("magnet-rotor", Streams(1).generator("x"), magnets=3).declared()["magnets"] == 3
    with pytest.raises(KeyError):
        sensor("optical", Streams(1).generator("x"))  # type: ignore[arg-type]
