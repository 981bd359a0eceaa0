"""A GNSS receiver at the bench: listened to in process and on a real pseudo-terminal, and what came instead of one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from captures.journal import read_lines
from fixtures.bench import Bench
from fixtures.capability import TellsSpeed
from fixtures.errors import InstrumentError
from fixtures.sim.world import World
from harness.derive.gnss import distance
from harness.derive.gnss_fixes import Track, fixes
from harness.derive.recorded import read_recorded
from protocols.contract import LineSettings, Role
from protocols.wire import kern
from protocols.wire.nmea import PROTOCOL, Gga, Rmc, Sentence
from tests.peers import bench_of, bench_text, instrument, served

SECOND = 1_000_000_000
needs_ptys = pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")


class Alone(World):
    """A receiver and nothing else: once a second the burst that `said` gives for this second."""

    def __init__(self, said: Callable[[int], bytes], baud: int = 4800) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self.port = self.add_port("gnss", LineSettings(baud), self.heard.append)
        self.add_port("operator", LineSettings(None), lambda data: None)
        self._said, self._second = said, 0
        self.after(SECOND // 3, self._go_on)

    def _go_on(self) -> None:
        self.port.send(self._said(self._second))
        self._second += 1
        self.after(SECOND, self._go_on)


def wire(sentence: Sentence) -> bytes:
    return PROTOCOL.encode(sentence, Role.DEVICE)


def rmc(second: int, knots: str = "19.438", status: str = "A") -> Rmc:
    """10 m/s eastwards along the equator."""
    minutes = 60 * 10.0 * second / 111_319.4908
    return Rmc(
        "GN", f"01{second // 60:02d}{second % 60:02d}.00", status, "0000.00000", "N", f"010{minutes:08.5f}", "E", knots, "90.0",
        "010226", mode="A" if status == "A" else "N",
    )  # fmt: skip


def driving(second: int) -> bytes:
    gga = Gga("GN", rmc(second).utc, "0000.00000", "N", "01000.00000", "E", "1", "09", "0.9", "", "", "", "", "", "")
    return wire(gga) + wire(rmc(second))


@contextmanager
def listening(world: World, folder: Path) -> Iterator[Bench]:
    with bench_of(folder, bench_text("gnss-nmea", "sim:gnss"), world) as bench:
        yield bench


def wait(bench: Bench, seconds: float) -> None:
    until_ns = bench.now_ns() + int(seconds * SECOND)
    bench.until(lambda: bench.now_ns() >= until_ns, 1000 * SECOND, "time", "line")


def track_in(folder: Path, late_ns: int = 0) -> Track:
    recorded = read_recorded(folder / "journal")
    return fixes([recorded.chunks["line"]], late_ns=late_ns)


def test_it_says_what_it_hears_and_sends_nothing(tmp_path: Path) -> None:
    world = Alone(driving)
    with listening(world, tmp_path) as bench:
        bench.open()
        receiver = instrument(bench)
        assert isinstance(receiver, TellsSpeed)
        assert receiver.speed_kmh() == Decimal("19.438") * Decimal("1.852")
        wait(bench, 60)
        assert receiver.counts["garbage_bytes"] == 0
        assert receiver.counts["fixes"] >= 60
    assert world.heard == []
    (told,) = [line.body["identity"] for line in read_lines(tmp_path / "journal") if line.body.get("name") == "it"]
    assert (told["fix"], told["evidence"], told["sentences"]) == ("yes", "capture", ["GNGGA", "GNRMC"])
    found = distance(track_in(tmp_path))
    assert found.why_not is None
    assert found.doppler_m == pytest.approx(10 * found.measured_s, abs=0.05)
    assert found.measured_s >= 60


def test_a_receiver_without_a_fix_is_told_and_not_refused(tmp_path: Path) -> None:
    with listening(Alone(lambda second: wire(rmc(second, status="V"))), tmp_path) as bench:
        bench.open()
        assert instrument(bench).speed_kmh() is None
        assert instrument(bench).counts["no_fix"] >= 3
    track = track_in(tmp_path)
    assert (len(track), track.void_after >= 3) == (0, True)


def test_a_lost_fix_tells_no_speed(tmp_path: Path) -> None:
    def fading(second: int) -> bytes:
        return wire(rmc(second, status="A" if second < 10 else "V"))

    with listening(Alone(fading), tmp_path) as bench:
        bench.open()
        receiver = instrument(bench)
        assert receiver.speed_kmh() is not None
        wait(bench, 9)
        assert receiver.speed_kmh() is None


def test_silence_tells_no_speed(tmp_path: Path) -> None:
    with listening(Alone(lambda second: driving(second) if second < 10 else b""), tmp_path) as bench:
        bench.open()
        wait(bench, 4)
        assert instrument(bench).speed_kmh() is not None
        wait(bench, 10)
        assert instrument(bench).speed_kmh() is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (lambda second: b"", "nothing came: unplugged"),
        (lambda second: wire(Gga("GN", rmc(second).utc, "", "", "", "", "0", "", "", "", "", "", "", "", "")), "GNGGA came but no RMC"),
        (lambda second: wire(rmc(second)).replace(b"$GN", b"$II"), "belong to no frame (checksum"),
        (lambda second: b"\x80\xfe\x00\x91" * 20, "belong to no frame"),
        (lambda second: kern.PROTOCOL.encode(kern.Weight("+0127.20"), Role.DEVICE) * 3, "the bytes are kern"),
    ],
)  # fmt: skip
def test_what_came_instead_of_a_receiver(tmp_path: Path, said: Callable[[int], bytes], why: str) -> None:
    with (
        listening(Alone(said), tmp_path) as bench,
        pytest.raises(InstrumentError, match="expected RMC sentences") as told,
    ):
        bench.open()
    assert why in str(told.value)


@needs_ptys
def test_over_a_pseudo_terminal_nothing_is_lost(tmp_path: Path) -> None:
    """A damaged sentence and one second without a fix stand in the journal and in what is derived of it."""

    def said(second: int) -> bytes:
        burst = driving(second)
        return (
            burst.replace(b"90.0", b"80.0")
            if second == 20
            else burst
            if second != 30
            else wire(rmc(second, status="V"))
        )

    speed = 40.0
    with served(Alone(said), speed) as ports:
        text = bench_text("gnss-nmea", f"serial:{ports['gnss']}")
        with bench_of(tmp_path, text, speed=speed) as bench:
            bench.open()
            wait(bench, 50)
    track = track_in(tmp_path, late_ns=int(SECOND * speed))  # a busy host may hold the rest of a sentence back
    assert [noise.why[:8] for noise in track.noise if "incomplete" not in noise.why] == ["checksum"]
    assert track.told == {"no fix": 1}
    found = distance(track)
    assert found.bridged == 2
    assert found.doppler_m == pytest.approx(10 * found.measured_s, abs=0.05)
    assert found.measured_s > 45
    assert not found.gaps
