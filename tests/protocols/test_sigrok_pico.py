"""sigrok-pico dialogue and samples beyond the contract (protocols.md 6.1b)."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.sigrok_pico import (
    PROTOCOL,
    Abort,
    Aborted,
    Ack,
    EnableDigital,
    End,
    Identity,
    Reset,
    SampleRate,
    SampleReader,
    Samples,
    encode_samples,
)


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "messages"),
    [
        (b"SRPICO,A031D21,02", [Identity(3, 1, 21, 2)]),
        (b"\x81SRPICO,A031D21,00*", [Samples(b"\x81"), Identity(3, 1, 21, 0), Ack()]),
        (b"SRPICO", [Samples(b"SRPICO")]),
        (b"SRPICO,A0", [Samples(b"SRPICO"), Aborted(0x2C), Samples(b"A0")]),
        (b"SRPICO,A03xD21,02", [Samples(b"SRPICO"), Aborted(0x2C), Samples(b"A03xD21"), Aborted(0x2C), Samples(b"02")]),
        (b"SRSRPICO,A031D21,02", [Samples(b"SR"), Identity(3, 1, 21, 2)]),
        (b"\x80\x7f$2+", [Samples(b"\x80\x7f"), End(2)]),
        (b"$0+", [End(0)]),
        (b"$+", [Garbage(b"$", "'$' without a decimal count and '+'"), Aborted(0x2B)]),
        (b"$00+", [Garbage(b"$0", "'$' without a decimal count and '+'"), Samples(b"0"), Aborted(0x2B)]),
        (b"$12", [Garbage(b"$12", "'$' without a decimal count and '+'")]),
        (b"\x80!!", [Samples(b"\x80"), Aborted(0x21), Aborted(0x21)]),
    ],
)
def test_device_stream(wire, messages):
    assert read(wire) == messages


@pytest.mark.parametrize(
    ("wire", "messages"),
    [
        (b"D13\n*", [EnableDigital(3, True), Reset()]),
        (b"D1*", [Garbage(b"D1", "command without its line end"), Reset()]),
        (b"R1000000\n+", [SampleRate(1_000_000), Abort()]),
        (b"R01\n", [Garbage(b"R01\n", "no command of this protocol")]),
        (b"\n", [Garbage(b"\n", "no command of this protocol")]),
        (b"D21\n", [Garbage(b"D21\n", "no command of this protocol")]),
        (b"R" + b"1" * 15 + b"\n", [Garbage(b"R" + b"1" * 15 + b"\n", "command longer than 15 characters")]),
        (b"C", [Garbage(b"C", "command without its line end")]),
    ],
)
def test_host_stream(wire, messages):
    assert read(wire, Role.HOST) == messages


def test_data_comes_out_at_once_unless_it_may_begin_an_identity():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(b"\x80\x31") == [Samples(b"\x80\x31")]
    assert decoder.feed(b"\x80SRP") == [Samples(b"\x80")]
    assert decoder.feed(b"\x81") == [Samples(b"SRP\x81")]


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Samples(b""), Role.DEVICE),
        (Samples(b"\x80\x2f"), Role.DEVICE),
        (End(-1), Role.DEVICE),
        (Aborted(0x24), Role.DEVICE),
        (Aborted(0x30), Role.DEVICE),
        (Identity(100, 1, 21, 2), Role.DEVICE),
        (EnableDigital(100, True), Role.HOST),
        (SampleRate(10**14), Role.HOST),
        (Ack(), Role.HOST),
        (Reset(), Role.DEVICE),
    ],
)
def test_what_does_not_fit_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="expected"):
        PROTOCOL.encode(message, sender)


def words_of(raw, channels, previous=None):
    """Every sample of `raw`, one by one, straight from the text of protocols.md 6.1b."""
    words, group, size = [], [], -(-channels // 7)
    for byte in raw:
        if channels <= 4:
            if byte >= 0x80:
                words += [words[-1] if words else previous] * ((byte >> 4) & 7) + [byte & 15]
            else:
                words += [words[-1] if words else previous] * ((byte - 47) * 8)
        elif byte >= 0x80:
            group.append(byte & 0x7F)
            if len(group) == size:
                words.append(sum(bits << (7 * place) for place, bits in enumerate(group)))
                group = []
        else:
            words += [words[-1] if words else previous] * (byte - 47 if byte < 0x50 else (byte - 78) * 32)
    return words


@pytest.mark.parametrize(
    ("raw", "channels", "next_tick", "changes"),
    [
        (b"\x80\xb1", 4, 5, [(4, 1)]),  # from 0: samples 0 0 0 1
        (b"\x80\x7f\xd3", 4, 647, [(646, 3)]),  # 640 repeats, 5 more, value 3
        (b"\x81\x30\x80", 4, 10, [(9, 0)]),  # 8 repeats, value 0
        (b"\x80\x7f\x7f\x30\x81", 4, 1290, [(1289, 1)]),
        (b"\x8f", 2, 1, []),  # channels that are off are dropped
        (b"\x80\x30\x4f\x50\x7f\x81", 5, 1667, [(1666, 1)]),  # 1 + 32 + 64 + 1568 repeats
        (b"\x80\x80\x81\x82", 14, 2, [(1, 257)]),
        (b"\xff\xff\xff\x30\x80\x80\x80", 21, 3, [(2, 0)]),
        (b"\xff\xff\xff\xff\x8f", 32, 1, []),
    ],
)
def test_sample_bytes(raw, channels, next_tick, changes):
    reader = SampleReader(channels)
    ticks, values = reader.feed(raw)
    assert (reader.next_tick, list(zip(ticks.tolist(), values.tolist(), strict=True))) == (next_tick, changes)
    assert (ticks.dtype, values.dtype) == (np.int64, np.uint32)


def test_initial_word():
    reader = SampleReader(14)
    assert (reader.initial, reader.next_tick) == (None, 0)
    reader.feed(b"\x85")
    assert (reader.initial, reader.next_tick) == (None, 0)
    reader.feed(b"\x81")
    assert (reader.initial, reader.next_tick) == (0x85, 1)
    assert SampleReader(32).feed(b"")[0].size == 0
    full = SampleReader(32)
    full.feed(b"\xff\xff\xff\xff\x8f")
    assert full.initial == 2**32 - 1


@pytest.mark.parametrize(
    ("raw", "channels", "text"),
    [
        (b"\x80\x2f", 4, "got 2Fh 1 bytes after"),
        (b"\x30\x80", 4, "a repeat of nothing"),
        (b"\x91", 4, "a repeat of nothing"),
        (b"\x30", 8, "a repeat of nothing"),
        (b"\x80\x30\x80", 8, "inside a sample"),
    ],
)
def test_data_that_cannot_be_read(raw, channels, text):
    with pytest.raises(ProtocolError, match=text):
        SampleReader(channels).feed(raw)
    reader = SampleReader(channels)
    with pytest.raises(ProtocolError, match="sample data: expected"):  # noqa: PT012
        for at in range(len(raw)):
            reader.feed(raw[at : at + 1])


@pytest.mark.parametrize("channels", [0, -1, 33])
def test_channel_count(channels):
    with pytest.raises(ProtocolError, match="expected 1 to 32"):
        SampleReader(channels)


@pytest.mark.parametrize(
    ("ticks", "values", "start", "end", "previous", "text"),
    [
        ([1], [1], 0, 9, None, "first sample at tick 0"),
        ([], [], 0, 9, None, "first sample at tick 0"),
        ([9], [1], 0, 9, 0, "inside"),
        ([3], [1], 4, 9, 0, "inside"),
        ([4, 4], [1, 2], 4, 9, 0, "increasing"),
        ([4], [16], 4, 9, 0, "words of 4 bits"),
        ([4], [1], 4, 9, 16, "previous word of 4 bits"),
        ([4], [1, 2], 4, 9, 0, "one length"),
        ([], [], 9, 4, 0, "end_tick >= start_tick"),
    ],
)
def test_samples_that_cannot_be_written(ticks, values, start, end, previous, text):
    with pytest.raises(ProtocolError, match=text):
        encode_samples(ticks, values, start_tick=start, end_tick=end, previous=previous, digital_channels=4)


def test_written_bytes():
    def write(ticks, values, end, previous, channels=4, start=0):
        return encode_samples(
            ticks, values, start_tick=start, end_tick=end, previous=previous, digital_channels=channels
        )

    assert write([3], [1], 4, 0) == b"\xb1"
    assert write([645], [3], 646, 0) == b"\x7f\xd3"
    assert write([8], [0], 9, 1) == b"\x30\x80"
    assert write([], [], 640, 5) == b"\x7f"
    assert write([], [], 3, 5) == b"\xa5"  # two repeats and the word once more
    assert write([], [], 0, None) == b""
    assert write([0, 1665], [1, 2], 1666, None, 8) == b"\x81\x80\x7f\x51\x82\x80"  # 1568 + 96 repeats
    assert write([0], [1], 34, None, 8) == b"\x81\x80\x4f\x30"  # 32 + 1 repeats


@st.composite
def recordings(draw):
    channels = draw(st.sampled_from([1, 2, 3, 4, 5, 7, 8, 14, 15, 21, 26, 32]))
    start = draw(st.integers(0, 10**12))
    gap = st.one_of(st.integers(1, 10), st.integers(1, 5000))
    gaps = draw(st.lists(gap, max_size=12))
    ticks = [start, *(start + int(sum(gaps[: n + 1])) for n in range(len(gaps)))]
    word = st.integers(0, 2**channels - 1)
    values = [draw(word)]
    for _ in gaps:
        values.append(draw(word.filter(lambda new: new != values[-1])))
    return channels, ticks, values, ticks[-1] + 1 + draw(st.integers(0, 3000))


@settings(deadline=None)
@given(recording=recordings(), data=st.data())
def test_what_is_written_is_read_back_however_cut(recording, data):
    channels, ticks, values, end = recording
    start = ticks[0]
    middle = data.draw(st.integers(start + 1, end))
    first = [n for n, tick in enumerate(ticks) if tick < middle]
    rest = [n for n, tick in enumerate(ticks) if tick >= middle]

    def write(which, start, end, previous):
        chosen = [ticks[n] for n in which], [values[n] for n in which]
        return encode_samples(*chosen, start_tick=start, end_tick=end, previous=previous, digital_channels=channels)

    raw = write(first, start, middle, None) + write(rest, middle, end, values[first[-1]])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    reader = SampleReader(channels)
    parts = [reader.feed(raw[a:b]) for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    found = [(tick, value) for some in parts for tick, value in zip(*(array.tolist() for array in some), strict=True)]
    shifted = [tick - start for tick in ticks]
    assert found == list(zip(shifted, values, strict=True))[1:]
    assert (reader.initial, reader.next_tick) == (values[0], end - start)


@settings(deadline=None)
@given(
    raw=st.lists(st.integers(0x30, 0xFF), max_size=40).map(bytes),
    channels=st.sampled_from([4, 7]),
    data=st.data(),
)
def test_any_data_is_read_as_the_text_says(raw, channels, data):
    raw = b"\x85" + raw
    cut = data.draw(st.integers(0, len(raw)))
    reader = SampleReader(channels)
    parts = [reader.feed(raw[:cut]), reader.feed(raw[cut:])]
    words = words_of(raw, channels)
    expected = [(n, words[n]) for n in range(1, len(words)) if words[n] != words[n - 1]]
    found = [(tick, value) for some in parts for tick, value in zip(*(array.tolist() for array in some), strict=True)]
    assert found == expected
    assert reader.next_tick == len(words)


@pytest.mark.parametrize("channels", [4, 14])
@pytest.mark.parametrize("piece", [300, 100_000])
def test_reading_keeps_up(channels, piece):
    random = np.random.default_rng(7)
    ticks = np.cumsum(random.integers(1, 400, 400_000))
    values = np.arange(ticks.size) % 13
    raw = encode_samples(
        ticks, values, start_tick=int(ticks[0]), end_tick=int(ticks[-1]) + 1, previous=None, digital_channels=channels
    )
    best = 0.0
    for _ in range(3):
        reader = SampleReader(channels)
        begin = time.perf_counter()
        changes = sum(reader.feed(raw[at : at + piece])[0].size for at in range(0, len(raw), piece))
        best = max(best, len(raw) / (time.perf_counter() - begin) / 1e6)
    assert changes == ticks.size - 1
    assert best > 1.0, f"{best:.1f} MB/s; well above the 0.5 MB/s that the device can send, whatever else runs here"
    print(f"{channels} channels, {piece} bytes a read: {best:.1f} MB/s")
