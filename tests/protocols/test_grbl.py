"""GRBL beyond the contract (protocols.md 6.6)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.grbl import (
    PLANNER_BLOCKS,
    PROTOCOL,
    RX_BUFFER,
    RX_USABLE,
    SYNC,
    Alarm,
    Banner,
    Blank,
    Command,
    Fault,
    Line,
    Ok,
    Push,
    RealTime,
    Setting,
    Startup,
    State,
    Status,
    jog,
)


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


def test_a_start_and_a_motion_as_they_are_on_the_wire():
    wire = b"\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\nok\r\nerror:22\r\n<Jog:0|WPos:1.500,-2.000,0.000|Bf:15,127>\r\n"
    assert read(wire) == [
        Blank(), Banner("1.1h"), Push("MSG", "'$H'|'$X' to unlock"), Ok(), Fault(22),
        Status(State.JOG, (("WPos", ("1.500", "-2.000", "0.000")), ("Bf", ("15", "127"))), 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wire",
    [
        b"ok\n", b"OK\r\n", b"error: Expected command letter\r\n", b"error:1000\r\n", b"error:01\r\n", b"ALARM:\r\n", b"Grbl 1.1h\r\n",
        b"<Idle|MPos:NaN,0.000,0.000>\r\n", b"<Idle|MPos:1.0.0,0,0>\r\n", b"<Idle|MPos:.5,0,0>\r\n", b"<Idling|MPos:0,0,0>\r\n",
        b"<Idle|MPos:0,0,0\r\n", b"<Idle|MPos:0.000,0.000,>\r\n", b"[MSG]\r\n", b"$x=1\r\n", b">G54\r\n", b"ok",
        "<Idle|MPos:１.000,0,0>\r\n".encode(), b"o\xeb\r\n", b"x" * 300 + b"\r\n",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_garbage_and_kept(wire):
    (message,) = read(wire)
    assert isinstance(message, Garbage)
    assert message.raw == wire


def test_reports_are_exact():
    (report,) = read(b"<Hold:1|MPos:0.100,-10.000,5.005|FS:500,8000|Pn:XY>\r\n")
    assert report.numbers("MPos") == (Decimal("0.100"), Decimal("-10.000"), Decimal("5.005"))
    assert report.numbers("FS") == (500, 8000)
    assert report.numbers("WCO") is None
    assert (report.state, report.sub) == (State.HOLD, 1)


def test_real_time_bytes_are_taken_out_wherever_they_stand():
    assert read(b"G0 ?X1\n!~", Role.HOST) == [
        Command(RealTime.STATUS), Line("G0 X1"), Command(RealTime.HOLD), Command(RealTime.RESUME),
    ]  # fmt: skip


def test_a_reset_throws_the_line_away_that_was_begun():
    assert read(b"G0 X1\x18G4 P0.01\n", Role.HOST) == [
        Garbage(b"G0 X1", "line thrown away by a reset"), Command(RealTime.RESET), SYNC,
    ]  # fmt: skip


def test_each_line_end_is_a_line():
    assert read(b"$H\r\n", Role.HOST) == [Line("$H"), Line("")]


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"G0 X\xb1\n", "byte B1h"),
        (b"G0\tX1\n", "not printable"),
        (b"x" * 200 + b"\n", "line of more than 127 bytes"),
        (b"G0 X1", "incomplete"),
    ],
)
def test_what_is_no_line(wire, why):
    (message,) = read(wire, Role.HOST)
    assert isinstance(message, Garbage)
    assert why in message.why
    assert message.raw == wire


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_no_byte_of_the_host_is_dropped(stream, cuts):
    """GRBL is not lossless: real-time bytes leave their place.  As a bag of bytes nothing is missing."""
    messages = read(stream, Role.HOST)
    back = b"".join(m.raw if isinstance(m, Garbage) else PROTOCOL.encode(m, Role.HOST) for m in messages)
    assert sorted(back.replace(b"\r", b"\n")) == sorted(stream.replace(b"\r", b"\n"))


@given(st.binary(max_size=300) | st.text(" ok\r\n<>|:,0123456789.-Idle[]$=", max_size=300).map(str.encode))
def test_no_byte_of_the_controller_is_dropped(stream):
    assert (
        b"".join(m.raw if isinstance(m, Garbage) else PROTOCOL.encode(m, Role.DEVICE) for m in read(stream)) == stream
    )


def test_the_buffer_that_a_driver_has_to_keep_to():
    assert (RX_BUFFER, RX_USABLE, PLANNER_BLOCKS) == (128, 127, 16)
    assert len(PROTOCOL.encode(Line("x" * 126), Role.HOST)) == RX_USABLE


def test_jogs_are_exact_millimetres():
    assert jog({"X": Decimal("10.50"), "Y": Decimal("-3")}, Decimal(500)) == Line("$J=G91 G21 X10.50 Y-3 F500")
    assert jog({"Z": Decimal("1E+1")}, Decimal("0.5"), relative=False) == Line("$J=G90 G21 Z10 F0.5")


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Line("x" * 127), Role.HOST),
        (Line("G0\nX1"), Role.HOST),
        (Line("G0 X1?"), Role.HOST),
        (Line("G0 X１"), Role.HOST),
        (Line("G0"), Role.DEVICE),
        (Ok(), Role.HOST),
        (Fault(-1), Role.DEVICE),
        (Push("MSG", "a\nb"), Role.DEVICE),
        (Setting("1000", "1"), Role.DEVICE),
        (Startup("G54", Ok()), Role.HOST),
        (Status(State.IDLE, (("MPos", ("NaN",)),)), Role.DEVICE),
        (Banner("x"), Role.DEVICE),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="GRBL"):
        PROTOCOL.encode(message, sender)


def test_codes_say_what_they_mean():
    assert Fault(9).meaning == "locked by an alarm or a jog"
    assert Fault(200).meaning == "error 200"
    assert Alarm(1).meaning == "limit switch met, position lost"
    assert Alarm(99).meaning == "alarm 99"
