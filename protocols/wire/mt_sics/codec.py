"""MT-SICS lines (protocols.md 3.1): words with one space between, texts in quotes, CR LF at the end.

Strict: a line that keeps to no rule is Garbage with its reason, never repaired.  Texts are carried as Latin-1, one
character a byte: manuals leave the code page of a display open.
"""

from __future__ import annotations

import re
from functools import partial

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import LineDecoder, why_not_text
from protocols.wire.mt_sics.messages import Answer, Fault, Request, Status, Text, Weight, Word

MAX_LINE = 256
END = b"\r\n"
_COMMAND = r"(?:@|[A-Z][A-Z0-9]{0,7})"
_BARE = r"[!#-~]+"  # printable ASCII without space and quote
_TEXT = r'"[ !#-~\xa0-\xff]*"'
_WORDS = rf"(?P<words>(?: (?:{_BARE}|{_TEXT}))*)"
_REQUEST = re.compile(rf"(?P<command>{_COMMAND}){_WORDS}")
_ANSWER = re.compile(rf"(?P<identifier>{_COMMAND}) (?P<status>[SDABIL+-]){_WORDS}")
_WEIGHT = re.compile(
    r"(?P<identifier>S|T|TI|TA) (?P<status>[SDA]) (?P<field> {0,9}-?[0-9]{1,9}(?:\.[0-9]{1,9})?) (?P<unit>[A-Za-z%][A-Za-z0-9%]{0,4})"
)
_WEIGHT_HEAD = re.compile(r"(?:S|T|TI|TA) [SDA] ")
_FAULT = re.compile(r"E(?P<kind>[STL])")
_WORD = re.compile(rf" ({_BARE}|{_TEXT})")
_FIELD = re.compile(r" {0,9}-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_UNIT = re.compile(r"[A-Za-z%][A-Za-z0-9%]{0,4}")


def encode(message: Message, sender: Role) -> bytes:
    """The line of `message`; ProtocolError when a word does not fit or the other side says such things."""
    match message, sender:
        case Request(command, words), Role.HOST:
            line = command + _joined(words)
        case Weight(identifier, status, field, unit), Role.DEVICE:
            line = f"{identifier} {status} {field} {unit}"
            if _WEIGHT.fullmatch(line) is None or not _FIELD.fullmatch(field) or not _UNIT.fullmatch(unit):
                raise ProtocolError(f"MT-SICS: expected a weight such as 'S S     100.00 g', got {line!r}")
        case Answer(identifier, status, words), Role.DEVICE:
            line = f"{identifier} {status}{_joined(words)}"
        case Fault(kind), Role.DEVICE:
            line = f"E{kind}"
        case _:
            raise ProtocolError(
                f"MT-SICS: expected a Request of the host or an answer of the balance, got {message} of {sender}"
            )
    raw = line.encode("latin-1", "replace") + END
    if len(raw) > MAX_LINE:
        raise ProtocolError(f"MT-SICS: expected at most {MAX_LINE} bytes a line, got {len(raw)}")
    if read_line(raw, sender) != message:
        raise ProtocolError(
            f"MT-SICS: {message} cannot be said as a line; expected printable words without spaces, texts in Text"
        )
    return raw


def _joined(words: tuple[Word, ...]) -> str:
    return "".join(f' "{word.value}"' if isinstance(word, Text) else f" {word}" for word in words)


def _split(text: str) -> tuple[Word, ...]:
    return tuple(Text(word[1:-1]) if word.startswith('"') else word for word in _WORD.findall(text))


def read_line(raw: bytes, sender: Role) -> Message:
    """What one line with its LF says; Garbage where it keeps to no rule."""
    if not raw.endswith(END):
        return _bad(raw, "no CR before LF")
    line = raw[: -len(END)].decode("latin-1")
    if sender is Role.HOST:
        found = _REQUEST.fullmatch(line)
        return Request(found["command"], _split(found["words"])) if found else Garbage(raw, "no command with words")
    if weight := _WEIGHT.fullmatch(line):
        return Weight(weight["identifier"], Status(weight["status"]), weight["field"], weight["unit"])
    if said := _FAULT.fullmatch(line):
        return Fault(said["kind"])
    if head := _WEIGHT_HEAD.match(line):
        field, _, unit = line[head.end() :].rpartition(" ")
        why = fault(field.encode("latin-1")) if _UNIT.fullmatch(unit) else "no unit"
        return Garbage(raw, f"no weight where one belongs: {why}")
    answer = _ANSWER.fullmatch(line)
    if answer is None:
        return _bad(raw, "no answer of MT-SICS")
    return Answer(answer["identifier"], Status(answer["status"]), _split(answer["words"]))


def _bad(raw: bytes, why: str) -> Garbage:
    """Bytes above 7Fh may stand in texts only: elsewhere they tell a wrong line setting or character set."""
    cause = why_not_text(raw)
    return Garbage(raw, f"{why}: {cause}" if cause else why)


def decoder(sender: Role) -> LineDecoder:
    """A decoder for the bytes of `sender`."""
    return LineDecoder(partial(read_line, sender=sender), MAX_LINE)
