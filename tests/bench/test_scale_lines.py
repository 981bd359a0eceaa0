"""Lines of scales under test: a tap that says what came instead, a host that takes no late answer for a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from captures.model import Direction
from fixtures.bench import Bench
from fixtures.benchfile import parse
from fixtures.capability import Indicates
from fixtures.errors import BenchError, InstrumentError
from fixtures.opening import link_line
from fixtures.pairing import Heard, Pairing
from fixtures.plugins import specs
from fixtures.scale_lines import asked_protocols, weight_protocols
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.world import World
from harness.derive.indications import Line, Source, indication_traces, indications
from harness.derive.recorded import read_recorded
from protocols.contract import LineSettings, Role
from protocols.indication import Indication
from protocols.wire import cas, digi_b, mt_sics, yaohua
from tests.peers import bench_of, bench_text, instrument

MS = 1_000_000
SECOND = 1_000 * MS
CAS = 'protocol = "cas"'
SICS = 'protocol = "mt-sics"'


class Alone(World):
    """A scale and nothing else; `on_bytes` of its port and what it says are for a test."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, bytes]] = []
        self.port = self.add_port("scale", LineSettings(9600), self._hear)
        self.answer: Callable[[bytes], tuple[int, bytes] | None] = lambda data: None
        self.add_port("operator", LineSettings(None), lambda data: None)

    def _hear(self, data: bytes) -> None:
        self.asked.append((self.now_ns, data))
        said = self.answer(data)
        if said is not None:
            self.after(said[0] * MS, lambda: self.port.send(said[1]))

    def send_every(self, ms: int, frame: Callable[[], bytes]) -> None:
        def go_on() -> None:
            self.port.send(frame())
            self.after(ms * MS, go_on)

        go_on()


def cas_frame(kg: str, **rest: Any) -> bytes:
    return cas.PROTOCOL.encode(cas.Weight.of(Decimal(kg), **rest), Role.DEVICE)


def weight(kg: str, moving: bool = False) -> bytes:
    status = mt_sics.Status.DYNAMIC if moving else mt_sics.Status.STABLE
    return mt_sics.PROTOCOL.encode(mt_sics.Weight.of("S", status, Decimal(kg), "kg"), Role.DEVICE)


@contextmanager
def tapped(world: World, folder: Path, options: str = CAS) -> Iterator[Bench]:
    with bench_of(folder, bench_text("scale-tap", "sim:scale", options), world) as bench:
        yield bench


@contextmanager
def asked(world: World, folder: Path, options: str = SICS) -> Iterator[Bench]:
    with bench_of(folder, bench_text("scale-host", "sim:scale", options), world) as bench:
        yield bench


# --- the tap ------------------------------------------------------------------------------------------------------------


def test_the_tap_says_what_the_scale_says_now_and_nothing_after_a_silence(tmp_path: Path) -> None:
    world, shown = Alone(), ["0.530"]
    world.send_every(100, lambda: cas_frame(shown[0]))
    with tapped(world, tmp_path) as bench:
        told = bench.open()["it"]
        tap = instrument(bench)
        assert isinstance(tap, Indicates)
        assert told["protocol"] == "cas"
        assert told["reading"] == "0.530 kg"
        assert told["evidence"] == "vendor document"
        assert tap.indicated() == Indication(Decimal("0.530"), "kg", stable=True, net=False, zero=False, overload=False)
        shown[0] = "1.060"
        bench.idle(200 * MS)
        assert tap.indicated().weight == Decimal("1.060")
        world.port.outward = lambda data: None  # the cable is pulled out
        bench.idle(2 * SECOND)
        assert tap.indicated() is None
        assert tap.counts == {"readings": tap.counts["readings"], "format_changes": 0, "garbage_bytes": 0}
    assert not world.asked


