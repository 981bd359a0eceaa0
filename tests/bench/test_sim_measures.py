"""The simulated can, prover and balance: what they hold, what honest effects do to them, and the hands that use them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise

import pytest

from fixtures.sim.build import Site, build
from fixtures.sim.cheats import parse_cheat
from fixtures.sim.scenario import Scenario

SECOND = 1_000_000_000


class Hands:
    """A station without a bench: orders to the simulated operator, one at a time."""

    def __init__(self, **changes: object) -> None:
        self.site: Site = build(Scenario(kit="K0", **{"seed": 3, **changes}))  # type: ignore[arg-type]
        self._heard = b""
        self._n = 0

    def ask(self, verb: str, **parameters: object) -> Mapping[str, object]:
        self._n += 1
        request = {"id": self._n, "verb": verb, **parameters}
        self.site.ports["operator"].receive(json.dumps(request).encode() + b"\n")
        until = self.site.now_ns + 3600 * SECOND
        while b"\n" not in self._heard and self.site.now_ns < until:
            self._heard += b"".join(arrival.data for arrival in self.site.advance(until) if arrival.link == "operator")
        line, _, self._heard = self._heard.partition(b"\n")
        answer = dict(json.loads(line))
        assert answer.pop("id") == self._n
        return answer

    def done(self, verb: str, **parameters: object) -> Mapping[str, object]:
        answer = self.ask(verb, **parameters)
        assert answer["ok"] is True, answer
        return answer

    @property
    def delivered_l(self) -> float:
        return self.site.dispenser.delivery.plant.delivered_ml / 1000

    def weighed_l(self) -> float:
        """Litres at the meter's temperature by hand: air buoyancy, and 0.12 % a degree from can to nozzle."""
        said = {key: float(str(value)) for key, value in self.done("weigh").items() if key != "ok"}
        net = (said["gross_g"] - said["tare_g"]) * (1 - 1.2 / 8000) / (said["density_kg_m3"] - 1.2)
        return net * (1 + 12e-4 * (said["t_meter_c"] - said["t_c"]))

    def proved_l(self) -> float:
        said = {k: 0.0 if v is None else float(str(v)) for k, v in self.done("prove").items() if k != "ok"}
        own = 20 - (said["h0_mm"] - said["h_mm"]) * 2 / 1000 - said["added_ml"] / 1000
        return own * (1 + 12e-4 * (said["t_meter_c"] - said["t_measure_c"]) + 50e-6 * (said["t_measure_c"] - 20))


@pytest.mark.parametrize("seed", range(1, 7))
def test_can_and_prover_hold_what_was_delivered(seed: int) -> None:
    hands = Hands(seed=seed)
    hands.done("deliver", volume_l="20.00")
    assert hands.weighed_l() == pytest.approx(hands.delivered_l, rel=0.0015)
    assert hands.proved_l() == pytest.approx(hands.delivered_l, rel=0.0010)


def test_a_sale_in_parts_is_caught_part_by_part() -> None:
    hands = Hands()
    hands.done("deliver", volume_l="45.30", until_l="18.00")
    marks = [0.0, hands.delivered_l]
    first = float(str(hands.done("read", what="display")["volume_l"]))
    assert first == pytest.approx(18.0, abs=0.15)
    assert hands.weighed_l() == pytest.approx(marks[1], rel=0.0015)
    assert hands.done("read", what="display")["volume_l"] == f"{first:.2f}"  # nothing counts while the nozzle is shut
    for until in ("36.00", None):
        hands.done("continue", until_l=until)
        marks.append(hands.delivered_l)
        assert hands.weighed_l() == pytest.approx(marks[-1] - marks[-2], rel=0.0015)
    assert len(hands.site.sales) == 1
    assert hands.done("read", what="display")["volume_l"] in ("45.30", "45.31", "45.32")
    assert sum(b - a for a, b in pairwise(marks)) == pytest.approx(hands.site.sales[0].delivered_ml / 1000, rel=1e-6)


def test_the_nozzle_is_lifted_and_the_display_read_before_it_is_opened() -> None:
    hands = Hands()
    hands.done("deliver", volume_l="7.30", until_l="0")
    assert hands.delivered_l == 0
    assert hands.done("read", what="start") == {"ok": True, "volume_l": "0.00"}
    hands.done("continue")
    assert hands.delivered_l == pytest.approx(7.3, rel=0.005)


