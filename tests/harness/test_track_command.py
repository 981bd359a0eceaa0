"""`capture track`: the distance in the log of a receiver, told with what it rests on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.exits import Exit
from protocols.contract import Role
from protocols.wire.nmea import PROTOCOL, Rmc
from tests.commands import shortmeasure

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "gnss"


def log(path: Path, seconds: range, day: str = "010226", knots: str = "19.438") -> Path:
    """Eastwards along the equator at 10 m/s, from 08:00:00 on."""
    lines = []
    for second in seconds:
        minutes = round(60 * 10.0 * second / 111_319.4908 * 1e5)
        utc = f"08{second // 60:02d}{second % 60:02d}.00"
        east = f"010{minutes // 100_000:02d}.{minutes % 100_000:05d}"
        fix = Rmc("GN", utc, "A", "0000.00000", "N", east, "E", knots, "90.0", day, mode="A")
        lines.append(PROTOCOL.encode(fix, Role.DEVICE))
    path.write_bytes(b"# a telephone\n" + b"".join(lines))
    return path


def test_a_whole_ride_and_a_part_of_it(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = log(tmp_path / "ride.nmea", range(301))
    code, out, _ = shortmeasure(capfd, "capture", "track", file, "--json")
    said: dict[str, Any] = json.loads(out)
    assert (code, said["kind"], said["reference"], said["why_not"]) == (Exit.OK, "track", True, None)
    assert said["distance_m"] == pytest.approx(3000, abs=0.1)
    assert said["by_positions_m"] == pytest.approx(3000, abs=1)
    assert said["u_m"] == pytest.approx(sum(u**2 for u in said["budget_m"].values()) ** 0.5, abs=0.01)
    assert said["not_used"] == {"remark": 1}
    code, out, _ = shortmeasure(
        capfd, "capture", "track", file, "--from", "08:01:00", "--to", "2026-02-01T16:02:00+08:00", "--json"
    )
    assert (code, json.loads(out)["distance_m"]) == (Exit.OK, pytest.approx(1200 - 600, abs=0.1))
    code, out, _ = shortmeasure(capfd, "capture", "track", file)
    assert out.rstrip().endswith("a reference distance")


def test_gaps_damage_and_a_rolled_over_week_are_told(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    back = datetime.now(UTC).date() - timedelta(weeks=1024)
    day = back.strftime("%d%m%y")
    file = log(tmp_path / "ride.nmea", range(100), day)
    text = file.read_bytes() + log(tmp_path / "end.nmea", range(130, 200), day).read_bytes()
    file.write_bytes(text.replace(b"*", b"", 1))
    code, out, _ = shortmeasure(capfd, "capture", "track", file)
    assert code == Exit.INCONCLUSIVE
    assert f"gap of 31.0 s from {back}T08:01:39.000+00:00: nothing came from the receiver, 310 m straight across" in out
    assert "1 x no sentence: no checksum" in out
    assert "1024 weeks back" in out
    assert "no reference distance: gaps: 1, 31.0 s together" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--from", "noon"), "--from: expected hh:mm:ss or ISO 8601"),
        (("--from", "08:02:00", "--to", "08:01:00"), "--to: expected a later time than --from"),
    ],
)
def test_times_that_are_none(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], text: str
) -> None:
    code, _, err = shortmeasure(capfd, "capture", "track", log(tmp_path / "ride.nmea", range(20)), *arguments)
    assert code == Exit.USAGE
    assert text in err


def test_no_log_and_no_fix(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("time,lat\n1,2\n")
    code, _, err = shortmeasure(capfd, "capture", "track", file)
    assert code == Exit.EVIDENCE
    assert "expected sentences of NMEA 0183" in err
    file.write_bytes(b"$GPRMC,,V,,,,,,,,,,N*53\r\n")
    code, out, _ = shortmeasure(capfd, "capture", "track", file)
    assert code == Exit.INCONCLUSIVE
    assert "no reference distance: no distance" in out


@pytest.mark.skipif(not DATA.exists(), reason=f"recorded logs are not at {DATA}")
@pytest.mark.parametrize(("name", "code"), [("bundg_zeus_9.log", Exit.OK), ("quectel-eg25-g.log", Exit.INCONCLUSIVE)])
def test_recorded_logs(capfd: pytest.CaptureFixture[str], name: str, code: Exit) -> None:
    assert shortmeasure(capfd, "capture", "track", DATA / name)[0] == code
