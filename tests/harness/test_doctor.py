"""`doctor` on computers of every kind: what is wrong is named with its remedy, and no system brings it down."""

from __future__ import annotations

import json
import os
import subprocess
from collections import namedtuple
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fixtures import hostclock
from fixtures.benchfile import BenchFile, parse
from fixtures.hostclock import ClockState, Instant, clock_state
from fixtures.plugins import Plugin
from fixtures.posix import open_pty_pair
from harness import doctor, doctor_ports, room
from harness.benches import find
from harness.doctor import BAD, NOTE, OK, WARN, Check, Host, examine
from harness.doctor_ports import PortFacts, check_ports, check_programs
from harness.exits import run_app
from harness.room import FLOOR_BYTES, RoomError, check_room, nearest

TODAY = date(2026, 11, 21)
USB = PortFacts("/dev/ttyUSB0", "FT232R USB UART", "A5069RR4", True)
Usage = namedtuple("Usage", "total used free")


def host(root: Path, **changes: Any) -> Host:
    (root / "proc").mkdir(exist_ok=True)
    keys = root / "keys"
    plain = Host(root, "linux", {"SHORTMEASURE_KEYS": str(keys)}, lambda: [USB], lambda: TODAY)
    return replace(plain, **changes)


def of(found: list[Check], name: str) -> list[Check]:
    assert all(check.remedy for check in found if check.state in (WARN, BAD)), "each says how to mend it"
    return [check for check in found if check.name == name]


def on_port(url: str) -> BenchFile:
    text = find("dispenser-k0-prover").text
    return parse(text.replace('url = "sim:operator"', f'url = "{url}"'), "bench.toml")


def test_a_sound_computer(tmp_path: Path) -> None:
    found = examine(tmp_path / "cases", None, host(tmp_path))
    assert not [check for check in found if check.state == BAD]
    assert {check.name for check in found} == {
        "software", "ports", "programs", "disk", "keys", "standards", "plugins", "texts", "clock",
    }  # fmt: skip
    assert of(found, "ports")[0].what == "/dev/ttyUSB0 (FT232R USB UART)"
    assert not (tmp_path / "cases").exists()
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("port", "bench", "state", "what", "remedy"),
    [
        (replace(USB, may_open=False), False, WARN, "no permission", "usermod -aG dialout"),
        (replace(USB, may_open=False), True, BAD, "link operator: /dev/ttyUSB0", "usermod -aG dialout"),
        (replace(USB, holders=((77, "minicom"),)), True, BAD, "process 77 (minicom)", "end that program"),
        (replace(USB, device="/dev/ttyUSB7"), True, BAD, "no port /dev/ttyUSB0; ports here: /dev/ttyUSB7", "plug"),
    ],
)
def test_what_hinders_a_port_of_the_bench_is_bad(
    tmp_path: Path, port: PortFacts, bench: bool, state: str, what: str, remedy: str
) -> None:
    file = on_port("serial:/dev/ttyUSB0") if bench else None
    rows = list(check_ports([port], file, tmp_path))
    assert rows[0][1] == state
    assert what in rows[0][2]
    assert remedy in rows[0][3]


def test_the_adapter_is_known_by_its_usb_serial_number(tmp_path: Path) -> None:
    assert next(iter(check_ports([USB], on_port("serial:usb=A5069RR4"), tmp_path)))[1] == "ok"
    assert next(iter(check_ports([USB], on_port("serial:usb=A506"), tmp_path)))[1] == "bad"


@pytest.mark.parametrize(("text", "state"), [("16\n", WARN), ("1\n", OK), ("x" * 50, OK)])
def test_an_adapter_that_holds_bytes_back(tmp_path: Path, text: str, state: str) -> None:
    device = tmp_path / "sys" / "bus" / "usb-serial" / "devices" / "ttyUSB0"
    device.mkdir(parents=True)
    (device / "latency_timer").write_text(text)
    (row,) = check_ports([USB], None, tmp_path)
    assert row[1] == state
    if state == WARN:
        assert "up to 16 ms" in row[2]
        assert f"echo 1 | sudo tee {device / 'latency_timer'}" in row[3]


