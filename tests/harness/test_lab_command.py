"""`shortmeasure lab`: figures and files in, results and exit codes out; files that are hostile."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.exits import Exit
from harness.metrology.columns import columns
from harness.metrology.errors import MetrologyError
from tests.commands import document, shortmeasure


def table(path: Path, head: str, rows: list[tuple[Any, ...]]) -> str:
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n", "utf-8")
    return str(path)


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
