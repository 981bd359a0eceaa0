"""What a plan may count on at a taxi, from the bench file alone: controls to work, the surveyed stretch, what gives pulses."""

from __future__ import annotations

from decimal import Decimal

from fixtures.benchfile import BenchFile
from harness.plans.ability import TaxiAbility

TAXI = "taximeter"
CONTROLS = (
    "horn indicator-left indicator-right wipers headlights gear clutch brake pedal radio window button lighter magnet"
)
STRETCH_M = "1000"


def taxi_ability(file: BenchFile) -> TaxiAbility:
    return TaxiAbility(
        controls=tuple(str(file.profile.get("controls", CONTROLS)).split()),
        stretch_m=Decimal(str(file.reference.get("stretch_m", STRETCH_M))),
        heard="listen" in file.roles,
        fed="drive" in file.roles,
        most_km_h=Decimal(str(file.profile.get("max_speed_kmh", "180"))),
    )
