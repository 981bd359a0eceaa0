"""Bytes of a scale's line become exact readings; what is none is named, with its time, and never counts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.model import Direction, Flag, WireChunk
from fixtures.scale_lines import asked_protocols, weight_protocols
from harness.derive.frames import frames
from harness.derive.indications import Line, Source, indications
from harness.derive.readings import Interval
from harness.derive.stuck import Change, stuck
from protocols.contract import EvidenceClass, Garbage, LineSettings, Message, Role, WireProtocol
from protocols.indication import Indication
from protocols.wire import and_weighing, cas, digi_b, mt_sics

MS = 1_000_000
PERIOD_MS = 100


def said(*frames_: bytes, every_ms: int = PERIOD_MS, begin_ms: int = 0) -> list[WireChunk]:
    return [WireChunk((begin_ms + i * every_ms) * MS, "l", Direction.RX, raw) for i, raw in enumerate(frames_)]


def cas_frame(kg: str, **rest: object) -> bytes:
    return cas.PROTOCOL.encode(cas.Weight.of(Decimal(kg), **rest), Role.DEVICE)  # type: ignore[arg-type]


def cas_line(*frames_: bytes, **rest: object) -> Line:
    return indications([said(*frames_)], Source(cas.PROTOCOL, cas.PROTOCOL.line, **rest))  # type: ignore[arg-type]


def kg(line: Line) -> list[Decimal]:
    return [int(steps) * line.trace.step for steps in line.trace.steps]


def test_readings_are_exact_with_flags_and_what_the_protocol_tells() -> None:
    moving = cas_frame("1.234", status=cas.Status.UNSTABLE)
    line = cas_line(cas_frame("0.000"), moving, cas_frame("1.235", mode=cas.Mode.NET), cas_frame("-0.005"))
    assert kg(line) == [Decimal("0.000"), Decimal("1.234"), Decimal("1.235"), Decimal("-0.005")]
    assert line.trace.step == Decimal("0.001")
    assert line.trace.unit == "kg"
    assert line.trace.told == Flag.STABLE | Flag.NET | Flag.ZERO | Flag.OVERLOAD
    assert line.trace.having(Flag.STABLE).tolist() == [True, False, True, True]
    assert line.trace.having(Flag.NET).tolist() == [False, False, True, False]
    assert line.trace.having(Flag.ZERO).tolist() == [True, False, False, False]
    assert line.trace.times_ns.tolist() == [0, 100 * MS, 200 * MS, 300 * MS]
    assert not line.faults
    assert line.trace.origin.codec == "cas/1"


def test_repeats_stay_in_the_trace() -> None:
    assert cas_line(*[cas_frame("0.530")] * 50).trace.times_ns.size == 50


def test_an_overload_is_a_reading_without_a_weight() -> None:
    over = cas.PROTOCOL.encode(cas.Weight.of(Decimal("0"), status=cas.Status.OVERLOAD), Role.DEVICE)
    line = cas_line(cas_frame("14.995"), over, cas_frame("15.000"))
    assert line.trace.having(Flag.OVERLOAD).tolist() == [False, True, False]
    assert line.trace.steps.tolist() == [14995, 0, 15000]


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (b"ST,GS,1\xc4,000001.5 kg\r\n", "decimal point in another place: 1 decimals of kg, expected 3"),
        (b"ST,GS,1\xc4,0001.234 lb\r\n", "1 readings in lb, all others in another unit"),
        (b"ST,GS,1\xc4,0001.234 pc\r\n", "unit 'pc', expected one of kg"),
        (b"ST,GS,1\xc4,     NaN kg\r\n", "NaN"),
        ("ST,GS,1\xc4,".encode("latin-1") + "１２３４".encode("gbk") + b" kg\r\n", "full-width"),
        (b"\x00\xff\x00\xffnoise\r\n", ""),
    ],
)
def test_what_stands_for_no_weight_is_named_and_does_not_count(odd: bytes, why: str) -> None:
    good = [cas_frame("1.234")] * 20
    line = cas_line(*good, odd, *good)
    assert set(kg(line)) == {Decimal("1.234")}
    assert line.trace.times_ns.size == 40
    (fault,) = line.faults
    assert why in fault.why
    assert fault.begin_ns == fault.end_ns == 20 * PERIOD_MS * MS
    assert line.trace.garbage == ((20 * PERIOD_MS * MS, 20 * PERIOD_MS * MS),)


def test_a_change_of_format_in_mid_stream_is_one_span() -> None:
    other = and_weighing.PROTOCOL.encode(and_weighing.Weight.of(Decimal("1.234")), Role.DEVICE)
    line = cas_line(*[cas_frame("1.234")] * 30, *[other] * 30)
    assert line.trace.times_ns.size == 30
    assert line.trace.garbage == ((3000 * MS, 5900 * MS),)
    moved = cas_line(*[cas_frame("1.234")] * 30, *[cas_frame("1.23")] * 29)
    assert moved.trace.times_ns.size == 30
    assert moved.reasons == {"decimal point in another place: 2 decimals of kg, expected 3": 1}


def test_the_declared_interval_says_which_of_two_formats_is_the_lines_own() -> None:
    three, two = [cas_frame("1.234")] * 30, [cas_frame("12.34")] * 50
    declared = (Interval(Decimal(0), Decimal(15), Decimal("0.005")),)
    assert set(kg(cas_line(*three, *two))) == {Decimal("12.34")}
    assert set(kg(cas_line(*three, *two, declared=declared))) == {Decimal("1.234")}


def test_intervals_may_be_written_with_their_own_decimals() -> None:
    intervals = (
        Interval(Decimal(0), Decimal(3), Decimal("0.0005")),
        Interval(Decimal(3), Decimal(6), Decimal("0.001")),
    )
    above, below, moved = cas_frame("3.001"), cas_frame("2.9995"), cas_frame("2.999")
    line = cas_line(*[below] * 10, *[above] * 10, moved, declared=intervals)
    assert kg(line) == [Decimal("2.9995")] * 10 + [Decimal("3.001")] * 10
    assert line.trace.step == Decimal("0.0001")
    assert len(line.faults) == 1


def test_a_unit_that_is_set_is_used_exactly() -> None:
    line = cas_line(
        *[cas_frame("1.234")] * 10, *[cas_frame("1234", unit=" g")] * 10, *[cas_frame("2.720", unit="lb")] * 10
    )
    assert kg(line)[:20] == [Decimal("1.234")] * 20
    assert kg(line)[20:] == [Decimal("2.720") * Decimal("0.45359237")] * 10


def test_a_frame_that_a_silence_cut_costs_itself_only() -> None:
    frame = cas_frame("1.234")
    line = cas_line(frame, frame[:9], frame, frame)
    assert kg(line) == [Decimal("1.234")] * 3
    assert line.reasons == {"line broken off by silence": 1}
    halves = indications(
        [[*said(frame, frame[:9]), WireChunk(101 * MS, "l", Direction.RX, frame[9:])]],
        Source(cas.PROTOCOL, cas.PROTOCOL.line),
    )
    assert halves.trace.times_ns.tolist() == [0, 101 * MS]


def test_nobody_listened_between_two_spans() -> None:
    frame = cas_frame("1.234")
    spans = [said(frame, frame[:5]), said(frame[5:], frame, begin_ms=5000)]
    line = indications(spans, Source(cas.PROTOCOL, cas.PROTOCOL.line))
    assert kg(line) == [Decimal("1.234")] * 2
    assert len(line.faults) == 2


def test_no_bytes_no_readings() -> None:
    line = cas_line()
    assert line.trace.times_ns.size == 0
    assert not line.registers


def test_price_and_unit_price_have_the_instant_of_their_frame() -> None:
    reading = digi_b.Reading.of(
        Decimal("0.530"),
        Decimal("0.000"),
        Decimal("12.50"),
        Decimal("6.63"),
        flag2=digi_b.Flag2.FIXED | digi_b.Flag2.STABLE,
    )
    none = digi_b.Reading.of(Decimal("0.000"), Decimal("0.000"), None, None)
    raw = [digi_b.PROTOCOL.encode(one, Role.DEVICE) for one in (none, reading, reading)]
    line = indications([said(*raw)], Source(digi_b.PROTOCOL, digi_b.PROTOCOL.line, currency="CNY"))
    price, unit_price = line.registers["price"], line.registers["unit_price"]
    assert price.values == (Decimal("6.63"),) * 2
    assert unit_price.values == (Decimal("12.50"),) * 2
    assert (price.resolution, price.unit, price.station) == (Decimal("0.01"), "CNY", "weight.price")
    assert price.times_ns.tolist() == unit_price.times_ns.tolist() == [t - line.u_ns for t in (100 * MS, 200 * MS)]
    assert set(price.u_ns) == {line.u_ns}
    char_ns = digi_b.PROTOCOL.line.char_ns()
    assert 37 * char_ns < 2 * line.u_ns <= 38 * char_ns + 2 * MS


# --- a line that is asked ---------------------------------------------------------------------------------------------------


def asked(*exchange: tuple[int, bytes]) -> Line:
    """Lines of MT-SICS by millisecond; those of the host are commands alone."""
    chunks = [
        WireChunk(t * MS, "l", Direction.TX if raw in (b"SI\r\n", b"I4\r\n") else Direction.RX, raw)
        for t, raw in exchange
    ]
    return indications(
        [chunks], Source(mt_sics.PROTOCOL, mt_sics.PROTOCOL.line, asked=asked_protocols()["mt-sics"]("A"))
    )


ONE, TWO, THREE = (b"S S      %d.000 kg\r\n" % n for n in (1, 2, 3))


def test_answers_in_time_are_readings() -> None:
    line = asked((0, b"SI\r\n"), (30, ONE), (200, b"SI\r\n"), (230, TWO))
    assert kg(line) == [Decimal("1.000"), Decimal("2.000")]


def test_an_answer_after_its_time_is_told_and_not_used() -> None:
    line = asked((0, b"SI\r\n"), (2500, ONE), (6000, b"SI\r\n"), (6030, TWO))
    assert kg(line) == [Decimal("2.000")]
    assert line.reasons == {"answer after its time": 1}


def test_of_two_answers_to_one_question_neither_is_used() -> None:
    line = asked((0, b"SI\r\n"), (5000, b"SI\r\n"), (5010, ONE), (5030, TWO), (9000, b"SI\r\n"), (9030, THREE))
    assert kg(line) == [Decimal("3.000")]
    assert line.reasons == {"second answer to one question": 1}


def test_what_comes_before_the_answer_that_brings_into_step_is_late() -> None:
    number = b'I4 A "B021002593"\r\n'
    line = asked((0, b"SI\r\n"), (3000, b"I4\r\n"), (3010, ONE), (3030, number), (3200, b"SI\r\n"), (3230, TWO))
    assert kg(line) == [Decimal("2.000")]
    assert line.reasons == {"answer after its time": 1}


# --- hostile input ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Odd:
    weight: str

    def indication(self) -> Indication:
        return Indication(Decimal(self.weight), "kg")


class OddDecoder:
    """A plugin that hands on whatever Decimal() takes."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        *lines, self._held = (self._held + data).split(b"\n")
        return [Odd(line.decode()) for line in lines]

    def silence(self, char_times: float) -> list[Message]:
        return []

    def close(self) -> list[Message]:
        held, self._held = self._held, b""
        return [Garbage(held, "incomplete")] if held else []


