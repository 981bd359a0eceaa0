"""What the searches at a price scale and at a truck scale have in common: whose costs their runs are, which levels a bench cannot give, how a run begins."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from decimal import Decimal

from harness.plans.ability import NEAR, Ability, ScaleAbility
from harness.plans.price_scale_raid import own, scale_of
from harness.plans.trigger_search import Run
from harness.plans.weighings import press, weigh
from harness.search.model import Factor, Model
from harness.step import Load, Outcome, PowerCycle, Step

OFF_S = 30
ZERO = "zero"


def kit_of(scale: ScaleAbility) -> str:
    """Whose costs these are."""
    return "K3" if scale.presses else "K1" if scale.streamed else "K0"


def beyond(
    model: Model, scale: ScaleAbility, lacks: Callable[[ScaleAbility, Factor, str], bool]
) -> tuple[tuple[str, str], ...]:
    """The levels that this bench `lacks`, as (factor, level)."""
    return tuple((factor.name, one) for factor in model.factors for one in factor.levels if lacks(scale, factor, one))


def lacks(scale: ScaleAbility, factor: Factor, level: str) -> bool:
    """Whether this bench cannot give a level that both scales know: a load that the masses at hand do not make, a key that is not there,
    another hour."""
    match factor.name, level:
        case "load", _:
            return abs(scale.load(level) - Decimal(level)) > _nearly(level, factor.levels)
        case "zero", "pressed":
            return not own(scale, ZERO)
        case "clock", "night":
            return True
        case _:
            return False


def _nearly(level: str, levels: Sequence[str]) -> Decimal:
    """How far what is put on may lie from the load asked: below half the way to the next level."""
    apart = min(abs(Decimal(one) - Decimal(level)) for one in levels if one != level)
    return min(NEAR * Decimal(level), Decimal("0.45") * apart)


def emptied(can: Ability, run: Run) -> Generator[Step, Outcome, str]:
    """Before the load of a run: power cut where the run asks for it, the empty scale read, the zero key pressed where it is worked; under
    which label."""
    if run.cycle:
        yield Load(f"{run.label}p", Decimal(0))  # a scale that wakes up takes for its zero what lies there
        yield PowerCycle(OFF_S)
    empty = f"{run.label}z"
    yield from weigh(can, empty, Decimal(0))
    if run.levels["zero"] == "pressed":
        yield from press(can, empty, (own(scale_of(can), ZERO),))
    return empty
