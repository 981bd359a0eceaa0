"""Progress of a run on stderr: which step of how many, what it asks, how long the run has taken."""

from __future__ import annotations

from collections.abc import Callable

from harness.output import comment
from harness.step import (
    Commit,
    Confirm,
    Continue,
    Deliver,
    Draw,
    Inquire,
    Instrument,
    Judge,
    Phase,
    PowerCycle,
    Press,
    Prove,
    Read,
    Shut,
    Step,
    Weigh,
)


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
        seconds = self._now_ns() / 1e9
        comment(
            f"[{number + 1:>2}/{total}] {int(seconds // 60):>3}:{int(seconds % 60):02d} {self._delivered:>6.1f} {self._unit}  {headline(step, self._unit)}"
        )


def headline(step: Step, unit: str = "L") -> str:
    """`step` in one line; `unit` is that of the quantity sold."""
    match step:
        case Phase():
            return f"== phase {step.letter}: {step.title}"
        case Confirm() | Inquire():
            return step.text
        case Deliver():
            preset = f"amount {step.amount}" if step.amount is not None else f"{step.volume_l} {unit}"
            extra = ", covert" if step.covert else ""
            extra += f", remote pressed at {step.press_at_l} L" if step.press_at_l is not None else ""
            return f"deliver {step.label}: {preset}, {step.flow} flow{extra}"
        case Shut():
            return f"nozzle shut, motor on, {step.seconds} s"
        case Read():
            return f"read {step.what} after {step.label}"
        case Continue():
            end = "its end" if step.until_l is None else f"{step.until_l} L"
            return f"go on with {step.label} to {end}"
        case Weigh() | Prove():
            part = f", part {step.portion}" if step.portion else ""
            return f"{'weigh' if isinstance(step, Weigh) else 'prove'} {step.label}{part}"
        case Press():
            return f"press the seized {step.what}"
        case PowerCycle():
            return f"power away for {step.off_s} s"
        case Judge():
            return "judge what was seen so far"
        case Instrument():
            return f"-- instrument {step.id} {step.product}".rstrip() if step.id else "-- the site as a whole"
        case Commit():
            return "the hash of the draw's seed is shown"
        case Draw():
            return f"draw {step.count} of {len(step.candidates)} by lot"
