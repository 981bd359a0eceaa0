from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from captures.journal import JournalWriter, wire_text
from fixtures.clock import VirtualClock
from fixtures.errors import BenchError, InstrumentError, WriteRefused
from fixtures.link import Arrival
from fixtures.replay import Leftover, ReplayLink, ReplaySource

MS = 1_000_000


def wire(link: str, direction: str, *reads: tuple[int, bytes]) -> dict[str, Any]:
    return {"kind": "wire", "link": link, "dir": direction, "reads": [[t, wire_text(data)] for t, data in reads]}


Record = Callable[..., Path]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    def made(*bodies: dict[str, Any], name: str = "journal") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        with JournalWriter.create(folder, {"kind": "header"}) as writer:
            for body in bodies:
                writer.append(body)
        return folder

    return made


DIALOGUE = (
    {"kind": "span", "t_ns": 0},
    wire("dart", "tx", (1 * MS, b"\x50\xfa"), (9 * MS, b"\x51"), (10 * MS, b"\xfa")),
    wire("dart", "rx", (3 * MS, b"\x50\xff"), (4 * MS, b"\xfa")),
    wire("tap", "rx", (2 * MS, b"T1"), (12 * MS, b"T2")),
    {"kind": "step", "text": "something else"},
    wire("dart", "rx", (13 * MS, b"\x51\xfa")),
)


def drain(source: ReplaySource, until_ns: int) -> list[tuple[int, str, bytes]]:
    got: list[Arrival] = []
    while arrivals := source.wait(until_ns):
        got += arrivals
    return [(a.t_ns, a.link, a.data) for a in got]


def test_a_dialogue_plays_at_its_stamps_and_ends_with_nothing_left(record: Record) -> None:
    source = ReplaySource(VirtualClock())
    folder = record(*DIALOGUE)
    dart = ReplayLink(source, f"replay:{folder}#dart", may_write=True)
    ReplayLink(source, f"replay:{folder}#tap", name="line")
    assert source.wait(1 * MS) == []
    assert source.clock.now_ns() == 1 * MS
    dart.write(b"\x50\xfa")
    assert drain(source, 9 * MS) == [
        (2 * MS, "line", b"T1"),
        (3 * MS, "dart", b"\x50\xff"),
        (4 * MS, "dart", b"\xfa"),
    ]
    assert source.clock.now_ns() == 9 * MS
    dart.write(b"\x51\xfa")  # was written in two pieces: the bytes count, not the cut
    assert drain(source, 20 * MS) == [(12 * MS, "line", b"T2"), (13 * MS, "dart", b"\x51\xfa")]
    assert source.leftover() == {}


def test_an_answer_waits_for_its_question(record: Record) -> None:
    source = ReplaySource(VirtualClock())
    dart = ReplayLink(source, f"replay:{record(*DIALOGUE)}#dart", may_write=True)
    assert drain(source, 50 * MS) == []
    dart.write(b"\x50")
    assert drain(source, 60 * MS) == []
    assert source.leftover() == {"dart": Leftover(b"\xfa\x51\xfa", b"\x50\xff\xfa\x51\xfa")}
    dart.write(b"\xfa")
    assert drain(source, 60 * MS) == [(60 * MS, "dart", b"\x50\xff"), (60 * MS, "dart", b"\xfa")]


def test_a_listening_link_hears_everything_and_writes_nothing(record: Record) -> None:
    source = ReplaySource(VirtualClock())
    dart = ReplayLink(source, f"replay:{record(*DIALOGUE)}#dart")
    with pytest.raises(WriteRefused, match="only listens"):
        dart.write(b"\x50")
    assert [t for t, _, _ in drain(source, 50 * MS)] == [3 * MS, 4 * MS, 13 * MS]


def test_other_bytes_than_recorded_are_an_error(record: Record) -> None:
    source = ReplaySource(VirtualClock())
    dart = ReplayLink(source, f"replay:{record(*DIALOGUE)}#dart", may_write=True)
    dart.write(b"\x50")
    with pytest.raises(InstrumentError, match=r"from byte 1 .*at 1000000 ns.* expected fa 51 \(2 bytes\), got fa 52"):
        dart.write(b"\xfa\x52")
    dart.write(b"\xfa\x51\xfa")
    with pytest.raises(InstrumentError, match=r"the recording ends here.*expected nothing, got 00 \(1 bytes\)"):
        dart.write(b"\x00")


