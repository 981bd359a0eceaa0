"""What was done under each test of an edition, from the journal: steps with their outcomes, in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.derive.parts import number
from harness.derive.recorded import Recorded

AROUND = ("Clause", "Phase", "Confirm")  # what is said of a test, and not done in it
LABEL = re.compile(r"T[0-9]+\.(?P<point>[0-9]+|e)\.(?P<repeat>[0-9]+)(?P<tail>[a-z0-9]*)")


@dataclass(frozen=True)
class Act:
    """A step that was done, its outcome, when it ended and where in the journal that stands."""

    step: Mapping[str, Any]
    value: Mapping[str, Any]
    t_ns: int
    place: str

    @property
    def kind(self) -> str:
        return str(self.step["type"])

    @property
    def label(self) -> str:
        return str(self.step.get("label", ""))


@dataclass(frozen=True)
class Weighed:
    """One reading of a load of a test: mass and indication in kg as exactly as they were stated, None where there is none to compare; `added` small
    weights until its changeover point.  Of a reading while a load lies still (`tail` m15) the mass is that of the load; `net`: less the tare."""

    point: str
    repeat: int
    tail: str
    load: Decimal
    shown: Decimal | None
    added: Decimal | None
    position: str
    place: str
    says: Mapping[str, Any]
    net: Decimal
    t_ns: int


def by_test(recorded: Recorded) -> dict[str, list[Act]]:
    """Of the attempts that stand, by the test's id; a test that was never begun has no entry."""
    found: dict[str, list[Act]] = {}
    test, step = "", {}
    for place, body in recorded.entries:
        match body.get("kind"):
            case "step":
                step = body["step"]
                if step["type"] == "Clause":
                    test = str(step["test"])
                    if test:
                        found[test] = []
            case "outcome" if test and step["type"] not in AROUND and "fault" not in body["value"]:
                found[test].append(Act(step, body["value"], int(body["t_ns"]), place))
            case _:
                pass
    return found


def weighed(acts: Sequence[Act], unit_kg: Mapping[str, Decimal], unit: str = "kg") -> list[Weighed]:
    """Every reading of a load, in order; nothing is left out, so that nothing passes because it was not read.  What is shown in another unit is
    turned into kg."""
    added = {act.label: number(act.value.get("added_kg")) for act in acts if act.kind == "Changeover"}
    found: list[Weighed] = []
    load, tare, position = number("0"), Decimal(0), "centre"
    for act in acts:
        match act.kind:
            case "Load":
                load, position = number(act.value.get("mass_kg")), str(act.step.get("position", "centre"))
                tare = tare if load else Decimal(0)
            case "Keys":  # the key that a test presses over a load takes it for tare; over the empty scale it is zero or a unit price
                tare = load or Decimal(0)
            case "Read" if told := LABEL.fullmatch(act.label):
                mass = load or Decimal(0)
                found.append(
                    Weighed(
                        told["point"], int(told["repeat"]), told["tail"], mass, _shown(act, load, unit_kg, unit), added.get(act.label), position,
                        act.place, act.value, mass - tare, act.t_ns,
                    )
                )  # fmt: skip
            case _:
                pass
    return found


def _shown(act: Act, load: Decimal | None, unit_kg: Mapping[str, Decimal], unit: str) -> Decimal | None:
    """The indication in kg; None where words stood there, it moved, nobody stated the load, or two officers read different marks on the weights."""
    value, marks = number(act.value.get("weight")), number(act.value.get("weights_kg"))
    if value is None or load is None or act.value.get("stable") == "no" or (marks is not None and marks != load):
        return None
    return value * unit_kg.get(str(act.value.get("unit") or unit), Decimal(1))
