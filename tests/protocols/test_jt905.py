"""The ISU-taximeter link beyond the contract (protocols.md 5): length rules, doubtful layouts told as such, nothing swallowed."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.checks import xor8
from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire import jt905
from protocols.wire.jt905 import (
    PROTOCOL,
    Acknowledgement,
    ClockCommand,
    Command,
    FirmwareCommand,
    Frame,
    Heartbeat,
    HeartbeatAnswer,
    Hired,
    Identity,
    IdentityBlock,
    IdentityOrder,
    IsuSession,
    MeterSession,
    MeterState,
    Result,
    Shift,
    ShiftClosed,
    ShiftOpened,
    ShiftPermission,
    ShiftRequest,
    Status,
    StatusQuery,
    Tariff,
    TariffAnswer,
    TariffBlock,
    TariffLayout,
    TariffQuery,
    TariffWrite,
    TariffWritten,
    Trip,
    TripAnswer,
    TripEnd,
    TripQuery,
    Unread,
)
from protocols.wire.jt905.fields import Digits, Figure, Number, Raw, Text, Whole

NAMED = {vector.name: vector for vector in PROTOCOL.vectors}
TRIP_WIRE = NAMED["trip"].wire
TRIP = NAMED["trip"].messages[0].body.trip
SHIFT = NAMED["shift closed"].messages[0].body.shift
LONG = NAMED["tariff"].messages[0].body.block.tariff
GOOD = Frame(Hired("20250630081500"))
WHO = Identity("BT0001", "110100000001", "D-0001")


def read(*pieces, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined([message for piece in pieces for message in decoder.feed(piece)] + decoder.close())


def wire(body, sender=Role.DEVICE):
    return PROTOCOL.encode(body if isinstance(body, Frame) else Frame(body), sender)


def framed(command, data, device=2):
    core = (len(data) + 4).to_bytes(2, "big") + bytes((device, 0)) + command.to_bytes(2, "big") + data
    return b"\x55\xaa" + core + bytes((xor8(core),)) + b"\x55\xaa"


# --- frames --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (TRIP_WIRE[:-4], "frame cut after 73 bytes of 77"),
        (TRIP_WIRE[:3], "frame cut after 3 bytes"),
        (TRIP_WIRE[:2] + b"\xff\xff" + TRIP_WIRE[4:], "length 65535, expected 4 to 1028"),
        (TRIP_WIRE[:2] + b"\x00\x03" + TRIP_WIRE[4:], "length 3, expected 4 to 1028"),
        (TRIP_WIRE[:3] + b"\x45" + TRIP_WIRE[4:], "AE 55 where a frame of 76 bytes ends, expected 55 AA"),
        (TRIP_WIRE[:-3] + b"\xaf\x55\xaa", "check AFh, expected AEh"),
        (b"no frame", "bytes outside frames: expected 55 AA first"),
        (b"\x55", "frame cut after 1 bytes"),
    ],
)
def test_what_is_no_frame_is_named_and_kept(stream, why):
    [garbage] = read(stream)
    assert isinstance(garbage, Garbage)
    assert garbage.raw == stream
    assert garbage.why.startswith(why)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([vector for vector in PROTOCOL.vectors if vector.sender is Role.DEVICE]), st.data())
def test_a_damaged_frame_costs_no_other_and_never_reads_as_another(vector, data):
    """One byte changed, or the end cut off: a wrong length may reach into the next frames, and they are found again."""
    damaged = bytearray(vector.wire)
    if data.draw(st.booleans()):
        damaged = damaged[: data.draw(st.integers(1, len(damaged) - 1))]
    else:
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] ^= data.draw(st.integers(1, 255))
    found = [one for one in read(bytes(damaged) + wire(GOOD) * 2) if isinstance(one, Frame)]
    if bytes(damaged) == vector.wire[:-2]:  # the lost mark was the last: everything is there
        assert found == [*vector.messages, replace(GOOD, shared=True), GOOD]
    else:
        assert found == [GOOD, GOOD]


def test_two_frames_run_into_one_another():
    cut = TRIP_WIRE[:40]
    garbage, *frames = read(cut + TRIP_WIRE + wire(GOOD))
    assert (garbage.raw, frames) == (cut, [Frame(TripEnd(TRIP)), GOOD])


def test_one_mark_between_two_frames_is_that_of_both_however_the_stream_is_cut():
    stream = TRIP_WIRE + wire(GOOD)[2:] + wire(GOOD)
    for cut in range(len(stream)):
        assert read(stream[:cut], stream[cut:]) == [Frame(TripEnd(TRIP)), replace(GOOD, shared=True), GOOD]
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(TRIP_WIRE) == [Frame(TripEnd(TRIP))]
    assert decoder.silence(50) == []
    [lost] = decoder.feed(wire(GOOD)[2:-2])
    assert lost.raw == wire(GOOD)[2:-2]


def test_a_length_that_is_too_long_holds_frames_back_until_the_silence_and_no_longer():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    false = b"\x55\xaa\x03\x00" + TRIP_WIRE[4:]
    assert decoder.feed(false + wire(GOOD)) == []
    assert decoder.silence(49) == []
    garbage, frame = joined(decoder.silence(50))
    assert (garbage.raw, frame) == (false, GOOD)
    assert decoder.feed(wire(GOOD)) == [GOOD]


def test_marks_inside_the_data_end_nothing():
    inside = TripEnd(replace(TRIP, number=0x55AA55AA, card=b"\x55\xaa\x00\x05\x02\x00" * 40, payment=0x55))
    assert read(wire(inside) + wire(GOOD)) == [Frame(inside), GOOD]


# --- what is not read ----------------------------------------------------------------------------------------------------


def bcd_spoilt(at):
    body = TRIP_WIRE[8:-3]
    return body[:at] + b"\x1a" + body[at + 1 :]


@pytest.mark.parametrize(
    ("command", "data", "why"),
    [
        (0x00E8, bcd_spoilt(48), "paid_km: 1A 01 86 is no BCD"),
        (0x00E8, bcd_spoilt(43), "hired_at: 25 06 1A 08 15 is no BCD"),
        (0x00E8, bcd_spoilt(59), "amount: 00 1A 83 is no BCD"),
        (0x00F2, bytes(65), "65 bytes of data, expected 66 or more"),
        (0x00E4, bytes(91), "91 bytes of data, expected 90"),
        (0x00E7, b"\x20\x25\x06\x30\x08\x15\xff", "time: 20 25 06 30 08 15 FF is no BCD"),
        (0x00E9, bytes(35), "35 bytes of data, expected 36"),
        (0x0000, bytes(54), "54 bytes of data, expected 55"),
        (0x0004, bytes(60), "with the one-way distance: 60 bytes of data, expected 63 to 127; without"),
        (0x0004, b"\x20\x13\x06\x10\x0a" + bytes(60), "with the one-way distance: starts_at: 20 13 06 10 0A is no BCD"),
        (0x0006, b"\x90\x00", "2 bytes of data, expected 66 or more"),
        (0x1FE7, b"\x01", "a maker's own command"),
        (0x9909, b"", "a maker's own command"),
        (0x0033, b"", "no known command of the meter"),
    ],
)
def test_data_that_its_command_does_not_have_is_told_with_the_reason(command, data, why):
    [frame] = read(framed(command, data))
    assert isinstance(frame.body, Unread)
    assert (frame.body.command, frame.body.data) == (command, data)
    assert frame.body.why.startswith(why)


def test_the_longest_frame():
    longest = Frame(Unread(0x00AB, bytes(jt905.MOST_DATA), "no known command of the meter"))
    assert len(wire(longest)) == jt905.MAX_FRAME
    assert read(wire(longest) * 2) == [longest] * 2


def test_what_the_isu_says_is_not_read_as_the_meter_s_and_other_devices_not_at_all():
    assert isinstance(read(wire(Heartbeat(MeterState(0), "", "")), sender=Role.HOST)[0].body, Unread)
    [frame] = read(framed(0x0010, b"\x01", device=5))
    assert (frame.device, frame.body.why) == (5, "device type 05h, expected 02h, a taximeter")
    assert read(wire(Frame(TripEnd(TRIP), maker=3)))[0].maker == 3


def test_every_bit_of_a_heartbeat_is_seen():
    for bit in range(8):
        [frame] = read(framed(0x00E9, bytes((1 << bit,)) + bytes(35)))
        assert frame.body.state == 1 << bit
        assert (MeterState.ABNORMAL_SPEED in frame.body.state) == (bit == 7)


# --- round trips ---------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(min_codepoint=0, max_codepoint=255))


def drawn(coding):
    match coding:
        case Text(size):
            return TEXTS.map(lambda text: text[:size].rstrip("\0"))
        case Digits(size):
            return st.integers(0, 100**size - 1).map(lambda value: f"{value:0{2 * size}d}")
        case Figure(size, decimals):
            return st.integers(0, 100**size - 1).map(lambda value: Decimal(value).scaleb(-decimals))
        case Whole(size):
            return st.integers(0, 100**size - 1)
        case Number(size, kind):
            return st.integers(0, 256**size - 1).map(kind)
        case Raw(size, kind):
            return st.binary(min_size=size, max_size=size).map(kind)
    raise AssertionError(coding)


def any_of(record, **others):
    hints = get_type_hints(record, include_extras=True)
    coded = {one.name: hints[one.name] for one in fields(record) if get_origin(hints[one.name]) is Annotated}
    return st.builds(record, **{name: drawn(get_args(hint)[1]) for name, hint in coded.items()}, **others)


ANY_TRIP = any_of(Trip, card=st.binary(max_size=80))
ANY_TARIFF = any_of(Tariff, own=st.binary(max_size=64)).flatmap(
    lambda tariff: st.sampled_from([tariff, replace(tariff, one_way_km=None)])
)
ANY_SHIFT = any_of(Shift)
ONE_OF_TWO = st.booleans()
FROM_DEVICE = st.one_of(
    any_of(Status),
    any_of(Hired),
    any_of(Heartbeat),
    any_of(ShiftOpened),
    any_of(TariffWritten),
    any_of(ShiftRequest, closing=ONE_OF_TWO),
    st.builds(TripEnd, ANY_TRIP, ONE_OF_TWO),
    st.builds(TripAnswer, ANY_TRIP),
    st.builds(ShiftClosed, ANY_SHIFT, ONE_OF_TWO),
    st.builds(TariffAnswer, ANY_TARIFF.map(TariffBlock.of)),
)
FROM_HOST = st.one_of(
    any_of(StatusQuery),
    any_of(TripQuery),
    any_of(ClockCommand),
    any_of(ShiftPermission, closing=ONE_OF_TWO),
    any_of(HeartbeatAnswer, count_limit=st.binary(min_size=1, max_size=1), reserved=st.binary(min_size=1, max_size=2)),
    any_of(FirmwareCommand, software=st.sampled_from([b"", b"\x55\xaa"])),
    st.builds(TariffWrite, st.binary(max_size=200)),
)


@settings(max_examples=120, deadline=None)
@given(st.one_of(st.tuples(FROM_DEVICE, st.just(Role.DEVICE)), st.tuples(FROM_HOST, st.just(Role.HOST))))
def test_every_value_comes_back(said):
    body, sender = said
    assert read(wire(body, sender) * 2, sender=sender) == [Frame(body)] * 2


@settings(max_examples=40, deadline=None)
@given(ANY_TARIFF)
def test_a_tariff_is_among_the_readings_of_its_block(tariff):
    assert TariffBlock.of(tariff).readings[tariff.layout] == tariff


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            TripEnd(replace(TRIP, paid_km=Decimal("100000"))),
            "Trip.paid_km: expected 0 to 99999.9 in steps of 0.1, got 100000",
        ),
        (TripEnd(replace(TRIP, paid_km=Decimal("1.25"))), "in steps of 0.1, got 1.25"),
        (TripEnd(replace(TRIP, amount=Decimal("NaN"))), "Trip.amount"),
        (TripEnd(replace(TRIP, empty_km=Decimal("-0.1"))), "Trip.empty_km"),
        (TripEnd(replace(TRIP, plate="T000001")), "Trip.plate: expected at most 6 characters"),
        (TripEnd(replace(TRIP, plate="京")), "Trip.plate"),
        (TripEnd(replace(TRIP, hired_at="25063008150")), "Trip.hired_at: expected 10 digits"),
        (TripEnd(replace(TRIP, waiting="00x2")), "Trip.waiting: expected an even number of decimal digits"),
        (TripEnd(replace(TRIP, number=-1)), "Trip.number: expected 0 to 4294967295"),
        (TripEnd(replace(TRIP, card=bytes(1000))), "expected at most 1024 bytes of data, got 1066"),
        (TripAnswer(TRIP, 0x90), "expected a trip or a result, got both"),
        (TripAnswer(None, 256), "TripAnswer.result: expected 0 to 255"),
        (HeartbeatAnswer(0, "0" * 10), "HeartbeatAnswer: the device does not send it"),
        (TariffAnswer(TariffBlock(bytes(200))), "expected a body that reads back"),
        (Unread(0x00E7, bytes(7), "?"), "expected bytes that are not read"),
        (Unread(0x10000, b"", "?"), "command: expected 0 to 65535"),
        (b"", "expected a body of a known command, got bytes"),
    ],
)
def test_what_has_no_bytes_is_refused(body, why):
    with pytest.raises(ProtocolError, match=r"JT/T 905") as refused:
        wire(body)
    assert why in str(refused.value)


def test_the_isu_s_rests_and_frames_are_refused_too():
    for body, why in (
        (HeartbeatAnswer(0, "0" * 10, b"", b""), "expected count limit and reserved of"),
        (FirmwareCommand(3, "01", b"\0"), "FirmwareCommand.software"),
        (Acknowledgement(Command.HEARTBEAT, 0x90), "Acknowledgement: the host does not send it"),
        (Frame(TariffQuery(), maker=256), "Frame.maker"),
    ):
        with pytest.raises(ProtocolError, match=why):
            wire(body, Role.HOST)
    with pytest.raises(ProtocolError, match=r"Tariff\.own: expected at most 64 bytes"):
        TariffBlock.of(replace(LONG, own=bytes(65)))


# --- where implementations disagree --------------------------------------------------------------------------------------


def test_the_order_of_an_identity_shows_where_a_text_does_not_fill_its_field():
    for order in IdentityOrder:
        assert IdentityBlock.of(WHO, order).readings == {order: WHO}
        assert IdentityBlock.of(WHO, order).identity == WHO
    full = Identity("BT0001", "1101000000012345", "1101000000012345678")
    assert set(IdentityBlock.of(full, IdentityOrder.PLATE_FIRST).readings) == set(IdentityOrder)
    assert IdentityBlock.of(full, IdentityOrder.PLATE_FIRST).identity is None
    assert IdentityBlock(bytes(41)).identity == Identity("", "", "")
    assert IdentityBlock(b"\xff" * 41).identity is None
    assert set(jt905.IDENTITY_SOURCES) == set(IdentityOrder)


def test_the_layout_of_a_tariff_is_told_where_it_can_be():
    """63 bytes can be the long layout, or the short one with two bytes of the maker's own: then a time is none."""
    short = replace(LONG, one_way_km=None)
    block = TariffBlock.of(LONG)
    assert set(block.readings) == set(TariffLayout)
    assert not block.readings[TariffLayout.SHORT].plausible
    assert block.tariff == LONG
    assert (LONG.one_way_km, LONG.start_km, LONG.day_start_price) == (
        Decimal("15.00"),
        Decimal("3.00"),
        Decimal("13.00"),
    )
    assert TariffBlock.of(short).readings == {TariffLayout.SHORT: short}
    assert TariffBlock.of(replace(LONG, own=bytes(64))).readings.keys() == {TariffLayout.LONG}
    assert TariffBlock(bytes(63)).tariff is None
    with_own = TariffBlock.of(replace(short, own=b"\x01\x02"))
    assert with_own.tariff == replace(short, own=b"\x01\x02")
    assert set(jt905.TARIFF_SOURCES) == set(TariffLayout)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("250630081500", {"YYMMDDhhmmss"}),
        ("202506300815", {"YYYYMMDDhhmm"}),
        ("201106100815", {"YYMMDDhhmmss", "YYYYMMDDhhmm"}),
        ("000000000000", set()),
        ("991332256199", set()),
    ],
)
def test_the_two_forms_of_a_shift_s_times(text, forms):
    assert set(jt905.shift_moment(text)) == forms


