"""Lines of an ELM327: commands end with CR; answers are lines that end with CR or CR LF, and `>` without an end.

Strict: a line with bytes that are no text is Garbage with its reason; zero bytes, which the data sheet says to ignore where
they come, make their line Garbage as well, because a digit may be missing beside them.  Empty lines carry nothing.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.wire.elm327.messages import Command, Data, Notice, Prompt, Text, Word

MAX_LINE = 256
_END, _PROMPT = b"\r", b">"
_COMMAND = re.compile(r"[ -~]{0,64}")
_HEX = re.compile(r"(?P<digits>[0-9A-F]{2,3}(?: ?[0-9A-F]{2})*)(?P<fault> ?<[A-Z]+ ERROR)?")
_LINE = re.compile(r"[ -=?-~]*")
_ANSWERED, _ASKED = re.compile(rb"[^\r>]*[\r>]"), re.compile(rb"[^\r]*\r")
_LONGEST_WORD_FIRST = sorted(Word, key=len, reverse=True)
_WITH_REST = (Word.BUS_INIT, Word.INTERNAL)


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message`; ProtocolError when it cannot be said as a line, or by the other side only."""
    match message, sender:
        case Command(text), Role.HOST if _COMMAND.fullmatch(text) and text == text.strip():
            return text.encode("ascii") + _END
        case Prompt(), Role.DEVICE:
            return _PROMPT
        case ((Notice() | Text() | Data()), Role.DEVICE):
            line = _text(message)
            raw = line.encode("ascii", "replace") + _END
            if len(raw) <= MAX_LINE and read_line(raw) == [message]:
                return raw
    raise ProtocolError(
        f"ELM327: expected a Command of printable characters of the host, or a line of the adapter, got {message} of {sender}"
    )


def _text(message: Notice | Text | Data) -> str:
    match message:
        case Notice(word, rest):
            return f"{word}{rest}"
        case Data(digits, fault):
            return f"{digits} {fault}" if fault else digits
        case Text(text):
            return text


def read_line(raw: bytes) -> list[Message]:
    """What one line with its CR says, in order; nothing for an empty one.  Garbage where it is no text."""
    body = raw.removesuffix(_END).strip(b"\n ")
    if not body:
        return []
    line = body.decode("latin-1")
    if not _LINE.fullmatch(line):
        why = "a zero byte in a line" if b"\x00" in body else "bytes that are no text: wrong baud rate, or noise"
        return [Garbage(raw, why)]
    if line.startswith("SEARCHING"):  # clones put the answer behind the dots
        rest = line.removeprefix("SEARCHING").lstrip(".").strip()
        return [Notice(Word.SEARCHING), *(_said(rest) if rest else [])]
    return _said(line)


def _said(line: str) -> list[Message]:
    for word in _LONGEST_WORD_FIRST:
        if line == word or (word in _WITH_REST and line.startswith(word)):
            return [Notice(word, line[len(word) :])]
    if line == "!" + Word.ACTIVITY:
        return [Notice(Word.ACTIVITY)]
    if found := _HEX.fullmatch(line):
        return [Data(found["digits"], (found["fault"] or "").strip())]
    return [Text(line)]


def _command(raw: bytes) -> list[Message]:
    """Blanks and control characters are ignored by the adapter; what else is no text is none."""
    body = raw.removesuffix(_END).strip(b"\n\t ")
    text = body.decode("latin-1")
    return [Command(text)] if _COMMAND.fullmatch(text) else [Garbage(raw, "no command of printable characters")]


class Lines:
    """Cuts one side's bytes into lines.  At most MAX_LINE are held; an endless line is given up in pieces, to its end."""

    def __init__(self, sender: Role) -> None:
        self._device = sender is Role.DEVICE
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        *pieces, rest = _split(self._held + data, self._device)
        for piece in pieces:
            messages += self._whole(piece)
        if rest and (self._skipping or len(rest) >= MAX_LINE):
            messages.append(Garbage(rest, _TOO_LONG))
            self._skipping, rest = True, b""
        self._held = rest
        return messages

    def _whole(self, piece: bytes) -> list[Message]:
        prompted = self._device and piece.endswith(_PROMPT)
        line = piece.removesuffix(_PROMPT) if prompted else piece
        given_up = self._skipping or len(line) >= MAX_LINE + line.endswith(_END)
        self._skipping = False
        after: list[Message] = [Prompt()] if prompted else []
        if given_up:
            return [*([Garbage(line, _TOO_LONG)] if line else []), *after]
        if prompted and line.strip(b"\n "):
            return [Garbage(line, "line without its end before the prompt"), *after]
        return [*(after if prompted else read_line(line) if self._device else _command(line))]

    def silence(self, char_times: float) -> list[Message]:
        """An adapter pauses inside a line while it searches the car: silence ends nothing."""
        return []

    def close(self) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, "line without its end")] if held else []


_TOO_LONG = f"no end of a line within {MAX_LINE} bytes"


def _split(data: bytes, prompts: bool) -> list[bytes]:
    """Lines with their ends, and what is left behind the last."""
    pieces = (_ANSWERED if prompts else _ASKED).findall(data)
    return [*pieces, data[sum(map(len, pieces)) :]]


def decoder(sender: Role) -> Lines:
    """A decoder for the bytes of `sender`."""
    return Lines(sender)
