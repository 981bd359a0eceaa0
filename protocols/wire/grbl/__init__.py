"""GRBL 1.1, the motion controller of a bench: one axis loads weights, one presses keys (protocols.md 6.6).

Not `lossless`: the controller takes real-time bytes out of the middle of a line and CR for LF, and so does the decoder of
the host's side; what the controller says keeps every byte.
"""

from collections.abc import Sequence
from decimal import Decimal

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.grbl.codec import MAX_LINE, decoder, encode
from protocols.wire.grbl.messages import (
    CHECK_MODE,
    HOME,
    PLANNER_BLOCKS,
    RX_BUFFER,
    RX_USABLE,
    SYNC,
    UNLOCK,
    Alarm,
    Banner,
    Blank,
    Command,
    Fault,
    Line,
    Ok,
    Push,
    RealTime,
    Setting,
    Startup,
    State,
    Status,
    jog,
)

_SOURCE = "protocols.md 6.6 [S38]: gnea/grbl, doc/markdown/interface.md"


def _vector(name: str, sender: Role, wire: bytes, *messages: Message) -> Vector:
    return Vector(name, sender, wire, messages, _SOURCE, EvidenceClass.VENDOR)


_VECTORS = (
    _vector("banner", Role.DEVICE, b"Grbl 1.1h ['$' for help]\r\n", Banner("1.1h")),
    _vector(
        "status", Role.DEVICE, b"<Idle|MPos:0.000,0.000,0.000|FS:0,0>\r\n",
        Status(State.IDLE, (("MPos", ("0.000", "0.000", "0.000")), ("FS", ("0", "0")))),
    ),
    _vector("taken", Role.DEVICE, b"ok\r\n", Ok()),
    _vector("refused", Role.DEVICE, b"error:9\r\n", Fault(9)),
    _vector("alarm", Role.DEVICE, b"ALARM:1\r\n[MSG:Reset to continue]\r\n", Alarm(1), Push("MSG", "Reset to continue")),
    _vector(
        "modes", Role.DEVICE, b"[GC:G0 G54 G17 G21 G90 G94 M0 M5 M9 T0 F0. S0.]\r\nok\r\n",
        Push("GC", "G0 G54 G17 G21 G90 G94 M0 M5 M9 T0 F0. S0."), Ok(),
    ),
    _vector("start-up line", Role.DEVICE, b">G54G20:ok\r\n", Startup("G54G20", Ok())),
    _vector("setting", Role.DEVICE, b"$110=500.000\r\n$N1=\r\n", Setting("110", "500.000"), Setting("N1", "")),
    _vector("synchronise", Role.HOST, b"G4 P0.01\n", SYNC),
    _vector("report", Role.HOST, b"?", Command(RealTime.STATUS)),
    _vector("reset", Role.HOST, b"\x18", Command(RealTime.RESET)),
    _vector("home", Role.HOST, b"$H\n$X\n$C\n", HOME, UNLOCK, CHECK_MODE),
)  # fmt: skip


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        commands: list[Message] = [Command(byte) for byte in RealTime]
        moves = [
            jog({"X": Decimal("10.5"), "Y": Decimal("-3")}, Decimal(500)),
            jog({"Z": Decimal(0)}, Decimal(1), relative=False),
        ]
        return [*commands, *moves, Line(""), Line("$$"), Line("G0 X0"), Line("x" * (RX_USABLE - 1)), SYNC]
    position = ("MPos", ("0.000", "-10.000", "5.000"))
    reports = [Status(state, (position, ("Bf", ("15", "128")), ("Pn", ("XYZ",)))) for state in State]
    answers: list[Message] = [
        Ok(),
        Blank(),
        Banner("1.1f"),
        Fault(0),
        Fault(255),
        Alarm(9),
        Push("MSG", ""),
        Push("echo", "G1X0[]"),
    ]
    answers += [Setting("0", "10"), Setting("N0", "G54"), Startup("", Fault(7)), Startup("G4P0:ok", Ok())]
    return [*answers, *reports, Status(State.HOLD, (position,), 1), Status(State.DOOR, (), 3)]


PROTOCOL = WireProtocol(
    name="grbl",
    version=1,
    line=LineSettings(115200, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.VENDOR,
    verified=True,
    reference="protocols.md 6.6 [V][S38]: GRBL 1.1, the project's own interface description",
    lossless=False,
)

__all__ = [
    "CHECK_MODE", "HOME", "PLANNER_BLOCKS", "PROTOCOL", "RX_BUFFER", "RX_USABLE", "SYNC", "UNLOCK", "Alarm", "Banner",
    "Blank", "Command", "Fault", "Line", "Ok", "Push", "RealTime", "Setting", "Startup", "State", "Status", "jog",
]  # fmt: skip
