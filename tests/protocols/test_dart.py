"""DART framing, transactions and session beyond the contract (protocols.md 4.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.checks import crc16_arc
from protocols.contract import EvidenceClass, Garbage, ProtocolError, Role
from protocols.wire.dart import (
    PROTOCOL,
    AllowedNozzles,
    Command,
    CommandCode,
    Control,
    ControlKind,
    Data,
    Filled,
    NozzlePrice,
    PresetAmount,
    PresetVolume,
    Prices,
    PumpState,
    Remainder,
    Status,
    Totals,
    Unknown,
    encode,
)
from protocols.wire.dart.decode import MAX_FRAME, SILENCE_CHARS
from protocols.wire.dart.session import (
    Event,
    HostSale,
    SequenceIn,
    SequenceOut,
    acknowledge,
    after_command,
    after_event,
)

POLL = bytes.fromhex("50 20 FA")


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return decoder.feed(wire) + decoder.close()


def frame(body):
    crc = crc16_arc(body).to_bytes(2, "little")
    return (body + crc).replace(b"\xfa", b"\x10\xfa") + b"\x03\xfa"


def test_nine_captured_frames():
    assert sum(vector.evidence is EvidenceClass.CAPTURE for vector in PROTOCOL.vectors) == 9


@pytest.mark.parametrize("wrong", ["50 33 65 01 02 62 C6 03 FA", "51 35 01 01 05 DA CB 03 FA"])
def test_frames_known_to_be_wrong_are_refused(wrong):
    (message,) = read(bytes.fromhex(wrong))
    assert isinstance(message, Garbage)
    assert "CRC" in message.why


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        ("FA", "too short"),
        ("50 FA", "too short"),
        ("4F 20 FA", "address 4Fh"),
        ("70 20 FA", "address 70h"),
        ("50 30 FA", "none of a control frame"),
        ("50 F0 FA", "none of a control frame"),
        ("50 20 00 FA", "none of a data frame"),
        ("50 30 03 FA", "too short"),
        ("50 30 01 01 05 5F 5F 04 FA", "04h before FAh"),
        ("50 30 01 01 05 5E 5F 03 FA", "CRC 5F5Eh, expected 5F5Fh"),
        ("50 30 01 01", "end of the stream"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(bytes.fromhex(wire), Role.HOST)
    assert isinstance(message, Garbage)
    assert why in message.why
    assert message.raw == bytes.fromhex(wire)


@pytest.mark.parametrize(
    ("body", "sender", "transactions"),
    [
        ("01 01 05", Role.HOST, (Command(CommandCode.RESET),)),
        ("01 01 05", Role.DEVICE, (Status(PumpState.COMPLETE),)),
        ("01 01 07", Role.HOST, (Unknown(1, b"\x07"),)),
        ("01 01 03", Role.DEVICE, (Unknown(1, b"\x03"),)),
        ("01 02 05 05", Role.HOST, (Unknown(1, b"\x05\x05"),)),
        ("02 00", Role.HOST, (AllowedNozzles(()),)),
        ("03 04 00 00 12 34", Role.HOST, (PresetVolume(1234),)),
        ("04 04 00 00 12 3A", Role.HOST, (Unknown(4, b"\x00\x00\x12\x3a"),)),
        ("05 06 00 12 34 99 99 99", Role.HOST, (Prices((1234, 999999)),)),
        ("03 04 00 12 34 F5", Role.DEVICE, (NozzlePrice(1234, 5, True, 0xE0),)),
        ("02 08 00 00 00 0F 00 00 00 00", Role.DEVICE, (Unknown(2, b"\x00\x00\x00\x0f\x00\x00\x00\x00"),)),
        ("65 10 02" + "00 00 00 00 01" * 3, Role.DEVICE, (Totals(2, (1, 1, 1)),)),
        ("63 01 00", Role.DEVICE, (Unknown(0x63, b"\x00"),)),
        ("01 01 01 02", Role.DEVICE, (Status(PumpState.RESET), Remainder(b"\x02"))),
        ("01 05 01", Role.DEVICE, (Remainder(b"\x01\x05\x01"),)),
        ("", Role.DEVICE, ()),
    ],
)
def test_transactions(body, sender, transactions):
    wire = frame(b"\x51\x3b" + bytes.fromhex(body))
    assert read(wire, sender) == [Data(0x51, 11, transactions)]
    assert encode(Data(0x51, 11, transactions), sender) == wire


@given(body=st.binary(max_size=200), seq=st.integers(0, 15), sender=st.sampled_from(Role))
def test_every_frame_with_a_good_crc_round_trips(body, seq, sender):
    wire = frame(bytes((0x5A, 0x30 | seq)) + body)
    (message,) = read(wire, sender)
    assert isinstance(message, Data)
    assert encode(message, sender) == wire


def test_the_10h_before_an_fah_is_dropped_and_other_10h_stay():
    message = Data(0x50, 0, (Unknown(0x40, b"\x10\x10\xfa\x10"),))
    wire = encode(message, Role.HOST)
    assert b"\x10\x10\x10\xfa\x10" in wire
    assert read(wire, Role.HOST) == [message]


def test_in_step_again_after_noise():
    good = encode(Data(0x50, 1, (Filled(428, 3477),)), Role.DEVICE)
    first, second, third = read(b"\x00\x99" + POLL + POLL + good)
    assert first == Garbage(b"\x00\x99" + POLL, first.why)
    assert second == Control(0x50, ControlKind.POLL)
    assert third == Data(0x50, 1, (Filled(428, 3477),))


def test_an_endless_frame_is_garbage_up_to_its_end():
    longest = encode(Data(0x50, 0, (Unknown(0x40, b"\xfa" * 255), Unknown(0x40, b"\xfa" * 248))), Role.HOST)
    assert len(longest) <= MAX_FRAME
    assert len(read(longest, Role.HOST)) == 1
    decoder = PROTOCOL.decoder(Role.HOST)
    messages = decoder.feed(b"\x50" * (MAX_FRAME + 1)) + decoder.feed(b"\x10") + decoder.feed(b"\xfa\x20\xfa" + POLL)
    assert [type(message) for message in messages] == [Garbage, Garbage, Garbage, Control]
    assert b"".join(message.raw for message in messages[:3]) == b"\x50" * (MAX_FRAME + 1) + b"\x10\xfa\x20\xfa"


def test_silence_ends_a_frame():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(b"\x50\x31\x01") == []
    assert decoder.silence(SILENCE_CHARS - 1) == []
    (broken,) = decoder.silence(SILENCE_CHARS)
    assert broken == Garbage(b"\x50\x31\x01", broken.why)
    assert decoder.feed(b"\x50\x70\xfa") == [Control(0x50, ControlKind.EOT)]


@pytest.mark.parametrize(
    ("message", "sender", "text"),
    [
        (Control(0x4F, ControlKind.POLL), Role.HOST, "50h-6Fh, got 4Fh"),
        (Control(0x50, ControlKind.POLL, 16), Role.HOST, "0-15, got 16"),
        (Data(0x50, 0, (Status(PumpState.RESET),)), Role.HOST, "only the pump"),
        (Data(0x50, 0, (Command(CommandCode.RESET),)), Role.DEVICE, "only the master"),
        (Data(0x50, 0, (PresetAmount(100_000_000),)), Role.HOST, "99999999"),
        (Data(0x50, 0, (Filled(-1, 0),)), Role.DEVICE, "got -1"),
        (Data(0x50, 0, (Prices(()),)), Role.HOST, "at least one"),
        (Data(0x50, 0, (NozzlePrice(1, 16, False),)), Role.DEVICE, "nozzle 0-15"),
        (Data(0x50, 0, (NozzlePrice(1, 1, False, 0x10),)), Role.DEVICE, "E0h"),
        (Data(0x50, 0, (Totals(1, (1, 2)),)), Role.DEVICE, "3 counters"),
        (Data(0x50, 0, (AllowedNozzles((256,)),)), Role.HOST, "0-255"),
        (Data(0x50, 0, (Unknown(1, b"\x05"),)), Role.HOST, "no known meaning"),
        (Data(0x50, 0, (Unknown(0x40, bytes(256)),)), Role.HOST, "at most 255"),
        (Data(0x50, 0, (Remainder(b"\x01"), Unknown(0x40, b""))), Role.HOST, "last transaction"),
        (Data(0x50, 0, (Remainder(b"\x01\x01\x05"),)), Role.HOST, "cut end"),
        (Data(0x50, 0, (Unknown(0x40, bytes(255)),) * 5), Role.HOST, "at most 1024"),
    ],
)
def test_what_does_not_fit_is_refused(message, sender, text):
    with pytest.raises(ProtocolError, match=text):
        encode(message, sender)


def test_own_sequence_counts_to_f_then_1():
    numbers = SequenceOut()
    assert [numbers.take() for _ in range(18)] == [*range(16), 1, 2]
    numbers.restart()
    assert numbers.take() == 0
    assert SequenceOut(1).take() == 1


def test_a_repeat_is_a_duplicate_and_any_change_is_news():
    seen = SequenceIn()
    frames = [Data(0x50, seq, ()) for seq in (5, 5, 6, 15, 1, 0, 0)]
    assert [seen.is_new(one) for one in frames] == [True, False, True, True, True, True, False]
    seen.forget()
    assert seen.is_new(frames[-1])
    assert acknowledge(frames[0]) == Control(0x50, ControlKind.ACK, 5)


S, C = PumpState, CommandCode


def test_authorise_only_from_reset():
    allowed = [state for state in S if after_command(state, C.AUTHORISE) is not None]
    assert allowed == [S.RESET]


@pytest.mark.parametrize("state", S)
def test_questions_change_nothing_and_off_always_works(state):
    assert all(
        after_command(state, code) is state
        for code in (C.STATUS, C.PARAMETERS, C.IDENTITY, C.FILLING_INFO, C.ALL_PRICES)
    )
    assert after_command(state, C.OFF) is S.OFF


def test_a_running_sale_cannot_be_reset():
    assert all(after_command(state, C.RESET) is None for state in (S.AUTHORISED, S.FILLING, S.SUSPENDED))


def test_a_sale_runs_through_its_states():
    state = S.COMPLETE
    for step, expected in [
        (C.RESET, S.RESET),
        (C.AUTHORISE, S.AUTHORISED),
        (Event.FLOW_STARTED, S.FILLING),
        (C.SUSPEND, S.SUSPENDED),
        (C.RESUME, S.FILLING),
        (Event.LIMIT_REACHED, S.LIMIT_REACHED),
        (Event.NOZZLE_RETURNED, S.COMPLETE),
    ]:
        after = after_command(state, step) if isinstance(step, C) else after_event(state, step)
        assert after is expected
        state = after
    assert after_event(S.RESET, Event.FLOW_STARTED) is None


def test_the_master_sets_a_sale_up_in_order():
    sale = HostSale((8123,), (1,), PresetAmount(5000))
    state = S.COMPLETE
    assert sale.next(None) == Command(C.STATUS)
    sale.acknowledged()
    sent = []
    while not sale.authorised:
        transaction = sale.next(state)
        assert transaction is not None
        sent.append(transaction)
        sale.acknowledged()
        if isinstance(transaction, Command):
            state = after_command(state, transaction.code)
    assert sent == [Command(C.RESET), Prices((8123,)), AllowedNozzles((1,)), PresetAmount(5000), Command(C.AUTHORISE)]
    for state, finished in [(S.RESET, False), (S.AUTHORISED, False), (S.FILLING, False), (S.LIMIT_REACHED, False)]:
        assert sale.next(state) is None
        assert sale.finished is finished
    sale.next(S.COMPLETE)
    assert sale.finished


def test_the_master_waits_for_the_state_it_needs():
    sale = HostSale((1,), (1,))
    assert sale.next(S.FILLING) is None
    assert sale.next(S.COMPLETE) == Command(C.RESET)
    sale.acknowledged()
    assert sale.next(S.COMPLETE) is None
    assert sale.next(S.RESET) == Prices((1,))
