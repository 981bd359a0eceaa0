"""Honest visits to a taximeter, made without the project's simulation: a model, not field data.

A taxi anywhere within its limits: its wheels make 4 % too few to 1 % too many pulses for the sealed K when verified, and its tyres
wear by up to 2.5 % (taximeters.md 0); a sensor of any class; wheel-spin, ABS, a chattering reed, single bursts of interference; a
display that truncates or rounds, and is set anew now and then; a fare by one of the readings that its tariff leaves open, on a
clock that drifts; booking fees on the receipt; a receiver of satellites and a plug that tells the car's own speed, late and in
whole kilometres per hour; people who type what they saw some seconds later, and misread a digit now and then.  Papers that are silent.
A visit is rides unannounced, watches at standstill hired and vacant, every control worked, surveyed runs and rides openly, and again
after a power cut; or a meter before a pulse source.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.generators_taxi_cars import Taxi, drawn
from benchmarks.generators_taxi_pulses import (
    CLOCK,
    HERE,
    STEP_S,
    Drive,
    Floats,
    S,
    at_input,
    at_sensor,
    bursts,
    chattering,
    driven,
    line,
    rocked,
    steady,
    town,
)
from captures.model import ClockMap, Flag, Mark, MarkSource, Register, SampledTrace, frozen_int64
from harness.judge.contract import Segment, SegmentKind
from protocols.tariff import engine
from protocols.tariff.rule import Applies
from protocols.tariff.trip import Trip

YUAN = Decimal("0.1")  # a record's last digit
CONTROLS = ("horn", "indicator", "wipers", "radio", "gear", "clutch", "brake", "window")
ROCKING = ("gear", "clutch", "brake")
HEARTBEAT_S = 45
MISREAD = 0.005
SPEEDS_KMH = (3, 8, 11.9, 12.1, 20, 40, 60, 80, 100, 120, 160, 200)


class Visit:
    """Trips and watches one after the other, on one clock."""

    def __init__(self, taxi: Taxi, rng: np.random.Generator, bench: bool) -> None:
        self.taxi, self._rng, self._bench = taxi, rng, bench
        self._t_ns, self.found, self._number = 0, list[Segment](), int(rng.integers(1, 9000))
        self._late_s = float(rng.uniform(1e-6, 3e-5))
        self._receiver_rel = float(rng.normal(0, 0.002))

    def trip(
        self,
        label: str,
        legs: Sequence[Floats],
        phase: str,
        state: str,
        by: str,
        *,
        covert: bool = False,
        shifts: bool = False,
    ) -> None:
        """Hired, driven leg by leg with the meter read at rest after each, vacant; `by`: who knows the way ("surveyed", "source",
        "gnss", "" for nobody)."""
        rng = self._rng
        hired_s = float(rng.uniform(1, 8))
        pauses = [float(rng.uniform(4, 12)) for _ in legs]
        parts = [np.zeros(int((hired_s + float(rng.uniform(3, 9))) / STEP_S))]
        looks = [hired_s + 1.0]
        for leg, pause in zip(legs, pauses, strict=True):
            parts += [leg, np.zeros(int(pause / STEP_S))]
            looks.append(sum(part.size for part in parts) * STEP_S - pause + float(rng.uniform(0.5, 2)))
        drive = driven(rng, np.concatenate(parts), self.taxi.slippery)
        more: dict[str, Any] = {"covert": covert, "reference": by} if by else {"covert": covert}
        self._segment(label, SegmentKind.TRIP, phase, state, drive, looks, hired_s, more, by, shifts=shifts)

    def stand(self, label: str, seconds: float, phase: str, state: str, *, hired: bool, passes: int = 0) -> None:
        """A watch with the handbrake on; `passes`: every control worked so often, each time marked."""
        rng = self._rng
        hired_s = float(rng.uniform(1, 8))
        marks, pulses, t = [], [np.zeros(0)], hired_s + 8.0
        looks = [hired_s + 1.0]
        for control in CONTROLS * passes:
            # people mark when they were asked, and work the control between question and answer
            marks.append((t, float(rng.uniform(1, 3)), control))
            if control in ROCKING:
                pulses.append(rocked(rng, t + 1.0, self.taxi.per_m / float(self.taxi.sensor.each)))
            t += float(rng.uniform(9, 13))
            if control == CONTROLS[-1]:
                looks.append(t)
                t += 5.0
        if not passes:
            looks.append(hired_s + seconds)
        seconds = max(t, hired_s + seconds) + 6.0
        if rng.random() < 0.3:
            pulses.append(
                rocked(rng, float(rng.uniform(0, seconds - 2)), self.taxi.per_m / float(self.taxi.sensor.each))
            )
        still = np.zeros(int(seconds / STEP_S))
        more: dict[str, Any] = {"handbrake": True, "covert": False, "hired": hired}
        moved = np.sort(np.concatenate(pulses)) if not self._bench else np.zeros(0)
        self._segment(
            label, SegmentKind.SOAK, phase, state, driven(rng, still, False), looks, hired_s, more, "", moved, marks
        )

    def dark(self) -> None:
        self._t_ns += 60 * S

    def _segment(
        self, label: str, kind: SegmentKind, phase: str, state: str, drive: Drive, looks: Sequence[float], hired_s: float,
        more: dict[str, Any], by: str, moved: Floats | None = None, marks: Sequence[tuple[float, float, str]] = (), shifts: bool = False,
    ) -> None:  # fmt: skip
        taxi, rng = self.taxi, self._rng
        seconds, begin_ns = drive.seconds, self._t_ns
        given = self._source(drive) if self._bench else self._given(drive)
        given = given if moved is None else np.sort(np.concatenate([given, moved]))
        taken = given if self._bench else self._into(given, drive)
        taken = taken[taken < seconds]
        vacated_s = seconds - float(rng.uniform(0.5, 2))
        registers, told = self._shown(taken, looks, hired_s, vacated_s, more.get("hired", True))
        if shifts and taxi.linked:
            told["shifts"] = self._shifts()
        known = self._known(drive, given, by)
        told |= {"fed": True} if self._bench else {}
        told |= {"legs_m": legs} if (legs := self._legs(drive, looks, registers["distance"], by)) else {}
        self.found.append(
            Segment(
                label, kind, phase, state, (begin_ns, begin_ns + int(seconds * S)), {
                    "hired": True, "photographed": taxi.sure, "seals_unchanged": True, "stated_k": str(taxi.k), **told, **more,
                    **({"civil_ns": taxi.civil_ns} if taxi.hour_known else {}),
                    "clock_offset_s": (round(taxi.meter.clock_offset_ns / S), 1.0), "events": tuple(f"control-{name}" for _, _, name in marks),
                },
                trains=self._taps(given, taken, seconds, source=by == "source"),
                registers=registers,
                clocks={CLOCK: ClockMap(CLOCK, begin_ns, Fraction(taxi.tick_s * S), 20_000, 1e-6)},
                marks=tuple(Mark(begin_ns + int(t * S), int(u * S), MarkSource.OPERATOR, f"control-{name}") for t, u, name in marks),
                traces=self._traces(drive), reference_m=known,
            )
        )  # fmt: skip
        self._t_ns = begin_ns + int(seconds * S) + int(float(rng.uniform(20, 60)) * S)

    def _given(self, drive: Drive) -> Floats:
        """Seconds (n,) of the pulses of the sensor."""
        return at_sensor(self._rng, self.taxi.sensor, drive, self.taxi.per_m)

    def _into(self, given: Floats, drive: Drive) -> Floats:
        """Seconds (n,) of what reaches the meter of the pulses that the sensor gave."""
        return at_input(self.taxi.sensor, given)

    def _source(self, drive: Drive) -> Floats:
        """Pulses (n,) of a generator whose rate follows the speed: even, on ticks of its clock."""
        times = np.arange(1, drive.vehicle_m.size + 1) * STEP_S
        moving = np.diff(drive.vehicle_m, prepend=-1.0) > 1e-9
        phase = drive.vehicle_m * self.taxi.per_m
        return np.interp(np.arange(1, int(phase[-1] + 1e-6) + 1), phase[moving], times[moving])

    def _taps(self, given: Floats, taken: Floats, seconds: float, *, source: bool) -> dict[str, Any]:
        taxi, rng = self.taxi, self._rng
        near, far = (bursts(rng, seconds, taxi.emi_per_s * share) for share in (0.3, 0.7))
        found, chatter = {}, chattering(rng, taxi.sensor, given, taxi.k) if not self._bench else np.zeros(given.size)
        same = given is taken or (given.size == taken.size and taxi.sensor.kind != "conditioner")
        for station in taxi.taps:
            # what couples into the cable beside the sensor is seen at both ends of it
            spikes = near if station == "sensor" else np.concatenate([near, far])
            own, late = (given, 0.0) if station == "sensor" else (taken, self._late_s)
            wild = chatter[: own.size] if station == "sensor" or same else np.zeros(own.size)
            found[f"{station}.A"] = line(
                rng, station, taxi.sensor, own, spikes, seconds, late, taxi.tick_s, taxi.both, wild
            )
        if source and taxi.taps and rng.random() < 0.5:
            found["source.P"] = line(
                rng, "source", taxi.sensor, given, np.zeros(0), seconds, 0.0, taxi.tick_s, taxi.both, 0 * given
            )
        return found

    def _shown(
        self, taken: Floats, looks: Sequence[float], hired_s: float, vacated_s: float, hired: bool
    ) -> tuple[dict[str, Register], dict[str, Any]]:
        """What display, receipt and record say, and the context of them.  What is typed was seen some seconds before."""
        taxi, rng, rule = self.taxi, self._rng, self.taxi.rule
        typed = [int((look + float(rng.uniform(1, 5))) * S) + self._t_ns for look in looks]
        if not hired:
            zero = [Decimal(0)] * len(looks)
            return {
                "fare": self._register("fare", typed, zero),
                "distance": self._register("distance", typed, zero),
            }, {}
        at_ns = [int(t * S) for t in (*looks, vacated_s)]
        times = (taken * S).astype(np.int64)
        trip = Trip.of_pulses(times, taxi.k, int(hired_s * S), int(vacated_s * S), taxi.civil_ns + self._t_ns)
        course = engine.fare(rule, trip, taxi.meter)
        slow = engine.spells(rule, trip, taxi.meter)
        fares, ways, waits = [], [], []
        for at in at_ns:
            seen = max(at - int(float(rng.uniform(0, taxi.update_s)) * S), trip.hired_ns)
            fares.append(course.displayed_at(min(seen, trip.vacated_ns)))
            ways.append(
                self._way(int(trip.count_at(np.array([seen]))[0] - trip.count_at(np.array([trip.hired_ns]))[0]))
            )
            spent = (
                np.clip(np.minimum(slow[:, 1], seen) - slow[:, 0], 0, None).sum() / S * float(taxi.meter.clock_ratio)
            )
            waits.append(Decimal(int(spent)))
        found = {
            "fare": self._register("fare", typed, fares[:-1]),
            "distance": self._register("distance", typed, ways[:-1]),
        }
        if rule.time is not None:
            found["waiting"] = self._register("waiting", typed, waits[:-1])
        after = [int(vacated_s * S) + self._t_ns + int(float(rng.uniform(1, 10)) * S)]
        extras = [extra.amount for extra in rule.extras if extra.applies is Applies.DECLARED]
        added = (
            Decimal(str(rng.choice([float(one) for one in extras]))) if extras and rng.random() < 0.4 else Decimal(0)
        )
        paid = course.paid + added if taxi.pays_in_full else fares[-1]
        if not self._bench:
            found["receipt_fare"] = self._register("receipt_fare", after, [paid])
            found["receipt_km"] = self._register("receipt_km", after, [ways[-1]])
        if not taxi.linked:
            return found, {}
        self._number += 1
        km, amount, minutes = self._tenths(ways[-1]), self._tenths(paid), int(waits[-1]) // 60
        step = {"record_km": YUAN, "record_fare": YUAN, "record_waiting": Decimal(60)}
        for name, value in (("record_km", km), ("record_fare", amount), ("record_waiting", Decimal(60 * minutes))):
            found[name] = Register(
                name, frozen_int64(after), frozen_int64([S]), (value,), step[name], _unit(name), HERE
            )
        record = {"number": str(self._number), "paid_km": str(km), "surcharge": str(added), "amount": str(amount),
                  "waiting": f"{minutes // 60:02d}{minutes % 60:02d}"}  # fmt: skip
        beats = int(vacated_s // HEARTBEAT_S)
        told: dict[str, Any] = {
            "hired_ns": self._t_ns + trip.hired_ns + int(float(rng.uniform(0.05, 0.8)) * S),
            "records": [record],
        }
        return found, told | ({"heartbeats": [0x01] * beats} if beats else {})

    def _way(self, count: int) -> Decimal:
        full = Decimal(count) / self.taxi.k / self.taxi.resolution_km
        return (
            full.to_integral_value("ROUND_FLOOR" if self.taxi.truncates else "ROUND_HALF_UP")
        ) * self.taxi.resolution_km

    def _tenths(self, value: Decimal) -> Decimal:
        return (value / YUAN).to_integral_value("ROUND_FLOOR" if self.taxi.truncates else "ROUND_HALF_UP") * YUAN

    def _register(self, name: str, at: Sequence[int], values: Sequence[Decimal]) -> Register:
        taxi = self.taxi
        step = (
            taxi.resolution_km
            if name in ("distance", "receipt_km")
            else Decimal(1)
            if name == "waiting"
            else taxi.rule.display.step
        )
        read = tuple(self._misread(value) for value in values)
        return Register(name, frozen_int64(list(at)), frozen_int64([0] * len(at)), read, step, _unit(name), HERE)

    def _misread(self, value: Decimal) -> Decimal:
        if self.taxi.sure or self._rng.random() >= MISREAD:
            return value
        text = str(value)
        places = [i for i, c in enumerate(text) if c.isdigit()]
        place = places[int(self._rng.integers(len(places)))]
        digit = (int(text[place]) + int(self._rng.integers(1, 10))) % 10
        return Decimal(text[:place] + str(digit) + text[place + 1 :])

    def _shifts(self) -> list[dict[str, str]]:
        """Three shifts in a row, each figure cut to its tenth by itself."""
        total, paid, found = float(self._rng.uniform(2000, 90000)), float(self._rng.uniform(1000, 1900)), []
        for _ in range(3):
            own, between = float(self._rng.uniform(80, 400)), float(self._rng.uniform(0, 30))
            hired = own * float(self._rng.uniform(0.4, 0.8))
            total, paid = total + own + between, paid + hired
            figures = {"km": own, "paid_km": hired, "between_km": between, "total_km": total, "total_paid_km": paid}
            found.append(
                {"k": str(self.taxi.k)} | {name: str(self._tenths(Decimal(value))) for name, value in figures.items()}
            )
        return found

    def _known(self, drive: Drive, given: Floats, by: str) -> tuple[float, float] | None:
        way, rng = float(drive.vehicle_m[-1]), self._rng
        if by == "source":
            return given.size / self.taxi.per_m, way * 1e-4
        if by == "surveyed":  # begin and end by eye
            return way + float(rng.normal(0, 0.4)), float(np.hypot(way * 5e-4, 0.5))
        if by == "gnss" and self.taxi.receiver and rng.random() < 0.9:
            u = float(np.hypot(0.003 * way, 3.0))
            return way * (1 + self._receiver_rel) + float(rng.normal(0, 0.5 * u)), u
        return None

    def _legs(
        self, drive: Drive, looks: Sequence[float], shown: Register, by: str
    ) -> tuple[tuple[int, int, float, float], ...]:
        """From each reading of the display to the next what a receiver or a source tells of the way."""
        if by not in ("gnss", "source") or (by == "gnss" and not self.taxi.receiver):
            return ()
        rng, times = self._rng, np.arange(1, drive.vehicle_m.size + 1) * STEP_S
        way = np.interp(looks, times, drive.vehicle_m)
        found = []
        for k, metres in enumerate(np.diff(way).tolist()):
            u = float(np.hypot(0.003 * metres, 3.0)) if by == "gnss" else 1e-4 * metres
            own = metres * (1 + (self._receiver_rel if by == "gnss" else 0.0)) + float(rng.normal(0, u))
            found.append((int(shown.times_ns[k]), int(shown.times_ns[k + 1]), own, u))
        return tuple(found)

    def _traces(self, drive: Drive) -> dict[str, SampledTrace]:
        found, rng, times = {}, self._rng, np.arange(1, drive.vehicle_m.size + 1) * STEP_S
        if self.taxi.receiver:
            at = np.arange(float(rng.uniform(0, 1)), drive.seconds, 1.0)
            way = np.interp(at - float(rng.uniform(0, 0.3)), times, drive.vehicle_m)
            doppler = np.where(np.diff(way, prepend=0.0) > 0.3, rng.normal(0, 0.05, at.size), 0.0)
            way = np.maximum.accumulate(way * (1 + self._receiver_rel) + np.cumsum(doppler))
            found["reference"] = self._trace("reference", at, way, "0.001", "m")
        if self.taxi.plug:
            every, late = float(rng.uniform(0.15, 0.7)), float(rng.uniform(0.1, 1.0))
            at = np.arange(float(rng.uniform(0, 1)), drive.seconds, every)
            at = np.sort(at + rng.uniform(0, 0.3 * every, at.size))
            speed = np.interp(at - late, times, np.gradient(drive.wheel_m, STEP_S)) * 3.6
            speed = np.where(speed < float(rng.uniform(0.5, 3.5)), 0.0, speed * 1.01)
            found["speed"] = self._trace("speed", at, np.floor(np.maximum(speed, 0.0)), "1", "km/h")
        return found

    def _trace(self, name: str, at_s: Floats, values: Floats, step: str, unit: str) -> SampledTrace:
        times = frozen_int64((at_s * S).astype(np.int64) + self._t_ns)
        steps = frozen_int64(np.round(values / float(step)).astype(np.int64))
        return SampledTrace(name, times, steps, np.zeros(at_s.size, np.uint8), Decimal(step), unit, HERE, Flag(0))


def _unit(name: str) -> str:
    return "km" if name == "distance" or name.endswith("_km") else "s" if "waiting" in name else "currency"


def case(seed: Sequence[int], bench: bool) -> tuple[Taxi, list[Segment]]:
    """One honest visit: 19 trips and watches of a taxi, or as many of a meter before a pulse source."""
    rng = np.random.default_rng(list(seed))
    taxi = drawn(rng, bench)
    visit = Visit(taxi, rng, bench)
    if bench:
        _before_source(visit, rng)
        return taxi, visit.found
    for i in range(2):
        legs = [town(rng, metres, 60.0) for metres in (900, 1400, 1700, 1200)]
        visit.trip(f"A{i + 1}", legs, "A", "power-0", "gnss", covert=True)
    visit.stand("B1", 120, "B", "power-0", hired=True)
    visit.stand("B2", 120, "B", "power-0", hired=False)
    visit.stand("C1", 0, "C", "power-0", hired=True, passes=3)
    _surveyed(visit, rng, "D", "C", "power-0")
    for i in range(3):
        legs = [town(rng, float(rng.uniform(400, 1250)), 70.0) for _ in range(4)]
        visit.trip(f"G{i + 1}", legs, "C", "power-0", "gnss", shifts=not i)
    visit.dark()
    visit.stand("E1", 120, "E", "power-1", hired=True)
    visit.stand("E2", 0, "E", "power-1", hired=True, passes=3)
    _surveyed(visit, rng, "F", "E", "power-1")
    for i in range(3):
        visit.trip(
            f"H{i + 1}", [town(rng, float(rng.uniform(400, 1250)), 70.0) for _ in range(4)], "E", "power-1", "gnss"
        )
    return taxi, visit.found


def _surveyed(visit: Visit, rng: np.random.Generator, letter: str, phase: str, state: str) -> None:
    for number, kmh in enumerate((40.0, 40.0, 60.0), 1):
        visit.trip(
            f"{letter}{number}",
            [steady(rng, 1000.0, kmh * float(rng.uniform(0.9, 1.1)), 1.5, 0.03)],
            phase,
            state,
            "surveyed",
        )


def _before_source(visit: Visit, rng: np.random.Generator) -> None:
    visit.stand("B1", 120, "B", "power-0", hired=True)
    visit.stand("B2", 120, "B", "power-0", hired=False)
    for number, kmh in enumerate(SPEEDS_KMH, 1):
        visit.trip(
            f"S{number}", [steady(rng, max(200.0, kmh / 3.6 * 60), kmh, 50.0, 0.0)], "bench", "power-0", "source"
        )
    for number, kmh in enumerate((120.0, 120.0, 60.0), 1):
        visit.trip(f"R{number}", [steady(rng, 2000.0, kmh, 1.5, 0.0)], "bench", "power-0", "source")
    visit.trip("L1", [steady(rng, 5000.0, 120.0, 50.0, 0.0) for _ in range(5)], "bench", "power-0", "source")
    visit.dark()
    visit.stand("E1", 120, "E", "power-1", hired=True)
