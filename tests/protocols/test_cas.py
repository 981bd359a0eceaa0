"""CAS lines beyond the contract (protocols.md 3.7)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.indication import Indication
from protocols.wire.cas import PROTOCOL, BareWeight, Lamp, Mode, Status, Weight

GOOD = b"ST,GS,1\xc4,000013.5 kg\r\n"


def read(wire):
    decoder = PROTOCOL.decoder(Role.DEVICE)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (GOOD[:-2] + b"\n", "byte C4h"),
        (b"ST,GS,1\x44,000013.5 kg\r\n", "lamp byte 44h"),
        (b"ST,GS,0\xc4,000013.5 kg\r\n", "device byte 30h"),
        (b"ST,XX,1\xc4,000013.5 kg\r\n", "headers 'ST,XX,'"),
        (b"ST,GS,1\xc4;000013.5 kg\r\n", "around the weight"),
        (b"ST,GS,1\xc4,000013.5\x05kg\r\n", "around the weight"),  # the variant with relay states
        (b"ST,GS,1\xc4,00.013.5 kg\r\n", "more than one decimal point"),
        (b"ST,GS,1\xc4,0000135. kg\r\n", "decimal point in a wrong place"),
        (b"ST,GS,1\xc4,     NaN kg\r\n", "not a number"),
        (b"ST,GS,1\xc4,         kg\r\n", "blank figure"),
        (b"OL,GS,1\xc4,overload kg\r\n", "weight"),
        (b"ST,GS,1\xc4,000013.5 1g\r\n", "unit '1g'"),
        (b"ST,GS,1\xc4," + "００.５".encode("gbk") + b"0 kg\r\n", "full-width digits"),
        (bytes(b | 0x80 * (b.bit_count() & 1) for b in b"000013.5\r\n"), "every byte has even parity: 7 data bits"),
        (b"00.013.5\r\n", "more than one decimal point"),
        (b"000013.5 kg\r\n", "13 bytes, expected 22 or 10"),
        (GOOD[:-1], "incomplete"),
        (GOOD[:-2] + GOOD[:-2] + b"\r\n", "byte C4h"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(wire)
    assert isinstance(message, Garbage)
    assert (message.raw, why in message.why) == (wire, True), message.why


@pytest.mark.parametrize(
    ("wire", "indication"),
    [
        (GOOD, Indication(Decimal("13.5"), "kg", stable=True, net=False, zero=False, overload=False)),
        (
            b"US,NT,=\x82,-0013.50  t\r\n",
            Indication(Decimal("-13.50"), "t", stable=False, net=True, zero=False, overload=False),
        ),
        (
            b"ST,GS,1\xe5,0000.000 kg\r\n",
            Indication(Decimal("0.000"), "kg", stable=True, net=False, zero=True, overload=False),
        ),
        (b"OL,GS,1\x84,         kg\r\n", Indication(None, "kg", net=False, zero=False, overload=True)),
        (b"000013.5\r\n", Indication(Decimal("13.5"), "")),
    ],
)
def test_what_the_indicator_indicates(wire, indication):
    (message,) = read(wire)
    assert message.indication() == indication


def test_a_header_that_the_lamp_contradicts_leaves_stability_unknown():
    (message,) = read(b"ST,GS,1\x84,000013.5 kg\r\n")
    assert message.contradicted
    assert message.indication().stable is None
    assert not Weight.of(Decimal("1.0")).contradicted


def test_a_format_that_changes_midway_shows_in_the_messages():
    assert read(GOOD + b"000013.5\r\n" + GOOD) == [read(GOOD)[0], BareWeight("000013.5"), read(GOOD)[0]]


@given(
    st.decimals(-9999, 9999, places=2),
    st.sampled_from([Status.STABLE, Status.UNSTABLE]),
    st.sampled_from(Mode),
    st.integers(1, 79),
)
def test_weights_keep_their_digits(value, status, mode, device):
    weight = Weight.of(value, status, mode, device)
    assert read(PROTOCOL.encode(weight, Role.DEVICE)) == [weight]
    assert weight.value == value
    assert not weight.contradicted


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Weight.of(Decimal("1234567.89")), Role.DEVICE),
        (Weight.of(Decimal("1.0"), device=0), Role.DEVICE),
        (Weight.of(Decimal("1.0"), device=80), Role.DEVICE),
        (Weight(Status.STABLE, Mode.GROSS, 1, Lamp.STABLE, "000013.5"), Role.DEVICE),
        (BareWeight("13.5"), Role.DEVICE),
        (Weight.of(Decimal("1.0")), Role.HOST),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="CAS"):
        PROTOCOL.encode(message, sender)
