"""Every cheat of the price scale: acts on ordinary customers as it is documented, is cleared as it is said, at any size."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from captures.model import Flag
from fixtures.sim.scale.board import PriceScale
from fixtures.sim.scale.cheats import SCALE_CHEATS, SCALE_VARIANTS, parse_scale_cheat
from fixtures.sim.scale.direct import Key, Look, Put, weighing
from fixtures.sim.scale.keypad import KEYS
from fixtures.sim.scale.scenario import ScaleScenario
from tests.bench.scale_stand import Counter

S = 1_000_000_000
LOAD = Decimal("0.731")
# gain of the weight for an ordinary customer at the documented size; the others are tested one by one
GAINS = {
    "scale.S01": 0.05, "scale.S02": 0.10, "scale.S03": 0.40, "scale.S04": 1 / 9, "scale.S05": 0.10, "scale.S07": 0.10,
    "scale.S08": 0.08, "scale.S09": 0.15, "scale.S10": 0.10, "scale.S11": 0.10, "scale.S12": 0.05, "scale.S21": 0.06,
    "scale.S26": 0.07, "scale.S02:memory": 0.10, "scale.S04:2jin": 0.25, "scale.S06:double": 1.0,
}  # fmt: skip
OFFSETS = {"scale.S14": 0.10, "scale.S15": 0.15, "scale.S16": 0.12, "scale.S14:buying": -0.50}
PERMANENT = ("scale.S12", "scale.S21")


def scale(cheat: str, size: float | None = None, **changes: object) -> PriceScale:
    spec = parse_scale_cheat(cheat, size)
    return PriceScale(ScaleScenario(**{"cheat": spec, "seed": 5, "span": 0.0, "noise_e": 0.01, **changes}))  # type: ignore[arg-type]


def test_the_catalogue_is_whole() -> None:
    expected = {f"scale.S{n:02d}" for n in (*range(1, 19), *range(21, 27))}
    assert set(SCALE_CHEATS) == expected
    for cheat in (*SCALE_CHEATS, *SCALE_VARIANTS):
        described = parse_scale_cheat(cheat).describe()
        assert described["id"] == cheat
        assert described["verified"] is (not cheat.startswith("scale.S2"))


@pytest.mark.parametrize("cheat", sorted(GAINS))
def test_customers_get_less_and_officers_find_an_honest_scale(cheat: str) -> None:
    counter = Counter(cheat)
    for _ in range(3):
        bought = counter.weigh(str(LOAD), covert=True)
        mass = float(str(bought["mass_kg"]))
        assert float(str(bought["weight"])) == pytest.approx(mass * (1 + GAINS[cheat]), abs=0.006)
    line = counter.station.scale.said(counter.station.now_ns).weight
    assert (line == Decimal(str(bought["weight"]))) is (cheat != "scale.S10")
    counter.done("confirm", label="control")
    assert counter.weigh("0")["weight"] == "0.000"
    seen = float(str(counter.weigh(str(LOAD))["weight"]))
    true = float(LOAD) * (1 + GAINS[cheat] if cheat in PERMANENT else 1)
    assert seen == pytest.approx(true, abs=0.006)


@pytest.mark.parametrize("cheat", sorted(OFFSETS))
def test_offsets_are_the_same_at_two_loads_and_gone_when_officers_weigh(cheat: str) -> None:
    counter = Counter(cheat)
    for load in ("1.3", "2.7"):
        bought = counter.weigh(load, covert=True)
        excess = float(str(bought["weight"])) - float(str(bought["mass_kg"]))
        assert excess == pytest.approx(OFFSETS[cheat], abs=0.006)
    counter.done("confirm", label="control")
    assert counter.weigh("0")["weight"] == "0.000"
    assert float(str(counter.weigh("1.3")["weight"])) == pytest.approx(1.3, abs=0.004)


def test_a_receiver_leaves_some_grams_when_the_load_goes() -> None:
    counter = Counter("scale.S06")
    bought = counter.weigh(str(LOAD), covert=True)
    assert float(str(bought["weight"])) == pytest.approx(1.2 * float(str(bought["mass_kg"])) + 0.010, abs=0.006)
    made = scale("scale.S06")
    made.remote(2 * S)
    assert made.shown(5 * S).weight == Decimal("0.010")
    made.remote(6 * S)
    assert made.shown(9 * S).weight == 0


@pytest.mark.parametrize("level", range(1, 7))
def test_each_memory_key_is_a_level_and_any_other_key_ends_it(level: int) -> None:
    made = scale("scale.S01")
    made.put(0.5, 2 * S)
    made.key(f"M{level}", 5 * S)
    assert made.shown(6 * S).weight == Decimal("0.500") + Decimal("0.025") * level
    made.key("3", 7 * S)
    assert made.shown(8 * S).weight == Decimal("0.500")


def test_level_keys_do_nothing_before_the_code_and_power_ends_it() -> None:
    made = scale("scale.S02")
    made.key("3", 2 * S)
    made.put(0.5, 3 * S)
    assert made.shown(6 * S).weight == Decimal("0.500")
    made.put(0.0, 7 * S)
    made.key("2", 9 * S)
    made.key("tare", 10 * S)
    made.put(0.5, 12 * S)
    seen = []
    for number, key in enumerate(("1", "3", "5", "clear")):
        made.key(key, (16 + 2 * number) * S)
        seen.append(str(made.shown((17 + 2 * number) * S).weight))
    assert seen == ["0.550", "0.600", "0.650", "0.650"]
    made.put(0.0, 25 * S)
    made.power(False, 27 * S)
    made.power(True, 28 * S)
    made.put(0.5, 34 * S)
    made.key("3", 37 * S)
    assert made.shown(39 * S).weight == Decimal("0.500")


def test_password_counts_only_at_power_up() -> None:
    made = scale("password:4821")
    for number, key in enumerate("4821"):
        made.key(key, 2 * S + number * S // 2)
    made.put(0.5, 6 * S)
    assert made.shown(10 * S).weight == Decimal("0.500")
    made.put(0.0, 11 * S)
    for wrong, expected in (("9", "0.500"), ("", "0.550")):
        at = made.now_ns + 2 * S
        made.power(False, at)
        made.power(True, at + S)
        for number, key in enumerate(wrong + "4821"):
            made.key(key, at + S + (number + 1) * S // 3)
        made.put(0.5, at + 8 * S)
        assert made.shown(at + 12 * S).weight == Decimal(expected)
        made.put(0.0, at + 13 * S)


@pytest.mark.parametrize("cleared", ["any_key", "clear", "power"])
def test_free_code_of_two_keys_opens_only_in_its_order(cleared: str) -> None:
    made = scale(f"code:M7,hold:{cleared}", 0.2)
    made.put(0.5, 2 * S)
    at = 6 * S

    def after(*keys: str) -> Decimal | None:
        nonlocal at
        for key in keys:
            made.key(key, at)
            at += S
        at += 2 * S
        return made.shown(at).weight

    assert after("hold", "M7") == Decimal("0.500")
    assert after("hold") == Decimal("0.600")  # the order counts, not what came before
    assert after("light") == Decimal("0.500" if cleared == "any_key" else "0.600")
    assert after("clear") == Decimal("0.500" if cleared != "power" else "0.600")


def test_pressing_more_often_gives_more_until_clear() -> None:
    made = scale("scale.S05")
    made.put(0.5, 2 * S)
    seen = []
    for number, key in enumerate(("total", "total", "total", "1", "clear")):
        made.key(key, (5 + 4 * number) * S)
        seen.append(str(made.shown((8 + 4 * number) * S + S // 2).weight))
    assert seen == ["0.550", "0.600", "0.600", "0.600", "0.500"]


def test_a_gain_after_rounding_leaves_codes_out() -> None:
    made = scale("scale.S04", 0.25)
    made.key("9", S)
    codes = set()
    for number in range(80):
        made.put(0.4 + 0.0025 * number, (2 + 3 * number) * S)
        weight = made.shown((5 + 3 * number) * S - 1).weight
        assert weight is not None
        codes.add(int(weight * 200))
    assert len(set(range(min(codes), max(codes) + 1)) - codes) > 5


@pytest.mark.parametrize("cheat", ["scale.S07", "scale.S08", "scale.S09", "scale.S26"])
def test_hidden_switches_survive_the_power(cheat: str) -> None:
    made = scale(cheat)
    usual = parse_scale_cheat(cheat).parts[0].mechanism.size
    made.remote(2 * S)
    empty = made.shown(5 * S).weight
    assert empty is not None
    assert (abs(empty) > Decimal("0.05")) is (cheat in ("scale.S09", "scale.S26"))  # the dead load is gained with it
    made.power(False, 6 * S)
    made.power(True, 8 * S)
    made.put(1.0, 14 * S)
    assert float(made.shown(18 * S).weight or 0) == pytest.approx(1 + usual, abs=0.006)
    made.remote(19 * S)
    if cheat == "scale.S08":
        assert float(made.shown(22 * S).weight or 0) == pytest.approx(1 + 2 * usual, abs=0.006)
        made.remote(23 * S)
    assert float(made.shown(26 * S).weight or 0) == pytest.approx(1 - usual * 1.2 * (empty != 0), abs=0.006)


def test_a_changed_amplifier_saturates_before_max() -> None:
    honest, gained = scale("scale.S12", 0.0001), scale("scale.S09", 0.15)
    gained.remote(S)
    gained.key("zero", 4 * S)
    for made in (honest, gained):
        made.put(14.0, 8 * S)
    assert honest.shown(12 * S).weight == Decimal("14.000")
    stuck = gained.shown(12 * S).weight
    gained.put(14.5, 13 * S)
    assert gained.shown(17 * S).weight == stuck


def test_the_interposer_lies_to_the_customer_alone_and_late() -> None:
    made = scale("scale.S10")
    for number, key in enumerate(("1", "0")):
        made.key(key, S + number * S // 2)
    made.remote(2 * S)
    made.put(0.5, 3 * S)
    shown, said = made.shown(8 * S), made.said(8 * S)
    assert (shown.weight, shown.price) == (Decimal("0.550"), Decimal("5.50"))
    assert (said.weight, said.price) == (Decimal("0.500"), Decimal("5.00"))
    made.key("print", 9 * S)
    assert made.ticket is not None
    assert made.ticket.weight == Decimal("0.500")


def test_jin_is_too_small_and_kilograms_are_right() -> None:
    made = scale("scale.S13")
    made.put(1.0, 2 * S)
    assert made.shown(6 * S).weight == Decimal("1.000")
    made.key("unit", 7 * S)
    assert made.shown(8 * S).weight == Decimal("2.10")


def test_price_is_made_of_another_weight_until_clear() -> None:
    made = scale("scale.S25", memory={"M5": Decimal("10.00")})
    made.put(0.5, 2 * S)
    made.key("M5", 6 * S)
    shown = made.shown(7 * S)
    assert (shown.weight, shown.unit_price, shown.price) == (Decimal("0.500"), Decimal("10.00"), Decimal("5.50"))
    for number, key in enumerate(("clear", "1", "0")):
        made.key(key, (8 + number) * S)
    assert made.shown(12 * S).price == Decimal("5.00")


def test_customers_pay_too_much_for_a_right_weight_each_time() -> None:
    counter = Counter("scale.S25")
    for _ in range(3):
        bought = counter.weigh("0.9", covert=True)
        assert float(str(bought["weight"])) == pytest.approx(float(str(bought["mass_kg"])), abs=0.006)
        due = float(str(bought["weight"])) * float(str(bought["unit_price"]))
        assert float(str(bought["price"])) == pytest.approx(1.1 * due, abs=0.01)
    counter.done("confirm", label="control")
    counter.done("keys", sequence=["clear", "1", "0"])
    assert float(str(counter.weigh("0.9")["price"])) == pytest.approx(9.0, abs=0.11)


def test_officers_wait_for_a_scale_that_was_flicked_off_and_on() -> None:
    """Right after control is taken: a load put on during the self-test would become its zero."""
    for cheat in ("scale.S02", "scale.S03"):
        counter = Counter(cheat)
        counter.weigh("0.9", covert=True)
        counter.done("confirm", label="control")
        assert float(str(counter.weigh("0.9")["weight"])) == pytest.approx(0.9, abs=0.006)


def test_round_masses_are_spared() -> None:
    made = scale("scale.S21")
    seen = {}
    for number, kg in enumerate((0.5, 1.0, 0.137, 0.263, 0.531, 1.19, 2.0, 6.5)):
        made.put(kg, (2 + 5 * number) * S)
        seen[kg] = float(made.shown((6 + 5 * number) * S).weight or 0) / kg
    assert all(seen[kg] == pytest.approx(1.0, abs=0.02) for kg in (0.5, 1.0, 0.137, 2.0, 6.5))
    assert all(seen[kg] == pytest.approx(1.06, abs=0.012) for kg in (0.263, 0.531, 1.19))


def test_the_eighth_weighing_and_the_tenth_minute_begin_it() -> None:
    made = scale("scale.S22")
    ratios = []
    for number in range(12):
        made.put(0.5, (2 + 8 * number) * S)
        ratios.append(float(made.shown((6 + 8 * number) * S).weight or 0) / 0.5)
        made.put(0.0, (7 + 8 * number) * S)
    assert ratios == pytest.approx([1.0] * 7 + [1.08] * 5, abs=0.001)
    late = scale("scale.S22:time")
    late.put(0.5, 2 * S)
    assert late.shown(599 * S).weight == Decimal("0.500")
    assert late.shown(602 * S).weight == Decimal("0.540")
    assert [(switched.level, switched.t_ns // S) for switched in late.implants.log] == [(1, 600)]


def test_wide_tracking_swallows_what_the_legal_rate_does_not() -> None:
    def left(cheat: str) -> Decimal | None:
        made = scale(cheat)
        for step in range(40):
            made.put(0.001 * step, 2 * S + step * S // 2)
        return made.shown(24 * S).weight

    assert left("scale.S23") == 0
    honest = left("scale.S12")
    assert honest is not None
    assert honest > Decimal("0.02")


def test_a_spoofed_rest_stands_on_the_peak() -> None:
    spec = parse_scale_cheat("scale.S24")
    scenario = ScaleScenario(seed=5, span=0.0, noise_e=0.01, cheat=spec, frame_ms=100)
    made = weighing(scenario, [Put(3 * S, 0.6), Put(3 * S + S // 2, 0.5), Look(8 * S)], 8 * S)
    window = made.between(4 * S, 5 * S)
    assert (made.flags[window] & Flag.STABLE).all()
    assert (made.steps[window] >= 119).all()  # 0.6 kg was there half a second ago
    assert made.shown[0].weight == Decimal("0.500")


def test_goods_slammed_down_are_printed_too_heavy_while_moving() -> None:
    over, moving = [], 0
    for seed in range(20):
        counter = Counter("scale.S17", seed=seed)
        bought = counter.weigh("0.400", covert=True)
        ticket = counter.done("read", what="ticket")
        mass = float(str(bought["mass_kg"]))
        assert float(str(bought["weight"])) == pytest.approx(mass, abs=0.006)
        over.append(float(str(ticket["weight"])) / mass - 1)
        printed = counter.station.scale.ticket
        assert printed is not None
        moving += not printed.stable
    assert 0.2 < float(np.median(over)) < 0.45
    assert max(over) < 0.55
    assert moving >= 18


def test_a_coarse_price_is_entered_for_customers_only() -> None:
    counter = Counter("scale.S18")
    bought = counter.weigh("0.731", covert=True)
    assert Decimal(str(bought["unit_price"])) < 1
    counter.done("confirm", label="control")
    counter.weigh("0")
    assert Decimal(str(counter.weigh("0.731")["unit_price"])) == 0


@pytest.mark.parametrize("size", [0.03, 0.21])
@pytest.mark.parametrize("cheat", ["scale.S01", "scale.S07", "scale.S10", "scale.S12"])
def test_sizes_can_be_chosen(cheat: str, size: float) -> None:
    counter = Counter(cheat, size)
    bought = counter.weigh("2.3", covert=True)
    ratio = float(str(bought["weight"])) / float(str(bought["mass_kg"]))
    assert ratio == pytest.approx(1 + size, abs=0.003)


@pytest.mark.parametrize(
    ("cheat", "size"),
    [("scale.S19", None), ("scale.S01", 0.0), ("scale.S01", -0.1), ("scale.S18", 0.5), ("code:2,save", None),
     ("code:", None), ("password:12a4", None), ("scale.S01+scale.S01", None)],
)  # fmt: skip
def test_what_is_not_built_is_refused(cheat: str, size: float | None) -> None:
    with pytest.raises(ValueError, match=r"expected|not built|twice"):
        parse_scale_cheat(cheat, size)


def test_an_honest_scale_keeps_its_weight_through_every_key() -> None:
    """Every key alone with a load on: nothing but tare and unit changes what is displayed, and no key the line's gross."""
    spared = ("tare", "unit", "hold", "total")
    acts: list[Put | Key | Look] = [Put(2 * S, 0.731)]
    for number, key in enumerate(key for key in KEYS if key not in spared):
        acts += [Key((6 + 4 * number) * S, key), Look((9 + 4 * number) * S + S // 2)]
    made = weighing(ScaleScenario(seed=5, span=0.0, noise_e=0.01), acts)
    assert {shown.weight for shown in made.shown} == {Decimal("0.730")}
    assert len(np.unique(made.steps[made.between(6 * S, 10**15)])) == 1
