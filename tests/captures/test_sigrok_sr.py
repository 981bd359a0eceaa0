"""sigrok sessions: every edge of the real ones, and no harm from hostile ones."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.errors import CaptureError, WrongFormatError
from captures.formats import READERS, read
from captures.formats.edges import EdgeFinder
from captures.formats.sigrok import Limits
from captures.formats.sigrok import read as read_sigrok
from captures.formats.sigrok_metadata import parse_rate
from captures.model import Capture, EdgeKind

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TRUTH = DATA / "truth.json"
FILES: dict[str, Any] = json.loads(TRUTH.read_text())["files"] if TRUTH.exists() else {}
SESSIONS = sorted(name for name in FILES if name.endswith(".sr"))

V2 = (
    b"[global]\nsigrok version=0.5.2\n\n[device 1]\ncapturefile=logic-1\ntotal probes=2\nsamplerate=1 MHz\n"
    b"probe1=A\nprobe2=B\nunitsize=1\n"
)


@pytest.mark.skipif(not SESSIONS, reason=f"recorded sessions are not at {DATA}")
def test_all_recorded_sessions_are_there() -> None:
    assert len(SESSIONS) == 12


@pytest.mark.parametrize("name", SESSIONS)
def test_recorded_session(name: str) -> None:
    truth = FILES[name]
    capture = read(DATA / name)
    header = capture.header
    assert header["samples"] == truth["samples"]
    assert header["sha256"] == truth["sha256"]
    assert (header["version"], header["unitsize"]) == (truth["format"]["sr_version"], truth["format"]["unitsize"])
    assert header["samplerate"] == truth["format"]["samplerate_text"]
    assert json.loads(json.dumps(header)) == header
    assert [train.channel for train in capture.trains] == [channel["name"] for channel in truth["channels"]]
    for train, channel in zip(capture.trains, truth["channels"], strict=True):
        assert (train.station, train.clock, train.edge) == ("tap", "file", EdgeKind.BOTH)
        assert train.window == (0, truth["samples"] - 1)
        rate = truth["samplerate_hz"]
        assert train.tick_s == (None if rate is None else Fraction(1, rate))
        assert header["initial"][train.channel] == channel["initial"]
        assert (train.rising.size, train.falling.size) == (channel["rising"], channel["falling"])
        for ticks, key in ((train.rising, "rising_sha256"), (train.falling, "falling_sha256")):
            if ticks.size:
                assert hashlib.sha256(ticks.astype("<i8").tobytes()).hexdigest() == channel[key]


# --- files made here ---


def session(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def simple(path: Path, samples: bytes = bytes([0, 1, 1, 3, 2]), metadata: bytes = V2) -> Path:
    return session(path, {"version": b"2", "metadata": metadata, "logic-1-1": samples})


def edges(capture: Capture) -> dict[str, list[int]]:
    return {train.channel: train.ticks.tolist() for train in capture.trains}


def test_small_session(tmp_path: Path) -> None:
    capture = read(simple(tmp_path / "x.sr"))
    a, b = capture.trains
    assert (a.ticks.tolist(), b.ticks.tolist()) == ([1, 4], [3])
    assert a.levels is not None
    assert a.levels.tolist() == [1, 0]
    assert a.tick_s == Fraction(1, 1_000_000)
    assert READERS[0].name == "sigrok"


@given(st.integers(1, 8), st.data())
@settings(max_examples=80, deadline=None)
def test_edge_finder_agrees_with_the_definition(unitsize: int, data: st.DataObject) -> None:
    """Random words in random pieces, against the definition sample by sample."""
    words = data.draw(st.lists(st.sampled_from([0, 1, 5, 2 ** (8 * unitsize) - 1]), min_size=1, max_size=40))
    bits = data.draw(st.lists(st.integers(0, 8 * unitsize - 1), unique=True, min_size=1, max_size=5))
    finder = EdgeFinder(unitsize, bits)
    begin = 0
    while begin < len(words):
        count = data.draw(st.integers(1, 9))
        finder.feed(b"".join(word.to_bytes(unitsize, "little") for word in words[begin : begin + count]))
        begin += count
    assert finder.samples == len(words)
    total = 0
    for bit in bits:
        levels = [word >> bit & 1 for word in words]
        expected = [i for i in range(1, len(levels)) if levels[i] != levels[i - 1]]
        total += len(expected)
        ticks, after = finder.take(bit)
        assert ticks.tolist() == expected
        assert after.tolist() == [levels[i] for i in expected]
    assert finder.edges == total


@pytest.mark.parametrize("unitsize", range(1, 9))
def test_words_may_straddle_members_and_blocks(tmp_path: Path, unitsize: int) -> None:
    count, bit = 600_000, 8 * unitsize - 1
    words = np.zeros((count, unitsize), dtype=np.uint8)
    words[count // 2 :, -1] = 0x80
    raw = words.tobytes()
    metadata = V2.replace(b"unitsize=1", f"unitsize={unitsize}\nprobe{bit + 1}=top".encode())
    cuts = [0, 7, 1_000, len(raw) // 2 + 1, len(raw)]
    members = {f"logic-1-{i + 1}": raw[cuts[i] : cuts[i + 1]] for i in reversed(range(4))}
    capture = read(session(tmp_path / "x.sr", {**members, "version": b"2", "metadata": metadata}))
    assert edges(capture) == {"A": [], "B": [], "top": [count // 2]}
    assert capture.header["samples"] == count


def test_old_and_odd_metadata(tmp_path: Path) -> None:
    metadata = (
        b"[global]\r\nsigrok version = 0.2.0\r\n[device 1]\r\ncapturefile = logic-1\r\nunitsize = 1\r\n"
        b"total probes = 32\r\nprobe2 = SDA \xce\xbc\r\nprobe9 = lost\r\n trigger2 = 0\r\n"
    )
    members = {"logic-1": b"\x00\x02", "metadata": metadata, "version": b"1\n", "session": b""}
    capture = read(session(tmp_path / "x.sr", members, zipfile.ZIP_STORED))
    assert edges(capture) == {"SDA μ": [1]}
    assert capture.trains[0].tick_s is None
    assert capture.header["samplerate_hz"] is None
    assert capture.header["probes_without_bit"] == ["lost"]
    assert capture.header["ignored_members"] == ["session"]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1 MHz", 10**6),
        ("500 kHz", 500_000),
        ("12MHz", 12 * 10**6),
        ("1.5 MHz", 1_500_000),
        ("32768 Hz", 32768),
        ("250000", 250_000),
        ("0.1 Hz", Fraction(1, 10)),
        ("1 GHz", 10**9),
        ("0 Hz", None),
    ],
)
def test_rates_are_exact(text: str, rate: int | Fraction | None) -> None:
    assert parse_rate(text, "here") == rate


@pytest.mark.parametrize("text", ["", "MHz", "-1 MHz", "1e6", "nan", "１ MHz", "1_000", "1 MHz x", "1 mHz", "9" * 40])
def test_other_rates_are_refused(text: str) -> None:
    with pytest.raises(CaptureError, match="here: samplerate"):
        parse_rate(text, "here")


BAD_METADATA: dict[str, tuple[bytes, bytes, str]] = {
    "elsewhere": (b"=logic-1", b"=../../etc/passwd", "points elsewhere"),
    "absolute": (b"=logic-1", b"=/etc/passwd", "points elsewhere"),
    "itself": (b"=logic-1", b"=metadata", "points elsewhere"),
    "no such member": (b"=logic-1", b"=logic-2", "'logic-2' as capturefile, but there is no such member"),
    "no capturefile": (b"capturefile", b"capturefil", "expected a key 'capturefile'"),
    "unitsize 0": (b"unitsize=1", b"unitsize=0", "expected unitsize 1 to 8, got '0'"),
    "unitsize 9": (b"unitsize=1", b"unitsize=9", "expected unitsize 1 to 8"),
    "unitsize text": (b"unitsize=1", "unitsize=１".encode(), "unitsize: expected a number"),
    "no unitsize": (b"unitsize=1", b"", "expected unitsize 1 to 8, got None"),
    "half a word": (b"unitsize=1", b"unitsize=2", "samples end 1 bytes into one of 2"),
    "doubled name": (b"probe2=B", b"probe2=A", "name 'A' stands twice"),
    "empty name": (b"probe2=B", b"probe2=", "probe2: expected a name"),
    "doubled key": (b"probe2=B", b"probe1=B", "line 9: key 'probe1' stands twice"),
    "no probes": (b"probe", b"brobe", "at least one probe name"),
    "two devices": (b"unitsize=1", b"unitsize=1\n[device 2]", "one section"),
    "no section": (b"[global]", b"global=1", "line 1: expected"),
    "control": (b"probe2=B", b"probe2=B\x1b[2J", r"line 9: expected printable text, got 'probe2=B\\x1b"),
    "not text": (b"probe2=B", b"probe2=\xff", "expected UTF-8, got byte 0xff"),
    "rate": (b"1 MHz", b"fast", "samplerate 'fast'"),
    "too much": (b"unitsize=1", b"unitsize=1\n" + b"#" * 70_000, "expected at most 65536 bytes"),
}


@pytest.mark.parametrize("name", BAD_METADATA)
def test_bad_metadata(tmp_path: Path, name: str) -> None:
    old, new, message = BAD_METADATA[name]
    with pytest.raises(CaptureError, match=message):
        read(simple(tmp_path / "x.sr", metadata=V2.replace(old, new)))


BAD_MEMBERS: dict[str, tuple[dict[str, bytes], str]] = {
    "version 3": ({"version": b"3"}, "expected 1 or 2, got b'3'"),
    "long version": ({"version": b"2" * 99}, "expected at most 16 bytes"),
    "missing chunk": ({"logic-1-3": b"\x00"}, "member logic-1-2 is missing, the last one is logic-1-3"),
    "both": ({"logic-1": b"\x00"}, "got both"),
    "traversal": ({"../evil": b""}, r"member name '\.\./evil'"),
    "absolute": ({"/evil": b""}, "member name '/evil'"),
    "drive": ({"C:evil": b""}, "member name 'C:evil'"),
    "backslash": ({"..\\evil": b""}, "member name"),
    "no samples": ({"logic-1-1": b""}, "expected samples, got none"),
}


@pytest.mark.parametrize("name", BAD_MEMBERS)
def test_bad_members(tmp_path: Path, name: str) -> None:
    extra, message = BAD_MEMBERS[name]
    members = {"version": b"2", "metadata": V2, "logic-1-1": b"\x00\x01", **extra}
    with pytest.raises(CaptureError, match=message):
        read(session(tmp_path / "x.sr", members))


def test_double_member(tmp_path: Path) -> None:
    path = tmp_path / "x.sr"
    simple(path)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("logic-1-1", b"\x01")
    with pytest.raises(CaptureError, match="'logic-1-1' twice"):
        read(path)


def patched(path: Path, change: Callable[[bytearray, int, int], None]) -> Path:
    """`change` gets the bytes and where the local and the central header of logic-1-1 (the last member) begin."""
    raw = bytearray(path.read_bytes())
    change(raw, raw.rindex(b"PK\x03\x04"), raw.rindex(b"PK\x01\x02"))
    path.write_bytes(raw)
    return path


def _set(raw: bytearray, local: int, central: int, field: int, value: int) -> None:
    """Fields by their offset in the local header; the central one is shifted by two."""
    kind = "<H" if field < 14 else "<I"
    struct.pack_into(kind, raw, local + field, value)
    struct.pack_into(kind, raw, central + field + 2, value)


SAMPLES = bytes([0, 1, 1, 3, 2] * 400)


def _less_with_forged_crc(raw: bytearray, local: int, central: int) -> None:
    _set(raw, local, central, 22, 1000)
    _set(raw, local, central, 14, zlib.crc32(SAMPLES[:1000]))


HOSTILE: dict[str, tuple[Callable[[bytearray, int, int], None], str]] = {
    "encrypted": (lambda r, a, b: _set(r, a, b, 6, 1), "is encrypted"),
    "crc": (lambda r, a, b: _set(r, a, b, 14, 0x12345678), "expected CRC-32 12345678"),
    "declares less": (lambda r, a, b: _set(r, a, b, 22, 1000), "declares 1000 bytes but holds more"),
    "less, crc forged": (_less_with_forged_crc, "declares 1000 bytes but holds more"),
    "declares more": (lambda r, a, b: _set(r, a, b, 22, 9000), "declares 9000 bytes but holds 2000"),
    "declares far more": (lambda r, a, b: _set(r, a, b, 22, 0xFFFFFFFE), "declares 4294967294 bytes but holds 2000"),
    "64 bit": (lambda r, a, b: _set(r, a, b, 22, 0xFFFFFFFF), "declares 4 GiB or more"),
    "method": (lambda r, a, b: _set(r, a, b, 8, 12), "got ZIP method 12"),
    "headers disagree": (lambda r, a, b: struct.pack_into("<I", r, a + 22, 1999), "directory disagree"),
    "data": (lambda r, a, b: r.__setitem__(a + 39, r[a + 39] ^ 0xFF), "member 'logic-1-1': "),
    "overlap": (lambda r, a, b: struct.pack_into("<I", r, b + 42, 0), "overlaps"),
    "no local header": (lambda r, a, b: r.__setitem__(a, 0), "expected a local header"),
    "no entry": (lambda r, a, b: r.__setitem__(b, 0), "expected a directory entry"),
    "long name": (lambda r, a, b: struct.pack_into("<H", r, b + 28, 60000), "over the end of the directory"),
    "too many members": (lambda r, a, b: struct.pack_into("<2H", r, len(r) - 14, 65535, 65535), "got 65535"),
    "large directory": (lambda r, a, b: struct.pack_into("<I", r, len(r) - 10, 1 << 30), "bytes of directory"),
    "several disks": (lambda r, a, b: struct.pack_into("<H", r, len(r) - 18, 1), "part of several"),
    "fewer members": (lambda r, a, b: struct.pack_into("<2H", r, len(r) - 14, 2, 2), "bytes left over"),
    "prefix": (lambda r, a, b: r.__setitem__(slice(0, 0), b"PK\x03\x04junk"), "does not reach its end record"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archive(tmp_path: Path, name: str) -> None:
    change, message = HOSTILE[name]
    path = patched(simple(tmp_path / "x.sr", SAMPLES), change)
    with pytest.raises(CaptureError, match=message):
        read(path)


def test_every_truncation_is_an_error(tmp_path: Path) -> None:
    path = simple(tmp_path / "x.sr")
    raw = path.read_bytes()
    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        with pytest.raises(CaptureError):
            read(path)


def test_every_flipped_byte_is_an_error_or_harmless(tmp_path: Path) -> None:
    """Dates and the like may change unnoticed; samples, names and rates may not."""
    path = simple(tmp_path / "x.sr", SAMPLES[:50])
    good = read(path)
    raw = path.read_bytes()
    for position in range(len(raw)):
        path.write_bytes(raw[:position] + bytes([raw[position] ^ 0x55]) + raw[position + 1 :])
        try:
            capture = read(path)
        except CaptureError:
            continue
        assert edges(capture) == edges(good)
        assert capture.trains[0].tick_s == good.trains[0].tick_s


@contextlib.contextmanager
def bounded_memory() -> Iterator[None]:
    """Fails when what runs inside held more than 16 MiB at any moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = simple(tmp_path / "x.sr", bytes(3_000_000))
    with pytest.raises(CaptureError, match="declares 3000000 bytes of samples, the limit is 1000000"):
        read_sigrok(path, Limits(sample_bytes=1_000_000))