def noise(world: Alone) -> Callable[[], bytes]:
    return lambda: bytes((world.now_ns // MS * k) & 0xFF | 0x80 for k in range(1, 20))


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (None, r"nothing came: wrong pair.*driver scale-host"),
        (noise, r"0 readings and \d+ bytes came that belong to no frame .*wrong rate or mode \(here 9600 8N1\)"),
        (lambda world: lambda: b"ST,GS,+001.234kg\r\n", "the bytes are and: set protocol to it"),
        (
            lambda world: lambda: bytes(b | 0x80 * (b.bit_count() & 1) for b in b"S S      1.234 kg\r\n"),
            "mt-sics in 7 data bits with parity: set mode to 7E1 or 7O1",
        ),
    ],
)
def test_what_is_not_the_protocol_of_the_bench_file_is_named(
    tmp_path: Path, frame: Callable[[Alone], Callable[[], bytes]] | None, why: str
) -> None:
    world = Alone()
    if frame is not None:
        world.send_every(100, frame(world))
    with (
        tapped(world, tmp_path, SICS if "mt-sics" in why else CAS) as bench,
        pytest.raises(InstrumentError, match=why),
    ):
        bench.open()


def test_a_lost_line_is_told_as_lost(tmp_path: Path) -> None:
    world = Alone()
    world.after(SECOND, world.port.unplug)
    with tapped(world, tmp_path) as bench, pytest.raises(InstrumentError, match=r"was lost at 1\.000 s"):
        bench.open()


def test_a_change_of_format_is_counted_and_none_of_its_readings_is_used(tmp_path: Path) -> None:
    world = Alone()
    frames = [cas_frame("1.234")] * 30 + [cas_frame("12.34")] * 5 + [b"ST,GS,+001.234kg\r\n"] * 5
    left = iter(frames)
    for k in range(len(frames)):
        world.schedule(k * 100 * MS, lambda: world.port.send(next(left)))
    with tapped(world, tmp_path) as bench:
        bench.open()
        bench.idle(5 * SECOND)
        counts = instrument(bench).counts
        assert counts["format_changes"] == 1
        assert counts["garbage_bytes"] == 5 * 18
        assert instrument(bench).indicated() is None
    line = derived(tmp_path, Source(cas.PROTOCOL, cas.PROTOCOL.line))
    assert {int(k) * line.trace.step for k in line.trace.steps} == {Decimal("1.234")}
    assert len(line.reasons) == 2
    assert len(line.trace.garbage) == 2