def test_moments():
    assert jt905.moment("2402291159", "YYMMDDhhmm") == {"year": 2024, "month": 2, "day": 29, "hour": 11, "minute": 59}
    assert jt905.moment("2302290000", "YYMMDDhhmm") is None
    assert jt905.moment("2400", "hhmm") is None
    assert jt905.moment("00000101000000", "YYYYMMDDhhmmss") is None
    with pytest.raises(ValueError, match="expected 4 digits as hhmm"):
        jt905.moment("240", "hhmm")
    assert replace(TRIP, waiting="0175").waiting_min == 135


# --- the dialogue --------------------------------------------------------------------------------------------------------


class Kept:
    """A meter that keeps one trip and notes what it is told."""

    def __init__(self):
        self.times, self.tariffs, self.permissions = [], [], []

    def status(self):
        return NAMED["status"].messages[0].body

    def tariff(self):
        return TariffBlock.of(LONG)

    def trip(self, number):
        return TRIP if number == TRIP.number else None

    def told_time(self, time, command):
        self.times.append((time, command))
        return Result.OK

    def write_tariff(self, data):
        self.tariffs.append(data)
        return 0xFF, "2013061000"

    def permitted(self, permission):
        self.permissions.append(permission)
        return None


def bodies(frames):
    return [frame.body for frame in frames]


