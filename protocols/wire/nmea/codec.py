"""Lines of NMEA 0183 (protocols.md 6.6): `$address,field,...*hh` CR LF, hh the exclusive or of what stands between.

Strict: a checksum is always required, and each field must have its form; a line that keeps to no rule is Garbage with its
reason, never repaired.  `$` and `!` begin a sentence and occur nowhere else, so a sentence that was cut and the whole one
behind it in the same line are told apart.  Own code: docs/decisions/0018.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from protocols.checks import xor8
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.lines import SILENCE_CHARS, Deaf, why_not_text
from protocols.wire.nmea import fields as f
from protocols.wire.nmea.messages import Gga, Gll, Gsa, Other, Rmc, Sentence, Vtg, Zda, address_of

MAX_LINE = 160
"""Bytes with CR LF.  The standard's 82 are exceeded by receivers that print positions finer than it foresees; that a line
is whole is proven by its checksum, not by its length."""

SATELLITES = 12  # fields of GSA
_PIECE = re.compile(rb"[$!]?[^$!\n]*\n?")
_LINE = re.compile(r"([$!])([A-Z0-9]{3,10})((?:,[^,*]*)*)\*([0-9A-Fa-f]{2})\r?\n")
_ADDRESS = re.compile(r"([A-OQ-Z][A-Z0-9])([A-Z]{3})")  # P is no talker: sentences of makers
_FIELD = re.compile(r"[ -~]*")
_RESERVED = re.compile(r"[$!*,]")


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields of one sentence in their order, by name; at least `least` of them, the rest came with later editions."""

    make: Callable[..., Sentence]
    names: tuple[str, ...]
    kinds: tuple[f.Kind, ...]
    least: int


def _form(make: Callable[..., Sentence], least: int, **kinds: f.Kind) -> _Form:
    return _Form(make, tuple(kinds), tuple(kinds.values()), least)


_PLACE = {"latitude": f.LATITUDE, "ns": f.NS, "longitude": f.LONGITUDE, "ew": f.EW}


def _gsa(talker: str, selection: str, fix: str, *rest: str) -> Gsa:
    return Gsa(talker, selection, fix, rest[:SATELLITES], *rest[SATELLITES:])


FORMS = {
    "RMC": _form(
        Rmc, 11, utc=f.UTC, status=f.STATUS, **_PLACE, knots=f.SIZE, course=f.COURSE, date=f.DATE, variation=f.SIZE,
        variation_side=f.EW, mode=f.MODE, navigation=f.NAVIGATION,
    ),
    "GGA": _form(
        Gga, 14, utc=f.UTC, **_PLACE, quality=f.QUALITY, satellites=f.WHOLE, hdop=f.SIZE, altitude=f.SIGNED,
        altitude_unit=f.METRES, separation=f.SIGNED, separation_unit=f.METRES, age=f.SIZE, station=f.WHOLE,
    ),
    "VTG": _form(
        Vtg, 8, course=f.COURSE, course_reference=f.TRUE, magnetic=f.COURSE, magnetic_reference=f.MAGNETIC, knots=f.SIZE,
        knots_unit=f.KNOTS, kmh=f.SIZE, kmh_unit=f.KMH, mode=f.MODE,
    ),
    "ZDA": _form(
        Zda, 6, utc=f.UTC, day=f.DAY, month=f.MONTH, year=f.YEAR, zone_hours=f.ZONE_HOURS, zone_minutes=f.ZONE_MINUTES
    ),
    "GSA": _form(
        _gsa, 17, selection=f.SELECTION, fix=f.FIX, **{f"satellite {n + 1}": f.WHOLE for n in range(SATELLITES)},
        pdop=f.SIZE, hdop=f.SIZE, vdop=f.SIZE, system=f.SYSTEM,
    ),
    "GLL": _form(Gll, 6, **_PLACE, utc=f.UTC, status=f.STATUS, mode=f.MODE),
}  # fmt: skip
_PAIRS = (("latitude", "ns"), ("longitude", "ew"), ("latitude", "longitude"))


def encode(message: Message, sender: Role) -> bytes:
    """The line of `message`; ProtocolError when a field does not fit, or the bench is to say it."""
    if sender is not Role.DEVICE or not isinstance(message, Sentence):
        raise ProtocolError(f"NMEA: expected a sentence of the receiver, got {message} of {sender}")
    start = message.start if isinstance(message, Other) else "$"
    body = ",".join((address_of(message), *_texts(message)))
    if not (body.isascii() and body.isprintable()):
        raise ProtocolError(f"NMEA: expected printable ASCII, got {body[:60]!r}")
    raw = f"{start}{body}*{xor8(body.encode('ascii')):02X}\r\n".encode("ascii")
    if read_line(raw) != message:
        raise ProtocolError(f"NMEA: {message} cannot be said as a sentence; expected its fields in their form")
    return raw