def test_a_threshold_shows_in_the_later_parts_alone() -> None:
    hands = Hands(cheat=parse_cheat("fuel.C02"))
    gains = []
    before = 0.0
    hands.done("deliver", volume_l="45.30", until_l="18.00")
    for until in ("36.00", None, ""):
        shown = float(str(hands.done("read", what="display")["volume_l"]))
        gains.append((shown - before) / hands.weighed_l() - 1)
        before = shown
        if until != "":
            hands.done("continue", until_l=until)
    assert gains[0] == pytest.approx(0, abs=0.004)
    assert gains[1] == pytest.approx(0.04 * 16 / 18, abs=0.005)
    assert gains[2] == pytest.approx(0.04, abs=0.005)


def test_a_short_fill_is_brought_into_the_neck_and_an_overfull_one_is_refused() -> None:
    short = Hands(cheat=parse_cheat("fuel.C22", 0.05))
    short.done("deliver", volume_l="20.00")
    said = short.done("prove")
    assert float(str(said["added_ml"])) >= 800
    assert 5 <= float(str(said["h_mm"])) <= 140
    over = Hands()
    over.done("deliver", volume_l="20.50")
    answer = over.ask("prove")
    assert answer["ok"] is False
    assert "the prover holds 20 L" in str(answer["why"])


@pytest.mark.parametrize(
    ("verb", "parameters", "why"),
    [
        ("continue", {}, "no sale is open"),
        ("prove", {}, "nothing was delivered"),
        ("load", {"what": "gross"}, "nothing was delivered"),
        ("load", {"what": "cat"}, "cannot load 'cat'; gross or tare"),
        ("deliver", {"volume_l": "7", "until_l": "-1"}, "expected a number from 0"),
        ("deliver", {"volume_l": "7", "until_l": "x"}, "expected a number from 0"),
        ("continue", {"until_l": "0"}, "expected a positive number"),
    ],
)
def test_what_the_operator_cannot_do(verb: str, parameters: dict[str, object], why: str) -> None:
    answer = Hands().ask(verb, **parameters)
    assert answer["ok"] is False
    assert why in str(answer["why"])


def test_an_open_sale_comes_first() -> None:
    hands = Hands()
    hands.done("deliver", volume_l="7.30", until_l="3")
    assert "still open" in str(hands.ask("deliver", volume_l="7.30")["why"])
    hands.done("continue")
    hands.done("deliver", volume_l="7.30")
    assert len(hands.site.sales) == 2


def losses(effect: str, how: str, fills: int = 3) -> list[float]:
    """Millilitres by which fills of 20 L are measured too small."""
    hands = Hands(honest=(effect,) if effect else ())
    found = []
    for _ in range(fills):
        before = hands.delivered_l
        hands.done("deliver", volume_l="20.00")
        measured = hands.weighed_l() if how == "can" else hands.proved_l()
        found.append((hands.delivered_l - before - measured) * 1000)
    return found


@pytest.mark.parametrize("how", ["can", "prover"])
@pytest.mark.parametrize(
    ("effect", "least", "most"),
    [("dry_measure", 10, 25), ("evaporation", 4, 16), ("warm_first_litre", 4.8, 14.4)],
)
def test_what_is_lost_on_the_way(effect: str, least: float, most: float, how: str) -> None:
    usual = losses("", how)
    extra = [loss - sum(usual) / len(usual) for loss in losses(effect, how)]
    spread = max(usual) - min(usual)
    assert all(least - spread - 6 <= x <= most + spread + 6 for x in extra)
    assert least - 6 <= sum(extra) / len(extra) <= most + 6


def test_a_measure_not_drained_adds_what_was_left_in_it() -> None:
    usual, wet = losses("", "can"), losses("wet_measure", "can")
    assert wet[0] == pytest.approx(usual[0], abs=8)  # the first fill finds it empty
    assert -45 <= sum(wet[1:]) / 2 - sum(usual[1:]) / 2 <= -5


def test_nobody_took_the_temperatures() -> None:
    hands = Hands(honest=("missing_temperature",))
    hands.done("deliver", volume_l="20.00")
    assert hands.done("weigh")["t_c"] is None
    said = hands.done("prove")
    assert said["t_meter_c"] is None
    assert said["t_measure_c"] is None


def test_the_load_on_the_bench_s_balance_is_the_can_s() -> None:
    from fixtures.sim.people import Operator

    hands = Hands()
    [operator] = [
        owner
        for owner in (getattr(hands.site.ports["operator"].on_bytes, "__self__", None),)
        if isinstance(owner, Operator)
    ]
    grams: list[float] = []
    operator.on_load.append(grams.append)
    hands.done("deliver", volume_l="20.00")
    hands.done("load", what="gross")
    hands.done("load", what="tare")
    assert grams[0] - grams[1] == pytest.approx(20 * 744, rel=0.015)
    assert set(hands.done("fuel")) == {"ok", "density_kg_m3", "t_c", "t_meter_c"}