def test_a_real_second_opener_is_seen() -> None:
    pair = open_pty_pair()
    held = subprocess.Popen(["sleep", "60"], stdin=os.open(pair.path, os.O_RDWR | os.O_NOCTTY))
    try:
        rows = list(check_ports([], on_port(f"serial:{pair.path}")))
        assert any(row[1] == "bad" and f"process {held.pid} (sleep)" in row[2] for row in rows)
    finally:
        held.kill()
        held.wait()
        pair.close()


def test_programs_that_grab_ports(tmp_path: Path) -> None:
    for pid, name in ((10, b"ModemManager\n"), (11, b"bash\n"), (12, b"\xff\n")):
        (tmp_path / "proc" / str(pid)).mkdir(parents=True)
        (tmp_path / "proc" / str(pid) / "comm").write_bytes(name)
    (row,) = check_programs(tmp_path)
    assert row[1] == "warn"
    assert "ModemManager runs" in row[2]
    assert "systemctl stop ModemManager" in row[3]
    assert next(iter(check_programs(tmp_path / "nowhere")))[1] == "note"  # no /proc: Windows, macOS


def test_too_little_room_is_bad_and_stops_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.inspection import inspect

    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: Usage(10**12, 0, FLOOR_BYTES - 1))
    disk = of(examine(tmp_path, None, host(tmp_path)), "disk")
    assert next(check.state for check in disk) == BAD
    with pytest.raises(RoomError, match="expected at least 600 MB free for a case, got 600 MB"):
        inspect("dispenser-raid", find("dispenser-k0"), tmp_path / "case")
    assert not (tmp_path / "case").exists()
    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: Usage(10**12, 0, FLOOR_BYTES))
    assert check_room(tmp_path).enough


def test_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(room.tempfile, "TemporaryFile", refused)
    (check,) = of(examine(tmp_path, None, host(tmp_path)), "disk")
    assert (check.state, "Permission denied" in check.what) == (BAD, True)


def test_a_slow_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "duration_s", lambda act: (act(), 0.25)[1])
    assert [(c.state, "250.0 ms" in c.what) for c in of(examine(tmp_path, None, host(tmp_path)), "disk")][1] == (
        WARN,
        True,
    )


def test_nearest_folder_that_exists(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert nearest(tmp_path / "a" / "b") == tmp_path
    assert nearest(tmp_path / "file" / "b") == tmp_path


@pytest.mark.parametrize(
    ("state", "expected", "what"),
    [
        (
            ClockState("2026-11-21T10:00:00+00:00", 28800, True, "adjtimex", 0.02),
            OK,
            "+8 h; synchronised, within 0.02 s",
        ),
        (ClockState("2026-11-21T10:00:00+00:00", 28800, False, "adjtimex"), WARN, "not synchronised"),
        (
            ClockState("2026-11-21T10:00:00+00:00", 0, None, "win32: shortmeasure cannot ask this system"),
            NOTE,
            "is unknown",
        ),
    ],
)
def test_what_the_system_says_of_its_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: ClockState, expected: str, what: str
) -> None:
    monkeypatch.setattr(doctor, "clock_state", lambda: state)
    check = of(examine(tmp_path, None, host(tmp_path)), "clock")[0]
    assert check.state == expected
    assert what in check.what


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ((2_000_000_000 * 10**9, 2_000_000_001 * 10**9), [OK]),
        ((2_000_000_000 * 10**9, 2_000_000_003 * 10**9), [BAD]),  # set forward by 2 s while we looked
        ((10**9, 2 * 10**9), [BAD, OK]),  # 1970: an empty battery
    ],
)
def test_a_clock_that_was_set(tmp_path: Path, wall: tuple[int, int], expected: list[str]) -> None:
    seen = [Instant(wall[0], 0, None), Instant(wall[1], 10**9, None)]
    found = of(examine(tmp_path, None, host(tmp_path, now=lambda: seen.pop(0))), "clock")
    assert [check.state for check in found[1:]] == expected


def test_the_real_clock_can_be_asked() -> None:
    state = clock_state()
    assert state.utc.endswith("+00:00")
    assert state.synchronised is not None or state.how
    assert hostclock.utc_day().isoformat() in (state.utc[:10], clock_state().utc[:10])
    first, second = hostclock.instant(), hostclock.instant()
    assert first.monotonic_ns <= second.monotonic_ns


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostclock.sys, "platform", "win32")
    assert clock_state().synchronised is None