def test_a_meter_answers_what_it_is_asked():
    kept = Kept()
    session = MeterSession(kept, maker=3)
    for asked in (StatusQuery("20250630081500"), TariffQuery(), TripQuery(7), TripQuery(8)):
        [answer] = session.heard(Frame(asked))
        assert jt905.fits(asked, answer)
        assert answer.maker == 3
        assert not jt905.fits(asked, Frame(Hired("20250630081500")))
    assert bodies(session.heard(Frame(TripQuery(8)))) == [TripAnswer(None)]
    assert not jt905.fits(TripQuery(8), Frame(TripAnswer(TRIP)))
    assert bodies(session.heard(Frame(ClockCommand("20250630081500")))) == [jt905.ClockAnswer(Result.OK)]
    assert kept.times == [("20250630081500", False), ("20250630081500", True)]
    assert bodies(session.heard(Frame(TariffWrite(b"x")))) == [TariffWritten(0xFF, "2013061000")]
    assert bodies(session.heard(Frame(FirmwareCommand(3, "01")))) == [jt905.FirmwareAnswer(Result.FAIL)]
    assert session.heard(Garbage(b"x", "why")) == session.heard(Frame(Unread(0x1FE7, b"", "own"))) == []


def test_a_record_that_nobody_took_is_sent_again_until_somebody_does():
    session, isu = MeterSession(Kept()), IsuSession(IdentityBlock.of(WHO, IdentityOrder.PLATE_FIRST), "250630060000")
    first, second = TripEnd(replace(TRIP, number=1)), TripEnd(replace(TRIP, number=2))
    lost, heard = session.say(first), session.say(second)
    for answer in isu.heard(heard):
        session.heard(answer)
    assert lost.body == first
    again = session.again()
    assert again == session.again() == Frame(TripEnd(first.trip, resent=True))
    session.heard(Frame(Acknowledgement(Command.TRIP_RESENT, Result.FAIL)))
    assert session.again() == again
    [taken] = isu.heard(again)
    assert taken.body == Acknowledgement(Command.TRIP_RESENT, Result.OK)
    session.heard(taken)
    assert session.again() is None
    session.say(ShiftClosed(SHIFT))
    assert session.again() == Frame(ShiftClosed(SHIFT, resent=True))
    session.heard(Frame(Acknowledgement(Command.SHIFT_CLOSED, Result.OK)))
    assert session.again() is None


def test_what_nobody_takes_is_bounded():
    session = MeterSession(Kept())
    for number in range(300):
        session.say(TripEnd(replace(TRIP, number=number)))
    assert session.again().body.trip.number == 300 - MeterSession.MOST_KEPT


def test_an_isu_lets_a_shift_begin_and_answers_the_heartbeat():
    kept = Kept()
    isu, session = IsuSession(IdentityBlock.of(WHO, IdentityOrder.LICENCE_FIRST), "250630060000"), MeterSession(kept)
    [permission] = isu.heard(session.say(ShiftRequest(False, 0x90)))
    assert session.heard(permission) == []
    assert kept.permissions == [permission.body]
    assert permission.body.identity.identity == WHO
    assert bodies(isu.heard(session.say(Heartbeat(MeterState(2), "", "")))) == [HeartbeatAnswer(0, "0" * 10)]
    assert bodies(isu.heard(session.say(GOOD.body))) == [Acknowledgement(Command.HIRED, Result.OK)]
    assert isu.heard(Garbage(b"x", "why")) == isu.heard(session.say(jt905.ClockAnswer(0x90))) == []
