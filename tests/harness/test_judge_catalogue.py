"""Catalogue data: complete, known keys only, and the true function always remains possible."""

from __future__ import annotations

import re
from itertools import combinations, pairwise, product
from typing import Any

import pytest

import harness.catalogue as catalogue
from fixtures.plugins import specs
from harness.judge.catalogue import possible
from harness.judge.chain import BESIDE, DISPENSER, SCALE, TAXI, adjacent, base_links, contains
from harness.judge.contract import Link, Shape
from harness.judge.facts import FACTS
from harness.judge.key_effects import WeightRule, effect_of

CHINESE = re.compile("[\u4e00-\u9fff]")
UNPUBLISHED = ("scale.S21", "scale.S22", "scale.S23", "scale.S24", "scale.S25", "scale.S26")  # no known case


of = catalogue.cheats_of


def test_all_thirty_five() -> None:
    entries = of("dispenser")
    assert [entry.id for entry in entries] == [f"fuel.C{n:02}" for n in range(1, 36)]
    known = {f"{a}>{b}" for a, b in pairwise(DISPENSER)} | {f"{f}>{b}" for b, f in BESIDE.items()}
    known |= {"sealed>parameters"}  # the parameter menu of a gas dispenser
    for entry in entries:
        assert entry.title_zh
        assert set(entry.breaks) <= known
        assert not entry.verified


def test_all_fifty_one_of_scales() -> None:
    price, truck = of("price-scale"), of("truck-scale")
    assert [entry.id for entry in price] == [f"scale.S{n:02}" for n in range(1, 29)]
    assert [entry.id for entry in truck] == [f"truck.T{n:02}" for n in range(1, 24)]
    known = {f"{a}>{b}" for a, b in pairwise(SCALE)}
    for entry in (*price, *truck):
        assert CHINESE.search(entry.title_zh)
        assert entry.breaks
        assert set(entry.breaks) <= known
        assert len(set(entry.breaks)) == len(entry.breaks)
        assert entry.sources
        assert entry.triggers
        assert entry.magnitude
        assert not entry.verified
    assert {entry.id for entry in price if entry.grade == "U"} == set(UNPUBLISHED)
    assert {entry.id for entry in truck if entry.grade == "U"} == {f"truck.T{n}" for n in (16, 19, 21, 22)}


def test_all_thirty_five_of_taximeters() -> None:
    entries = of("taximeter")
    assert [entry.id for entry in entries] == [f"taxi.C{n:02}" for n in range(1, 36)]
    known = {f"{a}>{b}" for a, b in pairwise(TAXI)} | {"clock>waiting"}
    for entry in entries:
        assert CHINESE.search(entry.title_zh)
        assert entry.breaks
        assert set(entry.breaks) <= known
        assert entry.sources
        assert entry.triggers
        assert not entry.verified
    assert {entry.id for entry in entries if entry.grade == "U"} == {"taxi.C35"}


@pytest.mark.parametrize("family", ["price-scale", "truck-scale"])
def test_what_is_possible_on_a_link_is_possible_on_every_wider_one(family: str) -> None:
    links = [Link(up, down) for up, down in combinations(SCALE, 2)]
    for link, wider in product(links, links):
        if contains(wider, link):
            assert set(possible(of(family), link, None)) <= set(possible(of(family), wider, None))
    assert len(possible(of(family), Link(SCALE[0], SCALE[-1]), None)) == len(of(family))


