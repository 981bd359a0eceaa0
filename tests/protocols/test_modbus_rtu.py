"""Modbus RTU beyond the contract (protocols.md 6.5): framing by function and by silence, numbers in registers."""

import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.checks import crc16_modbus
from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.modbus_rtu import (
    COIL_ON,
    PROTOCOL,
    Bits,
    NumberType,
    Read,
    Refusal,
    Registers,
    Unlisted,
    WordOrder,
    WriteCoil,
    WriteCoils,
    WriteRegisters,
    Written,
    number,
    words,
)

HIGH, LOW = WordOrder.HIGH_FIRST, WordOrder.LOW_FIRST


def frame(body):
    return body + crc16_modbus(body).to_bytes(2, "little")


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        ("01 03 04 40 49 0F D0 3A 48", "CRC 483Ah, expected 493Ah"),
        ("00 03 02 00 01", "00h is no unit address"),
        ("F8", "F8h is no unit address"),
        ("01 03 03 00 00 00", "3 bytes of data after function 3"),
        ("01 80 01", "80h is no function"),
        ("01 03 04 40 49", "incomplete at the silence"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    first, *_ = read(bytes.fromhex(wire))
    assert isinstance(first, Garbage)
    assert why in first.why


def test_a_wrong_byte_count_of_a_request_is_no_frame():
    (message,) = read(frame(bytes.fromhex("01 10 00 00 00 02 02 00 01")), Role.HOST)
    assert isinstance(message, Garbage)
    assert "2 values in 2 bytes" in message.why


def test_an_answer_behind_a_broken_one_is_found_at_the_silence():
    whole = PROTOCOL.encode(Registers(1, 3, (7,)), Role.DEVICE)
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(bytes.fromhex("01 03 FA") + whole) == []  # it could be the head of 250 bytes of data
    assert decoder.silence(3.0) == []
    garbage, message = decoder.silence(3.5)
    assert garbage.raw == bytes.fromhex("01 03 FA")
    assert message == Registers(1, 3, (7,))


def test_silence_alone_ends_a_function_of_unknown_length():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(frame(b"\x01\x11\x02\xff\xff")) == []
    assert decoder.silence(4) == [Unlisted(1, 17, b"\x02\xff\xff")]


def test_counts_a_device_must_refuse_can_be_said():
    for count in (0, 126, 0xFFFF):
        assert read(PROTOCOL.encode(Read(1, 3, 0, count), Role.HOST), Role.HOST) == [Read(1, 3, 0, count)]
    assert read(PROTOCOL.encode(WriteCoil(1, 0, 0x5500), Role.HOST), Role.HOST) == [WriteCoil(1, 0, 0x5500)]


@pytest.mark.parametrize(
    ("message", "sender", "why"),
    [
        (Read(248, 3, 0, 1), Role.HOST, "0 to 247"),
        (Registers(0, 3, (1,)), Role.DEVICE, "1 to 247"),
        (Read(1, 5, 0, 1), Role.HOST, "expected function 1 or 2 or 3 or 4"),
        (Read(1, 3, 65536, 1), Role.HOST, "16-bit"),
        (WriteRegisters(1, 0, tuple(range(124))), Role.HOST, "1 to 123"),
        (WriteCoils(1, 0, 9, b"\x00"), Role.HOST, "2 bytes for 9 coils"),
        (Bits(1, 1, b""), Role.DEVICE, "1 to 250"),
        (Unlisted(1, 3, b""), Role.HOST, "use its own message"),
        (Refusal(1, 3, 2), Role.HOST, "a message of the host"),
        (Written(1, 6, 0, 1), Role.DEVICE, "15 or 16"),
    ],
)
def test_what_does_not_fit_is_refused(message, sender, why):
    with pytest.raises(ProtocolError, match=why):
        PROTOCOL.encode(message, sender)


def test_bits_and_reasons():
    assert [Bits(1, 1, b"\x05\x80").bit(n) for n in (0, 1, 2, 15)] == [True, False, True, True]
    assert Refusal(1, 3, 2).reason == "no such address"
    assert Refusal(1, 3, 11).reason == "exception 11"
    assert WriteCoil(1, 0, COIL_ON).value == 0xFF00


def test_the_float_of_the_vector():
    assert number((0x4049, 0x0FD0), NumberType.FLOAT32, HIGH) == Decimal("3.14159")
    assert number((0x0FD0, 0x4049), NumberType.FLOAT32, LOW) == Decimal("3.14159")


def test_signed_temperatures():
    assert number((0xFFCE,), NumberType.INT16, HIGH) == Decimal(-50)
    assert number((0xFFCE,), NumberType.UINT16, HIGH) == Decimal(65486)


@pytest.mark.parametrize("raw", [(0x7FC0, 0), (0x7F80, 0), (0xFF80, 0), (0x7F80, 1)])
def test_what_is_no_number_is_an_error(raw):
    with pytest.raises(ProtocolError, match="expected a finite number"):
        number(raw, NumberType.FLOAT32, HIGH)


def test_too_few_registers():
    with pytest.raises(ProtocolError, match="expected 4 registers, got 2"):
        number((1, 2), NumberType.FLOAT64, HIGH)


def test_what_a_register_cannot_hold():
    for value, kind in ((65536, NumberType.UINT16), (-1, NumberType.UINT32), (1e39, NumberType.FLOAT32)):
        with pytest.raises(ProtocolError, match="it can hold"):
            words(value, kind, HIGH)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from(WordOrder))
def test_a_float32_reads_back_exactly(value, order):
    text = number(words(value, NumberType.FLOAT32, order), NumberType.FLOAT32, order)
    assert struct.pack(">f", float(text)) == struct.pack(">f", value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(WordOrder))
def test_a_float64_reads_back_exactly(value, order):
    assert float(number(words(value, NumberType.FLOAT64, order), NumberType.FLOAT64, order)) == value


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.sampled_from(WordOrder))
def test_an_int32_reads_back_exactly(value, order):
    assert number(words(value, NumberType.INT32, order), NumberType.INT32, order) == value
