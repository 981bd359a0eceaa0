"""The declarations of a VCD file (IEEE 1364-2005, 18.2): time scale, scopes, variables; and our own comment in them.

Names are the path of scopes and the reference, without the scopes that all variables share.  A vector of n bits is n
channels, "bus[n-1]" down to "bus[0]" or as its range says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

from captures.errors import CaptureError, WrongFormatError
from captures.formats.text import KEY_BYTES

MAX_HEADER = 4 << 20
MAX_CHANNELS = 4096
OURS = "shortmeasure"
"""The word that begins our comment: JSON with what VCD has no place for."""
_PIECE = 64 << 10
_END = re.compile(rb"(?<!\S)\$enddefinitions\s+\$end(?=\s|\Z)")
_SCALE = re.compile(r"(1|10|100)(s|ms|us|ns|ps|fs)")
_UNIT = {"s": 0, "ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15}
_RANGE = re.compile(r"(.*?)\[(-?[0-9]{1,9})(?::(-?[0-9]{1,9}))?\]", re.DOTALL)
_SIZE = re.compile(r"[1-9][0-9]{0,6}")
_TICK = re.compile(r"[1-9][0-9]{0,17}(?:/[1-9][0-9]{0,17})?")
_SKIPPED = ("real", "realtime", "string")


@dataclass(frozen=True, slots=True)
class Variable:
    """`bits` are channel numbers, most significant first; empty for numbers and texts that are no logic levels."""

    code: bytes
    bits: tuple[int, ...]


@dataclass(frozen=True)
class Declarations:
    """`names` of all channels; `aliases` (channel, original): another name of the same signal."""

    scale_s: Fraction
    names: tuple[str, ...]
    variables: tuple[Variable, ...]
    aliases: tuple[tuple[int, int], ...]
    skipped: tuple[str, ...]
    writer: str
    date: str
    tick_s: Fraction | None = None
    said: dict[str, str] = field(default_factory=dict)


def read_header(handle: BinaryIO, where: str) -> Declarations:
    """The declarations at the beginning of `handle`, which is left at the first byte after them."""
    data = bytearray()
    while True:
        piece = handle.read(_PIECE)
        data += piece
        found = _END.search(data, max(0, len(data) - len(piece) - 64))
        if found is not None:
            break
        if not data.lstrip()[:1] == b"$":
            raise WrongFormatError(f"{where}: expected a VCD file, which begins with a $ keyword")
        if not piece or len(data) > MAX_HEADER:
            raise CaptureError(
                f"{where}: expected $enddefinitions $end within {MAX_HEADER} bytes, got none in {len(data)}; "
                "the file is truncated, or it is no VCD file"
            )
    handle.seek(found.end())
    text = bytes(data[: found.start()])
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise CaptureError(
            f"{where} offset {problem.start}: expected UTF-8 text, got byte 0x{text[problem.start]:02x}"
        ) from None
    return _Header(where).parsed(decoded)


class _Header:
    def __init__(self, where: str) -> None:
        self._where = where
        self._scope: list[str] = []
        self._scale: Fraction | None = None
        self._said: dict[str, str] = {}
        self._ours: dict[str, object] = {}
        self._found: list[tuple[tuple[str, ...], str, int, str | None, bytes]] = []
        self._skipped: list[str] = []

    def parsed(self, text: str) -> Declarations:
        words = text.split()
        at = 0
        while at < len(words):
            word = words[at]
            if not word.startswith("$") or word == "$end":
                raise CaptureError(f"{self._where}: expected a $ keyword in the declarations, got {word!r:.80}")
            try:
                end = words.index("$end", at)
            except ValueError:
                raise CaptureError(f"{self._where}: {word!r:.80} has no $end; the header is damaged") from None
            self._command(word, words[at + 1 : end])
            at = end + 1
        return self._done()

    def _command(self, word: str, rest: list[str]) -> None:
        if word == "$timescale":
            self._timescale("".join(rest))
        elif word == "$scope":
            self._scope.append(rest[1] if len(rest) == 2 else "")
            if len(rest) != 2 or len(self._scope) > 64:
                raise CaptureError(f"{self._where}: expected $scope TYPE NAME, 64 deep at most, got {rest!r:.80}")
        elif word == "$upscope":
            if not self._scope:
                raise CaptureError(f"{self._where}: $upscope without $scope; the header is damaged")
            self._scope.pop()
        elif word == "$var":
            self._variable(rest)
        elif word == "$comment" and rest[:1] == [OURS]:
            self._comment(" ".join(rest[1:]))
        elif word in ("$version", "$date"):
            self._said[word] = " ".join(rest)[:200]

    def _timescale(self, text: str) -> None:
        match = _SCALE.fullmatch(text)
        if match is None:
            raise CaptureError(
                f'{self._where}: $timescale: expected 1, 10 or 100 and a unit, e.g. "1 us", got {text!r:.80}'
            )
        if self._scale is not None:
            raise CaptureError(f"{self._where}: $timescale stands twice; times are not clear")
        self._scale = Fraction(int(match[1]), 10 ** _UNIT[match[2]])

    def _variable(self, rest: list[str]) -> None:
        if len(rest) < 4 or _SIZE.fullmatch(rest[1]) is None:
            raise CaptureError(f"{self._where}: expected $var TYPE SIZE CODE NAME [RANGE] $end, got {rest!r:.120}")
        kind, size, code = rest[0], int(rest[1]), rest[2].encode()
        reference, span = "".join(rest[3:]), None
        match = _RANGE.fullmatch(reference)
        if match is not None and match[3] is not None:
            reference, span = match[1], f"{match[2]}:{match[3]}"
        if len(code) > KEY_BYTES:
            raise CaptureError(
                f"{self._where}: identifier code {rest[2]!r:.40}: expected at most {KEY_BYTES} characters"
            )
        if not reference.isprintable():
            raise CaptureError(f"{self._where}: $var name {reference!r:.80}: expected printable text")
        if kind in _SKIPPED:
            size = 0
        if sum(found[2] for found in self._found) + size > MAX_CHANNELS or len(self._found) > MAX_CHANNELS:
            raise CaptureError(
                f"{self._where}: expected at most {MAX_CHANNELS} channels, got more; export fewer signals"
            )
        self._found.append((tuple(self._scope), reference, size, span, code))

    def _comment(self, text: str) -> None:
        if self._ours:
            raise CaptureError(f"{self._where}: our own $comment stands twice")
        try:
            data = json.loads(text)
            fine = isinstance(data, dict) and set(data) <= {"tick_s", "names"}
            names = data.get("names", {}) if fine else None
            fine = fine and isinstance(names, dict) and all(isinstance(name, str) for name in names.values())
        except (ValueError, RecursionError):
            fine = False
        if not fine:
            raise CaptureError(f"{self._where}: $comment {OURS}: expected JSON with tick_s and names, got {text!r:.80}")
        self._ours = data

    def _done(self) -> Declarations:
        if self._scale is None:
            raise CaptureError(f"{self._where}: expected $timescale, got none; times are not to be had")
        shared = _shared([scope for scope, *_ in self._found])
        renamed = self._ours.get("names", {})
        assert isinstance(renamed, dict)
        names: list[str] = []
        variables: dict[bytes, Variable] = {}
        aliases: list[tuple[int, int]] = []
        skipped: list[str] = []
        for scope, reference, size, span, code in self._found:
            name = renamed.get(code.decode()) or ".".join([*scope[shared:], reference])
            if size == 0:
                variables.setdefault(code, Variable(code, ()))
                skipped.append(name)
                continue
            bits = tuple(range(len(names), len(names) + size))
            names += _bit_names(name, size, span, self._where)
            known = variables.setdefault(code, Variable(code, bits))
            if known.bits is not bits:
                if len(known.bits) != size:
                    raise CaptureError(f"{self._where}: code {code!r} stands for {len(known.bits)} bits and for {size}")
                aliases += zip(bits, known.bits, strict=True)
        if not names:
            raise CaptureError(f"{self._where}: expected at least one variable with logic levels, got none")
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise CaptureError(f"{self._where}: variable {twice!r:.80} stands twice; expected distinct names")
        return Declarations(
            self._scale, tuple(names), tuple(variables.values()), tuple(aliases), tuple(skipped),
            self._said.get("$version", ""), self._said.get("$date", ""), self._tick(),
        )  # fmt: skip

    def _tick(self) -> Fraction | None:
        text = self._ours.get("tick_s")
        if text is None:
            return None
        assert self._scale is not None
        if not isinstance(text, str) or _TICK.fullmatch(text) is None or Fraction(text) < self._scale:
            raise CaptureError(
                f"{self._where}: $comment {OURS}: expected tick_s as a fraction of a second, got {text!r:.80}"
            )
        return Fraction(text)


def _shared(scopes: list[tuple[str, ...]]) -> int:
    """How many scopes, from the outermost, all variables lie in."""
    if not scopes:
        return 0
    low, high = min(scopes), max(scopes)
    return next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))


def _bit_names(name: str, size: int, span: str | None, where: str) -> list[str]:
    if size == 1:
        return [name if span is None else f"{name}[{span.split(':')[0]}]"]
    high, low = (size - 1, 0) if span is None else map(int, span.split(":"))
    step = -1 if high >= low else 1
    if abs(high - low) + 1 != size:
        raise CaptureError(f"{where}: {name}[{span}]: expected a range of {size} bits")
    return [f"{name}[{i}]" for i in range(high, low + step, step)]
