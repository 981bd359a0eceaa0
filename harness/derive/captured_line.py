"""Messages of a serial line that was captured as levels, by a tap or another's logic analyser.

The decoder gets one character after the other and every silence between them, so that each message is known to lie between two
characters.  A message with a character in it that was not received well (framing, parity), or whose beginning the recording may
have missed, is no message: it stays as Garbage that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from captures.uart import Characters, CharFlag
from protocols.contract import Decoder, Garbage, Message, ProtocolError, Role, WireProtocol

TURN_CHARS = 3.5
"""The silence that ends what one side says where both share one channel (protocols.md 6.5); others pause longer."""

_OPENING = "the recording or what is left of it after a gap begins here, perhaps inside a message"


@dataclass(frozen=True, slots=True)
class Said:
    """One message, from the start of its first character to the end of its last; `sender` None where it cannot be told."""

    begin_ns: int
    end_ns: int
    sender: Role | None
    message: Message
    raw: bytes


def said_by(protocol: WireProtocol, characters: Characters, sender: Role) -> list[Said]:
    """What `sender` said on a channel that carries nothing else; adjoining Garbage is one."""
    reader = _Reader(protocol, characters, sender)
    cut = characters.having(CharFlag.CUT).tolist()
    for number in range(len(cut)):
        reader.cut(number) if cut[number] else reader.hear(number)
    reader.end(len(cut))
    return reader.said()


def said_by_both(protocol: WireProtocol, characters: Characters, turn_chars: float = TURN_CHARS) -> list[Said]:
    """What host and device said on one shared channel: whoever speaks pauses before the other does.

    Between two silences the side is the one whose decoder reads everything.  Where both do and agree, the sides take
    turns; where both do and differ, or neither does, it is Garbage.
    """
    found: list[Said] = []
    last: Role | None = None
    quiet = _silences(characters)
    begins = [0, *np.flatnonzero(quiet > turn_chars).tolist(), characters.data.size]
    for begin, end in pairwise(begins):
        if begin == end:
            continue
        turn = _part(characters, begin, end)
        read = {role: said_by(protocol, turn, role) for role in Role}
        best = _clearest(read, last)
        found += best
        if best and best[-1].sender is not None:
            last = best[-1].sender
    return found


def _clearest(read: dict[Role, list[Said]], last: Role | None) -> list[Said]:
    """The reading of one turn among those of both roles."""
    noise = {role: sum(len(one.raw) for one in said if isinstance(one.message, Garbage)) for role, said in read.items()}
    clear = [role for role in Role if not noise[role]]
    if len(clear) == 1:
        return read[clear[0]]
    if not clear:
        nearest = read[min(Role, key=noise.__getitem__)]
        return [replace(one, sender=None if isinstance(one.message, Garbage) else one.sender) for one in nearest]
    host, device = read[Role.HOST], read[Role.DEVICE]
    if [one.message for one in host] == [one.message for one in device]:
        turn = {None: None, Role.HOST: Role.DEVICE, Role.DEVICE: Role.HOST}[last]
        return [replace(one, sender=turn) for one in host]
    if not host:
        return []
    raw = b"".join(one.raw for one in host)
    why = "reads as the host's and as the device's, and they differ"
    return [Said(host[0].begin_ns, host[-1].end_ns, None, Garbage(raw, why), raw)]


def _part(characters: Characters, begin: int, end: int) -> Characters:
    """Characters begin to end; the window stays, but for what other characters fill of it."""
    first = int(characters.ends[begin - 1]) if begin else characters.window[0]
    last = int(characters.starts[end]) if end < characters.data.size else characters.window[1]
    return replace(
        characters,
        starts=characters.starts[begin:end],
        ends=characters.ends[begin:end],
        data=characters.data[begin:end],
        flags=characters.flags[begin:end],
        window=(first, last),
    )


def _silences(characters: Characters) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Character times (n,) of idle line before each character, the first counted from the beginning of the window."""
    before = np.concatenate((np.array([characters.window[0]]), characters.ends[:-1]))[: characters.starts.size]
    quiet: np.ndarray[tuple[int], np.dtype[np.float64]] = (characters.starts - before) / float(characters.char_ticks)
    return np.maximum(quiet, 0.0)