def test_a_bomb_that_hides_its_size_is_stopped_while_streaming(tmp_path: Path) -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join([*(squeeze.compress(bytes(1 << 20)) for _ in range(300)), squeeze.flush()])
    path = simple(tmp_path / "x.sr", b"\x00")
    raw = bytearray(path.read_bytes())
    local, central = raw.rindex(b"PK\x03\x04"), raw.rindex(b"PK\x01\x02")
    for header, shift in ((local, 0), (central, 2)):
        struct.pack_into("<I", raw, header + 18 + shift, len(packed))
    end = raw.rindex(b"PK\x05\x06")
    start = local + 30 + len("logic-1-1")
    directory = raw.index(b"PK\x01\x02")
    struct.pack_into("<I", raw, end + 16, start + len(packed))
    path.write_bytes(bytes(raw[:start]) + packed + bytes(raw[directory:]))
    with bounded_memory(), pytest.raises(CaptureError, match="declares 1 bytes but holds more"):
        read(path)


def test_memory_stays_bounded(tmp_path: Path) -> None:
    path = simple(tmp_path / "x.sr", bytes(200_000_000))
    with bounded_memory():
        assert edges(read(path)) == {"A": [], "B": []}


def test_a_bomb_of_edges_is_stopped(tmp_path: Path) -> None:
    path = simple(tmp_path / "x.sr", b"\x00\xff" * 4_000_000)
    with pytest.raises(CaptureError, match=r"more than 1000000 edges after [0-9]{6,7} samples"):
        read_sigrok(path, Limits(edges=1_000_000))


def test_other_formats_are_not_mine(tmp_path: Path) -> None:
    path = tmp_path / "x.sr"
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(WrongFormatError, match=r"expected a capture file \(sigrok, "):
        read(path)
    session(path, {"meta.json": b"{}", "version": b"2"})
    with pytest.raises(WrongFormatError, match="without member 'metadata'"):
        read(path)
    path.write_bytes(b"")
    with pytest.raises(WrongFormatError):
        read(path)
    with pytest.raises(CaptureError, match="ordinary file"):
        read_sigrok(tmp_path)
    with pytest.raises(WrongFormatError, match="got a folder"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_an_empty_archive_is_not_mine(tmp_path: Path) -> None:
    path = tmp_path / "x.sr"
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    path.write_bytes(buffer.getvalue())
    with pytest.raises(WrongFormatError, match="without member 'version'"):
        read(path)
