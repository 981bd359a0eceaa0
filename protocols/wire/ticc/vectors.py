"""Lines of a TICC (protocols.md 6.3) and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.ticc.messages import Break, Comment, Debug, Difference, Interval, Poll, Stamp

_MANUAL = "protocols.md 6.3 [S31]: TAPR TICC user manual and firmware, sample line"
_FORM = "protocols.md 6.3 [S31]: form of the line; the number is ours"


def _line(name: str, text: str, message: Message, source: str, evidence: EvidenceClass) -> Vector:
    return Vector(name, Role.DEVICE, text.encode("ascii") + b"\r\n", (message,), source, evidence)


VECTORS: tuple[Vector, ...] = (
    _line("timestamp", "402.342588195696 chA", Stamp("402.342588195696", "A"), _MANUAL, EvidenceClass.VENDOR),
    _line(
        "debug",
        "000848 001271 001000 001839 036830 73240178 0.000099976974 7324.017700023026 chA",
        Debug(848, 1271, 1000, 1839, 36830, 73240178, "0.000099976974", "7324.017700023026", "A"),
        _MANUAL,
        EvidenceClass.VENDOR,
    ),
    _line("interval", "-0.000012345678 TI(A->B)", Interval("-0.000012345678"), _FORM, EvidenceClass.DERIVED),
    _line(
        "TimeLab", "17.000012345678 chC (B - A)", Difference("17.000012345678", "B - A"), _FORM, EvidenceClass.DERIVED
    ),
    _line(
        "banner",
        "# TAPR TICC Timestamping Counter",
        Comment("# TAPR TICC Timestamping Counter"),
        _FORM,
        EvidenceClass.DERIVED,
    ),
    _line("empty line of the banner", "", Comment(""), _FORM, EvidenceClass.DERIVED),
    Vector("poll and break", Role.HOST, b"P#", (Poll(0x50), Break()), _FORM, EvidenceClass.DERIVED),
)

_DEVICE: tuple[Message, ...] = (
    Comment(""),
    Comment("#"),
    Comment("# timestamp (seconds with 11 decimal places)"),
    Stamp("0", "A"),
    Stamp("2147483647.999999999999", "B"),
    Stamp("02.34258819569", "1"),
    Stamp("-1.5", "A"),
    Interval("0.0"),
    Interval("-0.000000000001"),
    Difference("3.999", "int(B) + (B - A)"),
    Debug(0, 0, 0, 0, 0, 0, "0", "0", "B"),
    Debug(999999, 1, 2, 3, 4, 10**17, "0.000099976974", "7324.017700023026", "A"),
)
_HOST: tuple[Message, ...] = (Break(), Poll(0), Poll(0x50), Poll(255))


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind `sender` can send, edge values included."""
    return _HOST if sender is Role.HOST else _DEVICE
