"""Our detectors beside change-point packages and sigrok's timing decoder: same streams, same measured false-alarm rate.

    python -m venv .venv-peers
    .venv-peers/bin/pip install -e . -r benchmarks/peers_requirements.txt
    .venv-peers/bin/python benchmarks/peers.py            resumable; writes docs/peers.md
    .venv-peers/bin/python benchmarks/peers.py --short    a look at few streams, writes nothing

Each method's level is set on honest streams so that ALPHA of the deliveries raise an alarm within the watch, and what it
then does is counted on others.  Delays are litres from the onset to the alarm; what a method is asked only now and
then (every so many pulses, in the table) is known only then.  sigrok-cli must be installed for the decoder's row.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import os
import resource
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402

from benchmarks import peers_methods as methods  # noqa: E402
from benchmarks import peers_report, peers_streams  # noqa: E402
from benchmarks.peers_methods import BEGIN, Given, Looking, Online  # noqa: E402
from benchmarks.peers_streams import GAINS, TRUSTED, WATCHED, Stream  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.judge.pulses.revolution import Floats  # noqa: E402

Row = dict[str, Any]
RESULTS = ROOT / "docs" / "results" / "peers.jsonl"
REPORT = ROOT / "docs" / "peers.md"
SEED, ALPHA = 20_261_121, 0.01
LEAST_LEVEL = 0.5  # packages refuse a penalty of nothing
CELL = 20  # cheating streams of one kind and gain
# honest streams to set the level, and as many again to count: what is slow sees fewer
MANY, SOME, FEW = 300, 100, 50


@dataclass(frozen=True)
class Task:
    """What is looked for, on which streams: `grade` of the encoder (None: all three in turn), `emi` bursts a delivery."""

    name: str
    kinds: tuple[str, ...]
    grade: str | None
    emi: float
    asked: tuple[int, int]  # the fast packages are asked again after so many pulses, the slow ones after so many
    fastest: int  # honest streams that changeforest sees


TASKS = (
    Task("insertion", ("periodic", "random"), None, 0.3, (5, 20), MANY),
    Task("multiplication", ("multiply",), "nominal", 0.0, (10, 50), SOME),
    Task("reference", ("multiply",), None, 0.0, (4, 50), SOME),
)


def looking(name: str, given: Given, flags: Callable[[Floats, float], bool], every: int) -> Looking:
    return Looking(f"{name}, {given.__name__.replace('_', ' ')}", given, flags, every)


def competitors(task: Task) -> list[tuple[Online | Looking, int]]:
    """Methods of a task with the number of honest streams.  The packages share the input that serves changeforest best, which
    is asked with each: 0.1 ms a question, it costs the least.  What takes longer is asked less often."""
    s, (often, seldom) = peers_streams, task.asked
    ours: dict[str, Online] = {
        "insertion": Online("ours: split test", methods.split_hits),
        "multiplication": Online("ours: fingerprint tracker", methods.tracker),
        "reference": Online("ours: GLR, whitened ratio", methods.ratio_glr),
    }
    inputs: dict[str, tuple[Given, ...]] = {
        "insertion": (s.odd_steps, s.size_of_odd, s.odd),
        "multiplication": (s.surprise, s.level),
        "reference": (s.white_ratio, s.ratio),
    }
    given = inputs[task.name]
    found: list[tuple[Online | Looking, int]] = [(ours[task.name], MANY)]
    for one in given:
        found.append((looking("changeforest mean", one, methods.changeforest_mean, often), task.fastest))
    best = given[0]
    found.append((looking("skchange FPOP", best, methods.skchange_fpop, often), SOME))
    found.append((looking("skchange MovingWindow", best, methods.skchange_window, 2 * often), SOME))
    found.append((looking("ruptures KernelCPD", best, methods.ruptures_kernel, seldom), SOME))
    found.append((looking("fastcpd mean", best, methods.fastcpd_mean, seldom), SOME))
    if task.name == "insertion":
        found.append((looking("fastcpd meanvariance", s.odd, methods.fastcpd_meanvariance, 250), SOME))
        found.append((looking("changeforest random forest", s.odd, methods.changeforest_forest, WATCHED), FEW))
        if shutil.which("sigrok-cli"):
            found += [(Online(f"sigrok timing, ratio {f}", partial(_decoded, factor=f)), MANY) for f in (1.3, 1.6)]
    return found


_INTERVALS: dict[int, Floats] = {}


def _decoded(stream: Stream, factor: float) -> Floats:
    return methods.odd_ratios(_INTERVALS[id(stream)], factor)


def decode(streams: Sequence[Stream]) -> None:
    """sigrok reads all streams, forty in a recording."""
    for begin in range(0, len(streams), 40):
        part = streams[begin : begin + 40]
        for stream, intervals in zip(part, methods.sigrok_intervals(part), strict=True):
            _INTERVALS[id(stream)] = intervals


# a level at which so many honest streams alarm


def course_of(method: Online, stream: Stream) -> Floats:
    return method.course(stream)


def greatest(method: Looking, stream: Stream, least: float) -> float:
    """The greatest level at which the method still alarms somewhere in the watch, `least` where that is not above it."""
    x = method.given(stream)[BEGIN:]
    for look in method.looks():
        seen = x[: look - BEGIN]
        if not method.flags(seen, least):
            continue
        high = max(2 * least, 1.0)
        while method.flags(seen, high):
            least, high = high, 2 * high
        for _ in range(9):
            middle = (least + high) / 2
            least, high = (middle, high) if method.flags(seen, middle) else (least, middle)
    return least


def calibrated(method: Online | Looking, streams: Sequence[Stream], share: float) -> float:
    """The level that `share` of the streams exceed."""
    most = int(len(streams) * share)
    if isinstance(method, Online):
        return float(np.sort([course_of(method, stream).max() for stream in streams])[-most - 1])
    tops: list[float] = []
    for stream in streams:
        least = tops[0] if len(tops) > most else LEAST_LEVEL
        value = greatest(method, stream, least)
        if len(tops) <= most:
            heapq.heappush(tops, value)
        elif value > least:
            heapq.heapreplace(tops, value)
    return tops[0]


def alarm(method: Online | Looking, stream: Stream, level: float) -> int | None:
    """Pulse after which the method first alarms in the watch."""
    if isinstance(method, Online):
        over = np.flatnonzero(course_of(method, stream) > level)
        return TRUSTED + int(over[0]) + 1 if over.size else None
    x = method.given(stream)[BEGIN:]
    return next((look for look in method.looks() if method.flags(x[: look - BEGIN], level)), None)


def delays(method: Online | Looking, streams: Iterable[Stream], level: float) -> list[float | None]:
    """Litres from onset to alarm; None where none came, or one came before."""
    found: list[float | None] = []
    for stream in streams:
        assert stream.onset is not None
        at = alarm(method, stream, level)
        late = None if at is None or at <= stream.onset else (at - stream.onset) / (100 * (1 + stream.gain))
        found.append(late)
    return found


# running it


def honest_streams(task: Task, many: int) -> list[Stream]:
    rng = np.random.default_rng([SEED, *task.name.encode()])
    return _usable(lambda: peers_streams.honest(rng, task.grade, task.emi), many)


def cheating_streams(task: Task, kind: str, gain: float, many: int) -> list[Stream]:
    rng = np.random.default_rng([SEED, 1, int(gain * 100), *f"{task.name} {kind}".encode()])
    return _usable(lambda: peers_streams.cheating(rng, task.grade, task.emi, kind, gain), many)


def digest(task: Task) -> str:
    """Of the first streams of a task: rows of other streams, as another generator would make, are not compared with these."""
    told = hashlib.sha256()
    for stream in (*honest_streams(task, 10), *cheating_streams(task, task.kinds[-1], GAINS[-1], 10)):
        told.update(stream.ticks.tobytes() + stream.reference.tobytes())
    return told.hexdigest()[:16]


def _usable(make: Callable[[], Stream], many: int) -> list[Stream]:
    """Streams that last through the watch: a slow stage at the end may cut some short."""
    found: list[Stream] = []
    while len(found) < many:
        stream = make()
        if stream.ticks.size > TRUSTED + WATCHED + 4:
            found.append(stream)
    return found


def asked(method: Online | Looking) -> int:
    """After how many pulses it tells again."""
    return method.every if isinstance(method, Looking) else 1


def run(task: Task, short: int, done: dict[tuple[str, str], Row], keep: Callable[[Row], None]) -> None:
    """The methods of a task that are not done yet, as they now are."""
    drawn = digest(task)
    waiting = [
        (m, n // short)
        for m, n in competitors(task)
        if (task.name, m.name) not in done
        or [done[(task.name, m.name)][what] for what in ("streams", "honest", "every")] != [drawn, n, asked(m)]
    ]
    if not waiting:
        return
    most = MANY // short
    honest = honest_streams(task, most + max(n for _, n in waiting))
    cheats = {
        (kind, gain): cheating_streams(task, kind, gain, max(CELL // short, 4)) for kind in task.kinds for gain in GAINS
    }
    if any(m.name.startswith("sigrok") for m, _ in waiting):
        decode([*honest, *(stream for cell in cheats.values() for stream in cell)])
    for method, n in waiting:
        begin = time.perf_counter()
        level = calibrated(method, honest[:n], ALPHA)
        false = sum(alarm(method, stream, level) is not None for stream in honest[most : most + n])
        cells = {f"{kind} {gain}": delays(method, cell, level) for (kind, gain), cell in cheats.items()}
        keep({
            "task": task.name, "method": method.name, "level": level, "honest": n, "false": false, "every": asked(method),
            "cells": cells, "seconds": round(time.perf_counter() - begin, 1), "seed": SEED, "commit": commit(),
            "streams": drawn,
        })  # fmt: skip
        seconds = time.perf_counter() - begin
        print(f"{task.name:<16}{method.name:<44}{false:>3}/{n} false  {seconds:.0f} s", file=sys.stderr, flush=True)


def missing(done: dict[tuple[str, str], Row]) -> list[str]:
    """Methods that are not done yet."""
    return [f"{task.name}: {m.name}" for task in TASKS for m, _ in competitors(task) if (task.name, m.name) not in done]


def long_stream(pulses: int) -> Stream:
    """One long honest delivery."""
    rng = np.random.default_rng(SEED)
    litres, peers_streams.LITRES = peers_streams.LITRES, pulses / 100 + 1.0
    try:
        return peers_streams.honest(rng, "nominal", 0.0)
    finally:
        peers_streams.LITRES = litres


def speeds(done: dict[tuple[str, str], Row], pulses: int, keep: Callable[[Row], None]) -> None:
    """Pulses a second of one pass over a long stream at the level found, input ready (the packages), or from ticks (ours)."""
    rest = [
        (task, m)
        for task in TASKS
        for m, _ in competitors(task)
        if ("speed", f"{task.name}: {m.name}") not in done and (task.name, m.name) in done
    ]
    stream = long_stream(pulses) if rest else None
    for task, method in rest:
        assert stream is not None
        level = done[(task.name, method.name)]["level"] if (task.name, method.name) in done else 20.0
        if isinstance(method, Looking):
            x = method.given(stream)
            seconds = _least(partial(method.flags, x, level))
        elif method.name.startswith("sigrok"):
            seconds = _least(partial(methods.sigrok_intervals, [stream]))
        else:
            seconds = _least(partial(_whole, method.name, stream))
        keep({"task": "speed", "method": f"{task.name}: {method.name}", "pulses_s": stream.ticks.size / seconds})


def _whole(name: str, stream: Stream) -> object:
    """Our kernels over the whole stream, not the watch alone."""
    if "split" in name:
        return methods.find(stream.ticks)
    if "tracker" in name:
        x = methods.log_intervals(stream.ticks)
        _, print_ = methods.innovations(x)
        return methods.follow(x[600:], print_, 0)
    return methods.glr(methods.white_ratio(stream), 400, side=-1)


def _least(act: Callable[[], object]) -> float:
    """Shortest of three in seconds of processor time, or of one where that takes long; the first call compiles what is
    compiled."""
    act()
    found = []
    for _ in range(3):
        begin = _processor_s()
        act()
        found.append(_processor_s() - begin)
        if found[-1] > 5:
            break
    return min(found)


def _processor_s() -> float:
    """Of this process and the programs it ran: what else the machine does at the time is left out."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description="our detectors beside their peers")
    parser.add_argument("--short", action="store_true", help="a twentieth of the streams, writes nothing")
    short = 20 if parser.parse_args().short else 1
    warnings.simplefilter("ignore")  # the packages': nothing of ours warns
    done: dict[tuple[str, str], Row] = {}
    if short == 1 and RESULTS.exists():
        for line in RESULTS.read_text("utf-8").splitlines():
            row = json.loads(line)
            done[(row["task"], row["method"])] = row  # the last of its name counts

    def keep(row: Row) -> None:
        done[(row["task"], row["method"])] = row
        if short == 1:
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            with RESULTS.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")

    for task in TASKS:
        run(task, short, done, keep)
        _INTERVALS.clear()
    speeds(done, 5_000 // short, keep)
    text = peers_report.document(done, missing(done), SEED, ALPHA)
    print(text)
    if short == 1:
        REPORT.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
