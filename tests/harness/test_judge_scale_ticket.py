"""Tickets and records: one interval of flicker, another unit, the ticket of the load before are honest; rewritten ones are not."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from harness.judge.contract import Segment
from harness.judge.laws import ticket
from tests.weighed import begin_s, loading, priced, register, run

LOADS = ("0.530", "0.265", "1.190", "0.785", "2.135")


def weighed(number: int, kg: str, on_ticket: str, **context: object) -> Segment:
    printed = register("ticket", [on_ticket], [begin_s(number) + 6])
    return loading(number, float(kg), [kg], registers=[printed], **context)


@pytest.mark.parametrize(("more", "hits"), [("0", 0), ("0.005", 0), ("-0.005", 0), ("0.010", 1)])
def test_a_ticket_beside_the_display(more: str, hits: int) -> None:
    readings = run(ticket.DETECTOR, *(weighed(n, kg, str(Decimal(kg) + Decimal(more))) for n, kg in enumerate(LOADS)))
    assert [one.hits for one in readings] == [hits] * len(LOADS)
    assert {str(one.link) for one in readings} == {"display>ticket"}


def test_a_ticket_ten_per_cent_heavier() -> None:
    readings = run(ticket.DETECTOR, *(weighed(n, kg, str(Decimal(kg) * Decimal("1.1"))) for n, kg in enumerate(LOADS)))
    assert readings[2].effect == pytest.approx(0.1)
    assert np.prod([one.e for one in readings]) > 1e5


def test_one_misread_digit_weighs_little() -> None:
    said = ["0.530", "0.265", "1.790", "0.785", "2.135"]
    readings = run(ticket.DETECTOR, *(weighed(n, kg, own) for n, (kg, own) in enumerate(zip(LOADS, said, strict=True))))
    assert sum(one.hits for one in readings) == 1
    assert np.prod([one.e for one in readings]) < 20


def test_the_ticket_of_the_load_before_says_nothing() -> None:
    readings = run(ticket.DETECTOR, weighed(0, "0.530", "0.530"), weighed(1, "1.190", "0.530"))
    assert readings[1].reason == "the ticket is that of the load before"


@pytest.mark.parametrize("context", [{"units": ("jin", "kg")}, {"pressed_before": ("press-add",)}])
def test_mixed_units_and_sums_are_not_compared(context: dict[str, object]) -> None:
    (reading,) = run(ticket.DETECTOR, weighed(1, "0.530", "1.060", **context))
    assert not reading.spoke


def test_unit_price_and_price_on_the_ticket() -> None:
    def one(number: int, unit_price: str, price: str) -> Segment:
        own = [*priced(number, "0.530", "12.50", "6.63"), *priced(number, "0.530", unit_price, price, "ticket", at_s=6)]
        return loading(number, 0.53, registers=own)

    honest, dearer, wrong = run(ticket.DETECTOR, one(0, "12.50", "6.63"), one(1, "13.50", "7.16"), one(2, "12.50", "7.29"))  # fmt: skip
    assert honest.hits == 0
    assert (dearer.at["differs"], wrong.at["differs"]) == (("unit price", "price"), ("price",))
    assert wrong.effect == pytest.approx(0.1, abs=0.01)


def test_the_record_is_held_against_the_ticket_and_without_one_against_the_display() -> None:
    def truck(number: int, kg: str, on_ticket: str | None, recorded: str) -> Segment:
        own = [register("record", [recorded], [begin_s(number) + 8], "20")]
        own += [] if on_ticket is None else [register("ticket", [on_ticket], [begin_s(number) + 6], "20")]
        return loading(number, None, [kg], registers=own)

    profile = {"intervals": "60000/20"}
    readings = run(ticket.DETECTOR, truck(0, "32460", "32460", "32460"), truck(1, "18220", "18220", "20220"), **profile)
    hits = {(str(one.link), one.segment): one.hits for one in readings}
    assert hits == {
        ("display>ticket", "L0"): 0, ("ticket>record", "L0"): 0, ("display>ticket", "L1"): 0, ("ticket>record", "L1"): 1,
    }  # fmt: skip
    (alone,) = run(ticket.DETECTOR, truck(0, "32460", None, "34460"), **profile)
    assert (str(alone.link), alone.hits) == ("display>record", 1)
