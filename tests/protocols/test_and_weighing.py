"""A&D lines beyond the contract (protocols.md 3.7)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.indication import Indication
from protocols.wire.and_weighing import PROTOCOL, Mode, Status, Weight

GOOD = b"ST,NT,+0012.34kg\r\n"


def read(wire):
    decoder = PROTOCOL.decoder(Role.DEVICE)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"ST,NT,+0012.34kg\n", "no CR"),
        (b"ST,NT,+012.34kg\r\n", "17 bytes, expected 18"),
        (b"SS,NT,+0012.34kg\r\n", "headers 'SS,NT,'"),
        (b"ST,GN,+0012.34kg\r\n", "headers 'ST,GN,'"),
        (b"ST NT,+0012.34kg\r\n", "headers"),
        (b"ST,NT,+00.12.3kg\r\n", "more than one decimal point"),
        (b"ST,NT,+.001234kg\r\n", "decimal point in a wrong place"),
        (b"ST,NT,+001234.kg\r\n", "decimal point in a wrong place"),
        (b"ST,NT,+0012.-4kg\r\n", "no figure"),
        (b"ST,NT,     NaNkg\r\n", "not a number"),
        (b"ST,NT,     .  kg\r\n", "weight: "),
        (b"OL,NT,+0012.34kg\r\n", "expected blanks while out of range"),
        (b"ST,NT,+0012.34 1\r\n", "unit ' 1'"),
        ("ST,NT,+００.34kg\r\n".encode(), "full-width digits"),
        (bytes(b | 0x80 * (b.bit_count() & 1) for b in GOOD), "every byte has even parity: 7 data bits"),
        (bytes(b | 0x80 * (~b.bit_count() & 1) for b in GOOD), "every byte has odd parity: 7 data bits"),
        (GOOD[:-1], "incomplete"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(wire)
    assert isinstance(message, Garbage)
    assert (message.raw, why in message.why) == (wire, True), message.why


@pytest.mark.parametrize(
    ("wire", "indication"),
    [
        (GOOD, Indication(Decimal("12.34"), "kg", stable=True, net=True, overload=False)),
        (b"US,GS,-0012,34 t\r\n", Indication(Decimal("-12.34"), "t", stable=False, net=False, overload=False)),
        (b"ST,GS,000013.5kg\r\n", Indication(Decimal("13.5"), "kg", stable=True, net=False, overload=False)),
        (b"HD,GS,+0012345g \r\n", Indication(Decimal("12345"), "g", net=False, overload=False)),
        (b"OL,GS,-    .  kg\r\n", Indication(None, "kg", net=False, overload=True)),
        (b"ST,TR,+0000.50kg\r\n", None),
        (b"ST,PT,+0000.50kg\r\n", None),
    ],
)
def test_what_the_indicator_indicates(wire, indication):
    (message,) = read(wire)
    assert message.indication() == indication


@given(st.decimals(-9999, 9999, places=2), st.sampled_from([Status.STABLE, Status.UNSTABLE]), st.sampled_from(Mode))
def test_weights_keep_their_digits(value, status, mode):
    weight = Weight.of(value, status, mode)
    assert read(PROTOCOL.encode(weight, Role.DEVICE)) == [weight]
    assert weight.value == value


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Weight.of(Decimal("123456.78")), Role.DEVICE),
        (Weight.of(Decimal("1.0"), unit="kgs"), Role.DEVICE),
        (Weight.of(Decimal("1.0"), Status.OUT_OF_RANGE), Role.DEVICE),
        (Weight.of(Decimal("1.0")), Role.HOST),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="A&D"):
        PROTOCOL.encode(message, sender)