@pytest.mark.parametrize("asks_first", [True, False])
def test_equal_stamps_neither_answer_too_early_nor_block(record: Record, asks_first: bool) -> None:
    folder = record(wire("usb", "rx", (5, b"R")), wire("usb", "tx", (5, b"Q")))
    source = ReplaySource(VirtualClock())
    usb = ReplayLink(source, f"replay:{folder}#usb", may_write=True)
    if asks_first:
        assert source.wait(5) == []
        usb.write(b"Q")
        assert drain(source, 10) == [(5, "usb", b"R")]
    else:
        assert [a.t_ns for a in source.wait(10)] == [5]
        usb.write(b"Q")
    assert source.leftover() == {}


def test_each_start_of_the_program_is_its_own_recording(record: Record) -> None:
    span = {"kind": "span", "t_ns": 0}
    folder = record(span, wire("a", "rx", (5, b"first")), span, wire("a", "rx", (3, b"second")))
    for url, expected in ((f"replay:{folder}#a", (5, "a", b"first")), (f"replay:{folder}#a@2", (3, "a", b"second"))):
        source = ReplaySource(VirtualClock())
        ReplayLink(source, url)
        assert drain(source, 10) == [expected]
    with pytest.raises(BenchError, match="expected start 3 of the program, got a recording of 2"):
        ReplayLink(ReplaySource(VirtualClock()), f"replay:{folder}#a@3")


def test_a_recorded_loss_is_played_too(record: Record) -> None:
    folder = record(wire("a", "rx", (5, b"x")), {"kind": "lost", "t_ns": 7, "link": "a", "why": "cable"})
    source = ReplaySource(VirtualClock())
    ReplayLink(source, f"replay:{folder / '0001.jsonl'}#a")
    assert source.wait(9) == [Arrival(5, "a", b"x")]
    assert source.wait(9) == [Arrival(7, "a", b"", "cable")]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"kind": "wire", "link": "a", "dir": "up", "reads": []}, "dir rx or tx"),
        ({"kind": "wire", "link": "a", "dir": "rx", "reads": [[1.5, "x"]]}, r"a read as \[t_ns, text\]"),
        ({"kind": "wire", "link": "a", "dir": "rx", "reads": [[True, "x"]]}, r"a read as \[t_ns, text\]"),
        ({"kind": "wire", "link": "a", "dir": "rx", "reads": [[1, "\u4e2d"]]}, r"got U\+4E2D"),
        ({"kind": "lost", "link": "a"}, "a loss without"),
    ],
)
def test_a_recording_that_makes_no_sense(record: Record, body: dict[str, Any], problem: str) -> None:
    with pytest.raises(BenchError, match=rf"0001\.jsonl line 2.*{problem}"):
        ReplayLink(ReplaySource(VirtualClock()), f"replay:{record(body)}#a")


def test_urls_folders_and_links_that_are_not_there(record: Record, tmp_path: Path) -> None:
    source = ReplaySource(VirtualClock())
    with pytest.raises(BenchError, match="expected replay:FOLDER#LINK"):
        ReplayLink(source, "replay:journal")
    with pytest.raises(BenchError, match="there is nothing at"):
        ReplayLink(source, f"replay:{tmp_path / 'none'}#a")
    folder = record(*DIALOGUE)
    with pytest.raises(BenchError, match="links there: dart, tap"):
        ReplayLink(source, f"replay:{folder}#relay")
    link = ReplayLink(source, f"replay:{folder}#tap")
    with pytest.raises(BenchError, match="open already"):
        ReplayLink(source, f"replay:{folder}#tap")
    link.close()
    assert ReplayLink(source, f"replay:{folder}#tap").describe()["replay"] is True


def test_a_changed_journal_is_not_replayed(record: Record) -> None:
    folder = record(*DIALOGUE)
    journal = folder / "0001.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"T1", b"T9"))
    with pytest.raises(BenchError, match=r"does not verify and is not replayed: .*changed line"):
        ReplayLink(ReplaySource(VirtualClock()), f"replay:{folder}#tap")
