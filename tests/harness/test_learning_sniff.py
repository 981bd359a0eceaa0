"""`capture sniff` as its users give it: a device on a real pseudo-terminal, a captured line, a case of a run."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from captures.case import Case, verify_case
from captures.formats import write
from captures.journal import read_lines
from captures.model import Capture, Direction
from captures.uart import UartLine
from fixtures.clock import VirtualClock
from fixtures.recorder import Recorder
from fixtures.replay import ReplayLink, ReplaySource
from harness.exits import Exit
from harness.learning import listening
from harness.learning.listening import Listener
from harness.learning.rates import Heard, Trial
from harness.learning.recording import read_recording
from protocols.contract import EvidenceClass, LineSettings, Role
from protocols.vectors import read_vectors
from protocols.wire import kern, mt_sics
from tests.commands import document, parsed, shortmeasure
from tests.waves import RATE_HZ, levels_of, train_of

SIGROK = Path(__file__).parents[2].parent / "shared" / "data" / "sigrok"
ptys = pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
WEIGHTS = [
    mt_sics.PROTOCOL.encode(
        mt_sics.Weight("S", mt_sics.Status.STABLE, f"{Decimal(10000 + 7 * k) / 100:10.2f}", "g"), Role.DEVICE
    )
    for k in range(40)
]
FRAMES = [b"\x02P0752W%05d" % (37 * k) for k in range(30)], [b"\x02P0899W%05d" % (41 * k) for k in range(30)]


@contextmanager
def talking(*sides: Sequence[bytes], pause_s: float = 0.035) -> Iterator[list[str]]:
    """Pseudo-terminals whose far ends say their frames over and over."""
    from fixtures import posix

    pairs = [posix.open_pty_pair() for _ in sides]
    stop = threading.Event()

    def talk() -> None:
        k = 0
        while not stop.wait(pause_s):
            for pair, frames in zip(pairs, sides, strict=True):
                if frames:
                    os.write(pair.master, frames[k % len(frames)])
            k += 1

    speaker = threading.Thread(target=talk, daemon=True)
    speaker.start()
    try:
        yield [pair.path for pair in pairs]
    finally:
        stop.set()
        speaker.join()
        for pair in pairs:
            pair.close()


def until_recorded(case: Path, piece: bytes, times: int, patience_s: float = 120.0) -> bool:
    """Wait until the case holds the piece so many times; False when it does not in a patience that no computer needs."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        texts = [path.read_bytes() for path in (case / "data" / "journal").glob("*.jsonl")]
        if sum(text.count(piece) for text in texts) >= times:
            return True
        time.sleep(0.05)
    return False


