"""Damaged and hostile files of every text and binary format: one clear error each, bounded memory, no hang."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.fuzz import VECTORS, case, good_files, outcome
from captures.errors import CaptureError
from captures.formats import read

VCD = b"$timescale 1 us $end\n$scope module m $end\n$var wire 1 ! a $end\n$var wire 4 # bus [3:0] $end\n$upscope $end\n$enddefinitions $end\n"
GOOD = VCD + b"#0\n0!\nb0 #\n#5\n1!\nb101 #\n#9\n"

BAD_VCD = {
    "no end": (b"$timescale 1 us $end\n$var wire 1 ! a $end\n#0\n", "expected \\$enddefinitions"),
    "no timescale": (GOOD.replace(b"$timescale 1 us $end\n", b""), "expected \\$timescale, got none"),
    "odd timescale": (GOOD.replace(b"1 us", b"3 us"), "expected 1, 10 or 100 and a unit"),
    "two timescales": (GOOD.replace(b"$scope", b"$timescale 1 ns $end\n$scope"), "stands twice"),
    "upscope": (GOOD.replace(b"$upscope $end", b"$upscope $end $upscope $end"), "without \\$scope"),
    "short var": (GOOD.replace(b"wire 1 ! a", b"wire 1 !"), "expected \\$var TYPE SIZE CODE NAME"),
    "size": (GOOD.replace(b"wire 1 !", b"wire 0 !"), "expected \\$var TYPE SIZE"),
    "range": (GOOD.replace(b"[3:0]", b"[4:0]"), "expected a range of 4 bits"),
    "vast": (GOOD.replace(b"wire 4 #", b"wire 99999 #"), "at most 4096 channels"),
    "twice": (GOOD.replace(b"# bus [3:0]", b'" a').replace(b"wire 4", b"wire 1"), "'a' stands twice"),
    "long code": (GOOD.replace(b"! a", b"!!!!!!!!! a"), "at most 8 characters"),
    "alias of another size": (GOOD.replace(b"wire 4 #", b"wire 4 !"), "stands for 1 bits and for 4"),
    "no variables": (b"$timescale 1 us $end $enddefinitions $end\n#0\n", "at least one variable"),
    "unknown code": (GOOD.replace(b"1!", b'1"'), 'offset [0-9]+: expected the code of a declared variable, got b\'1"\''),
    "time falls": (GOOD.replace(b"#9", b"#4"), "expected a time not before the last one, got b'#4'"),
    "long time": (GOOD.replace(b"#9", b"#" + b"9" * 19), "a time of 1 to 18 digits"),
    "no digits": (GOOD.replace(b"#9", b"#x"), "a time of 1 to 18 digits, got b'#x'"),
    "junk": (GOOD.replace(b"#9", b"?9"), "expected a time, a value change"),
    "bit of a vector": (GOOD.replace(b"b0 #", b"0#"), "a variable of one bit"),
    "too many bits": (GOOD.replace(b"b101 #", b"b10101 #"), "as many bits as declared"),
    "no bit": (GOOD.replace(b"b101 #", b"b12 #"), "bits 0, 1, x or z"),
    "real": (GOOD.replace(b"b101 #", b"r1.5 #"), "a value of the declared type"),
    "cut value": (GOOD[: GOOD.index(b"b101 #") + 5], "ends inside a comment or a value"),
    "open comment": (GOOD + b"$comment never ends\n", "ends inside a comment"),
    "command": (GOOD + b"$dumpmore\n", "expected \\$dumpvars"),
    "no times": (VCD, "expected time stamps, got none"),
    "our comment": (GOOD.replace(b"$scope", b"$comment shortmeasure {1} $end $scope"), "expected JSON with tick_s and names"),
    "our tick": (GOOD.replace(b"$scope", b'$comment shortmeasure {"tick_s":"0"} $end $scope'), "tick_s as a fraction"),
    "edited": (GOOD.replace(b"$scope", b'$comment shortmeasure {"tick_s":"1/12000"} $end $scope'), "do not lie on the tick"),
    "not text": (GOOD.replace(b" a ", b" \xff "), "expected UTF-8 text, got byte 0xff"),
}  # fmt: skip

CSV = b"Time [s],A,B\n0.000000,0,1\n0.000005,1,1\n0.000009,1,0\n"
BAD_SALEAE_CSV = {
    "column missing": (CSV.replace(b"0.000005,1,1", b"0.000005,1"), "line 3: expected a time and 2 levels 0, 1 or X"),
    "level": (CSV.replace(b"5,1,1", b"5,2,1"), "line 3: expected a time and 2 levels"),
    "time": (CSV.replace(b"0.000005", b"5e-06"), "line 3: expected a time in decimal digits, got b'5e-06,1,1'"),
    "two points": (CSV.replace(b"0.000005", b"0.0.005"), "line 3: expected a time in decimal digits"),
    "time falls": (CSV.replace(b"0.000009", b"0.000001"), "line 4: expected a time not before the row above"),
    "too long": (CSV.replace(b"0.000009", b"1" + b"0" * 15 + b".000009"), "line 4: expected a time"),
    "names twice": (CSV.replace(b"A,B", b"A,A"), "distinct printable names, got 'A'"),
    "no rows": (b"Time [s],A\n", "expected rows after the names"),
    "empty name": (CSV.replace(b"A,B", b"A,"), "distinct printable names, got ''"),
    "control": (CSV.replace(b"A,B", b"A,\x1b[2J"), "distinct printable names"),
}  # fmt: skip

EDGES = (
    b"# shortmeasure-edges 1\n# tick_s 1/1000\n# window 0 20\n# channel A both 0\n# gap A 8 9\n"
    b"tick,channel,level\n3,A,1\n5,A,0\n12,A,1\n4,B,1\n"
)
BAD_EDGES = {
    "columns": (EDGES.replace(b"tick,channel,level", b"time,channel,level"), "line 6: expected tick,channel,level"),
    "field missing": (EDGES.replace(b"5,A,0", b"5,A"), "line 8: expected time,channel,level, got b'5,A'"),
    "level": (EDGES.replace(b"5,A,0", b"5,A,2"), "line 8: expected level 0 or 1"),
    "decimals": (EDGES.replace(b"5,A,0", b"5.5,A,0"), "expected whole ticks; name the column time_s"),
    "missing edge": (EDGES.replace(b"5,A,0", b"5,A,1"), "channel 'A': two edges to one level at 5: one is missing"),
    "order": (EDGES.replace(b"5,A,0", b"2,A,0"), "expected rising times, got 2"),
    "in the gap": (EDGES.replace(b"12,A,1", b"9,A,1"), "edges stand inside a gap"),
    "outside": (EDGES.replace(b"# window 0 20", b"# window 0 10"), "expected edges inside the window"),
    "gap outside": (EDGES.replace(b"# gap A 8 9", b"# gap A 8 90"), "gaps apart and inside the window"),
    "gap of nobody": (EDGES.replace(b"# gap A", b"# gap C"), "gap of 'C': expected a channel"),
    "first level": (EDGES.replace(b"both 0", b"both 1"), "begins at level 1 and its first edge goes there"),
    "kind": (EDGES.replace(b"both 0", b"rising 0"), "expected rising edges only"),
    "window twice": (EDGES.replace(b"# gap", b"# window 0 30\n# gap"), "line 5: expected tick_s T"),
    "tick": (EDGES.replace(b"1/1000", b"0.5.1"), "line 2: expected tick_s T"),
    "no tick": (EDGES.replace(b"1/1000", b"0"), "expected more than 0"),
    "name": (EDGES.replace(b"4,B,1", b"4,\x1bB,1"), "expected a printable UTF-8 name"),
    "nothing": (b"tick,channel,level\n", "expected rows or channels"),
    "large": (EDGES.replace(b"12,A", b"1" * 19 + b",A"), "a time of at most 18 digits"),
}  # fmt: skip

HEAD = b"<SALEAE>" + struct.pack("<ii", 0, 0)
BAD_BINARY = {
    "cut head": (HEAD[:12], "expected 16 bytes of head"),
    "version": (b"<SALEAE>" + struct.pack("<ii", 2, 0), "offset 8: expected version 0 or 1, got 2"),
    "analogue": (b"<SALEAE>" + struct.pack("<ii", 0, 1), "offset 12: expected type 0"),
    "huge count": (HEAD + struct.pack("<IddQ", 0, 0.0, 1.0, 1 << 62), "offset 36: 4611686018427387904 transitions do not fit"),
    "more bytes": (HEAD + struct.pack("<IddQ", 0, 0.0, 1.0, 0) + b"x", "expected the end of the file, got 1 more"),
    "level": (HEAD + struct.pack("<IddQ", 7, 0.0, 1.0, 0), "expected level 0 or 1"),
    "not finite": (HEAD + struct.pack("<IddQ", 0, 0.0, float("nan"), 0), "expected level 0 or 1"),
    "backwards": (HEAD + struct.pack("<IddQ", 0, 2.0, 1.0, 0), "begin before end"),
    "times fall": (HEAD + struct.pack("<IddQ2d", 0, 0.0, 1.0, 2, 0.5, 0.25), "expected rising times"),
    "outside": (HEAD + struct.pack("<IddQ1d", 0, 0.0, 1.0, 1, 1.5), "expected rising times from 0.0 to 1.0"),
    "too late": (HEAD + struct.pack("<IddQ", 0, 0.0, 1e300, 0), "do not fit ticks"),
    "chunks": (b"<SALEAE>" + struct.pack("<iiQ", 1, 0, 1 << 40), "1099511627776 chunks do not fit"),
    "no chunk": (b"<SALEAE>" + struct.pack("<iiQ", 1, 0, 0), "0 chunks do not fit"),
    "no rate": (b"<SALEAE>" + struct.pack("<iiQIdddQ", 1, 0, 1, 0, 0.0, 0.0, 1.0, 0), "a sample rate"),
    "overlap": (
        b"<SALEAE>" + struct.pack("<iiQ", 1, 0, 2) + 2 * struct.pack("<IdddQ", 0, 1e6, 0.0, 1.0, 0),
        "before the one before ends",
    ),
    "two rates": (
        b"<SALEAE>" + struct.pack("<iiQ", 1, 0, 2) + struct.pack("<IdddQIdddQ", 0, 1e6, 0.0, 1.0, 0, 0, 2e6, 2.0, 3.0, 0),
        "one sample rate in all chunks",
    ),
}  # fmt: skip
BAD = [
    pytest.param(data, message, id=f"{format} {name}")
    for format, cases in (
        ("vcd", BAD_VCD),
        ("saleae-csv", BAD_SALEAE_CSV),
        ("csv", BAD_EDGES),
        ("saleae-bin", BAD_BINARY),
    )
    for name, (data, message) in cases.items()
]


@pytest.mark.parametrize(("data", "message"), BAD)
def test_damage_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "digital_0.bin"
    path.write_bytes(data)
    with pytest.raises(CaptureError, match=message) as error:
        read(path)
    assert str(error.value).isprintable()


def test_the_files_that_the_damage_was_done_to_are_good(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(GOOD)
    assert [(t.channel, t.ticks.tolist(), t.window) for t in read(path).trains] == [
        ("a", [5], (0, 9)), ("bus[3]", [], (0, 9)), ("bus[2]", [5], (0, 9)), ("bus[1]", [], (0, 9)), ("bus[0]", [5], (0, 9)),
    ]  # fmt: skip
    path.write_bytes(CSV)
    assert [(t.channel, t.ticks.tolist(), t.window, t.tick_s) for t in read(path).trains] == [
        ("A", [5], (0, 9), Fraction(1, 10**6)), ("B", [9], (0, 9), Fraction(1, 10**6)),
    ]  # fmt: skip
    path.write_bytes(EDGES)
    assert [(t.channel, t.ticks.tolist(), t.window, t.gaps) for t in read(path).trains] == [
        ("A", [3, 5, 12], (0, 20), ((8, 9),)), ("B", [4], (0, 20), ()),
    ]  # fmt: skip


def test_vcd_of_a_simulator(tmp_path: Path) -> None:
    """Scopes, a vector with unknown bits, a real number, an alias, $dumpoff, comments between values, all in few lines."""
    path = tmp_path / "x.vcd"
    path.write_bytes(VECTORS)
    trains = {train.channel: train for train in read(path).trains}
    assert sorted(trains) == ["bus[0]", "bus[1]", "bus[2]", "bus[3]", "clk", "sub.copy", "sub.rst"]
    assert trains["clk"].ticks.tolist() == trains["sub.copy"].ticks.tolist() == [5, 10, 30]
    assert trains["clk"].gaps == ((12, 19), (40, 49))
    assert trains["sub.rst"].gaps == ((0, 4), (12, 19))
    assert trains["bus[3]"].gaps == ((0, 4), (12, 19))
    assert trains["bus[0]"].ticks.tolist() == [5, 10]
    assert trains["bus[0]"].gaps == ((12, 19), (30, 50))
    assert trains["bus[1]"].gaps == ((12, 19),)
    assert {train.window for train in trains.values()} == {(0, 50)}
    assert {train.tick_s for train in trains.values()} == {Fraction(1, 10**8)}


def test_saleae_csv_of_2025_and_of_logic_1(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(
        b"\xef\xbb\xbfTime [s],Channel 0,Channel 1\r\n-0.5,0,1\r\n-0.25,X,1\r\n0.125,1,1\r\n0.5,0,X\r\n1.5,0,X\r\n"
    )
    a, b = read(path).trains
    assert (a.tick_s, a.window, a.ticks.tolist(), a.gaps) == (Fraction(1, 1000), (-500, 1500), [500], ((-250, 124),))
    assert (b.ticks.tolist(), b.gaps) == ([], ((500, 1500),))
    path.write_bytes(b"Time[s], Channel 0\n0.000000000000000, 0\n0.000001250000000, 1\n")
    [a] = read(path).trains
    assert (a.channel, a.ticks.tolist(), a.tick_s) == ("Channel 0", [1_250_000_000], Fraction(1, 10**15))


def test_plain_csv_without_any_remark(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"time_s,channel,level\n0.5,encoder A,1\n1.25,board A,1\n0.75,encoder A,0\n")
    a, b = read(path).trains
    assert (a.channel, a.ticks.tolist(), a.tick_s, a.window) == ("encoder A", [50, 75], Fraction(1, 100), (50, 125))
    assert (b.channel, b.ticks.tolist()) == ("board A", [125])
    assert read(path).header["initial"] == {"encoder A": 0, "board A": 0}


@pytest.mark.parametrize("make", [
    lambda n: VCD + b"#0\n" + b"0!1!" * 0 + b"".join(b"#%d\n%d!\n" % (i, i % 2) for i in range(n)),
    lambda n: b"Time [s],A\n" + b"".join(b"0.%06d,%d\n" % (i, i % 2) for i in range(n)),
    lambda n: b"tick,channel,level\n" + b"".join(b"%d,A,%d\n" % (i, i % 2) for i in range(n)),
])  # fmt: skip
def test_memory_grows_with_the_edges_and_little_else(tmp_path: Path, make: Callable[[int], bytes]) -> None:
    path = tmp_path / "x"
    path.write_bytes(make(200_000))
    tracemalloc.start()
    try:
        assert read(path).trains[0].ticks.size >= 199_998
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def test_a_bomb_of_aliases_or_switches_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "x.vcd"
    names = b"".join(b"$var wire 1 ! n%d $end\n" % i for i in range(4000))
    body = b"".join(b"#%d\n%d!\n" % (i, i % 2) for i in range(6000))
    path.write_bytes(b"$timescale 1 ns $end\n" + names + b"$enddefinitions $end\n" + body)
    with pytest.raises(CaptureError, match="edges with all aliases, the limit is"):
        read(path)
    names = b"".join(b"$var wire 1 %d n%d $end\n" % (i, i) for i in range(4000))
    path.write_bytes(
        b"$timescale 1 ns $end\n" + names + b"$enddefinitions $end\n#0\n" + b"$dumpoff $end\n$dumpon $end\n" * 6000
    )
    with pytest.raises(CaptureError, match=r"6000 times \$dumpoff for 4000 channels"):
        read(path)
    path.write_bytes(VCD + b"#0 " + b"b" + b"0" * 9_000_000)
    with pytest.raises(CaptureError):
        read(path)


def test_every_truncation_ends(tmp_path: Path) -> None:
    path = tmp_path / "digital_0.bin"
    for files in good_files().values():
        data = files[0]
        for length in range(0, len(data), max(1, len(data) // 150)):
            path.write_bytes(data[:length])
            outcome(path)


@pytest.mark.parametrize("format", sorted(good_files()))
def test_mutations_are_refused_or_read(tmp_path: Path, format: str) -> None:
    """A tripwire; benchmarks/fuzz.py does the same a hundred thousand times with bounded memory and time."""
    good, path = good_files(), tmp_path / "digital_0.bin"
    for number in range(10**6, 10**6 + 400):  # beyond the numbers of the benchmark
        path.write_bytes(case(format, number, good))
        assert outcome(path) in ("read", "refused", "not mine")
