"""Raw readings of prover and balance -> litres: published vectors, budgets, readings that cannot be true."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.derive.figures import figure, figures, product
from harness.derive.prover import Prover, filled_l, litres
from harness.derive.thermal import fuel, measure
from harness.derive.weighing import litres as weighed
from harness.derive.weighing import metered_litres


def prover(h0: str, a: str = "2", capacity: str = "20", material: str = "stainless") -> Prover:
    return Prover(*(Decimal(x) for x in (capacity, a, h0, "5", "140", "5")), material=material, wetted=True)


def read(h0: str, h: str, t_meter: str | None = "24", t_measure: str | None = "24") -> dict[str, Decimal | None]:
    given = {"h0_mm": h0, "h_mm": h, "t_meter_c": t_meter, "t_measure_c": t_measure}
    return {key: None if value is None else Decimal(value) for key, value in given.items()}


@pytest.mark.parametrize(
    ("h0", "h", "t_meter", "t_measure", "shown", "v_b", "v_bt", "error"),
    [
        ("66", "31", "24", "24", 20.00, "19.930", 19.934, 0.331),  # T1
        ("69", "38", "24", "24", 20.04, "19.938", 19.9420, 0.491),  # T2
        ("69", "38", "24", "23", 20.00, "19.938", 19.9649, 0.176),  # T3, its published copy is wrong
    ],
)
def test_the_published_vectors(
    h0: str, h: str, t_meter: str, t_measure: str, shown: float, v_b: str, v_bt: float, error: float
) -> None:
    it = prover(h0)
    assert filled_l(it, Decimal(h0), Decimal(h)) == Decimal(v_b)
    volume, _ = litres(it, read(h0, h, t_meter, t_measure), "92#")
    assert volume == pytest.approx(v_bt, abs=5e-5 if v_bt != 19.934 else 5e-4)
    assert (shown - volume) / volume * 100 == pytest.approx(error, abs=6e-4)


def test_three_runs_of_a_prover_with_another_neck() -> None:
    """T4: 19.75 L at 68.3 mm, 2.1 mL/mm; its source applies no temperature term, that is both at 20 C."""
    it = prover("68.3", "2.1", "19.75")
    errors = []
    for shown, h in ((19.77, "37.4"), (19.82, "67.6"), (20.00, "132.2")):
        volume, _ = litres(it, read("68.3", h, "20", "20"), "petrol")
        errors.append((shown - volume) / volume * 100)
    assert errors == pytest.approx([0.431, 0.362, 0.582], abs=1e-3)
    assert sum(errors) / 3 == pytest.approx(0.459, abs=1e-3)
    assert (max(errors) - min(errors)) / 1.69 == pytest.approx(0.130, abs=1e-3)


@pytest.mark.parametrize(
    ("h0", "h", "message"),
    [
        ("66", "150", "h_mm expected 5 to 140, the scale of the neck, got 150"),
        ("66", "4.9", "h_mm expected 5 to 140"),
        ("69", "31", "h0_mm expected 66, the mark of 20 L"),
    ],
)
def test_a_level_outside_the_neck_is_refused(h0: str, h: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        litres(prover("66"), read(h0, h), "petrol")


def test_a_short_fill_is_brought_into_the_neck() -> None:
    """4 % short of 20 L: 800 mL from a cylinder bring the level to h = 66 mm; the fill was 19.2 L."""
    volume, u = litres(prover("66"), {**read("66", "66", "20", "20"), "added_ml": Decimal(800)}, "petrol")
    assert volume == pytest.approx(19.2)
    thermal = math.hypot(volume * 12e-4 * math.sqrt(2) * 0.2, volume * 50e-6 * 0.2)
    by_hand = math.sqrt(0.005**2 + 0.001**2 + 0.002**2 + (0.003 * 0.8) ** 2 + thermal**2)
    assert u == pytest.approx(by_hand, rel=1e-6)
    with pytest.raises(ValueError, match="added_ml expected less"):
        litres(prover("66"), {**read("66", "66"), "added_ml": Decimal(20000)}, "petrol")


def test_the_budget_of_a_prover_in_its_parts() -> None:
    """Certificate 5 mL, neck 0.5 mm x 2 mL/mm, film 2 mL, two temperatures of 0.2 C: 19.93 L of petrol."""
    volume, u = litres(prover("66"), read("66", "31"), "petrol")
    by_hand = math.sqrt(
        0.005**2
        + (0.0005 * 2) ** 2
        + 0.002**2
        + (volume * 12e-4 * math.sqrt(2) * 0.2) ** 2
        + (volume * 50e-6 * 0.2) ** 2
    )
    assert u == pytest.approx(by_hand, rel=1e-6)
    assert u / volume < 0.0005


@pytest.mark.parametrize(("t_meter", "t_measure"), [(None, "24"), ("24", None), (None, None)])
def test_a_missing_temperature_widens(t_meter: str | None, t_measure: str | None) -> None:
    """4 C between meter and measure, triangular: 12e-4 x 4/sqrt 6 = 0.196 % of petrol; the volume is not corrected."""
    volume, u = litres(prover("66"), read("66", "31", t_meter, t_measure), "petrol")
    _, known = litres(prover("66"), read("66", "31"), "petrol")
    assert volume == pytest.approx(19.93, abs=0.006)
    assert u / volume == pytest.approx(0.00196, rel=0.12)  # and the measure itself, by its steel
    assert u > 4 * known


def test_one_degree_moves_petrol_by_a_fifth_of_the_permissible_error_twice() -> None:
    assert fuel("petrol", 24.0, 23.0).factor - 1 == pytest.approx(0.0012)
    assert fuel("diesel", 24.0, 23.0).factor - 1 == pytest.approx(0.0009)
    assert fuel("?", 24.0, 14.0).u_rel > fuel("petrol", 24.0, 14.0).u_rel  # nobody said which product
    assert measure("carbon", 30.0).factor - 1 == pytest.approx(33e-5)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("petrol", "petrol"), ("Gasoline 95", "petrol"), ("92#", "petrol"), ("95号", "petrol"), ("95号汽油", "petrol"),
        ("0#", "diesel"), ("-10号柴油", "diesel"), ("Diesel", "diesel"), ("kerosene", "kerosene"), ("", "unknown"),
        ("not shown", "unknown"), ("7", "unknown"), ("10", "unknown"),
    ],
)  # fmt: skip
def test_the_product_as_people_say_it(said: str, expected: str) -> None:
    assert product(said) == expected


def test_every_figure_says_where_it_is_from() -> None:
    for name, entry in figures().items():
        assert entry.source, name
        assert entry.grade in ("P", "D"), name
        assert entry.verified is False, name  # no printed text was seen yet


CAN = {"gross_g": Decimal("10639.12"), "tare_g": Decimal(3200), "density_kg_m3": Decimal(745)}


def test_a_can_that_cooled_is_taken_to_the_meter() -> None:
    """The density is that of the fuel in the can: 10 L at 18 C were 10 x (1 + 12e-4 x 2) L at the meter's 20 C."""
    cold, _ = weighed({**CAN, "t_c": Decimal(18), "t_meter_c": Decimal(20)}, "petrol")
    assert cold == pytest.approx(10.024, abs=1e-4)
    same, u_known = weighed({**CAN, "t_c": Decimal(18), "t_meter_c": Decimal(18)}, "petrol")
    assert same == pytest.approx(10.0, abs=1e-5)
    blind, u_blind = weighed({**CAN, "t_c": Decimal(18), "t_meter_c": None}, "petrol")
    assert blind == same
    assert u_blind / 10 == pytest.approx(0.0021, rel=0.1)
    assert u_blind > 2 * u_known


