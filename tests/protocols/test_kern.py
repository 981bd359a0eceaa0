"""Kern lines beyond the contract (protocols.md 3.8)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.indication import Indication
from protocols.wire.kern import PROTOCOL, Status, Weight

GOOD = b"+0127.20 G S\r\n"


def read(wire):
    decoder = PROTOCOL.decoder(Role.DEVICE)
    return joined(decoder.feed(wire) + decoder.close())


def with_parity(wire, odd):
    return bytes(byte | 0x80 * ((byte.bit_count() & 1) ^ odd) for byte in wire)


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"+0127.20 G S\n", "no CR"),
        (b"+127.20 G S\r\n", "13 bytes, expected 14 or 15"),
        (b"+012.7.2 G S\r\n", "more than one decimal point"),
        (b"+01272.0. G S\r\n", "more than one decimal point"),
        (b"+.012720 G S\r\n", "decimal point in a wrong place"),
        (b"+012720. G S\r\n", "decimal point in a wrong place"),
        (b"+0127,20 G S\r\n", "comma"),
        (b"+    NaN G S\r\n", "not a number"),
        (b"+ 127.20 G S\r\n", "+ 127.20"),
        (b"        G  S\r\n", "blank"),
        (b"+0127.20 G X\r\n", "kind and status ' X'"),
        (b"+0127.20 1 S\r\n", "unit ' 1'"),
        ("+０１２.20 G S\r\n".encode(), "full-width digits"),
        ("+０１２.20 G S\r\n".encode("gbk"), "full-width digits"),
        (with_parity(GOOD, odd=False), "every byte has even parity: 7 data bits"),
        (with_parity(GOOD, odd=True) + b"\n", "7 data bits with parity"),
        (b"+0127.\xb20 G S\r\n", "byte B2h is no 7-bit character"),
        (b"+0127.20 G S", "incomplete"),
        (b"x" * 40 + b"\r\n", "line too long"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(wire)
    assert isinstance(message, Garbage)
    assert why in message.why
    assert message.raw == wire


def test_reading_goes_on_after_garbage_and_a_broken_frame():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(b"+0127") == []
    assert decoder.silence(1.0) == []
    (broken,) = decoder.silence(60.0)
    assert broken == Garbage(b"+0127", "line broken off by silence")
    assert decoder.feed(b"\x00" * 100 + b"\n" + GOOD)[-1] == Weight("+0127.20")


@pytest.mark.parametrize(
    ("wire", "indication"),
    [
        (GOOD, Indication(Decimal("127.20"), "g", stable=True, overload=False, underload=False)),
        (b"-0026.98 G U\r\n", Indication(Decimal("-26.98"), "g", stable=False, overload=False, underload=False)),
        (b"+0000.00 G E\r\n", Indication(None, "g")),
        (b" 00012.34LBH \r\n", Indication(Decimal("12.34"), "lb", overload=False, underload=False)),
        (b"+0000012PC S\r\n", Indication(Decimal(12), "PC", stable=True, overload=False, underload=False)),
    ],
)
def test_what_the_balance_indicates(wire, indication):
    (message,) = read(wire)
    assert message.indication() == indication


@given(st.decimals(-9999, 9999, places=2), st.sampled_from(Status))
def test_weights_keep_their_digits(value, status):
    weight = Weight.of(value, status=status)
    assert read(PROTOCOL.encode(weight, Role.DEVICE)) == [weight]
    assert weight.value == (None if status is Status.ERROR else value)


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Weight.of(Decimal("123456.78")), Role.DEVICE),
        (Weight("+0127.20", "g"), Role.DEVICE),
        (Weight("+0127.20", kind="X"), Role.DEVICE),
        (Weight("+01２7.20"), Role.DEVICE),
        (Weight("+0127.20"), Role.HOST),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="Kern"):
        PROTOCOL.encode(message, sender)


def test_the_host_says_nothing():
    assert PROTOCOL.decoder(Role.HOST).feed(b"w") == [Garbage(b"w", "a Kern balance in broadcast takes no commands")]
