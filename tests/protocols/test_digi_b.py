"""DIGI Type B beyond the contract (protocols.md 3.9)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.indication import Indication
from protocols.wire.digi_b import PROTOCOL, Enquiry, Flag1, Flag2, Reading

GOOD = b"\x40\x42\r0 0.530\r4 0.000\rU 12.50\rT   6.63\r\n"


def read(wire):
    decoder = PROTOCOL.decoder(Role.DEVICE)
    return joined(decoder.feed(wire) + decoder.close())


def damaged(place, byte):
    return GOOD[:place] + bytes((byte,)) + GOOD[place + 1 :]


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (damaged(0, 0x30), "byte 1 of a frame is 30h, expected 40h to 7Fh"),
        (damaged(0, 0xC0), "C0h is one of a frame but for its 8th bit"),
        (damaged(1, 0x02), "expected 40h to 7Fh"),
        (damaged(3, 0x31), "byte 4 of a frame is 31h, expected 30h"),
        (damaged(36, 0x0D), "byte 37 of a frame is 0Dh, expected 0Ah"),
        (damaged(6, 0xB5), "8th bit: 7 data bits with parity"),
        (GOOD.replace(b" 0.530", b" N a N"), "expected digits, point or minus"),
        (GOOD.replace(b" 0.530", b"0.5.30"), "net: more than one decimal point"),
        (GOOD.replace(b" 0.530", b" .0530"), "net: decimal point in a wrong place"),
        (GOOD.replace(b" 0.530", b" 0530."), "net: decimal point in a wrong place"),
        (GOOD.replace(b" 12.50", b"1 2.50"), "unit price: "),
        (GOOD.replace(b" 12.50", b"    OF"), "expected digits"),
        (GOOD.replace(b"4 0.000", b"4-     "), "tare: no figure"),
        (GOOD.replace(b" 0.530", "０".encode() + b"530"), "byte 5 of a frame is EFh"),
        (GOOD[:-1], "incomplete"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(wire)
    assert isinstance(message, Garbage)
    assert (message.raw, why in message.why) == (wire, True), message.why


@pytest.mark.parametrize("place", range(37))
def test_the_next_frame_is_found_after_a_damaged_one(place):
    garbage, good = read(damaged(place, 0x00) + GOOD)
    assert isinstance(garbage, Garbage)
    assert good == read(GOOD)[0]


def test_a_frame_that_lost_a_byte_does_not_swallow_the_next():
    for place in range(37):
        assert read(GOOD[:place] + GOOD[place + 1 :] + GOOD)[-1] == read(GOOD)[0]


def test_a_frame_broken_off_is_named_and_reading_goes_on():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(GOOD[:20]) == []
    assert decoder.silence(10.0) == []
    assert decoder.silence(60.0) == [Garbage(GOOD[:20], "frame broken off by silence")]
    assert decoder.feed(GOOD) == read(GOOD)


@pytest.mark.parametrize(
    ("wire", "indication"),
    [
        (
            GOOD,
            Indication(
                Decimal("0.530"), "kg", stable=True, net=False, zero=False, overload=False, underload=False,
                tare=Decimal("0.000"), unit_price=Decimal("12.50"), price=Decimal("6.63"),
            ),
        ),
        (
            b"\x4a\x44\r0 0.100\r4 0.100\rU      \rT       \r\n",  # the flag alone says negative
            Indication(
                Decimal("-0.100"), "kg", stable=False, net=True, zero=False, overload=False, underload=False, tare=Decimal("0.100")
            ),
        ),
        (
            b"\x54\x48\r0    OF\r4 0.000\rU 12.50\rT9999.99\r\n",  # the total overflowed: its digits count nothing
            Indication(
                None, "lb", stable=False, net=False, zero=False, overload=True, underload=False,
                tare=Decimal("0.000"), unit_price=Decimal("12.50"),
            ),
        ),
        (
            b"\x40\x40\r0    UF\r4 0.000\rU      \rT       \r\n",
            Indication(
                None, "kg", stable=False, net=False, zero=False, overload=False, underload=True, tare=Decimal("0.000")
            ),
        ),
    ],
)  # fmt: skip
def test_what_the_scale_indicates(wire, indication):
    (message,) = read(wire)
    assert message.indication() == indication


def test_price_base_of_the_flag():
    bases = [Reading.of(None, Decimal(0), None, None, Flag1(0x40 | base << 3)).price_base for base in range(4)]
    assert bases == ["kg", "100 g", "lb", "1/4 lb"]


def test_the_parity_byte_is_part_of_the_frame_whatever_it_is():
    with_parity = b"\x41" + GOOD[1:]
    for byte in range(256):
        first, second = read((with_parity + bytes((byte,))) * 2)
        assert first == second
        assert first.parity == byte


_WEIGHTS = st.decimals(0, 99, places=3)


@given(_WEIGHTS, _WEIGHTS, st.decimals(0, 999, places=2), st.decimals(0, 9999, places=2), st.booleans())
def test_readings_keep_their_digits(net, tare, price, total, negative):
    reading = (
        Reading.of(-net if negative else net, tare, price, total) if net < 10 else Reading.of(net, tare, price, total)
    )
    assert read(PROTOCOL.encode(reading, Role.DEVICE)) == [reading]
    told = reading.indication()
    assert (told.tare, told.unit_price, told.price) == (tare, price, total)
    assert told.weight == (-net if negative and net < 10 else net)


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Reading.of(Decimal("100.0000"), Decimal(0), None, None), Role.DEVICE),
        (Reading.of(Decimal("1.0"), Decimal(0), None, Decimal("12345.678")), Role.DEVICE),
        (Reading.of(Decimal("1.0"), Decimal(0), None, None, Flag1.FIXED | Flag1.PARITY), Role.DEVICE),
        (Reading.of(Decimal("1.0"), Decimal(0), None, None, Flag1(0)), Role.DEVICE),
        (Reading(Flag1.FIXED, Flag2.FIXED, " 1.000", " 0.000", " " * 6, " " * 7, 5), Role.DEVICE),
        (Reading.of(Decimal("1.0"), Decimal(0), None, None), Role.HOST),
        (Enquiry(), Role.DEVICE),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="DIGI B"):
        PROTOCOL.encode(message, sender)


def test_the_host_asks_with_one_byte():
    decoder = PROTOCOL.decoder(Role.HOST)
    assert joined(decoder.feed(b"\x05W\x05")) == [Enquiry(), Garbage(b"W", "byte 57h, expected 05h"), Enquiry()]
