"""Plans for scales without a bench: their order, what they never press, and the search for keys against made-up scales."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import BenchError
from harness.benches import find
from harness.enact import ability
from harness.plans import PLANS
from harness.plans.ability import Ability
from harness.plans.key_search import Code, by_lot, every_pair, held, shown_again, unloaded
from harness.plans.order import PlanError, check_order, dry_run
from harness.plans.price_scale_raid import harmless, scale_of
from harness.step import Draw, Keys, Load, Outcome, Phase, Plan, PowerCycle, Read, Step

BENCHES = [
    ("price-scale-raid", "price-scale-k0"), ("price-scale-raid", "price-scale-k1"), ("price-scale-bench", "price-scale-k3"),
    ("truck-scale-raid", "truck-scale-k0"), ("truck-scale-raid", "truck-scale-k1"), ("truck-scale-bench", "truck-scale-k3"),
]  # fmt: skip
LAB = ability(find("price-scale-k3"))


@pytest.mark.parametrize(("plan", "bench"), BENCHES)
def test_every_plan_stands_in_the_order_of_a_raid(plan: str, bench: str) -> None:
    steps = dry_run(PLANS[plan].steps(ability(find(bench))))
    check_order(steps)
    labels = [step.label for step in steps if isinstance(step, Load)]
    assert len(labels) == len(set(labels))  # each names its loading


@pytest.mark.parametrize(("plan", "bench"), BENCHES)
def test_hands_stay_off_until_known_loads_were_weighed(plan: str, bench: str) -> None:
    steps = dry_run(PLANS[plan].steps(ability(find(bench))))
    touched = next((n for n, step in enumerate(steps) if isinstance(step, Keys)), len(steps))
    dark = next(n for n, step in enumerate(steps) if isinstance(step, PowerCycle))
    known = [n for n, step in enumerate(steps) if isinstance(step, Load) and step.mass_kg and not step.covert]
    assert sum(n < min(touched, dark) for n in known) >= 3
    assert all(
        isinstance(step, Load) and step.mass_kg == 0 for step in [_last_load(steps[:dark])]
    )  # nothing lies there when it wakes up


def _last_load(steps: list[Step]) -> Step:
    return next(step for step in reversed(steps) if isinstance(step, Load))


def test_keys_before_hands_off_are_refused() -> None:
    steps = dry_run(PLANS["price-scale-raid"].steps(ability(find("price-scale-k0"))))
    first = next(n for n, step in enumerate(steps) if isinstance(step, Phase) and step.letter == "B")
    with pytest.raises(PlanError, match="hands off before what they may clear was measured"):
        check_order([*steps[: first + 1], Keys(("1",)), *steps[first + 1 :]])


def test_a_key_that_writes_is_refused_wherever_it_stands() -> None:
    steps = dry_run(PLANS["price-scale-raid"].steps(ability(find("price-scale-k0"))))
    at = max(n for n, step in enumerate(steps) if isinstance(step, Keys))
    with pytest.raises(PlanError, match="writes into the instrument"):
        check_order([*steps[:at], Keys(("CAL save",)), *steps[at:]])


def test_keys_that_open_a_dialog_are_in_no_plan() -> None:
    bench = find("price-scale-k0")
    profile = {**bench.profile, "forbidden_keys": "hold M8"}
    can = ability(replace(bench, profile=profile))
    pressed = {
        key for step in dry_run(PLANS["price-scale-raid"].steps(can)) if isinstance(step, Keys) for key in step.sequence
    }
    assert pressed
    assert not pressed & {"hold", "M8"}


def keypad(bench: str, keys: str, *, places: bool = True) -> Ability:
    """A bench before a scale with other keys; `places`: its finger, where it has one, was taught them."""
    file = find(bench)
    if places and "loader" in file.instruments:
        loader = file.instruments["loader"]
        taught = replace(loader, options={**loader.options, "key_map": {key: [15] for key in keys.split()}})
        file = replace(file, instruments={**file.instruments, "loader": taught})
    return ability(replace(file, profile={**file.profile, "keys": keys, "clear_key": keys.split()[0]}))


def pressed_in(plan: str, can: Ability) -> list[Code]:
    steps = dry_run(PLANS[plan].steps(can))
    check_order(steps)
    return [step.sequence for step in steps if isinstance(step, Keys)]


@pytest.mark.parametrize("bench", ["price-scale-k0", "price-scale-k3"])
@pytest.mark.parametrize(
    "label", ["cal", "CAL", "Set", "SETUP", "MENU", "ON/OFF", "off", "标定", "设置", "开/关", "保存", "关机", "单价"]
)
def test_settings_and_the_switch_are_never_pressed_though_nobody_forbade_them(bench: str, label: str) -> None:
    plan = "price-scale-raid" if bench.endswith("k0") else "price-scale-bench"
    codes = pressed_in(plan, keypad(bench, f"clear 0 1 2 M1 tare {label}"))
    assert codes
    assert not any(label in code for code in codes)


@pytest.mark.parametrize(("plan", "bench"), BENCHES[:3])
def test_a_chinese_keypad_is_tried_as_any_other(plan: str, bench: str) -> None:
    english = ["clear", "0", "1", "2", "3", "8", "9", "zero", "tare", "unit", "M4", "total", "print"]
    chinese = dict(
        zip(
            english, ["清除", "0", "1", "2", "3", "8", "9", "置零", "去皮", "单位", "M4", "总累计", "打印"], strict=True
        )
    )
    told = pressed_in(plan, keypad(bench, " ".join(chinese.values())))
    assert told == [tuple(chinese[key] for key in code) for code in pressed_in(plan, keypad(bench, " ".join(english)))]
    assert ("2", "去皮") in told


@pytest.mark.parametrize(("plan", "bench"), BENCHES[:3])
@pytest.mark.parametrize("keys", ["tare zero clear", "F1 F2", "清除"])
def test_a_keypad_without_keys_that_leave_the_weight(plan: str, bench: str, keys: str) -> None:
    pressed_in(plan, keypad(bench, keys))


def test_a_code_of_a_keypad_without_keys_that_leave_the_weight_is_found_over_an_empty_pan() -> None:
    can, scale, found = keypad("price-scale-k3", "tare zero F1"), Scale(("F1", "tare"), clears=False), list[Code]()

    def plan() -> Plan:
        found.extend((yield from shown_again(can, "M", [("F1", "tare")], [], 2)))

    carried_out(plan(), scale)
    assert found == [("F1", "tare")]


@given(st.lists(st.text("abcdefghij0123456789", min_size=1, max_size=3), max_size=12, unique=True))
def test_every_ordered_pair_comes_once(keys: list[str]) -> None:
    found = list(pairwise(every_pair(keys)))
    assert sorted(found) == sorted((a, b) for a in keys for b in keys)


# ------------------------------------------------------------------------------------------------------- made-up scales


class Scale:
    """A scale that weighs a tenth too much while its mode is on; `clears`: the mode ends with any other key."""

    def __init__(self, code: Code, clears: bool) -> None:
        self.code, self.clears, self.on, self.load = code, clears, False, Decimal(0)
        self.typed: list[str] = []
        self.pressed: list[str] = []

    def shown(self) -> Decimal:
        kg = self.load * (Decimal("1.1") if self.on else 1)
        return (kg / Decimal("0.005")).to_integral_value() * Decimal("0.005")

    def key(self, key: str) -> None:
        self.pressed.append(key)
        self.typed = [*self.typed, key][-len(self.code) :]
        if tuple(self.typed) == self.code:
            self.on = True
        elif self.clears:
            self.on = False

    def answer(self, step: Step) -> Outcome:
        match step:
            case Load(mass_kg=mass):
                self.load = mass
                return {"mass_kg": str(mass)}
            case Keys(sequence=keys):
                for key in keys:
                    self.key(key)
                return {"shown": str(self.shown())}
            case Read(what="line"):
                return {"shown": str(self.shown())}
            case Read(what="weighing"):
                return {"weight": str(self.shown())}
            case Draw(candidates=candidates):
                return {"drawn": list(candidates)}
            case _:
                return {}


def carried_out(plan: Iterator[Step] | Plan, scale: Scale) -> list[Step]:
    done = []
    try:
        step = next(plan)
        while True:
            done.append(step)
            step = plan.send(scale.answer(step))  # type: ignore[union-attr]
    except StopIteration:
        return done


Search = Callable[[Ability, Scale], list[Code]]


@pytest.mark.parametrize("clears", [False, True])
@pytest.mark.parametrize("code", [("7", "M3"), ("M2", "M2"), ("5", "5"), ("print", "0")])
def test_a_pair_is_found_whether_any_key_clears_it_or_not(code: Code, clears: bool) -> None:
    scale, found = Scale(code, clears), list[Code]()
    carried_out(held(LAB, "L", Decimal("1.19"), every_pair(harmless(scale_of(LAB))), found), scale)
    assert found[0] == code


def test_a_pair_with_a_key_of_the_display_is_found_over_an_empty_pan() -> None:
    scale, found = Scale(("tare", "5"), clears=True), list[Code]()
    pairs = [("tare", key) for key in scale_of(LAB).keys]
    carried_out(unloaded(LAB, "P", Decimal("1.19"), pairs, found), scale)
    assert found[0] == ("tare", "5")


def test_what_is_no_code_is_dropped_when_it_is_shown_again() -> None:
    scale = Scale(("7", "M3"), clears=True)
    told: list[Code] = []

    def plan() -> Plan:
        told.extend((yield from shown_again(LAB, "M", [("7", "M3"), ("M3",)], harmless(scale_of(LAB)), 3)))

    carried_out(plan(), scale)
    assert told == [("7", "M3")]


def test_a_lot_decides_which_trial_is_pressed() -> None:
    scale = Scale(("7", "M3"), clears=True)
    steps = carried_out(by_lot(LAB, "R", ("7", "M3"), "0", 2), scale)
    keys = [step.sequence for step in steps if isinstance(step, Keys)]
    assert len(keys) == 2 * 8  # the key in between and the trial's own, eight trials
    assert keys.count(("7", "M3")) == 4


def test_a_machine_is_asked_for_no_load_that_it_has_no_place_for() -> None:
    """Weights on a chain are no set of weights: 0.5 + 2 is no place of its axis."""
    file = find("price-scale-k3")
    loader = file.instruments["loader"]
    own = replace(loader, options={**loader.options, "masses": {"0": 0, "0.5": 100, "1": 200, "2": 400}})
    can = ability(replace(file, instruments={**file.instruments, "loader": own}))
    for plan in ("price-scale-bench", "price-scale-raid"):
        asked = {s.mass_kg for s in dry_run(PLANS[plan].steps(can)) if isinstance(s, Load) and not s.covert}
        assert asked <= {Decimal(kg) for kg in ("0", "0.5", "1", "2")}
        assert len(asked) > 2


def test_a_large_set_of_odd_weights_is_put_together_at_once_and_of_few_pieces() -> None:
    masses = tuple(Decimal(10_007 + 31_337 * k) / 1_000_000 for k in range(60))
    scale = replace(scale_of(LAB), masses_kg=masses, places_kg=())
    begin_s = process_time()
    assert abs(scale.load("1.19") - Decimal("1.19")) < Decimal("0.001")
    assert process_time() - begin_s < 10  # all sums of 60 are 10^18


def test_a_load_that_no_scale_of_this_maximum_takes_is_told() -> None:
    with pytest.raises(BenchError, match="expected a load of at most Max = 15 kg at hand, got 20 kg"):
        replace(scale_of(LAB), masses_kg=(Decimal(20),), places_kg=()).load("0.53")


def test_a_key_that_the_finger_has_no_place_for_is_told_before_anything_is_done() -> None:
    with pytest.raises(BenchError, match="keys that have a place in key_map of loader, got 'F1'"):
        keypad("price-scale-k3", "clear 0 1 F1", places=False)
