"""Modbus RTU, master and slave (protocols.md 6.5): functions 01 to 08, 15 and 16, exceptions."""

from collections.abc import Sequence

from protocols.contract import EvidenceClass, LineSettings, Message, Role, WireProtocol
from protocols.wire.modbus_rtu.codec import HIGHEST_UNIT, MAX_FRAME, SILENCE_CHARS, decoder, encode
from protocols.wire.modbus_rtu.messages import (
    COIL_OFF,
    COIL_ON,
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Bits,
    Diagnose,
    ExceptionStatus,
    Read,
    ReadExceptionStatus,
    Refusal,
    Registers,
    Unlisted,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
    Written,
)
from protocols.wire.modbus_rtu.values import NumberType, WordOrder, number, words
from protocols.wire.modbus_rtu.vectors import VECTORS


def _examples(sender: Role) -> Sequence[Message]:
    both: list[Message] = [WriteCoil(1, 0, COIL_ON), WriteCoil(9, 0xFFFF, 0x5500), WriteRegister(247, 7, 0xFFFF)]
    both.append(Diagnose(1, 0, 0xA537))
    if sender is Role.HOST:
        reads: list[Message] = [Read(1, function, 0xFFFF, 125) for function in (1, 2, 3, 4)]
        writes: list[Message] = [
            WriteCoils(1, 0, 1, b"\x01"), WriteCoils(1, 5, 1968, bytes(246)),
            WriteRegisters(0, 0, (1,)), WriteRegisters(1, 3, tuple(range(123))),
        ]  # fmt: skip
        return both + reads + writes + [ReadExceptionStatus(1)]
    answers: list[Message] = [Bits(1, 1, b"\xff"), Bits(1, 2, bytes(250)), Registers(1, 3, (0, 0xFFFF))]
    answers += [Registers(247, 4, tuple(range(125))), ExceptionStatus(1, 0x6D), Written(1, 15, 0, 2000)]
    answers += [Written(1, 16, 0xFFFF, 1), Refusal(1, 3, 2), Refusal(1, 127, 255)]
    return both + answers


PROTOCOL = WireProtocol(
    name="modbus-rtu",
    version=1,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=VECTORS,
    max_message=MAX_FRAME,
    evidence=EvidenceClass.CAPTURE,
    verified=False,
    reference="protocols.md 6.5 [C][T]: recomputed vectors, exchanged with pymodbus in the tests; the standard not opened",
)

__all__ = [
    "COIL_OFF", "COIL_ON", "DEVICE_FAILURE", "HIGHEST_UNIT", "ILLEGAL_ADDRESS", "ILLEGAL_FUNCTION", "ILLEGAL_VALUE",
    "MAX_FRAME", "PROTOCOL", "SILENCE_CHARS", "Bits", "Diagnose", "ExceptionStatus", "NumberType", "Read",
    "ReadExceptionStatus", "Refusal", "Registers", "Unlisted", "WordOrder", "WriteCoil", "WriteCoils", "WriteRegister",
    "WriteRegisters", "Written", "number", "words",
]  # fmt: skip
