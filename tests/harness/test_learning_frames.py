"""Frames out of a stream, what their columns do, which checks hold, and what a change of the instrument moved."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.learning.alignment import LONGEST, cost, frames
from harness.learning.columns import differences, find_checks, shape
from harness.learning.vectors import CapturedFrame, chosen, to_toml
from protocols.checks import CATALOGUE, crc16_modbus, sum8, xor8
from protocols.vectors import VectorError, read_vectors

RNG = np.random.default_rng(7)
WEIGHTS = [int(w) for w in RNG.integers(0, 99999, size=60)]


def counted(k: int) -> bytes:
    """A device of no standard: AA 55, counter, BCD weight, text digits, sum."""
    body = bytes((k & 0xFF,)) + bytes.fromhex(f"{WEIGHTS[k % 60]:06d}") + b"%05d" % WEIGHTS[k % 60]
    return b"\xaa\x55" + body + bytes((sum8(body),))


DEVICE = [counted(k) for k in range(60)]


def test_silences_last_bytes_first_bytes_and_lengths_are_found() -> None:
    lines = [b"W%05d kg\r\n" % weight for weight in WEIGHTS]
    assert frames(lines).cut.how == "silence"
    assert set(frames([b"".join(lines)]).frames) == set(lines)
    marked = [b"=%04d.%02d" % (weight % 10000, weight % 97) for weight in WEIGHTS]
    found = frames([b"".join(marked)])
    assert (found.cut.how, set(found.frames)) == ("first byte", set(marked))
    plain = [bytes((1, k, 0, 0, 7, 7, k ^ 3, 200)) for k in range(60)]
    assert {len(frame) for frame in frames([b"".join(plain)]).frames} == {8}
    assert frames(DEVICE).cut.structured or frames(DEVICE).cut.how == "silence"


def test_two_frames_are_not_taken_for_one() -> None:
    """A step of 7 in a counter makes pairs of frames more alike than frames: still each is its own."""
    said = [b"\x02A%05dB%03d\x03%02X" % (7 * k, k % 1000, k % 256) for k in range(400)]
    assert frames(said).cut.how == "silence"
    assert list(frames([b"".join(said)]).by_length()) == [14]


def test_what_does_not_repeat_is_said_not_to() -> None:
    assert not frames([RNG.bytes(40) for _ in range(40)]).cut.structured


def test_columns_are_named_for_what_they_do() -> None:
    found = shape(DEVICE)
    kinds = [column.kind for column in found.columns]
    assert kinds[:3] == ["constant", "constant", "counter"]
    assert found.columns[2].detail == "+1 each"
    assert kinds[3:6] == ["bcd"] * 3 or kinds[4:6] == ["bcd"] * 2
    assert set(kinds[6:11]) == {"digits"}
    assert kinds[11] == "check"
    assert ("sum-8", 2, -1, "one byte") in {
        (check.name, check.first, check.last, check.spelling) for check in found.checks
    }


@pytest.mark.parametrize(
    ("name", "made", "spelling"),
    [
        ("sum-8", lambda body: body + bytes((sum8(body),)), "one byte"),
        ("xor-8", lambda body: b"\x02" + body + b"%02X" % xor8(body) + b"\x03", "two hexadecimal characters"),
        ("CRC-16/MODBUS", lambda body: body + crc16_modbus(body).to_bytes(2, "little"), "low byte first"),
        (
            "CRC-16/ARC",
            lambda body: b"\x01" + body + CATALOGUE[0].compute(body).to_bytes(2, "big") + b"\r",
            "high byte first",
        ),
    ],
)
def test_checks_are_found_where_they_are(name: str, made: object, spelling: str) -> None:
    said = [made(b"K" + RNG.bytes(7)) for _ in range(20)]  # type: ignore[operator]
    assert (name, spelling) in {(check.name, check.spelling) for check in find_checks(said)}
    assert not find_checks(said[:3]), "too few frames to name a check by"
    damaged = [*said[:-1], said[-1][:-3] + bytes((said[-1][-3] ^ 1,)) + said[-1][-2:]]
    assert name not in {check.name for check in find_checks(damaged) if check.spelling == spelling}


def test_random_frames_have_no_checks() -> None:
    assert not [
        find_checks([RNG.bytes(12) for _ in range(30)])
        for _ in range(20)
        if find_checks([RNG.bytes(12) for _ in range(30)])
    ]


def test_what_one_change_moved() -> None:
    before, after = [b"P0752W%d\r" % k for k in range(5)], [b"P0899W%d\r" % k for k in range(5)]
    moved = differences([before, [], after])
    assert [(d.index, d.values) for d in moved] == [
        (2, (0x37, None, 0x38)),
        (3, (0x35, None, 0x39)),
        (4, (0x32, None, 0x39)),
    ]
    assert differences([before, []]) == []


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_no_byte_is_lost_and_no_frame_is_endless(bursts: list[bytes]) -> None:
    found = frames(bursts)
    assert b"".join(found.frames) == b"".join(bursts)
    assert len(found.frames) == len(found.bursts)
    assert all(len(frame) <= LONGEST for frame in found.frames)
    assert list(found.bursts) == sorted(found.bursts)
    assert found.cut.bits_per_byte >= 0
    for numbers in found.by_length(1).values():
        own = [found.frames[number] for number in numbers]
        if own[0]:
            told = shape(own)
            assert [column.index for column in told.columns] == list(range(told.length))


def test_a_long_stream_is_cut_in_time_and_bounded() -> None:
    found = frames([RNG.bytes(3 * LONGEST) * 40])
    assert max(map(len, found.frames)) <= LONGEST
    assert cost([]) >= 0


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(
        st.builds(CapturedFrame, TEXT, st.sampled_from(["host", "device"]), st.binary(max_size=40), TEXT),
        max_size=5,
    )
)
def test_vectors_come_back_as_written(vectors: list[CapturedFrame]) -> None:
    read = read_vectors(to_toml(vectors), "vectors.toml", {})
    assert [(one.name, str(one.sender), one.wire, one.source) for one in read] == [
        (one.name, one.sender, one.wire, one.source) for one in vectors
    ]
    assert all(line == "" or re.match(r"\[\[vector]]|\w+ = ", line) for line in to_toml(vectors).split("\n"))


def test_a_vectors_file_says_what_it_lacks() -> None:
    nobody = to_toml([CapturedFrame("a", "", b"a", "mixed")])
    with pytest.raises(VectorError, match="vector]] 1: expected one of host, device, got ''"):
        read_vectors(nobody, "vectors.toml", {})
    assert chosen([b"a", b"b", b"a"]) == [b"a", b"b"]
