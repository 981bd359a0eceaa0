"""What the steps of a taximeter do: hired, driven, worked, read, vacant again, with the taps recorded from hire to vacancy.

Nobody who drives answers a prompt: every question is answered at standstill, by a passenger or beside the vehicle
(field_rules.md section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fixtures.bench import Bench, capability
from fixtures.capability import Drives, GivesPulses, Records
from fixtures.language import mark, translate
from fixtures.profile_taxi import sensor_per_km
from harness.lacking import kept, missing, noted
from harness.people import People
from harness.step import Drive, Hire, Outcome, Read, Stand, Vacate, Work

STATIONS = {"meter": "fare", "receipt": "record"}  # what is read -> the station at which it stands
RAMP_M_S2, SLOW_M_S = Decimal("1.5"), Decimal(1)  # as a car pulls off; walking pace
SETTLE_NS = 500_000_000  # what a sensor or a display sends after the vehicle has come to rest

HIRE = mark("{label}: have the taximeter set to hired, at standstill; note nothing while driving")
RIDE = mark(
    "{label}: take a seat as an ordinary passenger does and name the way; the driver sets the taximeter to hired"
)
STAND_HIRED = mark("{label}: handbrake on, wheels at rest; set the taximeter to hired and touch nothing else")
STAND_VACANT = mark("{label}: handbrake on, wheels at rest, taximeter vacant; touch nothing")
VACATE = mark("{label}: at standstill, have the taximeter set to vacant and its receipt printed where it prints one")
DRIVE = mark("{label}: have {distance} m driven at {speed} km/h and stop; answer at standstill, never while driving")
SURVEYED = mark(
    "{label}: have the surveyed stretch of {distance} m driven from mark to mark at {speed} km/h and stop; answer at standstill, never while driving"
)
WORK = mark("Handbrake on: work the control {control} once, as the driver would, and let go")
CONTROLS = {
    "horn": mark("horn"), "headlights": mark("headlights"), "indicator-left": mark("left indicator"), "indicator-right": mark("right indicator"),
    "wipers": mark("wipers"), "window": mark("window"), "radio": mark("radio"), "lighter": mark("cigarette lighter"), "gear": mark("gear lever"),
    "clutch": mark("clutch"), "brake": mark("brake pedal"), "pedal": mark("accelerator"), "button": mark("button"),
    "magnet": mark("magnet"),
}  # fmt: skip
READ = {
    "meter": mark(
        "{label}: fare, distance, waiting time and tariff as the taximeter shows them, typed as shown; never by who drives"
    ),
    "receipt": mark("{label}: fare, distance and waiting time as printed on the receipt"),
}


class Driving:
    def __init__(self, bench: Bench, people: People) -> None:
        self._bench, self._people = bench, people

    def hire(self, step: Hire) -> Outcome:
        """The trip begins; the taps record from here on."""
        self._record()
        text = translate(RIDE if step.covert else HIRE, label=step.label)
        return _texts(self._people.ask("hire", text, label=step.label, covert=step.covert))

    def stand(self, step: Stand) -> Outcome:
        self._record()
        text = translate(STAND_HIRED if step.hired else STAND_VACANT, label=step.label)
        return _texts(self._people.ask("stand", text, label=step.label, hired=step.hired))

    def vacate(self, step: Vacate) -> Outcome:
        """The trip, or the watch of a standing vehicle, ends; what the taps recorded is closed."""
        found = _texts(self._people.ask("vacate", translate(VACATE, label=step.label), label=step.label))
        driver = self._bench.driver_for("record")
        if driver is None:
            return found
        self._bench.idle(SETTLE_NS)
        recorder: Records = capability(driver, Records, "record")
        return {**found, **recorder.stop()}

    def drive(self, step: Drive) -> Outcome:
        driver = self._bench.driver_for("drive")
        source: object = driver
        if step.course == "ramp" and isinstance(source, GivesPulses):
            return self._ramp(source, step)
        if driver is not None:
            roller: Drives = capability(driver, Drives, "drive")
            driven = kept(roller.drive(step.distance_m, step.speed_km_h))
            return {**driven, **noted(self._bench.file.roles["drive"], missing("drive", driven))}
        text = translate(
            SURVEYED if step.surveyed else DRIVE, label=step.label, distance=step.distance_m, speed=step.speed_km_h
        )
        asked = {
            "distance": str(step.distance_m),
            "speed": str(step.speed_km_h),
            "course": step.course,
            "surveyed": step.surveyed,
        }
        return _texts(self._people.ask("drive", text, label=step.label, **asked))

    def _ramp(self, source: GivesPulses, step: Drive) -> Outcome:
        """From rest to the highest speed and back, evenly, and at it in between."""
        per_m = sensor_per_km(self._bench.file.profile) / 1000
        top, slow = step.speed_km_h / Decimal("3.6") * per_m, SLOW_M_S * per_m
        up_s = (top - slow) / per_m / RAMP_M_S2
        level_s = max(Decimal(0), (step.distance_m - (top + slow) / per_m * up_s) / (top / per_m))
        source.rest()
        source.run(slow)
        source.ramp(top, up_s)
        self._bench.idle(int(level_s * 1_000_000_000))
        source.ramp(slow, up_s)
        return _texts(source.off())

    def work(self, step: Work) -> Outcome:
        """Marked with the time that it took to say so: it was worked between question and answer."""
        t_ns = self._bench.now_ns()
        self._people.ask(
            "control", translate(WORK, control=control_said(step.control)), label=step.control, what=step.control
        )
        self._bench.recorder.mark(t_ns, "operator", f"control-{step.control}", u_ns=self._bench.now_ns() - t_ns)
        return {}

    def read(self, step: Read, eyes: People) -> Outcome:
        return _texts(eyes.ask(f"read-{step.what}", translate(READ[step.what], label=step.label), label=step.label))

    def _record(self) -> None:
        driver = self._bench.driver_for("record")
        if driver is not None:
            recorder: Records = capability(driver, Records, "record")
            recorder.start()


def control_said(name: str) -> str:
    """A control of the vehicle in the operator's language; one that only the bench file knows stays as it is called there."""
    return translate(CONTROLS[name]) if name in CONTROLS else name


def _texts(answer: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in answer.items() if value is not None}
