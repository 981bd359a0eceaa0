"""The miniature raid: two deliveries of 0.5 L, short enough to be broken at every single place of its course."""

from __future__ import annotations

from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.sale import sale
from harness.step import Confirm, Phase, Plan

BENCH = "dispenser-k1"  # a tap of the till's line and an officer: bytes of a device and of a person


def steps(can: Ability) -> Plan:
    yield from blocks.before()
    yield Confirm("safety", "Lane closed off")
    yield Phase("B", "control taken")
    yield Confirm("control", "Till and power room are secured")
    yield from blocks.badge()
    yield from blocks.identity()
    yield from sale(can, "B1", "0.50")
    yield Phase("C", "overt")
    yield from sale(can, "C1", "0.50")
    yield Phase("D", "preservation decided")
    yield from blocks.preservation()
    yield from blocks.identity_again()
    yield from blocks.closing("Fuel returned, instrument sealed unchanged")


PLAN = PlanSpec("miniature", "dispenser", frozenset({"reference", "display"}), steps, "two deliveries of 0.5 L")
