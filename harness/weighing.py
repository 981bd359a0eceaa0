"""What the steps of a scale do on a given bench: loads put on, keys pressed, what is displayed, printed and recorded.

What is shown first of a known load and stands far from it is read again, and what lies there is checked, both by the other
officer; all is recorded.  A wrong weight is found so, before it stands against the scale; a real error stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from fixtures.bench import Bench, capability
from fixtures.capability import Indicates, PlacesLoad, PressesKeys
from fixtures.errors import BenchError
from fixtures.language import mark, translate, translated
from harness.catalogue import with_rules
from harness.derive.loadings import UNIT_KG
from harness.derive.parts import number
from harness.editions import edition_of
from harness.judge.intervals import mpe_kg
from harness.lacking import kept, missing, noted
from harness.people import People
from harness.plans.worked import barred
from harness.step import Changeover, Keys, Load, Outcome, Read

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
PLACE = mark(
    "{label}: {mass} kg of weights on the scale, and nothing else, {position}; let it come to rest; press no key"
)
BUY = mark(
    "{label}: have goods of about {mass} kg weighed as an ordinary customer does and remember what is displayed; afterwards, unseen, weigh them on the officers' own balance: that is the mass asked for here"
)
DRIVE_UNKNOWN = mark(
    "{label}: have the vehicle of about {mass} kg weighed as an ordinary customer's is and remember what is displayed; nobody of ours on the deck while it moves; its mass as found on the verified scale of another site is asked for here"
)
DRIVE_ON = mark(
    "{label}: have the vehicle of {mass} kg driven on, alone, {position}, engine off, nobody on the deck; press no key"
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
READ_DECK = {
    "weighing": mark("Read the weight of {label} aloud, type it as displayed"),
    "ticket": mark("Read the weight on the ticket of {label} aloud, type it as printed"),
}
READ_COVERT = {
    "weighing": mark(
        "What was displayed while {label} was weighed, as remembered or photographed unseen: type it as it was"
    ),
    "ticket": mark("The ticket of {label}, away from the scale: type what is printed on it"),
}
SURPRISE = 2  # times the maximum permissible error: what would stand against the scale is read twice
AGAIN = mark("Read once more, the other officer reads aloud: {why}. {text}")
FAR = mark("this stands far from the load")
CHECK = mark(
    "The other officer reads the marks on the weights of {label} aloud, as they lie on the scale; touch nothing, press no key"
)
CHANGEOVER = mark(
    "{label}: put small weights of {step} kg each on top, gently, one after the other, until the indication has risen by one interval and stays there; then take them off, and nothing else; their mass is asked for here"
)
LINE = "line"  # what the scale says on its line just now, read by no eye
STATIONS = {"weighing": "display", "ticket": "ticket", "record": "record"}  # what -> the station that is read
DECK = "truck-scale"
PRICES = ("unit_price", "price")  # of what a truck scale shows and prints no part
# usual keys in the reader's language; what the bench file calls them stands beside it, for so they may be labelled
NAMES = {
    "zero": mark("key zero"), "tare": mark("key tare"), "unit": mark("key unit"), "clear": mark("key clear"), "add": mark("key add"),
    "total": mark("key total"), "change": mark("key change"), "print": mark("key print"), "hold": mark("key hold"), "light": mark("key light"),
}  # fmt: skip


class Weighing:
    def __init__(self, bench: Bench, people: People) -> None:
        self._bench, self._people = bench, people
        self._lies: Decimal | None = None  # known mass on the scale of which nothing was shown yet
        self._covert = ""  # the loading that the trader weighed, while it is the last one

    def put_on(self, step: Load, outcome: Outcome) -> None:
        """What lies there from now on, where it is weights whose marks can be read."""
        self._covert = step.label if step.covert else ""
        weights = not step.covert and self._bench.driver_for("load") is None and self._text(step) in (PLACE, UNLOAD)
        self._lies = number(outcome.get("mass_kg")) if weights else None

    def worked(self) -> None:
        """A key was pressed or power cut: what is shown from now on may honestly be another thing than the load."""
        self._lies = None

    def load(self, step: Load) -> Outcome:
        """Puts the load on, or takes everything off; {"mass_kg": ...} as put on."""
        driver, self._lies, self._covert = self._bench.driver_for("load"), None, ""
        if driver is not None and not step.covert:
            changer: PlacesLoad = capability(driver, PlacesLoad, "load")
            if step.mass_kg:
                put_on = kept(changer.place(step.mass_kg, step.position))
                return {**put_on, **noted(self._bench.file.roles["load"], missing("load", put_on))}
            changer.unload()
            return {"mass_kg": "0"}
        position = translate(POSITION.get(step.position, step.position))
        text = translate(self._text(step), label=step.label, mass=step.mass_kg, position=position)
        asked = {"mass": str(step.mass_kg), "position": step.position, "covert": step.covert}
        answer = _texts(self._people.ask("place", text, label=step.label, **asked))
        self.put_on(step, answer)
        return answer

    def changeover(self, step: Changeover) -> Outcome:
        """{"added_kg": ...}: small weights until the next interval is shown (R 76-1, A.4.4.3)."""
        self._lies = None
        text = translate(CHANGEOVER, label=step.label, step=step.step_kg)
        return _texts(self._people.ask("changeover", text, label=step.label, step_kg=str(step.step_kg)))

    def _text(self, step: Load) -> str:
        if step.covert:
            return DRIVE_UNKNOWN if self._bench.file.family == DECK else BUY
        if self._bench.file.family == DECK and "weights" not in step.position:
            return DRIVE_ON if step.mass_kg else UNLOAD_DECK
        return PLACE if step.mass_kg else UNLOAD

    def keys(self, step: Keys) -> Outcome:
        """Presses the keys and watches; {"shown": ...} where the bench hears the scale.  BenchError for a key that opens a
        save or calibrate dialog: nobody and nothing presses it."""
        forbidden = set(str(self._bench.file.profile.get("forbidden_keys", "")).split())
        if never := [key for key in step.sequence if key in forbidden or barred(key)]:
            raise BenchError(
                f"{self._bench.file.where}: key {never[0]!r} opens a save or calibrate dialog, or switches off: it is never pressed"
            )
        driver = self._bench.driver_for("keys")
        self.worked()
        if driver is None:
            t_ns = self._bench.now_ns()
            text = translate(KEYS, keys=keys_said(step.sequence))
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

    def heard(self, label: str) -> Outcome:
        """What the line says of load `label` at rest; where it stands far from the load, what lies there is checked."""
        told = self._heard()
        if not self._surprises(told.get("shown"), told.get("unit")):
            self._lies = None
            return told
        return {**told, **self._checked(self._people, label)}

    def _heard(self) -> Outcome:
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
        text = translate(self._wanted(step), label=step.label)

        def ask(prompt: str) -> Outcome:
            without = PRICES if self._bench.file.family == DECK else ()
            return _texts(eyes.ask(f"read-{step.what}", prompt, label=step.label, without=without))

        answer = ask(text)
        if step.what != "weighing" or not self._surprises(answer.get("weight"), answer.get("unit")):
            self._lies = None if step.what == "weighing" else self._lies
            return answer
        again = ask(translate(AGAIN, why=translate(FAR), text=text))
        return {**again, "earlier": [answer], **self._checked(eyes, step.label)}

    def _wanted(self, step: Read) -> str:
        """What is asked for: of a covert weighing what was seen, for nobody reads aloud among customers."""
        own = READ_DECK if self._bench.file.family == DECK else READ
        return (READ_COVERT if step.label == self._covert else own).get(step.what, READ[step.what])

    def _surprises(self, shown: Any, unit: Any) -> bool:
        """What is shown stands further from the load that lies there than twice what may be; words are no weight."""
        lies, value = self._lies, number(shown)
        if lies is None or value is None:
            return False
        file = self._bench.file
        limit = mpe_kg(with_rules(file.profile, edition_of(file)), float(lies))
        kg = value * UNIT_KG.get(str(unit or file.profile.get("unit", "kg")), Decimal(1))
        return limit is not None and abs(float(kg - lies)) > SURPRISE * limit

    def _checked(self, eyes: People, label: str) -> Outcome:
        """The marks on the weights that lie there, once for each load."""
        self._lies = None
        found = eyes.ask("read-weights", translate(CHECK, label=label), label=label)
        return {"weights_kg": str(found["mass_kg"])}


def keys_said(sequence: Sequence[str]) -> str:
    """Keys in their order, those known with their name in the operator's language."""
    return " ".join(_key_said(one) for one in sequence)


def _key_said(name: str) -> str:
    said = translated(NAMES[name]) if name in NAMES else None
    return translate(mark("{said} ({label})"), said=said, label=name) if said else name


def _texts(answer: Mapping[str, Any]) -> Outcome:
    return {key: str(value) for key, value in answer.items() if value is not None}
