"""The hands of a bench for scales: loads by one axis, keys by others, and everything a controller may say instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from captures.model import Direction
from fixtures.bench import Bench
from fixtures.capability import PlacesLoad, PressesKeys
from fixtures.errors import BenchError, InstrumentError, StopAsked
from fixtures.sim.grbl import Grbl, Place
from fixtures.sim.world import World
from harness.derive.recorded import read_recorded
from protocols.contract import LineSettings, Role
from protocols.wire.grbl import PROTOCOL, RX_USABLE, Alarm, Banner, Line, Ok, RealTime, State
from tests.peers import bench_of, bench_text, instrument

MS = 1_000_000
SECOND = 1_000 * MS
MASSES = 'masses = { "0" = 0, "0.5" = 12.5, "1.7" = 25 }'
KEYS = """key_map = { "1" = [10, 20], "tare" = [40.5, 20] }
finger = { axes = ["Y", "Z"], press_axis = "X", up_mm = 5, down_mm = 0.5, hold_ms = 100 }"""
BOTH = f'{MASSES}\nload = {{ axis = "X" }}\nkey_map = {{ "1" = [10], "tare" = [40.5] }}\nfinger = {{ up_mm = 5, down_mm = 0.5, hold_ms = 100 }}'


class Plotter(World):
    """A controller and nothing else; `places` are where its axes stood after each motion, `held` how long a key was down."""

    def __init__(self, *, locked: bool = True) -> None:
        super().__init__()
        self.places: list[tuple[int, dict[str, Decimal]]] = []
        self.grbl = Grbl(self, "loader", self._moved, locked=locked)
        self.add_port("operator", LineSettings(None), lambda data: None)

    def _moved(self, place: Place) -> None:
        self.places.append((self.now_ns, dict(place)))


@contextmanager
def bench_with(world: World, folder: Path, options: str = BOTH) -> Iterator[Bench]:
    with bench_of(folder, bench_text("grbl-loader", "sim:loader", options), world) as bench:
        yield bench


def test_it_homes_lifts_the_finger_and_unloads_before_anything_else(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path) as bench:
        told = bench.open()["it"]
    assert told == {
        "version": "1.1h",
        "masses_kg": ["0", "0.5", "1.7"],
        "keys": ["1", "tare"],
        "evidence": "vendor document",
    }
    assert [place for _, place in world.places] == [
        {"X": Decimal(0), "Y": Decimal(0), "Z": Decimal(0)},
        {"X": Decimal(0), "Y": Decimal(0), "Z": Decimal(5)},
        {"X": Decimal(0), "Y": Decimal(0), "Z": Decimal(5)},
    ]


def test_a_load_is_on_the_scale_and_at_rest_when_it_is_told(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path) as bench:
        bench.open()
        loader = instrument(bench)
        assert isinstance(loader, PlacesLoad)
        assert loader.place(Decimal("1.70"), "centre") == {"mass_kg": "1.70"}
        assert world.grbl.at["X"] == 25
        assert world.grbl.state is State.IDLE
        assert world.now_ns >= world.places[-1][0] + SECOND
        loader.unload()
        assert world.grbl.at["X"] == 0


def test_a_key_is_pressed_at_its_place_for_its_time_and_let_go(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path, KEYS) as bench:
        bench.open()
        finger = instrument(bench)
        assert isinstance(finger, PressesKeys)
        del world.places[:]
        finger.press("tare")
    axes = [(place["Y"], place["Z"], place["X"]) for _, place in world.places]
    there = (Decimal("40.5"), Decimal(20))
    assert axes[-3:] == [(*there, Decimal(5)), (*there, Decimal("0.5")), (*there, Decimal(5))]
    down_ns, up_ns = world.places[-2][0], world.places[-1][0]
    assert up_ns - down_ns == 100 * MS + int(Decimal("4.5") / 3000 * 60 * SECOND)


def test_a_pair_of_keys_takes_less_than_two_seconds(tmp_path: Path) -> None:
    """Nine hundred pairs in thirty minutes leave two seconds each."""
    world = Plotter()
    with bench_with(world, tmp_path, KEYS) as bench:
        bench.open()
        begin_ns = world.now_ns
        for _ in range(10):
            instrument(bench).press("1")
            instrument(bench).press("tare")
        assert world.now_ns - begin_ns < 20 * SECOND


def test_what_has_no_place_is_refused_before_anything_moves(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path) as bench:
        bench.open()
        moved = len(world.places)
        with pytest.raises(BenchError, match=r"mass expected one of 0, 0\.5, 1\.7 kg \(masses\), got 0\.6"):
            instrument(bench).place(Decimal("0.6"), "centre")
        with pytest.raises(BenchError, match="position expected centre, where the loader stands, got front left"):
            instrument(bench).place(Decimal("0.5"), "front left")
        with pytest.raises(BenchError, match=r"key expected one of 1 tare \(key_map\), got zero"):
            instrument(bench).press("zero")
        assert len(world.places) == moved


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("", "masses, key_map expected one of the two at least"),
        ('masses = { "0.5" = 1 }', 'masses expected a place "0"'),
        ('masses = { "0" = "high" }', "masses 0 expected a number, got high"),
        ('masses = { "NaN" = 1 }', "masses expected a number, got NaN"),
        (MASSES + '\nload = { axis = "Q" }', "axes expected letters of XYZABC"),
        (MASSES + '\nload = { height = "X" }', "load expected a table of axis"),
        (MASSES + "\nload = { rest_ms = -1 }", "load rest_ms expected 0 to 60000 ms, got -1"),
        (MASSES + "\nload = { feed_mm_min = 0 }", "feed_mm_min expected a rate above 0"),
        (KEYS.replace('"X"', '"Y"'), "axes expected letters of XYZABC, each with one task"),
        (KEYS.replace("[10, 20]", "[10]"), "key_map 1 expected 2 places in mm, of Y, Z"),
        (KEYS.replace("down_mm = 0.5", "down_mm = 5"), "finger expected up_mm and down_mm apart"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, options: str, why: str) -> None:
    with pytest.raises(BenchError, match=why), bench_with(Plotter(), tmp_path, options):
        pass


def test_no_more_than_its_buffer_is_under_way(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path) as bench:
        bench.open()
        for _ in range(5):
            instrument(bench).press("1")
    assert world.grbl.overruns == 0
    under_way, most = list[int](), 0
    host, device = PROTOCOL.decoder(Role.HOST), PROTOCOL.decoder(Role.DEVICE)
    for chunk in read_recorded(tmp_path / "journal").chunks["line"]:
        if chunk.direction is Direction.TX:
            under_way += [len(m.text) + 1 for m in host.feed(chunk.data) if isinstance(m, Line)]
        else:
            del under_way[: sum(isinstance(m, Ok) for m in device.feed(chunk.data))]
        most = max(most, sum(under_way))
    assert 60 < most <= RX_USABLE


def test_an_alarm_is_told_with_its_meaning_and_it_begins_again(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path, MASSES.replace("25", "2500")) as bench:
        bench.open()
        with pytest.raises(InstrumentError, match=r"load 1\.7 kg: alarm 2, target beyond the travel"):
            instrument(bench).place(Decimal("1.7"), "centre")
        assert world.grbl.state is State.ALARM
        assert instrument(bench).place(Decimal("0.5"), "centre") == {"mass_kg": "0.5"}
        assert world.grbl.at["X"] == Decimal("12.5")


def test_homing_that_fails_and_homing_that_nobody_asked_for(tmp_path: Path) -> None:
    world = Plotter()
    world.grbl.fails_homing = True
    with (
        bench_with(world, tmp_path) as bench,
        pytest.raises(InstrumentError, match="homing: alarm 9, limit switch not found"),
    ):
        bench.open()
    (tmp_path / "second").mkdir()
    with (
        bench_with(Plotter(), tmp_path / "second", MASSES + "\nhome = false") as bench,
        pytest.raises(InstrumentError, match="it says Alarm; it has to be homed first: home = true"),
    ):
        bench.open()
    (tmp_path / "third").mkdir()
    with bench_with(Plotter(locked=False), tmp_path / "third", MASSES + "\nhome = false") as bench:
        bench.open()


def test_a_restart_in_the_middle_is_told_and_it_homes_again(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path) as bench:
        bench.open()
        world.after(SECOND, world.grbl.restart)  # its supply
        with pytest.raises(InstrumentError, match="it has restarted by itself"):
            instrument(bench).place(Decimal("1.7"), "centre")
        assert instrument(bench).place(Decimal("1.7"), "centre") == {"mass_kg": "1.7"}
        assert world.grbl.at["X"] == 25


def test_make_safe_stops_the_axes(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path) as bench:
        bench.open()
        bench.send("line", b"G53 G90 G21 G1 X200 F100\n")
        bench.idle(SECOND)
        bench.make_safe()
        bench.idle(300 * SECOND)
        assert world.grbl.state is State.HOLD
        assert world.grbl.at["X"] == 0
        assert instrument(bench).place(Decimal("0.5"), "centre") == {"mass_kg": "0.5"}
    sent = b"".join(c.data for c in read_recorded(tmp_path / "journal").chunks["line"] if c.direction is Direction.TX)
    assert bytes((RealTime.HOLD,)) in sent


def test_a_finger_that_was_stopped_on_a_key_is_lifted_and_nothing_else_moves(tmp_path: Path) -> None:
    """A memory key that is held down stores a price: a run that is stopped must not stand on it."""
    world = Plotter()
    with bench_with(world, tmp_path, BOTH.replace("down_mm = 0.5", "down_mm = 0.5, feed_mm_min = 600")) as bench:
        bench.open()
        instrument(bench).place(Decimal("1.7"), "centre")
        stopped: list[dict[str, Decimal]] = []

        def stop() -> None:
            if not stopped and world.grbl.at["Z"] == Decimal("0.5"):
                stopped.append(dict(world.grbl.at))
                bench.stop = StopAsked("Ctrl-C", resumable=False)

        for k in range(1, 2000):
            world.after(k * 10 * MS, stop)
        with pytest.raises(StopAsked):
            instrument(bench).press("tare")
        assert stopped
        del world.places[:]
        assert bench.make_safe() == []
        assert world.grbl.at == {"X": Decimal(25), "Y": Decimal("40.5"), "Z": Decimal(5)}
        assert {place["X"] for _, place in world.places} == {Decimal(25)}  # not homed: the load stays where it is
        bench.make_safe()
        instrument(bench).press("1")
        assert world.grbl.at["Z"] == 5


def test_a_finger_whose_place_is_lost_is_lifted_by_hand(tmp_path: Path) -> None:
    world = Plotter()
    with bench_with(world, tmp_path) as bench:
        bench.open()
        world.after(100 * MS, world.grbl.restart)
        with pytest.raises(InstrumentError, match="it has restarted by itself"):
            instrument(bench).press("tare")
        [why] = bench.make_safe()
        assert "lift its finger by hand, it may stand on a key" in why
        assert bench.open()["it"]["keys"] == ["1", "tare"]  # homed again, finger up
        assert bench.make_safe() == []


class Scripted(World):
    """Says `answers[line]` to each line; to `?` that it is idle at `at`."""

    def __init__(self, answers: dict[bytes, bytes], at: bytes = b"0.000,0.000,0.000") -> None:
        super().__init__()
        self.at = at
        self.answers = answers
        self.port = self.add_port("loader", LineSettings(None), self._hear)
        self.add_port("operator", LineSettings(None), lambda data: None)

    def _hear(self, data: bytes) -> None:
        for message in (data,) if len(data) == 1 else data.splitlines(keepends=True):
            known = {
                b"\x18": b"\r\nGrbl 1.1h ['$' for help]\r\n",
                b"?": b"<Idle|MPos:" + self.at + b"|FS:0,0>\r\n",
                **self.answers,
            }
            said = next((text for line, text in known.items() if message.startswith(line)), b"ok\r\n")
            self.after(MS, lambda said=said: self.port.send(said))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (Scripted({b"\x18": b""}), "expected Grbl to say its version after a reset, 3 tries; nothing came"),
        (Scripted({b"\x18": b"S S   0.0 g\xff\r\n"}), r"\d+ bytes came that are no lines of it"),
        (Scripted({b"$H": b"error:5\r\n"}), "homing: error 5, homing is not enabled"),
        (Scripted({b"?": b""}), "expected a report within 1 s, none came"),
        (
            Scripted({b"?": b"<Door:1|MPos:0.000,0.000,0.000>\r\n"}),
            "expected Idle, it says Door; close its safety door",
        ),
        (Scripted({}, at=b"0.000,0.000"), ""),
        (Scripted({}, at=b"3.000,0.000,0.000"), "expected Idle at X 0, it says Idle, X at 3.000; a work offset"),
    ],
)
def test_what_is_no_loader_or_does_not_do_as_told(tmp_path: Path, world: Scripted, why: str) -> None:
    with bench_with(world, tmp_path, MASSES) as bench:
        if not why:
            bench.open()
            return
        with pytest.raises(InstrumentError, match=why):
            bench.open()


def test_an_error_in_a_key_stops_what_is_under_way(tmp_path: Path) -> None:
    world = Scripted({b"G53 G90 G21 G1 Y40.5": b"error:33\r\n"}, at=b"0.000,40.500,5.000")
    with bench_with(world, tmp_path) as bench:
        bench.open()
        with pytest.raises(InstrumentError, match="key tare: error 33, target not valid"):
            instrument(bench).press("tare")
    sent = b"".join(c.data for c in read_recorded(tmp_path / "journal").chunks["line"] if c.direction is Direction.TX)
    assert sent.endswith(b"!")


def test_the_simulated_controller_against_its_vectors() -> None:
    world = World()
    grbl, said = Grbl(world, "loader", locked=False), list[bytes]()
    grbl.port.outward = said.append
    for raw in (b"G1 X10\n", b"$foo\n", b"G2 X1 F9\n", b"G1 X F1\n", b"G1 X10 F600\n", b"?"):
        grbl.port.receive(raw)
    world.advance(SECOND // 2)
    assert said == [
        b"error:22\r\n",
        b"error:3\r\n",
        b"error:20\r\n",
        b"error:1\r\n",
        b"ok\r\n",
        b"<Run|MPos:0.000,0.000,0.000|FS:0,0>\r\n",
    ]
    del said[:]
    grbl.port.receive(b"!")
    world.advance(3 * SECOND)
    assert grbl.at["X"] == 0
    grbl.port.receive(b"~")
    world.advance(6 * SECOND)
    assert grbl.at["X"] == 10
    assert not said
    grbl.port.receive(b"\x18")
    world.advance(7 * SECOND)
    assert PROTOCOL.decoder(Role.DEVICE).feed(b"".join(said))[-1] == Banner("1.1h")
    del said[:]
    grbl.port.receive(b"G1 X300 F600\n")
    world.advance(8 * SECOND)
    assert PROTOCOL.decoder(Role.DEVICE).feed(b"".join(said)) == [Alarm(2)]