ODD = WireProtocol(
    "odd", 1, LineSettings(), lambda message, sender: f"{message.weight}\n".encode(), lambda sender: OddDecoder(),  # type: ignore[attr-defined]
    lambda sender: [Odd("1.000")], (), 64, EvidenceClass.DERIVED, False, "",
)  # fmt: skip


@pytest.mark.parametrize(
    "weight", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+400", "1E-400", "9999999999.000", "1E+3"]
)
def test_no_number_of_a_plugin_becomes_a_weight(weight: str) -> None:
    raw = [b"1.000\n"] * 9 + [f"{weight}\n".encode()]
    line = indications([said(*raw)], Source(ODD, ODD.line))
    assert kg(line) == [Decimal("1.000")] * 9
    assert len(line.faults) == 1


PROTOCOLS = tuple(weight_protocols().values())


@st.composite
def streams(draw: st.DrawFn) -> tuple[WireProtocol, list[WireChunk]]:
    """Frames, cut frames and noise, cut into chunks anywhere, with and without silences."""
    protocol = draw(st.sampled_from(PROTOCOLS))
    whole = st.sampled_from([protocol.encode(message, Role.DEVICE) for message in protocol.examples(Role.DEVICE)])
    part = st.builds(lambda frame, n: frame[:n], whole, st.integers(0, 20))
    data = b"".join(draw(st.lists(st.one_of(whole, whole, whole, part, st.binary(max_size=9)), max_size=25)))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    parts = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    times = np.cumsum(draw(st.lists(st.sampled_from([0, 1, 5, 20, 2000]), min_size=len(parts), max_size=len(parts))))
    return protocol, [WireChunk(int(t) * MS, "l", Direction.RX, part) for t, part in zip(times, parts, strict=True)]


