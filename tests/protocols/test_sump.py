"""SUMP: what only the context tells apart, and the order and coding of samples (protocols.md 6.1)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.sump import (
    PROTOCOL,
    Counts,
    DeviceDecoder,
    Divider,
    Flags,
    Identify,
    Identity,
    Metadata,
    QueryMetadata,
    Reset,
    Run,
    Samples,
    TriggerConfig,
    encode_samples,
    read_samples,
    samples_in,
)

# keys and widths of protocols.md 6.1: name, sample memory and rate (4 bytes big endian), probes and version (1 byte)
METADATA = b"\x01OLS\0" + b"\x21\0\0\x60\0" + b"\x23\x05\xf5\xe1\0" + b"\x40\x20" + b"\x41\x02" + b"\0"
TOLD = Metadata(((1, b"OLS"), (0x21, 24576), (0x23, 100_000_000), (0x40, 32), (0x41, 2)))


@given(cut=st.integers(0, len(METADATA)))
def test_metadata_are_read_where_they_were_asked_for(cut: int) -> None:
    decoder = DeviceDecoder()
    decoder.asked(QueryMetadata())
    assert decoder.feed(METADATA[:cut]) + decoder.feed(METADATA[cut:] + b"\x01") == [TOLD, Samples(b"\x01")]
    assert PROTOCOL.encode(TOLD, Role.DEVICE) == METADATA


def test_what_metadata_say() -> None:
    assert TOLD.text(Metadata.NAME) == "OLS"
    assert TOLD.text(Metadata.FPGA) == ""
    assert TOLD.number(Metadata.PROBES, Metadata.PROBES_SHORT) == 32
    assert TOLD.number(Metadata.DYNAMIC_MEMORY) is None
    assert Metadata(((1, b"\x1b[31m"),)).text(1).isascii()


@given(cut=st.integers(0, 4))
def test_an_identity_is_four_bytes_after_its_question(cut: int) -> None:
    decoder = DeviceDecoder()
    decoder.asked(Identify())
    assert decoder.feed(b"1ALS"[:cut]) + decoder.feed(b"1ALS"[cut:]) == [Identity(b"1ALS")]
    assert decoder.feed(b"1ALS") == [Samples(b"1ALS")]  # nobody asked again


@pytest.mark.parametrize(
    ("question", "answer"), [(Identify(), b"1A"), (QueryMetadata(), b"\x01OL"), (QueryMetadata(), b"\x21\0\0")]
)
def test_an_answer_cut_by_silence_or_the_next_command_is_garbage(question: object, answer: bytes) -> None:
    for end in (lambda d: d.silence(100), lambda d: d.close(), lambda d: d.asked(Run()), lambda d: d.asked(Reset())):
        decoder = DeviceDecoder()
        decoder.asked(question)
        assert decoder.feed(answer) == []
        [cut] = end(decoder)
        assert isinstance(cut, Garbage)
        assert cut.raw == answer
        assert decoder.feed(b"\x05") == [Samples(b"\x05")]


def test_metadata_of_an_unknown_type_end_the_reading() -> None:
    decoder = DeviceDecoder()
    decoder.asked(QueryMetadata())
    bad, rest = decoder.feed(b"\x01OLS\0\xc1\x02")
    assert isinstance(bad, Garbage)
    assert bad.raw == b"\x01OLS\0\xc1"
    assert "unknown type" in bad.why
    assert rest == Samples(b"\x02")


def test_endless_metadata_are_given_up() -> None:
    decoder = DeviceDecoder()
    decoder.asked(QueryMetadata())
    messages = [m for _ in range(300) for m in decoder.feed(b"\x01aaaaaaaa")]
    assert isinstance(messages[0], Garbage)
    assert "longer than" in messages[0].why
    assert sum(len(m.raw) for m in messages if isinstance(m, Garbage | Samples)) == 300 * 9


@given(answer=st.binary(max_size=200), data=st.data())
def test_hostile_answers_lose_no_byte_however_cut(answer: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(answer)))
    question = data.draw(st.sampled_from([Identify(), QueryMetadata(), Run()]))

    def decoded(*pieces: bytes) -> list[object]:
        decoder = DeviceDecoder()
        decoder.asked(question)
        return joined([m for piece in pieces for m in decoder.feed(piece)] + decoder.close())

    whole = decoded(answer)
    assert decoded(answer[:cut], answer[cut:]) == whole
    back = b"".join(m.raw if isinstance(m, Garbage) else PROTOCOL.encode(m, Role.DEVICE) for m in whole)
    assert back == answer


def test_registers() -> None:
    assert PROTOCOL.encode(Divider(99), Role.HOST) == bytes.fromhex("8063000000")
    assert Flags(0x3A).groups == (0,)
    assert Flags(0).groups == (0, 1, 2, 3)
    assert Flags(0x100).rle
    assert TriggerConfig(0, 0x08000000).starts
    [garbage] = PROTOCOL.decoder(Role.HOST).feed(b"\x80\0\0\0\x01")
    assert isinstance(garbage, Garbage)
    assert "24 bits" in garbage.why
    for wrong in (Divider(1 << 24), Counts(6, 4), Counts(4, 262_148), Flags(-1), TriggerConfig(4, 0)):
        with pytest.raises(ProtocolError, match="expected"):
            PROTOCOL.encode(wrong, Role.HOST)


def test_samples_come_newest_first() -> None:
    assert read_samples(b"\x03\x02\x01", [0]).tolist() == [1, 2, 3]
    assert read_samples(b"\x03\x04\x01\x02", [0, 1]).tolist() == [0x0201, 0x0403]
    assert read_samples(b"\x03\x01", [2]).tolist() == [0x010000, 0x030000]


def test_run_length_coded_samples() -> None:
    """A count stands before the word it repeats: 83 05 is five, and three times more."""
    assert read_samples(b"\x06\x83\x05", [0], rle=True).tolist() == [5, 5, 5, 5, 6]
    assert encode_samples([5, 5, 5, 5, 6], [0], rle=True) == b"\x06\x83\x05"
    assert samples_in(b"\x06\x83", [0], rle=True) == 1
    assert samples_in(b"\x06\x83\x05", [0], rle=True) == 5
    assert samples_in(b"\x06\x83\x05", [0]) == 3


@pytest.mark.parametrize(
    ("raw", "groups", "rle", "text"),
    [
        (b"\x01\x02\x03", [0, 1], False, "whole samples of 2 bytes"),
        (b"\x01\x83", [0], True, "after the last count"),
        (b"\x83\x83\x01", [0], True, "a second count"),
        (b"\xff\xff\xff\xff\x00\x00\x00\x00" * 2, [0, 1, 2, 3], True, "the counts are damaged"),
        (b"\x01", [], False, "one to four"),
        (b"\x01", [1, 0], False, "ascending"),
    ],
)
def test_samples_that_cannot_be_read(raw: bytes, groups: list[int], rle: bool, text: str) -> None:
    with pytest.raises(ProtocolError, match=text):
        read_samples(raw, groups, rle=rle)


@given(
    runs=st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.one_of(st.integers(1, 5), st.integers(120, 300))), max_size=12
    ),
    groups=st.sets(st.integers(0, 3), min_size=1).map(sorted),
    rle=st.booleans(),
)
def test_what_is_written_is_read_back(runs: list[tuple[int, int]], groups: list[int], rle: bool) -> None:
    words = np.repeat(np.array([w for w, _ in runs], np.uint32), [n for _, n in runs])
    mask = sum(0xFF << (8 * group) for group in groups)
    if rle:  # the highest channel is the count's mark
        mask &= ~(0x80 << (8 * groups[-1]))
    raw = encode_samples(words, groups, rle=rle)
    assert read_samples(raw, groups, rle=rle).tolist() == (words & np.uint32(mask)).tolist()
    assert samples_in(raw, groups, rle=rle) == words.size
