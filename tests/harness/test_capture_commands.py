"""`capture` and `judge` on recordings made elsewhere, and the trains of a run of our own for others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from captures.case import Case
from captures.formats import read
from harness.derive.exported import recorded_captures
from harness.exits import Exit
from tests.commands import parsed, shortmeasure

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sigrok"
RAMP = DATA / "rotary-ramp.sr"
EDGES = """# tick_s 1/1000000
# window 0 9000000
tick,channel,level
"""


@pytest.fixture
def taps(tmp_path: Path) -> Path:
    """Two channels that follow each other, then two seconds of silence, then again; plain CSV."""
    rows = []
    for begin in (100_000, 5_000_000):
        for i in range(600):
            at = begin + 2_000 * i
            rows += [f"{at},up,1", f"{at + 7},down,1", f"{at + 1000},up,0", f"{at + 1007},down,0"]
    path = tmp_path / "taps.csv"
    path.write_text(EDGES + "\n".join(rows) + "\n")
    return path


def test_info_says_format_rate_channels_and_gaps(capfd: pytest.CaptureFixture[str], taps: Path) -> None:
    code, out, _ = shortmeasure(capfd, "capture", "info", taps, "--json")
    said = parsed(out)
    assert code == 0
    assert said["header"]["format"] == "csv"
    assert [(c["channel"], c["rising"], c["falling"], c["gaps"], c["tick_s"]) for c in said["channels"]] == [
        ("up", 1200, 1200, 0, "1/1000000"), ("down", 1200, 1200, 0, "1/1000000"),
    ]  # fmt: skip
    code, out, _ = shortmeasure(capfd, "capture", "info", taps)
    assert "1000000 ticks/s" in out


def test_mapped_imported_and_judged_again(capfd: pytest.CaptureFixture[str], taps: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks.csv"
    marks.write_text("time_s,kind,payload\n4.9,press remote,\n")
    options = [
        "--map",
        "up=encoder.A",
        "--map",
        "down=board.A",
        "--pulses-per-litre",
        "100",
        "--declare",
        "topology=direct",
    ]
    options += ["--declare", "blending=false", "--pause", "1.5", "--marks", marks]
    code, out, _ = shortmeasure(capfd, "judge", taps, *options, "--json")
    direct = parsed(out)
    assert code == Exit.INCONCLUSIVE  # no error of indication in a recording of taps
    assert direct["findings"] == []
    assert [s["id"] for s in direct["segments"]] == ["taps.csv#1", "taps.csv#2"]
    assert direct["segments"][1]["context"]["events"] == ["press remote"]
    code, out, err = shortmeasure(capfd, "capture", "import", taps, "--case", tmp_path / "case", *options, "--json")
    assert code == 0
    assert parsed(out)["declared"]["stations"] == {"up": "encoder.A", "down": "board.A"}
    assert "judge it with" in err
    assert shortmeasure(capfd, "verify", tmp_path / "case")[0] == 0
    code, out, _ = shortmeasure(capfd, "judge", tmp_path / "case", "--json")
    assert parsed(out) == direct
    code, _, err = shortmeasure(capfd, "judge", tmp_path / "case", *options)
    assert code == Exit.USAGE
    assert "holds its own declarations" in err
    code, out, _ = shortmeasure(
        capfd, "capture", "export", tmp_path / "case", tmp_path / "again.csv", "--to", "csv", "--json"
    )
    assert code == 0
    assert [t.ticks.tolist() for t in read(tmp_path / "again.csv").trains] == [
        t.ticks.tolist() for t in read(taps).trains
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map", "left=encoder.A"], "expected a channel of the file (down, up), got 'left'"),
        (["--map", "up=display.A"], "expected a station (encoder.A"),
        (["--map", "up"], "expected CHANNEL=STATION"),
        (["--pulses-per-litre", "many"], "pulses-per-litre: expected a number > 0"),
        (["--decoding", "x3"], "expected one of x1, x2, x4"),
        (["--declare", "colour=red"], "expected one of pulses_per_litre"),
        (["--declare", "blending=perhaps"], "blending: expected true or false"),
        (["--window", "5"], "expected FROM:TO"),
        (["--window", "5:x"], "plain decimal number"),
        (["--map", "up=encoder.A", "--window", "20:30"], "expected a part of 0.000000 to 9.000000 s"),
        (["--map", "up=encoder.A", "--pause", "0"], "at least 0.1 s"),
    ],
)
def test_wrong_declarations_are_refused_before_a_case_is_made(
    capfd: pytest.CaptureFixture[str], taps: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    for command in (["judge", taps], ["capture", "import", taps, "--case", tmp_path / "case"]):
        code, _, err = shortmeasure(capfd, *command, *options)
        assert code == Exit.USAGE
        assert message in err
    assert not (tmp_path / "case").exists()


def test_a_picture_of_intervals_flow_and_error(capfd: pytest.CaptureFixture[str], taps: Path, tmp_path: Path) -> None:
    options = ["--map", "up=encoder.A", "--map", "down=board.A", "--pulses-per-litre", "100"]
    code, _, _ = shortmeasure(capfd, "capture", "plot", taps, "-o", tmp_path / "x.png", *options)
    assert code == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    code, _, _ = shortmeasure(capfd, "capture", "plot", taps, "-o", tmp_path / "x.svg", *options)
    text = (tmp_path / "x.svg").read_text()
    assert code == 0
    assert all(word in text for word in ("Intervals", "Flow or speed", "E(v)"))
    shortmeasure(capfd, "capture", "plot", taps, "-o", tmp_path / "bare.svg")
    bare = (tmp_path / "bare.svg").read_text()
    assert "Intervals" in bare
    assert "E(v)" not in bare
    assert shortmeasure(capfd, "capture", "plot", taps, "-o", tmp_path / "x.png")[0] == Exit.PRECONDITION
    assert shortmeasure(capfd, "capture", "plot", taps, "-o", tmp_path / "x.pdf")[0] == Exit.USAGE
    assert shortmeasure(capfd, "capture", "import", taps, "--case", tmp_path / "case", *options)[0] == 0
    assert shortmeasure(capfd, "capture", "plot", tmp_path / "case", "-o", tmp_path / "case.svg")[0] == 0
    assert "E(v)" in (tmp_path / "case.svg").read_text()


@pytest.mark.parametrize("to", ["vcd", "csv", "sr", "saleae-csv", "saleae-bin", "saleae-bin-v0"])
def test_export_and_back(capfd: pytest.CaptureFixture[str], taps: Path, tmp_path: Path, to: str) -> None:
    code, out, _ = shortmeasure(capfd, "capture", "export", taps, tmp_path / "out", "--to", to, "--json")
    assert code == 0
    assert parsed(out)["written"][0]["edges"] == 4800
    before, after = read(taps), read(tmp_path / "out")
    for a, b in zip(before.trains, after.trains, strict=True):
        assert a.tick_s is not None
        assert b.tick_s is not None
        assert b.ticks.tolist() == (a.ticks * int(a.tick_s / b.tick_s)).tolist()
    assert shortmeasure(capfd, "capture", "export", taps, tmp_path / "out", "--to", to)[0] == Exit.PRECONDITION
    assert shortmeasure(capfd, "capture", "export", taps, tmp_path / "y", "--to", "wav")[0] == Exit.USAGE
    assert (
        shortmeasure(capfd, "capture", "export", taps, tmp_path / "y", "--to", to, "--segment", "D9")[0] == Exit.USAGE
    )


@pytest.mark.skipif(not RAMP.exists(), reason="real recordings are not beside this checkout")
def test_a_real_encoder_is_judged_as_one(capfd: pytest.CaptureFixture[str]) -> None:
    options = ["--map", "0=encoder.A", "--map", "1=encoder.B", "--pulses-per-litre", "100"]
    code, out, _ = shortmeasure(capfd, "judge", RAMP, *options, "--json")
    verdict = parsed(out)
    assert (code, verdict["integrity"], verdict["findings"]) == (Exit.INCONCLUSIVE, "no_evidence", [])
    assert all(question["answered"] for question in verdict["coverage"] if question["required"])


def test_the_trains_of_a_run_go_out_and_come_back_as_a_recording(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A run with a pulse adder: another laboratory opens the taps of one delivery and sees the same, as far as taps show."""
    run = ["run", "dispenser-bench", "--bench", "dispenser-k3", "--case", tmp_path / "run", "--cheat", "fuel.C09"]
    code, _, _ = shortmeasure(capfd, *run)
    assert code == Exit.CHEATING
    code, out, err = shortmeasure(
        capfd, "capture", "export", tmp_path / "run", tmp_path / "out", "--to", "vcd", "--json"
    )
    assert code == 0
    assert "[  1/" in err
    written = {row["name"]: Path(row["file"]) for row in parsed(out)["written"]}
    captures = recorded_captures(Case.open(tmp_path / "run"))
    assert set(written) == set(captures)
    for name, capture in captures.items():
        for a, b in zip(capture.trains, read(written[name]).trains, strict=True):
            assert (a.name, a.tick_s, a.window) == (b.channel, b.tick_s, b.window)
            assert np.array_equal(a.ticks, b.ticks)
    one = max(written, key=lambda name: sum(int(t.ticks.size) for t in captures[name].trains if t.station == "board"))
    changed = [name for name, c in captures.items() if _counts(c, "board.A") > 1.02 * _counts(c, "encoder.A") > 0]
    assert changed, "the adder worked in some delivery"
    one = max(changed, key=lambda name: _counts(captures[name], "board.A"))
    stations = [f"{s}.{c}={s}.{c}" for s in ("encoder", "board") for c in "AB"]
    options = [part for station in stations for part in ("--map", station)]
    declared = ["--pulses-per-litre", "100", "--decoding", "x4", "--declare", "topology=direct"]
    code, out, _ = shortmeasure(capfd, "judge", written[one], *options, *declared, "--json")
    verdict = parsed(out)
    assert (code, verdict["integrity"]) == (Exit.CHEATING, "suspect")
    assert any(finding["link"] == "encoder>board" for finding in verdict["findings"])
    code, _, err = shortmeasure(
        capfd, "capture", "export", tmp_path / "run", tmp_path / "one.csv", "--to", "csv", "--segment", one
    )
    assert code == 0
    assert [t.channel for t in read(tmp_path / "one.csv").trains] == [t.name for t in captures[one].trains]
    code, _, err = shortmeasure(capfd, "capture", "plot", tmp_path / "run", "-o", tmp_path / "x.png")
    assert code == Exit.USAGE


def _counts(capture: Any, name: str) -> int:
    return next((int(train.ticks.size) for train in capture.trains if train.name == name), 0)
