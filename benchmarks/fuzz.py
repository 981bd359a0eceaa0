"""Damaged capture files: every reader against mutations of small good ones, in a child with bounded memory.

python benchmarks/fuzz.py                 100,000 cases of every format, resumes where it stopped; writes docs/fuzz.md
python benchmarks/fuzz.py --cases 2000 --formats vcd csv --state DIR      fewer, elsewhere, prints only

A case may end as a capture or as a CaptureError.  Anything else is a failure: another exception, a case of more than
`LIMIT_S`, a child that died, or one that needed more than `MEMORY` bytes of address space.  Case n of a format
follows from (seed, format, n) alone, so a failure can be repeated: --show FORMAT N writes its bytes to stdout.
POSIX only: it limits itself with `resource`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.repository import commit  # noqa: E402

REPORT = ROOT / "docs" / "fuzz.md"
STATE = ROOT / "build" / "fuzz"
SEED = 20_260_401
CASES = 100_000
BATCH = 2_000
LIMIT_S = 5.0
STALLED_S = 30.0
MEMORY = 1 << 30
MESSAGE = 1_000  # characters: an error is one sentence, whatever the file holds
NUMBERS = (0, 1, 2, 127, 255, 65_535, 1 << 20, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, (1 << 64) - 1)
DIGITS = (b"0", b"9", b"99999999", b"999999999999999999", b"1" * 40, b"9" * 400, b"-1", b"1e9", b"0.1", b"nan", b"inf")


def good_files() -> Mapping[str, list[bytes]]:
    """Small files of every format, between them all features that the readers know."""
    import numpy as np

    from captures.formats import FOLDERS, write
    from captures.model import Capture, EdgeKind, Origin, PulseTrain

    def train(
        name: str, ticks: list[int], window: tuple[int, int], tick: str, gaps: tuple[tuple[int, int], ...] = ()
    ) -> Any:
        from fractions import Fraction

        levels = np.array([(i + 1) % 2 for i in range(len(ticks))], np.uint8)
        return PulseTrain(
            station="tap", channel=name, ticks=np.array(ticks, np.int64), tick_s=Fraction(tick), edge=EdgeKind.BOTH,
            window=window, origin=Origin("fuzz", ""), clock="file", levels=levels, gaps=gaps,
        )  # fmt: skip

    def capture(*trains: Any) -> Capture:
        return Capture(header={"initial": {t.channel: 0 for t in trains}}, trains=trains)

    rng = random.Random(SEED)
    plain = [sorted(rng.sample(range(1, 900), 24)) for _ in range(3)]
    window = (0, 1000)
    even = capture(*(train(f"D{i}", ticks, window, "1/1000000") for i, ticks in enumerate(plain)))
    odd = capture(train("Channel 0", plain[0], window, "1/12000000"), train("μ", plain[1], window, "1/12000000"))
    gapped = capture(
        train("A", [10, 20, 300, 310], window, "1/1000000", ((100, 199),)), train("B", plain[2], window, "1/1000000")
    )
    found: dict[str, list[bytes]] = {}
    carried = {
        "sr": (even, odd), "vcd": (even, odd, gapped), "saleae-csv": (even, gapped), "csv": (even, odd, gapped),
        "saleae-bin": (odd, gapped), "saleae-bin-v0": (even,),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for format, captures in carried.items():
            for i, one in enumerate(captures):
                path = Path(folder) / f"{format}-{i}"
                write(one, path, format)
                files = sorted(path.glob("*.bin")) if format in FOLDERS else [path]
                found.setdefault(format, []).extend(file.read_bytes() for file in files)
    found["vcd"].append(VECTORS)
    return found


VECTORS = b"""$date today $end $version simulator $end $timescale 10 ns $end
$scope module top $end $var wire 1 ! clk $end $var reg 4 " bus [3:0] $end $var real 64 # volts $end
$scope module sub $end $var wire 1 $ rst $end $var wire 1 ! copy $end $upscope $end $upscope $end
$comment nothing b101 #5 $end $enddefinitions $end
#0 $dumpvars 0! bxz01 " r1.5 # x$ $end
#5 1! 1$ b0 " #10 0! b1111 " #12 $dumpoff x! bx " x$ $end #20 $dumpon 1! b1 " 0$ $end
#30 0! b0x " $comment between $end
#40 z! #50 1!
"""


def _flip(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        if data:
            data[rng.randrange(len(data))] ^= rng.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))


def _truncate(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _delete(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    begin = rng.randrange(len(data) + 1)
    del data[begin : begin + rng.choice((1, 2, 8, 60, 400))]


def _splice(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    other = rng.choice(others)
    begin, end = sorted(rng.randrange(len(other) + 1) for _ in range(2))
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.choice((0, end - begin))] = other[begin:end]


def _digits(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    places = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
    at = rng.choice(places) if places else rng.randrange(len(data) + 1)
    data[at : at + rng.choice((0, 1))] = rng.choice(DIGITS)


def _doubled(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    """A stretch, a line or the head once more, somewhere, often many times."""
    begin = rng.choice((0, rng.randrange(len(data) + 1)))
    stretch = bytes(data[begin : begin + rng.choice((1, 16, 36, 120, 600))])
    at = rng.choice((0, begin, rng.randrange(len(data) + 1)))
    data[at:at] = stretch * rng.choice((1, 1, 2, 50, 400))


def _count(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    """A number where a count, a size or a float may stand."""
    kind = rng.choice(("<B", "<H", "<I", "<Q", "<d"))
    value = rng.choice((0.0, -1.0, 1e-320, 1e300, float("nan"), float("inf"))) if kind == "<d" else rng.choice(NUMBERS)
    raw = (
        struct.pack(kind, value)
        if kind == "<d"
        else (int(value) & ((1 << 64) - 1)).to_bytes(8, "little")[: struct.calcsize(kind)]
    )
    at = rng.randrange(len(data) + 1)
    data[at : at + len(raw)] = raw


def _bytes(rng: random.Random, data: bytearray, others: list[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.choice((0, 4))] = rng.choice(
        (b"\x00" * 40, b"\xff" * 9, b"\n" * 30, b" " * 99, b"$end ", b"#", b",,,", b"X", b"\xef\xbb\xbf")
    )


MUTATIONS: tuple[Callable[[random.Random, bytearray, list[bytes]], None], ...] = (
    _flip, _truncate, _delete, _splice, _digits, _doubled, _count, _bytes,
)  # fmt: skip


def mutated(rng: random.Random, good: list[bytes]) -> bytes:
    """One to four mutations of a good file."""
    data = bytearray(rng.choice(good))
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(MUTATIONS)(rng, data, good)
    return bytes(data)


def case(format: str, number: int, good: Mapping[str, list[bytes]], seed: int = SEED) -> bytes:
    """Case `number` of `format`.  Half of the sessions are damaged inside their members, which the archive would hide."""
    rng = random.Random(f"{seed}/{format}/{number}")
    if format == "sr" and rng.random() < 0.5:
        with zipfile.ZipFile(io.BytesIO(rng.choice(good[format]))) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(sorted(members))
        members[name] = mutated(rng, [members[name]])
        if rng.random() < 0.1:
            members[rng.choice(("logic-1-2", "logic-1-3", "../x", "logic-1"))] = members[name]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return out.getvalue()
    return mutated(rng, good[format])


def outcome(path: Path) -> str:
    """ "read", "refused" or "not mine"; raises whatever else the readers let out, and AssertionError for a capture
    that contradicts itself."""
    import numpy as np

    from captures.errors import CaptureError, WrongFormatError
    from captures.formats import read

    try:
        capture = read(path)
    except WrongFormatError:
        return "not mine"
    except CaptureError as error:
        if len(str(error)) > MESSAGE:
            raise ValueError(f"an error message of {len(str(error))} characters") from None
        return "refused"
    json.dumps(dict(capture.header), allow_nan=False)
    for train in capture.trains:
        first, last = train.window
        assert first <= last
        assert not train.ticks.size or first <= int(train.ticks[0]) <= int(train.ticks[-1]) <= last
        assert all(first <= begin <= end <= last for begin, end in train.gaps)
        assert train.tick_s is None or train.tick_s > 0
        if train.levels is not None and not train.gaps:
            assert not np.any(train.levels[1:] == train.levels[:-1])
    return "read"


def worker(format: str, begin: int, end: int, progress: Path, seed: int) -> int:
    """Cases begin..end of one format in this process; one JSON line of counts on stdout, failures as they come."""
    import resource
    import signal

    good = good_files()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def too_long(*_: object) -> None:
        raise TimeoutError(f"more than {LIMIT_S} s")

    signal.signal(signal.SIGALRM, too_long)
    counts: Counter[str] = Counter()
    slowest = 0.0
    handle = os.open(progress, os.O_RDWR | os.O_CREAT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digital_0.bin"
        for number in range(begin, end):
            os.pwrite(handle, number.to_bytes(8, "little"), 0)
            path.write_bytes(case(format, number, good, seed))
            started = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
            try:
                counts[outcome(path)] += 1
            except Exception as error:  # whatever the readers let out is what is looked for
                counts["failed"] += 1
                print(json.dumps({"failed": number, "why": f"{type(error).__name__}: {error}"[:300]}), flush=True)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            slowest = max(slowest, time.monotonic() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"counts": counts, "slowest_s": slowest, "peak_bytes": peak}), flush=True)
    return 0


def run(format: str, cases: int, state: Path, seed: int, jobs: int) -> dict[str, Any]:
    """All cases of one format, batch by batch, `jobs` children at a time; batches that the state file names are done."""
    state.mkdir(parents=True, exist_ok=True)
    file = state / f"{format}-{seed}.json"
    fresh: dict[str, Any] = {"batches": [], "counts": {}, "failures": [], "slowest_s": 0.0, "peak_bytes": 0}
    done = json.loads(file.read_text()) if file.exists() else fresh
    pending = [begin for begin in range(0, cases, BATCH) if begin not in set(done["batches"])]
    with ThreadPoolExecutor(jobs) as pool:
        parts = pool.map(lambda begin: _batch(format, begin, min(begin + BATCH, cases), state, seed), pending)
        for begin, part in zip(pending, parts, strict=True):
            done["batches"].append(begin)
            done["counts"] = dict(Counter(done["counts"]) + Counter(part["counts"]))
            done["failures"] += part["failures"]
            done["slowest_s"] = max(done["slowest_s"], part["slowest_s"])
            done["peak_bytes"] = max(done["peak_bytes"], part["peak_bytes"])
            file.write_text(json.dumps(done))
            total = sum(done["counts"].values())
            print(f"{format} {total}/{cases} {done['counts']} {len(done['failures'])} failures", file=sys.stderr)
    return done


def _batch(format: str, begin: int, end: int, state: Path, seed: int) -> dict[str, Any]:
    """Cases begin..end, in another child after one that died."""
    found: dict[str, Any] = {"counts": Counter(), "failures": [], "slowest_s": 0.0, "peak_bytes": 0}
    while begin < end:
        progress = state / f"{format}-{begin}.progress"
        stopped = _child(format, begin, end, progress, seed, found)
        progress.unlink()
        begin = end if stopped is None else stopped + 1
    return found


def _child(format: str, begin: int, end: int, progress: Path, seed: int, found: dict[str, Any]) -> int | None:
    """One child; the number of the case it died or hung at, or None when it came to its end."""
    progress.write_bytes(begin.to_bytes(8, "little"))
    command = [sys.executable, __file__, "--worker", format, str(begin), str(end), str(progress), str(seed)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(command, stdout=out, env=environment)
        last, since = begin, time.monotonic()
        while child.poll() is None:
            time.sleep(0.05)
            now = int.from_bytes(progress.read_bytes(), "little")
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > STALLED_S:
                child.kill()
                child.wait()
        out.seek(0)
        for line in out:
            said = json.loads(line)
            if "failed" in said:
                found["failures"].append([said["failed"], said["why"]])
            else:
                found["counts"] += Counter(said["counts"])
                found["slowest_s"] = max(found["slowest_s"], said["slowest_s"])
                found["peak_bytes"] = max(found["peak_bytes"], said["peak_bytes"])
    if child.returncode == 0:
        return None
    at = int.from_bytes(progress.read_bytes(), "little")
    found["counts"]["died"] += at - begin + 1
    found["failures"].append([at, f"the child ended with {child.returncode}: hang, crash or out of memory"])
    return at


def report(results: Mapping[str, Mapping[str, Any]], seed: int) -> str:
    lines = [
        "# Fuzzed capture files",
        "",
        f"`python benchmarks/fuzz.py` at commit {commit()}, seed {seed}: one to four mutations (flipped bytes, truncation,",
        "deletion, splices of other good files, inserted digits, doubled heads and lines, huge counts, odd bytes) of small good files of",
        f"each format. A child process reads them with {MEMORY >> 20} MiB of address space and {LIMIT_S:g} s a case. A case is `read` (a capture that",
        "does not contradict itself), `refused` (CaptureError) or `not mine` (no reader knows it). Anything else is a failure.",
        "`python benchmarks/fuzz.py --show FORMAT N` writes the bytes of a case.",
        "",
        "| format | cases | read | refused | not mine | failures | slowest case, s | peak memory, MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for format, done in results.items():
        counts = done["counts"]
        lines.append(
            f"| {format} | {sum(counts.values()):,} | {counts.get('read', 0):,} | {counts.get('refused', 0):,} | {counts.get('not mine', 0):,} "
            f"| {len(done['failures'])} | {done['slowest_s']:.2f} | {done['peak_bytes'] / 2**20:.0f} |"
        )
    for format, done in results.items():
        lines += [f"\n{format}, case {number}: {why}" for number, why in done["failures"][:20]]
    return "\n".join(lines) + "\n"


def main() -> int:
    if sys.argv[1:2] == ["--worker"]:
        format, begin, end, progress, seed = sys.argv[2:]
        return worker(format, int(begin), int(end), Path(progress), int(seed))
    parser = argparse.ArgumentParser(description="damaged capture files")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--formats", nargs="*", default=None)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", nargs=2, metavar=("FORMAT", "N"))
    arguments = parser.parse_args()
    good = good_files()
    if arguments.show:
        sys.stdout.buffer.write(case(arguments.show[0], int(arguments.show[1]), good, arguments.seed))
        return 0
    formats = arguments.formats or list(good)
    results = {
        format: run(format, arguments.cases, arguments.state, arguments.seed, arguments.jobs) for format in formats
    }
    text = report(results, arguments.seed)
    print(text)
    if set(formats) == set(good) and arguments.cases >= CASES:
        REPORT.write_text(text, "utf-8")
    return 1 if any(done["failures"] for done in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
