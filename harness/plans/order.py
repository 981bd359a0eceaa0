"""The order of a plan, checked without a bench: nothing that destroys comes before what it destroys.

field_rules.md section 3; safety first by section 1, closing last.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.step import Confirm, Deliver, Inquire, Phase, Plan, PowerCycle, Press, Shut, Step

LETTERS = "ABCDEF"


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


def cost(steps: Sequence[Step]) -> dict[str, float]:
    """What the plan costs: litres delivered, operator actions and minutes (planning values at 40 L/min)."""
    litres = sum(float(step.volume_l) for step in steps if isinstance(step, Deliver))
    minutes = litres / 40.0 + sum(0.5 for step in steps if not isinstance(step, Phase))
    minutes += sum(step.seconds / 60 for step in steps if isinstance(step, Shut))
    return {"litres": litres, "steps": float(len(steps)), "minutes": round(minutes, 1)}