@pytest.mark.parametrize(
    ("driver", "options", "why"),
    [
        ("scale-tap", "", r"protocol expected one of and, cas.*got None"),
        ("scale-tap", 'protocol = "dart"', r"protocol expected one of .*got 'dart'"),
        ("scale-tap", 'protocol = "cas"\nmode = "9N1"', r"mode expected .*got '9N1'"),
        ("scale-host", CAS, r"protocol expected one that is asked, .*mt-sics.*got 'cas'; driver scale-tap"),
        (
            "scale-host",
            SICS + '\nquestions = ["Z"]',
            r"questions expected a list of some of SI, S, got \['Z'\]; nothing else is sent",
        ),
        ("scale-host", SICS + "\nquestions = []", r"questions expected"),
        ("scale-host", SICS + "\npoll_ms = 1", r"poll_ms expected 20 to 10000, got 1"),
        ("scale-host", SICS + '\naddress = "AB"', r"address expected a letter"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, driver: str, options: str, why: str) -> None:
    with (
        pytest.raises(BenchError, match=why),
        bench_of(tmp_path, bench_text(driver, "sim:scale", options), Alone()),
    ):
        pass


def test_the_line_is_set_as_protocol_mode_and_rate_say() -> None:
    text = bench_text("scale-tap", "serial:COM3", 'protocol = "and"', "baud = 4800")
    assert link_line(parse(text, "b"), specs("instruments"), "line") == LineSettings(4800, 7, "E", 1)
    text = bench_text("scale-tap", "serial:COM3", 'protocol = "and"\nmode = "8N1"')
    assert link_line(parse(text, "b"), specs("instruments"), "line") == LineSettings(2400, 8, "N", 1)


# --- the host -------------------------------------------------------------------------------------------------------------


def test_the_host_asks_at_its_rate_and_sends_nothing_else(tmp_path: Path) -> None:
    world = Alone()
    world.answer = lambda data: (30, weight("0.530", moving=True))
    with asked(world, tmp_path, SICS + "\npoll_ms = 250") as bench:
        told = bench.open()["it"]
        bench.idle(3 * SECOND)
        host = instrument(bench)
        assert isinstance(host, Indicates)
        assert host.indicated() == Indication(Decimal("0.530"), "kg", stable=False, overload=False, underload=False)
        assert told["reading"] == "0.530 kg"
        assert host.counts["unanswered"] == host.counts["garbage_bytes"] == 0
    assert {data for _, data in world.asked} == {b"SI\r\n"}
    times = [t for t, _ in world.asked]
    assert {b - a for a, b in pairwise(times)} == {250 * MS}


def test_a_late_answer_is_not_the_next_reading(tmp_path: Path) -> None:
    """One answer comes 3 s late; the scale answers in the order it was asked."""
    world, n = Alone(), [0]

    def answer(data: bytes) -> tuple[int, bytes]:
        if data == b"I4\r\n":
            return 2000, b'I4 A "7"\r\n'
        n[0] += 1
        return (3000 if n[0] == 10 else 30), weight(f"{n[0]}.000")

    world.answer = answer
    with asked(world, tmp_path) as bench:
        bench.open()
        bench.idle(10 * SECOND)
        host = instrument(bench)
        assert {name: host.counts[name] for name in ("unanswered", "late", "surplus", "in step")} == {
            "unanswered": 1, "late": 1, "surplus": 0, "in step": 1
        }  # fmt: skip
    line = derived(tmp_path, ASKING)
    values = [int(k) * line.trace.step for k in line.trace.steps]
    assert values == [k for k in range(1, n[0] + 1) if k != 10][: len(values)]
    assert len(values) >= n[0] - 2
    assert line.reasons == {"answer after its time": 1}
    assert {data for _, data in world.asked} == {b"SI\r\n", b"I4\r\n"}


def test_a_scale_that_is_always_late_gives_no_reading(tmp_path: Path) -> None:
    world, queue = Alone(), [0]

    def answer(data: bytes) -> tuple[int, bytes]:
        queue[0] += 1
        return 2500, weight(f"{queue[0]}.000") if data == b"SI\r\n" else b'I4 A "7"\r\n'

    world.answer = answer
    with asked(world, tmp_path) as bench, pytest.raises(InstrumentError, match="answers came after their time"):
        bench.open()
    assert derived(tmp_path, ASKING).trace.times_ns.size == 0


def test_a_scale_that_sends_by_itself_is_told_from_one_that_answers(tmp_path: Path) -> None:
    world = Alone()
    world.send_every(50, lambda: weight("0.530"))
    with asked(world, tmp_path) as bench, pytest.raises(InstrumentError, match=r"sends by itself \(driver scale-tap\)"):
        bench.open()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "nothing came"),
        (b"S I\r\n", "answered .* times without a weight"),
        (b"\xff\xfe\xfd\r\n", "belong to no frame"),
    ],
)
def test_what_gives_no_weights_is_named(tmp_path: Path, said: bytes | None, why: str) -> None:
    world = Alone()
    world.answer = lambda data: None if said is None else (30, said)
    with asked(world, tmp_path) as bench, pytest.raises(InstrumentError, match=why):
        bench.open()


def test_it_asks_on_through_a_power_cycle(tmp_path: Path) -> None:
    world, dark = Alone(), [False]
    world.answer = lambda data: None if dark[0] else (30, weight("0.530") if data == b"SI\r\n" else b'I4 A "7"\r\n')
    with asked(world, tmp_path) as bench:
        bench.open()
        dark[0] = True
        bench.idle(8 * SECOND)
        assert instrument(bench).indicated() is None
        dark[0] = False
        bench.idle(5 * SECOND)
        assert instrument(bench).indicated().weight == Decimal("0.530")
        bench.make_safe()
        before = len(world.asked)
        bench.idle(SECOND)
        assert len(world.asked) == before


