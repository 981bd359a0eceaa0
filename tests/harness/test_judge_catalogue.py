"""Catalogue data: complete, known keys only, and the true function always remains possible."""

from __future__ import annotations

from itertools import pairwise

import pytest

import harness.catalogue as catalogue
from harness.judge.catalogue import possible
from harness.judge.chain import BESIDE, DISPENSER, adjacent, base_links, contains
from harness.judge.contract import Link, Shape
from harness.judge.facts import FACTS


def test_all_thirty_five() -> None:
    entries = catalogue.load_catalogue()
    assert [entry.id for entry in entries] == [f"fuel.C{n:02}" for n in range(1, 36)]
    known = {f"{a}>{b}" for a, b in pairwise(DISPENSER)} | {f"{f}>{b}" for b, f in BESIDE.items()}
    known |= {"sealed>parameters"}  # the parameter menu of a gas dispenser
    for entry in entries:
        assert entry.title_zh
        assert set(entry.breaks) <= known
        assert not entry.verified


def test_each_function_remains_possible_wherever_it_may_show() -> None:
    entries = catalogue.load_catalogue()
    for entry in entries:
        for base in entry.breaks:
            up, down = base.split(">")
            assert entry.id in possible(entries, Link(up, down), None)
            for shape in entry.shapes:
                assert entry.id in possible(entries, Link(up, down), Shape(shape))


def test_causes_name_known_facts_and_known_detectors() -> None:
    from benchmarks.detectors import DETECTORS

    causes = catalogue.load_causes()
    assert {name for cause in causes for name in cause.detectors} == {*DETECTORS, "parameter-law"}
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