# what the simulated function changes, by the stations of a bench -> the link on which it is seen (scales.md 1A, 1B signatures)
SEEN = [
    ("scale.S01", "load", "weight", Shape.SWITCHED),
    ("scale.S01", "load", "display", Shape.STATE),
    ("scale.S09", "load", "weight", Shape.EXTRA),
    ("scale.S10", "weight", "display", Shape.SWITCHED),
    ("scale.S10", "load", "display", Shape.SWITCHED),
    ("scale.S13", "display", "price", Shape.CONSTANT),
    ("scale.S14", "load", "display", Shape.EXTRA),
    ("scale.S18", "price", "ticket", Shape.STATE),
    ("scale.S21", "load", "weight", Shape.THRESHOLD),
    ("scale.S25", "display", "price", Shape.SWITCHED),
    ("scale.S25", "weight", "ticket", Shape.STATE),
    ("truck.T01", "load", "weight", Shape.SWITCHED),
    ("truck.T04", "load", "display", Shape.SWITCHED),
    ("truck.T09", "load", "ticket", Shape.STATE),
    ("truck.T10", "load", "weight", Shape.EXTRA),
    ("truck.T19", "weight", "display", Shape.STATE),
    ("truck.T19", "display", "ticket", Shape.CONSTANT),
    ("truck.T19", "load", "weight", Shape.STATE),
    ("truck.T20", "ticket", "record", Shape.STATE),
    ("truck.T20", "display", "ticket", Shape.STATE),
    ("truck.T20", "weight", "record", Shape.EXTRA),
    ("taxi.C01", "sensor", "input", Shape.SWITCHED),
    ("taxi.C01", "reference", "input", Shape.EXTRA),
    ("taxi.C02", "sensor", "input", Shape.SWITCHED),
    ("taxi.C05", "reference", "sensor", Shape.EXTRA),
    ("taxi.C10", "reference", "sensor", Shape.CONSTANT),
    ("taxi.C10", "reference", "distance", Shape.CONSTANT),
    ("taxi.C12", "input", "distance", Shape.CONSTANT),
    ("taxi.C14", "input", "distance", Shape.EXTRA),
    ("taxi.C17", "distance", "fare", Shape.THRESHOLD),
    ("taxi.C19", "distance", "fare", Shape.STATE),
    ("taxi.C22", "distance", "fare", Shape.CONSTANT),
    ("taxi.C25", "clock", "waiting", Shape.CONSTANT),
    ("taxi.C26", "clock", "waiting", Shape.CONSTANT),
    ("taxi.C26", "distance", "fare", Shape.CONSTANT),
    ("taxi.C30", "clock", "waiting", Shape.CONSTANT),
    ("taxi.C32", "fare", "record", Shape.STATE),
    ("taxi.C35", "sensor", "input", Shape.THRESHOLD),
    ("taxi.C35", "reference", "sensor", Shape.STATE),
]


@pytest.mark.parametrize(("id", "up", "down", "shape"), SEEN)
def test_the_function_that_acts_remains_possible_where_it_shows(id: str, up: str, down: str, shape: Shape) -> None:
    assert id in possible(catalogue.load_catalogue(), Link(up, down), shape)


WHERE = {  # a simulated mechanism -> links one of which must be broken, by what it does there
    "NetGain": {"counts>weight"},
    "WindowGain": {"counts>weight"},
    "Respan": {"counts>weight"},
    "AnalogueGain": {"load>counts"},
    "DisplayGain": {"weight>display"},
    "UnitFactor": {"counts>weight", "display>price"},
    "PriceGain": {"display>price"},
    "WideTracking": {"counts>weight"},
    "StableSpoof": {"counts>weight"},
    "Base": {"counts>weight"},
    "Pan": {"load>counts"},
    "Remainder": {"load>counts"},
    "Impact": {"load>counts", "price>ticket"},
    "CoarsePrice": {"display>price"},
    "CellGain": {"load>counts"},
    "CellCode": {"load>counts"},
    "LeadOffset": {"load>counts"},
    "Field": {"load>counts"},
    "Simulator": {"load>counts"},
    "LoadedZero": {"counts>weight"},
    "JackFoot": {"load>counts"},
    "LineRewrite": {"weight>display", "price>ticket"},
    "RecordEdit": {"ticket>record", "price>ticket"},
}


def test_the_catalogue_breaks_what_each_simulated_mechanism_breaks() -> None:
    from fixtures.sim.scale.cheats import SCALE_CHEATS, SCALE_VARIANTS, parse_scale_cheat
    from fixtures.sim.scale.truck.cheats import TRUCK_CASES, parse_truck_cheat

    breaks = {entry.id: set(entry.breaks) for entry in catalogue.load_catalogue()}
    built = [parse_scale_cheat(id) for id in (*SCALE_CHEATS, *SCALE_VARIANTS)]
    for cheat in [*built, *map(parse_truck_cheat, TRUCK_CASES)]:
        for part in cheat.parts:
            assert WHERE[type(part.mechanism).__name__] <= breaks[cheat.id.split(":")[0]], cheat.id


def test_a_display_that_contradicts_its_line_rules_out_what_lies_before_both() -> None:
    left = possible(of("price-scale"), Link("weight", "display"), None)
    assert "scale.S10" in left
    assert not {"scale.S07", "scale.S08", "scale.S09", "scale.S19", "scale.S20"} & set(left)


def test_a_judgement_names_the_functions_of_its_own_family() -> None:
    for family in ("dispenser", "price-scale", "truck-scale", "taximeter"):
        assert {entry.family for entry in catalogue.cheats_of(family)} == {family}
    assert catalogue.cheats_of("gas-dispenser") == catalogue.load_catalogue()


def test_no_function_of_one_family_is_possible_in_another() -> None:
    entries = catalogue.load_catalogue()
    assert {id.split(".")[0] for id in possible(entries, Link("reference", "amount"), None)} == {"fuel"}
    assert {id.split(".")[0] for id in possible(entries, Link("load", "record"), None)} == {"scale", "truck"}
    assert {id.split(".")[0] for id in possible(entries, Link("reference", "record"), None)} == {"taxi"}


