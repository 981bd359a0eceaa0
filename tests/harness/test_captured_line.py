"""Messages of captured lines: the real recordings to the frame, and nothing made up where characters are bad or missing."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.formats import read, write
from captures.model import Capture, EdgeKind, Origin, PulseTrain
from captures.uart import Characters, CharFlag, UartLine, decode
from fixtures.plugins import specs
from harness.derive.captured_line import Said, said_by, said_by_both
from harness.exits import Exit
from protocols.contract import Garbage, Role, WireProtocol
from protocols.indication import Indication
from protocols.wire.dart import PROTOCOL as DART
from protocols.wire.dart import Command, CommandCode, Control, ControlKind, Data
from protocols.wire.grbl import PROTOCOL as GRBL
from protocols.wire.grbl import Command as GrblCommand
from protocols.wire.grbl import Line, RealTime
from protocols.wire.kern import PROTOCOL as KERN
from protocols.wire.kern import Status, Weight
from protocols.wire.modbus_rtu import PROTOCOL as MODBUS
from protocols.wire.modbus_rtu import Read, Registers, WriteRegister, WriteRegisters, Written
from protocols.wire.mt_sics import PROTOCOL as SICS
from protocols.wire.picopet import PROTOCOL as PICOPET
from protocols.wire.picopet import Mark
from tests.commands import shortmeasure
from tests.waves import RATE_HZ, levels_of, said, train_of

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TRUTH = DATA / "truth.json"
FILES: dict[str, Any] = json.loads(TRUTH.read_text())["files"] if TRUTH.exists() else {}
recorded = pytest.mark.skipif(not FILES, reason=f"recorded sessions are not at {DATA}")
TARE = "sigrok/kern_ew_6200-2nm_tare.sr"
LOADS = "sigrok/kern_ew_6200-2nm_various_values_and_overflow.sr"
FLOW = "sigrok/flowmeter_target_15liter_per_min.sr"
FRAME = b"+0127.20 G S\r\n"
BALANCE = UartLine(Fraction(1200), 8, "N", 2)
MULTIDROP = UartLine(Fraction(9600))


def recording(name: str, channel: str) -> PulseTrain:
    (train,) = (train for train in read(DATA / name).trains if train.channel == channel)
    return train


def kern(text: bytes, **pause: int) -> list[Said]:
    return said_by(KERN, decode(said(text, BALANCE, **pause), BALANCE), Role.DEVICE)


@recorded
@pytest.mark.parametrize(("name", "trailing"), [(TARE, b""), (LOADS, b"+0000.")])
def test_the_recorded_balance_says_what_it_said(name: str, trailing: bytes) -> None:
    truth = FILES[name]["uart"]
    found = said_by(KERN, decode(recording(name, "RX"), BALANCE), Role.DEVICE)
    frames = [one for one in found if isinstance(one.message, Weight)]
    assert [one.raw for one in frames] == [f"{frame}\r\n".encode() for frame in truth["frames"]]
    assert [one.begin_ns for one in frames] == [
        round(Fraction(str(second)) * 10**9) for second in truth["frame_start_s"]
    ]
    for one, frame in zip(frames, truth["frames"], strict=True):
        assert isinstance(one.message, Weight)
        told = one.message.indication()
        assert told.weight == (None if frame[-1] == "E" else Decimal(frame[:8]))
        assert (told.unit, told.stable) == ("g", {"S": True, "U": False, "E": None}[frame[-1]])
        assert 0.12e9 < one.end_ns - one.begin_ns < 0.13e9
    rest = [one for one in found if isinstance(one.message, Garbage)]
    assert b"".join(one.raw for one in rest) == trailing
    assert len(found) == len(frames) + bool(trailing)


@recorded
def test_the_recorded_flow_meter_and_its_host_take_turns() -> None:
    truth = FILES[FLOW]["modbus"]
    found = said_by_both(MODBUS, decode(recording(FLOW, "RXTX"), MULTIDROP))
    assert len(found) == truth["frames"] == 132
    assert not any(isinstance(one.message, Garbage) for one in found)
    assert [one.sender for one in found] == [Role.HOST, Role.DEVICE] * 66
    reads = [one.message for one in found if isinstance(one.message, Read)]
    counts = {name: sum(f"0x{r.start:04X}x{r.count}" == name for r in reads) for name in truth["reads"]}
    assert counts == truth["reads"]
    writes = [one for one in found if isinstance(one.message, WriteRegisters | Written)]
    assert [one.raw for one in writes] == [bytes.fromhex(frame) for _, frame in truth["writes"]]
    for one, (second, _) in zip(writes, truth["writes"], strict=True):
        assert abs(one.begin_ns - second * 1e9) < 1000
    begins = [found[0].begin_ns, found[-1].begin_ns]
    assert [ns // 1000 for ns in begins] == [round(truth[name] * 1e6) for name in ("first_frame_s", "last_frame_s")]
    long = [one for one in found if isinstance(one.message, Registers) and len(one.message.values) == 15]
    flow = [
        np.array(one.message.values[6:8], dtype=">u2").tobytes() for one in long if isinstance(one.message, Registers)
    ]
    changed = [(one.begin_ns, float(np.frombuffer(raw, ">f4")[0])) for one, raw in zip(long, flow, strict=True)]
    for told in truth["float_register_6"]:
        assert next(abs(ns - told["first_seen_s"] * 1e9) < 1000 for ns, value in changed if value == told["value"])


def test_a_bad_character_makes_its_message_garbage_and_no_other() -> None:
    """A framing error inside digits: what was received says a number, and nobody may read it as one."""
    bit = RATE_HZ / BALANCE.baud
    characters = [(value, 600_000 if k == 27 else 0) for k, value in enumerate(FRAME * 3)]
    levels = levels_of(characters, BALANCE, bit)
    place = (14 + 3) * BALANCE.bits + 9  # both stop bits of the fourth character of the second frame
    for stop in (place, place + 1):
        levels[stop] = (levels[stop][0], 0)
    found = said_by(KERN, decode(train_of(levels), BALANCE), Role.DEVICE)
    assert [type(one.message) for one in (found[0], found[-1])] == [Weight, Weight]
    middle = [one.message for one in found[1:-1]]
    assert middle
    assert all(isinstance(one, Garbage) for one in middle)


def test_a_parity_error_leaves_the_digits_unread() -> None:
    """The damaged bit makes another digit: 7E1 finds it, and the line is kept as it came."""
    line = UartLine(Fraction(1200), 7, "E", 2)
    levels = levels_of([(value, 0) for value in FRAME * 2], line, RATE_HZ / line.baud)
    place = 3 * line.bits + 1  # lowest data bit of the fourth character
    levels[place] = (levels[place][0], 1 - levels[place][1])
    garbage, good = said_by(KERN, decode(train_of(levels), line), Role.DEVICE)
    assert garbage.message == Garbage(
        b"+0137.20 G S\r\n".replace(b"3", bytes((FRAME[3] ^ 1,))), "character 4 of 14: parity error"
    )
    assert good.message == Weight("+0127.20")


def test_seven_bits_read_as_eight_are_named() -> None:
    train = said(FRAME * 2, UartLine(Fraction(1200), 7, "E", 2))
    found = said_by(KERN, decode(train, UartLine(Fraction(1200), 8, "N", 2)), Role.DEVICE)
    assert all(isinstance(one.message, Garbage) and "even parity: 7 data bits" in one.message.why for one in found)


def test_a_message_whose_beginning_was_not_recorded_is_none() -> None:
    """The end of a longer number reads as a number; the line was not idle before it, so it is kept as garbage."""
    line = UartLine(Fraction(115200))
    whole = said(b"123.999672500\t ChC\n" + b"124.5\t ChC\n", line, rate_hz=10_000_000)
    begin = int(whole.ticks[0]) + 2 * line.bits * 10_000_000 // 115200  # between the second and the third digit
    seen = whole.ticks >= begin
    assert whole.levels is not None
    cut = replace(whole, ticks=whole.ticks[seen], levels=whole.levels[seen], window=(begin, whole.window[1]))
    first, second = said_by(PICOPET, decode(cut, line), Role.DEVICE)
    assert isinstance(first.message, Garbage)
    assert "begins here" in first.message.why
    assert second.message == Mark("124.5", "C")


def test_after_a_gap_the_rest_of_a_message_is_none() -> None:
    train = said(FRAME * 3, BALANCE)
    char = int(11 * RATE_HZ / 1200)
    middle = int(train.ticks[0]) + (14 + 5) * char + char // 2
    found = said_by(KERN, decode(replace(train, gaps=((middle, middle + 10),)), BALANCE), Role.DEVICE)
    assert [type(one.message) for one in found] == [Weight, Garbage, Garbage, Weight]
    assert [one.raw for one in found[1:3]] == [FRAME[:5], FRAME[6:]]


def test_after_a_gap_the_end_of_a_number_is_no_number() -> None:
    line = UartLine(Fraction(115200))
    whole = said(b"123.5\t ChC\n124.5\t ChC\n", line, rate_hz=10_000_000)
    lost = int(whole.ticks[0]) + 15 * 10_000_000 // 115200  # in the second digit
    found = said_by(PICOPET, decode(replace(whole, gaps=((lost, lost + 5),)), line), Role.DEVICE)
    assert [one.raw for one in found] == [b"1", b"3.5\t ChC\n", b"124.5\t ChC\n"]
    assert [type(one.message) for one in found] == [Garbage, Garbage, Mark]


def test_messages_with_two_spellings_keep_their_places() -> None:
    line = UartLine(Fraction(115200))
    text = b"1.5      ChA\r\n" * 20
    heard = decode(said(text, line, rate_hz=10_000_000), line)
    found = said_by(PICOPET, heard, Role.DEVICE)
    assert [one.begin_ns for one in found] == heard.to_ns(heard.starts)[::14].tolist()
    assert {one.message for one in found} == {Mark("1.5", "A")}


def test_silence_ends_what_was_begun() -> None:
    broken, good = kern(FRAME[:5] + FRAME, pause_after=4, pause=600_000)
    assert broken.message == Garbage(b"+0127", "line broken off by silence")
    assert (good.message, good.end_ns - broken.end_ns > 600_000_000) == (Weight("+0127.20"), True)


def test_a_request_that_is_repeated_as_the_answer_takes_turns() -> None:
    write_once = MODBUS.encode(WriteRegister(1, 2, 3), Role.HOST)
    ask, tell = MODBUS.encode(Read(1, 3, 0, 1), Role.HOST), MODBUS.encode(Registers(1, 3, (7,)), Role.DEVICE)
    bit = RATE_HZ / MULTIDROP.baud
    text = [
        (value, 5000 if k == len(frame) - 1 else 0)
        for frame in (ask, tell, write_once, write_once)
        for k, value in enumerate(frame)
    ]
    found = said_by_both(MODBUS, decode(train_of(levels_of(text, MULTIDROP, bit, begin=5000)), MULTIDROP))
    assert [one.sender for one in found] == [Role.HOST, Role.DEVICE] * 2
    assert found[2].message == found[3].message == WriteRegister(1, 2, 3)


def test_what_both_sides_could_have_said_differently_is_not_decided() -> None:
    """DART: transaction 01h with 05h is reset of the host and complete of the pump."""
    line = UartLine(Fraction(9600), 8, "O")
    wire = DART.encode(Data(0x50, 0, (Command(CommandCode(5)),)), Role.HOST)
    (one,) = said_by_both(DART, decode(said(wire, line), line))
    assert (one.sender, one.message) == (
        None,
        Garbage(wire, "reads as the host's and as the device's, and they differ"),
    )
    poll = DART.encode(Control(0x50, ControlKind.POLL, 0), Role.HOST)
    (same,) = said_by_both(DART, decode(said(poll, line), line))
    assert (same.sender, same.message) == (None, Control(0x50, ControlKind.POLL, 0))


def test_noise_of_neither_side_is_kept() -> None:
    found = said_by_both(MODBUS, decode(said(b"\xff\xfe\xfd hello", MULTIDROP), MULTIDROP))
    assert b"".join(one.raw for one in found) == b"\xff\xfe\xfd hello"
    assert all(one.sender is None and isinstance(one.message, Garbage) for one in found)


def test_a_real_time_byte_inside_a_line_keeps_the_line() -> None:
    line = UartLine(Fraction(115200))
    found = said_by(GRBL, decode(said(b"G0 ?X1\nG1\n", line, rate_hz=10_000_000), line), Role.HOST)
    assert [one.message for one in found] == [GrblCommand(RealTime.STATUS), Line("G0 X1"), Line("G1")]
    assert found[2].raw == b"G1\n"


def characters(text: bytes, flags: list[int], idle: list[int]) -> Characters:
    line = UartLine(Fraction(9600))
    size = int(10 * RATE_HZ / 9600) + 1
    starts = 5000 + np.cumsum([size + pause for pause in idle]) if text else np.empty(0, np.int64)
    starts = starts.astype(np.int64)
    window = (0, int(starts[-1]) + 5000 if text else 5000)
    return Characters(
        starts, starts + size, np.frombuffer(text, np.uint8), np.array(flags, dtype=np.uint8), 0, window, Fraction(1, RATE_HZ), line
    )  # fmt: skip


PIECES = st.one_of(
    st.binary(max_size=10),
    st.just(FRAME),
    st.just(b"S S      1.00 g\r\n"),
    st.just(b"G4 P0.01\n?"),
    st.just(MODBUS.vectors[0].wire),
)


@given(
    st.sampled_from(sorted(specs("protocols").values(), key=lambda spec: spec.name)), st.sampled_from(Role), st.data()
)
def test_hostile_characters_lose_nothing_and_repair_nothing(
    spec: WireProtocol, sender: Role, data: st.DataObject
) -> None:
    text = b"".join(data.draw(st.lists(PIECES, max_size=6)))
    flag = st.sampled_from(
        [0] * 8 + [CharFlag.FRAMING, CharFlag.PARITY, CharFlag.BREAK | CharFlag.FRAMING, CharFlag.CUT]
    )
    flags = [int(data.draw(flag)) for _ in text]
    idle = [data.draw(st.sampled_from([0, 0, 0, 10, 5000, 100_000])) for _ in text]
    heard = characters(text, flags, idle)
    for found in (said_by(spec, heard, sender), said_by_both(spec, heard)):
        assert all(one.begin_ns < one.end_ns for one in found)
        assert [one.begin_ns for one in found] == sorted(one.begin_ns for one in found)
    if not spec.lossless:
        return
    found = said_by(spec, heard, sender)
    assert b"".join(one.raw for one in found) == bytes(
        b for b, f in zip(text, flags, strict=True) if not f & CharFlag.CUT
    )
    begins = heard.to_ns(heard.starts).tolist()
    for one in found:
        if not isinstance(one.message, Garbage):
            place = begins.index(one.begin_ns)
            assert not any(flags[place : place + len(one.raw)])
            assert spec.encode(one.message, sender) == one.raw


@recorded
def test_decode_command(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = shortmeasure(
        capfd, "capture", "decode", DATA / TARE, "--channel", "RX", "--protocol", "kern", "--json"
    )
    document = json.loads(out)
    assert code == Exit.OK
    summary = {
        name: document[name]
        for name in ("bytes", "framing_errors", "parity_errors", "messages_read", "bytes_of_garbage", "line")
    }
    assert summary == {
        "bytes": 238, "framing_errors": 0, "parity_errors": 0, "messages_read": 17, "bytes_of_garbage": 0, "line": "1200 8N2",
    }  # fmt: skip
    first = document["messages"][0]
    assert (first["begin_ns"], first["raw"]) == (309_220_000, FRAME.hex(" "))
    assert (first["indication"]["weight"], first["indication"]["stable"]) == ("127.20", True)
    code, out, _ = shortmeasure(capfd, "capture", "decode", DATA / LOADS, "--channel", "RX", "--protocol", "kern")
    assert "0.130722000 s  device  0.00 g, stable" in out
    assert "out of range" in out
    assert "garbage, 6 bytes: line incomplete at the end of the stream: 2b 30 30 30 30 2e" in out


@recorded
def test_decode_command_of_both_sides_says_what_is_unverified(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = shortmeasure(
        capfd, "capture", "decode", DATA / FLOW, "--channel", "RXTX", "--protocol", "modbus-rtu", "--sender", "both"
    )
    assert code == Exit.OK
    assert "protocol unverified (capture)" in out
    assert "132 messages read, 0 bytes of garbage" in out


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--channel", "TX", "--protocol", "kern"], "--channel: expected one of RX, got 'TX'"),
        (["--channel", "RX", "--protocol", "nonsense"], "--protocol: expected one of"),
        (["--channel", "RX", "--protocol", "kern", "--sender", "me"], "--sender: expected device, host or both"),
        (["--channel", "RX", "--protocol", "kern", "--baud", "fast"], "--baud: expected a number"),
        (["--channel", "RX", "--protocol", "kern", "--baud", "1e999999999"], "--baud: expected a number"),
        (["--channel", "RX", "--protocol", "kern", "--baud", "1000000"], "ticks a bit"),
        (["--channel", "RX", "--protocol", "kern", "--parity", "X"], "parity: expected one of"),
    ],
)
def test_decode_command_refuses(
    options: list[str], why: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "line.csv"
    write(Capture({}, (said(FRAME, BALANCE),)), file, "csv")
    code, _, err = shortmeasure(capfd, "capture", "decode", file, *options)
    assert (code, why in err) == (Exit.USAGE, True), err


def test_decode_command_on_another_setting(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "line.csv"
    line = UartLine(Fraction(2400), 7, "E", 1, inverted=True)
    write(Capture({}, (said(b"S S       1.00 g\r\nS +\r\n\x01\r\n", line),)), file, "csv")
    arguments = [
        "--channel",
        "RX",
        "--protocol",
        "mt-sics",
        "--baud",
        "2400",
        "--data-bits",
        "7",
        "--parity",
        "e",
        "--inverted",
    ]
    code, out, _ = shortmeasure(capfd, "capture", "decode", file, *arguments)
    assert code == Exit.OK
    assert "2400 7E1 inverted" in out
    assert "1.00 g, stable" in out
    assert "out of range, overload" in out
    assert "garbage, 3 bytes: no answer of MT-SICS: 01 0d 0a" in out


def test_readings_of_a_captured_line_are_indications() -> None:
    line = UartLine(Fraction(9600))
    (one,) = said_by(SICS, decode(said(b"S D     -0.50 kg\r\n", line), line), Role.DEVICE)
    told = one.message.indication()  # type: ignore[attr-defined]
    assert told == Indication(Decimal("-0.50"), "kg", stable=False, overload=False, underload=False)


def test_edges_of_one_direction_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    train = replace(said(FRAME, BALANCE), edge=EdgeKind.RISING, levels=None)
    assert train.origin == Origin("test", "waves")
    with pytest.raises(ValueError, match="expected rising and falling edges"):
        decode(train, BALANCE)


def test_the_state_of_an_error_frame() -> None:
    (one,) = kern(b"+0000.00 G E\r\n")
    assert one.message == Weight("+0000.00", status=Status.ERROR)
