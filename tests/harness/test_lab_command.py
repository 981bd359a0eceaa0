"""`shortmeasure lab`: figures, files and cases in, results and exit codes out; files that are hostile."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness.inspection as inspection
from benchmarks.acceptance_editions import altered
from fixtures.benchfile import BenchFile, parse
from harness.acceptance.between import EXACT, between
from harness.acceptance.region import Stations, rows
from harness.benches import draw_seed, find, world
from harness.exits import Exit
from harness.judging import judge_path
from harness.metrology.columns import columns
from harness.metrology.errors import MetrologyError, NotComparable
from tests.commands import document, shortmeasure
from tests.once import folder_once


def table(path: Path, head: str, rows: list[tuple[Any, ...]]) -> str:
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n", "utf-8")
    return str(path)


LOTS = "0123456789abcdef" * 2


def bench_of(number: int) -> BenchFile:
    """The bench with the prover before instrument `N<number>`, which shows 0.4 % too much."""
    text = find("dispenser-k0-prover").text
    for old, new in (
        ('id = "SIM-NOZZLE-1"', f'id = "N{number}"'),
        ('model = "dispenser"', 'model = "dispenser"\nerror_rel = "0.004"'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return parse(text, "bench")


def inspected(folder: Path, bench: BenchFile, seed: int) -> Path:
    """A simulated instrument that was brought to its acceptance tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
        done = inspection.inspect("dispenser-acceptance", bench, folder, world=world(bench, None, seed), draw_seed=LOTS)
    assert done.document["status"] == "complete", done.document["why"]
    return folder


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One instrument on two benches: by prover, and by the taps and the meter of a K2 bench."""
    folder = tmp_path_factory.mktemp("honest")

    def made(name: str, bench: str, seed: int) -> Path:
        return folder_once(tmp_path_factory, f"lab-{name}", lambda at: inspected(at, find(bench), seed), folder / name)

    return made("prover", "dispenser-k0-prover", 1), made("k2", "dispenser-k2", 2)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five instruments that show 0.4 % too much."""
    folder = tmp_path_factory.mktemp("region")

    def made(n: int) -> Path:
        return folder_once(tmp_path_factory, f"lab-{n}", lambda at: inspected(at, bench_of(n), n), folder / f"case-{n}")

    return [made(n) for n in range(1, 6)]


def test_two_results_are_compared(capfd: pytest.CaptureFixture[str]) -> None:
    own = ("score", "--x", "10.05", "--u", "0.02", "--reference", "10.0", "--u-reference", "0.015")
    scores = {one["name"]: one for one in document(capfd, "lab", *own)["scores"]}
    assert scores["En"]["value"] == pytest.approx(1.0)
    assert scores["zeta"]["value"] == pytest.approx(2.0)
    assert "z" not in scores
    far = document(capfd, "lab", *own[:2], "10.2", *own[3:], "--spread", "0.05", expected=Exit.INCONCLUSIVE)
    assert [one["standing"] for one in far["scores"]] == ["action", "action", "action"]
    code, _, err = shortmeasure(capfd, "lab", "score", "--x", "1", "--u", "0", "--reference", "1", "--u-reference", "0")
    assert code == Exit.PRECONDITION
    assert "what next" in err


