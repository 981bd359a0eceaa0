"""Whether a laboratory's trigger model asks for nothing but what the runs of a family's plan can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.search.model import Model, ModelError


@dataclass(frozen=True)
class Runs:
    """What the runs of a family set: factors `needed` of every model and those it `may` have, its `quantity` and `rate` ("" for none), the
    `levels` that some of them can have, the `first` level of some, and the `kits` whose costs are asked for.  `whole`: only functions that act
    on the whole of the quantity can be told."""

    family: str
    needed: frozenset[str]
    may: frozenset[str]
    quantity: str
    rate: str
    levels: Mapping[str, frozenset[str]]
    kits: frozenset[str] = frozenset({"K0", "K1", "K2", "K3"})
    first: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


def wrong(where: str, what: str, got: object) -> ModelError:
    return ModelError(f"{where}: expected {what}, got {got}")


def check(model: Model, runs: Runs, where: str) -> None:
    """ModelError where a run of `model` asks for something that no run of the family does."""
    if model.family != runs.family:
        raise wrong(where, f"a trigger model of the family {runs.family}", model.family)
    known = {factor.name: factor.levels for factor in model.factors}
    if missing := sorted(runs.needed - set(known)):
        raise wrong(where, f"the factors {', '.join(sorted(runs.needed))}", f"none called {', '.join(missing)}")
    if odd := sorted(set(known) - runs.needed - runs.may):
        raise wrong(where, f"no other factors than {', '.join(sorted(runs.needed | runs.may))}", ", ".join(odd))
    if (model.quantity, model.rate) != (runs.quantity, runs.rate) or (runs.whole and not model.whole):
        wanted = f"{runs.quantity} as its quantity{f' and {runs.rate} as its rate' if runs.rate else ', no rate'}"
        if runs.whole:
            raise wrong(where, f"{wanted} and whole = true", f"{model.quantity!r}, {model.rate!r} and {model.whole}")
        raise wrong(where, wanted, f"{model.quantity!r} and {model.rate!r}")
    for name, levels in runs.levels.items():
        if odd := sorted(set(known.get(name, ())) - levels):
            raise wrong(where, f"of {name} the levels {', '.join(sorted(levels))}", ", ".join(odd))
    for name, level in runs.first.items():
        if known[name][0] != level:
            raise wrong(where, f"{level} as the first level of {name}", known[name][0])
    if not {kit.name for kit in model.kits} >= runs.kits:
        raise wrong(where, f"the kits {', '.join(sorted(runs.kits))}", ", ".join(kit.name for kit in model.kits))
