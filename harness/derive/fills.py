"""Fills of a can, a prover or a mass meter -> litres of a delivery or of its parts, with standard uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from harness.derive import gas_reference, prover, weighing
from harness.derive.parts import Part, Stage, Taken, Told, number
from harness.derive.recorded import Recorded
from harness.judge.contract import Portion

RAW = {
    "weigh": ("gross_g", "tare_g", "density_kg_m3", "t_c", "t_meter_c"),
    "prove": ("h0_mm", "h_mm", "added_ml", "t_meter_c", "t_measure_c"),
}
TEMPERATURES = {"weigh": ("t_c", "t_meter_c"), "prove": ("t_meter_c", "t_measure_c")}


class Fills:
    """What the references of one run measured, by the certificate its bench file declares."""

    def __init__(self, recorded: Recorded, tale: Told) -> None:
        self._reference = reference = recorded.bench.reference
        self._prover = prover.Prover.declared(reference) if reference.get("kind") == "prover_neck" else None
        self._profile, self._product = recorded.bench.profile, tale.stated.get("product", "")

    def whole(self, part: Part) -> tuple[float, float] | None:
        """Litres of the whole delivery: measured at once, or in parts that leave nothing out.  None where it was not
        measured, or where the readings cannot be true (an empty can heavier than the full one)."""
        for how in ("weigh", "prove"):
            if how in part.reads:
                return self._litres(how, part.reads[how][2])
        if "meter_before" in part.outcome:
            return self._metered(part.outcome["meter_before"], part.outcome["meter_after"])
        flowed = [stage for stage in part.stages if stage.until_l != 0]
        fills = [self._litres(stage.fill[0], stage.fill[1][2]) if stage.fill else None for stage in flowed]
        found = [fill for fill in fills if fill is not None]
        if not part.hung_up or not found or len(found) < len(fills):
            return None
        # one certificate, one hydrometer: their errors add up
        return sum(litres for litres, _ in found), sum(u for _, u in found)

    def portions(self, part: Part) -> tuple[Portion, ...]:
        """The parts of a sale that were measured on their own; those whose readings cannot be true are left out."""
        found = []
        for before, stage in pairwise([None, *part.stages]):
            if stage is None or stage.fill is None or not stage.displays:
                continue
            litres = self._litres(stage.fill[0], stage.fill[1][2])
            begin = self._begin(before)
            end = self._shown(stage.displays)
            if litres is None or begin is None or end is None or end[0] <= begin[0]:
                continue
            found.append(
                Portion(
                    from_l=begin[0],
                    to_l=end[0],
                    reference_l=litres,
                    window_ns=(begin[1], end[1]),
                    stop="preset" if stage.until_l is None else "hand",
                    displays_sure=begin[2] and end[2],
                    fill_sure=stage.fill[1][2].get("read_twice") is True,
                )
            )
        return tuple(found)

    def observed(self, part: Part) -> dict[str, Any]:
        """What was recorded about the measuring itself."""
        fills = [(how, part.reads[how]) for how in RAW if how in part.reads]
        fills += [stage.fill for stage in part.stages if stage.fill is not None]
        return {
            **gas_reference.observed(self._reference, [taken[2] for _, taken in fills]),
            "temperature_recorded": bool(fills) and all(_given(taken, TEMPERATURES[how]) for how, taken in fills),
            "reference_read_twice": bool(fills) and all(taken[2].get("read_twice") is True for _, taken in fills),
        }

    def _litres(self, how: str, answered: Mapping[str, Any]) -> tuple[float, float] | None:
        kind = str(self._reference.get("kind", ""))
        readings = {key: number(answered.get(key)) for key in gas_reference.RAW.get(kind, RAW[how])}
        try:
            if kind in gas_reference.RAW:
                return gas_reference.quantity(self._reference, self._profile, readings)
            if how == "weigh":
                return weighing.litres(readings, self._product)
            return None if self._prover is None else prover.litres(self._prover, readings, self._product)
        except ValueError:
            return None  # the readings stay in the journal; what they cannot mean measures nothing

    def _metered(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[float, float] | None:
        u_rel = number(self._profile.get("reference_u_rel"))
        readings = {
            "mass_before_kg": number(before.get("mass_total_kg")),
            "mass_after_kg": number(after.get("mass_total_kg")),
            "density_kg_m3": number(after.get("density_kg_m3")),
        }
        try:
            return weighing.metered_litres(readings, None if u_rel is None else float(u_rel))
        except ValueError:
            return None

    def _begin(self, before: Stage | None) -> tuple[Decimal, int, bool] | None:
        """Display at the beginning of a part, when it was read, and whether it is sure; zero at that of a sale."""
        if before is None:
            return Decimal(0), 0, True
        return self._shown(before.displays[::-1])

    def _shown(self, displays: Sequence[Taken]) -> tuple[Decimal, int, bool] | None:
        """The first reading that another look or its amount confirms, else the first; when, and whether it is sure."""
        found = [(number(read[2].get("volume_l")), read[0], self._sure(displays, i)) for i, read in enumerate(displays)]
        volumes = [(volume, t_ns, sure) for volume, t_ns, sure in found if volume is not None]
        return next((entry for entry in volumes if entry[2]), volumes[0]) if volumes else None

    def _sure(self, displays: Sequence[Taken], which: int) -> bool:
        """The reading `which` was repeated after another look, or the displayed amount is price times volume."""
        read = displays[which][2]
        volume = number(read.get("volume_l"))
        if any(
            number(other[2].get("volume_l")) == volume for i, other in enumerate(displays) if i != which % len(displays)
        ):
            return True
        if volume == 0:
            return True
        amount, price = number(read.get("amount")), number(read.get("price"))
        if volume is None or amount is None or price is None:
            return False
        step, money = (Decimal(str(self._profile[key])) for key in ("volume_resolution_l", "amount_resolution"))
        return abs(amount - price * volume) <= money + price * step


def _given(taken: Taken, keys: Sequence[str]) -> bool:
    return all(number(taken[2].get(key)) is not None for key in keys)