def test_a_scale_that_knows_no_serial_number_is_brought_into_step_by_its_refusal(tmp_path: Path) -> None:
    world, dead = Alone(), [False]
    world.answer = lambda data: None if dead[0] else (30, weight("0.530") if data == b"SI\r\n" else b"ES\r\n")
    with asked(world, tmp_path) as bench:
        bench.open()
        dead[0] = True
        bench.idle(3 * SECOND)
        dead[0] = False
        bench.idle(4 * SECOND)
        assert instrument(bench).indicated().weight == Decimal("0.530")


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_disturbed_line_gives_no_weight_that_was_not_sent_for_its_question(tmp_path: Path, kind: FaultKind) -> None:
    """The scale counts its answers: the readings of the journal rise with it and are each within the questions asked."""
    world, n = Alone(), [0]

    def answer(data: bytes) -> tuple[int, bytes]:
        if data == b"I4\r\n":
            return 30, b'I4 A "7"\r\n'
        n[0] += 1
        return 30, weight(f"{n[0]}.000")

    world.answer = answer
    inject(world.port, to_bench=FaultScript(5, {kind: 0.002}), to_device=FaultScript(6, {kind: 0.002}))
    with asked(world, tmp_path) as bench:
        bench.open()
        bench.idle(60 * SECOND)
        assert instrument(bench).indicated() is not None
    line = derived(tmp_path, ASKING)
    assert line.trace.times_ns.size > 100
    good = sum(
        int(a) * line.trace.step == int(b) * line.trace.step - 1
        for a, b in zip(line.trace.steps, line.trace.steps[1:], strict=False)
    )
    assert good > 0.8 * line.trace.times_ns.size


def digi(kg: str, price: str) -> bytes:
    flags = digi_b.Flag2.FIXED | digi_b.Flag2.STABLE
    return digi_b.PROTOCOL.encode(
        digi_b.Reading.of(Decimal(kg), Decimal("0.000"), Decimal("12.50"), Decimal(price), flag2=flags), Role.DEVICE
    )


def test_where_nothing_brings_into_step_a_late_answer_is_waited_for_in_silence(tmp_path: Path) -> None:
    world, n = Alone(), [0]

    def answer(data: bytes) -> tuple[int, bytes]:
        n[0] += 1
        return (2400 if n[0] == 10 else 30), digi(f"{n[0]}.000", "6.63")

    world.answer = answer
    with asked(world, tmp_path, 'protocol = "digi-b"') as bench:
        bench.open()
        bench.idle(8 * SECOND)
        assert instrument(bench).counts["late"] == 1
    line = derived(tmp_path, Source(digi_b.PROTOCOL, digi_b.PROTOCOL.line, asked=asked_protocols()["digi-b"]("A")))
    values = [int(k) * line.trace.step for k in line.trace.steps]
    assert values == [k for k in range(1, n[0] + 1) if k != 10][: len(values)]
    assert len(values) >= n[0] - 2
    assert set(line.registers["price"].values) == {Decimal("6.63")}
    assert {data for _, data in world.asked} == {b"\x05"}


