"""Limits of deliveries: by the step of the volume, and never below Emin of the minimum measured quantity."""

from __future__ import annotations

import pytest

from harness.acceptance.liquids import mpe_rel
from harness.acceptance.result import Asked, Done, Setting
from harness.editions import edition
from harness.metrology.decision import Rule
from protocols.acceptance.clauses import Judged


@pytest.mark.parametrize(
    ("name", "least", "litres", "millilitres"),
    [
        ("oiml-r117-2007", "5", 5, 50), ("oiml-r117-2007", "2", 2, 20), ("oiml-r117-2007", "5", 20, 100),  # fuel_dispensers.md 3.1
        ("oiml-r117-2007", None, 5, 25), ("jjg443-2023", "5", 5, 15),  # none declared; an edition without Emin
    ],
)  # fmt: skip
def test_small_volumes(name: str, least: str | None, litres: float, millilitres: float) -> None:
    own = edition(name)
    profile = {} if least is None else {"minimum_quantity_l": least}
    asked = Asked(Setting(own, profile, {}, {}, Rule.GUARDED), Done(own.tests[0], ()), Judged("mean-error", "mpe"))
    assert mpe_rel(asked, litres) * litres * 1000 == pytest.approx(millilitres)