def test_a_mass_meter_gives_litres_at_its_own_temperature() -> None:
    readings = {
        "mass_before_kg": Decimal("100.000"),
        "mass_after_kg": Decimal("107.450"),
        "density_kg_m3": Decimal(745),
    }
    volume, u = metered_litres(readings, 0.0005)
    assert volume == pytest.approx(10.0)
    assert u == pytest.approx(0.005)
    assert metered_litres(readings)[1] == pytest.approx(10 * figure("u_mass_meter_rel"))
    with pytest.raises(ValueError, match="mass_before_kg < mass_after_kg"):
        metered_litres({**readings, "mass_after_kg": Decimal("99")})
    with pytest.raises(ValueError, match="mass_after_kg expected, got none"):
        metered_litres({**readings, "mass_after_kg": None})


@given(
    h=st.decimals("-10", "200", places=1),
    t_meter=st.none() | st.decimals("-50", "80", places=1),
    t_measure=st.none() | st.decimals("-50", "80", places=1),
    said=st.text(max_size=20),
)
def test_any_raw_reading_gives_litres_with_an_uncertainty_or_a_reason(
    h: Decimal, t_meter: Decimal | None, t_measure: Decimal | None, said: str
) -> None:
    it = prover("66")
    readings = {"h0_mm": Decimal(66), "h_mm": h, "t_meter_c": t_meter, "t_measure_c": t_measure}
    if not 5 <= h <= 140:
        with pytest.raises(ValueError, match="scale of the neck"):
            litres(it, readings, said)
        return
    volume, u = litres(it, readings, said)
    low, high = (float(x) for x in it.readable_l())
    assert 0.8 * low < volume < 1.2 * high
    assert 0.004 < u < 0.6  # 130 C apart: the coefficient itself is known to a tenth