@pytest.mark.parametrize(
    ("due", "state", "what"),
    [
        ("2026-11-20", BAD, "today is 2026-11-21 (UTC): run refuses"),
        ("2026-11-21", WARN, "0 days left"),
        ("2026-12-21", WARN, "30 days left"),
        ("2026-12-22", OK, "31 days left"),
        ("", WARN, "no due day declared"),
    ],
)
def test_standards_near_and_past_due(tmp_path: Path, due: str, state: str, what: str) -> None:
    stated = 'certificate = "V-17"\n' + (f"due = {due}\n" if due else "")
    bench = parse(find("dispenser-k0-prover").text.replace("drip_s = ", f"{stated}drip_s = "), "bench.toml")
    (check,) = of(examine(tmp_path, bench, host(tmp_path)), "standards")
    assert (check.state, what in check.what, "certificate V-17" in check.what) == (state, True, True)


def test_a_standard_nobody_declared(tmp_path: Path) -> None:
    (check,) = of(examine(tmp_path, find("dispenser-k0-balance"), host(tmp_path)), "standards")
    assert (check.state, check.remedy) == (
        WARN, 'add [standards.NAME] with of = "balance" to built-in dispenser-k0-balance',
    )  # fmt: skip


def test_keys(tmp_path: Path) -> None:
    from captures.keys import make_key

    folder = tmp_path / "keys"
    make_key(folder, "station", None)
    make_key(folder, "wang", "correct horse")
    states = {check.what.split(":")[0]: check.state for check in of(examine(tmp_path, None, host(tmp_path)), "keys")}
    assert states == {"station": NOTE, "wang": OK}
    (folder / "wang.key").chmod(0o644)
    found = of(examine(tmp_path, None, host(tmp_path)), "keys")
    assert [(check.state, "mode 644" in check.what) for check in found] == [(NOTE, False), (BAD, True)]


def test_broken_plugins_are_bad_only_where_they_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [
        Plugin("instruments", "operator", "x:Y", "stranger", None, "ImportError: no x", "reinstall stranger"),
        Plugin("detectors", "odd", "x:Z", "stranger", None, "ImportError: no x", "reinstall stranger"),
    ]
    monkeypatch.setattr("fixtures.plugins.plugins", lambda group: [p for p in broken if p.group == group])
    found = of(examine(tmp_path, find("dispenser-k0"), host(tmp_path)), "plugins")
    assert sorted(check.state for check in found) == [BAD, WARN]
    assert all("ImportError: no x" in check.what for check in found)
    assert of(examine(tmp_path, None, host(tmp_path)), "plugins")[0].state == WARN


@pytest.mark.parametrize(
    ("encoding", "carries"), [("utf-8", True), ("gb18030", True), ("ascii", False), ("no-such", False)]
)
def test_encodings(encoding: str, carries: bool) -> None:
    assert doctor._carries(encoding) is carries


def test_a_check_that_fails_is_a_finding_and_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def foreign(*_: object) -> Any:
        raise NotImplementedError("no such thing on this system")

    monkeypatch.setattr(doctor, "clock_state", foreign)
    found = examine(
        tmp_path / "x", None, Host(tmp_path / "nowhere", "win32", {"LOCALAPPDATA": str(tmp_path)}, foreign, foreign)
    )
    failed = {check.name for check in found if "could not be looked at: NotImplementedError" in check.what}
    assert {"ports", "clock"} <= failed
    assert of(found, "keys")[0].state == OK


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.commands import build_app

    monkeypatch.setattr(doctor_ports, "facts", lambda: [])
    monkeypatch.setenv("SHORTMEASURE_KEYS", str(tmp_path / "keys"))
    assert run_app(build_app(), ["doctor", "--cases", str(tmp_path), "--json"], {}) == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["kind"], document["fit"]) == ("doctor", True)
    file = tmp_path / "bench.toml"
    text = find("dispenser-k0-prover").text.replace(
        "drip_s = ", 'certificate = "V\\u00e9"\ndue = 2024-02-29\ndrip_s = '
    )
    file.write_text(text, "utf-8")
    assert run_app(build_app(), ["doctor", "--cases", str(tmp_path), "--bench", str(file)], {}) == 41
    out = capfd.readouterr().out
    assert "due 2024-02-29" in out
    assert "mend: have it calibrated" in out
    assert run_app(build_app(), ["doctor", "--bench", "absent.toml"], {}) == 41
