"""What is done at the instrument when a run ends before its plan: nobody is left with an open nozzle and a full can."""

from __future__ import annotations

from fixtures.language import mark
from harness.plans.ability import Ability
from harness.step import Confirm, Inquire, Plan, Read


def steps(can: Ability) -> Plan:
    """After something was delivered: nozzle, fuel, totaliser where somebody can read it, seals."""
    yield Confirm("hung_up", mark("The run ends here. Close the nozzle and hang it up; the sale is ended"))
    if "totaliser" in can.stations:
        yield Read("totaliser", "end")
    yield Inquire("seals_left", mark("Numbers and state of all seals as they are left now"))
    yield Confirm(
        "returned",
        mark("What was caught is returned by grade to its tank; litres recorded, the instrument left unchanged"),
    )
