"""The officer at the simulated price scale, honest effects on what he sees, and the truth that is kept beside."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pytest

from fixtures.sim.scale.honest import EFFECTS
from fixtures.sim.scale.keypad import KEYS
from tests.bench.scale_stand import Counter

ELSEWHERE = (
    "wrong_weight",
    "balance",
    "misread",
    "zero_tracking",
)  # tested by themselves; the last in test_sim_scale_indicator
MASSES = ("0.263", "0.531", "1.19", "2.137", "5.3")


def test_he_reads_what_is_displayed_and_takes_his_time() -> None:
    counter = Counter(kit="K0", span=0.0)
    begun = counter.station.now_ns
    seen = counter.weigh("0.531")
    assert seen == {
        "ok": True, "weight": "0.530", "unit": "kg", "unit_price": "0.00", "price": "0.00", "stable": "yes", "mass_kg": "0.531",
    }  # fmt: skip
    assert 5e9 < counter.station.now_ns - begun < 20e9
    counter.done("keys", sequence=["1", "2", ".", "5"])
    assert counter.done("read", what="weighing")["price"] == "6.63"
    assert counter.ask("read", what="ticket")["why"] == "no ticket was printed"
    counter.done("keys", sequence=["print"])
    assert counter.done("read", what="ticket") == {
        "ok": True,
        "weight": "0.530",
        "unit_price": "12.50",
        "price": "6.63",
    }
    assert counter.ask("read", what="record")["ok"] is False


@pytest.mark.parametrize(
    ("verb", "parameters", "why"),
    [
        ("place", {"mass": "-1"}, "mass"),
        ("place", {}, "mass in kg"),
        ("place", {"mass": "1", "position": "under the table"}, "position"),
        ("keys", {"sequence": ["save"]}, "no key 'save'"),
        ("keys", {"sequence": []}, "sequence"),
        ("read", {"what": "totaliser"}, "cannot read"),
        ("press", {"what": "remote"}, "no remote was seized"),
        ("deliver", {}, "unknown verb"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(verb: str, parameters: dict[str, object], why: str) -> None:
    answer = Counter().ask(verb, **parameters)
    assert answer["ok"] is False
    assert why in str(answer["why"])


def test_the_lamp_of_what_the_unit_price_is_for_is_read_too() -> None:
    counter = Counter(span=0.0, units=("kg", "jin", "100g"))
    counter.done("keys", sequence=["1", "0", "unit"])
    jin = counter.weigh("1.0")
    assert (jin["weight"], jin["unit"], jin["price"]) == ("2.00", "jin", "20.00")
    assert "per" not in jin
    counter.done("keys", sequence=["unit"])
    hundred = counter.done("read", what="weighing")
    assert (hundred["weight"], hundred["unit"], hundred["per"], hundred["price"]) == ("1.000", "kg", "100g", "100.00")


def test_overload_and_dark_are_told_as_such() -> None:
    counter = Counter()
    assert counter.weigh("16")["weight"] == "overload"
    counter.station.scale.power(False, counter.station.now_ns)
    assert counter.ask("read", what="weighing")["why"] == "the display is dark"


def test_a_power_cycle_ends_at_a_display_that_weighs_again() -> None:
    counter = Counter(span=0.0)
    counter.done("power_cycle", off_s=5)
    assert counter.weigh("1.0")["weight"] == "1.000"
    counter.done("power_cycle", off_s=5)
    assert counter.done("read", what="weighing")["weight"] == "0.000"  # the load of before became zero


def test_a_remote_works_in_the_laboratory() -> None:
    counter = Counter("scale.S06", kit="K3", span=0.0)
    counter.weigh("1.0")
    counter.done("press", what="remote")
    assert float(str(counter.done("read", what="weighing")["weight"])) == pytest.approx(1.21, abs=0.006)


def test_the_trader_s_hands_are_tied_once_control_is_taken() -> None:
    counter = Counter("scale.S02")
    counter.done("confirm", label="control")
    bought = counter.weigh("1.3", covert=True)
    assert float(str(bought["weight"])) == pytest.approx(float(str(bought["mass_kg"])), abs=0.006)


def test_an_honest_trader_weighs_right_and_types_his_price() -> None:
    for seed in range(5):
        bought = Counter(seed=seed).weigh("1.3", covert=True)
        assert float(str(bought["weight"])) == pytest.approx(float(str(bought["mass_kg"])), abs=0.006)
        price = Decimal(str(bought["weight"])) * Decimal(str(bought["unit_price"]))
        assert abs(price - Decimal(str(bought["price"]))) <= Decimal("0.005")
        assert Decimal(str(bought["unit_price"])) > 0


@pytest.mark.parametrize("effect", [name for name in EFFECTS if name not in ELSEWHERE])
def test_honest_effects_are_felt_and_stay_small(effect: str) -> None:
    """Against the same scale without the effect something differs, and no displayed weight is wrong by more than 3 e."""

    def course(*honest: str) -> list[str]:
        counter = Counter(seed=4, honest=honest)
        seen = []
        for mass in (*MASSES, *reversed(MASSES)):
            counter.done("place", mass="0")
            said = counter.weigh(mass)
            seen.append(str(said["weight"]))
            assert abs(float(str(said["weight"])) - float(mass)) < (0.016 if effect != "radio" else 0.2), (mass, said)
        scale = counter.station.scale
        fine = [f"{reading.steps} {reading.flags}" for reading in scale.indicator.history]
        return [*seen, f"{scale.indicator.gross_kg:.9f}", *fine]

    assert course(effect) != course()


def test_wrong_weights_and_misreadings_come_about_as_often_as_said() -> None:
    wrong, readings = 0, 300
    counter = Counter(kit="K0", seed=6, honest=("wrong_weight",), span=0.0)
    for number in range(readings):
        said = counter.weigh(("1.2", "1.0")[number % 2])
        wrong += abs(float(str(said["weight"])) - float(str(said["mass_kg"]))) > 0.05
    assert 0.01 * readings < wrong < 0.08 * readings
    slips = 0
    counter = Counter(kit="K0", seed=6, honest=("misread",), span=0.0)
    counter.weigh("1.2")
    for _ in range(300):
        slips += counter.done("read", what="weighing")["weight"] != "1.200"
    assert 1 <= slips <= 16


def test_truth_names_masses_states_and_classes() -> None:
    counter = Counter("scale.S10")
    counter.weigh("1.3", covert=True)
    counter.done("confirm", label="control")
    counter.weigh("0.5")
    truth = counter.station.truth()
    json.dumps(truth)
    bought, *rest = [one for one in truth["weighings"] if one["mass_kg"] > 0.1]  # type: ignore[attr-defined]
    assert bought["covert"] is True
    assert bought["classes"] == ["channel"]
    assert bought["mass_kg"] == pytest.approx(1.3, rel=0.04)
    assert rest[-1]["classes"] == []
    assert rest[-1]["mass_kg"] == pytest.approx(0.5, rel=1e-3)
    assert [one["level"] for one in truth["switched"]] == [1, 0]  # type: ignore[attr-defined]
    assert truth["scenario"]["cheat"]["id"] == "scale.S10"  # type: ignore[index]


def test_same_seed_same_visit_to_the_last_byte() -> None:
    def visit(seed: int) -> bytes:
        counter = Counter("scale.S01", seed=seed, honest=("wind",))
        counter.weigh("0.7", covert=True)
        counter.done("confirm", label="control")
        counter.weigh("1.1")
        return b"".join(arrival.data for arrival in counter.frames)

    assert visit(1) == visit(1)
    assert visit(1) != visit(2)


def test_every_key_can_be_pressed_by_hand() -> None:
    counter = Counter(span=0.0)
    begun = counter.station.now_ns
    counter.done("keys", sequence=list(KEYS))
    each_s = np.float64(counter.station.now_ns - begun) / 1e9 / len(KEYS)
    assert 1.2 < each_s < 1.8
