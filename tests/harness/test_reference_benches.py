"""Whole raids with each reference: balance and mass meter as instruments, prover and can by hand; honest effects of measures."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from fixtures.benchfile import BenchFile, parse
from fixtures.instruments.balance_sics import Balance
from fixtures.instruments.meter_modbus import Meter
from fixtures.sim.build import build
from harness.benches import find, scenario
from harness.derive import read_recorded, segments
from harness.judge.contract import Segment, SegmentKind

BALANCE = """[links.balance]
url = "sim:balance"
may_write = "our own balance"

[instruments.balance]
driver = "mt-sics-balance"
links = { line = "balance" }
zone = "safe"

[roles]
weigh = "balance"
"""
METER = """[links.coriolis]
url = "sim:coriolis"
may_write = "our own meter"
baud = 19200

[instruments.meter]
driver = "modbus-coriolis"
links = { line = "coriolis" }
zone = "safe"
unit = 1
map = "siemens-mass6000"

[roles]
mass = "meter"
"""


def bench(reference: str) -> BenchFile:
    text = find("dispenser-k0").text
    if reference == "balance":
        return parse(text.replace("[roles]\n", BALANCE), "balance.toml")
    if reference == "meter":
        return parse(
            text.replace("[roles]\n", METER).replace('reference = "operator"', 'reference = "meter"'), "meter.toml"
        )
    return find("dispenser-k0-prover" if reference == "prover" else "dispenser-k0")


def raided(
    folder: Path, reference: str, cheat: str | None = None, seed: int = 1, honest: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[Segment], Any]:
    on = bench(reference)
    site = build(scenario(on, cheat, seed, honest=honest))
    document = inspection.inspect("dispenser-raid", on, folder / "case", world=site).document
    found = segments(read_recorded(folder / "case" / "data" / "journal"))
    return dict(document), [segment for segment in found if segment.kind is SegmentKind.DELIVERY], site


@pytest.mark.parametrize("reference", ["can", "balance", "prover", "meter"])
def test_every_reference_measures_what_was_delivered(tmp_path: Path, reference: str) -> None:
    document, found, site = raided(tmp_path, reference)
    assert document["status"] == "complete"
    assert document["integrity"] in ("no_evidence", "inconclusive")
    assert document["conformity"] in ("pass", "inconclusive")
    true = [sale.delivered_ml / 1000 for sale in site.sales if sale.delivered_ml > 0]
    assert len(true) == len(found)
    measured = [(segment, litres) for segment, litres in zip(found, true, strict=True) if segment.reference_l]
    assert len(measured) >= (9 if reference == "prover" else 13)
    for segment, litres in measured:
        assert segment.reference_l is not None
        value, u = segment.reference_l
        # hydrometer, certificate and what a covert can loses on the way lie within three standard uncertainties
        assert abs(value - litres) < 3 * u + 0.006, segment.id
        assert u / litres < 0.003
    parts = [portion for segment in found for portion in segment.portions]
    assert bool(parts) == (reference != "meter")
    assert all(segment.context.get("start_l") == "0.00" for segment in found) == (reference != "meter")


def dropping(monkeypatch: pytest.MonkeyPatch, kind: type, verb: str, key: str, *which: int) -> None:
    """The readings of that number, or all of them, lack `key`."""
    whole, taken = getattr(kind, verb), itertools.count(1)

    def bare(self: Any) -> dict[str, str]:
        n = next(taken)
        return {name: value for name, value in whole(self).items() if name != key or (which and n not in which)}

    monkeypatch.setattr(kind, verb, bare)


def test_a_meter_that_measures_nothing_ends_the_run_before_any_fuel_flows_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole raid was carried out with it, and said nothing in the end."""
    dropping(monkeypatch, Meter, "read", "density_kg_m3")
    document, _, site = raided(tmp_path, "meter")
    assert document["status"] == "error"
    assert "expected each reading of meter to hold " in document["why"]
    assert " got no density_kg_m3; without it nothing is measured" in document["why"]
    assert site.sales == []


@pytest.mark.parametrize(
    ("reference", "kind", "verb", "key", "which"),
    [("meter", Meter, "read", "density_kg_m3", 7), ("balance", Balance, "weigh", "mass_g", 1)],
)
def test_a_reading_dropped_after_a_covert_sale_costs_its_reference_and_not_the_raid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    reference: str, kind: type, verb: str, key: str, which: int,
) -> None:  # fmt: skip
    """A surprise sale cannot be repeated."""
    dropping(monkeypatch, kind, verb, key, which)
    document, found, _ = raided(tmp_path, reference)
    assert document["status"] == "complete"
    assert document["integrity"] in ("no_evidence", "inconclusive")
    [bare] = [segment.id for segment in found if segment.reference_l is None]
    assert bare == ("A3" if reference == "meter" else "A1")
    assert f"{reference}: its reading lacks {key}. It is kept as it came" in capfd.readouterr().err
    recorded = read_recorded(tmp_path / "case" / "data" / "journal")
    [lacking] = [body["value"]["lacking"] for _, body in recorded.entries if "lacking" in (body.get("value") or {})]
    assert lacking == {reference: [key]}


@pytest.mark.parametrize("reference", ["can", "prover"])
@pytest.mark.parametrize(
    "effect", ["warm_first_litre", "dry_measure", "wet_measure", "evaporation", "missing_temperature", "misread"]
)
def test_an_honest_effect_of_the_measure_accuses_nobody(tmp_path: Path, reference: str, effect: str) -> None:
    document, found, _ = raided(tmp_path, reference, honest=(effect,))
    assert document["status"] == "complete", document["why"]
    assert document["integrity"] in ("no_evidence", "inconclusive")
    assert document["conformity"] in ("pass", "inconclusive")
    measured = [segment for segment in found if segment.reference_l is not None]
    if effect == "missing_temperature":
        assert not any(segment.context["temperature_recorded"] for segment in measured)
        assert all(s.reference_l[1] / s.reference_l[0] > 0.0015 for s in measured if s.reference_l is not None)
