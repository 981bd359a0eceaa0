"""The value changes of a VCD file (IEEE 1364-2005, 18.2.2), block by block, without a loop over them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from captures.errors import CaptureError
from captures.formats.changes import MAX_EDGES, UNKNOWN, Changes
from captures.formats.text import MAX_DIGITS, Bools, integers, key_of, keys
from captures.formats.vcd_header import Declarations
from captures.model import Int64Array, UInt8Array

_NONE, _LEVEL, _VECTOR, _TIME, _COMMAND, _CODE = range(6)
_KIND = np.zeros(256, dtype=np.uint8)
_KIND[list(b"01xXzZuUwW-lLhH")] = _LEVEL  # the nine values of VHDL too: simulators write them
_KIND[list(b"bBrRsS")] = _VECTOR
_KIND[ord("#")] = _TIME
_KIND[ord("$")] = _COMMAND
_VALUE = np.full(256, UNKNOWN, dtype=np.uint8)
_VALUE[list(b"0lL")] = 0
_VALUE[list(b"1hH")] = 1
_MAX_REST = 1 << 16
_COMMENT = re.compile(rb"(?<!\S)\$comment(?!\S)")
_END = re.compile(rb"(?<!\S)\$end(?!\S)")
_OFF, _ON, _OTHER = b"$dumpoff", b"$dumpon", frozenset({b"$dumpvars", b"$dumpall", b"$end"})

Found = tuple[Int64Array, Int64Array, UInt8Array]
"""Token numbers, channels and values (n,) of value changes."""


@dataclass(frozen=True, eq=False)
class _Tokens:
    """The words of one block: spans, kinds (n,), and `refuse` to name the first bad one of some."""

    buffer: UInt8Array
    starts: Int64Array
    ends: Int64Array
    kind: UInt8Array
    refuse: Callable[[Bools, Int64Array, str], None]

    def text(self, number: int) -> bytes:
        return self.buffer[self.starts[number] : self.ends[number]].tobytes()

    def of(self, kind: int) -> Int64Array:
        return np.flatnonzero(self.kind == kind)


class Body:
    """Feeds on blocks of whole lines; `changes` holds what was found, by channel number of `declared`."""

    def __init__(self, declared: Declarations, where: str) -> None:
        self._where = where
        self.changes = Changes(where)
        variables = sorted(declared.variables, key=lambda variable: key_of(variable.code))
        self._bits = [variable.bits for variable in variables]
        self._keys = np.array([key_of(variable.code) for variable in variables], dtype=np.uint64)
        self._single = np.array([bits[0] if len(bits) == 1 else -1 for bits in self._bits], dtype=np.int64)
        self._channels = np.array(sorted({bit for bits in self._bits for bit in bits}), dtype=np.int64)
        self._rest = b""
        self._first: int | None = None
        self._now = 0
        self._in_comment = self._off = False

    def finish(self) -> tuple[int, int]:
        """First and last time of the file, once all blocks were fed."""
        if self._in_comment or self._rest:
            raise CaptureError(f"{self._where}: ends inside a comment or a value ({self._rest!r:.40}); truncated")
        if self._first is None:
            raise CaptureError(f"{self._where}: expected time stamps, got none; the recording is empty or truncated")
        return self._first, self._now

    def feed(self, offset: int, block: bytes) -> None:
        """The block at `offset`, which ends with white space."""
        if self._rest:  # a value whose code stands in the next line
            offset, block, self._rest = offset - len(self._rest) - 1, self._rest + b" " + block, b""
        tokens = self._tokens(offset, self._without_comments(block))
        if tokens is None:
            return
        at_time = tokens.kind == _TIME
        stamps = np.flatnonzero(at_time)
        times, bad = integers(tokens.buffer, tokens.starts[stamps] + 1, tokens.ends[stamps])
        tokens.refuse(bad, stamps, f"a time of 1 to {MAX_DIGITS} digits")
        course = np.concatenate([[self._now], times])
        tokens.refuse(np.diff(course) < 0, stamps, "a time not before the last one")
        if self._first is None:
            before = tokens.kind[: int(stamps[0])] if stamps.size else tokens.kind
            if bool(np.isin(before, (_LEVEL, _VECTOR)).any()):
                self._first = 0
            elif stamps.size:
                self._first = int(times[0])
        now = course[np.cumsum(at_time)]
        self._now = int(course[-1])
        switched = self._switched(tokens)
        found = [*switched, self._levels(tokens), *self._vectors(tokens, thin=not switched)]
        token, channel, value = (np.concatenate(parts) for parts in zip(*found, strict=True))
        if len(found) > 1:
            order = np.argsort(token, kind="stable")
            token, channel, value = token[order], channel[order], value[order]
        self.changes.add(now[token], channel, value)

    def _without_comments(self, block: bytes) -> bytes:
        """The block with comments blanked out; one that does not end here goes on in the next block."""
        if not self._in_comment and b"$comment" not in block:
            return block
        text, at = bytearray(block), 0
        while True:
            if not self._in_comment:
                begin = _COMMENT.search(text, at)
                if begin is None:
                    return bytes(text)
                at = begin.start()
            end = _END.search(text, at)
            self._in_comment = end is None
            stop = len(text) if end is None else end.end()
            text[at:stop] = b" " * (stop - at)
            if end is None:
                return bytes(text)
            at = stop

    def _tokens(self, offset: int, block: bytes) -> _Tokens | None:
        buffer = np.frombuffer(block, dtype=np.uint8)
        word = np.concatenate([[False], buffer > 32, [False]])
        starts = np.flatnonzero(word[1:-1] & ~word[:-2])
        ends = np.flatnonzero(word[1:-1] & ~word[2:]) + 1
        if not starts.size:
            return None
        kind = _KIND[buffer[starts]]
        lead = kind == _VECTOR
        if lead.any():
            # value and code alternate: in a run of words that look like values every second one is a code
            place = np.arange(kind.size)
            begin = np.maximum.accumulate(np.where(lead & ~np.concatenate([[False], lead[:-1]]), place, 0))
            value = lead & ((place - begin) % 2 == 0)
            kind[np.concatenate([[False], value[:-1]])] = _CODE
            if value[-1]:
                self._rest = block[starts[-1] : ends[-1]]
                starts, ends, kind = starts[:-1], ends[:-1], kind[:-1]
                if len(self._rest) > _MAX_REST:
                    raise CaptureError(f"{self._where} offset {offset}: a value of {len(self._rest)} digits; damaged")
                if not starts.size:
                    return None

        def refuse(bad: Bools, which: Int64Array, expected: str) -> None:
            if bad.any():
                at = int(which[int(np.argmax(bad))])
                got = block[starts[at] : ends[at]]
                raise CaptureError(
                    f"{self._where} offset {offset + int(starts[at])}: expected {expected}, got {got!r:.60}; damaged"
                )

        refuse(kind == _NONE, np.arange(kind.size), "a time, a value change or a $ keyword")
        return _Tokens(buffer, starts, ends, kind, refuse)

    def _switched(self, tokens: _Tokens) -> list[Found]:
        """$dumpoff: nothing is known until $dumpon.  Marks what stands between them as of no kind."""
        commands = tokens.of(_COMMAND)
        places, states = [-1], [self._off]
        for number in commands.tolist():
            text = tokens.text(number)
            if text in (_OFF, _ON):
                places.append(number)
                states.append(text == _OFF)
            elif text not in _OTHER:
                tokens.refuse(commands == number, commands, "$dumpvars, $dumpall, $dumpon, $dumpoff or $end")
        self._off = states[-1]
        if not any(states):
            return []
        state = np.array(states)[np.searchsorted(places, np.arange(tokens.kind.size), "right") - 1]
        tokens.kind[state & (tokens.kind != _TIME)] = _NONE
        count = self._channels.size
        offs = [place for place, off in zip(places[1:], states[1:], strict=True) if off]
        if len(offs) * count > MAX_EDGES:
            raise CaptureError(f"{self._where}: {len(offs)} times $dumpoff for {count} channels; damaged")
        unknown = np.full(count, UNKNOWN, np.uint8)
        return [(np.full(count, place, np.int64), self._channels, unknown) for place in offs]

    def _numbers(self, tokens: _Tokens, which: Int64Array, starts: Int64Array) -> Int64Array:
        """Numbers (n,) in the sorted variables, of the codes that begin at `starts` (n,) and end with their words."""
        packed, bad = keys(tokens.buffer, starts, tokens.ends[which])
        number = np.minimum(np.searchsorted(self._keys, packed), self._keys.size - 1)
        tokens.refuse(bad | (self._keys[number] != packed), which, "the code of a declared variable")
        return number

    def _levels(self, tokens: _Tokens) -> Found:
        which = tokens.of(_LEVEL)
        number = self._numbers(tokens, which, tokens.starts[which] + 1)
        channel = self._single[number]
        tokens.refuse(channel < 0, which, "a value of one bit for a variable of one bit")
        return which, channel, _VALUE[tokens.buffer[tokens.starts[which]]]

    def _vectors(self, tokens: _Tokens, thin: bool) -> list[Found]:
        """Bit by bit; `thin` leaves out what changes nothing, where no $dumpoff stands between."""
        which = tokens.of(_VECTOR)
        if not which.size:
            return []
        buffer, starts, ends = tokens.buffer, tokens.starts[which] + 1, tokens.ends[which]
        number = self._numbers(tokens, which + 1, tokens.starts[which + 1])
        width = np.array([len(bits) for bits in self._bits], dtype=np.int64)[number]
        binary = (buffer[starts - 1] | 32) == ord("b")
        tokens.refuse(binary != (width > 0), which, "a value of the declared type")
        tokens.refuse(binary & ((ends - starts < 1) | (ends - starts > width)), which, "as many bits as declared")
        found = []
        for variable in np.unique(number).tolist():
            own = np.flatnonzero(number == variable)
            lead = buffer[np.minimum(starts[own], buffer.size - 1)]
            fill = np.where(lead == ord("1"), np.uint8(ord("0")), lead)  # IEEE 1364, table 18-2: left extension
            for place, bit in enumerate(reversed(self._bits[variable])):
                at = ends[own] - 1 - place
                letter = np.where(at >= starts[own], buffer[np.maximum(at, 0)], fill)
                tokens.refuse(_KIND[letter] != _LEVEL, which[own], "bits 0, 1, x or z")
                value = _VALUE[letter]
                moved = np.concatenate([[True], (value[1:] != value[:-1]) | (not thin)])
                found.append((which[own][moved], np.full(int(moved.sum()), bit, np.int64), value[moved]))
        return found
