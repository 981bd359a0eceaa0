"""Toledo 8217: the probe of a point-of-sale driver byte for byte, named faults, late answers (protocols.md 3.3)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.toledo_8217 import (
    PROTOCOL,
    Command,
    DeviceSession,
    DigitalTare,
    EchoAnswer,
    EchoRequest,
    Flag,
    Request,
    SelfTestStarted,
    Status,
    Weight,
    fits,
    unit_of,
)

FINE = Status(Flag.FIXED)


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


class Scale:
    """A scale with a load of `grams` and what was done to it."""

    def __init__(self, grams: int = 1234, moving: bool = False) -> None:
        self.grams, self.moving, self.done = grams, moving, []

    def weight(self, high_resolution):
        if self.moving:
            return Status(Flag.FIXED | Flag.MOTION)
        if self.grams < 0:
            return Status(Flag.FIXED | Flag.UNDER)
        return Weight.of(Decimal(self.grams).scaleb(-3) + (Decimal("0.0000") if high_resolution else 0))

    def zero(self):
        self.done.append("zero")
        return Status(Flag.FIXED | Flag.CENTRE_OF_ZERO)

    def tare(self, digits):
        self.done.append(f"tare {digits}")
        return FINE

    def clear_tare(self):
        self.done.append("clear")
        return FINE

    def self_test(self):
        self.done.append("test")
        return FINE


class Port:
    """A simulated scale on a line: bytes in, bytes out."""

    def __init__(self, scale) -> None:
        self.decoder, self.session = PROTOCOL.decoder(Role.HOST), DeviceSession(scale)

    def write(self, data):
        return self._said(self.decoder.feed(data)) + self._said(self.decoder.silence(100))

    def _said(self, messages):
        answers = [answer for message in messages for answer in self.session.heard(message)]
        return b"".join(PROTOCOL.encode(answer, Role.DEVICE) for answer in answers)


@pytest.mark.parametrize("pieces", [[b"Ehello"], [b"E", b"hello"], [b"Eh", b"e", b"llo"]])
def test_the_probe_of_a_point_of_sale_driver(pieces):
    port = Port(Scale())
    assert b"".join(port.write(piece) for piece in pieces) == bytes.fromhex("02 45 0D 68 65 6C 6C 6F")
    assert port.write(b"F") == b""
    for _ in range(3):
        answer = port.write(b"W")
        assert answer == b"\x0201.234\r"
        assert float(re.search(b"\x02\\s*([0-9.]+)N?\\r", answer)[1]) == 1.234  # its pattern, its arithmetic


def test_echo_ends_with_f_only():
    port = Port(Scale())
    assert port.write(b"EWZT") == b"\x02E\rWZT"
    assert port.write(b"EC") == b"EC"
    assert port.write(b"1F") == b"1"
    assert port.write(b"F") == b""
    assert port.write(b"EF") == b"\x02E\r"
    assert port.write(b"W") == b"\x0201.234\r"
    assert port.session._scale.done == []


def test_every_command_reaches_the_scale():
    scale = Scale()
    port = Port(scale)
    assert port.write(b"H") == b"\x0201.2340\r"
    assert port.write(b"Z") == b"\x02?P\r"
    assert port.write(b"T") == b"\x02?@\r"
    assert port.write(b"T00250") == b"\x02?@\r"
    assert port.write(b"C") == b"\x02?@\r"
    assert port.write(b"B") == b""  # no test was begun
    assert port.write(b"A") == b"\x02\r"
    assert port.write(b"B") == b"\x02?@\r"
    assert scale.done == ["zero", "tare None", "tare 00250", "clear", "test"]
    scale.moving = True
    assert port.write(b"W") == b"\x02?A\r"
    scale.moving, scale.grams = False, -5
    assert port.write(b"W") == b"\x02?D\r"
    assert port.write(b"w\x00") == b""


def test_motion_alone_is_motion_alone():
    [status] = read(b"\x02?A\r")
    assert status == Status(Flag.FIXED | Flag.MOTION)
    told = status.indication()
    assert (told.weight, told.stable, told.overload, told.underload) == (None, False, False, False)
    assert FINE.indication() is None


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b"T", Request(Command.TARE)),
        (b"T12345", DigitalTare("12345")),
        (b"EhelloF", EchoRequest(b"EhelloF")),
        (b"Ehello", EchoRequest(b"Ehello")),
    ],
)
def test_host_bytes(wire, message):
    assert read(wire, Role.HOST) == [message]


def test_a_tare_waits_for_its_digits_or_a_silence():
    decoder = PROTOCOL.decoder(Role.HOST)
    assert decoder.feed(b"T") == []
    assert decoder.silence(10) == []
    assert decoder.silence(100) == [Request(Command.TARE)]
    assert decoder.feed(b"T1") + decoder.feed(b"2345W") == [DigitalTare("12345"), Request(Command.WEIGHT)]
    assert decoder.feed(b"TW") == [Request(Command.TARE), Request(Command.WEIGHT)]
    [short, weigh] = decoder.feed(b"T12W")
    assert isinstance(short, Garbage)
    assert "2 digits, expected 5" in short.why
    assert weigh == Request(Command.WEIGHT)


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"\x02012.34\r", "decimal point in a wrong place"),
        (b"\x02.01234\r", "decimal point in a wrong place"),
        (b"\x020.1.23\r", "more than one decimal point"),
        (b"\x02001234\r", "no figure"),
        (b"\x02-1.234\r", "decimal point in a wrong place"),
        (b"\x02  NaN\r", "not a number"),
        (b"\x0201,234\r", "comma"),
        ("\x02０１.２３４\r".encode(), "full-width digits"),
        ("\x02０１.２３４\r".encode("gbk"), "full-width digits"),
        (b"\x02?\x01\r", "status byte 01h"),
        (b"\x02?\xc1\r", "status byte C1h"),
        (b"\x02?@@\r", "2 status bytes"),
        (b"\x02?\r", "0 status bytes"),
        (b"\x0201.23", "incomplete"),
        (b"\x02" + b"1" * 50, "no 0Dh within"),
        (b"hello", "outside frames"),
    ],
)
def test_garbage_is_named_and_kept(wire, why):
    [garbage] = read(wire)
    assert isinstance(garbage, Garbage)
    assert why in garbage.why
    assert garbage.raw == wire


def test_text_after_an_echo_is_echo_until_the_next_answer():
    echo, weight, noise = read(b"\x02E\rhel\rlo\x0201.23N\rxx")
    assert echo == EchoAnswer(b"\x02E\rhel\rlo")
    assert weight == Weight("01.23", True)
    assert isinstance(noise, Garbage)


def test_the_unit_is_told_by_question_and_decimals():
    W, H = Command.WEIGHT, Command.HIGH_RESOLUTION
    weights = [Weight("01.23"), Weight("01.234"), Weight("01.2345")]
    assert [unit_of(W, weight) for weight in weights] == ["lb", "kg", None]
    assert [unit_of(H, weight) for weight in weights] == [None, "lb", "kg"]
    assert unit_of(Command.ZERO, weights[0]) is None


def test_answers_that_belong_to_another_question():
    assert fits(Command.WEIGHT, Weight("01.23"))
    assert fits(Command.WEIGHT, FINE)
    assert not fits(Command.ZERO, Weight("01.23"))
    assert not fits(Command.SELF_TEST, FINE)
    assert fits(Command.SELF_TEST, SelfTestStarted())
    assert not fits(Command.ECHO_OFF, FINE)


@given(st.integers(0, 99_999), st.integers(2, 3), st.booleans())
def test_weights_are_exact(number, decimals, net):
    value = Decimal(number % 10 ** (decimals + 2)).scaleb(-decimals)
    [weight] = read(PROTOCOL.encode(Weight.of(value, net), Role.DEVICE))
    assert (weight.value, weight.decimals, weight.net) == (value, decimals, net)
    assert len(weight.field) == decimals + 3
    assert weight.indication().weight == value


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Weight("1.234"), Role.DEVICE),
        (Weight("０１.234"), Role.DEVICE),
        (Status(Flag.MOTION), Role.DEVICE),
        (Status(Flag(0xC0)), Role.DEVICE),
        (DigitalTare("123"), Role.HOST),
        (Request("X"), Role.HOST),
        (EchoRequest(b""), Role.HOST),
        (Request(Command.WEIGHT), Role.DEVICE),
        (Weight("01.234"), Role.HOST),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="8217"):
        PROTOCOL.encode(message, sender)


@pytest.mark.parametrize("value", ["-0.001", "100.00"])
def test_no_weight_beyond_the_field(value):
    with pytest.raises(ProtocolError, match="tell a Status instead"):
        Weight.of(Decimal(value))