def test_each_result_of_two_cases_is_compared(
    capfd: pytest.CaptureFixture[str], honest: tuple[Path, Path], region: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = document(capfd, "lab", "score", *honest)
    assert (found["edition"], found["basis"]) == ("jjg443-2023", "protocol")
    assert [(row["test"], row["formula"], row["at"]) for row in found["results"]] == [
        ("error-q1", "mean-error", "20 L"),
        ("error-q2", "mean-error", "20 L"),
    ]
    for row in found["results"]:
        own, other = row["own"], row["reference"]
        scores = {one["name"]: one["value"] for one in row["scores"]}
        apart = own["value"] - other["value"]
        assert scores["En"] == pytest.approx(apart / np.hypot(own["k"] * own["u"], other["k"] * other["u"]))
        assert scores["zeta"] == pytest.approx(apart / np.hypot(own["u"], other["u"]))
        assert "z" not in scores
    assert {one["why"] for one in found["not_compared"]} == {EXACT}
    far = document(capfd, "lab", "score", region[0], honest[0], "--spread", "0.0005", expected=Exit.INCONCLUSIVE)
    assert far["instruments"] == ["N1", "SIM-NOZZLE-1"]
    assert [row["standing"] for row in far["results"]] == ["action", "action"]
    assert {one["name"] for one in far["results"][0]["scores"]} == {"En", "zeta", "z"}
    code, out, _ = shortmeasure(capfd, "lab", "score", region[0], honest[0])
    assert code == Exit.INCONCLUSIVE
    assert "2 of 2 beyond what their uncertainty explains" in out
    assert "what differs may be the instruments" in out
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    assert "超出不确定度可解释的范围" in shortmeasure(capfd, "lab", "score", region[0], honest[0])[1]


def test_cases_that_state_different_things_are_not_compared(
    capfd: pytest.CaptureFixture[str], honest: tuple[Path, Path]
) -> None:
    own = judge_path(honest[0])
    detail, protocol = own["conformity_detail"], own["protocol"]
    q1 = {**protocol["tests"][0], "results": [{**row, "unit": "e"} for row in protocol["tests"][0]["results"]]}
    for other, why in (
        ({"conformity_detail": {**detail, "edition": "jjg443-2015"}}, "one edition, got jjg443-2023 and jjg443-2015"),
        ({"quantity": "kg"}, "one quantity, got L and kg"),
        ({"protocol": {**protocol, "tests": [q1]}}, "error-q1, mean-error, 20 L: expected one unit, got 1 and e"),
        ({"protocol": {**protocol, "tests": protocol["tests"][2:]}}, "both cases have"),
        ({"site": "S1", "instruments": []}, "one instrument, got the site S1"),
    ):
        with pytest.raises(NotComparable, match=why):
            between(own, {**own, **other})
    certified = {**own, "standards": [{"name": "reference", "certificate": "2026-17"}]}
    assert between(certified, certified).shared == ("2026-17",)
    plain = {key: value for key, value in own.items() if key != "protocol"}
    assert [(row.test, row.at) for row in between(plain, own).rows] == [("bench", "power-0, full"), ("bench", "power-0, slow")]  # fmt: skip
    for wrong in ((honest[0],), (honest[0], honest[0]), (*honest, "--x", "1"), ("--x", "1")):
        assert shortmeasure(capfd, "lab", "score", *wrong)[0] == Exit.USAGE
    code, _, err = shortmeasure(capfd, "lab", "score", honest[0], honest[0].parent)
    assert code == Exit.EVIDENCE
    assert "expected a case folder" in err


def test_the_mean_of_cases_asks_which_station_each_belongs_to(
    capfd: pytest.CaptureFixture[str], honest: tuple[Path, Path], region: list[Path], tmp_path: Path
) -> None:
    code, _, err = shortmeasure(capfd, "lab", "mean", *region)
    assert code == Exit.PRECONDITION
    assert "--stations FILE" in err
    assert "--each-a-station" in err
    found = document(capfd, "lab", "mean", *region, "--each-a-station", expected=Exit.NON_CONFORMING)
    assert (found["stations"], found["instruments"], found["unit"]) == (5, 5, "1")
    assert found["mean"] == pytest.approx(0.004, abs=0.0005)
    assert [row["instrument"] for row in found["rows"]] == ["N1", "N2", "N3", "N4", "N5"]
    assert found["common"] == max(row["common"] for row in found["rows"]) > 0
    stations = table(tmp_path / "stations.csv", "case,station", [(path.name, path.name[-1]) for path in region])
    named = document(capfd, "lab", "mean", *region, "--stations", stations, expected=Exit.NON_CONFORMING)
    assert [row["station"] for row in named["rows"]] == list("12345")
    assert named["p"] == found["p"]
    # a standard that may itself be off by as much explains the whole mean
    assert not document(capfd, "lab", "mean", *region, "--each-a-station", "--u-common", "0.002")["above_zero"]
    for wrong, why in (
        ((*region, "--station-of", "commission"), "expected 5 stations and more, got 1"),
        ((*region, "--station-of", "party"), "there are commission"),
        ((*region, honest[0], "--stations", stations), "with case prover"),
        ((*region, region[0], "--each-a-station"), "each run once"),
        ((*honest, "--station-of", "commission"), "each instrument once"),
    ):
        code, _, err = shortmeasure(capfd, "lab", "mean", *wrong)
        assert code == Exit.PRECONDITION, err
        assert why in err
    assert shortmeasure(capfd, "lab", "mean", *region, "--each-a-station", "--station-of", "K")[0] == Exit.USAGE
    assert shortmeasure(capfd, "lab", "mean", stations, region[0])[0] == Exit.USAGE


def test_the_instruments_of_a_site_stand_at_one_station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    file = find("site-k0")
    done = inspection.inspect(
        "site-survey", file, tmp_path / "site", world=world(file, None, 1), draw_seed=draw_seed(file, 1)
    )
    found = rows([tmp_path / "site"], Stations())
    assert {row.station for row in found} == {"SIM-STATION-1"}
    errors = done.document["batch"]["errors"]
    assert {row.instrument: row.error for row in found} == {id: one["error"] for id, one in errors.items()}


def test_an_edition_that_judges_each_delivery_gives_their_mean(tmp_path: Path) -> None:
    """Handbook 44 limits single deliveries: what goes into the mean of a region are those, and not the groups of the laws."""
    case = inspected(tmp_path / "case", altered("dispenser-k2", "nist-hb44-3-30"), 1)
    tests = judge_path(case)["protocol"]["tests"]
    errors = [
        row["value"] for test in tests for row in test["results"] if row["formula"] == "error" and row["limit"] == "mpe"
    ]
    [found] = rows([case], Stations(alone=True))
    assert len(errors) > 1
    assert found.error == pytest.approx(sum(errors) / len(errors))
    assert found.common is not None


def test_a_region_that_favours_its_owners_is_told_and_an_honest_one_is_not(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    for mean, expected in ((0.2, Exit.NON_CONFORMING), (0.0, Exit.OK)):
        rows = [
            (f"站{n}", f"{mean + own + 0.15 * rng.standard_normal():.3f}")
            for n in range(40)
            for own in [0.12 * rng.standard_normal()]
            for _ in range(6)
        ]
        path = table(tmp_path / f"{mean}.csv", "station,error", rows)
        found = document(capfd, "lab", "mean", path, expected=expected)
        assert (found["stations"], found["instruments"]) == (40, 240)
        assert found["above_zero"] is (mean > 0)
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, out, _ = shortmeasure(capfd, "lab", "mean", path)
    assert code == Exit.OK
    assert "未显示平均误差有利于经营者" in out


def test_a_lot_of_prepackages(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    fine = table(tmp_path / "fine.csv", "content", [(f"{v:.1f}",) for v in rng.normal(501, 2, 80)])
    found = document(capfd, "lab", "lot", fine, "--nominal", "500", "--lot", "3000")
    assert found["accepted"]
    assert found["verified"] is False
    short = table(tmp_path / "short.csv", "content", [(f"{v:.1f}",) for v in rng.normal(498, 2, 80)])
    code, out, _ = shortmeasure(capfd, "lab", "lot", short, "--nominal", "500", "--lot", "3000")
    assert code == Exit.NON_CONFORMING
    assert "not accepted" in out
    assert "unverified" in out
    code, _, err = shortmeasure(capfd, "lab", "lot", short, "--nominal", "500", "--lot", "100000")
    assert code == Exit.PRECONDITION
    assert "125 packages" in err
    assert shortmeasure(capfd, "lab", "lot", short, "--nominal", "much", "--lot", "3000")[0] == Exit.USAGE


def test_records_that_look_written_stand_out(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    errors = rng.normal(0, 0.0012, (120, 1)) + rng.normal(0, 0.0004, (120, 3))
    options = ("--resolution", "0.0001", "--limit", "0.003", "--repeatability", "0.0003")
    honest = [(f"I{n}", f"{v:.4f}") for n, own in enumerate(errors) for v in own]
    path = table(tmp_path / "honest.csv", "instrument,error", honest)
    assert document(capfd, "lab", "records", path, *options)["stand_out"] == []
    written = [(f"I{n}", f"{0.0005 * round(own[0] / 0.0005):.4f}") for n, own in enumerate(errors) for _ in own]
    path = table(tmp_path / "written.csv", "instrument,error", written)
    assert {"terminal-digits", "too-alike", "identical-runs"} <= set(
        document(capfd, "lab", "records", path, *options, expected=Exit.INCONCLUSIVE)["stand_out"]
    )
    assert shortmeasure(capfd, "lab", "records", path)[0] == Exit.USAGE


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "expected one column 'station'"),
        (b"station,error,error\na,1,2\n", "one column 'error'"),
        (b"station,error\na,1\nb,\n", "line 3: error expected a number"),
        (b"station,error\na,=1+1\n", "line 2: error expected a number"),
        (b"station,error\na,1e400\n", "line 2"),
        (b"station,error\na,nan\n", "line 2"),
        (b"station,error\n,1\n", "line 2: station expected a name"),
        (b"station,error\na\n", "line 2"),
        (b'station,error\n"a,1\n', "expected CSV"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_its_line(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, data: bytes, why: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    code, _, err = shortmeasure(capfd, "lab", "mean", str(path))
    assert code == Exit.PRECONDITION, err
    assert why in err


@given(data=st.binary(max_size=400))
def test_no_bytes_bring_anything_but_columns_or_a_clear_error(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(b"station,error\n" + data)
    with suppress(MetrologyError):
        found = columns(path, ("station", "error"), ("station",))
        assert len(found["station"]) == len(found["error"])