def slowly(protocol: WireProtocol, chunks: list[WireChunk]) -> list[tuple[int, Message]]:
    """Every message with its instant, from one decoder fed byte by byte."""
    decoder, found, before = protocol.decoder(Role.DEVICE), list[tuple[int, Message]](), None
    for chunk in chunks:
        if not chunk.data:
            continue
        chars = 0.0 if before is None else (chunk.t_ns - before) / protocol.line.char_ns()
        found += [(chunk.t_ns, message) for message in decoder.silence(chars)] if chars else []
        before = chunk.t_ns
        found += [(chunk.t_ns, message) for message in decoder.feed(chunk.data)]
    found += [(before or 0, message) for message in decoder.close()]
    return [(t_ns, message) for t_ns, message in found if not isinstance(message, Garbage)]


@settings(max_examples=150, deadline=None)
@given(streams())
def test_the_memory_of_frames_changes_nothing(stream: tuple[WireProtocol, list[WireChunk]]) -> None:
    protocol, chunks = stream
    found = frames(protocol, chunks, protocol.line)
    fast = [(int(t), found.messages[k]) for t, k in zip(found.times_ns, found.which, strict=True)]
    assert fast == slowly(protocol, chunks)
    heard = sum(len(chunk.data) for chunk in chunks)
    good = sum(len(protocol.encode(message, Role.DEVICE)) for _, message in fast)
    assert sum(noise.size for noise in found.noise) == heard - good  # nothing is dropped silently
    assert all(noise.begin_ns <= noise.end_ns for noise in found.noise)


