"""Raw readings of fills: surprising ones are taken twice, instruments are read where the bench has them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.bench import Bench
from fixtures.errors import BenchError
from harness.measuring import MOST_READINGS, Measuring
from harness.step import Prove, Weigh

PROVER = {
    "kind": "prover_neck", "capacity_l": "20", "ml_per_mm": "2", "h0_mm": "66", "low_mm": "5", "high_mm": "140",
    "u_ml": "2.5", "material": "stainless", "pre_wet": True, "drip_s": "30",
}  # fmt: skip
TEN_LITRES = {"gross_g": "10639", "tare_g": "3200", "density_kg_m3": "745", "t_c": "15", "t_meter_c": "15"}
NECK = {"h0_mm": "66", "h_mm": "66", "added_ml": None, "t_meter_c": "20", "t_measure_c": "20"}
PROFILE = {"volume_resolution_l": "0.01", "amount_resolution": "0.01"}


def exact(readings: Mapping[str, str | None]) -> dict[str, Decimal | None]:
    return {key: None if value is None else Decimal(value) for key, value in readings.items()}


class Officer:
    """Answers from a list and remembers what he was asked."""

    def __init__(self, *answers: Mapping[str, str | None]) -> None:
        self.answers = [exact(answer) for answer in answers]
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def ask(self, verb: str, text: str, **parameters: Any) -> Mapping[str, Any]:
        self.asked.append((verb, text, parameters))
        return {} if verb == "load" else self.answers.pop(0)


class Balance:
    def __init__(self, *grams: str) -> None:
        self.grams = list(grams)

    def weigh(self) -> Mapping[str, str]:
        return {"mass_g": self.grams.pop(0), "stable": "yes"}


class Meter:
    def __init__(self, *totals: str) -> None:
        self.readings = [{"mass_total_kg": total, "density_kg_m3": "745"} for total in totals]

    def read(self) -> Mapping[str, str]:
        return self.readings.pop(0)


def measuring(officer: Officer, shown: str = "10.00", **drivers: Any) -> Measuring:
    file = SimpleNamespace(
        reference=PROVER, profile=PROFILE, where="bench.toml", roles={role: role for role in drivers}
    )
    bench = cast(Bench, SimpleNamespace(file=file, driver_for=drivers.get))
    it = Measuring(bench, officer)
    it.begins(new_sale=True)
    it.displayed(Decimal(shown))
    return it


def test_what_agrees_with_the_display_is_read_once() -> None:
    officer = Officer(TEN_LITRES)
    assert measuring(officer).weigh(Weigh("A1")) == TEN_LITRES
    assert [parameters["again"] for _, _, parameters in officer.asked] == [False]


def test_a_real_shortfall_is_read_twice_and_stands() -> None:
    officer = Officer({**TEN_LITRES, "gross_g": "10240"}, {**TEN_LITRES, "gross_g": "10241"})
    found = measuring(officer).weigh(Weigh("A1"))
    assert found["read_twice"] is True
    assert found["gross_g"] == "10241"
    assert found["earlier"] == [{**TEN_LITRES, "gross_g": "10240"}]
    assert "stands far from the display" in officer.asked[1][1]


def test_a_slip_is_corrected_by_the_second_reading() -> None:
    officer = Officer({**TEN_LITRES, "gross_g": "16639"}, TEN_LITRES)
    found = measuring(officer).weigh(Weigh("A1"))
    assert found["gross_g"] == "10639"
    assert found["read_twice"] is False


def test_readings_that_never_agree_end_after_the_third() -> None:
    officer = Officer(*({**TEN_LITRES, "gross_g": gross} for gross in ("16639", "13639", "19639")))
    found = measuring(officer).weigh(Weigh("A1"))
    assert len(officer.asked) == MOST_READINGS
    assert found["read_twice"] is False
    assert [entry["gross_g"] for entry in found["earlier"]] == ["16639", "13639"]


def test_a_part_of_a_sale_is_always_read_by_both() -> None:
    officer = Officer(TEN_LITRES, TEN_LITRES)
    found = measuring(officer).weigh(Weigh("C4", 2))
    assert found["read_twice"] is True
    assert "both officers" in officer.asked[1][1]
    assert "part 2" in officer.asked[0][1]


def test_a_part_is_compared_with_what_the_display_gained() -> None:
    officer = Officer(TEN_LITRES, TEN_LITRES)
    it = measuring(officer, shown="18.00")
    it.begins(new_sale=False)
    it.displayed(Decimal("28.00"))
    it.weigh(Weigh("C4", 2))
    assert "stands far" not in officer.asked[1][1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"h_mm": "310"}, "h_mm expected 5 to 140, the scale of the neck, got 310"),
        ({"h0_mm": "69"}, "h0_mm expected 66, the mark of 20 L on the declared prover, got 69"),
    ],
)
def test_a_level_outside_the_neck_is_refused_and_asked_again(wrong: dict[str, str], message: str) -> None:
    officer = Officer({**NECK, **wrong}, NECK)
    found = measuring(officer, shown="20.00").prove(Prove("C2"))
    assert message in officer.asked[1][1]
    assert found["h_mm"] == "66"
    assert found["h0_mm"] == "66"


def test_gross_and_tare_come_from_the_bench_s_balance() -> None:
    officer = Officer({key: TEN_LITRES[key] for key in ("density_kg_m3", "t_c", "t_meter_c")})
    found = measuring(officer, weigh=Balance("10639.1", "3200.0")).weigh(Weigh("A1"))
    assert (found["gross_g"], found["tare_g"]) == ("10639.1", "3200.0")
    assert found["gross_reading"] == {"mass_g": "10639.1", "stable": "yes"}
    assert [verb for verb, _, _ in officer.asked] == ["load", "load", "fuel"]
    assert [parameters.get("what") for _, _, parameters in officer.asked[:2]] == ["gross", "tare"]


def test_a_mass_meter_in_the_line_is_read_before_and_after() -> None:
    meter = Meter("100.000", "107.450")
    found = measuring(Officer(), mass=meter).metered(lambda: {"x": 1})
    assert found["x"] == 1
    assert found["meter_before"]["mass_total_kg"] == "100.000"
    assert found["meter_after"]["mass_total_kg"] == "107.450"


def test_a_meter_s_first_reading_is_whole_or_no_fuel_flows() -> None:
    meter, flowed = Meter("100.000", "107.450"), list[str]()

    def sell() -> dict[str, Any]:
        flowed.append("A1")
        return {}

    del meter.readings[0]["density_kg_m3"]
    with pytest.raises(BenchError, match="got no density_kg_m3"):
        measuring(Officer(), mass=meter).metered(sell)
    assert flowed == []


@pytest.mark.parametrize(
    ("which", "key", "said"),
    [
        (1, "density_kg_m3", True),
        (1, "mass_total_kg", True),
        (2, "mass_total_kg", True),
        (2, "density_kg_m3", False),  # nothing is made of the density before a sale
        (3, "density_kg_m3", True),
    ],
)
def test_a_later_reading_of_the_meter_ends_no_sale(
    which: int, key: str, said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    meter = Meter("100.000", "107.450", "107.450", "114.900")
    del meter.readings[which][key]
    it = measuring(Officer(), mass=meter)
    sales = [it.metered(lambda: {"x": 1}), it.metered(lambda: {"x": 2})]
    assert [sale["x"] for sale in sales] == [1, 2]
    assert key not in sales[which // 2]["meter_after" if which % 2 else "meter_before"]
    assert sales[which // 2].get("lacking") == ({"mass": [key]} if said else None)
    assert (f"mass: its reading lacks {key}" in capsys.readouterr().err) is said
    assert "lacking" not in sales[1 - which // 2]


def test_what_a_meter_says_beside_a_number_is_kept_as_text() -> None:
    meter = Meter("100.000", "107.450")
    meter.readings[1] |= {"density_kg_m3": cast(str, float("nan"))}
    found = measuring(Officer(), mass=meter).metered(dict)
    assert found["meter_after"]["density_kg_m3"] == "nan"
    assert found["lacking"] == {"mass": ["density_kg_m3"]}


def test_a_mass_that_the_balance_dropped_is_not_asked_of_the_hydrometer(capsys: pytest.CaptureFixture[str]) -> None:
    officer = Officer({key: TEN_LITRES[key] for key in ("density_kg_m3", "t_c", "t_meter_c")})
    found = measuring(officer, weigh=Balance("", "3200.0")).weigh(Weigh("A1"))
    assert (found["gross_g"], found["tare_g"], found["density_kg_m3"]) == (None, "3200.0", "745")
    assert found["lacking"] == {"weigh": ["mass_g"]}
    assert [verb for verb, _, _ in officer.asked] == ["load", "load", "fuel"]
    assert "weigh: its reading lacks mass_g" in capsys.readouterr().err


def test_a_display_that_does_not_fit_its_amount_is_read_again() -> None:
    slip = {"volume_l": "13.70", "amount": "193.02", "price": "7.52"}
    right = {**slip, "amount": "103.02"}
    officer = Officer(slip, right)
    found = measuring(officer).read_display(officer, "Read")
    assert found == {**right, "earlier": [slip]}
    officer = Officer(right)
    assert measuring(officer).read_display(officer, "Read") == right


@given(
    gross=st.decimals("0", "100000", places=1),
    tare=st.decimals("0", "100000", places=1),
    density=st.decimals("600", "1000", places=2),
    t_c=st.none() | st.decimals("-50", "80", places=1),
    shown=st.decimals("0", "1000", places=2),
)
def test_any_raw_weighing_is_taken_at_most_three_times_and_kept(
    gross: Decimal, tare: Decimal, density: Decimal, t_c: Decimal | None, shown: Decimal
) -> None:
    answer = {"gross_g": str(gross), "tare_g": str(tare), "density_kg_m3": str(density), "t_c": None if t_c is None else str(t_c), "t_meter_c": None}  # fmt: skip
    officer = Officer(*([answer] * MOST_READINGS))
    found = measuring(officer, str(shown)).weigh(Weigh("A1"))
    assert 1 <= len(officer.asked) <= 2  # the same answer twice agrees
    assert {key: found[key] for key in answer} == answer
