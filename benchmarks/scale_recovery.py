"""What a verdict should have told of a scale's cheat, from how the simulation was built, and whether it did.

A size counts as recovered where a finding says it within a tenth: a share of the load as gain or as a lattice point, a mass as
`added_kg`, `offset_kg` or a lattice point; where keys choose among levels, any of them.  A trigger that is a code of keys counts
as named where a finding names the keys that switch it; every other trigger is told by the contrast that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

NEAR = 0.1
SHARES = frozenset({  # a gain of one cell acts by where the load stands: it has no one size
    "NetGain", "AnalogueGain", "DisplayGain", "UnitFactor", "PriceGain", "WindowGain", "Respan", "JackFoot", "LineRewrite", "Simulator",
})  # fmt: skip
MASSES = frozenset({"Base", "Pan", "Remainder", "LeadOffset", "Field", "LoadedZero", "RecordEdit"})
POINTS = {"share": ("lattice_percent",), "kg": ("added_kg", "offset_kg", "lattice_kg")}


@dataclass(frozen=True)
class Built:
    """`sizes` at its levels, in `unit`: share, kg, or "" where it changes no weight; `codes` of keys that switch it."""

    sizes: tuple[float, ...]
    unit: str
    codes: tuple[tuple[str, ...], ...]
    trigger: str


def built(family: str, cheat: str) -> Built:
    """Of the first part that has a size."""
    from fixtures.sim.scale.cheats import parse_scale_cheat
    from fixtures.sim.scale.truck.cheats import parse_truck_cheat

    parts: Sequence[Any] = (parse_scale_cheat(cheat) if family == "price-scale" else parse_truck_cheat(cheat)).parts
    named = [(type(part.mechanism).__name__, part) for part in parts]
    kind, part = next(((k, p) for k, p in named if k in SHARES | MASSES), named[0])
    unit = "share" if kind in SHARES else "kg" if kind in MASSES else ""
    trigger = part.trigger
    select, arm = getattr(trigger, "select", ()), getattr(trigger, "arm", ())
    most = getattr(part.mechanism, "most", None) or getattr(trigger, "most", None) or getattr(trigger, "positions", 1)
    levels = len(select) or int(most)
    codes = tuple((*arm, key) for key in select) or ((arm,) if arm else ())
    codes += tuple((key,) for key in select) if arm else ()
    codes += ((trigger.key,),) if hasattr(trigger, "key") else ()
    name = getattr(trigger, "value", type(trigger).__name__.lower())
    size = float(part.mechanism.size) if unit else 0.0
    return Built(tuple(size * k for k in range(1, levels + 1)), unit, codes, str(name))


def recovered(family: str, cheat: str | None, findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Size and code as built and as told by `findings`, and whether they agree; None where there is nothing to recover."""
    if cheat is None or not findings:
        return {}
    own = built(family, cheat)
    told = _sizes(own.unit, findings)
    codes = [tuple(code.split()) for finding in findings for code in finding["at"].get("codes", ())]
    near = [(abs(abs(t / s) - 1), t) for t in told for s in own.sizes if s]
    best = min(near, default=None)
    return {
        "built": asdict(own),
        "size": None if best is None else best[1],
        "size_met": best is not None and best[0] <= NEAR if own.unit else None,
        "codes": [" ".join(code) for code in dict.fromkeys(codes)],
        "code_met": any(_names(code, one) for code in codes for one in own.codes) if own.codes else None,
    }


def _names(told: tuple[str, ...], built: tuple[str, ...]) -> bool:
    """The same keys in the same order, or the one key of `built` pressed more than once."""
    return told == built or (len(built) == 1 and set(told) == set(built))


def _sizes(unit: str, findings: Sequence[Mapping[str, Any]]) -> list[float]:
    if not unit:
        return []
    accounts = [finding["account"] for finding in findings if finding["account"]]
    points = [
        float(one["value"]) / (100 if unit == "share" else 1)
        for account in accounts
        for one in account["parameters"]
        if one["name"] in POINTS[unit]
    ]
    gains = [float(account["gain"]) for account in accounts if account["gain"] is not None]
    return points + (gains if unit == "share" else [])


def summary(results: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """(size, trigger) of one row of the table: as built, as told, in how many runs it agrees."""
    own = [r["recovered"] for r in results if r.get("recovered")]
    if not own:
        return "", ""
    first = own[0]["built"]
    scale, unit = (100, " %") if first["unit"] == "share" else (1, " kg")
    sized = [one for one in own if one["size_met"] is not None]
    told = sorted(one["size"] for one in sized if one["size"] is not None)
    size = ""
    if sized:
        most = f" to {scale * first['sizes'][-1]:.4g}" if len(first["sizes"]) > 1 else ""
        said = f"{scale * told[len(told) // 2]:+.3g}{unit}" if told else "none"
        met = sum(one["size_met"] for one in sized)
        size = f"{scale * first['sizes'][0]:.4g}{most}{unit}: {said} ({met}/{len(results)})"
    coded = [one for one in own if one["code_met"] is not None]
    named = sum(one["code_met"] for one in coded)
    trigger = f"{' '.join(first['codes'][0])}: {named}/{len(results)}" if coded else first["trigger"]
    return size, trigger