@ptys
def test_a_device_on_a_pty_is_named_and_kept(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """From the port to the replay: recorded to the byte, named, written as vectors, played again."""
    case, vectors = tmp_path / "case", tmp_path / "frames.toml"
    with talking([b"SI\r\n"], WEIGHTS) as (host, device):
        code, out, err = shortmeasure(
            capfd, "capture", "sniff", "--host", host, "--device", device, "--case", case, "--seconds", 3,
            "--mark", "2.2:weight 2", "--frames", "--vectors", vectors, "--json",
        )  # fmt: skip
    assert code == Exit.OK, err
    said = parsed(out)
    assert said["verdict"] == "mt-sics"
    assert said["named"][0]["roles"] == {"host": "host", "device": "device"}
    assert said["trials"][0]["verdict"] in ("mt-sics", "unknown")
    assert "nothing is written" in err
    assert verify_case(case).complete
    bodies = [line.body for line in read_lines(Case.open(case).journal)]
    assert {body["dir"] for body in bodies if body["kind"] == "wire"} == {Direction.RX}
    heard = b"".join(chunk.data for chunk in read_recording(Case.open(case).journal).lines[1].chunks)
    assert heard[heard.index(b"\n") + 1 :] in b"".join(WEIGHTS) * 4
    [host_frames, device_frames] = said["frames"]
    assert {shape["length"] for shape in device_frames["shapes"]} == {len(WEIGHTS[0])}
    assert [mark["text"] for mark in said["marks"]] == ["weight 2"]
    written = read_vectors(vectors.read_text("utf-8"), "vectors.toml", {})
    assert {one.evidence for one in written} == {EvidenceClass.CAPTURE}
    assert {one.sender for one in written} == {"host", "device"}
    assert {one.wire for one in written if one.sender == "host"} == {b"SI\r\n"}
    assert host_frames["frames"] > 10
    links = tomllib.loads(document(capfd, "capture", "sniff", case, "--replay")["replay"])["links"]
    source = ReplaySource(VirtualClock())
    ReplayLink(source, links["device"]["url"], name="device")
    replayed = b"".join(arrival.data for arrival in source.wait(1 << 40))
    while more := source.wait(1 << 40):
        replayed += b"".join(arrival.data for arrival in more)
    assert replayed.endswith(heard)
    code, _, err = shortmeasure(capfd, "capture", "sniff", case, "--vectors", vectors)
    assert code == Exit.PRECONDITION


@ptys
def test_ctrl_c_ends_the_recording_and_typed_lines_are_marks(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case"
    typed, keyboard = os.pipe()
    monkeypatch.setattr(listening, "STDIN", typed)
    frames = list(FRAMES[0])

    def operate() -> None:
        """Works by what was recorded and not by the clock, which goes on while a busy computer does nothing."""
        heard = until_recorded(case, b"P0752", 40)
        frames[:] = FRAMES[1]
        os.write(keyboard, b"now price 8.99\n")
        until_recorded(case, b"P0899", 40 if heard else 0)
        os.kill(os.getpid(), signal.SIGINT)

    operator = threading.Thread(target=operate)
    with talking(frames) as [port]:
        operator.start()
        code, out, err = shortmeasure(capfd, "capture", "sniff", "--tap", port, "--case", case, "--baud", 9600, "--mode", "8N1", "--frames", "--json")  # fmt: skip
        operator.join()
    os.close(keyboard)
    assert code == Exit.INCONCLUSIVE, err
    assert "ending the recording" in err
    said = parsed(out)
    assert said["verdict"] == "unknown"
    assert verify_case(case).complete
    [shape] = [one for one in said["frames"][0]["shapes"] if one["length"] == len(FRAMES[0][0])]
    moved = {row["index"]: row["values"] for row in shape["differences"]}
    assert {
        3: {"before": 0x37, "now price 8.99": 0x38},
        4: {"before": 0x35, "now price 8.99": 0x39},
    }.items() <= moved.items()
    text = shortmeasure(capfd, "capture", "sniff", case, "--frames")[1]
    assert "protocol: unknown" in text
    assert "byte 3 differs: before: 37h '7', now price 8.99: 38h '8'" in text


@ptys
def test_where_the_time_is_over_the_best_trial_is_what_was_heard(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "Heard", lambda line, damaged, pty: Heard(line, damaged))  # as a port with a rate
    monkeypatch.setattr(Trial, "sure", False)
    tried = Listener._try

    def to_the_end(self: Listener, lines: Sequence[LineSettings], trial_ns: int) -> Any:
        found = tried(self, lines, trial_ns)
        self.stop.set()  # as where the trials took all of the time
        return found

    monkeypatch.setattr(Listener, "_try", to_the_end)
    case = tmp_path / "case"
    with talking(WEIGHTS, pause_s=0.004) as [port]:
        said = document(capfd, "capture", "sniff", "--device", port, "--case", case, "--seconds", 4, "--mode", "8N1")
    assert len({trial["baud"] for trial in said["trials"]}) == len(said["trials"]) > 5
    bodies = [line.body for line in read_lines(Case.open(case).journal)]
    [chosen] = [body for body in bodies if body["kind"] == "chosen"]
    assert (said["verdict"], said["streams"][0]["baud"]) == ("mt-sics", chosen["baud"])
    everything = sum(len(text) for body in bodies if body["kind"] == "wire" for _, text in body["reads"])
    assert 0 < said["streams"][0]["bytes"] < everything


@ptys
def test_a_silent_line_and_a_lost_one_are_errors(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with talking([]) as [port]:
        code, _, err = shortmeasure(
            capfd, "capture", "sniff", "--tap", port, "--case", tmp_path / "silent", "--seconds", 0.3
        )
    assert (code, "expected bytes, got silence" in err) == (Exit.INSTRUMENT, True)
    code, _, err = shortmeasure(
        capfd, "capture", "sniff", "--tap", "/dev/ttyABSENT", "--case", tmp_path / "absent", "--seconds", 1
    )
    assert (code, "there is no such port" in err) == (Exit.INSTRUMENT, True)
    assert verify_case(tmp_path / "absent").complete


def captured(path: Path) -> Path:
    line = UartLine(Fraction(1221), 8, "N", 2)
    said = b"".join(kern.PROTOCOL.encode(message, Role.DEVICE) for message in kern.PROTOCOL.examples(Role.DEVICE))
    bit = RATE_HZ / line.baud
    characters = [(byte, int(50 * bit) if byte == 0x0A else 0) for byte in said]
    write(Capture(header={}, trains=(train_of(levels_of(characters, line, bit)),)), path, "vcd")
    return path


def test_a_captured_line_is_measured_not_guessed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = captured(tmp_path / "tap.vcd")
    [channel] = [row["channel"] for row in document(capfd, "capture", "info", file)["channels"]]
    said = document(capfd, "capture", "sniff", file, "--channel", channel, "--frames")
    assert said["verdict"] == "kern"
    assert abs(said["measured"][0]["measured_baud"] - 1221) < 2
    assert (said["measured"][0]["usual_baud"], said["streams"][0]["mode"]) == (1200, "8N2")
    text = shortmeasure(capfd, "capture", "sniff", file, "--channel", channel)[1]
    assert "measured 122" in text
    assert "kern: 100% of all bytes speak for it" in text


@pytest.mark.skipif(not SIGROK.exists(), reason=f"recorded sessions are not at {SIGROK}")
@pytest.mark.parametrize(
    ("file", "channel", "protocol", "baud"),
    [
        ("kern_ew_6200-2nm_tare.sr", "RX", "kern", 1200),
        ("flowmeter_target_15liter_per_min.sr", "RXTX", "modbus-rtu", 9600),
    ],
)
def test_other_people_s_recordings(
    capfd: pytest.CaptureFixture[str], file: str, channel: str, protocol: str, baud: int
) -> None:
    said = document(capfd, "capture", "sniff", SIGROK / file, "--channel", channel)
    assert (said["verdict"], said["measured"][0]["usual_baud"], said["measured"][0]["damaged"]) == (protocol, baud, 0.0)


def test_judge_says_where_such_a_case_is_looked_at(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case")
    Recorder.create(case.journal, VirtualClock(), {"tool": "capture sniff", "ports": {"tap": "x"}}).close("complete")
    code, _, err = shortmeasure(capfd, "judge", case.path)
    assert (code, "shortmeasure capture sniff CASE" in err) == (Exit.EVIDENCE, True)
    code, _, err = shortmeasure(capfd, "capture", "sniff", case.path)
    assert (code, "got silence" in err) == (Exit.INSTRUMENT, True)


def test_a_link_of_a_run_is_looked_at(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case")
    clock = VirtualClock()
    recorder = Recorder.create(case.journal, clock, {"tool": "shortmeasure", "plan": "x"})
    for weight in WEIGHTS:
        clock.advance_to(clock.now_ns() + 200_000_000)
        recorder.wire(clock.now_ns(), "balance", Direction.TX, b"SI\r\n")
        recorder.wire(clock.now_ns() + 50_000_000, "balance", Direction.RX, weight)
    recorder.close("complete")
    said = document(capfd, "capture", "sniff", case.path, "--link", "balance")
    assert (said["verdict"], [one["name"] for one in said["streams"]]) == ("mt-sics", ["device", "host"])
    code, _, err = shortmeasure(capfd, "capture", "sniff", case.path)
    assert (code, "expected a link of this run, balance" in err) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tap", "/dev/x", "--host", "/dev/y", "--case", "c"], "expected it alone"),
        (["--tap", "/dev/x"], "and --case"),
        (["--host", "/dev/x", "--device", "/dev/x", "--case", "c"], "got the same twice"),
        (["--tap", "/dev/x", "--case", "c", "--mode", "9N1"], "such as 8N1"),
        (["--tap", "/dev/x", "--case", "c", "--mark", "soon"], "SECONDS:TEXT"),
        (["absent", "--tap", "/dev/x", "--case", "c"], "recorded already"),
    ],
)
def test_what_does_not_go_together_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = shortmeasure(capfd, "capture", "sniff", *arguments)
    assert (code, said in err) == (Exit.USAGE, True), err
    assert not (tmp_path / "c").exists()


def test_a_channel_that_is_not_there_and_a_folder_that_is_full(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = captured(tmp_path / "tap.vcd")
    code, _, err = shortmeasure(capfd, "capture", "sniff", file, "--channel", "D9")
    assert (code, "--channel: expected one or two of" in err) == (Exit.USAGE, True)
    code, _, _ = shortmeasure(capfd, "capture", "sniff", "--tap", "/dev/x", "--case", tmp_path, "--baud", 9600)
    assert code == Exit.PRECONDITION
