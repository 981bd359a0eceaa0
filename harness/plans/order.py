"""The order of a plan, checked without a bench: nothing that destroys comes before what it destroys.

field_rules.md section 3; safety first by section 1, closing last.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.step import (
    Confirm,
    Continue,
    Deliver,
    Inquire,
    Phase,
    Plan,
    PowerCycle,
    Press,
    Prove,
    Read,
    Shut,
    Step,
    Weigh,
)

LETTERS = "ABCDEF"
FILL_MIN = 4.0  # until measured


class PlanError(Exception):
    """A plan that would destroy what it has still to measure, or endanger people."""


def dry_run(plan: Plan) -> list[Step]:
    """All steps of `plan` when every outcome is empty."""
    steps: list[Step] = []
    try:
        step = next(plan)
        while True:
            steps.append(step)
            step = plan.send({})
    except StopIteration:
        return steps


def check_order(steps: Sequence[Step]) -> None:
    """Raises PlanError naming the step that stands in the wrong place."""
    phase = ""
    safe = False
    last = steps[-1]
    _check_open_sales(steps)
    for number, step in enumerate(steps):
        match step:
            case Phase(letter=letter):
                if phase in LETTERS and letter in LETTERS and phase and LETTERS.index(letter) < LETTERS.index(phase):
                    raise PlanError(
                        f"step {number}: phase {letter} after phase {phase}: surprise and state are gone by then"
                    )
                phase = letter
            case Confirm(key="safety"):
                safe = True
            case Deliver() | Shut() if not safe:
                raise PlanError(f"step {number}: fuel flows before the safety step was confirmed")
            case Deliver(covert=True) if phase != "A":
                raise PlanError(f"step {number}: a covert purchase in phase {phase or 'none'}: it belongs to A")
            case Press() if phase in "ABC" and phase:
                raise PlanError(
                    f"step {number}: a key is pressed in phase {phase}: hands off before what it may clear was measured"
                )
            case PowerCycle() if phase not in ("E", "F"):
                raise PlanError(
                    f"step {number}: power away in phase {phase or 'none'}: volatile state is destroyed, so it belongs to E"
                )
            case _:
                pass
    if not (isinstance(last, Confirm) and last.key == "closing"):
        raise PlanError("the last step must be the closing: fuel returned, instrument sealed unchanged")
    if not any(isinstance(step, Inquire) and step.key == "seals_before" for step in steps):
        raise PlanError("the identity block is missing: seals are recorded before the instrument is touched")


def _check_open_sales(steps: Sequence[Step]) -> None:
    """A sale in parts is gone on with until it is hung up, and nothing else is done at the instrument meanwhile."""
    open_label = ""
    for number, step in enumerate(steps):
        match step:
            case Continue(label=label) if label != open_label:
                raise PlanError(f"step {number}: {label} goes on, but {open_label or 'no sale'} is open")
            case Continue(until_l=until_l):
                open_label = open_label if until_l is not None else ""
            case Read(label=label) | Weigh(label=label) | Prove(label=label) if open_label in ("", label):
                pass
            case _ if open_label:
                raise PlanError(f"step {number}: {type(step).__name__} while sale {open_label} is open: hang up first")
            case Deliver(label=label, until_l=until_l) if until_l is not None:
                open_label = label
            case _:
                pass


def cost(steps: Sequence[Step]) -> dict[str, float]:
    """What the plan costs: litres delivered, operator actions and minutes (planning values at 40 L/min).

    A fill that is weighed or proved takes `FILL_MIN` in all: fill, settle, read, drain, return (field_rules.md section 5).
    """
    litres = sum(float(step.volume_l) for step in steps if isinstance(step, Deliver))
    minutes = litres / 40.0 + sum(0.5 for step in steps if not isinstance(step, Phase))
    minutes += sum(step.seconds / 60 for step in steps if isinstance(step, Shut))
    minutes += sum(FILL_MIN - 0.5 for step in steps if isinstance(step, Weigh | Prove))
    return {"litres": litres, "steps": float(len(steps)), "minutes": round(minutes, 1)}
