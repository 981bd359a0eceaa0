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
    """One load of a test: mass and indication in kg as exactly as they were stated, `added` small weights until its changeover point.  Of a
    reading while a load lies still (`tail` m15) the mass is that of the load; `net` where a tare was taken: less that."""

    point: str
    repeat: int
    tail: str
    load: Decimal
    shown: Decimal
    added: Decimal | None
    position: str
    place: str
    says: Mapping[str, Any]
    net: Decimal


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
    """The loads of a test that were read.  What is shown in another unit is turned into kg; a load of which no number was read is left out."""
    found: list[Weighed] = []
    load, tare, position = Decimal(0), Decimal(0), "centre"
    shown: dict[str, tuple[Decimal, Act]] = {}
    added: dict[str, Decimal] = {}
    order: list[tuple[str, Decimal, Decimal, str]] = []
    for act in acts:
        match act.kind:
            case "Load":
                load, position = number(act.value.get("mass_kg")) or Decimal(0), str(act.step.get("position", "centre"))
                tare = Decimal(0) if not load else tare
            case (
                "Keys"
            ):  # the one key that a test presses over a load takes it for tare; over the empty scale it is a unit price
                tare = load
            case "Read" if (value := number(act.value.get("weight"))) is not None:
                kg = value * unit_kg.get(str(act.value.get("unit") or unit), Decimal(1))
                shown[act.label] = kg, act
                order.append((act.label, load, tare, position))
            case "Changeover" if (small := number(act.value.get("added_kg"))) is not None:
                added[act.label] = small
            case _:
                pass
    for label, mass, tared, where in order:
        told = LABEL.fullmatch(label)
        if told is None:
            continue
        kg, act = shown[label]
        found.append(
            Weighed(
                told["point"], int(told["repeat"]), told["tail"], mass, kg, added.get(label), where, act.place, act.value, mass - tared,
            )
        )  # fmt: skip
    return found
