"""SCPI over serial lines and sockets, controller and instrument (protocols.md 6.4)."""

from collections.abc import Sequence

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.scpi.codec import MAX_BLOCK, decoder, encode
from protocols.wire.scpi.headers import Unit, matches, units
from protocols.wire.scpi.messages import Block, Program, Reply
from protocols.wire.scpi.pairs import pairs, quantity
from protocols.wire.scpi.values import INFINITY, NOT_A_NUMBER, ErrorEntry, Identity, error_entry, identity, number

_SOURCE = "protocols.md 6.4 [V][S33]"
_RIGOL = "Rigol DG1000Z Programming Guide, p. 2-83: return format of BURSt:INTernal:PERiod?"
_GUIDE = "Keysight 53220A/53230A Programmer's Reference, p. 376: typical response"


def _vector(name: str, sender: Role, wire: bytes, message: Message, source: str, evidence: EvidenceClass) -> Vector:
    return Vector(name, sender, wire, (message,), source, evidence)


_STANDARD, _VENDOR, _DERIVED = EvidenceClass.STANDARD, EvidenceClass.VENDOR, EvidenceClass.DERIVED
_VECTORS = (
    _vector("identify", Role.HOST, b"*IDN?\n", Program("*IDN?"), _SOURCE, _STANDARD),
    _vector("empty error queue", Role.DEVICE, b'+0,"No error"\n', Reply('+0,"No error"'), _SOURCE, _VENDOR),
    _vector("operation complete", Role.DEVICE, b"1\n", Reply("1"), _SOURCE, _STANDARD),
    _vector("a count", Role.DEVICE, b"+1.21510000000000E+004\n", Reply("+1.21510000000000E+004"), _GUIDE, _VENDOR),
    _vector("a block", Role.DEVICE, b"#15hel\nl\n", Block(b"hel\nl", 1), f"block rule of {_SOURCE}", _DERIVED),
    _vector("timed totalise", Role.HOST, b"CONF:TOT:TIM 1,(@1)\n", Program("CONF:TOT:TIM 1,(@1)"), _SOURCE, _VENDOR),
    _vector("no reading", Role.DEVICE, b"9.91E37\n", Reply("9.91E37"), _SOURCE, _STANDARD),
    _vector("cycles of a burst", Role.HOST, b"BURS:NCYC 100\n", Program("BURS:NCYC 100"), _SOURCE, _VENDOR),
    _vector("seven digits", Role.DEVICE, b"1.000000E-01\n", Reply("1.000000E-01"), _RIGOL, _VENDOR),
    _vector(
        "pairs",
        Role.HOST,
        b"C1:BSWV WVTP,PULSE\n",
        Program("C1:BSWV WVTP,PULSE"),
        f"{_SOURCE}, Siglent SDG [U]",
        _DERIVED,
    ),
)


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        return [Program(""), Program("*RST;*CLS", cr=True), Program('DISP:TEXT "a;b"'), Program("SYST:ERR?;VERS?")]
    replies: list[Message] = [Reply(""), Reply("+9.91E+37"), Reply("1;+0", cr=True), Reply("#H1F"), Reply("#0")]
    return [*replies, Block(b"", 1), Block(bytes(range(256)), 3), Block(b"\r\n", 9, cr=True)]


PROTOCOL = WireProtocol(
    name="scpi",
    version=1,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=MAX_BLOCK + 16,
    evidence=EvidenceClass.STANDARD,
    verified=True,
    reference="protocols.md 6.4 [V]: IEEE 488.2 lines and definite blocks; exchanged with pyvisa-py in the tests",
)

__all__ = [
    "INFINITY", "NOT_A_NUMBER", "PROTOCOL", "Block", "ErrorEntry", "Identity", "Program", "Reply", "Unit",
    "error_entry", "identity", "matches", "number", "pairs", "quantity", "units",
]  # fmt: skip
