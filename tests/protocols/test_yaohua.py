"""Yaohua framings beyond the contract (protocols.md 3.10): exact weights, named faults, no guess about the mark."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.indication import Indicating
from protocols.wire import yaohua
from protocols.wire.yaohua import (
    Answer,
    Basis,
    Command,
    Number,
    OutOfRange,
    Priced,
    Ready,
    Refusal,
    Request,
    Spelling,
    Weight,
)

BEHIND = Spelling.MARK_BEHIND


def read(protocol, *pieces, sender=Role.DEVICE):
    decoder = protocol.decoder(sender)
    return joined([message for piece in pieces for message in decoder.feed(piece)] + decoder.close())


def said(protocol, *messages):
    return b"".join(protocol.encode(message, Role.DEVICE) for message in messages)


def weights(messages):
    return [message for message in messages if isinstance(message, Weight)]


def _xor(body):
    value = 0
    for byte in body:
        value ^= byte
    return value


def framed(body, nibbles=None):
    return b"\x02" + body + (b"%02X" % _xor(body) if nibbles is None else nibbles) + b"\x03"


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (framed(b"+0239600", b"16"), "check '16', expected '15'"),
        (framed(b"+0239605"), "decimal point in a wrong place"),
        (framed(b"+023960:"), "decimal point in a wrong place"),
        (framed(b"+02.3.60"), "more than one decimal point"),
        (framed(b"+   NaN0"), "not a number"),
        (framed(b"+  OL  0"), "no figure of this format"),
        (framed(b"+      0"), "no figure of this format"),
        (framed(b"0239600"), "no figure of this format"),
        (framed("+０２３９６０0".encode()), "full-width digits"),
        (framed("+０２３９６０0".encode("gbk")), "full-width digits"),
        (framed("+０２３９６０0".encode(), b"00"), "full-width digits"),
        (b"\x0211\x03", "too short for a check"),
        (b"+0239600", "outside frames"),
        (b"\x02+02396", "incomplete at the end"),
        (b"\x02" + b"0" * 60, "no 03h within"),
        (b"=00.1000-=00.1000-", "outside frames"),
    ],
)
def test_continuous_garbage_is_named_and_kept(wire, why):
    [garbage] = read(yaohua.CONTINUOUS, wire)
    assert isinstance(garbage, Garbage)
    assert why in garbage.why
    assert garbage.raw == wire


def test_a_frame_that_lost_its_end_costs_no_other():
    good = Weight("023960", 1)
    wire = said(yaohua.CONTINUOUS, good)
    lost, *rest = read(yaohua.CONTINUOUS, wire[:-1], wire, b"\x03noise", wire)
    assert isinstance(lost, Garbage)
    assert "without its end" in lost.why
    assert [message for message in rest if not isinstance(message, Garbage)] == [good, good]


def test_both_spellings_of_the_check_are_read_and_told():
    letter, raw = framed(b"-0012342", b"1B"), framed(b"-0012342", b"1;")
    assert [(m.value, m.spelling) for m in weights(read(yaohua.CONTINUOUS, letter, raw))] == [
        (Decimal("-12.34"), Spelling.MANUAL),
        (Decimal("-12.34"), Spelling.RAW_CHECK),
    ]


@given(st.integers(0, 999_999), st.integers(0, 4), st.booleans())
def test_weights_are_exact(number, decimals, negative):
    message = Weight(f"{number:06d}", decimals, negative)
    [back] = read(yaohua.CONTINUOUS, said(yaohua.CONTINUOUS, message))
    assert back.value == (-1 if negative else 1) * Decimal(number).scaleb(-decimals)
    assert -back.value.as_tuple().exponent == decimals
    assert back.indication().weight == back.value


@given(number=st.integers(0, 999_999), at=st.integers(1, 10), to=st.integers(0, 255))
def test_one_changed_byte_never_gives_another_weight(number, at, to):
    sent = Weight(f"{number:06d}", 2)
    wire = bytearray(said(yaohua.CONTINUOUS, sent))
    wire[at] = to
    assert all(weight.value == sent.value for weight in weights(read(yaohua.CONTINUOUS, bytes(wire))))


# reversed and forward ASCII


def test_the_mark_may_stand_before_or_behind():
    frames = [Weight("000100", 2, True), Weight("003000", 3), Weight("0012345")]
    assert read(yaohua.REVERSED, b"=00.1000-=000.3000=54321000") == frames
    two = [Weight("0001300", spelling=BEHIND), Weight("0001234", spelling=BEHIND)]
    assert read(yaohua.REVERSED, b"0031000=4321000=" * 2) == two * 2
    assert [weight.value for weight in two] == [1300, 1234]


@pytest.mark.parametrize("stream", [b"0031000=", b"0031000=4321000=", b"=0031000", b"=0031000=", b"=0031000=4321000="])
def test_too_few_frames_of_seven_say_nothing(stream):
    [garbage] = read(yaohua.REVERSED, stream)
    assert isinstance(garbage, Garbage)
    assert garbage.raw == stream


def test_one_lost_character_does_not_move_the_mark():
    good = Weight("000100", 2)
    stream = said(yaohua.REVERSED, good) * 3
    messages = read(yaohua.REVERSED, stream + b"=0.10000" + stream)
    assert [m for m in messages if not isinstance(m, Garbage)] == [good] * 6
    [lost] = [m for m in messages if isinstance(m, Garbage)]
    assert lost.raw == b"=0.10000"
    assert "seven characters between marks" in lost.why


def test_a_change_of_format_in_mid_stream_is_named_and_followed():
    first, behind = Weight("000100", 2), Weight("0001234", spelling=BEHIND)
    messages = read(yaohua.REVERSED, b"=00.10000" * 2 + b"=" + b"4321000=" * 5 + b"=00.10000" * 2)
    assert weights(messages)[:2] == [first] * 2
    assert weights(messages)[-2:] == [first] * 2
    assert weights(messages)[2:-2] == [behind] * len(weights(messages)[2:-2])
    assert len(weights(messages)) >= 7
    assert any(isinstance(m, Garbage) for m in messages)


weight_of_reversed = st.builds(
    lambda n, d, s: Weight(f"{n:06d}", d, s), st.integers(0, 999_999), st.integers(1, 4), st.booleans()
)
weight_behind = st.builds(lambda n: Weight(f"{n:07d}", spelling=BEHIND), st.integers(0, 9_999_999))


@given(
    sent=st.one_of(
        st.lists(weight_of_reversed, min_size=4, max_size=9), st.lists(weight_behind, min_size=4, max_size=9)
    ),
    late=st.integers(0, 20),
    lost=st.integers(0, 100),
    cut=st.integers(0, 100),
)
def test_listening_late_and_losing_a_byte_never_gives_a_weight_that_was_not_sent(sent, late, lost, cut):
    stream = said(yaohua.REVERSED, *sent)[late:]
    stream = stream[:lost] + stream[lost + 1 :]
    assert set(weights(read(yaohua.REVERSED, stream[:cut], stream[cut:]))) <= set(sent)


def test_a_frame_comes_out_after_silence_and_not_before():
    decoder = yaohua.REVERSED.decoder(Role.DEVICE)
    assert decoder.feed(b"=00.1000-") == []
    assert decoder.silence(20) == []
    assert decoder.silence(60) == [Weight("000100", 2, True)]
    assert decoder.feed(b"=00.1") == []
    [broken] = decoder.silence(60)
    assert isinstance(broken, Garbage)
    assert decoder.feed(b"=00.10000=") == [Weight("000100", 2)]


def test_once_in_step_a_frame_comes_out_as_soon_as_it_is_whole():
    decoder, good = yaohua.REVERSED.decoder(Role.DEVICE), Weight("000100", 2)
    assert decoder.feed(b"=00.10000=00.1000") == [good]
    assert decoder.feed(b"0") == [good]
    assert decoder.feed(b"=00.10000") == [good]
    assert decoder.feed(b"00.1000-") == []  # the mark was lost
    [lost] = decoder.feed(b"=")
    assert isinstance(lost, Garbage)
    assert lost.raw == b"00.1000-"


def test_frames_of_another_length_are_never_begun_with():
    messages = read(yaohua.REVERSED, b"=001234501" * 20)
    assert weights(messages) == []
    assert b"".join(message.raw for message in messages) == b"=001234501" * 20


def test_marks_behind_are_seen_across_silences():
    decoder = yaohua.REVERSED.decoder(Role.DEVICE)
    messages = []
    for _ in range(4):
        messages += decoder.feed(b"4321000=") + decoder.silence(80)
    assert messages == [Weight("0001234", spelling=BEHIND)] * 4


@pytest.mark.parametrize(
    ("protocol", "stream", "why"),
    [
        (yaohua.REVERSED, b"=-0001.00=", "highest digit first"),
        (yaohua.FORWARD, b"=00.1000-=", "lowest digit first"),
        (yaohua.REVERSED, b"=0.0.0010=", "more than one decimal point"),
        (yaohua.REVERSED, b"=.3210000=", "decimal point in a wrong place"),
        (yaohua.REVERSED, b"=01234.50=", "decimal point in a wrong place"),
        (yaohua.REVERSED, b"=NaN00000=", "not a number"),
        (yaohua.REVERSED, b"=  OL   0=", "no figure"),
        (yaohua.REVERSED, b"=00.10001=", "'1' in the place of the sign"),
        (yaohua.REVERSED, b"=00.1000000=", "10 characters between marks, expected 8"),
        (yaohua.FORWARD, b"=1234567=", "7 characters between marks, expected 8"),
        (yaohua.REVERSED, "=０００００３３0=".encode(), "full-width digits"),
        (yaohua.REVERSED, b"x" * 100, "no = within"),
        (yaohua.PRICED, b"=0002.000kg;0001.00;0002.0=", "25 characters between marks, expected 26"),
        (yaohua.PRICED, b"=0002.000kg;00.1.00;0002.00=", "more than one decimal point"),
        (yaohua.PRICED, b"=0002.000oz;0001.00;0002.00=", "unit 'oz'"),
    ],
)  # fmt: skip
def test_marked_garbage_is_named_and_kept(protocol, stream, why):
    [garbage] = read(protocol, stream)
    assert isinstance(garbage, Garbage)
    assert why in garbage.why
    assert garbage.raw == stream


def test_reversed_and_forward_cannot_be_told_apart_on_the_line():
    """Why they are two protocols and the setting is asked for: the same bytes, 3.000 or 0.3000."""
    stream = b"=000.3000"
    assert [m.value for m in read(yaohua.REVERSED, stream)] == [Decimal("3.000")]
    assert [m.value for m in read(yaohua.FORWARD, stream)] == [Decimal("0.3000")]


def test_priced_frames_carry_exact_money():
    [priced] = read(yaohua.PRICED, b"=-002.000kg;0001.05;0002.10")
    assert priced == Priced("002.000", "kg", "0001.05", "0002.10", True)
    told = priced.indication()
    assert (told.weight, told.unit, told.unit_price, told.price) == (
        Decimal("-2.000"), "kg", Decimal("1.05"), Decimal("2.10"),
    )  # fmt: skip


# labelled


def test_labelled_lines():
    lines = [
        Weight("004139", 3, False, Basis.GROSS, "kg"),
        Weight("00100", 2, True, Basis.NET, "kg"),
        Weight("000042", 0, False, Basis.NET, "kg"),
    ]
    wire = said(yaohua.LABELLED, *lines)
    assert wire[:15] == b"WG004.139kg3D\r\n"
    assert wire[15:26] == b"WN-001.00kg"
    assert wire[30:41] == b"WN000042 kg"
    assert read(yaohua.LABELLED, wire) == lines
    assert [line.indication().net for line in lines] == [False, True, True]


def test_out_of_range_is_no_weight():
    over, under = read(yaohua.LABELLED, b"         OL23\r\n         LO23\r\n")
    assert (over, under) == (OutOfRange(True), OutOfRange(False))
    assert over.indication().weight is None
    assert over.indication().overload
    assert under.indication().underload


def labelled(body):
    return body + b"%02X\r\n" % _xor(body)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"WG004.139kg3E\r\n", "check '3E', expected '3D'"),
        (labelled(b"WG004.139lb"), "unit 'lb'"),
        (labelled(b"WX004.139kg"), "label 'WX'"),
        (labelled(b"WG0.4.139kg"), "more than one decimal point"),
        (labelled(b"WG.004139kg"), "decimal point in a wrong place"),
        (labelled(b"WG004139.kg"), "decimal point in a wrong place"),
        (labelled(b"WG0.04139kg"), "decimal point in a wrong place"),
        (labelled(b"WG    NaNkg"), "not a number"),
        (labelled(b"WG       kg"), "blank figure"),
        (labelled("WG００kg".encode()), "full-width"),
        (b"WG004.139kg3D\n", "no CR"),
        (b"WG04.139kg3D\r\n", "14 bytes, expected 15"),
        (b"WG004.139kg3D", "incomplete"),
        (b"WG" + b"0" * 90 + b"\r\n", "too long"),
    ],
)
def test_labelled_garbage_is_named_and_kept(line, why):
    [garbage] = read(yaohua.LABELLED, line)
    assert isinstance(garbage, Garbage)
    assert why in garbage.why
    assert garbage.raw == line


# command mode


def test_a_dialogue():
    asked = [Request("B", command) for command in Command]
    wire = b"".join(yaohua.COMMAND.encode(request, Role.HOST) for request in asked)
    assert read(yaohua.COMMAND, wire, sender=Role.HOST) == asked
    answers = [
        Ready("B"),
        Answer("B", Command.GROSS, "023960", 1),
        Answer("B", Command.TARE, "001000", 1),
        Answer("B", Command.NET, "022960", 1, True),
        Answer("B", Command.PRICE_OR_VEHICLE, "001250", 2),
        Answer("B", Command.AMOUNT_OR_CARGO, "002870", 2),
    ]
    assert read(yaohua.COMMAND, said(yaohua.COMMAND, *answers)) == answers
    told = [answer.indication() if isinstance(answer, Indicating) else None for answer in answers]
    assert [one and (one.weight, one.net) for one in told] == [
        None, (Decimal("2396.0"), False), None, (Decimal("-2296.0"), True), None, None,
    ]  # fmt: skip
    assert answers[4].value == Decimal("12.50")


def test_truck_models_answer_numbers_and_refuse():
    answers = [
        Number("A", Command.PRICE_OR_VEHICLE, "00042"),
        Number("A", Command.AMOUNT_OR_CARGO, "007"),
        Refusal("A"),
    ]
    wire = said(yaohua.COMMAND, *answers)
    assert [len(frame) for frame in wire.split(b"\x03")[:-1]] == [10, 8, 5]
    assert read(yaohua.COMMAND, wire) == answers


@pytest.mark.parametrize(
    ("wire", "sender", "why"),
    [
        (framed(b"AG"), Role.HOST, "command 'G' is none of A to F"),
        (framed(b"1A"), Role.HOST, "address 31h"),
        (framed(b"ABC"), Role.HOST, "7 bytes, expected a request of 6"),
        (framed(b"AB", b"00"), Role.HOST, "check '00', expected '03'"),
        (framed(b"AA0"), Role.DEVICE, "handshake with data"),
        (framed(b"AB+0239609"), Role.DEVICE, "decimal point in a wrong place"),
        (framed(b"AB00042"), Role.DEVICE, "no figure"),
        (framed(b"AB+02NaN00"), Role.DEVICE, "not a number"),
        (framed(b"A"), Role.DEVICE, "command '' is none"),
    ],
)
def test_command_garbage_is_named_and_kept(wire, sender, why):
    [garbage] = read(yaohua.COMMAND, wire, sender=sender)
    assert isinstance(garbage, Garbage)
    assert why in garbage.why
    assert garbage.raw == wire


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (yaohua.CONTINUOUS, Weight("23960")),
        (yaohua.CONTINUOUS, Weight("023960", 5)),
        (yaohua.CONTINUOUS, Weight("０２３９６０")),
        (yaohua.CONTINUOUS, Weight("023960", basis=Basis.NET)),
        (yaohua.CONTINUOUS, Weight("023960", spelling=Spelling.RAW_CHECK)),
        (yaohua.CONTINUOUS, OutOfRange(True)),
        (yaohua.REVERSED, Weight("000100", 0)),
        (yaohua.REVERSED, Weight("0000100", 2)),
        (yaohua.REVERSED, Weight("000100", 5)),
        (yaohua.FORWARD, Weight("0001300", spelling=BEHIND)),
        (yaohua.PRICED, Priced("02.000", "kg", "0001.00", "0002.00")),
        (yaohua.LABELLED, Weight("004139", 3)),
        (yaohua.LABELLED, Weight("04139", 3, False, Basis.NET, "kg")),
        (yaohua.COMMAND, Answer("a", Command.GROSS, "023960")),
        (yaohua.COMMAND, Answer("A", Command.HANDSHAKE, "023960")),
        (yaohua.COMMAND, Number("A", Command.GROSS, "00042")),
        (yaohua.COMMAND, Request("A", Command.GROSS)),
    ],
)
def test_what_cannot_be_said_is_refused(protocol, message):
    with pytest.raises(ProtocolError, match="Yaohua"):
        protocol.encode(message, Role.DEVICE)


@pytest.mark.parametrize("protocol", [yaohua.CONTINUOUS, yaohua.REVERSED, yaohua.LABELLED])
def test_a_host_has_nothing_to_say_to_a_broadcast(protocol):
    [garbage] = read(protocol, b"\x02AB03\x03", sender=Role.HOST)
    assert isinstance(garbage, Garbage)
    with pytest.raises(ProtocolError):
        protocol.encode(Weight("000000"), Role.HOST)
