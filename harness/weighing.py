"""What the steps of a scale do on a given bench: loads put on, keys pressed, what is displayed, printed and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures.bench import Bench, capability
from fixtures.capability import Indicates, PlacesLoad, PressesKeys
from fixtures.errors import BenchError
from fixtures.language import mark, translate
from harness.people import People
from harness.step import Keys, Load, Outcome, Read

SECOND_NS = 1_000_000_000
FRESH_NS = 400_000_000
SETTLE_S = 3  # to a stable reading, where the profile does not say
POSITION = {
    "centre": mark("centre"),
    "front left": mark("front left"),
    "front right": mark("front right"),
    "back left": mark("back left"),
    "back right": mark("back right"),
    "front": mark("front end of the deck"),
    "middle": mark("middle of the deck"),
    "back": mark("back end of the deck"),
}
PLACE = mark("{label}: put {mass} kg of weights on the scale, {position}, let it come to rest; press no key")
BUY = mark(
    "{label}: have goods of about {mass} kg weighed as an ordinary customer does; afterwards weigh them on the officers' own balance"
)
DRIVE_ON = mark(
    "{label}: have the vehicle of {mass} kg driven on, {position}, engine off, nobody on the deck; press no key"
)
UNLOAD = mark("{label}: take everything off the scale, let it come to rest; press no key")
UNLOAD_DECK = mark("{label}: have the vehicle driven off, nobody on the deck; press no key")
KEYS = mark("Press on the keypad, in this order: {keys}. Leave on the scale what lies there")
READ = {
    "line": mark("what the line says of {label}"),
    "weighing": mark("Read weight, unit price and price of {label} aloud, type them as displayed"),
    "ticket": mark("Read weight, unit price and price on the ticket of {label} aloud, type them as printed"),
    "record": mark("Read the weight of {label} in the computer's records aloud, type it as shown"),
}
LINE = "line"  # what the scale says on its line just now, read by no eye
STATIONS = {"weighing": "display", "ticket": "ticket", "record": "record"}  # what -> the station that is read
DECK = "truck-scale"


class Weighing:
    def __init__(self, bench: Bench, people: People) -> None:
        self._bench, self._people = bench, people

    def load(self, step: Load) -> Outcome:
        """Puts the load on, or takes everything off; {"mass_kg": ...} as put on."""
        driver = self._bench.driver_for("load")
        if driver is not None and not step.covert:
            changer: PlacesLoad = capability(driver, PlacesLoad, "load")
            if step.mass_kg:
                return changer.place(step.mass_kg, step.position)
            changer.unload()
            return {"mass_kg": "0"}
        position = translate(POSITION.get(step.position, step.position))
        text = translate(self._text(step), label=step.label, mass=step.mass_kg, position=position)
        asked = {"mass": str(step.mass_kg), "position": step.position, "covert": step.covert}
        answer = self._people.ask("place", text, label=step.label, **asked)
        return {key: str(value) for key, value in answer.items() if value is not None}

    def _text(self, step: Load) -> str:
        if step.covert:
            return BUY
        if self._bench.file.family == DECK and "weights" not in step.position:
            return DRIVE_ON if step.mass_kg else UNLOAD_DECK
        return PLACE if step.mass_kg else UNLOAD

    def keys(self, step: Keys) -> Outcome:
        """Presses the keys and watches; {"shown": ...} where the bench hears the scale.  BenchError for a key that opens a
        save or calibrate dialog: nobody and nothing presses it."""
        forbidden = set(str(self._bench.file.profile.get("forbidden_keys", "")).split())
        if never := [key for key in step.sequence if key in forbidden]:
            raise BenchError(
                f"{self._bench.file.where}: key {never[0]!r} opens a save or calibrate dialog: it is never pressed"
            )
        driver = self._bench.driver_for("keys")
        if driver is None:
            t_ns = self._bench.now_ns()
            text = translate(KEYS, keys=" ".join(step.sequence))
            self._people.ask("keys", text, label=" ".join(step.sequence), sequence=list(step.sequence))
            u_ns = self._bench.now_ns() - t_ns
            for key in step.sequence:
                self._bench.recorder.mark(t_ns, "operator", f"press-{key}", u_ns=u_ns)
        else:
            finger: PressesKeys = capability(driver, PressesKeys, "keys")
            for key in step.sequence:
                t_ns = self._bench.now_ns()
                finger.press(key)
                self._bench.recorder.mark(t_ns, "runner", f"press-{key}", u_ns=self._bench.now_ns() - t_ns)
        self._bench.idle(int(step.watch_s * SECOND_NS))
        return self.shown()

    def shown(self) -> Outcome:
        """What the line says now: {"shown": weight, "stable": yes or no}; {} where nothing listens."""
        driver = self._bench.driver_for("indicate")
        if driver is None:
            return {}
        listener: Indicates = capability(driver, Indicates, "indicate")
        said = listener.indicated()
        if said is None or said.weight is None:
            return {}
        return {
            "shown": f"{said.weight:f}",
            "unit": said.unit,
            **({} if said.stable is None else {"stable": "yes" if said.stable else "no"}),
        }

    def heard(self) -> Outcome:
        """What the line says once it says that the weight stands still, or after the time that it may take."""
        driver = self._bench.driver_for("indicate")
        if driver is None:
            return {}
        listener: Indicates = capability(driver, Indicates, "indicate")
        until_ns = self._bench.now_ns() + int(
            float(str(self._bench.file.profile.get("settle_s", SETTLE_S))) * SECOND_NS
        )
        self._bench.idle(FRESH_NS)  # what came before the load was at rest is not waited for
        link = next(iter(self._bench.file.instruments[self._bench.file.roles["indicate"]].links.values()))
        self._bench.until(
            lambda: self._bench.now_ns() >= until_ns or ((said := listener.indicated()) is not None and said.stable is True),
            2 * SECOND_NS + until_ns - self._bench.now_ns(), "a weight at rest", link,
        )  # fmt: skip
        return self.shown()

    def read(self, step: Read, eyes: People) -> Outcome:
        answer: Mapping[str, Any] = eyes.ask(
            f"read-{step.what}", translate(READ[step.what], label=step.label), label=step.label
        )
        return {key: str(value) for key, value in answer.items() if value is not None}
