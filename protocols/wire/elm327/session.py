"""The adapter's side of the dialogue, without time: what an ELM327 answers to which command.

What the car says, and how long that takes, is the car's; an adapter that is spoken to while it waits for the car answers
STOPPED (data sheet, error messages).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from protocols.contract import Message, Role
from protocols.wire.elm327.codec import encode, read_line
from protocols.wire.elm327.messages import Command, Data, Notice, Prompt, Text, Word

VERSION = "ELM327 v1.5"
_SWITCHES = {"E": "echo", "L": "linefeeds", "S": "spaces", "H": "heads"}
_SETTING = re.compile(r"(?P<switch>[ELSH])(?P<on>[01])|(?P<protocol>SP)[0-9A-C]|AT[0-2]|ST[0-9A-F]{2}|CAF[01]|M[01]|AL")
_END = b"\r"


@dataclass(frozen=True, slots=True)
class Unit:
    """A control unit's answer: `head` of its 11-bit CAN address, and its bytes, `41 0D 32`."""

    head: str
    raw: bytes


Answers = Sequence[Unit] | Word


@dataclass
class DeviceSession:
    """`ask` gives what the car answers to a request in digits: units, or the word the adapter says instead.

    `echo`, `spaces`, `heads`, `linefeeds` as the adapter stands; ATZ and ATD put them back.
    """

    ask: Callable[[str], Answers]
    echo: bool = True
    linefeeds: bool = False
    spaces: bool = True
    heads: bool = False
    searched: bool = False
    _before: str = field(default="", repr=False)

    def heard(self, message: Message) -> list[Message]:
        """The lines to send, in order, with the prompt; nothing for what is no command."""
        if not isinstance(message, Command):
            return []
        text = "".join(message.text.upper().split()) or self._before
        self._before = text
        echoed = read_line(message.text.encode("ascii", "replace") + _END) if self.echo else []
        return [*echoed, *self._answer(text), Prompt()]

    def interrupted(self) -> list[Message]:
        """Something came while the car was being asked: the answer is given up."""
        return [Notice(Word.STOPPED), Prompt()]

    def _answer(self, text: str) -> list[Message]:
        if text.startswith("AT"):
            return self._setting(text[2:])
        if len(text) % 2 or len(text) < 2 or not all(digit in "0123456789ABCDEF" for digit in text):
            return [Notice(Word.UNKNOWN)]
        said = self.ask(text)
        first: list[Message] = [] if self.searched else [Notice(Word.SEARCHING)]
        if isinstance(said, Word):
            self.searched = self.searched and said is not Word.UNABLE
            return [*first, Notice(said)]
        self.searched = True
        return [*first, *(Data(self._shown(unit)) for unit in said)] if said else [*first, Notice(Word.NO_DATA)]

    def _shown(self, unit: Unit) -> str:
        whole = bytes((len(unit.raw),)) + unit.raw if self.heads else unit.raw
        parts = [*([unit.head] if self.heads else []), *(f"{byte:02X}" for byte in whole)]
        return (" " if self.spaces else "").join(parts)

    def _setting(self, text: str) -> list[Message]:
        if text in ("Z", "WS", "D"):
            self.echo, self.linefeeds, self.spaces, self.heads, self.searched = True, False, True, False, False
            return [Notice(Word.OK) if text == "D" else Text(VERSION)]
        if text == "I":
            return [Text(VERSION)]
        if text == "RV":
            return [Text("12.6V")]
        found = _SETTING.fullmatch(text)
        if found is None:
            return [Notice(Word.UNKNOWN)]
        if found["protocol"]:
            self.searched = False
        if found["switch"]:
            setattr(self, _SWITCHES[found["switch"]], found["on"] == "1")
        return [Notice(Word.OK)]

    def said(self, messages: Sequence[Message]) -> bytes:
        """`messages` as they go over the line: an empty line before the prompt, LF behind CR where switched on."""
        parts = [(_END if isinstance(message, Prompt) else b"") + encode(message, Role.DEVICE) for message in messages]
        return b"".join(parts).replace(_END, _END + b"\n" if self.linefeeds else _END)
