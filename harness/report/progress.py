"""Progress of a run on stderr: which step of how many, what it asks, how long the run has taken."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.language import mark, tell, translate
from harness.driving import READ as READ_METER
from harness.driving import control_said
from harness.output import comment
from harness.plans.extension import REMOTE
from harness.report.wording import chain
from harness.step import (
    LABORATORY,
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
from harness.weighing import POSITION, keys_said
from harness.weighing import READ as READ_SCALE


class Progress:
    """Called by the runner before and after every step."""

    def __init__(self, now_ns: Callable[[], int], unit: str = "L") -> None:
        self._now_ns, self._unit = now_ns, unit
        self._delivered = 0.0

    def __call__(self, number: int, total: int, step: Step, moment: str) -> None:
        if moment == "end":
            if isinstance(step, Deliver):
                self._delivered += float(step.volume_l)
            return
        if number == 0:
            comment(
                translate(mark("{total} steps at the most: what turns out not to be needed is left out"), total=total)
            )
        seconds = self._now_ns() / 1e9
        sold = f" {self._delivered:>6.1f} {self._unit}" if self._unit else ""
        comment(
            f"[{number + 1:>2}/{max(total, number + 1)}] {int(seconds // 60):>3}:{int(seconds % 60):02d}{sold}  {headline(step, self._unit)}"
        )


def headline(step: Step, unit: str = "L") -> str:
    """`step` in one line, in the operator's language; `unit` is that of the quantity sold."""
    match step:
        case Phase():
            if step.letter == LABORATORY:
                return translate(mark("== laboratory: {title}"), title=tell(step.title))
            return translate(mark("== phase {letter}: {title}"), letter=step.letter, title=tell(step.title))
        case Confirm() | Inquire() | Choose() | Photo():
            return tell(step.text)
        case Wait():
            return translate(mark("wait {seconds} s: {why}"), seconds=step.seconds, why=tell(step.why))
        case Mark():
            return tell(step.text) if step.text else translate(mark("mark {key}"), key=step.key)
        case Load():
            said = translate(mark("load {label}: {mass} kg"), label=step.label, mass=step.mass_kg)
            if step.mass_kg and step.position != "centre":
                said += f", {translate(POSITION.get(step.position, step.position))}"
            return said + (translate(mark(", covert")) if step.covert else "")
        case Keys():
            return translate(mark("keys {keys}"), keys=keys_said(step.sequence))
        case Drive():
            return translate(mark("drive {label}: {distance} m"), label=step.label, distance=step.distance_m)
        case Hire():
            said = translate(mark("hired: {label}"), label=step.label)
            return said + (translate(mark(", covert")) if step.covert else "")
        case Stand():
            return translate(mark("watched at standstill: {label}"), label=step.label)
        case Vacate():
            return translate(mark("vacant: {label} ends"), label=step.label)
        case Work():
            return translate(mark("control {control}"), control=control_said(step.control))
        case Deliver():
            return _delivery(step, unit)
        case Shut():
            return translate(mark("nozzle shut, motor on, {seconds} s"), seconds=step.seconds)
        case Read():
            if step.what == "totaliser" and step.label in VISIT:
                return translate(VISIT[step.label])
            return translate({**READ, **READ_SCALE, **READ_METER}[step.what], label=step.label)
        case Continue():
            if step.until_l is None:
                return translate(mark("go on with {label} to its end"), label=step.label)
            return translate(
                mark("go on with {label} to {until} {unit}"), label=step.label, until=step.until_l, unit=unit
            )
        case Weigh() | Prove():
            label = f"{step.label}/{step.portion}" if step.portion else step.label
            text = mark("weigh {label}") if isinstance(step, Weigh) else mark("prove {label}")
            return translate(text, label=label)
        case Press():
            text = mark("press the seized {what}") if step.what == REMOTE else mark("work {what}")
            return translate(text, what=tell(step.what))
        case PowerCycle():
            return translate(mark("power away for {seconds} s"), seconds=step.off_s)
        case Judge():
            return translate(mark("judge what was seen so far"))
        case Instrument():
            if not step.id:
                return translate(mark("-- the site as a whole"))
            return translate(mark("-- instrument {id} {product}"), id=step.id, product=step.product).rstrip()
        case Purpose():
            if step.of == "search":
                return translate(mark("from here on a search: what it finds is suspect at most"))
            name, _, link = step.target.partition(":")
            text = HALF.get(step.half, mark("from here on confirmation {k}: {test} over {link}"))
            return translate(text, k=step.k, test=tell(name), link=chain(link))
        case Searched():
            return translate(mark("what the search covered, into the record: {runs} runs"), runs=step.runs)
        case Clause():
            return (
                translate(mark("-- test {test}"), test=step.test)
                if step.test
                else translate(mark("-- end of the tests"))
            )
        case Changeover():
            return translate(
                mark("changeover point of {label}, small weights of {step} kg"), label=step.label, step=step.step_kg
            )
        case Commit():
            return translate(mark("the hash of the draw's seed is shown"))
        case Draw():
            return translate(mark("draw {count} of {all} by lot"), count=step.count, all=len(step.candidates))


HALF = {
    "silent": mark("confirmation {k}, {test} over {link}: what follows is to be silent"),
    "shows": mark("confirmation {k}, {test} over {link}: what follows is to show it"),
}
VISIT = {
    "start": mark("read totaliser at the start of the inspection"),
    "end": mark("read totaliser at the end of the inspection"),
}
READ = {
    "start": mark("read display before {label}"),
    "display": mark("read display after {label}"),
    "totaliser": mark("read totaliser after {label}"),
    "parameters": mark("read parameters after {label}"),
}


def _delivery(step: Deliver, unit: str) -> str:
    if step.amount is None:
        said = translate(mark("deliver {label}: {volume} {unit}"), label=step.label, volume=step.volume_l, unit=unit)
    else:
        said = translate(mark("deliver {label}: amount {amount}"), label=step.label, amount=step.amount)
    said += translate(mark(", slow flow") if step.flow == "slow" else mark(", full flow"))
    if step.covert:
        said += translate(mark(", covert"))
    if step.press_at_l is not None:
        said += translate(mark(", remote pressed at {at} {unit}"), at=step.press_at_l, unit=unit)
    return said
