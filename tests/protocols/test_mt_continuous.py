"""Mettler continuous frames: every bit by name, exact figures, with and without checksum (protocols.md 3.2)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.checks import negated_sum7
from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.mt_continuous import PROTOCOL, Frame, WordB, WordC

KG = WordB.FIXED | WordB.KG
ZERO = Decimal(0)


def read(*pieces, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined([message for piece in pieces for message in decoder.feed(piece)] + decoder.close())


def said(*frames):
    return b"".join(PROTOCOL.encode(frame, Role.DEVICE) for frame in frames)


def frames(messages):
    return [message for message in messages if isinstance(message, Frame)]


def raw(words=b"\x2d\x30\x20", weight=b"012345", tare=b"000000"):
    return b"\x02" + words + weight + tare + b"\r"


def checked(wire):
    return wire + bytes((negated_sum7(wire),))


def test_bits_by_name():
    gross, net = read(
        bytes.fromhex("02 2D 30 20 30 31 32 33 34 35 30 30 30 30 30 30 0D 25"),
        bytes.fromhex("02 2D 3B 20 30 30 30 32 35 30 30 30 31 30 30 30 0D 21"),
    )
    assert (gross.value, gross.tare_value, gross.unit) == (Decimal("12.345"), Decimal("0.000"), "kg")
    assert (gross.decimals, gross.increment) == (3, Decimal("0.001"))
    flags = (gross.net, gross.negative, gross.motion, gross.out_of_range, gross.zero_not_captured)
    assert flags == (False,) * 5
    assert (net.value, net.tare_value) == (Decimal("-0.250"), Decimal("1.000"))
    assert net.net
    assert net.negative
    assert net.motion
    told = net.indication()
    assert (told.weight, told.stable, told.net, told.tare) == (Decimal("-0.250"), False, True, Decimal("1.000"))
    [all_set] = read(checked(raw(b"\x20\x7f\x78")))
    assert all_set.out_of_range
    assert all_set.zero_not_captured
    assert all_set.print_request
    assert all_set.expanded
    assert all_set.increment is None
    assert (all_set.value, all_set.indication().weight, all_set.indication().underload) == (None, None, True)


@pytest.mark.parametrize(("decimals", "value"), [(-2, "1234500"), (-1, "123450"), (0, "12345"), (5, "0.12345")])
def test_the_place_of_the_point(decimals, value):
    [frame] = read(said(Frame.of(Decimal(value), ZERO, decimals, increment=5)))
    assert frame.value == Decimal(value)
    assert frame.decimals == decimals
    assert frame.increment == 5 * Decimal(1).scaleb(-decimals)


@pytest.mark.parametrize(
    ("b", "c", "unit"),
    [(KG, 0x20, "kg"), (WordB.FIXED, 0x20, "lb"), (KG, 0x21, "g"), (KG, 0x22, "t"), (KG, 0x25, "")],
)
def test_units(b, c, unit):
    [frame] = read(said(Frame(0x2D, b, WordC(c), "012345", "000000")))
    assert frame.unit == unit


@given(st.integers(-999_999, 999_999), st.integers(0, 999_999), st.integers(-2, 5), st.booleans())
def test_figures_are_exact(number, tare, decimals, check):
    value, tare_value = Decimal(number).scaleb(-decimals), Decimal(tare).scaleb(-decimals)
    [frame] = read(said(Frame.of(value, tare_value, decimals, checked=check)))
    assert (frame.value, frame.tare_value, frame.checked) == (value, tare_value, check)


def test_streams_with_and_without_checksum_and_from_one_to_the_other():
    weights = [Decimal(n) for n in (0, 1, 999_960, 999_998, 999_998, 7)]
    with_check = [Frame.of(weight, ZERO, 0) for weight in weights]
    without = [Frame.of(weight, ZERO, 0, checked=False) for weight in weights]
    assert {0x02, 0x0D} <= {negated_sum7(said(frame)) for frame in without}, "the awkward checks are among them"
    assert read(said(*with_check)) == with_check
    assert read(said(*without)) == without
    assert read(said(*with_check, *without, *with_check)) == [*with_check, *without, *with_check]


@given(
    number=st.integers(0, 99_999) | st.integers(999_990, 999_997),
    at=st.integers(0, 53),
    to=st.integers(0, 255),
    cut=st.integers(0, 54),
)
def test_one_changed_byte_never_gives_another_weight(number, at, to, cut):
    sent = [Frame.of(Decimal(number + n), ZERO, 0) for n in range(3)]
    wire = bytearray(said(*sent))
    wire[at] = to
    found = frames(read(bytes(wire[:cut]), bytes(wire[cut:])))
    assert {(frame.value, frame.tare) for frame in found} <= {(frame.value, frame.tare) for frame in sent}
    assert len(found) >= 1


def test_a_frame_without_checksum_comes_out_after_silence():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    [frame] = [Frame.of(Decimal(7), ZERO, 0, checked=False)]
    assert decoder.feed(said(frame)) == []
    assert decoder.silence(10) == []
    assert decoder.silence(60) == [frame]
    assert decoder.feed(said(frame) + b"\x02") == []
    [doubtful] = decoder.silence(60)
    assert isinstance(doubtful, Garbage)
    assert "check 02h" in doubtful.why


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (checked(raw())[:-1] + b"\x26", "check 26h, expected 25h"),
        (checked(raw(weight=b"01.345")), "decimal point in a wrong place"),
        (checked(raw(weight=b"0.1.45")), "more than one decimal point"),
        (checked(raw(weight=b"   NaN")), "not a number"),
        (checked(raw(weight=b"      ")), "blank figure"),
        (checked(raw(weight=b"12 456")), "no figure"),
        (checked(raw(weight=b"-00250")), "no figure"),
        (checked(raw(tare=b"00 000")), "no figure"),
        (raw(weight="０１２３４５".encode()), "full-width digits"),
        (raw(weight="０１２３４５".encode("gbk")), "full-width digits"),
        (raw(words=b"\x0e\x30\x20"), "status words 0e 30 20"),
        (raw(words=b"\x2d\xb0\x20"), "status words 2d b0 20"),
        (raw(weight=b"12345") + b"x", "16 bytes to CR"),
        (raw(weight=b"0123456"), "18 bytes to CR"),
        (raw()[:-1], "incomplete"),
        (b"\x02" + b"0" * 60, "no CR within"),
        (b"WG004.139kg3D\r\n", "outside frames"),
    ],
)
def test_garbage_is_named_and_kept(wire, why):
    good = Frame.of(Decimal(7), ZERO, 0)
    [garbage] = read(wire)
    assert isinstance(garbage, Garbage)
    assert why in garbage.why
    assert garbage.raw == wire
    after = read(wire, said(good) * 2)
    assert frames(after) == [good, good]
    assert isinstance(after[0], Garbage)


def test_blank_digits_only_while_out_of_range():
    [frame] = read(checked(raw(b"\x2d\x34\x20", b"      ", b"      ")))
    assert frame.out_of_range
    assert (frame.value, frame.tare_value) == (None, None)
    assert frame.indication().overload
    [short] = read(checked(raw(weight=b"    45", tare=b"     0")))
    assert short.value == Decimal("0.045")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Frame.of(Decimal("0.0005"), ZERO, 3),
        lambda: Frame.of(Decimal(1_000_000), ZERO, 0),
        lambda: Frame.of(ZERO, ZERO, 6),
        lambda: Frame.of(ZERO, ZERO, 0, increment=3),
        lambda: said(Frame(0x2D, KG, WordC.FIXED, "0123456", "00000")),
        lambda: said(Frame(0x2D, KG, WordC.FIXED, "01234５", "000000")),
        lambda: said(Frame(0x0D, KG, WordC.FIXED, "012345", "000000")),
        lambda: said(Frame(0xAD, KG, WordC.FIXED, "012345", "000000")),
        lambda: said(Frame(0x2D, KG, WordC(0), "012345", "000000")),
        lambda: PROTOCOL.encode(Frame.of(ZERO, ZERO, 0), Role.HOST),
    ],
)
def test_what_cannot_be_said_is_refused(make):
    with pytest.raises(ProtocolError, match="MT continuous"):
        make()


def test_a_host_has_nothing_to_say():
    [garbage] = read(b"P", sender=Role.HOST)
    assert isinstance(garbage, Garbage)
