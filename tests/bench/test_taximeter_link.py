"""The link between ISU and taximeter at the bench: a tap that never sends, a host that only asks, a meter that answers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fixtures.instruments
import harness.plans
from captures.model import Direction
from fixtures.bench import Bench
from fixtures.benchfile import parse
from fixtures.capability import Interrogates
from fixtures.errors import BenchError, InstrumentError, WriteRefused
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.taxi.link import AGAIN_NS, BEAT_NS, LinkedMeter, MeterLine
from fixtures.sim.world import World
from harness.derive.recorded import read_recorded
from protocols.contract import Garbage, LineSettings, Role
from protocols.wire import jt905
from protocols.wire.jt905 import (
    PROTOCOL,
    Command,
    Frame,
    Heartbeat,
    HeartbeatAnswer,
    Hired,
    Identity,
    IdentityBlock,
    IdentityOrder,
    IsuSession,
    MeterState,
    Result,
    Tariff,
    TariffBlock,
    Trip,
    TripEnd,
)
from tests.peers import bench_of, bench_text, instrument, served

SECOND = 1_000_000_000
VECTORS = {vector.name: vector.messages[0].body for vector in PROTOCOL.vectors}  # type: ignore[attr-defined]
TRIP: Trip = VECTORS["trip"].trip
TARIFF: Tariff = VECTORS["tariff"].block.tariff
WHO = Identity("BT0001", "110100000001", "D-0001")


class Kept:
    """A meter with one record; `dark` without power."""

    def __init__(self) -> None:
        self.dark = False
        self.trips = {TRIP.number: TRIP}
        self.told: list[str] = []
        self.state = MeterState.IN_SERVICE

    @property
    def powered(self) -> bool:
        return not self.dark

    def heartbeat(self) -> Heartbeat:
        return Heartbeat(self.state, WHO.licence, WHO.driver)

    def status(self) -> jt905.Status:
        return VECTORS["status"]  # type: ignore[no-any-return]

    def tariff(self) -> TariffBlock:
        return TariffBlock.of(TARIFF)

    def trip(self, number: int) -> Trip | None:
        return self.trips.get(number)

    def told_time(self, time: str, command: bool) -> int:
        self.told.append(time)
        return Result.OK

    def write_tariff(self, data: bytes) -> tuple[int, str]:
        raise AssertionError("a tariff was written")

    def permitted(self, permission: jt905.ShiftPermission) -> None:
        return None


class Car(World):
    """A meter on its line, with an ISU or with a bench in its place."""

    def __init__(self, isu: bool, maker: int = 0) -> None:
        super().__init__()
        self.meter = Kept()
        assert isinstance(self.meter, LinkedMeter)
        there = IsuSession(IdentityBlock.of(WHO, IdentityOrder.PLATE_FIRST), "250630060000") if isu else None
        self.line = MeterLine(self, self.meter, np.random.default_rng(5), isu=there, maker=maker)
        self.add_port("operator", LineSettings(None), lambda data: None)


TAPPED = """
[bench]
name = "a tapped car"
kit = "K1"
place = "lab"
[instrument]
id = "X"
family = "dispenser"
edition = "jjg443-2023"
[profile]
volume_resolution_l = "0.01"
amount_resolution = "0.01"
[links.host]
url = "sim:isu"
[links.device]
url = "sim:meter"
[links.person]
url = "sim:operator"
may_write = "our own officer"
[instruments.it]
driver = "taximeter-tap"
links = { host = "host", device = "device" }
zone = "lab"
[instruments.operator]
driver = "operator"
links = { line = "person" }
zone = "lab"
[roles]
operate = "operator"
[stations]
record = "it"
"""


@contextmanager
def tapped(world: World, folder: Path, text: str = TAPPED) -> Iterator[Bench]:
    with bench_of(folder, text, world) as bench:
        yield bench


@contextmanager
def asked(world: World, folder: Path, options: str = "") -> Iterator[Bench]:
    with bench_of(folder, bench_text("taximeter-host", "sim:meter", options), world) as bench:
        yield bench


def said(folder: Path, link: str, sender: Role) -> list[Any]:
    """What the journal says was said on a link."""
    decoder = PROTOCOL.decoder(sender)
    chunks = read_recorded(folder / "journal").chunks[link]
    way = Direction.TX if sender is Role.HOST and link == "line" else Direction.RX
    return [message for chunk in chunks if chunk.direction is way for message in decoder.feed(chunk.data)]


def bodies(messages: list[Any]) -> list[Any]:
    return [message.body for message in messages if isinstance(message, Frame)]


# --- the tap -------------------------------------------------------------------------------------------------------------


def test_the_tap_records_both_sides_of_a_hire_and_sends_nothing(tmp_path: Path) -> None:
    car = Car(isu=True)
    with tapped(car, tmp_path) as bench:
        told = bench.open()["it"]
        assert told["protocol"] == "jt905"
        assert told["evidence"] == "third-party code only"
        tap = instrument(bench)
        assert tap.heartbeat == Heartbeat(MeterState.IN_SERVICE, WHO.licence, WHO.driver)
        car.line.say(Hired("20250630081500"))
        car.meter.state |= MeterState.HIRED | MeterState.ABNORMAL_SPEED
        bench.idle(6 * SECOND)
        assert MeterState.ABNORMAL_SPEED in tap.heartbeat.state
        car.line.say(TripEnd(TRIP))
        bench.idle(AGAIN_NS)
        assert tap.counts["meter"]["garbage_bytes"] == tap.counts["ISU"]["unread"] == 0
        with pytest.raises(WriteRefused):
            bench.send("host", b"\x00")
    meter, isu = bodies(said(tmp_path, "device", Role.DEVICE)), bodies(said(tmp_path, "host", Role.HOST))
    assert [body for body in meter if not isinstance(body, Heartbeat)] == [Hired("20250630081500"), TripEnd(TRIP)]
    assert meter.count(TripEnd(TRIP, resent=True)) == 0  # the ISU took it
    assert sum(isinstance(body, HeartbeatAnswer) for body in isu) == sum(isinstance(body, Heartbeat) for body in meter)
    taken = [body.of for body in isu if isinstance(body, jt905.Acknowledgement)]
    assert taken == [Command.HIRED, Command.TRIP_END]
    assert not car.meter.told


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda car: setattr(car.meter, "dark", True), "ISU: nothing; meter: nothing; a line is silent: wrong pair"),
        (
            lambda car: inject(
                car.ports["meter"], to_bench=FaultScript(3, {FaultKind.FLIP: 0.5}), to_device=FaultScript()
            ),
            r"ISU: \d+ frames and 0 bytes of none; meter: 0 frames and \d+ bytes of none \(.*\); bytes come but no frames: wrong rate",
        ),
    ],
)
def test_a_line_that_does_not_speak_is_named(tmp_path: Path, spoil: Any, why: str) -> None:
    car = Car(isu=True)
    spoil(car)
    with tapped(car, tmp_path) as bench, pytest.raises(InstrumentError, match=why):
        bench.open()


def test_swapped_lines_are_named_and_a_lost_one_is_told_as_lost(tmp_path: Path) -> None:
    for name in ("swapped", "lost"):
        (tmp_path / name).mkdir()
    swapped = TAPPED.replace("sim:isu", "sim:x").replace("sim:meter", "sim:isu").replace("sim:x", "sim:meter")
    why = "the two lines are swapped: exchange the links host and device"
    with tapped(Car(isu=True), tmp_path / "swapped", swapped) as bench, pytest.raises(InstrumentError, match=why):
        bench.open()
    car = Car(isu=True)
    car.after(SECOND, car.ports["isu"].unplug)
    with tapped(car, tmp_path / "lost") as bench, pytest.raises(InstrumentError, match=r"was lost at 1\.000 s"):
        bench.open()


def test_a_noisy_line_costs_frames_and_never_makes_one(tmp_path: Path) -> None:
    """Bytes dropped, repeated, flipped and inserted: what is still read was said, and the line goes on."""
    car = Car(isu=True)
    kinds = dict.fromkeys((FaultKind.DROP, FaultKind.REPEAT, FaultKind.FLIP, FaultKind.INSERT), 0.002)
    inject(car.ports["meter"], to_bench=FaultScript(11, kinds), to_device=FaultScript())
    with tapped(car, tmp_path) as bench:
        bench.open()
        for number in range(20):
            car.line.say(TripEnd(replace(TRIP, number=number)))
            bench.idle(6 * SECOND)
        counts = instrument(bench).counts["meter"]
    heard = said(tmp_path, "device", Role.DEVICE)
    sent = {TripEnd(replace(TRIP, number=number)) for number in range(20)}
    assert set(bodies(heard)) <= {*sent, Heartbeat(MeterState.IN_SERVICE, WHO.licence, WHO.driver)}
    assert 10 <= len(sent & set(bodies(heard))) < 20
    assert counts["garbage_bytes"] > 0
    assert any(isinstance(message, Garbage) for message in heard)


# --- the host ------------------------------------------------------------------------------------------------------------


def test_the_host_asks_tariff_record_and_status_and_nothing_else(tmp_path: Path) -> None:
    car = Car(isu=False, maker=3)
    car.line.say(TripEnd(TRIP))
    with asked(car, tmp_path, 'maker = 3\nstatus_time = "20250630081500"\nquestions = ["tariff", "status"]') as bench:
        told = bench.open()["it"]
        host = instrument(bench)
        assert isinstance(host, Interrogates)
        assert told["tariff"]["day_start_price"] == "13.00"
        assert told["tariff"]["layout"] == "with the one-way distance"
        assert told["status"]["serial"] == "000123"
        assert told["maker"] == 3
        trip = host.trip(7)
        assert (trip["paid_km"], trip["amount"], trip["payment"], trip["card"]) == ("18.6", "58.3", "0", "")
        assert set(trip) == {one.name for one in fields(Trip)}
        assert host.trip(8) == {}
        bench.idle(2 * BEAT_NS)
        assert host.counts["garbage_bytes"] == 0
    assert car.meter.told == ["20250630081500"]
    questions = bodies(said(tmp_path, "line", Role.HOST))
    assert [type(body) for body in questions] == [
        jt905.TariffQuery, jt905.StatusQuery, jt905.TripQuery, jt905.TripQuery,
    ]  # fmt: skip


def test_a_record_that_the_host_does_not_take_is_kept_for_the_isu(tmp_path: Path) -> None:
    car = Car(isu=False)
    car.line.say(TripEnd(TRIP))
    with asked(car, tmp_path) as bench:
        bench.open()
        bench.idle(3 * AGAIN_NS)
    heard = bodies(said(tmp_path, "line", Role.DEVICE))
    assert heard.count(TripEnd(TRIP, resent=True)) == 3


def test_a_tariff_whose_layout_is_not_told_is_given_as_sent(tmp_path: Path) -> None:
    car = Car(isu=False)
    blank = TariffBlock(bytes(63))
    car.meter.tariff = lambda: blank  # type: ignore[method-assign]
    with asked(car, tmp_path) as bench:
        assert bench.open()["it"]["tariff"] == {"block": "00" * 63}


def test_a_late_answer_is_not_taken_for_the_next_question(tmp_path: Path) -> None:
    """The answer to the first record query takes 1.2 s: it may not pass for one to the second."""
    world = World()
    port = world.add_port("meter", PROTOCOL.line, lambda data: hear(data))
    world.add_port("operator", LineSettings(None), lambda data: None)
    decoder, n = PROTOCOL.decoder(Role.HOST), [0]

    def hear(data: bytes) -> None:
        for message in decoder.feed(data):
            assert isinstance(message, Frame)
            n[0] += 1
            if isinstance(message.body, jt905.TariffQuery):
                answer: Any = jt905.TariffAnswer(TariffBlock.of(TARIFF))
            else:
                answer = jt905.TripAnswer(TRIP if message.body.number == 7 else None)
            send = partial(port.send, PROTOCOL.encode(Frame(answer), Role.DEVICE))
            world.after(1_200_000_000 if n[0] == 2 else 30_000_000, send)

    with asked(world, tmp_path) as bench:
        bench.open()
        assert instrument(bench).trip(8) == {}
        assert instrument(bench).trip(7)["number"] == "7"
    assert n[0] == 4


@pytest.mark.parametrize(
    ("spoil", "options", "why"),
    [
        (
            lambda car: setattr(car.meter, "dark", True),
            "",
            "expected an answer to TariffQuery within 1 s, 3 tries; nothing came",
        ),
        (
            lambda car: inject(
                car.ports["meter"], to_bench=FaultScript(), to_device=FaultScript(2, {FaultKind.DROP: 0.5})
            ),
            "",
            r"\d+ other frames came: it is a meter that does not answer this",
        ),
        (
            lambda car: inject(
                car.ports["meter"], to_bench=FaultScript(), to_device=FaultScript(2, {FaultKind.DROP: 0.5})
            ),
            "maker = 3",
            "frames carry maker 0, the questions 3: set maker to it",
        ),
        (
            lambda car: inject(
                car.ports["meter"], to_bench=FaultScript(2, {FaultKind.FLIP: 0.5}), to_device=FaultScript()
            ),
            "",
            r"\d+ bytes came that belong to no frame .*: wrong rate",
        ),
    ],
)
def test_what_came_instead_of_an_answer_is_named(tmp_path: Path, spoil: Any, options: str, why: str) -> None:
    car = Car(isu=False)
    spoil(car)
    with asked(car, tmp_path, options) as bench:
        bench.idle(2 * BEAT_NS)
        with pytest.raises(InstrumentError, match=why):
            bench.open()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("maker = 256", "maker expected 0 to 255, got 256"),
        ('questions = ["clock"]', "questions expected a list of tariff, status"),
        ("questions = []", "questions expected a list"),
        ('questions = ["status"]', "which the meter may set its clock by; state status_time"),
        ('status_time = "20250631081500"', "status_time expected a time as YYYYMMDDhhmmss"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, options: str, why: str) -> None:
    with pytest.raises(BenchError, match=why), asked(Car(isu=False), tmp_path, options):
        raise AssertionError("opened")


def test_no_status_without_a_time_and_no_question_on_a_line_that_listens(tmp_path: Path) -> None:
    with asked(Car(isu=False), tmp_path) as bench:
        bench.open()
        with pytest.raises(BenchError, match="expected status_time in the bench file"):
            instrument(bench).status()
    text = bench_text("taximeter-host", "sim:meter").replace('may_write = "our own instrument"\n', "")
    with pytest.raises(BenchError, match="it must write on line"):
        open_bench(parse(text, "bench.toml"), specs("instruments"), tmp_path / "other", {}, world=Car(isu=False))


def test_no_driver_and_no_plan_names_what_writes_into_a_meter() -> None:
    """A clock, a tariff, limits, a program: the words for them are nowhere where questions to an instrument are made."""
    writes = {one.__name__ for one in jt905.WRITES}
    assert writes == {"ClockCommand", "TariffWrite", "FirmwareCommand", "ShiftPermission"}
    for package in (fixtures.instruments, harness.plans):
        for file in Path(str(package.__file__)).parent.rglob("*.py"):
            text = file.read_text("utf-8")
            if "jt905" in text:
                names = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(ast.parse(text))}
                assert not names & writes, file


# --- a real line ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on this system")
def test_the_host_asks_a_meter_over_a_pseudo_terminal(tmp_path: Path) -> None:
    car = Car(isu=False)
    del car.ports["operator"]
    with (
        served(car, speed=20.0) as ports,
        bench_of(tmp_path, bench_text("taximeter-host", f"serial:{ports['meter']}"), speed=20.0) as bench,
    ):
        assert bench.open()["it"]["tariff"]["night_start_price"] == "13.00"
        assert Decimal(instrument(bench).trip(7)["amount"]) == Decimal("58.3")
        assert instrument(bench).counts["garbage_bytes"] == 0
