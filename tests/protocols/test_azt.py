"""AZT 2.0 framing, widths and the meaning of answers beyond the contract (protocols.md 4.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import testing
from protocols.contract import EvidenceClass, Garbage, ProtocolError, Role
from protocols.wire.azt import (
    PROTOCOL,
    Answer,
    Ask,
    DoseAmount,
    DoseVolume,
    Query,
    Request,
    Running,
    Sale,
    SetPrice,
    Short,
    State,
    Status,
    Totals,
    Verdict,
    Widths,
    azt,
    read,
    written,
)
from protocols.wire.azt.codec import MAX_FRAME, MOST_DATA, SILENCE_CHARS
from protocols.wire.azt.session import fits

STATUS = bytes.fromhex("7F 02 21 5E 31 4E 03 03 53")
WIDER = Widths(volume=6, price=6, amount=8)
CHANNELS = st.none() | st.integers(1, 224).filter(lambda channel: channel % 15)
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=MOST_DATA)


def decoded(wire, sender=Role.DEVICE, protocol=PROTOCOL):
    decoder = protocol.decoder(sender)
    return decoder.feed(wire) + decoder.close()


def test_no_vector_claims_to_have_been_seen_on_a_wire():
    assert {vector.evidence for vector in PROTOCOL.vectors} == {EvidenceClass.DERIVED}
    assert (PROTOCOL.evidence, PROTOCOL.verified) == (EvidenceClass.THIRD_PARTY, False)


@pytest.mark.parametrize(
    ("wire", "sender", "why"),
    [
        ("7F 02 21 5F 31 4E 03 03 53", Role.HOST, "21h is followed by 5Fh, expected its complement 5Eh"),
        ("7F 02 21 5E 31 4E 03 03 52", Role.HOST, "CRC 52h, expected 53h"),
        ("7F 02 21 5E 31 4E 03 03 13", Role.HOST, "CRC 13h, expected 53h"),
        ("7F 03 21 5E 31 4E 03 03 53", Role.HOST, "second byte 03h begins no request"),
        ("7F 07 21 5E 31 4E 03 03 53", Role.DEVICE, "second byte 07h begins no answer"),
        ("7F 06", Role.HOST, "second byte 06h begins no request"),
        ("7F 02 09 76 03 03 4A", Role.DEVICE, "09h in the payload, expected a printable character"),
        ("7F 02 03 03 43", Role.HOST, "request without a command"),
        ("7F 02 03 03 43", Role.DEVICE, "answer with 0 characters"),
        ("7F 02 20 5F 31 4E 03 03 52", Role.HOST, "address 20h"),
        ("7F 02 2F 50 31 4E 03 03 5D", Role.HOST, "address 2Fh"),
        ("7F 07 31 4E 03 03 72", Role.HOST, "no address after 07h"),
        ("7F 02 21 5E 03 03 62", Role.HOST, "address without a command"),
        ("7F 02 21 5E 2E 51 03 03 4C", Role.HOST, "address without a command"),
        ("00 31 33", Role.DEVICE, "bytes outside frames"),
        ("7F 02 31", Role.DEVICE, "incomplete at the end of the stream"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, sender, why):
    raw = bytes.fromhex(wire)
    (message,) = decoded(raw, sender)
    assert isinstance(message, Garbage)
    assert message.raw == raw
    assert why in message.why


@pytest.mark.parametrize("bit", [bit for bit in range(8 * len(STATUS)) if bit // 8 != 1])
def test_a_flipped_bit_is_garbage(bit):
    wire = bytearray(STATUS)
    wire[bit // 8] ^= 1 << bit % 8
    assert all(isinstance(message, Garbage) for message in decoded(bytes(wire), Role.HOST))


def test_the_block_of_channels_is_covered_by_no_check():
    assert decoded(b"\x7f\x0a" + STATUS[2:], Role.HOST) == [Ask(61, Query.STATUS)]


def test_after_a_fault_the_next_frame_is_read():
    cut = STATUS[:5]
    bad, good = decoded(cut + STATUS, Role.HOST)
    assert isinstance(bad, Garbage)
    assert (bad.raw, good) == (cut, Ask(1, Query.STATUS))


def test_a_crc_of_7f_does_not_begin_a_frame():
    answer = next(
        Answer(chr(a) + "0")
        for a in range(0x20, 0x7F)
        if PROTOCOL.encode(Answer(chr(a) + "0"), Role.DEVICE)[-1] == 0x7F
    )
    wire = PROTOCOL.encode(answer, Role.DEVICE)
    assert decoded(wire + wire) == [answer, answer]


def test_silence_ends_a_frame_that_was_begun():
    decoder = PROTOCOL.decoder(Role.HOST)
    assert decoder.feed(STATUS[:4]) == []
    assert decoder.silence(SILENCE_CHARS - 1) == []
    (broken,) = decoder.silence(SILENCE_CHARS)
    assert isinstance(broken, Garbage)
    assert decoder.feed(STATUS) == [Ask(1, Query.STATUS)]


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Ask(15, Query.STATUS), Role.HOST),
        (Ask(0, Query.STATUS), Role.HOST),
        (Ask(225, Query.STATUS), Role.HOST),
        (SetPrice(1, 10_000), Role.HOST),
        (SetPrice(1, -1), Role.HOST),
        (DoseVolume(1, 100_000), Role.HOST),
        (DoseAmount(1, 10_000_000), Role.HOST),
        (Request(1, "1"), Role.HOST),  # has a form of its own
        (Request(1, "Q", "4523"), Role.HOST),
        (Request(1, "!", ""), Role.HOST),
        (Request(1, "W", "é"), Role.HOST),
        (Request(1, "W", "0" * (MOST_DATA + 1)), Role.HOST),
        (Answer(""), Role.DEVICE),
        (Answer("\x03"), Role.DEVICE),
        (Answer("0" * (MOST_DATA + 1)), Role.DEVICE),
        (Ask(1, Query.STATUS), Role.DEVICE),
        (Short(Verdict.DONE), Role.HOST),
    ],
)
def test_what_does_not_fit_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="AZT"):
        PROTOCOL.encode(message, sender)


def test_the_longest_frame_is_the_bound():
    longest = PROTOCOL.encode(Request(1, "W", "0" * MOST_DATA), Role.HOST)
    assert len(longest) == MAX_FRAME == PROTOCOL.max_message
    assert decoded(longest, Role.HOST) == [Request(1, "W", "0" * MOST_DATA)]
    endless = bytes.fromhex("7F 02") + b"\x30\x4f" * 500
    (message,) = decoded(endless, Role.HOST)
    assert isinstance(message, Garbage)
    assert "no 03 03 within" in message.why


@given(
    st.one_of(
        st.builds(Ask, CHANNELS, st.sampled_from(Query)),
        st.builds(SetPrice, CHANNELS, st.integers(0, 9999)),
        st.builds(DoseVolume, CHANNELS, st.integers(0, 99_999), st.booleans()),
        st.builds(DoseAmount, CHANNELS, st.integers(0, 9_999_999)),
    )
)
def test_requests_round_trip(message):
    assert decoded(PROTOCOL.encode(message, Role.HOST), Role.HOST) == [message]


@given(TEXT.filter(bool), st.data())
def test_answers_round_trip_however_they_are_cut(text, data):
    wire = PROTOCOL.encode(Answer(text), Role.DEVICE)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=6))
    testing.check_split_invariance(PROTOCOL, Role.DEVICE, wire * 2, cuts)
    assert decoded(wire) == [Answer(text)]


def test_other_widths_are_a_protocol_of_their_own():
    wide = azt(WIDER)
    for check in (testing.check_specification, testing.check_vectors, testing.check_round_trip):
        check(wide)
    price = wide.encode(SetPrice(1, 123_456), Role.HOST)
    assert decoded(price, Role.HOST, wide) == [SetPrice(1, 123_456)]
    assert decoded(price, Role.HOST) == [Request(1, "Q", "123456")]


@pytest.mark.parametrize(
    ("query", "data", "expected"),
    [
        (Query.STATUS, "0", Status(State.OFF)),
        (Query.STATUS, "41", Status(State.FINISHED, "1")),
        (Query.STATUS, "00", Status(State.OFF, "0")),
        (Query.STATUS, "7", None),
        (Query.STATUS, "400", None),
        (Query.VOLUME, "001000", Running(1000)),
        (Query.VOLUME, "01000", None),
        (Query.SALE, "0100000452304523", Sale(1000, 45_230, 4523)),
        (Query.SALE, "010000045230452", None),
        (Query.TOTALS, "00000123450000067890", Totals(12_345, 67_890)),
        (Query.TOTALS, "123", None),
        (Query.STATUS, "x", None),
        (Query.VERSION, "20", None),
    ],
)
def test_an_answer_means_what_its_request_asked(query, data, expected):
    assert read(Ask(1, query), Answer(data), Widths()) == expected


def test_what_can_be_an_answer():
    status, price = Ask(1, Query.STATUS), SetPrice(1, 4523)
    assert fits(status, Answer("0"), Widths())
    assert not fits(status, Answer("001000"), Widths())
    assert all(fits(one, Short(verdict), Widths()) for one in (status, price) for verdict in Verdict)


@given(
    st.one_of(
        st.builds(Status, st.sampled_from(State), st.sampled_from(["", "0", "1"])),
        st.builds(Running, st.integers(0, 999_999)),
        st.builds(Sale, st.integers(0, 99_999), st.integers(0, 9_999_999), st.integers(0, 9999)),
        st.builds(Totals, st.integers(0, 10**10 - 1), st.integers(0, 10**10 - 1)),
    )
)
def test_what_a_device_writes_is_read(reading):
    query = {Status: Query.STATUS, Running: Query.VOLUME, Sale: Query.SALE, Totals: Query.TOTALS}[type(reading)]
    assert read(Ask(1, query), written(reading, Widths()), Widths()) == reading
