"""DART messages to bytes (protocols.md 4.1)."""

from __future__ import annotations

from protocols.checks import crc16_arc
from protocols.contract import Message, ProtocolError, Role
from protocols.wire.dart.decode import DATA, DLE, ETX, MAX_FRAME, SF, read_transaction, split_transactions
from protocols.wire.dart.messages import (
    FIRST_ADDRESS,
    LAST_ADDRESS,
    Alarm,
    AllowedNozzles,
    Command,
    Control,
    Data,
    Filled,
    Identity,
    NozzlePrice,
    Parameters,
    PresetAmount,
    PresetVolume,
    Prices,
    Remainder,
    RequestTotals,
    ResumeNozzle,
    Status,
    SuspendNozzle,
    Totals,
    Transaction,
    Unknown,
)

_HOST = (Command, AllowedNozzles, PresetVolume, PresetAmount, Prices, SuspendNozzle, ResumeNozzle, RequestTotals)
_DEVICE = (Status, Filled, NozzlePrice, Alarm, Parameters, Identity, Totals)


def encode(message: Message, sender: Role) -> bytes:
    """The frame of `message` as `sender` puts it on the line; ProtocolError when a field does not fit."""
    if isinstance(message, Control):
        return bytes((_address(message.address), message.kind | _seq(message.seq), SF))
    if not isinstance(message, Data):
        raise ProtocolError(f"DART: expected Control or Data, got {type(message).__name__}")
    head = bytes((_address(message.address), DATA | _seq(message.seq)))
    body = head + b"".join(_parts(message.transactions, sender))
    stuffed = (body + crc16_arc(body).to_bytes(2, "little")).replace(bytes((SF,)), bytes((DLE, SF)))
    frame = stuffed + bytes((ETX, SF))
    if len(frame) > MAX_FRAME:
        raise ProtocolError(f"DART data frame: expected at most {MAX_FRAME} bytes, got {len(frame)}; send it in parts")
    return frame


def _parts(transactions: tuple[Transaction, ...], sender: Role) -> list[bytes]:
    parts = []
    for place, transaction in enumerate(transactions):
        if isinstance(transaction, Remainder):
            whole = split_transactions(transaction.raw, sender)
            if place != len(transactions) - 1 or whole != (transaction,):
                raise ProtocolError("DART Remainder: expected the cut end of a frame as the last transaction")
            parts.append(transaction.raw)
            continue
        code, payload = _payload(transaction, sender)
        if len(payload) > 255:
            raise ProtocolError(f"DART transaction {code:02X}: expected at most 255 payload bytes, got {len(payload)}")
        parts.append(bytes((code, len(payload))) + payload)
    return parts


def _payload(transaction: Transaction, sender: Role) -> tuple[int, bytes]:
    kind = type(transaction).__name__
    if isinstance(transaction, _HOST) and sender is not Role.HOST:
        raise ProtocolError(f"DART {kind}: only the master sends it, got sender {sender}")
    if isinstance(transaction, _DEVICE) and sender is not Role.DEVICE:
        raise ProtocolError(f"DART {kind}: only the pump sends it, got sender {sender}")
    match transaction:
        case Command(code):
            return 0x01, _byte(code, kind)
        case AllowedNozzles(nozzles):
            return 0x02, b"".join(_byte(nozzle, kind) for nozzle in nozzles)
        case PresetVolume(digits):
            return 0x03, bcd(digits, 4, kind)
        case PresetAmount(digits):
            return 0x04, bcd(digits, 4, kind)
        case Prices(prices):
            if not prices:
                raise ProtocolError("DART Prices: expected at least one price, got none")
            return 0x05, b"".join(bcd(price, 3, kind) for price in prices)
        case SuspendNozzle(nozzle):
            return 0x0E, _byte(nozzle, kind)
        case ResumeNozzle(nozzle):
            return 0x0F, _byte(nozzle, kind)
        case RequestTotals(nozzle):
            return 0x65, _byte(nozzle, kind)
        case Status(state):
            return 0x01, _byte(state, kind)
        case Filled(volume, amount):
            return 0x02, bcd(volume, 4, kind) + bcd(amount, 4, kind)
        case NozzlePrice():
            return 0x03, bcd(transaction.price, 3, kind) + _nozzle_byte(transaction)
        case Alarm(code):
            return 0x05, _byte(code, kind)
        case Parameters(raw):
            return 0x07, raw
        case Identity(raw):
            return 0x09, raw
        case Totals(nozzle, counters):
            if len(counters) != 3:
                raise ProtocolError(f"DART Totals: expected 3 counters, got {len(counters)}")
            return 0x65, _byte(nozzle, kind) + b"".join(bcd(counter, 5, kind) for counter in counters)
        case Unknown(code, payload):
            _byte(code, kind)
            understood = read_transaction(code, payload, sender)
            if understood != transaction:
                raise ProtocolError(f"DART Unknown {code:02X}: expected bytes of no known meaning, got {understood}")
            return code, payload
    raise ProtocolError(f"DART: expected a transaction, got {kind}")


def _nozzle_byte(message: NozzlePrice) -> bytes:
    if not 0 <= message.nozzle <= 0x0F or message.other_bits & ~0xE0:
        raise ProtocolError(
            f"DART NozzlePrice: expected nozzle 0-15 and other bits inside E0h, got {message.nozzle} "
            f"and {message.other_bits:#x}"
        )
    return bytes((message.nozzle | (0x10 if message.lifted else 0) | message.other_bits,))


def bcd(value: int, size: int, what: str) -> bytes:
    """`value` as packed BCD of `size` bytes, most significant digits first."""
    if not 0 <= value < 100**size:
        raise ProtocolError(f"DART {what}: expected 0 to {100**size - 1} ({2 * size} BCD digits), got {value}")
    return bytes.fromhex(f"{value:0{2 * size}d}")


def _byte(value: int, what: str) -> bytes:
    if not 0 <= value <= 0xFF:
        raise ProtocolError(f"DART {what}: expected a byte 0-255, got {value}")
    return bytes((value,))


def _address(value: int) -> int:
    if not FIRST_ADDRESS <= value <= LAST_ADDRESS:
        raise ProtocolError(f"DART address: expected {FIRST_ADDRESS:02X}h-{LAST_ADDRESS:02X}h, got {value:02X}h")
    return value


def _seq(value: int) -> int:
    if not 0 <= value <= 0x0F:
        raise ProtocolError(f"DART sequence: expected 0-15, got {value}")
    return value
