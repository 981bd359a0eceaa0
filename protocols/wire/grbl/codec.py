"""GRBL 1.1 lines and real-time bytes (protocols.md 6.6).

The host's lines end in LF or CR, the controller's in CR LF.  Strict: a line that keeps to no rule is Garbage with its reason.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.lines import LineDecoder, why_not_text
from protocols.wire.grbl.messages import (
    RX_USABLE,
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
)

MAX_LINE = 256
_REAL_TIME = frozenset(RealTime)
_ENDS = b"\r\n"
_PRINTABLE = re.compile(r"[ -~]*")
_CODE = r"[0-9]{1,3}"
_BANNER = re.compile(r"Grbl ([0-9]{1,2}\.[0-9]{1,2}[a-z]?) \['\$' for help\]")
_FAULT = re.compile(rf"error:({_CODE})")
_ALARM = re.compile(rf"ALARM:({_CODE})")
_PUSH = re.compile(r"\[([A-Za-z0-9]{1,8}):([ -~]*)\]")
_SETTING = re.compile(r"\$([0-9]{1,3}|N[01])=([ -~]*)")
_STARTUP = re.compile(rf">([ -~]*):(ok|error:{_CODE})")
_STATUS = re.compile(rf"<({'|'.join(State)})(?::([0-9]{{1,2}}))?((?:\|[A-Za-z]{{1,8}}:[^|<>]*)*)>")
_NUMERIC = frozenset({"MPos", "WPos", "WCO", "FS", "F", "Bf", "Ov", "Ln"})
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as `sender` sends them; ProtocolError when it cannot be said in one line."""
    if isinstance(message, Command) and sender is Role.HOST:
        return bytes((message.byte,))
    if isinstance(message, Line) and sender is Role.HOST:
        raw = message.text.encode("ascii", "replace") + b"\n"
        if len(raw) > RX_USABLE:
            raise ProtocolError(f"GRBL: expected at most {RX_USABLE} bytes a line with its end, got {len(raw)}")
        if _PRINTABLE.fullmatch(message.text) is None or _REAL_TIME & set(raw):
            raise ProtocolError(f"GRBL: expected printable ASCII without ! ? ~, got {message.text!r}")
        return raw
    text = _said(message) if sender is Role.DEVICE else None
    if text is None:
        raise ProtocolError(
            f"GRBL: expected a Line or Command of the host or an answer of the controller, got {message} of {sender}"
        )
    raw = text.encode("ascii", "replace") + _ENDS
    if len(raw) > MAX_LINE or read_line(raw) != message:
        raise ProtocolError(f"GRBL: {message} cannot be said as a line")
    return raw


def _said(message: Message) -> str | None:
    match message:
        case Blank():
            return ""
        case Ok():
            return "ok"
        case Banner(version):
            return f"Grbl {version} ['$' for help]"
        case Fault(code):
            return f"error:{code}"
        case Alarm(code):
            return f"ALARM:{code}"
        case Push(kind, text):
            return f"[{kind}:{text}]"
        case Setting(name, value):
            return f"${name}={value}"
        case Startup(line, result):
            return f">{line}:{_said(result)}"
        case Status(state, fields, sub):
            told = "".join(f"|{name}:{','.join(values)}" for name, values in fields)
            return f"<{state}{'' if sub is None else f':{sub}'}{told}>"
    return None


def read_line(raw: bytes) -> Message:
    """What one line of the controller with its LF says; Garbage where it keeps to no rule."""
    if (why := why_not_text(raw)) is not None:
        return Garbage(raw, why)
    if not raw.endswith(_ENDS):
        return Garbage(raw, "no CR before LF")
    message = _read(raw[:-2].decode("ascii"))
    # leading zeros in a code or a sub-state are no spelling of the controller's
    return (
        message
        if message is not None and _said(message) == raw[:-2].decode("ascii")
        else Garbage(raw, "no answer of GRBL 1.1")
    )


def _read(text: str) -> Message | None:
    if text == "":
        return Blank()
    if text == "ok":
        return Ok()
    if found := _BANNER.fullmatch(text):
        return Banner(found[1])
    if found := _FAULT.fullmatch(text):
        return Fault(int(found[1]))
    if found := _ALARM.fullmatch(text):
        return Alarm(int(found[1]))
    if found := _PUSH.fullmatch(text):
        return Push(found[1], found[2])
    if found := _SETTING.fullmatch(text):
        return Setting(found[1], found[2])
    if found := _STARTUP.fullmatch(text):
        return Startup(found[1], Ok() if found[2] == "ok" else Fault(int(found[2][6:])))
    found = _STATUS.fullmatch(text)
    return None if found is None else _status(State(found[1]), found[2], found[3])


def _status(state: State, sub: str | None, told: str) -> Status | None:
    fields = []
    for field in told.split("|")[1:]:
        name, values = field.split(":", 1)
        parts = tuple(values.split(","))
        if name in _NUMERIC and not all(_NUMBER.fullmatch(part) for part in parts):
            return None
        fields.append((name, parts))
    return Status(state, tuple(fields), None if sub is None else int(sub))


class HostDecoder:
    """Reads what was sent to the controller, as the controller does: real-time bytes first, wherever they stand.

    A reset throws the line away that was begun.  A line of more than the controller's buffer is given up in pieces.
    """

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        for byte in data:
            if byte in _REAL_TIME:
                if byte == RealTime.RESET:
                    messages += self._flush("line thrown away by a reset")
                messages.append(Command(RealTime(byte)))
            elif byte in _ENDS:
                messages.append(self._line(bytes((byte,))))
            elif self._skipping or len(self._held) + 1 >= RX_USABLE:
                messages.append(Garbage(self._held + bytes((byte,)), f"line of more than {RX_USABLE} bytes"))
                self._held, self._skipping = b"", True
            else:
                self._held += bytes((byte,))
        return messages

    def _line(self, end: bytes) -> Message:
        held, skipping = self._held, self._skipping
        self._held, self._skipping = b"", False
        if skipping:
            return Garbage(end, f"line of more than {RX_USABLE} bytes")
        text = held.decode("latin-1")
        if _PRINTABLE.fullmatch(text) is None:
            return Garbage(held + end, why_not_text(held) or "characters that are not printable")
        return Line(text)

    def silence(self, char_times: float) -> list[Message]:
        """The controller waits for the end of a line for ever: silence ends nothing."""
        return []

    def close(self) -> list[Message]:
        return self._flush("line incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, why)] if held else []


def decoder(sender: Role) -> HostDecoder | LineDecoder:
    """A decoder for the bytes of `sender`."""
    return HostDecoder() if sender is Role.HOST else LineDecoder(read_line, MAX_LINE)
