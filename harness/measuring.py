"""How a fill is measured on a given bench: raw readings asked of people or taken from instruments, never a volume.

A reading that cannot be true, or that stands far from what the display says, is taken again by the other officer until
two agree, at most three times; so is every part of a sale, where each reading counts.  All are recorded.  Honest
misreadings do not repeat, a real difference does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fixtures.bench import Bench, capability
from fixtures.capability import Meters, Weighs
from fixtures.language import mark, translate
from fixtures.roles import reading_of
from harness.derive import gas_reference, prover, weighing
from harness.derive.parts import number
from harness.lacking import kept, missing, noted
from harness.people import People
from harness.step import Outcome, Prove, Weigh

MOST_READINGS = 3
SURPRISE = 0.003  # relative to the display: what would stand against the instrument is read twice
AGREE: Mapping[str, Decimal] = {  # readings of one thing agree within this
    "gross_g": Decimal(3), "tare_g": Decimal(3), "density_kg_m3": Decimal(1), "h0_mm": Decimal("0.5"),
    "h_mm": Decimal(2), "added_ml": Decimal(0), "t_c": Decimal(1), "t_meter_c": Decimal(1), "t_measure_c": Decimal(1),
}  # fmt: skip

WEIGH = mark("Weigh the can with {what}: gross mass, empty mass, density and temperatures of the fuel")
LOAD = {
    "gross": mark("Put the full can with {what} on the bench's balance and let it come to rest"),
    "tare": mark("Empty the can of {what}, drain it, put it back on the bench's balance"),
}
FUEL = mark("Read the density and the temperatures of the fuel of {what}")
GAS = {
    "cylinder": (
        "cylinder",
        mark("Weigh the cylinder of {what}: mass before it was connected and after it was disconnected and closed"),
    ),
    "master_meter": ("master", mark("Read the total of the master meter in series before and after {what}")),
}
PROVE = mark(
    "Read the prover with {what} at eye level: h0, h and the temperatures; then drain it for its drip time and put it back"
)
BEFORE = ("mass_total_kg",)  # of a meter's reading before the sale: the density is that of the one after it
AGAIN = mark("Read once more, the other officer reads aloud: {why}. {text}")
DELIVERY, PORTION = mark("delivery {label}"), mark("delivery {label}, part {portion}")
FAR = mark("this stands far from the display")
UNFIT = mark("the amount is not the price times the volume")
BOTH = mark("both officers read the parts of a sale")


class Measuring:
    """Raw readings of fills.  `displayed` is told what the display says, so that a surprising reading is taken twice."""

    def __init__(self, bench: Bench, operator: People) -> None:
        self._bench, self._operator = bench, operator
        self._before = self._last = Decimal(0)
        self._proven: set[str] = set()  # meters that gave a whole reading in this run

    def displayed(self, volume_l: Decimal | None) -> None:
        """The display as just read."""
        if volume_l is not None:
            self._last = volume_l

    def begins(self, *, new_sale: bool) -> None:
        """Fuel runs into an empty measure from here."""
        self._before = Decimal(0) if new_sale else self._last
        self._last = self._before

    def metered(self, act: Callable[[], Outcome]) -> Outcome:
        """`act` with the mass meter in the line read before and after it, where the bench has one.

        BenchError where its first reading lacks what it is for, before any fuel flows; from then on no reading ends a sale.
        """
        driver = self._bench.driver_for("mass")
        if driver is None:
            return act()
        meter: Meters = capability(driver, Meters, "mass")
        name = self._bench.file.roles["mass"]
        told = meter.read()
        before = kept(told if name in self._proven else reading_of("mass", name, told))
        self._proven.add(name)
        result = act()
        after = kept(meter.read())
        lacks = noted(name, [key for key in missing("mass", before) if key in BEFORE] + missing("mass", after))
        return {**result, "meter_before": before, "meter_after": after, **lacks}

    def read_display(self, eyes: People, text: str, label: str = "") -> Outcome:
        """Volume, amount and price as shown; read once more where the amount is not price times volume."""
        answer = eyes.ask("read-display", text, label=label)
        earlier: list[dict[str, Any]] = []
        if not self._fits(answer):
            earlier = [_texts(answer)]
            answer = eyes.ask("read-display", translate(AGAIN, why=translate(UNFIT), text=text), label=label)
        self.displayed(answer["volume_l"])
        return {**_texts(answer), "earlier": earlier} if earlier else _texts(answer)

    def _fits(self, answer: Mapping[str, Any]) -> bool:
        """One money step for any honest rounding, one volume step for what the display does not show (field_rules.md
        section 4); True where the profile does not say these steps."""
        profile = self._bench.file.profile
        if not {"volume_resolution_l", "amount_resolution"} <= set(profile) or answer.get("price") is None:
            return True
        step, money = (Decimal(str(profile[key])) for key in ("volume_resolution_l", "amount_resolution"))
        return bool(abs(answer["amount"] - answer["price"] * answer["volume_l"]) <= money + answer["price"] * step)

    def weigh(self, step: Weigh) -> Outcome:
        kind = str(self._bench.file.reference.get("kind", ""))
        if kind in gas_reference.RAW:
            return self._gas(step, kind)
        text = translate(WEIGH, what=_what(step))
        if self._bench.driver_for("weigh") is not None:
            return self._weigh_on_balance(step)

        def ask(prompt: str, again: bool) -> Mapping[str, Any]:
            return self._operator.ask("weigh", prompt, label=_name(step), again=again)

        return self._read(text, ask, lambda readings: weighing.litres(readings)[0], bool(step.portion))

    def _gas(self, step: Weigh, kind: str) -> Outcome:
        """Cylinder or master meter, before and after."""
        verb, prompt = GAS[kind]
        file = self._bench.file

        def ask(prompt: str, again: bool) -> Mapping[str, Any]:
            return self._operator.ask(verb, prompt, label=_name(step), again=again)

        def quantity(readings: Mapping[str, Decimal | None]) -> float:
            return gas_reference.quantity(file.reference, file.profile, readings)[0]

        return self._read(translate(prompt, what=_what(step)), ask, quantity, False)

    def prove(self, step: Prove) -> Outcome:
        declared = prover.Prover.declared(self._bench.file.reference)

        def ask(prompt: str, again: bool) -> Mapping[str, Any]:
            return self._operator.ask("prove", prompt, label=_name(step), again=again)

        text = translate(PROVE, what=_what(step))
        return self._read(text, ask, lambda readings: prover.litres(declared, readings, "")[0], bool(step.portion))

    def _weigh_on_balance(self, step: Weigh) -> Outcome:
        """Gross and tare from the bench's balance; density and temperatures from the operator."""
        balance: Weighs = capability(self._bench.driver_for("weigh"), Weighs, "weigh")
        name = self._bench.file.roles["weigh"]
        masses: dict[str, Decimal | None] = {}
        told: dict[str, Any] = {}
        lacks: list[str] = []
        for key in ("gross", "tare"):
            self._operator.ask("load", translate(LOAD[key], what=_what(step)), label=f"{_name(step)} {key}", what=key)
            reading = told[f"{key}_reading"] = kept(balance.weigh())
            masses[f"{key}_g"] = number(reading.get("mass_g"))
            lacks += missing("weigh", reading)
        told |= noted(name, lacks)

        def ask(prompt: str, again: bool) -> Mapping[str, Any]:
            fuel = self._operator.ask("fuel", prompt, label=_name(step), again=again)
            return {**masses, **fuel}

        text = translate(FUEL, what=_what(step))
        if lacks:  # the fuel is read for the record; reading it again brings no mass
            return {**_texts(ask(text, False)), **told}
        return {**self._read(text, ask, lambda readings: weighing.litres(readings)[0], bool(step.portion)), **told}

    def _read(
        self,
        text: str,
        ask: Callable[[str, bool], Mapping[str, Any]],
        litres: Callable[[Mapping[str, Decimal | None]], float],
        both: bool,
    ) -> Outcome:
        """Readings until they are as expected (`both`: until two agree), at most three times; the last ones count."""
        expected = float(self._last - self._before)
        taken: list[dict[str, Any]] = []
        prompt, why = text, ""
        while len(taken) < MOST_READINGS:
            readings = dict(ask(prompt, bool(taken)))
            agreed = bool(taken) and _agree(taken[-1], readings)
            taken.append(readings)
            try:
                why = "" if expected <= 0 or abs(litres(readings) / expected - 1) <= SURPRISE else translate(FAR)
            except ValueError as error:
                why = str(error)
            if agreed or not (why or both):
                break
            prompt = translate(AGAIN, why=why or translate(BOTH), text=text)
        last = _texts(taken[-1])
        if len(taken) == 1:
            return last
        earlier = [_texts(readings) for readings in taken[:-1]]
        return {**last, "read_twice": _agree(taken[-2], taken[-1]), "earlier": earlier}


def _what(step: Weigh | Prove) -> str:
    if step.portion:
        return translate(PORTION, label=step.label, portion=step.portion)
    return translate(DELIVERY, label=step.label)


def _name(step: Weigh | Prove) -> str:
    """What an answers file calls it."""
    return f"{step.label}/{step.portion}" if step.portion else step.label


def _agree(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Two officers read the same thing within what eyes and balance allow; one not taken agrees with one not taken."""
    for key, within in AGREE.items():
        a, b = one.get(key), two.get(key)
        if (a is None) != (b is None) or (a is not None and b is not None and abs(a - b) > within):
            return False
    return True


def _texts(readings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: None if value is None else str(value) for key, value in readings.items()}
