"""The journal: what goes in comes out, and what was touched is named."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.errors import IntegrityError
from captures.journal import (
    MAX_LINE,
    ZERO_SHA,
    JournalWriter,
    read_lines,
    scan,
    wire_bytes,
    wire_text,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(st.text().filter(lambda key: key != "kind"), JSON, max_size=5)


def written(folder: Path, count: int = 6) -> Path:
    """A journal of a header and count - 1 lines; its only file."""
    with JournalWriter.create(folder, {"kind": "header", "case": "A1"}) as writer:
        for number in range(1, count):
            writer.append({"kind": "rx", "n": number, "data": wire_text(bytes([2, 0x41 + number, 255]))})
    return folder / "0001.jsonl"


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def forged(line: bytes, **fields: Any) -> bytes:
    """`line` with other fields and its own hash made right again."""
    parts = json.loads(line)
    parts.update(fields)
    body = parts["body"] if isinstance(parts["body"], str) else json.dumps(parts["body"], separators=(",", ":"))
    hashed = f'{{"seq":{parts["seq"]},"prev":"{parts["prev"]}","body":{body}'.encode()
    return hashed + f',"sha":"{hashlib.sha256(hashed).hexdigest()}"}}\n'.encode()


@given(st.lists(BODIES, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_round_trip(bodies: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with JournalWriter.create(folder, bodies[0]) as writer:
            assert [writer.append(body) for body in bodies[1:]] == list(range(1, len(bodies)))
        lines = list(read_lines(folder))
        assert [line.body for line in lines] == bodies
        raw = writer.path.read_bytes()
        assert raw.isascii()
        assert b"\x00" not in raw
        assert [line.offset for line in lines] == [0, *(i + 1 for i, byte in enumerate(raw) if byte == 10)][:-1]
        assert scan(folder).head == writer.head == lines[-1].sha


@given(st.binary(max_size=300))
def test_wire_text_keeps_every_byte(data: bytes) -> None:
    assert wire_bytes(wire_text(data)) == data


def test_wire_bytes_refuses_what_was_never_a_byte() -> None:
    with pytest.raises(ValueError, match=r"got U\+0100 at index 1"):
        wire_bytes("aĀ")


def test_line_is_verified_by_hand(tmp_path: Path) -> None:
    """The published format: a reader of a few lines and the standard library suffice."""
    prev = ZERO_SHA
    for number, line in enumerate(written(tmp_path).read_bytes().split(b"\n")[:-1]):
        hashed, _, rest = line.rpartition(b',"sha":')
        sha = hashlib.sha256(hashed).hexdigest()
        assert rest == f'"{sha}"}}'.encode()
        parsed = json.loads(line)
        assert (parsed["seq"], parsed["prev"]) == (number, prev)
        prev = sha


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_one_byte_of_damage_is_caught(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = written(folder, 4)
        raw = bytearray(path.read_bytes())
        position = data.draw(st.integers(0, len(raw) - 1))
        raw[position] ^= data.draw(st.integers(1, 255))
        path.write_bytes(raw)
        if position == len(raw) - 1:  # without its newline the last line is no line
            assert scan(folder).torn.startswith(b'{"seq":3,')
        else:
            with pytest.raises(IntegrityError, match=r"0001\.jsonl line [1-4] "):
                scan(folder)


def test_every_byte_set_to_zero_is_caught(tmp_path: Path) -> None:
    path = written(tmp_path, 12)
    raw = path.read_bytes()
    assert len(raw) > 4 * 512
    for position in range(len(raw) - 1):
        path.write_bytes(raw[:position] + b"\x00" + raw[position + 1 :])
        with pytest.raises(IntegrityError):
            scan(tmp_path)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_cut_anywhere_keeps_whole_lines_and_goes_on(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = written(folder, 5)
        raw = path.read_bytes()
        first = raw.index(b"\n") + 1
        cut = data.draw(st.integers(first, len(raw)))
        path.write_bytes(raw[:cut])
        whole = raw[:cut].count(b"\n")
        torn = raw[:cut].rpartition(b"\n")[2]
        assert (scan(folder).lines, scan(folder).torn) == (whole, torn)
        with JournalWriter.resume(folder) as writer:
            assert writer.append({"kind": "rx"}) == whole + 1
        assert path.read_bytes() == raw[:cut]
        lines = list(read_lines(folder))
        assert [line.seq for line in lines] == list(range(whole + 2))
        assert (lines[whole].file, lines[whole].number, lines[whole].prev) == ("0002.jsonl", 1, lines[whole - 1].sha)
        assert wire_bytes(lines[whole].body["torn"]) == torn
        assert scan(folder).torn == b""


def test_power_cut_that_lost_a_sector_can_be_resumed(tmp_path: Path) -> None:
    path = written(tmp_path, 20)
    raw = path.read_bytes()
    path.write_bytes(raw[:1024] + bytes(512) + raw[1536:])
    before = scan(tmp_path)
    assert 0 < before.lines < 20
    assert before.torn.endswith(raw[1536:])
    JournalWriter.resume(tmp_path).close()
    assert scan(tmp_path).lines == before.lines + 1
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError, match=r"0002\.jsonl line 1 .*torn bytes at the end of 0001\.jsonl"):
        scan(tmp_path)


def test_resume_cut_before_its_first_line(tmp_path: Path) -> None:
    path = written(tmp_path, 3)
    path.write_bytes(path.read_bytes() + b'{"seq":3,"pr')
    (tmp_path / "0002.jsonl").write_bytes(b'{"se')
    with JournalWriter.resume(tmp_path) as writer:
        assert writer.path.name == "0003.jsonl"
    *_, last = read_lines(tmp_path)
    torn = '{"seq":3,"pr{"se'
    assert last.body == {"kind": "continue", "previous": "0002.jsonl", "last_sha": last.prev, "torn": torn}
    (tmp_path / "0002.jsonl").write_bytes(b"")
    with pytest.raises(IntegrityError, match="was changed after the cut"):
        scan(tmp_path)


def test_resume_needs_a_sound_journal(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"got no file 0001\.jsonl"):
        JournalWriter.resume(tmp_path)
    (tmp_path / "0001.jsonl").write_bytes(b'{"seq":0')
    with pytest.raises(IntegrityError, match="no whole line; begin a new case"):
        JournalWriter.resume(tmp_path)
    assert os.listdir(tmp_path) == ["0001.jsonl"]


SWAPPED = r"line 3 .*swapped lines: expected sequence 2, got 3; 2 stands at line 4"
TAMPERINGS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "swapped": (lambda x: [*x[:2], x[3], x[2], *x[4:]], SWAPPED),
    "deleted": (lambda x: [*x[:2], *x[4:]], r"line 3 .*deleted line: .*; lines 2 to 3 are gone"),
    "first deleted": (lambda x: x[1:], r"line 1 .*deleted line: expected sequence 0, got 1; line 0 is gone"),
    "repeated": (lambda x: [*x[:3], x[1], *x[3:]], r"line 4 .*inserted line: expected sequence 3, got 1 again"),
    "doubled": (lambda x: [*x[:3], x[2], *x[3:]], r"line 4 .*inserted line: sequence 2 again after the same hash"),
    "forged and inserted": (
        lambda x: [*x[:3], forged(x[3], body={"kind": "rx"}), *x[3:]],
        r"line 5 .*inserted line: sequence 3 again after the same hash",
    ),
    "forged in place": (
        lambda x: [*x[:3], forged(x[3], body={"kind": "rx"}), *x[4:]],
        r"line 5 .*previous hash differs.*the line before was changed and hashed anew",
    ),
    "changed": (lambda x: [*x[:3], x[3].replace(b'"n":3', b'"n":4'), *x[4:]], r"line 4 .*changed line: its bytes"),
    "truncated": (lambda x: [*x[:3], x[3][:50] + b"\n", *x[4:]], r"line 4 .*truncated line"),
    "joined": (lambda x: [*x[:3], x[3][:-1], *x[4:]], r"line 4 .*two lines run together"),
    "empty line": (lambda x: [*x[:3], b"\n", *x[3:]], r"line 4 .*changed line: expected the layout"),
    "carriage return": (lambda x: [*x[:3], x[3][:-1] + b"\r\n", *x[4:]], r"line 4 "),
    "duplicate key": (lambda x: [forged(x[0], body='{"b":{"c":1,"c":1}}'), *x[1:]], r"line 1 .*duplicate key 'c'"),
    "NaN": (lambda x: [forged(x[0], body='{"a":NaN}'), *x[1:]], r"line 1 .*non-finite number NaN"),
    "overflow": (lambda x: [forged(x[0], body='{"a":1e999}'), *x[1:]], r"line 1 .*non-finite number 1e999"),
    "malformed": (lambda x: [forged(x[0], body='{"a":}'), *x[1:]], r"line 1 .*malformed body"),
    "two bodies": (lambda x: [forged(x[0], body='{"a":1},"body":{"b":1}'), *x[1:]], r"line 1 .*malformed body"),
    "nested": (lambda x: [forged(x[0], body='{"a":' + "[" * 99999 + "}"), *x[1:]], r"line 1 .*(nested|malformed)"),
    "long number": (lambda x: [forged(x[0], body='{"a":' + "9" * 9999 + "}"), *x[1:]], r"line 1 .*malformed body"),
    "long line": (lambda x: [x[0], b'{"seq":1' + b" " * MAX_LINE + b"\n", *x[1:]], r"line 2 .*too long a line"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_named(tmp_path: Path, name: str) -> None:
    change, message = TAMPERINGS[name]
    rewrite(written(tmp_path), change)
    with pytest.raises(IntegrityError, match=message):
        scan(tmp_path)


def three_files(folder: Path) -> None:
    written(folder)
    for _ in range(2):
        with JournalWriter.resume(folder) as writer:
            writer.append({"kind": "rx"})


def test_files_in_the_wrong_order(tmp_path: Path) -> None:
    three_files(tmp_path)
    assert scan(tmp_path).files == ("0001.jsonl", "0002.jsonl", "0003.jsonl")
    one, two = tmp_path / "0001.jsonl", tmp_path / "0002.jsonl"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(IntegrityError, match=r"0001\.jsonl line 1 .*wrong file order"):
        scan(tmp_path)
    one.write_bytes(first + second)
    with pytest.raises(IntegrityError, match=r"0001\.jsonl line 7 .*files were joined"):
        scan(tmp_path)


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    three_files(tmp_path)
    (tmp_path / "0002.jsonl").rename(tmp_path.parent / "away")
    with pytest.raises(IntegrityError, match=r"missing file 0002\.jsonl"):
        scan(tmp_path)
    (tmp_path / "0003.jsonl").rename(tmp_path / "0002.jsonl")
    with pytest.raises(IntegrityError, match=r"0002\.jsonl line 1 .*deleted"):
        scan(tmp_path)
    (tmp_path / "0002.jsonl").unlink()
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(IntegrityError, match=r"got 'notes\.txt'"):
        scan(tmp_path)
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "0002.jsonl").symlink_to(tmp_path.parent / "away")
    with pytest.raises(IntegrityError, match=r"'0002\.jsonl' is none"):
        scan(tmp_path)


def test_one_journal_per_folder(tmp_path: Path) -> None:
    path = written(tmp_path)
    raw = path.read_bytes()
    with pytest.raises(FileExistsError):
        JournalWriter.create(tmp_path, {})
    assert path.read_bytes() == raw


@pytest.mark.parametrize(
    "body",
    [
        {"a": float("nan")},
        {"a": [float("inf")]},
        {"a": Decimal("1.5")},
        {"a": b"raw"},
        {1: "a"},
        {"a": [{None: 1}]},
        {"a": "x" * MAX_LINE},
        {"kind": "continue"},
    ],
)
def test_refused_body_adds_nothing(tmp_path: Path, body: dict[str, Any]) -> None:
    with JournalWriter.create(tmp_path, {"kind": "header"}) as writer:
        head = writer.head
        with pytest.raises((TypeError, ValueError)):
            writer.append(body)
        assert writer.head == head
        assert writer.append({"kind": "rx"}) == 1
    assert scan(tmp_path).lines == 2


def test_refused_header_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        JournalWriter.create(tmp_path, {"a": Decimal(1)})
    assert os.listdir(tmp_path) == []


def test_lines_are_in_the_file_after_flush(tmp_path: Path) -> None:
    writer = JournalWriter.create(tmp_path, {"kind": "header"})
    assert scan(tmp_path).lines == 1
    writer.append({"kind": "rx"})
    assert scan(tmp_path).lines == 1
    writer.flush()
    assert scan(tmp_path).lines == 2
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="the journal is closed"):
        writer.append({"kind": "rx"})


def test_short_writes_and_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk(io.FileIO):
        calls = 0

        def write(self, data: Any) -> int:
            Disk.calls += 1
            if Disk.calls == 5:
                raise OSError(errno.ENOSPC, "no space left")
            return super().write(bytes(data[:7]))

    monkeypatch.setattr("captures.journal.io.FileIO", Disk)
    with pytest.raises(OSError, match="no space left"):
        JournalWriter.create(tmp_path, {"kind": "header"})
    (tmp_path / "0001.jsonl").unlink()
    writer = JournalWriter.create(tmp_path, {"kind": "header"})
    writer.append({"kind": "rx", "n": 1})
    Disk.calls = 2
    with pytest.raises(OSError, match="no space left"):
        writer.flush()
    writer.append({"kind": "rx", "n": 2})
    writer.close()
    assert [line.body.get("n") for line in read_lines(tmp_path)] == [None, 1, 2]
