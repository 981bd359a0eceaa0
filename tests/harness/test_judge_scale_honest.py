"""Honest situations at a scale that look like more: none of them is proven, and what nothing excluded is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest

from harness.judge.contract import Integrity, Segment, Verdict, View
from harness.judge.facts import FACTS
from harness.judge.ground import Ground
from harness.judge.intervals import mpe_kg
from harness.judge.interventions.random_press import DETECTOR as RANDOM_PRESS
from harness.judge.laws.load_line import DETECTOR as LOAD_LINE
from harness.judge.loads import shown, undisturbed
from harness.judge.weighing_facts import sizes
from tests.harness.test_judge_scale_verdict import LOADS, found, judged
from tests.weighed import PROFILE, VALIDATED, begin_s, loading, priced, register, run, shown_as, stream

MASSES = (*LOADS, 0.0, *LOADS, 0.0, *LOADS)
KEPT = 1.0
TRUCK: dict[str, Any] = {"intervals": "80000/20", "keys": "", "price_rounding": ""}
GROSS_TARE_KG = ((12000, 3900), (18000, 6100), (25000, 8000), (32000, 10100), (40000, 13000), (49000, 15500))


def visit(shown_of: Callable[[int, float], float], ticket: float = KEPT) -> list[Segment]:
    """Covert purchases, the same loads openly, then after a power cut; `shown_of` (place, mass): the weight displayed."""
    own = []
    for n, mass in enumerate(MASSES):
        context = {"covert": n < 6, "state": "power-1" if n > 13 else "power-0", "phase": "A" if n < 6 else "C" if n < 14 else "E"}  # fmt: skip
        kg = shown_as(shown_of(n, mass))
        registers = [register("display", [kg], [begin_s(n) + 2])]
        if mass:
            registers = priced(
                n, str(kg), "23.80", str((kg * Decimal("23.80")).quantize(Decimal("0.01"), ROUND_HALF_UP))
            )
            registers.append(register("ticket", [kg * Decimal(str(ticket))], [begin_s(n) + 8]))
        own.append(replace(loading(n, mass, registers=registers, **context), id=f"W{n}"))
    return own


def still_open(verdict: Verdict, detector: str) -> list[str]:
    one = found(verdict, detector)
    assert one.level is not Integrity.PROVEN
    return [cause.cause for cause in one.explanations if not cause.excluded_by]


def test_a_price_scale_that_showed_jin_to_the_covert_customer() -> None:
    verdict = judged(visit(lambda n, mass: 2 * mass if n < 6 else mass))
    assert "the weight was shown, printed or written down in another unit" in still_open(verdict, "load-gain")


def test_tickets_in_jin() -> None:
    verdict = judged(visit(lambda n, mass: mass, ticket=2.0))
    assert "the weight was shown, printed or written down in another unit" in still_open(verdict, "ticket-law")


def test_a_stored_tare_on_the_empty_pan_that_comes_and_goes() -> None:
    own = []
    for i in range(16):
        own += [
            loading(2 * i, LOADS[i % 6], [shown_as(LOADS[i % 6])]),
            loading(2 * i + 1, 0.0, [("-0.020", "0.000")[i % 2]]),
        ]
    assert still_open(judged(own), "zero-return") == ["a tare was held: that of the load before, or one stored under a key"]  # fmt: skip


def after_presses(key: str, seen: Callable[[float], str]) -> list[Segment]:
    """Loads that lie still; `key` pressed three times with another in between, after it `seen` of the load."""
    own = []
    for n, mass in enumerate((0.53, 1.19, 0.87, 2.38, 1.62)):
        kg = str(shown_as(mass))
        keys = [(5.0 + 5 * i, key if i % 2 else "1") for i in range(6)]
        own.append(loading(n, mass, [kg, *[seen(mass) if i % 2 else kg for i in range(6)]], keys=keys))
    return own


def test_a_count_of_sales_in_the_place_of_the_weight() -> None:
    verdict = judged(after_presses("total", lambda mass: "7.000"))
    assert "a sum, a count of sales or a message stood in the place of the weight" in still_open(verdict, "held-load")


@pytest.mark.parametrize("key", ["total", "M5"])
def test_a_share_of_each_load_after_a_key_is_no_count(key: str) -> None:
    assert (
        found(judged(after_presses(key, lambda mass: str(shown_as(1.2 * mass)))), "held-load").level is Integrity.PROVEN
    )


def deck(number: int, **stations: int) -> Segment:
    """A vehicle of unknown mass, as each station has it, kg."""
    at = {"display": 2, "ticket": 8, "record": 12}
    registers = [register(name, [Decimal(kg)], [begin_s(number) + at[name]], "20") for name, kg in stations.items()]
    return loading(number, None, registers=registers)


def test_a_record_that_keeps_net_of_vehicles() -> None:
    """Tares grow with vehicles; one share of all of them, or less than any vehicle weighs, is no tare."""
    net = judged([deck(n, ticket=gross, record=gross - tare) for n, (gross, tare) in enumerate(GROSS_TARE_KG)], **TRUCK)
    assert "the ticket prints gross, net and tare in another place than read" in still_open(net, "ticket-law")
    share = judged([deck(n, ticket=gross, record=round(gross * 0.7 / 20) * 20) for n, (gross, _) in enumerate(GROSS_TARE_KG)], **TRUCK)  # fmt: skip
    assert found(share, "ticket-law").level is Integrity.PROVEN


def test_a_line_that_sends_gross_of_vehicles() -> None:
    own = [
        loading(n, None, [Decimal(gross - tare)], line=stream([float(gross)] * 300, begin_s(n), step="20"))
        for n, (gross, tare) in enumerate(GROSS_TARE_KG)
    ]
    assert still_open(judged(own, **TRUCK), "weight-law") == ["the line sends gross and the display net"]


@pytest.mark.parametrize("loads", [(0.285, 0.585, 0.880, 1.195, 1.785, 2.895), (0.290, 0.890, 1.880, 2.980, 1.985, 0.580)])  # fmt: skip
def test_a_dark_segment_of_the_display(loads: Sequence[float]) -> None:
    dark = str.maketrans("89", "65")
    own = [
        loading(n, kg, [str(shown_as(kg)).translate(dark)], line=stream([float(shown_as(kg))] * 380, begin_s(n)))
        for n, kg in enumerate(loads)
    ]
    assert any("segment of the display" in cause for cause in still_open(judged(own), "weight-law"))


def test_without_declared_intervals_nothing_is_claimed() -> None:
    undeclared = {key: value for key, value in PROFILE.items() if key != "intervals"}
    own = [loading(n, mass, [shown_as(mass, "0.05")]) for n, mass in enumerate(LOADS * 2)]
    assert not any(one.hits for one in LOAD_LINE.judge(own, View(undeclared, LOAD_LINE.parameters, VALIDATED)))
    assert mpe_kg(undeclared, 1.0) is None


def test_thousands_of_presses_are_read_in_seconds() -> None:
    keys = [(1 + 30 * i / 3000, "123456789"[i % 9]) for i in range(3000)]
    own = loading(0, 0.53, ["0.530"] * 3000, keys=keys, at_s=[1.001 + 30 * i / 3000 for i in range(3000)])
    begun = time.perf_counter()
    assert len(undisturbed(shown(own, "display"), PROFILE)) == 3000
    assert time.perf_counter() - begun < 10


def test_drivers_who_get_out_on_the_deck() -> None:
    rng = np.random.default_rng(3)
    own = []
    for n, gross in enumerate((12000, 18000, 25000, 32000, 40000, 49000, 22000, 36000)):
        on = np.interp(np.arange(60), [0, 20, 30, 50, 60], [0, 0, gross * 0.3, gross, gross])
        there = np.full(380, float(gross)) - 80 * np.clip((np.arange(380) - rng.integers(150, 210)) / 8, 0, 1)
        said = np.round((np.concatenate([on, there]) + rng.normal(0, 4, 440)) / 20) * 20
        own.append(loading(n, None, line=stream(said.tolist(), begin_s(n) - 6, step="20")))
    assert not judged(own, **TRUCK).findings


def test_an_indicator_that_calls_everything_stable() -> None:
    own, before = [], 0.0
    for n, mass in enumerate((0.53, 1.19, 0.87, 2.38, 1.62, 2.9)):
        line = stream((mass + (before - mass) * np.exp(-np.arange(400) / 4)).tolist(), begin_s(n) - 3)
        own.append(loading(n, mass, [shown_as(mass)], line=line))
        before = mass
    assert not judged(own).findings


def test_water_on_the_pan() -> None:
    own = []
    for i in range(8):
        mass = LOADS[i % 6]
        own += [loading(2 * i, mass, [shown_as(mass + 0.01)]), loading(2 * i + 1, 0.0, ["0.010"])]
    assert not judged(own).findings


def test_a_discount_on_one_article() -> None:
    own = []
    for n, mass in enumerate(LOADS * 2):
        kg, unit_price = shown_as(mass), Decimal("23.80" if n % 2 else "17.60")
        asked = (kg * unit_price * (Decimal("0.9") if n % 2 else 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        own.append(replace(loading(n, mass, registers=priced(n, str(kg), str(unit_price), str(asked))), id=f"W{n}"))
    assert "a discount is stored for some articles or customers" in still_open(judged(own), "price-law")


def test_a_dead_row_of_the_keypad() -> None:
    tests = {"change": "no", "total": "no", "add": "no", "print": "no"}
    own = [loading(n, mass, [shown_as(mass)], key_tests=tests) for n, mass in enumerate(LOADS * 2)]
    assert not judged(own).findings


def test_loads_between_two_misread_ones_are_not_off_the_line() -> None:
    masses = (0.263, 0.53, 0.797, 1.187, 1.713, 2.353, 2.953, 3.553, 4.153, 4.753)
    odd = {4: 1.0, 8: 0.1}
    own = [loading(n, mass, [shown_as(mass) + Decimal(str(odd.get(n, 0)))]) for n, mass in enumerate(masses)]
    [found_] = [one for one in run(LOAD_LINE, *own) if one.spoke]
    assert found_.hits == 2


def test_what_a_lot_shows_has_a_size() -> None:
    """The size of what follows the presses is known beside the load, with its direction."""
    letters = "ABBABAAB" * 6
    seen = [shown_as(1.19), *(shown_as(1.19 * (0.8 if letter == "B" else 1)) for letter in letters)]
    keys = [(2.6 + 0.7 * i, "M5") for i, letter in enumerate(letters) if letter == "B"]
    own = loading(0, 1.19, seen, keys=keys, at_s=[2, *(2.9 + 0.7 * i for i in range(len(letters)))], allocation=letters, allocation_sha256="ab" * 32)  # fmt: skip
    [lot] = run(RANDOM_PRESS, own)
    ground = Ground(lot.link, (lot,), (own,), (), PROFILE, lot.shape)
    [size] = sizes(ground)
    assert (size.load_kg, size.kg) == (pytest.approx(1.19, abs=0.005), pytest.approx(-0.238, abs=0.01))
    assert FACTS["beyond_honest_change"].holds(ground)
    assert not FACTS["reads_more"].holds(ground)


def armed(gain: float, empty: str) -> list[Segment]:
    """Loads, a code with a key that moves the weight over the empty pan, loads again with `empty` shown in between."""
    own = [loading(n, mass, [shown_as(mass)], covert=False) for n, mass in enumerate(LOADS)]
    own.append(loading(6, 0.0, ["0.000", empty], keys=[(4, "2"), (5, "tare")], at_s=[2, 9]))
    after = {"covert": False, "pressed_before": ("press-2", "press-tare")}
    for n, mass in enumerate(LOADS * 3):
        own += [
            loading(7 + 2 * n, mass, [shown_as(mass * (1 + gain) + float(empty))], **after),
            loading(8 + 2 * n, 0.0, [empty], **after),
        ]
    return own


def test_one_interval_on_the_empty_pan_hides_no_gain() -> None:
    assert found(judged(armed(0.2, "0.005")), "load-gain").level is Integrity.PROVEN
    assert not any("load-gain" in one.detectors for one in judged(armed(0.0, "-0.005")).findings)
