"""`shortmeasure detectors`: every plugin with its null, parameters, validation and curves; broken ones are named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.plugins import Plugin, plugins, specs
from harness.calibration import load_curves
from harness.commands.detectors import _least
from harness.exits import Exit
from harness.report.detector_texts import CHEATS, NEEDS, NULLS, WORDS
from tests.commands import shortmeasure


def test_every_detector_is_listed_with_what_was_measured(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = shortmeasure(capfd, "detectors", "--json")
    assert code == Exit.OK
    rows: dict[str, dict[str, Any]] = {row["name"]: row for row in json.loads(out)["detectors"]}
    assert set(rows) == set(specs("detectors"))
    for name, spec in specs("detectors").items():
        row = rows[name]
        assert (row["kind"], row["version"], row["weight"]) == (spec.kind, spec.version, spec.weight)
        assert row["parameters"] == dict(spec.parameters)
        assert row["null"] == spec.null
        assert row["needs"] == spec.needs
        assert row["measure"].endswith(f"--only {name}")
    split = rows["split"]
    measured = load_curves()["split"]
    assert len(split["curves"]["populations"]) == len(measured.populations)
    first = split["curves"]["populations"][0]
    assert first["false"]["cases"] == first["seeds"] * len(first["amounts"])


def test_one_in_detail(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    code, out, _ = shortmeasure(capfd, "detectors", "split")
    assert code == Exit.OK
    assert specs("detectors")["split"].null in out
    assert "min_steady_share = 0.9" in out
    assert "honest" in out
    assert "20 L" in out


def test_in_chinese(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, out, _ = shortmeasure(capfd, "detectors", "split")
    assert code == Exit.OK
    assert "零假设" in out
    assert "参数" in out


def test_every_sentence_of_a_detector_and_its_curves_is_named_for_the_catalogue() -> None:
    own = [p.spec for p in plugins("detectors") if p.distribution == "shortmeasure" and p.spec is not None]
    populations = [p for curves in load_curves().values() for p in curves.populations]
    why = "name it in harness/report/detector_texts.py and translate it"
    assert {spec.null for spec in own} == set(NULLS), why
    assert {spec.needs for spec in own} == set(NEEDS), why
    assert {spec.kind for spec in own} <= set(WORDS)
    assert {p.cheat for p in populations} <= set(CHEATS)
    words = {word for p in populations for word in (p.unit, p.axis, p.grade, p.flow) if len(word) > 1}
    assert words - {"share"} <= set(WORDS)


def test_a_stale_one_is_named_with_its_reason_on_stderr(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    monkeypatch.setattr("harness.calibration.load_curves", lambda: {})
    code, out, err = shortmeasure(capfd, "detectors", "split")
    assert code == Exit.OK
    assert "no curves come with these detectors: split" in err
    assert "nothing to mend" in err
    assert "no curves were measured" in out
    assert "python benchmarks/curves.py --only split" in out


def test_an_unknown_one_is_a_mistake_of_the_caller(capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = shortmeasure(capfd, "detectors", "absent")
    assert code == Exit.USAGE
    assert "absent" in err


def test_a_broken_one_is_told_and_the_others_are_listed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    working = next(plugin for plugin in plugins("detectors") if plugin.name == "amount-law")
    broken = Plugin("detectors", "odd", "odd:X", "odd", None, "ImportError: no", "reinstall odd")
    monkeypatch.setattr("fixtures.plugins.plugins", lambda _: [working, broken])
    code, out, err = shortmeasure(capfd, "detectors")
    assert code == Exit.PLUGIN
    assert "amount-law" in out
    assert "odd is broken: ImportError: no" in err
    assert "reinstall odd" in err


def test_the_least_effect_is_a_share_where_one_was_measured() -> None:
    """Half a pulse a second is not less than one per cent."""
    rate = {"least_effect": [None, 0.005], "unit": "pulses/s", "amounts": [10.0, 60.0], "axis": "s"}
    share = {"least_effect": [0.05, 0.01], "unit": "share", "amounts": [5.0, 20.0], "axis": "L"}
    assert _least({"curves": {"populations": [rate, share]}}) == "1 %, 20 L"
    assert _least({"curves": {"populations": [rate]}}) == "0.005 pulses/s, 60 s"
    assert _least({"curves": None}) == ""