def test_an_indicator_is_asked_for_weight_unit_price_and_amount_in_turn(tmp_path: Path) -> None:
    world = Alone()
    kinds = yaohua.Command
    figures = {kinds.GROSS: ("000530", 3), kinds.PRICE_OR_VEHICLE: ("001250", 2), kinds.AMOUNT_OR_CARGO: ("000663", 2)}

    def answer(data: bytes) -> tuple[int, bytes] | None:
        (request,) = yaohua.COMMAND.decoder(Role.HOST).feed(data)
        assert isinstance(request, yaohua.Request)
        said = yaohua.Answer(request.address, request.command, *figures[request.command])
        return 30, yaohua.COMMAND.encode(said, Role.DEVICE)

    world.answer = answer
    with asked(world, tmp_path, 'protocol = "yaohua-command"\naddress = "C"\nquestions = ["B", "E", "F"]') as bench:
        bench.open()
        bench.idle(6 * SECOND)
        assert instrument(bench).counts["late"] == instrument(bench).counts["surplus"] == 0
        assert instrument(bench).indicated().weight == Decimal("0.530")
    line = derived(
        tmp_path, Source(yaohua.COMMAND, yaohua.COMMAND.line, asked=asked_protocols()["yaohua-command"]("C"))
    )
    assert line.trace.times_ns.size >= 10
    assert set(line.trace.steps) == {530}
    assert set(line.registers["unit_price"].values) == {Decimal("12.50")}
    assert set(line.registers["price"].values) == {Decimal("6.63")}
    assert not line.faults


# --- which answer is to which question -----------------------------------------------------------------------------------


def test_pairing() -> None:
    pairing = Pairing(1000)
    assert pairing.heard(5) is Heard.LATE  # nothing was asked
    pairing.asked(10)
    assert pairing.waits(1010)
    assert not pairing.waits(1011)
    assert pairing.heard(900, fits=False) is Heard.LATE
    assert pairing.heard(1000) is Heard.READING
    assert pairing.heard(1005) is Heard.SURPLUS
    pairing.asked(2000)
    assert pairing.heard(3001) is Heard.LATE
    assert pairing.heard(3002, in_step=True) is Heard.LATE  # that was not asked for
    pairing.step_asked(4000)
    assert pairing.heard(4010) is Heard.LATE
    assert pairing.heard(4020, in_step=True) is Heard.IN_STEP
    pairing.asked(5000)
    assert pairing.heard(5010) is Heard.READING
    assert pairing.counts["unanswered"] == 1


def test_every_asked_protocol_asks_with_known_words_and_reads_weights() -> None:
    known = weight_protocols()
    assert {"cas", "mt-sics", "digi-b"} <= set(known)
    assert "dart" not in known
    assert set(asked_protocols()) <= set(known)
    for name, build in asked_protocols().items():
        table = build("C")
        for question in [*table.questions.values(), *([table.step] if table.step else [])]:
            raw = known[name].encode(question.request, Role.HOST)
            assert known[name].decoder(Role.HOST).feed(raw) == [question.request]
        told = known[name].examples(Role.DEVICE)
        assert any(question.fits(message) for question in table.questions.values() for message in told)


def test_the_station_of_a_bench_says_which_line_is_its_weight(tmp_path: Path) -> None:
    """Weights without a unit are what the instrument's entry says; the other drivers' lines are left alone."""
    world = Alone()
    frame = yaohua.CONTINUOUS.encode(yaohua.Weight("012345", 2), Role.DEVICE)
    world.send_every(100, lambda: frame)
    text = bench_text("scale-tap", "sim:scale", 'protocol = "yaohua-continuous"\nunit = "t"')
    with bench_of(
        tmp_path, text.replace("[stations]", '[stations]\nweight = "it"\ndisplay = "operator"'), world
    ) as bench:
        bench.open()
        bench.idle(SECOND)
    recorded = read_recorded(tmp_path / "journal")
    traces = indication_traces(recorded)
    assert set(traces) == {"weight"}
    assert set(traces["weight"].steps) == {12_345}
    assert (traces["weight"].step, traces["weight"].unit) == (Decimal("10"), "kg")
    assert traces["weight"].origin.source == recorded.places["line"]


ASKING = Source(mt_sics.PROTOCOL, mt_sics.PROTOCOL.line, asked=asked_protocols()["mt-sics"]("A"))


def derived(folder: Path, source: Source) -> Line:
    chunks = read_recorded(folder / "journal").chunks["line"]
    assert {chunk.direction for chunk in chunks} <= set(Direction)
    return indications([chunks], source)