class _Reader:
    """Feeds one decoder and says between which characters each message lies."""

    def __init__(self, protocol: WireProtocol, characters: Characters, sender: Role) -> None:
        self._protocol, self._sender = protocol, sender
        self._decoder: Decoder = protocol.decoder(sender)
        self._data = characters.data.tobytes()
        self._quiet = _silences(characters).tolist()
        self._begins = characters.to_ns(characters.starts).tolist()
        self._ends = characters.to_ns(characters.ends).tolist()
        self._bad = {int(number): _told(int(characters.flags[number])) for number in np.flatnonzero(characters.flags)}
        self._first = 0  # the first character that belongs to no message yet
        self._said: list[tuple[int, int, Message]] = []
        if self._quiet and self._quiet[0] < 1:
            self._bad.setdefault(0, _OPENING)

    def hear(self, number: int) -> None:
        if self._quiet[number] > 0:
            self._take(self._decoder.silence(self._quiet[number]), number)
        self._take(self._decoder.feed(self._data[number : number + 1]), number + 1)

    def cut(self, number: int) -> None:
        """The recording shows this character in part: what came before ends here, what follows may be the rest of it."""
        self.end(number)
        self._first = number + 1
        self._bad.setdefault(number + 1, _OPENING)

    def end(self, number: int) -> None:
        self._take(self._decoder.close(), number)

    def _take(self, messages: Sequence[Message], heard: int) -> None:
        """`messages` came out of the decoder when it had heard the characters before number `heard`.

        Where a message has two spellings its length is not known: then the last of them takes all that was heard.
        """
        for left, message in enumerate(messages, 1 - len(messages)):
            begin = min(self._first, heard - 1)
            exact = self._protocol.lossless or isinstance(message, Garbage) or left < 0
            end = min(begin + self._size(message), heard) if exact else heard
            self._first = end
            bad = next((k for k in range(begin, end) if k in self._bad), None)
            if bad is not None and not isinstance(message, Garbage):
                why = f"character {bad - begin + 1} of {end - begin}: {self._bad[bad]}"
                message = Garbage(self._data[begin:end], why)
            self._said.append((begin, end, message))

    def _size(self, message: Message) -> int:
        """Characters of `message`."""
        if isinstance(message, Garbage):
            return max(1, len(message.raw))
        try:
            return max(1, len(self._protocol.encode(message, self._sender)))
        except ProtocolError:
            return 1

    def said(self) -> list[Said]:
        found: list[Said] = []
        at = 0
        while at < len(self._said):
            begin, end, message = self._said[at]
            at += 1
            if isinstance(message, Garbage):
                while (
                    at < len(self._said)
                    and isinstance(self._said[at][2], Garbage)
                    and self._joins(end, self._said[at][0])
                ):
                    end = self._said[at][1]
                    at += 1
                message = Garbage(self._data[begin:end], message.why)
            found.append(Said(self._begins[begin], self._ends[end - 1], self._sender, message, self._data[begin:end]))
        return found

    def _joins(self, end: int, begin: int) -> bool:
        """Garbage that goes on without a pause is one."""
        return begin == end and self._quiet[begin] < 1


def _told(flags: int) -> str:
    flag = CharFlag(flags)
    if CharFlag.CUT in flag:
        return "partly outside the recording"
    if CharFlag.BREAK in flag:
        return "break, or a line that is down"
    wrong = [
        name for one, name in ((CharFlag.FRAMING, "framing error"), (CharFlag.PARITY, "parity error")) if one in flag
    ]
    return " and ".join(wrong)