def _texts(message: Sentence) -> Sequence[str]:
    if isinstance(message, Other):
        return message.fields
    flat: list[str | None] = []
    for field in fields(message)[1:]:
        value = getattr(message, field.name)
        flat += value if isinstance(value, tuple) else (value,)
    while flat and flat[-1] is None:
        flat.pop()
    if None in flat:
        raise ProtocolError(f"NMEA: expected no field left out before the last, got {message}")
    return [text for text in flat if text is not None]


def read_line(raw: bytes) -> Message:
    """What one piece, from `$` to LF, says; Garbage where it keeps to no rule."""
    if len(raw) > MAX_LINE:
        return overlong(raw)
    if (why := why_not_text(raw)) is not None:
        return Garbage(raw, why)
    if raw[:1] not in (b"$", b"!"):
        return Garbage(raw, "bytes outside a sentence: expected $ first")
    if not raw.endswith(b"\n"):
        return Garbage(raw, "sentence cut short: another begins before its end")
    line = raw.decode("ascii")
    found = _LINE.fullmatch(line)
    if found is None:
        return Garbage(raw, "no checksum" if "*" not in line else "no address, fields and checksum")
    start, address, tail, given = found.groups()
    proper = xor8(raw[1 : raw.rindex(b"*")])
    if int(given, 16) != proper:
        return Garbage(raw, f"checksum {given.upper()}h, expected {proper:02X}h")
    texts = tuple(tail[1:].split(",")) if tail else ()
    if not all(map(_FIELD.fullmatch, texts)):
        return Garbage(raw, "control characters in a field")
    talked = _ADDRESS.fullmatch(address)
    if start == "!" or talked is None or talked[2] not in FORMS:
        return Other(address, texts, start)
    faulty = _fault(FORMS[talked[2]], texts)
    if faulty:
        return Garbage(raw, f"{talked[2]}: {faulty}")
    return FORMS[talked[2]].make(talked[1], *texts)


def _fault(form: _Form, texts: Sequence[str]) -> str:
    if not form.least <= len(texts) <= len(form.kinds):
        return f"{len(texts)} fields, expected {form.least} to {len(form.kinds)}"
    named = dict(zip(form.names, texts, strict=False))
    for name, text, kind in zip(form.names, texts, form.kinds, strict=False):
        if not kind.fits(text):
            return f"{name} expected {kind.expected}, got {text[:24]!r}"
    for one, other in _PAIRS:
        if one in named and bool(named[one]) != bool(named[other]):
            filled, empty = (one, other) if named[one] else (other, one)
            return f"{filled} without {empty}"
    return ""


def overlong(raw: bytes) -> Garbage:
    """The reason is told by the first bytes alone: it must not depend on how the stream was cut."""
    return Garbage(raw, why_not_text(raw[:MAX_LINE]) or f"no end of a sentence within {MAX_LINE} bytes")


class Sentences:
    """Cuts a stream into sentences.  At most MAX_LINE bytes are held; what has no end is given up in pieces."""

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        pieces = [piece for piece in _PIECE.findall(self._held + data) if piece]
        rest = pieces.pop() if pieces and not pieces[-1].endswith(b"\n") else b""
        for piece in pieces:
            messages.append(self._whole(piece))
        if rest[:1] in (b"$", b"!"):
            self._skipping = False
        if self._skipping or len(rest) >= MAX_LINE:
            messages += [overlong(rest)] if rest else []
            self._skipping, rest = self._skipping or bool(rest), b""
        self._held = rest
        return messages

    def _whole(self, piece: bytes) -> Message:
        """A piece that is complete; one without LF that fills the line was given up already, however it was cut."""
        begins = piece[:1] in (b"$", b"!")
        given_up = (self._skipping and not begins) or len(piece) >= MAX_LINE + piece.endswith(b"\n")
        self._skipping = False
        return overlong(piece) if given_up else read_line(piece)

    def silence(self, char_times: float) -> list[Message]:
        """Receivers send a sentence in one go; the pause is between the bursts of two fixes."""
        return self._flush("sentence broken off by silence") if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._flush("sentence incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, why)] if held else []


def decoder(sender: Role) -> Sentences | Deaf:
    """A decoder for the bytes of `sender`."""
    return Deaf("a GNSS receiver is only listened to") if sender is Role.HOST else Sentences()