@settings(max_examples=60, deadline=None)
@given(streams())
def test_any_bytes_give_a_trace(stream: tuple[WireProtocol, list[WireChunk]]) -> None:
    protocol, chunks = stream
    line = indications([chunks], Source(protocol, protocol.line))
    assert list(line.trace.garbage) == sorted(line.trace.garbage)
    assert all(noise.why for noise in line.faults)
    weights = {w.weight for k in frames(protocol, chunks, protocol.line).messages if (w := _indicated(k)) is not None}
    assert {abs(value) for value in kg(line)} <= {
        abs(w) * factor for w in weights if w is not None for factor in FACTORS
    } | {0}


FACTORS = tuple(Decimal(text) for text in ("1", "0.001", "0.000001", "1000", "0.45359237", "0.5", "0.0002"))


def _indicated(message: Message) -> Indication | None:
    indication = getattr(message, "indication", None)
    return indication() if indication is not None else None


def test_a_million_frames_are_decoded_within_seconds() -> None:
    """A tenth of it here, at a tenth of the time; noise in a hundredth of the frames."""
    raw = [cas_frame(f"{i / 1000:.3f}") for i in range(2000)]
    random = np.random.default_rng(6)
    chunks = said(*(raw[i] for i in random.integers(0, 2000, 100_000)), every_ms=12)
    for k in np.flatnonzero(random.random(len(chunks)) < 0.01):
        spoiled = bytearray(chunks[k].data)
        spoiled[int(random.integers(0, 22))] ^= 0x55
        chunks[k] = WireChunk(chunks[k].t_ns, "l", Direction.RX, bytes(spoiled))
    line = indications([chunks], Source(cas.PROTOCOL, cas.PROTOCOL.line))
    assert 98_000 < line.trace.times_ns.size < 99_500
    assert 0 < len(line.faults) < 1_500


# --- one frame for ever -----------------------------------------------------------------------------------------------------


def test_one_reading_over_a_change_of_load_is_told_and_a_scale_at_rest_is_not() -> None:
    changes = [
        Change(0, 0, Decimal(0)),
        Change(5000 * MS, 7000 * MS, Decimal("1.234")),
        Change(15_000 * MS, 16_000 * MS, Decimal("1.238")),
        Change(25_000 * MS, 26_000 * MS, Decimal(0)),
    ]
    true = [("0.000", 60), ("1.235", 100), ("1.240", 100), ("0.000", 60)]
    honest = cas_line(*[cas_frame(text) for text, n in true for _ in range(n)]).trace
    assert stuck(honest, changes, Decimal("0.010"), 3000 * MS) == []
    hung = cas_line(*[cas_frame("0.000")] * 60, *[cas_frame("1.235")] * 260).trace
    assert stuck(hung, changes, Decimal("0.010"), 3000 * MS) == [(26_000 * MS, 31_900 * MS, 6000 * MS)]
    dead = cas_line(*[cas_frame("0.000")] * 320).trace
    assert stuck(dead, changes, Decimal("0.010"), 3000 * MS) == [
        (7000 * MS, 15_000 * MS, 0), (16_000 * MS, 25_000 * MS, 0), (26_000 * MS, 31_900 * MS, 0),
    ]  # fmt: skip
    assert stuck(dead.between(0, 9000 * MS), changes[:2], Decimal("0.010"), 3000 * MS) == []
    assert stuck(cas_line().trace, changes, Decimal("0.010"), 3000 * MS) == []
    over = cas.PROTOCOL.encode(cas.Weight.of(Decimal(0), status=cas.Status.OVERLOAD), Role.DEVICE)
    assert stuck(cas_line(*[over] * 320).trace, changes, Decimal("0.010"), 3000 * MS) == []
