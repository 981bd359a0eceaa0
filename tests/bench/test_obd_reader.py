"""The reader of a car's diagnosis plug: a car that answers, one that is off, adapters that do as they like; on a real
pseudo-terminal as well."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from captures.journal import read_lines
from fixtures.bench import Bench
from fixtures.capability import TellsSpeed
from fixtures.errors import BenchError, InstrumentError
from fixtures.sim.world import World
from harness.derive.obd import LATE, NOTHING, UNLIKE, CarSpeed, car_speed
from harness.derive.recorded import read_recorded
from protocols.contract import LineSettings, Message, Role
from protocols.wire.elm327 import PROTOCOL, Command, DeviceSession, Notice, Prompt, Unit, Word
from tests.peers import bench_of, bench_text, instrument, served

MS = 1_000_000
SECOND = 1_000 * MS
needs_ptys = pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
Ask = Callable[[str, float], Any]


def units(*speeds: int) -> list[Unit]:
    return [Unit(f"7E{8 + k}", bytes((0x41, 0x0D, kmh))) for k, kmh in enumerate(speeds)]


class Car(World):
    """An adapter in a car: `ask(request, seconds)` gives the car's answer, which takes `answer_ms`; what comes meanwhile
    interrupts.  `deaf` seconds in which the adapter is dead."""

    def __init__(self, ask: Ask, *, answer_ms: int = 60, deaf: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__()
        self.session = DeviceSession(lambda asked: ask(asked, self.now_ns / SECOND))
        self.asked: list[str] = []
        self.deaf, self.answer_ms = deaf, answer_ms
        self.port = self.add_port("obd", LineSettings(38400), self._hear)
        self.add_port("operator", LineSettings(None), lambda data: None)
        self._decoder = PROTOCOL.decoder(Role.HOST)
        self._busy = 0

    def _hear(self, data: bytes) -> None:
        if self.deaf[0] <= self.now_ns / SECOND < self.deaf[1]:
            return
        for message in self._decoder.feed(data):
            if self._busy:
                self._busy = 0
                self.say(self.session.interrupted())
                continue
            assert isinstance(message, Command)
            self.asked.append(message.text)
            self._busy = len(self.asked)
            self.after(self.answer_ms * MS, lambda at=self._busy, command=message: self._answer(at, command))

    def _answer(self, at: int, command: Command) -> None:
        if self._busy == at:
            self._busy = 0
            self.say(self.session.heard(command))

    def say(self, messages: list[Message]) -> None:
        self.port.send(self.session.said(messages))


@contextmanager
def reading(world: World, folder: Path, options: str = "") -> Iterator[Bench]:
    with bench_of(folder, bench_text("obd-elm327", "sim:obd", options), world) as bench:
        yield bench


def wait(bench: Bench, seconds: float) -> None:
    until_ns = bench.now_ns() + int(seconds * SECOND)
    bench.until(lambda: bench.now_ns() >= until_ns, 1000 * SECOND, "time", "line")


def opened(folder: Path) -> dict[str, Any]:
    (told,) = [line.body["identity"] for line in read_lines(folder / "journal") if line.body.get("name") == "it"]
    return dict(told)


def derived(folder: Path) -> CarSpeed:
    return car_speed([read_recorded(folder / "journal").chunks["line"]])


def test_a_car_that_answers(tmp_path: Path) -> None:
    world = Car(lambda asked, t_s: units(int(t_s)))
    with reading(world, tmp_path) as bench:
        bench.open()
        reader = instrument(bench)
        assert isinstance(reader, TellsSpeed)
        wait(bench, 20)
        assert reader.speed_kmh() == Decimal(int(bench.now_ns() / SECOND))
    told = opened(tmp_path)
    assert (told["adapter"], told["car"], told["settings_ignored"]) == ("ELM327 v1.5", "answers", [])
    assert set(world.asked) == {"ATZ", "ATE0", "ATL0", "ATS1", "ATH0", "ATSP0", "010D"}  # and nothing else, ever
    found = derived(tmp_path)
    assert found.trace is not None
    assert not found.told
    assert not found.noise
    assert found.trace.unit == "km/h"
    assert found.trace.steps.size > 70
    late = found.trace.times_ns / SECOND - found.trace.steps
    assert late.min() >= 0
    assert late.max() < 1.1  # whole seconds are the speed here: each reading was of its instant


def test_a_car_that_is_off_is_told_and_asked_again(tmp_path: Path) -> None:
    world = Car(lambda asked, t_s: Word.UNABLE if t_s < 12 else units(0))
    with reading(world, tmp_path) as bench:
        bench.open()
        assert instrument(bench).speed_kmh() is None
        wait(bench, 8)
        assert world.asked.count("010D") <= 3  # it is not flooded
        wait(bench, 10)
        assert instrument(bench).speed_kmh() == 0
    assert opened(tmp_path)["car"] == "UNABLE TO CONNECT"
    found = derived(tmp_path)
    assert found.told["UNABLE TO CONNECT"] >= 2
    assert found.trace is not None
    assert found.trace.garbage


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Word.NO_DATA, "NO DATA"),
        (Word.CAN_ERROR, "CAN ERROR"),
        (Word.STOPPED, "STOPPED"),
        ([Unit("7E8", bytes.fromhex("7F0112"))], "refused by the car"),
        ([Unit("7E8", bytes.fromhex("618EFF"))], NOTHING),
        ([Unit("7E8", bytes.fromhex("410D"))], NOTHING),
    ],
)
def test_a_car_that_tells_no_speed_shortens_the_chain(tmp_path: Path, answer: Any, reason: str) -> None:
    with reading(Car(lambda asked, t_s: answer), tmp_path) as bench:
        bench.open()
        wait(bench, 3)
        assert instrument(bench).speed_kmh() is None
        assert instrument(bench).counts[reason] >= 1
    assert opened(tmp_path)["car"] == reason
    found = derived(tmp_path)
    assert found.trace is None
    assert set(found.told) == {reason}


def test_units_that_disagree_stand_still_together_only(tmp_path: Path) -> None:
    world = Car(lambda asked, t_s: units(0, 3) if t_s < 10 else units(0, 0))
    with reading(world, tmp_path) as bench:
        bench.open()
        assert instrument(bench).speed_kmh() == 3
        wait(bench, 12)
        assert instrument(bench).speed_kmh() == 0
    found = derived(tmp_path)
    assert (found.units, found.told[UNLIKE] > 10) == (2, True)
    assert found.trace is not None
    assert set(found.trace.steps.tolist()) == {0, 3}


@pytest.mark.parametrize("heads", [False, True])
def test_an_adapter_that_takes_no_setting_is_read_all_the_same(tmp_path: Path, heads: bool) -> None:
    """A clone: echo, linefeeds, heads and no blanks, whatever it is told."""
    world = Car(lambda asked, t_s: units(50))
    heard = world.session.heard

    def stubborn(message: Message) -> list[Message]:
        world.session.echo, world.session.linefeeds = True, True
        world.session.spaces, world.session.heads = False, heads
        if isinstance(message, Command) and message.text in ("ATE0", "ATL0", "ATS1", "ATH0"):
            return [Notice(Word.UNKNOWN), Prompt()]
        return heard(message)

    world.session.heard = stubborn  # type: ignore[method-assign]
    with reading(world, tmp_path) as bench:
        bench.open()
        wait(bench, 2)
        assert instrument(bench).speed_kmh() == 50
    assert opened(tmp_path)["settings_ignored"] == ["ATE0", "ATL0", "ATS1", "ATH0"]
    found = derived(tmp_path)
    assert found.trace is not None
    assert set(found.trace.steps.tolist()) == {50}


def test_no_late_answer_passes_for_the_next(tmp_path: Path) -> None:
    """The adapter is dead for a while and a search hangs: what comes late belongs to nothing."""
    world = Car(lambda asked, t_s: units(int(t_s)), deaf=(10.0, 40.0))
    with reading(world, tmp_path) as bench:
        bench.open()
        reader = instrument(bench)
        wait(bench, 16)
        assert reader.speed_kmh() is None
        world.answer_ms = 60
        wait(bench, 50)
        assert reader.counts["unanswered"] >= 1
        assert reader.speed_kmh() == Decimal(int(bench.now_ns() / SECOND))
    found = derived(tmp_path)
    assert found.trace is not None
    late = found.trace.times_ns / SECOND - found.trace.steps
    assert 0 <= late.min() <= late.max() < 1.1


def test_a_line_that_lags_tells_no_speed(tmp_path: Path) -> None:
    """Everything comes, 20 s after it was said: as a radio link with a full buffer."""
    world = Car(lambda asked, t_s: units(int(t_s)))
    say = world.say
    world.say = lambda messages: world.after(20 * SECOND if world.now_ns > 5 * SECOND else 0, lambda: say(messages))  # type: ignore[method-assign]
    with reading(world, tmp_path) as bench:
        bench.open()
        reader = instrument(bench)
        wait(bench, 10)
        for _ in range(300):
            wait(bench, 0.5)
            assert reader.speed_kmh() is None
        assert reader.counts["unanswered"] > 1
    found = derived(tmp_path)
    assert found.trace is not None
    assert found.trace.times_ns.max() < 8 * SECOND


def test_noise_and_a_restart_of_the_adapter_are_counted(tmp_path: Path) -> None:
    world = Car(lambda asked, t_s: units(30))
    world.after(8 * SECOND, lambda: world.port.send(b"\xff\xfe41 0D 99\r"))
    world.after(
        9 * SECOND, lambda: (world.session.heard(Command("ATD")), world.say([Notice(Word.LOW_VOLTAGE), Prompt()]))
    )
    with reading(world, tmp_path) as bench:
        bench.open()
        wait(bench, 15)
        counts = instrument(bench).counts
        assert counts["garbage_bytes"] > 0
        assert counts["restarts"] == 1
        assert instrument(bench).speed_kmh() == 30
    found = derived(tmp_path)
    assert found.noise
    assert found.trace is not None
    assert set(found.trace.steps.tolist()) == {30}


@pytest.mark.parametrize(
    ("deaf", "noise", "why"),
    [
        ((0.0, 99.0), b"", "nothing of the kind came: unplugged"),
        ((0.0, 99.0), b"\x80\xfe\x91\r", "no text: wrong baud rate"),
    ],
)
def test_no_adapter_is_an_error(tmp_path: Path, deaf: tuple[float, float], noise: bytes, why: str) -> None:
    world = Car(lambda asked, t_s: units(0), deaf=deaf)
    world.after(SECOND, lambda: world.port.send(noise))
    with reading(world, tmp_path) as bench, pytest.raises(InstrumentError, match="expected an ELM327") as told:
        bench.open()
    assert why in str(told.value)


def test_polls_within_reason(tmp_path: Path) -> None:
    with (
        pytest.raises(BenchError, match="poll_ms expected 50 to 10000, got 5"),
        reading(Car(lambda asked, t_s: units(0)), tmp_path, "poll_ms = 5"),
    ):
        pass


@needs_ptys
def test_over_a_pseudo_terminal(tmp_path: Path) -> None:
    speed = 40.0
    with (
        served(Car(lambda asked, t_s: units(40 if t_s < 30 else 60, 40)), speed) as ports,
        bench_of(tmp_path, bench_text("obd-elm327", f"serial:{ports['obd']}"), speed=speed) as bench,
    ):
        bench.open()
        wait(bench, 60)
        assert instrument(bench).speed_kmh() == 60
    found = derived(tmp_path)
    assert found.trace is not None
    assert set(found.trace.steps.tolist()) == {40, 60}
    assert found.trace.steps.size > 10
    assert {UNLIKE} <= set(found.told) <= {UNLIKE, LATE}  # a busy host: 2 s are 50 ms of its own here
    assert not found.noise
