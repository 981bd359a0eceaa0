"""Dialogues that users of ELM327 adapters published, and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.elm327.messages import SPEED, Command, Data, Notice, Prompt, Text, Word

_USERS = "github.com/brendan-w/python-OBD, issue {}: bytes between that program and a user's adapter"
_BLUETOOTH = "github.com/grimlockrocks/pi-bluetooth-obd, issue 2: bytes between python-OBD and a user's adapter"
_SHEET = "ELM327 data sheet DSJ, pages 87 to 89 (a copy): words of the adapter; the bytes are ours"


def _heard(name: str, wire: bytes, messages: Sequence[Message], source: str) -> Vector:
    evidence = EvidenceClass.VENDOR if source is _SHEET else EvidenceClass.CAPTURE
    return Vector(name, Role.DEVICE, wire, (*messages, Prompt()), source, evidence)


VECTORS: tuple[Vector, ...] = (
    Vector(
        "reset", Role.HOST, b"ATZ\r", (Command("ATZ"),), _USERS.format(180), EvidenceClass.CAPTURE
    ),
    _heard("banner", b"ATZ\r\r\rELM327 v1.3a\r\r>", (Text("ATZ"), Text("ELM327 v1.3a")), _USERS.format(180)),
    _heard("echo off, echoed", b"ATE0\rOK\r\r>", (Text("ATE0"), Notice(Word.OK)), _USERS.format(59)),
    _heard("OK", b"OK\r\r>", (Notice(Word.OK),), _USERS.format(59)),
    _heard("voltage", b"14.8V\r\r>", (Text("14.8V"),), _USERS.format(180)),
    _heard(
        "no car", b"SEARCHING...\rUNABLE TO CONNECT\r\r>", (Notice(Word.SEARCHING), Notice(Word.UNABLE)), _BLUETOOTH
    ),
    _heard("no data", b"NO DATA\r\r>", (Notice(Word.NO_DATA),), _BLUETOOTH),
    _heard(
        "two units, heads of 29 bits",
        b"SEARCHING...\r18 DA F1 11 06 41 00 BC 3F A8 03 \r18 DA F1 1D 06 41 00 98 3A 80 01 \r\r>",
        (
            Notice(Word.SEARCHING), Data("18 DA F1 11 06 41 00 BC 3F A8 03"), Data("18 DA F1 1D 06 41 00 98 3A 80 01")
        ), _USERS.format(205),
    ),
    _heard(
        "a refusal behind an old head", b"SEARCHING...\r83 F1 10 7F 01 11 15 \r\r>",
        (Notice(Word.SEARCHING), Data("83 F1 10 7F 01 11 15")), _USERS.format(180),
    ),
    _heard("interrupted", b"STOPPED\r\r>", (Notice(Word.STOPPED),), _SHEET),
    _heard("misunderstood", b"?\r\r>", (Notice(Word.UNKNOWN),), _SHEET),
    _heard("damaged", b"41 0D 32 <DATA ERROR\r\r>", (Data("41 0D 32", "<DATA ERROR"),), _SHEET),
)  # fmt: skip

_DEVICE: tuple[Message, ...] = (
    *(Notice(word) for word in Word if word is not Word.SEARCHING),
    Notice(Word.SEARCHING),
    Notice(Word.BUS_INIT, " ...OK"),
    Notice(Word.INTERNAL, "94"),
    Prompt(),
    Text("ELM327 v1.5"),
    Text("AUTO, ISO 15765-4 (CAN 11/500)"),
    Data("41 0D 00"),
    Data("410DFF"),
    Data("7E8 03 41 0D 32"),
    Data("7E803410D32"),
    Data("41 0D 32", "<RX ERROR"),
)


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind `sender` can send."""
    return [Command(text) for text in ("ATZ", "ATE0", SPEED, "01 0D", "")] if sender is Role.HOST else _DEVICE
