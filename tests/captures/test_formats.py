"""What is written is read back equal, in every format; and independent software reads it too."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import vcd.reader
import vcd.writer
from hypothesis import assume, given
from hypothesis import strategies as st

from captures.errors import CaptureError, WrongFormatError
from captures.formats import FOLDERS, READERS, WRITERS, files_of, read, read_files, write
from captures.model import Capture, EdgeKind, Origin, PulseTrain

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sigrok"
FILES = sorted(DATA.glob("*.sr"))
FORMATS = sorted(WRITERS)
# what a recording must be for a format to carry it: None = any; else the first is asked of the tick
CARRIES = {
    "sr": lambda tick: True,
    "csv": lambda tick: True,
    "vcd": lambda tick: tick is not None,
    "saleae-bin": lambda tick: tick is not None,
    "saleae-csv": lambda tick: tick is not None and set(_primes(tick.denominator)) <= {2, 5},
    "saleae-bin-v0": lambda tick: tick is not None and (tick * 10**12).denominator == 1,
}
SIGROK = pytest.mark.skipif(shutil.which("sigrok-cli") is None, reason="sigrok-cli is not installed")


def _primes(number: int) -> list[int]:
    found = []
    for prime in (2, 3, 5, 7, 11, 13):
        if number % prime == 0:
            found.append(prime)
            while number % prime == 0:
                number //= prime
    return found if number == 1 else [*found, number]


def train(
    name: str,
    ticks: list[int],
    initial: int = 0,
    *,
    window: tuple[int, int],
    tick_s: Fraction | None = Fraction(1, 10**6),
    gaps: tuple[tuple[int, int], ...] = (),
    station: str = "tap",
) -> PulseTrain:
    levels = [(initial + 1 + i) % 2 for i in range(len(ticks))]
    return PulseTrain(
        station=station, channel=name, ticks=np.array(ticks, np.int64), tick_s=tick_s, edge=EdgeKind.BOTH, window=window,
        origin=Origin("test", ""), clock="file", levels=np.array(levels, np.uint8), gaps=gaps,
    )  # fmt: skip


def capture(*trains: PulseTrain, initial: dict[str, int | None] | None = None) -> Capture:
    return Capture(header={"initial": initial or {}}, trains=trains)


def assert_same(before: Capture, after: Capture) -> None:
    """Equal instants, exactly; ticks of another length only where the format states another."""
    assert [t.channel for t in after.trains] == [
        t.channel if t.station == "tap" else f"{t.station}.{t.channel}" for t in before.trains
    ]
    for a, b in zip(before.trains, after.trains, strict=True):
        ratio = Fraction(1) if a.tick_s is None or b.tick_s is None else a.tick_s / b.tick_s
        assert (a.tick_s is None) == (b.tick_s is None)
        assert ratio.denominator == 1
        n = ratio.numerator
        assert b.ticks.tolist() == [tick * n for tick in a.ticks.tolist()]
        assert a.edge is b.edge
        assert (a.levels is None) == (b.levels is None)
        if a.levels is not None and b.levels is not None:
            assert a.levels.tolist() == b.levels.tolist()
        assert b.window == (a.window[0] * n, a.window[1] * n)
        assert b.gaps == tuple((begin * n, (end + 1) * n - 1) for begin, end in a.gaps)


@pytest.mark.skipif(not FILES, reason="real recordings are not beside this checkout")
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_recording_comes_out_unchanged(path: Path, format: str, tmp_path: Path) -> None:
    before = read(path)
    out = tmp_path / "out"
    if not CARRIES[format](before.trains[0].tick_s):
        with pytest.raises(CaptureError, match=r"tick|sample rate"):
            write(before, out, format)
        assert not out.exists()
        return
    write(before, out, format)
    after = read(out)
    assert_same(before, after)
    assert after.header["initial"] == before.header["initial"]
    if format in ("sr", "csv", "vcd", "saleae-bin"):
        assert [t.tick_s for t in after.trains] == [t.tick_s for t in before.trains]


names = st.lists(
    st.text("abcXYZ019_-/[]μ零", min_size=1, max_size=12).filter(lambda name: name.strip() == name),
    min_size=1, max_size=10, unique=True,
)  # fmt: skip
TICKS = [Fraction(1, 10**6), Fraction(1, 12_000_000), Fraction(1, 500_000), Fraction(1, 24_000_000), Fraction(1, 4)]


@st.composite
def captures(draw: st.DrawFn, gaps: bool, first: bool) -> Capture:
    begin = draw(st.integers(0, 10**6)) if first else 0
    span = draw(st.integers(0, 400))
    window, tick_s = (begin, begin + span), draw(st.sampled_from(TICKS))
    trains, initial = [], {}
    for name in draw(names):
        holes: list[tuple[int, int]] = []
        if gaps and span > 3:
            cuts = sorted(draw(st.lists(st.integers(begin + 1, begin + span - 1), max_size=4, unique=True)))
            holes = [(a, b - 1) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
        edges = draw(st.lists(st.integers(begin + 1, begin + span), unique=True, max_size=30)) if span else []
        edges = sorted(e for e in edges if not any(a <= e <= b + 1 for a, b in holes))
        level = draw(st.integers(0, 1))
        initial[name] = level
        levels, stretch = [], 0
        for edge in edges:
            now = sum(1 for a, _ in holes if a < edge)
            if now != stretch:
                level, stretch = draw(st.integers(0, 1)), now
            level = 1 - level
            levels.append(level)
        made = train(name, edges, window=window, tick_s=tick_s, gaps=tuple(holes))
        trains.append(replace(made, levels=np.array(levels, np.uint8)))
    return Capture(header={"initial": initial}, trains=tuple(trains))


@pytest.mark.parametrize("format", FORMATS)
@given(st.data())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, format: str, data: st.DataObject) -> None:
    before = data.draw(captures(gaps=format not in ("sr", "saleae-bin-v0"), first=format != "sr"))
    assume(CARRIES[format](before.trains[0].tick_s))
    out = tmp_path_factory.mktemp("round") / "out"
    write(before, out, format)
    after = read(out)
    assert_same(before, after)
    assert after.header["initial"] == before.header["initial"]
    with pytest.raises(FileExistsError):
        write(before, out, format)


def test_csv_carries_rising_edges_alone_and_an_unknown_tick(tmp_path: Path) -> None:
    rising = replace(train("P", [3, 9], window=(0, 10), tick_s=None), edge=EdgeKind.RISING, levels=None)
    write(capture(rising), tmp_path / "p.csv", "csv")
    assert_same(capture(rising), read(tmp_path / "p.csv"))
    for format in set(FORMATS) - {"csv"}:
        with pytest.raises(CaptureError, match="rising edges only"):
            write(capture(rising), tmp_path / format, format)


def test_what_a_format_cannot_carry_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    gap = train("A", [5], window=(0, 20), gaps=((10, 12),))
    later = train("A", [15], window=(10, 20))
    other = train("B", [15], window=(0, 30))
    lost = replace(train("A", [5, 7], window=(0, 20)), levels=np.array([1, 1], np.uint8))
    outside = train("A", [5, 25], window=(0, 20))
    cases = [
        (capture(gap), "sr", "gaps"), (capture(gap), "saleae-bin-v0", "has gaps"), (capture(later), "sr", "begins at tick 10"),
        (capture(train("A", [1], window=(0, 1 << 40))), "sr", "cut the capture"),
        (capture(train("A", [1], window=(-5, 3))), "vcd", "no times before 0"),
        (capture(train("A,B", [1], window=(0, 3))), "saleae-csv", "without commas"),
        (capture(train("A,B", [1], window=(0, 3))), "csv", "without commas"),
        (capture(train("A", [13], window=(0, 20), gaps=((10, 12),))), "vcd", "first tick of a stretch"),
        (Capture(header={}), "vcd", "has none"),
        (capture(gap, gap), "vcd", "distinct"),
        (capture(train("A", [1], window=(0, 3), tick_s=Fraction(3, 2))), "sr", "whole hertz"),
        (capture(train("A", [1], window=(0, 3), tick_s=Fraction(3, 2))), "saleae-bin", "do not fit its floats"),
        (capture(train("A", [1], window=(0, 3), tick_s=Fraction(1, 10**20))), "vcd", "finest time scale"),
    ]  # fmt: skip
    cases += [(capture(gap, other), format, "one window") for format in ("sr", "vcd", "saleae-csv", "csv")]
    cases += [(capture(lost), format, "an edge is missing") for format in FORMATS]
    cases += [(capture(outside), format, "outside the window") for format in FORMATS]
    for number, (what, format, why) in enumerate(cases):
        with pytest.raises(CaptureError, match=why):
            write(what, tmp_path / str(number), format)
        assert not (tmp_path / str(number)).exists()
    with pytest.raises(CaptureError, match="expected one of sr, vcd"):
        write(capture(gap), tmp_path / "x", "wav")


def test_channels_with_windows_of_their_own_go_into_a_folder(tmp_path: Path) -> None:
    before = capture(train("A one", [15], window=(10, 20)), train("B", [3], 1, window=(0, 30)))
    write(before, tmp_path / "bins", "saleae-bin")
    assert_same(before, read(tmp_path / "bins"))
    files = files_of(tmp_path / "bins")
    assert [file.name for file in files] == ["digital_0.bin", "digital_1.bin", "channels.csv"]
    assert_same(before, read_files(files))
    single = read(tmp_path / "bins" / "digital_1.bin")
    assert (single.trains[0].channel, single.trains[0].ticks.tolist()) == ("digital_1", [3])
    assert set(FOLDERS) == {"saleae-bin", "saleae-bin-v0"}


def test_other_files_are_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for text in (b"", b"hello\n", b"\x89PNG", b"time,level\n1,2\n", b"$\n"):
        path.write_bytes(text)
        with pytest.raises(
            WrongFormatError, match=r"expected a capture file \(sigrok, saleae-bin, vcd, saleae-csv, csv\)"
        ):
            read(path)
    with pytest.raises(WrongFormatError, match=r"folder with digital_0\.bin"):
        read(tmp_path)
    assert len({reader.name for reader in READERS}) == 5


# --- independent software ---


def some(tick_s: Fraction = Fraction(1, 10**6)) -> Capture:
    rng = np.random.default_rng(3)
    trains = [
        train(f"D{i}", np.unique(rng.integers(1, 19_000, 501 + i)).tolist(), i % 2, window=(0, 20_000), tick_s=tick_s)
        for i in range(3)
    ]
    return capture(*trains)


def test_pyvcd_reads_what_we_write(tmp_path: Path) -> None:
    before = some()
    write(before, tmp_path / "a.vcd", "vcd")
    now, seen, codes = 0, {t.channel: [] for t in before.trains}, {}  # type: ignore[var-annotated]
    stamps = []
    for token in vcd.reader.tokenize(io.BytesIO((tmp_path / "a.vcd").read_bytes())):
        if token.kind is vcd.reader.TokenKind.VAR:
            codes[token.var.id_code] = token.var.reference
        elif token.kind is vcd.reader.TokenKind.TIMESCALE:
            assert (int(token.timescale.magnitude), token.timescale.unit.value) == (1, "us")
        elif token.kind is vcd.reader.TokenKind.CHANGE_TIME:
            now = token.time_change
            stamps.append(now)
        elif token.kind is vcd.reader.TokenKind.CHANGE_SCALAR:
            seen[codes[token.scalar_change.id_code]].append((now, int(token.scalar_change.value)))
    assert (stamps[0], stamps[-1]) == (0, 20_000)
    for t in before.trains:
        assert t.levels is not None
        assert seen[t.channel] == [(0, 1 - int(t.levels[0])), *zip(t.ticks.tolist(), t.levels.tolist(), strict=True)]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["a", "b", "bus", "real"]), st.integers(0, 15)), max_size=40)
)
def test_we_read_what_pyvcd_writes(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]]) -> None:
    """Bits, a vector with unknown bits, a real number, scopes; the truth is kept step by step."""
    path = tmp_path_factory.mktemp("pyvcd") / "x.vcd"
    letters = "01xz"
    state: dict[str, str] = {"top.a": "0", "top.sub.b": "0", **{f"top.bus[{i}]": "0" for i in range(3)}}
    history: dict[str, list[tuple[int, str]]] = {name: [(0, "0")] for name in state}
    now = 0
    with path.open("w") as handle, vcd.writer.VCDWriter(handle, timescale="10 ns", date="today") as writer:
        variables = {
            "a": writer.register_var("top", "a", "wire", size=1, init=0),
            "b": writer.register_var("top.sub", "b", "wire", size=1, init=0),
            "bus": writer.register_var("top", "bus", "reg", size=3, init=0),
            "real": writer.register_var("top", "r", "real", init=0.0),
        }
        for wait, name, value in steps:
            now += wait
            if name == "real":
                writer.change(variables[name], now, value / 4)
                continue
            text = (
                letters[value % 4] if name != "bus" else letters[value % 4] + letters[value // 4] + letters[value % 2]
            )
            writer.change(variables[name], now, text if name == "bus" or text in "xz" else int(text))
            bits = {"a": ["top.a"], "b": ["top.sub.b"], "bus": ["top.bus[2]", "top.bus[1]", "top.bus[0]"]}[name]
            for bit, letter in zip(bits, text, strict=True):
                history[bit].append((now, letter))
        writer.close(now)
    after = read(path)
    assert after.header["skipped"] == ["r"]
    for t in after.trains:
        assert t.tick_s == Fraction(1, 10**8)
        assert t.window == (0, now)
        last: dict[int, str] = dict(history[f"top.{t.channel}"])
        values = [(tick, value if value in "01" else "x") for tick, value in sorted(last.items())]
        edges, gaps, before = [], [], None
        for i, (tick, value) in enumerate(values):
            if before is not None and before != value and "x" not in (before, value):
                edges.append((tick, int(value)))
            if value == "x":
                end = values[i + 1][0] - 1 if i + 1 < len(values) else now
                if gaps and gaps[-1][1] == tick - 1 and before == "x":
                    gaps[-1] = (gaps[-1][0], end)
                else:
                    gaps.append((tick, end))
            before = value
        assert t.levels is not None
        assert list(zip(t.ticks.tolist(), t.levels.tolist(), strict=True)) == edges
        assert t.gaps == tuple(gaps)


def sigrok(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["sigrok-cli", "-i", str(path), *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    return done.stdout


@SIGROK
@pytest.mark.parametrize("format", ["vcd", "sr"])
@pytest.mark.parametrize("rate", [10**6, 500_000, 4 * 10**6])
def test_sigrok_finds_the_same_edges(tmp_path: Path, format: str, rate: int) -> None:
    before = some(Fraction(1, rate))
    path = tmp_path / f"a.{format}"
    write(before, path, format)
    for t in before.trains:
        assert t.levels is not None
        for edge, count in (
            ("rising", int(t.levels.sum())),
            ("falling", int((1 - t.levels).sum())),
            ("any", t.ticks.size),
        ):
            out = sigrok(path, "-P", f"counter:data={t.channel}:data_edge={edge}", "-A", "counter=edge_count")
            assert len(out.splitlines()) == count, (t.channel, edge)


@SIGROK
@pytest.mark.parametrize("format", ["vcd", "sr"])
def test_sigrok_sees_the_same_samples(tmp_path: Path, format: str) -> None:
    before = some()
    path = tmp_path / f"a.{format}"
    write(before, path, format)
    again = tmp_path / "b.sr"
    sigrok(path, "-o", str(again))
    after = read(again)
    for a, b in zip(before.trains, after.trains, strict=True):
        assert (a.channel, a.ticks.tolist(), a.tick_s) == (b.channel, b.ticks.tolist(), b.tick_s)
    # sigrok's importer ends a VCD file before its last time stamp
    assert after.trains[0].window == (0, 20_000 if format == "sr" else 19_999)


@SIGROK
@pytest.mark.skipif(not FILES, reason="real recordings are not beside this checkout")
def test_sigrok_counts_a_real_recording_alike_after_export(tmp_path: Path) -> None:
    before = read(DATA / "rotary-ramp.sr")
    for format in ("vcd", "sr"):
        path = tmp_path / f"ramp.{format}"
        write(before, path, format)
        out = sigrok(path, "-P", "counter:data=0:data_edge=any", "-A", "counter=edge_count")
        assert len(out.splitlines()) == before.trains[0].ticks.size == 6366


def test_binary_layouts_byte_by_byte(tmp_path: Path) -> None:
    """Against the layouts the vendor publishes, packed by hand here."""
    head = b"<SALEAE>" + struct.pack("<ii", 0, 0)
    v0 = head + struct.pack("<IddQ3d", 1, -0.5, 2.0, 3, -0.25, 0.5, 1.0)
    path = tmp_path / "digital_7.bin"
    path.write_bytes(v0)
    [t] = read(path).trains
    assert (t.channel, t.tick_s) == ("digital_7", Fraction(1, 10**12))
    assert [Fraction(int(x)) * Fraction(1, 10**12) for x in t.ticks] == [Fraction(-1, 4), Fraction(1, 2), Fraction(1)]
    assert t.window == (-(10**12) // 2, 2 * 10**12)
    assert t.levels is not None
    assert t.levels.tolist() == [0, 1, 0]
    rate = 12e6
    chunks = struct.pack("<Q", 2) + struct.pack("<IdddQ2d", 0, rate, 0.0, 100 / rate, 2, 3 / rate, 50 / rate)
    chunks += struct.pack("<IdddQ1d", 1, rate, 200 / rate, 300 / rate, 1, 250 / rate)
    path.write_bytes(b"<SALEAE>" + struct.pack("<ii", 1, 0) + chunks)
    [t] = read(path).trains
    assert t.tick_s == Fraction(1, 12_000_000)
    assert t.levels is not None
    assert (t.ticks.tolist(), t.levels.tolist()) == ([3, 50, 250], [1, 0, 0])
    assert (t.window, t.gaps) == ((0, 300), ((101, 199),))
