"""A bench and its people brought back to where a run can go on: told what to do first, registers read, state recalled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fixtures.bench import Bench
from fixtures.capability import Dispenses, Operates
from fixtures.errors import InstrumentError
from fixtures.language import mark, translate
from fixtures.language import tell as tell_text
from fixtures.profile import SCALES
from fixtures.questions import YES_NO
from harness.enact import POWER_CYCLE, POWER_CYCLE_SCALE, Enactor
from harness.prompts import press_text
from harness.replay import Replay
from harness.standing import PRESS, Pressed, Standing
from harness.step import Deliver, Keys, Load, Outcome, PowerCycle, Press, Prove, Shut, Step, Weigh
from harness.weighing import KEYS

GO_ON = mark(
    "This run was cut and goes on now. See that the nozzle is closed and hung up and that nobody uses the dispenser"
)
GO_FURTHER = mark(
    "This case is gone on with after its end. See that the nozzle is closed and hung up and that nobody uses the dispenser"
)
GO_ON_SALE = mark(
    "This run was cut; sale {label} begins anew. Close the nozzle and hang it up, the sale is ended; empty and drain the can or "
    "prover, keep what it held by grade; nobody uses the dispenser"
)
GO_ON_FILL = mark(
    "This run was cut and goes on now. Leave the can or prover with {label} as it is; see that the nozzle is hung up and that nobody uses the dispenser"
)
GO_ON_SCALE = mark(
    "This run was cut and goes on now. On the scale has to lie what lay there then: {mass} kg; nobody uses the scale or touches its keys"
)
LOST_SALE = mark(
    "Data of {label} was lost, it begins anew: {why}. Close the nozzle and hang it up, the sale is ended; empty and drain the can "
    "or prover, keep what it held by grade"
)
WAS_DONE = mark("The program was cut in this step; had it been done all the same? {what}")
PRESSED = mark("{text} (presses of the {what} on record so far: {count})")
REGISTERS = {
    "totaliser": mark("Before the run goes on: read the totaliser aloud, type it as shown"),
    "display": mark("Before the run goes on: read volume and amount on the display aloud, type them as shown"),
}


def touched(replay: Replay, cut: Step | None) -> bool:
    """Something was delivered, or begun to be: people and fuel are at the instrument."""
    return any(isinstance(step, Deliver | Shut | Load) for step in [*(step for step, _ in replay.done), cut])


def tell(
    bench: Bench,
    enactor: Enactor,
    step: Step | None,
    presses: Sequence[Pressed] = (),
    *,
    ended: bool = False,
    said: str = "",
    mass: str = "",
) -> None:
    """What the operator does before the run goes on at `step`, and how often each remote of the instrument he is at was
    pressed so far: what it works may be on now though the plan has it off.  `ended`: the run had come to its end.  `said` comes first.  `mass`: kg that lay on a scale, "" of what is none."""
    match step:
        case Deliver(label=label) | Shut(label=label):
            text = translate(GO_ON_SALE, label=label)
        case Weigh(label=label) | Prove(label=label):
            text = translate(GO_ON_FILL, label=label)
        case _ if mass:
            text = translate(GO_ON_SCALE, mass=mass)
        case _:
            text = translate(GO_FURTHER if ended else GO_ON)
    if said:
        text = f"{tell_text(said)}. {text}"
    at = bench.recorder.instrument
    for what, count in Counter(one.what for one in presses if one.instrument == at).items():
        text = translate(PRESSED, text=text, what=what, count=count)
    enactor.people.ask("confirm", text, label="resume")


def tell_lost(enactor: Enactor, step: Step, why: str) -> None:
    label = getattr(step, "label", "")
    enactor.people.ask("confirm", translate(LOST_SALE, label=label, why=why), label="resume")


def mark_presses(bench: Bench, presses: Sequence[Pressed], until_ns: int) -> None:
    """Relays that were closed when the program was cut at `until_ns`: the remote was pressed until then, or longer."""
    for one in presses:
        if not one.marked:
            bench.recorder.mark(one.t_ns, "runner", PRESS + one.what, u_ns=until_ns - one.t_ns, after_cut=True)


def was_done(bench: Bench, enactor: Enactor, replay: Replay, standing: Standing) -> Outcome | None:
    """The outcome of a cut step that was done, by the record or by the operator's word; None where it has to be done now.

    A press that the record shows is not asked for: pressing twice is not pressing once.  One that the operator says he
    did gets its mark here, anywhere between the step's beginning and the cut.
    """
    step = replay.step
    match step:
        case PowerCycle(off_s=off_s):
            if bench.driver_for("power") is not None:
                return (
                    None  # power that a relay switched came back when the bench was made safe; off again harms nothing
                )
            before = sum(isinstance(done, PowerCycle) for done, _ in replay.done)
            text = POWER_CYCLE_SCALE if bench.file.family in SCALES else POWER_CYCLE
            yes = _says(enactor, "power_cycle", translate(text, seconds=off_s), before)
            return {"off_s": off_s, "after_cut": True} if yes else None
        case Press(what=button):
            if any(one.what == button and one.t_ns >= standing.cut_ns for one in standing.presses):
                return {}
            if not _says(enactor, "press", translate(press_text(button), what=button), len(standing.presses)):
                return None
            u_ns = standing.before.last_ns - standing.cut_ns
            bench.recorder.mark(standing.cut_ns, "operator", PRESS + button, u_ns=u_ns, after_cut=True)
            return {"after_cut": True}
        case Keys(sequence=sequence):
            before = sum(isinstance(done, Keys) for done, _ in replay.done)
            return _keys_were_pressed(bench, enactor, sequence, standing, before)
        case _:
            return None


def _keys_were_pressed(
    bench: Bench, enactor: Enactor, sequence: Sequence[str], standing: Standing, before: int
) -> Outcome | None:
    """As of a press.  A finger of the bench is on record after each key; one that was cut within a sequence begins it anew."""
    recorded = [one.what for one in standing.presses if one.t_ns >= standing.cut_ns]
    if recorded[-len(sequence) :] == list(sequence):
        return {"after_cut": True}
    if bench.driver_for("keys") is not None:
        return None
    if not _says(enactor, "keys", translate(KEYS, keys=" ".join(sequence)), before):
        return None
    u_ns = standing.before.last_ns - standing.cut_ns
    for key in sequence:
        bench.recorder.mark(standing.cut_ns, "operator", PRESS + key, u_ns=u_ns, after_cut=True)
    return {"after_cut": True}


def _says(enactor: Enactor, verb: str, what: str, before: int) -> bool:
    """Whether the operator says that it was done; `before`: how often it had been done by then."""
    text = translate(WAS_DONE, what=what)
    answer = enactor.people.ask("choose", text, label="was_done", options=YES_NO, step=verb, before=before)
    return bool(answer["value"] == YES_NO[0][0])


def lying_kg(bench: Bench, replay: Replay) -> str:
    """Mass that was put on the scale last, kg; "" at what is no scale."""
    if bench.file.family not in SCALES:
        return ""
    return next((str(step.mass_kg) for step, _ in reversed(replay.done) if isinstance(step, Load)), "0")


def remotes(bench: Bench, presses: Sequence[Pressed]) -> list[Pressed]:
    """`presses` without those of the keypad of a scale: each of them is a step of its own, and switches nothing that is told."""
    keypad = str(bench.file.profile.get("keys", "")).split() if bench.file.family in SCALES else []
    return [one for one in presses if one.what not in keypad]


def registers(bench: Bench, enactor: Enactor) -> dict[str, Any]:
    """Totaliser and display as they are now, where the bench can read them; what could not be read says why."""
    found: dict[str, Any] = {}
    if bench.file.family in SCALES:
        return found  # it keeps no totals, and what it shows is read by the step that comes
    for what, text in REGISTERS.items():
        driver: Any = bench.drivers.get(bench.file.stations.get(what, ""))
        try:
            if isinstance(driver, Operates):
                answer = enactor.people.through(driver).ask(f"read-{what}", translate(text), label="resume")
                found[what] = _texts(answer)
            elif isinstance(driver, Dispenses) and what == "totaliser":
                found[what] = dict(driver.read_totals())
        except InstrumentError as error:
            found[what] = {"failed": str(error)}
    return found


def recall(enactor: Enactor, replay: Replay) -> None:
    """What acting on the finished steps would have left in the enactor."""
    for step, outcome in replay.done:
        enactor.recall(step, outcome)


def _texts(answer: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in answer.items() if value is not None}
