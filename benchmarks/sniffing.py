"""How often `capture sniff` names the right protocol, the wrong one, or none: known and foreign recordings, short and damaged ones, lines
whose rate is not known.

    python benchmarks/sniffing.py              writes docs/sniffing.md; some six minutes
    python benchmarks/sniffing.py --seeds 1    a look, writes no document
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks.inspection_runs import interval  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.sniffing_streams import FOREIGN, Recording, benches, drawn, foreign, mixed, scales, wires  # noqa: E402
from captures.formats import read  # noqa: E402
from captures.model import EdgeKind, Origin, PulseTrain  # noqa: E402
from captures.uart import CharFlag, UartLine, decode  # noqa: E402
from fixtures.plugins import specs  # noqa: E402
from harness.learning.edges import read_line  # noqa: E402
from harness.learning.fit import ALPHA, NULL_BYTES, SHUFFLES, Stream  # noqa: E402
from harness.learning.rates import COMMON, Heard, Trial, best, mode_text, without_parity  # noqa: E402
from harness.learning.recording import Chunk, Line  # noqa: E402
from harness.learning.verdict import UNKNOWN, judge  # noqa: E402
from protocols.contract import LineSettings, Role  # noqa: E402

REPORT = ROOT / "docs" / "sniffing.md"
FULL = 4
SIZES = (20, 40, 80, 160, 320)
DAMAGE = (0.002, 0.005, 0.01, 0.02)
RATE_HZ = 4_000_000
REAL = (
    ("kern_ew_6200-2nm_tare.sr", "RX", "Kern EW balance, 1200 8N2"),
    ("kern_ew_6200-2nm_various_values_and_overflow.sr", "RX", "Kern EW balance, 1200 8N2"),
    ("flowmeter_target_15liter_per_min.sr", "RXTX", "flow meter, Modbus RTU, 9600"),
)
Job = tuple[str, str, str, tuple[Stream, ...]]
"""Row of the table, where it is from, what is right, streams."""


def verdict(job: Job) -> tuple[str, str, str, str]:
    row, where, truth, streams = job
    found = judge([without_parity(stream)[0] for stream in streams], specs("protocols")).text
    return row, where, truth, found


def with_row(
    row: str,
    recordings: Iterable[Recording],
    change: Callable[[tuple[Stream, ...]], tuple[Stream, ...]] = tuple,
    truth: str = "",
) -> list[Job]:
    return [(row, where, truth or protocol, change(streams)) for where, protocol, streams in recordings]


def cut(size: int) -> Callable[[tuple[Stream, ...]], tuple[Stream, ...]]:
    """The last bytes before the middle of a recording, from anywhere in a frame on: `size` of each stream."""

    def change(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
        found = []
        for stream in streams:
            left, bursts, middle = size, [], len(stream.data) // 2 + size
            seen = 0
            for burst in stream.bursts:
                begin, seen = seen, seen + len(burst)
                part = burst[max(0, middle - size - begin) : max(0, middle - begin)]
                if part:
                    bursts.append(part)
                    left -= len(part)
            found.append(replace(stream, bursts=tuple(bursts)))
        return tuple(found)

    return change


def damaged(share: float, seed: int) -> Callable[[tuple[Stream, ...]], tuple[Stream, ...]]:
    """One bit of so many of the bytes is wrong."""

    def change(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
        rng = np.random.default_rng([seed, round(1e4 * share)])
        found = []
        for stream in streams:
            bursts = []
            for burst in stream.bursts:
                hit = rng.random(len(burst)) < share
                bits = 1 << rng.integers(0, 7, size=len(burst))
                bursts.append(
                    bytes((np.frombuffer(burst, np.uint8) ^ np.where(hit, bits, 0).astype(np.uint8)).tolist())
                )
            found.append(replace(stream, bursts=tuple(bursts)))
        return tuple(found)

    return change


def with_parity(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
    """Seven data bits in even parity, listened to as 8N1."""
    return tuple(
        replace(s, bursts=tuple(bytes(b | (b.bit_count() & 1) << 7 for b in burst) for burst in s.bursts))
        for s in streams
    )


def shuffled(seed: int) -> Callable[[tuple[Stream, ...]], tuple[Stream, ...]]:
    def change(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
        rng = np.random.default_rng(seed)
        return tuple(
            replace(s, bursts=(bytes(rng.permutation(np.frombuffer(s.data, np.uint8)).tolist()),)) for s in streams
        )

    return change


def line_of(data: bytes, line: UartLine, jitter: float, rng: np.random.Generator) -> PulseTrain:
    """Edges of `data` at `line`, frames of 20 characters with pauses between; each edge off by up to `jitter` bits."""
    bit = RATE_HZ / float(line.baud)
    levels: list[int] = [1] * 30
    for number, byte in enumerate(data):
        bits = [byte >> k & 1 for k in range(line.data_bits)]
        parity = {"N": [], "E": [sum(bits) % 2], "O": [1 - sum(bits) % 2]}[line.parity]
        levels += [0, *bits, *parity, *[1] * line.stop_bits, *([1] * 40 if number % 20 == 19 else [])]
    wave = np.array([*levels, 1], dtype=np.int64)
    places = np.flatnonzero(np.diff(wave)) + 1
    ticks = np.round((places + rng.uniform(-jitter, jitter, size=places.size)) * bit).astype(np.int64)
    after = wave[places].astype(np.uint8)
    return PulseTrain(
        "tap",
        "RX",
        ticks,
        Fraction(1, RATE_HZ),
        EdgeKind.BOTH,
        (0, int(len(levels) * bit)),
        Origin("benchmark", ""),
        "file",
        after,
    )


def said_in(name: str, seed: int, size: int = 400) -> bytes:
    """What the device of a protocol says, in 7 bits where it can."""
    known = wires(specs("protocols")[name], Role.DEVICE)
    rng = np.random.default_rng([seed, len(name)])
    data = b"".join(known[k] for k in rng.integers(len(known), size=size))
    return data[:size]


def measured(job: tuple[int, str]) -> tuple[bool, bool, float, float]:
    """Rate within 0.5 %, framing right, share of error of the rate, characters wrong."""
    seed, name = job
    rng = np.random.default_rng([90_000, seed])
    setting = COMMON[int(rng.integers(len(COMMON)))]
    data = said_in(name, seed)
    seven = max(data) < 0x80 and bool(rng.integers(2))
    baud = Fraction(round(float(setting.baud or 0) * rng.uniform(0.97, 1.03), 1)).limit_denominator(10)
    parity = ("E", "O")[int(rng.integers(2))] if seven else setting.parity
    line = UartLine(baud, 7 if seven else 8, parity, setting.stop_bits)
    found = read_line(line_of(data, line, 0.1, rng))
    off = abs(float(found.line.baud / baud) - 1)
    same = (found.line.data_bits, found.line.parity) == (line.data_bits, line.parity)
    got = found.characters.data.tobytes()
    wrong = sum(a != b for a, b in zip(got, data, strict=False)) / len(data) if len(got) == len(data) else 1.0
    return off < 0.005, same, off, wrong


def tried(job: tuple[int, str]) -> tuple[str, str, str, str]:
    """A line at one of the common settings, listened to in each of them as a port would: damage counted, characters kept."""
    seed, name = job
    truth = COMMON[seed % len(COMMON)]
    rng = np.random.default_rng([91_000, seed])
    train = line_of(said_in(name, seed), _uart(truth), 0.05, rng)
    trials = []
    for setting in COMMON:
        characters = decode(train, _uart(setting)).whole
        bad = characters.having(CharFlag.FRAMING) | characters.having(CharFlag.PARITY)
        instants = characters.to_ns(characters.ends).tolist()
        chunks = tuple(Chunk(t, bytes((b,))) for t, b in zip(instants, characters.data.tolist(), strict=True))
        heard = Heard(Line("device", chunks, False, setting.baud, mode_text(setting)), int(bad.sum()))
        trials.append(Trial.of(setting, [heard], specs("protocols")))
        if trials[-1].sure:
            break
    chosen = best(trials)
    verdict = next(trial.named for trial in trials if trial.setting == chosen)
    return _text(truth), _text(chosen), name, verdict


def _uart(setting: LineSettings) -> UartLine:
    return UartLine(Fraction(setting.baud or 0), setting.data_bits, setting.parity, setting.stop_bits)


def _text(setting: LineSettings) -> str:
    return f"{setting.baud} {mode_text(setting)}"


def jobs(seeds: int) -> list[Job]:
    dialogues, streams = benches(), scales()
    found = with_row("simulated benches, both directions", dialogues) + with_row(
        "simulated scales, both directions", streams
    )
    found += with_row("simulated, one tap", dialogues + streams, mixed)
    found += with_row(
        "simulated, 7 bits with parity as 8N1", [s for s in streams if max(s[2][-1].data) < 0x80], with_parity
    )
    for seed in range(1, seeds + 1):
        found += with_row("vectors and examples, both directions", drawn(seed))
        found += with_row("foreign, one direction", foreign(seed), truth=UNKNOWN)
        found += with_row("every protocol's bytes shuffled", drawn(seed), shuffled(seed), UNKNOWN)
    found += with_row("vectors and examples, one tap", drawn(1), mixed)
    found += with_row("foreign, one tap", foreign(seeds + 1, one_tap=True), truth=UNKNOWN)
    for size in SIZES:
        found += with_row(f"simulated, {size} bytes a direction", dialogues + streams, cut(size))
    for share in DAMAGE:
        found += with_row(f"simulated, {share:.1%} of the bytes damaged", dialogues + streams, damaged(share, 1))
    return found


def counted(results: Sequence[tuple[str, str, str, str]]) -> tuple[list[str], list[str]]:
    """A row of the table for each kind of recording, and what was not right."""
    rows: dict[str, Counter[str]] = {}
    wrong: list[str] = []
    for row, where, truth, found in results:
        kind = (
            "right"
            if found == truth
            else "among"
            if truth in found.split(" or ")
            else "none"
            if found == UNKNOWN
            else "other"
        )
        rows.setdefault(row, Counter())[kind] += 1
        if kind in ("other", "among") or (kind == "none" and "bytes" not in row):
            wrong.append(f"| {row} | {truth} | {found} | {where} |")
    table = []
    for row, counts in rows.items():
        n = counts.total()
        low, high = interval(counts["right"], n)
        table.append(
            f"| {row} | {n} | {counts['right']} ({low:.0%} to {high:.0%}) | {counts['among']} | {counts['none']} | {counts['other']} |"
        )
    return table, wrong


def real() -> list[str]:
    """Rows of the recorded lines that are beside the tree, where they are."""
    rows = []
    for file, channel, known in REAL:
        path = ROOT.parent / "shared" / "data" / "sigrok" / file
        if not path.exists():
            rows.append(f"| {file} | {known} | not here |")
            continue
        [train] = [one for one in read(path).trains if one.channel == channel]
        framed = read_line(train)
        instants = framed.characters.to_ns(framed.characters.ends).tolist()
        chunks = tuple(Chunk(t, bytes((b,))) for t, b in zip(instants, framed.characters.data.tolist(), strict=True))
        line = Line(channel, chunks, True, float(framed.line.baud), framed.mode, exact=True)
        found = judge([line.stream], specs("protocols")).text
        rows.append(
            f"| {file} | {known} | {framed.measured.baud:.1f} ± {framed.measured.u_baud:.1g} baud, {framed.mode}, {found} |"
        )
    return rows


def report(
    seeds: int, results: list[tuple[str, str, str, str]], rates: list[Any], chosen: list[Any], seconds: float
) -> str:
    table, wrong = counted(results)
    right = sum(a == b for a, b, _, _ in chosen)
    same = sum(name == found for _, _, name, found in chosen)
    return "\n".join(
        [
            "# Naming what a line speaks, measured",
            "",
            f"`python benchmarks/sniffing.py` at commit {commit()}: seeds 1 to {seeds}, {seconds:.0f} s. Null: {SHUFFLES} shuffles of the first {NULL_BYTES} bytes, a fit at p of at most {ALPHA}.",
            f"{len(specs('protocols'))} protocols; {len(FOREIGN)} foreign formats, built from their published rules with values drawn at random. Intervals: 95 %, Wilson, of these recordings only:",
            "the simulated devices speak through the same codecs that read them, and vectors and examples are where the wording is learned from; other people's recordings are three (below).",
            "",
            "| recordings | n | right | right among several | unknown | another protocol |",
            "|---|---|---|---|---|---|",
            *table,
            "",
            "For foreign and shuffled bytes `unknown` is right. What was not right (of short and damaged recordings only where a protocol was named):",
            "",
            "| recordings | is | named | from |",
            "|---|---|---|---|",
            *wrong,
            "",
            "## Rate and framing",
            "",
            f"From edges: {len(rates)} lines of 400 characters, the device's rate up to 3 % off a usual one, every edge up to 0.1 bits off. Rate within 0.5 %: {sum(r[0] for r in rates)};",
            f"framing right: {sum(r[1] for r in rates)}; median error of the rate {float(np.median([r[2] for r in rates])):.1e}; all characters right: {sum(r[3] == 0 for r in rates)}.",
            "",
            f"By trying: {len(chosen)} lines at one of the {len(COMMON)} common settings, edges up to 0.05 bits off, listened to in each as a port does. Setting right: {right};",
            f"protocol named: {same}. Chosen otherwise: {', '.join(f'{a} as {b} ({name}, {found})' for a, b, name, found in chosen if a != b) or 'none'}.",
            "",
            "## Other people's recordings",
            "",
            "Logic captures of the sigrok project's example files, rate and framing unknown to the program; tests/harness/test_learning_sniff.py repeats them where the files are.",
            "",
            "| recording | is | measured, named |",
            "|---|---|---|",
            *real(),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="what capture sniff names, and how often it is right")
    parser.add_argument("--seeds", type=int, default=FULL)
    seeds = parser.parse_args().seeds
    begin = time.perf_counter()
    names = [
        name
        for name, protocol in specs("protocols").items()
        if wires(protocol, Role.DEVICE) and name not in ("sump", "sigrok-pico")
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(verdict, jobs(seeds), chunksize=4))
        rates = list(pool.map(measured, [(k, names[k % len(names)]) for k in range(60 * seeds)], chunksize=4))
        chosen = list(pool.map(tried, [(k, names[(3 * k) % len(names)]) for k in range(10 * seeds)]))
    text = report(seeds, results, rates, chosen, time.perf_counter() - begin)
    print(text)
    if seeds >= FULL:
        REPORT.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