def test_every_key_of_a_keypad_has_an_effect() -> None:
    from fixtures.sim.scale.keypad import KEYS

    effects = catalogue.load_key_effects()
    assert {one.label for one in effects} >= set(KEYS)
    for one in effects:
        assert CHINESE.search(one.expected_zh)
        assert one.expected_en
        assert (one.weight is WeightRule.KEPT) == ("weight" not in one.changes)
        assert one.grade == "D"


def test_keys_by_what_is_printed_on_them() -> None:
    effects = catalogue.load_key_effects()
    for printed, label in (
        ("去皮", "tare"),
        ("置零", "zero"),
        ("清除", "clear"),
        ("累计", "add"),
        ("找零", "change"),
        ("打印", "print"),
        (" Tare ", "tare"),
        ("m3", "M3"),
    ):
        found = effect_of(effects, printed)
        assert found is not None
        assert found.label == label
    assert effect_of(effects, "储存") is None


def test_no_digit_memory_or_sum_key_may_change_the_weight() -> None:
    effects = {one.label: one for one in catalogue.load_key_effects()}
    changing = {label for label, one in effects.items() if one.may_change("weight")}
    assert changing == {"clear", "zero", "tare", "unit", "hold"}
    assert effects["unit"].weight is WeightRule.CONVERTED
    assert not effects["light"].changes


GOOD_KEY: dict[str, Any] = {
    "labels": ["x"], "aliases": ["X", "乘"], "changes": ["price"], "weight": "kept", "momentary": False, "expected_en": "a",
    "expected_zh": "甲", "source": "print", "grade": "D",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"changes": ["colour"]}, "key 1: changes expected some of weight, .*, got colour"),
        ({"weight": "doubled"}, "key 1: weight expected one of kept, .*, got 'doubled'"),
        ({"weight": "net"}, "key 1: weight = 'net' and changes = .* contradict"),
        ({"changes": ["weight"]}, "contradict"),
        ({"labels": []}, "expected one label"),
        ({"labels": ["x", "y"]}, "expected one label"),
    ],
)
def test_key_effects_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], match: str) -> None:
    monkeypatch.setattr(catalogue, "load_table", lambda *_: [{**GOOD_KEY, **changed}])
    with pytest.raises(catalogue.CatalogueError, match=match):
        catalogue.load_key_effects.__wrapped__("x.toml")


def test_two_keys_of_one_name_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**GOOD_KEY, "labels": ["y"], "aliases": ["x"]}
    monkeypatch.setattr(catalogue, "load_table", lambda *_: [dict(GOOD_KEY), other])
    with pytest.raises(catalogue.CatalogueError, match=r"x\.toml: two keys are named x"):
        catalogue.load_key_effects.__wrapped__("x.toml")


def test_unknown_keys_of_a_data_file_are_errors() -> None:
    lacking = {name: kind for name, kind in catalogue._KEY.items() if name != "weight"}
    with pytest.raises(catalogue.CatalogueError, match=r"key_effects.toml, key 1: unknown keys \['weight'\]"):
        catalogue.load_table("key_effects.toml", "key", lacking)


def test_each_function_remains_possible_wherever_it_may_show() -> None:
    entries = catalogue.load_catalogue()
    for entry in entries:
        for base in entry.breaks:
            up, down = base.split(">")
            assert entry.id in possible(entries, Link(up, down), None)
            for shape in entry.shapes:
                assert entry.id in possible(entries, Link(up, down), Shape(shape))


def test_causes_name_known_facts_and_known_detectors() -> None:
    causes = (*catalogue.load_causes(), *catalogue.load_causes("taximeter"))
    claiming = {name for name, spec in specs("detectors").items() if spec.weight > 0}
    assert {name for cause in causes for name in cause.detectors} == claiming
    assert {name for cause in causes for names in cause.excluded_by for name in names} <= set(FACTS)


def test_unknown_keys_are_errors() -> None:
    with pytest.raises(catalogue.CatalogueError, match="unknown keys"):
        catalogue._same_keys("x", {"a": 1, "b": 2}, ["a"])


def test_chain_merges_over_unobserved_stations() -> None:
    assert [str(link) for link in adjacent({"reference", "register", "display", "totaliser"})] == [
        "reference>register",
        "register>display",
        "register>totaliser",
    ]
    assert contains(Link("reference", "register"), Link("encoder", "board"))
    assert not contains(Link("encoder", "board"), Link("reference", "register"))
    assert base_links(Link("display", "totaliser")) == {"register>totaliser", "register>display"}
    assert base_links(Link("reference", "tap")) == {"reference>tap"}
