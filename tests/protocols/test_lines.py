"""Lines cut out of a stream, and why one is no text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, Message, joined
from protocols.lines import SILENCE_CHARS, Deaf, LineDecoder, why_not_text

MOST = 16


@dataclass(frozen=True)
class Whole:
    raw: bytes


def decoded(pieces: list[bytes], silence_chars: float | None = None) -> list[Message]:
    decoder = LineDecoder(Whole, MOST, silence_chars)
    messages: list[Message] = []
    for piece in pieces:
        messages += decoder.feed(piece)
    return joined(messages + decoder.close())


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"+0127.20 G S\r\n", None),
        (b"", None),
        ("12３".encode(), "full-width digits"),
        ("12３".encode("gbk"), "full-width digits"),
        (bytes(b | 0x80 * (b.bit_count() & 1) for b in b"0123456789"), "even parity: 7 data bits"),
        (bytes(b | 0x80 * (~b.bit_count() & 1) for b in b"0123456789"), "odd parity: 7 data bits"),
        (b"0123\xb456789", "byte B4h is no 7-bit character"),
        (b"\xb1", "byte B1h"),
    ],
)
def test_why_a_line_is_no_text(raw: bytes, why: str | None) -> None:
    told = why_not_text(raw)
    assert (told is None) if why is None else (told is not None and why in told)


@given(
    st.binary(max_size=100) | st.lists(st.sampled_from(b"a\n\xb1"), max_size=80).map(bytes),
    st.lists(st.integers(0, 100)),
)
def test_cuts_say_nothing_and_no_byte_is_lost(stream: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]
    whole = decoded([stream])
    assert decoded(pieces) == whole
    assert b"".join(message.raw for message in whole) == stream  # type: ignore[attr-defined]


def test_an_endless_line_is_given_up_to_its_end_and_says_what_its_first_bytes_say() -> None:
    parity = bytes(b | 0x80 * (~b.bit_count() & 1) for b in b"0123456789") * 10
    garbage, good = decoded([parity, b"rest\nok\n"])
    assert good == Whole(b"ok\n")
    assert isinstance(garbage, Garbage)
    assert garbage.raw == parity + b"rest\n"
    assert "odd parity" in garbage.why


def test_silence_ends_a_line_where_it_may() -> None:
    patient, strict = LineDecoder(Whole, MOST), LineDecoder(Whole, MOST, SILENCE_CHARS)
    for decoder in (patient, strict):
        assert decoder.feed(b"begun") == []
        assert decoder.silence(SILENCE_CHARS - 1) == []
    assert patient.silence(1e9) == []
    assert patient.feed(b"\n") == [Whole(b"begun\n")]
    assert strict.silence(SILENCE_CHARS) == [Garbage(b"begun", "line broken off by silence")]
    assert strict.feed(b"\n") == [Whole(b"\n")]


def test_silence_also_ends_a_line_that_was_given_up() -> None:
    decoder = LineDecoder(Whole, MOST, SILENCE_CHARS)
    assert decoder.feed(b"x" * 40) == [Garbage(b"x" * 40, "line too long")]
    assert decoder.silence(SILENCE_CHARS) == []
    assert decoder.feed(b"ok\n") == [Whole(b"ok\n")]


def test_the_deaf_side_keeps_what_was_sent() -> None:
    deaf = Deaf("nobody listens")
    assert deaf.feed(b"") == []
    assert deaf.feed(b"abc") == [Garbage(b"abc", "nobody listens")]
    assert deaf.silence(1e9) == deaf.close() == []
