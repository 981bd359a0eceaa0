"""Curves as data: those of every detector are here and hold for the detector that is here; a changed one is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from fixtures.plugins import plugins
from harness import calibration
from harness.calibration import (
    COMMAND,
    Curves,
    Population,
    digest,
    load_curves,
    stale,
    validation,
)
from harness.catalogue import CatalogueError
from harness.editions import edition
from harness.families import family_tests
from harness.fixed_streams import cases
from harness.judge.contract import DetectorSpec, Reading, Segment, Validation, View

# the fixed streams are pulse trains; of the tests of scales nulls are measured (validation_scale.toml) and the power of the
# kernels behind them (docs/weight_kernels.md), curves by size are not; of those that taximeters alone have, nulls (validation_taxi.toml)
SCALES = set(family_tests(edition("jjg539-2016")).detectors)
FUEL = set(family_tests(edition("jjg443-2023")).detectors)
TAXIMETERS = set(family_tests(edition("jjg517-2016")).detectors) - FUEL
OWN = {
    p.name: p.spec
    for p in plugins("detectors")
    if p.distribution == "shortmeasure" and p.spec is not None and p.name not in SCALES | TAXIMETERS
}
VALID = Validation(10_000, 0)


def said(spec: DetectorSpec, case: str) -> Sequence[Reading]:
    found = cases()[case]
    return spec.judge(found.segments, View(found.profile, spec.parameters, VALID))


@pytest.mark.parametrize("name", sorted(OWN))
def test_the_curves_of_every_detector_are_measured_and_hold(name: str) -> None:
    why = stale(OWN[name], load_curves().get(name))
    assert not why, f"{name}: {why}; measure anew with `{COMMAND.format(name=name)}`"


def test_no_curves_of_detectors_that_are_gone() -> None:
    assert set(load_curves()) <= set(OWN)


@pytest.mark.parametrize("name", sorted(OWN))
def test_the_fixed_streams_make_every_detector_speak_and_find_something(name: str) -> None:
    readings = [reading for case in cases() for reading in said(OWN[name], case)]
    if OWN[name].weight:
        assert any(reading.hits for reading in readings)
    else:  # it never claims: it says where to look
        assert any(reading.at for reading in readings)


@pytest.mark.parametrize("name", sorted(OWN))
def test_nothing_is_found_in_the_honest_fixed_streams(name: str) -> None:
    assert not any(reading.hits for reading in said(OWN[name], "honest"))


def test_the_fixed_streams_are_the_same_as_ever() -> None:
    """Integers alone: were these others on another machine, every curve would seem stale there."""
    edges = sum(
        int(train.ticks.sum()) for case in cases().values() for s in case.segments for train in s.trains.values()
    )
    assert edges == 1652844453793


@pytest.mark.parametrize("name", ["dead-time", "register-law", "zero-flow"])
def test_a_changed_parameter_makes_the_curves_stale(name: str) -> None:
    spec = OWN[name]
    curves = Curves(name, spec.version, digest(spec), "", "", ())
    assert not stale(spec, curves)
    for key, value in spec.parameters.items():
        changed = replace(spec, parameters={**spec.parameters, key: value * 1.01})
        assert "parameters or output" in stale(changed, curves)


def test_another_output_makes_the_curves_stale_at_the_same_parameters() -> None:
    spec = OWN["split"]

    def deaf(segments: Sequence[Segment], view: View) -> list[Reading]:
        return [replace(reading, hits=min(reading.hits, 3)) for reading in spec.judge(segments, view)]

    def nearly(segments: Sequence[Segment], view: View) -> list[Reading]:
        return [replace(r, mde=r.mde * (1 + 1e-9) if r.mde else r.mde) for r in spec.judge(segments, view)]

    curves = Curves("split", spec.version, digest(spec), "", "", ())
    assert "parameters or output" in stale(replace(spec, judge=deaf), curves)
    assert not stale(replace(spec, judge=nearly), curves)  # another machine's last digits
    assert "version" in stale(replace(spec, version=spec.version + 1), curves)
    assert "no curves" in stale(spec, None)


def test_a_detector_that_fails_is_stale_and_fails_nobody_else() -> None:
    def broken(segments: Sequence[Segment], view: View) -> list[Reading]:
        raise RuntimeError("no")

    spec = replace(OWN["split"], judge=broken)
    assert "RuntimeError: no" in stale(spec, Curves("split", spec.version, "", "", "", ()))


def population(found: tuple[tuple[int, ...], ...]) -> Population:
    mute = tuple((0,) * len(row) for row in found)
    return Population("a cheat", "share", "g", "nominal", "", "L", (5.0, 10.0), (0.0, 0.01, 0.05), 10, found, mute)


def test_the_least_effect_is_found_as_every_larger_one_is() -> None:
    p = population(((0, 1), (9, 9), (10, 8)))
    assert p.least(0) == 0.01
    assert p.least(1) is None  # at 10 L the larger effect is found less often than nine times in ten
    assert p.honest == (1, 20)
    assert population(((0, 0), (8, 0), (9, 10))).least(0) == 0.05


CURVE = '[[curve]]\ndetector = "x"\nversion = 1\ndigest = ""\ncommit = ""\nelsewhere = ""\n'
MEASURED = {
    "cheat": "''", "unit": "'share'", "generator": "''", "grade": "''", "flow": "''", "axis": "'L'", "seeds": "10",
    "amounts": "[1.0]", "effects": "[0.0, 0.1]", "found": "[[0], [1]]", "mute": "[[0], [0]]",
}  # fmt: skip


def table(**changed: str) -> str:
    return f"{CURVE}population = [{{{', '.join(f'{k} = {v}' for k, v in {**MEASURED, **changed}.items())}}}]\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "curves.toml: .*No such file"),
        (b"\xff\xfe", "curves.toml: .*decode"),
        ("[[", "curves.toml: "),
        ("x = " + "[" * 100_000, "curves.toml: maximum recursion"),
        ("curve = 3\n", "curves.toml: "),
        ("[[curve]]\nname = 1\n", "unknown keys"),
        (CURVE + "population = []\n", "neither"),
        (CURVE.replace('elsewhere = ""', 'elsewhere = "y"') + "population = [{ a = 1 }]\n", "expected"),
        (CURVE + "population = [1]\n", "got 1"),
        (table(seeds="0", found="[[0], [0]]"), "seeds expected at least 1"),
        (table(amounts="[]", found="[[], []]", mute="[[], []]"), "amounts expected numbers"),
        (table(amounts='["x"]'), "amounts expected numbers"),
        (table(effects="[0.0, nan]"), "effects expected numbers"),
        (table(amounts="[1" + "0" * 400 + "]"), "amounts expected numbers"),
        (table(found="[1, 2]"), "found expected a row of 1"),
        (table(found="[[0.5], [1]]"), "found expected counts"),
        (table(found="[[true], [1]]"), "found expected counts"),
        (table(mute="[[0], [11]]"), "mute expected counts of at most 10"),
        (table() + table(), "x stands twice"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "",
)
def test_data_that_cannot_be_used_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, text: str | bytes | None, what: str
) -> None:
    folder = tmp_path_factory.mktemp("catalogue")
    if text is not None:
        (folder / "curves.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    monkeypatch.setattr("harness.catalogue.files", lambda _: folder)
    load_curves.cache_clear()
    with pytest.raises(CatalogueError, match=what):
        load_curves()
    load_curves.cache_clear()


def test_data_that_can_be_used_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "curves.toml").write_text(table())
    monkeypatch.setattr("harness.catalogue.files", lambda _: tmp_path)
    load_curves.cache_clear()
    assert load_curves()["x"].populations[0].share(1, 0) == 0.1
    load_curves.cache_clear()


def test_validation_is_looked_up_in_every_family() -> None:
    assert validation(replace(OWN["split"], version=999)) is None
    found = validation(OWN["parameter-law"])
    assert found is not None
    assert found.n_null > 1000


def test_a_number_is_hashed_to_a_few_digits_and_a_decimal_whole() -> None:
    assert calibration._plain((1 / 3, -0.0, Fraction(1, 3), {"a": 2})) == ["0.3333", "0", "1/3", {"a": 2}]
