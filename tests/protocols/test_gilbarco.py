"""Gilbarco two-wire framing, fields and widths beyond the contract (protocols.md 4.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import testing
from protocols.contract import EvidenceClass, Garbage, ProtocolError, Role, joined
from protocols.wire.gilbarco import (
    PROTOCOL,
    AllStop,
    Block,
    Code,
    Command,
    HoseTotals,
    Loose,
    Preset,
    SetPrice,
    SpecialFunction,
    State,
    Status,
    Totals,
    Transaction,
    Widths,
    gilbarco,
)
from protocols.wire.gilbarco.codec import MAX_BLOCK, SILENCE_CHARS

SALE = bytes.fromhex(
    "FF F1 F8 EB E1 E0 E0 E2 F6 E2 F4 F7 E0 E7 E0 E1 F9 E0 E6 E3 E3 E2 E0 FA E0 E0 E0 E5 E2 E0 FB EC F0"
)
SOLD = Transaction((0xB, 1, 0, 0, 2), 2, 1, 1070, 23_360, 25_000)
NEWER = Widths(6, 8, 8)
NIBBLE = st.integers(0, 15)


def decoded(wire, sender=Role.DEVICE, protocol=PROTOCOL):
    decoder = protocol.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


def test_two_real_frames():
    seen = [vector.name for vector in PROTOCOL.vectors if vector.evidence is EvidenceClass.CAPTURE]
    assert seen == ["transaction", "special function"]
    assert (PROTOCOL.evidence, PROTOCOL.verified) == (EvidenceClass.THIRD_PARTY, False)


def test_the_captured_sale_fits_its_preset():
    """23.360 x 1.070 = 24.995, an amount preset of 25."""
    (sale,) = decoded(SALE)
    assert sale == SOLD
    assert len(SALE) == 33
    assert abs(sale.volume * sale.price - sale.money * 1000) < sale.price * 10


@pytest.mark.parametrize(
    ("wire", "sender", "why"),
    [
        ("FF E9 FE E0 E1 E0 FB EF F0", Role.HOST, "LRC EFh, expected EEh"),
        ("FF E9 FE E0 E1 E0 FB 0E F0", Role.HOST, "LRC 0Eh, expected EEh"),
        ("FF E9 FE E0 E1 E0 FB EE F1", Role.HOST, "block ends in F1h, expected F0h"),
        ("FF E9 01", Role.HOST, "01h in a block"),
        ("FF E9 F0", Role.HOST, "F0h in a block"),
        ("FF E9 FC", Role.HOST, "FCh in a block"),
        ("FF E9 FF", Role.HOST, "FFh in a block"),
        ("71", Role.HOST, "71h is no command"),
        ("11", Role.DEVICE, "11h is no status"),
        ("F6", Role.DEVICE, "F6h is no status"),
        ("FC", Role.DEVICE, "FCh is no status"),
        ("FF E9", Role.HOST, "incomplete at the end of the stream"),
    ],
)
def test_garbage_says_why(wire, sender, why):
    first = decoded(bytes.fromhex(wire), sender)[0]
    assert isinstance(first, Garbage)
    assert why in first.why


def test_what_does_not_belong_into_a_block_may_begin_the_next_message():
    broken = SALE[:9]
    assert [type(m) for m in decoded(broken + SALE)] == [Garbage, Transaction]
    assert decoded(broken + b"\x91")[1] == Status(State.BUSY, 1)
    assert decoded(b"\xff\xe5\xfc", Role.HOST)[1] == AllStop()


@pytest.mark.parametrize("place", range(1, len(SALE)))
def test_a_changed_nibble_is_seen(place):
    wire = bytearray(SALE)
    wire[place] ^= 0x01
    assert SOLD not in decoded(bytes(wire))


def test_the_lrc_does_not_see_the_order_of_digits():
    """A known weakness: two digits that change places give the same sum."""
    wire = bytearray(SALE)
    wire[17], wire[18] = wire[18], wire[17]
    (sale,) = decoded(bytes(wire))
    assert isinstance(sale, Transaction)
    assert sale.volume == 23_306


def test_digits_outside_a_block_stay_raw():
    assert decoded(b"\xe0\xe5\x91\xe2") == [Loose(b"\xe0\xe5"), Status(State.BUSY, 1), Loose(b"\xe2")]
    assert isinstance(decoded(b"\xe0", Role.HOST)[0], Garbage)


def test_a_block_of_no_known_form_is_kept():
    body = bytes.fromhex("F1 F8 E1 F9 E0")
    wire = PROTOCOL.encode(Block(body), Role.DEVICE)
    assert decoded(wire) == [Block(body)]
    letters = SALE.replace(b"\xe0\xe7\xe0\xe1", b"\xe0\xea\xe0\xe1")  # a price with a nibble A
    body = letters[1:-3]
    assert decoded(PROTOCOL.encode(Block(body), Role.DEVICE)) == [Block(body)]


@pytest.mark.parametrize("sender", Role)
def test_digits_before_the_first_word_are_kept(sender):
    body = bytes.fromhex("E9 E9") + PROTOCOL.encode(Totals((HoseTotals(0, 0, 0, 0, 0),)), Role.DEVICE)[1:-3]
    assert decoded(PROTOCOL.encode(Block(body), sender), sender) == [Block(body)]


def test_totals_take_thirty_bytes_a_hose():
    hoses = tuple(HoseTotals(n, n, n, n, n) for n in range(3))
    wire = PROTOCOL.encode(Totals(hoses), Role.DEVICE)
    assert len(wire) == 4 + 30 * 3
    assert decoded(wire) == [Totals(hoses)]


def test_newer_widths_are_a_protocol_of_their_own():
    newer = gilbarco(NEWER)
    for check in (testing.check_specification, testing.check_vectors, testing.check_round_trip):
        check(newer)
    sale = Transaction((1,), 1, 1, 123_456, 12_345_678, 99_999_999)
    wire = newer.encode(sale, Role.DEVICE)
    assert decoded(wire, protocol=newer) == [sale]
    assert isinstance(decoded(wire)[0], Block)


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Command(Code.STATUS, 0), Role.HOST),
        (Command(Code.STATUS, 17), Role.HOST),
        (Command(Code.STATUS, 1), Role.DEVICE),
        (Status(State.OFF, 1), Role.HOST),
        (SetPrice(3, 0, 1), Role.HOST),
        (SetPrice(1, 16, 1), Role.HOST),
        (SetPrice(1, 0, 10_000), Role.HOST),
        (SetPrice(1, 0, 1, 16), Role.HOST),
        (SetPrice(1, 0, 1), Role.DEVICE),
        (Preset(True, 1_000_000), Role.HOST),
        (SpecialFunction((16,)), Role.HOST),
        (SOLD, Role.HOST),
        (Transaction((), 0, 1, 0, 0, 0, second=6), Role.DEVICE),  # would be read as totals
        (Totals(()), Role.DEVICE),
        (Totals((HoseTotals(0, 0, 0, 0, 0),) * 7), Role.DEVICE),
        (Block(b"\xfb"), Role.DEVICE),
        (Block(b"\xe0" * MAX_BLOCK), Role.DEVICE),
        (Block(SALE[1:-3]), Role.DEVICE),  # has a form of its own
        (Loose(b""), Role.DEVICE),
        (Loose(b"\x01"), Role.DEVICE),
        (AllStop(), Role.DEVICE),
    ],
)
def test_what_does_not_fit_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="Gilbarco"):
        PROTOCOL.encode(message, sender)


def test_an_endless_block_is_given_up():
    (message,) = decoded(b"\xff" + b"\xf9" * 1000)[:1]
    assert isinstance(message, Garbage)
    assert "no LRC within" in message.why


def test_silence_ends_a_block_that_was_begun():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(SALE[:5]) == []
    assert decoder.silence(SILENCE_CHARS - 1) == []
    (broken,) = decoder.silence(SILENCE_CHARS)
    assert isinstance(broken, Garbage)
    assert decoder.feed(SALE) == [SOLD]


DIGITS = {4: st.integers(0, 9999), 6: st.integers(0, 999_999)}
HOST = st.one_of(
    st.builds(Command, st.sampled_from(Code), st.integers(1, 16)),
    st.builds(SetPrice, st.integers(1, 2), NIBBLE, DIGITS[4], NIBBLE),
    st.builds(Preset, st.booleans(), DIGITS[6], st.integers(1, 2), st.none() | NIBBLE, NIBBLE),
    st.builds(SpecialFunction, st.lists(NIBBLE, max_size=20).map(tuple), NIBBLE),
)
DEVICE = st.one_of(
    st.builds(Status, st.sampled_from(State), st.integers(1, 16)),
    st.builds(
        Transaction, st.lists(NIBBLE, max_size=8).map(tuple), NIBBLE, st.integers(1, 2), DIGITS[4], DIGITS[6], DIGITS[6],
        st.sampled_from([1, 2]),
    ),
)  # fmt: skip


@given(st.lists(HOST, max_size=5), st.data())
def test_the_master_s_messages_round_trip_however_they_are_cut(messages, data):
    wire = b"".join(PROTOCOL.encode(message, Role.HOST) for message in messages)
    assert decoded(wire, Role.HOST) == messages
    testing.check_split_invariance(PROTOCOL, Role.HOST, wire, data.draw(st.lists(st.integers(0, 200), max_size=6)))


@given(st.lists(DEVICE, max_size=5))
def test_the_pump_s_messages_round_trip(messages):
    wire = b"".join(PROTOCOL.encode(message, Role.DEVICE) for message in messages)
    assert decoded(wire) == messages
