"""One line of the journal: how it is written, how it is taken apart, and what a line in the wrong place means."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

ZERO_SHA = "0" * 64
"""`prev` of the very first line."""
MAX_LINE = 4 << 20
"""Bytes of one line, newline included; a continuation alone may be longer."""
_MAX_DEPTH = 64
_LEAVES = frozenset({str, int, float, bool, type(None)})
_LAYOUT = re.compile(
    rb'\{"seq":(0|[1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})","body":(\{.*\}),"sha":"([0-9a-f]{64})"\}', re.DOTALL
)
_JOINT = b'"}{"seq":'  # cannot stand inside a line: quotation marks in its texts are escaped
_SHA_PART = len(',"sha":"') + 64 + len('"}')


class BadLine(Exception):
    """A line that is not one of the journal's, whatever stands around it; the message says in which way."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A line whose own hash is right."""

    seq: int
    prev: str
    sha: str
    body: dict[str, Any]


def encode_line(seq: int, prev: str, body: Mapping[str, Any], limit: int) -> tuple[bytes, str]:
    """The line's bytes with newline, and its hash.  ValueError or TypeError when `body` is not plain JSON."""
    plain = dict(body)
    text = json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    _require_text_keys(plain)
    hashed = f'{{"seq":{seq},"prev":"{prev}","body":{text}'.encode("ascii")
    sha = hashlib.sha256(hashed).hexdigest()
    line = hashed + f',"sha":"{sha}"}}\n'.encode("ascii")
    if len(line) > limit:
        raise ValueError(f"journal line {seq}: expected at most {limit} bytes, got {len(line)}; split the record")
    return line, sha


def _require_text_keys(body: object) -> None:
    """JSON would turn the key 1 into "1" and so change, or double, what was recorded.

    Level by level and without a call for each list: a line of wire bytes holds hundreds of reads, each a list of its
    own.
    """
    level = [body]
    for _ in range(_MAX_DEPTH + 1):
        deeper: list[object] = []
        for value in level:
            inside: Iterable[object] = ()
            if isinstance(value, (list, tuple)):
                inside = value
            elif isinstance(value, dict):
                inside = value.values()
                for key in value:
                    if not isinstance(key, str):
                        raise TypeError(f"journal body: expected text keys, got {key!r:.80}")
            for inner in inside:
                if type(inner) not in _LEAVES:
                    deeper.append(inner)
        if not deeper:
            return
        level = deeper
    raise ValueError(f"journal body: expected at most {_MAX_DEPTH} levels of nesting, got more")


def parse_line(raw: bytes) -> Parts:
    """Take a line (without newline) apart; BadLine when its layout, its own hash or its JSON is wrong."""
    if _JOINT in raw:
        raise BadLine("changed line: two lines run together, the newline between them is gone")
    match = _LAYOUT.fullmatch(raw)
    if match is None:
        raise BadLine(_explain_layout(raw))
    computed = hashlib.sha256(memoryview(raw)[:-_SHA_PART]).hexdigest()
    stated = match[4].decode("ascii")
    if computed != stated:
        raise BadLine(f"changed line: its bytes hash to {computed}, the line says {stated}")
    return Parts(int(match[1]), match[2].decode("ascii"), stated, _parse_body(match[3]))


def _explain_layout(raw: bytes) -> str:
    if raw.startswith(b'{"seq":') and re.search(rb',"sha":"[0-9a-f]{64}"\}\Z', raw) is None:
        return f"truncated line: expected it to end in its own hash, it ends in {raw[-20:]!r}"
    return f'changed line: expected the layout {{"seq":..,"prev":..,"body":{{..}},"sha":..}}, it begins {raw[:40]!r}'


def _parse_body(raw: bytes) -> dict[str, Any]:
    """The hash of the line is right here, so trouble means that someone else wrote the line."""
    try:
        body: dict[str, Any] = _DECODER.decode(raw.decode("ascii"))
    except UnicodeDecodeError as problem:
        got = f"0x{raw[problem.start]:02x} at its byte {problem.start}"
        raise BadLine(f"malformed body: expected ASCII, got {got}") from None
    except RecursionError:
        raise BadLine("malformed body: nested too deeply") from None
    except ValueError as problem:
        raise BadLine(f"malformed body: {problem}") from None
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate key {double!r:.80}")
    return result


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"non-finite number {text}")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"non-finite number {text:.80}")
    return value


# made once: `json.loads` with hooks makes one for every line, which takes as long as reading it
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)


def explain_order(parts: Parts, seq: int, head: str, before: str, handle: BinaryIO, number: int) -> str:
    """Why a line that is right in itself is wrong in this place.

    Expected here: sequence `seq` after hash `head`, which followed `before`.  `handle` stands after the line, which is
    number `number` of its file; the rest of the file is searched for the line that belongs here.
    """
    if parts.seq > seq:
        start = f'{{"seq":{seq},'.encode("ascii")
        ahead = number
        while raw := handle.readline(MAX_LINE):
            ahead += 1
            if raw.startswith(start):
                return f"swapped lines: expected sequence {seq}, got {parts.seq}; {seq} stands at line {ahead}"
        last = parts.seq - 1
        gone = f"line {seq} is" if last == seq else f"lines {seq} to {last} are"
        return f"deleted line: expected sequence {seq}, got {parts.seq}; {gone} gone"
    if parts.seq == seq - 1 and parts.prev == before:
        return f"inserted line: sequence {parts.seq} again after the same hash; this or the one before was inserted"
    if parts.seq < seq:
        return f"inserted line: expected sequence {seq}, got {parts.seq} again"
    return (
        f"previous hash differs: expected {head}, got {parts.prev}; the line before was changed and hashed anew, "
        "or this one is of another journal"
    )
