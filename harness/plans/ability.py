"""What a bench can do, as far as a plan may know beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from fixtures.errors import BenchError
from protocols.acceptance import Edition

PIECES = 4  # that one hand puts on for one load
CLOSE = Decimal("0.02")  # of a load that a regulation asks for: its limit and its error follow what really lies there
NEAR = Decimal("0.1")  # of a load that a search asks for


@dataclass(frozen=True)
class Surveyed:
    """An instrument of a site and what the bench can do there; `complaint` refers to the complainant's receipt."""

    id: str
    product: str
    complaint: str
    can: Ability


@dataclass(frozen=True)
class SiteAbility:
    """The instruments of a site, how many of those without a complaint are drawn, how many get the full plan."""

    instruments: tuple[Surveyed, ...]
    draw: int
    full: int


@dataclass(frozen=True)
class ScaleAbility:
    """What a bench can do at a scale: `intervals` (Max, e) in kg, `masses_kg` at hand, `places_kg` where an instrument puts loads
    on and has a place for these alone, `keys` by their labels without those
    that are never pressed; `streamed`: its line is listened to; `presses`: an instrument presses the keys; `priced`: digit keys enter a unit price; `several_ranges`: it stays in the larger range until it
    is empty; `accuracy_class`: III where none is declared."""

    intervals: tuple[tuple[Decimal, Decimal], ...]
    masses_kg: tuple[Decimal, ...]
    keys: tuple[str, ...]
    clear_key: str
    streamed: bool
    presses: bool
    priced: bool = False
    several_ranges: bool = False
    places_kg: tuple[Decimal, ...] = ()
    accuracy_class: str = "III"

    def load(self, about_kg: str) -> Decimal:
        """The sum of at most PIECES masses at hand nearest to `about_kg`, none of them twice; never beyond Max.  Raises BenchError
        where everything at hand is."""
        wanted, most = Decimal(about_kg), self.intervals[-1][0]
        loads = [kg for kg in self.places_kg if 0 < kg <= most] if self.places_kg else _sums(self.masses_kg, most)
        if not loads:
            raise BenchError(
                f"expected a load of at most Max = {most} kg at hand, got {' '.join(map(str, self.masses_kg))} kg"
            )
        return min(loads, key=lambda s: (abs(s - wanted), s))

    def weights(self, about_kg: Decimal) -> Decimal:
        """As `load`, put together of as many masses as it takes: a laboratory has time.  BenchError where nothing comes CLOSE to it."""
        most = self.intervals[-1][0]
        loads = self.places_kg or _sums(self.masses_kg, most, len(self.masses_kg))
        found = min((kg for kg in loads if 0 < kg <= most), key=lambda kg: (abs(kg - about_kg), kg), default=Decimal(0))
        if abs(found - about_kg) > CLOSE * about_kg:
            raise BenchError(
                f"expected weights at hand for a load of {about_kg} kg, got {' '.join(map(str, self.masses_kg))} kg in all; "
                "declare them under [reference] masses_kg"
            )
        return found


@dataclass(frozen=True)
class TaxiAbility:
    """What a bench can do at a taxi: `controls` of the driver that can be worked, length of the surveyed stretch, whether the
    meter's link is `heard`, whether an instrument gives it pulses (`fed`) and up to which speed that makes sense."""

    controls: tuple[str, ...]
    stretch_m: Decimal
    heard: bool
    fed: bool
    most_km_h: Decimal


@cache
def _sums(masses_kg: tuple[Decimal, ...], most_kg: Decimal, most: int = PIECES) -> tuple[Decimal, ...]:
    """What can be put together of at most `most` of `masses_kg`, up to `most_kg`."""
    sums: list[set[Decimal]] = [{Decimal(0)}, *(set() for _ in range(most))]
    for mass in masses_kg:
        for pieces in range(most, 0, -1):
            sums[pieces] |= {s + mass for s in sums[pieces - 1] if s + mass <= most_kg}
    return tuple(sorted(set[Decimal]().union(*sums[1:])))


@dataclass(frozen=True)
class Ability:
    """`inline`: the reference measures inside a delivery; `metered`: a mass meter in the line measures it whole; else it
    is caught: in a neck prover where `prover_l` says from which volume to which it can be read, or in a can and weighed.

    `can_l`: the largest delivery that the can holds.  `remote`: a seized remote can be pressed on record.
    `price` per litre, for amount presets.  `scale`: of a bench before a scale; `taxi`: of one in or before a taxi.  `edition`: the regulation that it is
    judged by, and whose tests an acceptance plan does.
    """

    stations: frozenset[str]
    inline: bool
    remote: bool
    can_l: Decimal
    price: Decimal
    site: SiteAbility | None = None
    prover_l: tuple[Decimal, Decimal] | None = None
    metered: bool = False
    scale: ScaleAbility | None = None
    taxi: TaxiAbility | None = None
    edition: Edition | None = None

    @property
    def whole(self) -> bool:
        """The reference measures a delivery of any length."""
        return self.inline or self.metered

    @property
    def reads_start(self) -> bool:
        """A hand at the nozzle and eyes on the display are all there is to see what a new sale starts from."""
        return not self.whole and "display" in self.stations and "register" not in self.stations

    @property
    def fill_l(self) -> Decimal:
        """What the prover is filled with: a round volume where its neck reads one, else the middle of the neck."""
        if self.prover_l is None:
            return self.can_l
        low, high = self.prover_l
        middle = (low + high) / 2
        round_l = middle.quantize(Decimal("0.1"))
        return (round_l if low < round_l < high else middle).quantize(Decimal("0.01"))

    def measures(self, volume_l: Decimal) -> bool:
        """Whether somebody has to measure a delivery of that volume, and can."""
        if self.whole or "reference" not in self.stations:
            return False
        if self.prover_l is not None:
            return self.prover_l[0] <= volume_l <= self.prover_l[1]
        return volume_l <= self.can_l
