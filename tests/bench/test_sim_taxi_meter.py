"""The simulated meter: fares by the engine, what false programs make of them, the line, the people, the receiver."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest

from fixtures.registermap import find
from fixtures.sim.taxi.cheats import TAXI_CHEATS, TAXI_VARIANTS, parse_taxi_cheat
from fixtures.sim.taxi.cycles import Hop, Wait
from fixtures.sim.taxi.direct import rides
from fixtures.sim.taxi.honest import EFFECTS, declared
from fixtures.sim.taxi.mechanisms import CONTROLS, PLACES
from fixtures.sim.taxi.scenario import TaxiScenario
from fixtures.sim.taxi.station import TaxiStation, build_taxi
from protocols.contract import Garbage, Role
from protocols.tariff.engine import fare
from protocols.tariff.trip import Trip
from protocols.wire import elm327, jt905, modbus_rtu, nmea, sigrok_pico
from protocols.wire.modbus_rtu import words
from tests.bench.taxis import S, steady, taxi

LONG = [Hop(9000, 110, unrest=0.0), Wait(400)]


def fare_of(
    cheat: str | None, legs: Any = LONG, size: float | None = None, **settings: Any
) -> tuple[Decimal, Decimal, int]:
    """(fare, km, waiting) of a ride with the cheat's control worked before it."""
    car, _ = taxi(cheat, size, **settings)
    control = None if not car.parts else car.parts[0].control
    if control is not None:
        car.press(control, S)
        car.release(control, S + S // 5)
    car.hire(2 * S)
    shown = car.shown(car.drive(legs, 3 * S) + S)
    return shown.fare, shown.distance_km, shown.waiting_s


def test_an_honest_meter_shows_what_the_engine_makes_of_its_pulses() -> None:
    car, heard = taxi(None)
    car.hire(2 * S)
    end = car.drive(LONG, 3 * S)
    shown = car.shown(end)
    program = car.program
    trip = Trip.of_pulses(heard.closings(2), 1000, 2 * S, end, program.civil_ns + program.ahead_ns)
    course = fare(program.rule, trip)
    assert (shown.fare, shown.waiting_s) == (course.displayed, int(course.slow_s))
    assert shown.fare > 25


@pytest.mark.parametrize(
    ("cheat", "times", "km", "waiting"),
    [
        ("taxi.C12", None, 1.25, 1.0),
        ("taxi.C15", None, 1.2, 1.2),
        ("taxi.C16", None, 1.0, 1.0),
        ("taxi.C19", None, 1.0, 1.0),
        ("taxi.C22", 10.0, 1.0, 1.0),
        ("taxi.C26", None, 1.0, 2.0),
        ("taxi.C14", None, 1.0, 1.0),
        ("taxi.C17", None, 1.0, 1.0),
        ("taxi.C18", None, 1.0, 1.0),
    ],
)
def test_false_programs_act_where_they_should(cheat: str, times: float | None, km: float, waiting: float) -> None:
    honest = fare_of(None)
    false = fare_of(cheat)
    assert float(false[1]) == pytest.approx(float(honest[1]) * km, abs=0.11)
    assert false[2] == pytest.approx(honest[2] * waiting, abs=3)
    assert false[0] > honest[0] if times is None else false[0] == honest[0] * int(times)


def test_what_waits_for_a_fare_or_a_place_is_honest_before() -> None:
    for cheat in ("taxi.C17", "taxi.C18"):
        assert fare_of(cheat, steady(1900, 60)) == fare_of(None, steady(1900, 60))


def test_a_press_adds_its_money() -> None:
    car, _ = taxi("taxi.C29")
    car.hire(S)
    before = car.shown(2 * S).fare
    for number in range(3):
        car.press("button", (3 + number) * S)
    assert car.shown(9 * S).fare - before == 6


def test_the_impulse_card_makes_way_and_time() -> None:
    """Seville: +1400 % of the distance, +3200 % of the time."""
    car, _ = taxi("taxi.C25")
    car.hire(S)
    end = car.drive([Hop(600, 40, unrest=0.0), Wait(30)], 2 * S)
    at = car.shown(20 * S)
    car.press("gear", 20 * S)
    held = car.shown(30 * S)
    car.release("gear", 30 * S)
    assert float(held.distance_km - at.distance_km) == pytest.approx(10 * 40 / 3600 * 15, abs=0.15)
    car.press("gear", end - 20 * S)
    begun = car.shown(end - 20 * S).waiting_s
    assert car.shown(end - 10 * S).waiting_s - begun == pytest.approx(10 * 33, abs=12)


def test_erased_records_leave_a_gap_and_totals_that_fell() -> None:
    car, _ = taxi("taxi.C32")
    t_ns, total = S, car.meter.total_km
    for _ in range(3):
        car.hire(t_ns)
        t_ns = car.drive(steady(2000, 60), t_ns + S) + S
        car.vacate(t_ns)
    car.press("wire", t_ns)
    numbers = [ride.number for ride in car.meter.rides]
    assert len(numbers) == 2
    assert len(car.meter.driven) == 3
    assert car.meter.total_km - total == pytest.approx(Decimal(4), abs=Decimal("0.2"))


def test_a_clock_that_is_ahead_meets_the_night_early() -> None:
    settings = {"start": "2026-03-11T22:57:00", "tariff": "beijing-2013"}
    honest, false = fare_of(None, **settings), fare_of("taxi.C30", size=10.0, **settings)
    assert false[0] > honest[0]


def test_power_off_loses_the_hire_and_latches_of_a_remote() -> None:
    car, _ = taxi("taxi.C15")
    car.press("remote", S)
    car.hire(2 * S)
    car.power(False, 3 * S)
    car.power(True, 9 * S)
    assert not car.shown(10 * S).hired
    assert car.implants.distance_gain == 0.0


@pytest.mark.parametrize("name", [*TAXI_CHEATS, *TAXI_VARIANTS])
def test_every_cheat_says_what_it_is(name: str) -> None:
    cheat = parse_taxi_cheat(name)
    json.dumps(cheat.describe())
    assert all(part.place in PLACES and part.control in (None, *CONTROLS) for part in cheat.parts)
    with pytest.raises(ValueError, match="expected"):
        parse_taxi_cheat(name, 1e6)


def test_cheats_are_composed_and_what_is_not_built_is_named() -> None:
    both = parse_taxi_cheat("taxi.C26+taxi.C03")
    assert [part.kind for part in both.parts] == ["clock", "injection"]
    for wrong in ("taxi.C21", "taxi.C03+taxi.C03:remote", "scale.S01"):
        with pytest.raises(ValueError, match=r"not built|twice"):
            parse_taxi_cheat(wrong)


@pytest.mark.parametrize(
    "settings",
    [
        {"kit": "K1"},
        {"honest": ("ghost",)},
        {"honest": ("abs_sensor", "conditioner")},
        {"pulses_per_km": 1},
        {"start": "noon"},
    ],
)
def test_a_scenario_refuses_what_it_is_not(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected|Invalid"):
        TaxiScenario(**settings)


class Passenger:
    """The bench's end of the operator's line; keeps what every port sent."""

    def __init__(self, station: TaxiStation) -> None:
        self.station, self.said, self._asked = station, dict.fromkeys(station.ports, b""), 0

    def ask(self, verb: str, **parameters: Any) -> dict[str, Any]:
        self._asked += 1
        self.say("operator", json.dumps({"id": self._asked, "verb": verb, **parameters}).encode() + b"\n", 0)
        begun = len(self.said["operator"])
        for _ in range(100_000):
            self.wait(1.0)
            if b"\n" in self.said["operator"][begun:]:
                return dict(json.loads(self.said["operator"][begun:]))
        raise AssertionError(f"no answer to {verb}")

    def say(self, port: str, data: bytes, seconds: float = 0.1) -> None:
        self.station.ports[port].receive(data)
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        end = self.station.now_ns + int(seconds * S)
        while self.station.now_ns < end:
            for arrival in self.station.advance(end):
                self.said[arrival.link] += arrival.data

    def ride(self, *, covert: bool, legs: tuple[str, ...] = ("1500", "2500")) -> dict[str, Any]:
        self.ask("hire", label="A1", covert=covert)
        for metres in legs:
            self.ask("drive", label="A1", distance=metres, speed="60", course="city")
        shown = self.ask("read", what="meter")
        self.ask("vacate", label="A1")
        return shown


def at_work(cheat: str | None = None, **settings: Any) -> Passenger:
    return Passenger(build_taxi(TaxiScenario(cheat=None if cheat is None else parse_taxi_cheat(cheat), **settings)))


@cache
def passed(cheat: str | None, *, covert: bool) -> tuple[Decimal, Decimal]:
    """Fare and distance that a passenger, or an officer, is shown after one leg."""
    end = at_work(cheat, seed=3, kit="ride", tariff="tokyo-2017").ride(covert=covert, legs=("1700",))
    return Decimal(end["fare"]), Decimal(end["distance_km"])


@pytest.mark.parametrize("cheat", ["taxi.C01", "taxi.C03", "taxi.C09", "taxi.C15", "taxi.C19", "taxi.C14", "taxi.C29"])
def test_the_driver_cheats_passengers_and_not_officers(cheat: str) -> None:
    assert passed(cheat, covert=True) > passed(None, covert=True)
    assert passed(cheat, covert=False) == passed(None, covert=False)


def test_once_control_is_taken_his_hands_are_tied() -> None:
    taken = at_work("taxi.C15+taxi.C03", seed=4, kit="raid")
    taken.ask("confirm", label="control")
    taken.ride(covert=True, legs=("900",))
    truth = taken.station.truth()
    assert not any(w["acts"] for w in truth["worked"])  # type: ignore[attr-defined, index]
    json.dumps(truth)


def test_an_officer_works_what_he_finds_and_it_counts_at_standstill() -> None:
    found = at_work("taxi.C08", seed=5, kit="raid", sensor_class="magnet-rotor", pulses_per_km=1000)
    found.ask("stand", label="C1", hired=True)
    assert found.ask("control", what="keys")["ok"] is False
    for _ in range(3):
        assert found.ask("control", what="horn")["ok"]
        found.wait(3)
    shown = found.ask("read", what="meter")
    assert Decimal(shown["distance_km"]) == Decimal("0.1")  # 150 m, and 0.1 km is full
    assert found.station.taxi.meter.pulses == 150


def test_what_a_hidden_switch_arms_is_dead_for_officers_and_not_for_passengers() -> None:
    looked_at = at_work("taxi.C08:armed", seed=5, kit="raid")
    looked_at.ask("stand", label="C1", hired=True)
    looked_at.ask("control", what="horn")
    looked_at.wait(3)
    looked_at.ask("vacate", label="C1")
    assert not looked_at.station.taxi.path.injected_ns()
    looked_at.ride(covert=True, legs=("900",))
    assert looked_at.station.taxi.path.injected_ns()
    looked_at.ask("confirm", label="control")
    assert not looked_at.station.taxi.armed


def test_a_surveyed_run_is_as_long_as_it_says() -> None:
    run = at_work(seed=6, kit="raid")
    run.ask("hire", label="D1")
    said = run.ask("drive", label="D1", distance="1000", speed="40", course="steady", surveyed=True)
    assert said["distance_m"] == "1000"
    assert run.station.taxi.vehicle.road.end_m == pytest.approx(1000, abs=0.6)
    assert run.ask("drive", label="D1", distance="1000", speed="900")["ok"] is False


def test_the_line_tells_hire_record_and_speed_beyond_reason() -> None:
    raid = at_work("taxi.C01", seed=7, kit="raid")
    shown = raid.ride(covert=True)
    raid.wait(8)
    messages = jt905.PROTOCOL.decoder(Role.DEVICE).feed(raid.said["meter"])
    assert not any(isinstance(message, Garbage) for message in messages)
    bodies = [message.body for message in messages if isinstance(message, jt905.Frame)]
    (end,) = [body.trip for body in bodies if isinstance(body, jt905.TripEnd) and not body.resent]
    assert end.paid_km == Decimal(shown["distance_km"])
    assert end.amount == Decimal(shown["fare"])
    beats = [body.state for body in bodies if isinstance(body, jt905.Heartbeat)]
    assert any(state & jt905.MeterState.ABNORMAL_SPEED for state in beats)
    assert any(state & jt905.MeterState.HIRED for state in beats)
    assert jt905.PROTOCOL.decoder(Role.HOST).feed(raid.said["isu"])


def test_the_shift_before_and_missed_records_are_told() -> None:
    """K of the shift's record, and the numbers of trips: one is missing where records are erased."""

    def told(cheat: str | None) -> tuple[int, list[int]]:
        raid = at_work(cheat, seed=7, kit="raid", pulses_per_km=1000)
        raid.ask("stand", label="B1", hired=True)
        raid.wait(30)
        messages = jt905.PROTOCOL.decoder(Role.DEVICE).feed(raid.said["meter"])
        bodies = [message.body for message in messages if isinstance(message, jt905.Frame)]
        (shift,) = [body.shift for body in bodies if isinstance(body, jt905.ShiftClosed)]
        return shift.k, [body.trip.number for body in bodies if isinstance(body, jt905.TripEnd)]

    def gaps(numbers: list[int]) -> int:
        return int(np.sum(np.diff(numbers) != 1))

    assert told(None)[0] == told("taxi.C12:hidden")[0] == 1000
    assert told("taxi.C12")[0] == 800
    assert (gaps(told(None)[1]), gaps(told("taxi.C32")[1])) == (0, 1)


def test_the_bench_may_ask_the_meter_and_feed_it() -> None:
    bench = at_work("taxi.C12", kit="bench", sensor_class="magnet-rotor", pulses_per_km=1000)
    bench.ask("hire", label="S1")
    for command in ("BURS:STAT ON", "BURS:NCYC 500", "FREQ 20", "OUTP ON", "TRIG:SOUR BUS", "*TRG"):
        bench.say("source", command.encode() + b"\n")
    bench.wait(30)
    shown = bench.ask("read", what="meter")
    assert bench.station.source is not None
    assert bench.station.source.given == bench.station.taxi.meter.pulses == 500
    assert Decimal(shown["distance_km"]) == Decimal("0.6")  # 0.625
    query = jt905.PROTOCOL.encode(jt905.Frame(jt905.TariffQuery()), Role.HOST)
    bench.said["meter"] = b""
    bench.say("meter", query, 1.0)
    answers = jt905.PROTOCOL.decoder(Role.DEVICE).feed(bench.said["meter"])
    (block,) = [m.body.block for m in answers if isinstance(m, jt905.Frame) and isinstance(m.body, jt905.TariffAnswer)]
    assert block.tariff is not None
    assert block.tariff.day_start_price == Decimal("13.00")


@pytest.mark.parametrize(("cheat", "pulses"), [("taxi.C35", 500), ("taxi.C10", 500), ("taxi.C35:cable", 600)])
def test_before_a_source_the_sensor_and_its_board_are_off(cheat: str, pulses: int) -> None:
    bench = at_work(cheat, kit="bench", sensor_class="magnet-rotor", pulses_per_km=1000)
    for command in ("BURS:STAT ON", "BURS:NCYC 500", "FREQ 20", "OUTP ON", "TRIG:SOUR BUS", "*TRG"):
        bench.say("source", command.encode() + b"\n")
    bench.wait(30)
    bench.station.taxi.advance(bench.station.now_ns)
    assert bench.station.taxi.meter.pulses == pytest.approx(pulses, abs=1)


def test_the_receiver_tells_the_way_within_its_errors() -> None:
    ride = at_work(seed=4, kit="ride", honest=("gnss_gaps",))
    ride.ride(covert=True, legs=("4000",))
    ride.wait(3)
    messages = nmea.PROTOCOL.decoder(Role.DEVICE).feed(ride.said["gnss"])
    assert not any(isinstance(message, Garbage) for message in messages)
    fixes = [m for m in messages if isinstance(m, nmea.Rmc)]
    good = [m for m in fixes if m.status == "A"]
    assert len(good) < len(fixes)
    way = sum(float(m.speed_kn or 0) * 0.514444 for m in good)
    road = ride.station.taxi.vehicle.road
    lost = sum(road.at(int(i) * S)[1] for i, m in enumerate(fixes, 1) if m.status != "A")
    assert way + lost == pytest.approx(road.end_m, rel=0.01)
    places = np.array([m.position for m in good])
    assert np.ptp(places, axis=0).max() * 111_000 > 300


def test_the_diagnosis_plug_tells_the_wheels_speed() -> None:
    raid = at_work(seed=9, kit="raid")
    raid.station.taxi.drive([Hop(3000, 50, unrest=0.0)], S)
    raid.wait(60)
    raid.say("obd", b"ATE0\r", 1.0)
    raid.said["obd"] = b""
    raid.say("obd", b"010D\r", 1.0)
    (speed,) = [m for m in elm327.PROTOCOL.decoder(Role.DEVICE).feed(raid.said["obd"]) if isinstance(m, elm327.Data)]
    told = elm327.speed_of(speed)
    assert told is not None
    silent = at_work(seed=9, kit="raid", obd=False)
    silent.say("obd", b"010D\r", 1.0)
    assert b"UNABLE" in silent.said["obd"]


def test_the_pulse_tap_samples_the_kits_stations() -> None:
    raid = at_work(seed=10, kit="K2", sensor_class="ecu-regenerated", pulses_per_km=4000)
    pico = sigrok_pico
    begin = [
        pico.Reset(),
        *(pico.EnableDigital(n, True) for n in range(3)),
        pico.SampleRate(1_000_000),
        pico.RunContinuous(),
    ]
    for message in begin:
        raid.say("analyser", pico.PROTOCOL.encode(message, Role.HOST), 0.01)
    raid.station.taxi.drive(steady(200, 50), S)
    raid.wait(40)
    raid.say("analyser", pico.PROTOCOL.encode(pico.Abort(), Role.HOST))
    told = [m for m in pico.PROTOCOL.decoder(Role.DEVICE).feed(raid.said["analyser"]) if isinstance(m, pico.End)]
    assert told
    assert raid.station.taxi.meter.pulses == pytest.approx(4000 * 0.2, rel=0.05)


def test_a_car_on_rollers_goes_nowhere_and_turns_them() -> None:
    on = at_work(seed=11, kit="raid", instruments=("roller",), honest=("roller_slip",))
    on.ask("drive", label="D1", distance="1000", speed="40", surveyed=True)
    wheel, road = on.station.taxi.vehicle.wheel.end_m, on.station.taxi.vehicle.road.end_m
    assert wheel / road - 1 == pytest.approx(on.station.scenario.drawn().roll_slip, rel=1e-6)
    assert "roller" in on.station.ports
    fixes = [m for m in nmea.PROTOCOL.decoder(Role.DEVICE).feed(on.said["gnss"]) if isinstance(m, nmea.Rmc)]
    assert max(float(m.speed_kn or 0) for m in fixes) < 1.0


def test_rides_without_ports_follow_each_other() -> None:
    """Two passengers; what was pressed for them stands between the taps, and nothing after officers took control."""
    scenario = TaxiScenario(seed=2, cheat=parse_taxi_cheat("taxi.C03"), sensor_class="abs-derived", pulses_per_km=2000)
    false = rides(scenario, [[900.0, 800.0], [700.0]])
    looked_at = rides(scenario, [[900.0, 800.0], [700.0]], covert=False)
    assert len(false.rides) == 2
    assert len(false.rides[0].looks) == 2
    assert false.rides[1].ride.number == false.rides[0].ride.number + 1
    assert len(false.input) - len(false.sensor) == 2 * len(false.taxi.path.injected_ns()) > 0
    assert len(looked_at.input) == len(looked_at.sensor)
    assert false.metres([false.end_ns])[0] == pytest.approx(2400, abs=1e-3)


@pytest.mark.parametrize("name", list(EFFECTS))
def test_honest_cars_stay_near_their_constant(name: str) -> None:
    driven = rides(TaxiScenario(seed=6, honest=(name,)), [[400.0, 300.0]])
    taxi = driven.taxi
    error = 1000 * taxi.meter.pulses / taxi.meter.certificate_k / taxi.vehicle.road.end_m - 1
    assert -0.045 < error < (0.035 if name == "tyre_wear" else 0.02)
    assert not any(worked.acts for worked in taxi.worked)
    stated = {**taxi.scenario.declared(), **declared((name,))}
    assert stated["sensor_class"] == taxi.scenario.sensor().name


def test_a_drum_with_a_motor_turns_the_wheels() -> None:
    """At the speed that its register is set to; the meter counts what the drum turned, and its slip."""
    on = at_work(seed=12, kit="raid", instruments=("roller-motor",), sensor_class="ecu-regenerated", pulses_per_km=1000)
    assert on.ask("drive", label="D1", distance="1000", speed="40")["ok"] is False
    registers = find("roller-example", {}, "test")
    quantity = registers.quantities["set_speed_km_h"]
    for kmh, seconds in ((60.0, 100.0), (0.0, 30.0)):
        values = words(kmh / float(quantity.scale), quantity.kind, registers.word_order)
        write = modbus_rtu.WriteRegisters(1, registers.address(quantity), values)
        if len(values) == 1:
            write = modbus_rtu.WriteRegister(1, registers.address(quantity), values[0])
        on.say("roller", modbus_rtu.PROTOCOL.encode(write, Role.HOST), seconds)
    taxi, drum = on.station.taxi, on.station.drum
    taxi.advance(on.station.now_ns)
    assert drum is not None
    turned = drum.at(on.station.now_ns)[0]
    assert turned == pytest.approx(100 * 60 / 3.6, rel=0.01)
    assert taxi.vehicle.road.end_m == pytest.approx(turned, abs=0.01)
    exact = taxi.vehicle.wheel.end_m * (1 + taxi.scenario.drawn().install) / (1 - taxi.vehicle.tyre.wear)
    assert taxi.meter.pulses == pytest.approx(exact, rel=0.002)
