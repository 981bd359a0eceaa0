"""What each step does on a given bench, by instrument where one fills the role, else by the operator's hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from fixtures.bench import Bench, capability
from fixtures.benchfile import BenchFile
from fixtures.capability import Dispenses, Operates, Records, Switches
from fixtures.errors import BenchError
from fixtures.language import mark, tell, translate
from fixtures.profile import SCALES
from harness import driving
from harness.derive import prover
from harness.derive.parts import number
from harness.draw import commitment, drawn
from harness.driving import Driving
from harness.editions import edition_of
from harness.measuring import Measuring
from harness.people import People
from harness.plans.ability import Ability, SiteAbility, Surveyed
from harness.prompts import FLOW, delivery_text, press_text
from harness.scale_ability import scale_ability
from harness.step import (
    Changeover,
    Choose,
    Clause,
    Commit,
    Confirm,
    Continue,
    Deliver,
    Draw,
    Drive,
    Hire,
    Inquire,
    Instrument,
    Judge,
    Keys,
    Load,
    Mark,
    Outcome,
    Phase,
    Photo,
    PowerCycle,
    Press,
    Prove,
    Purpose,
    Read,
    Searched,
    Shut,
    Stand,
    Step,
    Vacate,
    Wait,
    Weigh,
    Work,
)
from harness.taxi_ability import TAXI, taxi_ability
from harness.weighing import LINE, STATIONS, Weighing

SECOND_NS = 1_000_000_000
PRESS_NS = 300_000_000
SETTLE_NS = 1_500_000_000  # the display has followed the register, the hose is at rest
SALE_TIMEOUT_NS = 3_600 * SECOND_NS
READ_AT = {
    "start": "display",
    **STATIONS,
    **driving.STATIONS,
}  # what is read -> the station where, if it is called otherwise

SHUT = mark("Lift the nozzle so that the motor runs, keep it closed for {seconds} s, hang up")
CONTINUE_UNTIL = mark("Go on with {label}, {flow}: shut the nozzle at {until} L on the display, do not hang up")
CONTINUE = mark("Go on with {label}, {flow}, to its end, hang up")
READ = {
    "start": mark(
        "Nozzle of {label} lifted and not yet opened: read the litres on the display aloud, type them as shown"
    ),
    "display": mark("Read quantity and amount on the display after {label} aloud, type them as shown"),
    "parameters": mark(
        "Open the parameter menu without changing anything: read factor, density and compensation aloud, type them as shown, leave it"
    ),
    "totaliser": mark("Read the totaliser after {label} aloud, type it as shown"),
}
VISIT = {  # labels of totaliser readings that follow no delivery
    "start": mark("Beginning of the inspection: read the totaliser aloud, type it as shown"),
    "end": mark("End of the inspection: read the totaliser aloud, type it as shown"),
}
POWER_CYCLE = mark("Switch the dispenser off at the station's own breaker for {seconds} s, display dark, and on again")
POWER_CYCLE_SCALE = mark(
    "Switch the scale off at its mains plug, battery disconnected, for {seconds} s, display dark, and on again with what lies on it"
)
POWER_CYCLE_TAXI = mark(
    "Handbrake on: take the taximeter and its sensor off the vehicle's supply for {seconds} s, display dark, and put them on again"
)
SHUT_GAS = mark("Have the station's staff start a sale with the vessel's valve closed and end it after {seconds} s")
GO = mark("Go to instrument {instrument} ({product})")
COMMIT = mark(
    "Enter into the record and show to the parties, before the draw: SHA-256 of the draw's seed is {digest}. The seed itself is named afterwards"
)
CONTACT = {
    ("nozzle", True): mark("Lift the nozzle and open it"),
    ("nozzle", False): mark("Close the nozzle and hang it up"),
    ("throttle", True): mark("Throttle the flow"),
    ("throttle", False): mark("Open the throttle"),
}


def ability(bench: BenchFile) -> Ability:
    """What a plan may count on, from the bench file alone."""
    site = bench.site
    if site is None:
        return _ability(bench)
    surveyed = tuple(
        Surveyed(one.id, one.product, one.complaint, _ability(bench.under_test(one.id))) for one in site.instruments
    )
    return replace(_ability(bench), site=SiteAbility(surveyed, site.draw, site.full))


def _ability(file: BenchFile) -> Ability:
    stations = frozenset(file.stations)
    measured_by = file.stations.get("reference", "")
    neck = prover.Prover.declared(file.reference) if file.reference.get("kind") == "prover_neck" else None
    return Ability(
        stations=stations,
        inline=bool(measured_by) and measured_by == file.roles.get("record"),
        metered=bool(measured_by) and measured_by == file.roles.get("mass"),
        prover_l=None if neck is None else neck.readable_l(),
        remote="remote" in file.roles,
        can_l=Decimal(str(file.profile.get("can_l", "20"))),
        price=Decimal(str(file.profile.get("price", "0"))),
        scale=scale_ability(file) if file.family in SCALES else None,
        taxi=taxi_ability(file) if file.family == TAXI else None,
        edition=edition_of(file),
    )


class Enactor:
    """Turns steps into acts.  `judge` computes the judgement so far when a plan asks for it."""

    def __init__(self, bench: Bench, judge: Callable[[], Outcome], draw_seed: str) -> None:
        self._bench, self._judge, self._draw_seed = bench, judge, draw_seed
        self.people = People(bench, capability(bench.driver_for("operate"), Operates, "operate"))
        self._operator = self.people
        self._measuring = Measuring(bench, self._operator)
        self._weighing = Weighing(bench, self._operator)
        self._driving = Driving(bench, self._operator)
        self._flow = "full"  # of the running sale

    def recall(self, step: Step, outcome: Outcome) -> None:
        """What acting on a finished step left here: of a run that goes on it is not done again."""
        match step:
            case Deliver(flow=flow):
                self._flow = flow
                self._measuring.begins(new_sale=True)
            case Continue():
                self._measuring.begins(new_sale=False)
            case Read(what="display" | "start"):
                self._measuring.displayed(number(outcome.get("volume_l")))
            case Instrument(id=id):
                self._bench.put_under_test(id)
            case Load():
                self._weighing.put_on(step, outcome)
            case Keys() | PowerCycle():
                self._weighing.worked()
            case _:
                pass

    def act(self, step: Step) -> Outcome:
        match step:
            case Phase() | Purpose() | Searched() | Clause():
                return {}
            case Confirm():
                return self.people.confirm(step)
            case Inquire():
                return self.people.inquire(step)
            case Choose():
                return self.people.choose(step)
            case Photo():
                return self.people.photo(step)
            case Wait():
                self._bench.idle(step.seconds * SECOND_NS)
                return {}
            case Mark():
                return self._mark(step)
            case Load():
                return self._weighing.load(step)
            case Keys():
                return self._weighing.keys(step)
            case Changeover():
                return self._weighing.changeover(step)
            case Hire():
                return self._driving.hire(step)
            case Stand():
                return self._driving.stand(step)
            case Vacate():
                return self._driving.vacate(step)
            case Drive():
                return self._driving.drive(step)
            case Work():
                return self._driving.work(step)
            case Deliver():
                self._measuring.begins(new_sale=True)
                return self._recorded(lambda: self._measuring.metered(lambda: self._deliver(step)))
            case Continue():
                self._measuring.begins(new_sale=False)
                return self._continue(step)
            case Shut():
                return self._recorded(lambda: self._shut(step))
            case Read():
                return self._read(step)
            case Weigh():
                return self._measuring.weigh(step)
            case Prove():
                return self._measuring.prove(step)
            case Press():
                self._press(step.what, alone=True)
                return {}
            case PowerCycle():
                return self._power_cycle(step.off_s)
            case Judge():
                return self._judge()
            case Instrument():
                return self._go_to(step)
            case Commit():
                digest = commitment(self._draw_seed)
                self._operator.ask("confirm", translate(COMMIT, digest=digest), label="commit")
                return {"sha256": digest}
            case Draw():
                return {"seed": self._draw_seed, "drawn": drawn(self._draw_seed, step.candidates, step.count)}

    def _go_to(self, step: Instrument) -> Outcome:
        self._bench.put_under_test("")
        if step.id:
            text = translate(GO, instrument=step.id, product=step.product or "-")
            self._operator.ask("go", text, label=step.id, instrument=step.id)
            self._bench.put_under_test(step.id)
        return {}

    def _recorded(self, act: Callable[[], Outcome]) -> Outcome:
        """`act` with the pulse capture running from before it to after it."""
        driver = self._bench.driver_for("record")
        if driver is None:
            return act()
        recorder: Records = capability(driver, Records, "record")
        recorder.start()
        result = act()
        self._bench.idle(SETTLE_NS // 3)
        return {**result, **recorder.stop()}

    def _shut(self, step: Shut) -> Outcome:
        driver = self._bench.driver_for("deliver")
        if driver is not None:  # the motor runs only in an authorised sale
            pump: Dispenses = capability(driver, Dispenses, "deliver")
            pump.authorise(None, None)
        text = SHUT_GAS if "medium" in self._bench.file.profile else SHUT
        self._operator.ask("shut", translate(text, seconds=step.seconds), label=step.label, seconds=step.seconds)
        return {}

    def _deliver(self, step: Deliver) -> Outcome:
        driver = self._bench.driver_for("deliver")
        if step.until_l is not None and (driver is not None or self._bench.driver_for("record") is not None):
            raise BenchError(
                f"{self._bench.file.where}: delivery {step.label} in parts needs a hand at the nozzle and a measure read by "
                "eye; a bench that authorises sales or records pulses measures it whole"
            )
        if driver is None:
            self._flow = step.flow
            self._operator.ask(
                "deliver", delivery_text(step, self._bench.file.profile), label=step.label, until_l=None if step.until_l is None else str(step.until_l),
                volume_l=None if step.amount is not None else str(step.volume_l), amount=None if step.amount is None else str(step.amount),
                flow=step.flow, covert=step.covert, press_at_l=None if step.press_at_l is None else str(step.press_at_l),
            )  # fmt: skip
            self._bench.idle(SETTLE_NS)
            return {}
        pump: Dispenses = capability(driver, Dispenses, "deliver")
        if step.flow == "slow":
            self._contact("throttle", True)
        pump.authorise(None if step.amount is not None else step.volume_l, step.amount)
        self._contact("nozzle", True)
        if step.press_at_l is not None:
            at = step.press_at_l
            self._wait(lambda: (pump.volume_l() or Decimal(0)) >= at or pump.flow_ended(), f"{at} L")
            self._press("remote", alone=False)
        self._wait(pump.flow_ended, f"the preset of {step.volume_l} L")
        self._bench.idle(SETTLE_NS)
        self._contact("nozzle", False)
        self._wait(pump.sale_complete, "the end of the sale")
        if step.flow == "slow":
            self._contact("throttle", False)
        self._bench.idle(SETTLE_NS)
        return {}

    def _continue(self, step: Continue) -> Outcome:
        until = None if step.until_l is None else str(step.until_l)
        text = CONTINUE if until is None else CONTINUE_UNTIL
        self._operator.ask(
            "continue",
            translate(text, label=step.label, flow=translate(FLOW[self._flow]), until=until),
            label=step.label,
            until_l=until,
        )
        self._bench.idle(SETTLE_NS)
        return {}

    def _wait(self, done: Callable[[], bool], expected: str) -> None:
        name = self._bench.file.roles["deliver"]
        link = next(iter(self._bench.file.instruments[name].links.values()))
        self._bench.until(done, SALE_TIMEOUT_NS, expected, link)

    def _contact(self, role: str, on: bool) -> None:
        driver = self._bench.driver_for(role)
        if driver is None:
            self._operator.ask("confirm", translate(CONTACT[role, on]), label=role)
            return
        relay: Switches = capability(driver, Switches, role)
        relay.switch(role, on)

    def _press(self, what: str, *, alone: bool) -> None:
        driver = self._bench.driver_for(what)
        t_ns = self._bench.now_ns()
        if driver is None or isinstance(driver, Operates):
            self._operator.ask("press", translate(press_text(what), what=tell(what)), label=what, what=what)
        else:
            relay: Switches = capability(driver, Switches, what)
            relay.switch(what, True)
            self._bench.recorder.entry("pressed", n=self.people.step, t_ns=t_ns, what=what)
            if alone:  # a cut from here on finds it pressed; inside a delivery no reading waits for the disk
                self._bench.recorder.sync()
            self._bench.idle(PRESS_NS)
            relay.switch(what, False)
        u_ns = self._bench.now_ns() - t_ns
        self._bench.recorder.mark(t_ns, "runner", f"press-{what}", u_ns=u_ns)

    def _mark(self, step: Mark) -> Outcome:
        """Now, or when the operator says so: then it happened between question and answer."""
        t_ns = self._bench.now_ns()
        if step.text:
            self._operator.ask("mark", tell(step.text), label=step.key)
        u_ns = self._bench.now_ns() - t_ns
        self._bench.recorder.mark(t_ns, "operator" if step.text else "runner", step.key, u_ns=u_ns)
        return {}

    def _power_cycle(self, off_s: int) -> Outcome:
        master = self._bench.driver_for("deliver")
        pump: Dispenses | None = None if master is None else capability(master, Dispenses, "deliver")
        if pump is not None:
            pump.hold()
        self._weighing.worked()
        self._bench.recorder.mark(self._bench.now_ns(), "runner", "power-off")
        driver = self._bench.driver_for("power")
        if driver is None:
            family = self._bench.file.family
            text = POWER_CYCLE_SCALE if family in SCALES else POWER_CYCLE_TAXI if family == TAXI else POWER_CYCLE
            self._operator.ask("power_cycle", translate(text, seconds=off_s), off_s=off_s)
        else:
            relay: Switches = capability(driver, Switches, "power")
            relay.switch("power", False)
            self._bench.idle(off_s * SECOND_NS)
            relay.switch("power", True)
        self._bench.recorder.mark(self._bench.now_ns(), "runner", "power-on")
        if pump is not None:
            pump.resume()
        return {"off_s": off_s}

    def _read(self, step: Read) -> Outcome:
        if step.what == LINE:
            return self._weighing.heard(step.label)
        name = self._bench.file.stations[READ_AT.get(step.what, step.what)]
        driver = self._bench.drivers[name]
        if isinstance(driver, Dispenses) and step.what == "totaliser":
            return driver.read_totals()
        if isinstance(driver, Operates) and step.what in driving.STATIONS:
            return self._driving.read(step, self.people.through(driver))
        if isinstance(driver, Operates) and step.what in STATIONS:
            return self._weighing.read(step, self.people.through(driver))
        if isinstance(driver, Operates):
            wanted = VISIT.get(step.label, READ[step.what]) if step.what == "totaliser" else READ[step.what]
            text, eyes = translate(wanted, label=step.label), self.people.through(driver)
            if step.what == "display":
                return self._measuring.read_display(eyes, text, step.label)
            answer = eyes.ask(f"read-{step.what}", text, label=step.label)
            if step.what not in ("totaliser", "parameters"):
                self._measuring.displayed(answer["volume_l"])
            return _texts(answer)
        if step.what == "totaliser":
            return {}  # a tap hears the totals when the till asks for them; they are derived from the wire
        raise BenchError(f"station {step.what} is bound to {name}, which cannot read it; bind it to the operator")


def _texts(answer: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in answer.items() if value is not None}
