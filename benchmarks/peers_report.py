"""docs/peers.md out of the rows of benchmarks/peers.py."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats
from scipy.signal import lfilter

from benchmarks import limits, peers_streams
from benchmarks.peers_streams import GAINS, WATCHED
from harness.judge.pulses.fingerprint import Fingerprint
from harness.judge.pulses.revolution import Floats, log_intervals

Row = Mapping[str, Any]
PACKAGES = ("ruptures", "fastcpd", "changeforest", "skchange", "numba", "numpy", "scipy")
HEADS = {
    "insertion": "Pulses put in, one tap",
    "multiplication": "Smooth multiplication switched on, one tap",
    "reference": "The same with a reference meter",
}
NOTES = {
    "insertion": "Mixed encoder grades, 0.3 bursts of interference a delivery. Limit: the first pulse that was put in, "
    "1/g pulses in the mean; ours alarms here at the second hit, because interference brings single ones, and so has twice that as its own limit.",
    "multiplication": "Nominal grade, no bursts of interference (what they do to the pattern is the detector's business, and is measured in "
    "validation.md). Limit: pulses until the slip of the learnt pattern tells ln(watch/alpha) nats (Lorden's bound, known gain).",
    "reference": "Mixed grades, no bursts. Limit: pulses until the known shift of the whitened ratio tells ln(watch/alpha) nats.",
}

# why, where a peer finds more or sooner; the figures are of the same streams
REASONS = {
    "insertion": "It waits for the neighbours on both sides: a hit is known five pulses after it (0.05 L), which is the whole of the difference at the "
    "median, and pulses put in so close together that the neighbours disagree count for nothing. So it answers a disturbance of the flow with "
    "silence, where the decoder counts it: 0 false alarms of 300 against 7 and 8.",
    "multiplication": "Multiplying makes the intervals shorter at once, and so does a valve that opens: the packages take that step of the level, with all "
    "else that is odd, for a change, the tracker leaves it out and waits for the pattern of the disc to slip. With the step taken out of "
    "the streams of 10% changeforest, at the same level, needs 0.34 L at the median. A power of 0.95 is one stream of twenty.",
    "reference": "The packages are given the same whitened ratio.",
}
SLOWER = (
    "The tracker is slower than the packages that look for a shift of a mean: it follows a slip at each of nine gains from every second pulse on, "
    "and its evidence may be read after every pulse; what the packages are given, pattern and whitening, is made outside of the time counted "
    "for them. The GLR over the ratio counts the making of it, and sizes and beginnings of every length."
)


def interval(hits: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson, 95 %."""
    low = float(stats.beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def power(cell: Sequence[float | None]) -> float:
    return sum(delay is not None for delay in cell) / len(cell)


def quantile(cell: Sequence[float | None], share: float) -> float:
    """Of the delays, a miss counting as endless."""
    order = sorted(np.inf if delay is None else delay for delay in cell)
    return float(order[min(int(share * len(order)), len(order) - 1)])


def _litres(value: float) -> str:
    return "-" if np.isinf(value) else f"{value:.2f}"


def limit_l(task: str, seed: int, alpha: float) -> dict[float, float | None]:
    """Least mean delay in litres by gain."""
    arl = WATCHED / alpha
    if task == "insertion":
        return {gain: limits.pulse_floor(gain) / 100 for gain in GAINS}
    rng = np.random.default_rng([seed, 2])
    found: dict[float, float | None] = {}
    grade = "nominal" if task == "multiplication" else None
    streams = [peers_streams.honest(rng, grade, 0.0) for _ in range(30)]
    for gain in GAINS:
        pulses = []
        for stream in streams:
            if task == "multiplication":
                _, print_ = peers_streams.innovations(log_intervals(stream.ticks))
                paths = np.stack([_slip(print_, slot, gain) for slot in range(0, print_.slots, 7)])
            else:
                print_ = peers_streams.innovations(peers_streams.log_ratio(stream))[1]
                paths = np.log1p(gain) * np.cumsum(print_.whiten)[None, :] / print_.sigma
                paths = np.concatenate([paths, np.repeat(paths[:, -1:], 500, axis=1)], axis=1)
            pulses += [limits.first_to_know(path, arl) or np.inf for path in paths]
        middle = float(np.median(pulses))
        found[gain] = None if np.isinf(middle) else middle / (100 * (1 + gain))
    return found


def _slip(print_: Fingerprint, slot: int, gain: float) -> Floats:
    """Expected innovations (WATCHED,), in standard deviations, of a slip at `gain` that begins at `slot`; its shift of the level,
    which an opened valve makes too, left out."""
    pattern = (print_.even + print_.odd) / 2
    here = slot + np.arange(WATCHED)
    moved = np.interp(
        (here - gain / (1 + gain) * (here - slot)) % print_.slots,
        np.arange(print_.slots + 1),
        np.append(pattern, pattern[0]),
    )
    return np.asarray(
        lfilter(print_.whiten, [1.0], moved - pattern[here % print_.slots]) / print_.sigma, dtype=np.float64
    )


def document(rows: Mapping[tuple[str, str], Row], missing: Sequence[str], seed: int, alpha: float) -> str:
    commits = sorted({str(row["commit"]) for row in rows.values() if "commit" in row})
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    lines = [
        "# Beside the peers",
        "",
        f"Made by `python benchmarks/peers.py` (its head says how to set it up), seed {seed}, commit {', '.join(commits)}; {packages}, "
        f"sigrok-cli's `timing` decoder; Python {platform.python_version()}, {platform.machine()}, one process, one thread.",
        "",
        f"Deliveries of {peers_streams.LITRES:.0f} L at 100 pulses/L from `benchmarks/generators.py`: flows steady, two-stage, pulsating and slow, start",
        f"hammer, meters within tolerance. The first {peers_streams.TRUSTED / 100:.0f} L teach, {WATCHED / 100:.0f} L are watched, the cheat begins in their middle. Every method's level is set on",
        f"honest streams so that {alpha:.0%} of the deliveries alarm, and `false` counts the alarms on as many others, with their 95 % interval.",
        "A cell holds the power (an alarm after the onset and before the end of the watch), then median and 90 % quantile of the delay in litres, all",
        "streams counted (`-`: more than the rest were missed). `asked`: after how many pulses a package is asked again with all it has seen, more often",
        "the less a question costs; asked once means at the end (a random forest takes 0.2 s a question), so that its delay says nothing. Our tests and",
        "the decoder's intervals tell after every pulse. Methods that cost more saw fewer honest streams: `false` tells how many; a",
        "level that 1% of n streams exceed is exceeded by (n/100 + 1)/(n + 1) of others on average, 1.3% for 300, 2% for 100 and for 50 (with none above).",
        "What the packages are given: `odd steps`, one where an interval is 1.3 times longer or shorter than the one before, else nothing;",
        f"`odd`, log of an interval over the median of the revolution before it, cut at {peers_streams.LOUD:.0f} standard deviations, and its size; `level`, the log intervals;",
        "`surprise`, the size of what pattern and colour learnt in the trusted stretch do not foretell; `ratio`, log of an interval in pulses of the",
        "reference, `white ratio` the same less the learnt pattern and whitened. Of the inputs that changeforest was given in a task the others got the best.",
        "The levels here are those of equal false alarms, not those that the product accuses by, which are far stricter.",
    ]
    if missing:
        lines += ["", f"Not measured yet (the command goes on with them): {', '.join(missing)}."]
    for task in HEADS:
        lines += ["", f"## {HEADS[task]}", "", NOTES[task], "", *_task(task, rows, limit_l(task, seed, alpha))]
    lines += ["", "## Speed", "", *_speeds(rows)]
    return "\n".join(lines) + "\n"


def _task(task: str, rows: Mapping[tuple[str, str], Row], least: Mapping[float, float | None]) -> list[str]:
    mine = [row for (name, _), row in rows.items() if name == task]
    if not mine:
        return ["not measured"]
    kinds = list(dict.fromkeys(key.split(" ")[0] for key in mine[0]["cells"]))
    lines = []
    for kind in kinds:
        cells = {gain: f"{kind} {gain}" for gain in GAINS}
        lines += [f"{kind.capitalize()}, {len(mine[0]['cells'][cells[GAINS[0]]])} streams a cell:", ""]
        lines += ["| method, its input | asked | false | " + " | ".join(f"{gain:.0%}" for gain in GAINS) + " |"]
        lines += ["|---|---|---|" + "---|" * len(GAINS)]
        for row in mine:
            low, high = interval(row["false"], row["honest"])
            asked = "once" if row["every"] == WATCHED else str(row["every"])
            told = [f"{row['method']}", asked, f"{row['false']}/{row['honest']} ({low:.1%}-{high:.1%})"]
            told += [_cell(row["cells"][key]) for key in cells.values()]
            lines.append("| " + " | ".join(told) + " |")
        lines += ["| limit, litres | | | " + " | ".join(_limit(least[gain]) for gain in GAINS) + " |", ""]
        lines += [*_ratios(mine, cells, least), ""]
        lost = _lost(mine, cells)
        if lost:
            lines += [f"Ours loses at {'; '.join(lost)}. {REASONS[task]}", ""]
    return lines[:-1]


def _lost(mine: Sequence[Row], cells: Mapping[float, str]) -> list[str]:
    """Cells in which a peer finds more, or half of the streams sooner."""
    ours, *peers = sorted(mine, key=lambda row: not row["method"].startswith("ours"))
    found = []
    for gain, key in cells.items():
        own = ours["cells"][key]
        for row in peers:
            theirs, told = row["cells"][key], []
            if power(theirs) > power(own):
                told.append(f"power {power(own):.2f} against {power(theirs):.2f}")
            if row["every"] != WATCHED and quantile(theirs, 0.5) < quantile(own, 0.5):
                told.append(f"median delay {quantile(own, 0.5):.2f} L against {quantile(theirs, 0.5):.2f} L")
            if told:
                found.append(f"{gain:.0%} to {row['method']} ({', '.join(told)})")
    return found


def _cell(cell: Sequence[float | None]) -> str:
    return f"{power(cell):.2f}; {_litres(quantile(cell, 0.5))} / {_litres(quantile(cell, 0.9))}"


def _limit(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _ratios(mine: Sequence[Row], cells: Mapping[float, str], least: Mapping[float, float | None]) -> list[str]:
    """Ours over the best peer, gain by gain, and over the limit."""
    ours, *peers = sorted(mine, key=lambda row: not row["method"].startswith("ours"))
    if not peers:
        return []
    lines = [
        "| ours against | " + " | ".join(f"{gain:.0%}" for gain in GAINS) + " |",
        "|---|" + "---|" * len(GAINS),
    ]
    better, shorter, over = [], [], []
    for gain, key in cells.items():
        best = max(peers, key=lambda row: power(row["cells"][key]))
        better.append(
            f"{power(ours['cells'][key]):.2f} / {power(best['cells'][key]):.2f} ({best['method'].split(',')[0]})"
        )
        soonest = min(peers, key=lambda row: quantile(row["cells"][key], 0.5) if row["every"] != WATCHED else np.inf)
        own, theirs = quantile(ours["cells"][key], 0.5), quantile(soonest["cells"][key], 0.5)
        if soonest["every"] == WATCHED or np.isinf(theirs):
            shorter.append("no peer in half of the streams")
        else:
            shorter.append("-" if np.isinf(own) else f"{own / theirs:.2f} ({soonest['method'].split(',')[0]})")
        limit = least[gain]
        over.append("-" if limit is None or np.isinf(own) else f"{own / limit:.1f}")
    lines += ["| power, ours / best peer's | " + " | ".join(better) + " |"]
    lines += ["| median delay, over the soonest peer's | " + " | ".join(shorter) + " |"]
    lines += ["| median delay, over the limit | " + " | ".join(over) + " |"]
    return lines


def _speeds(rows: Mapping[tuple[str, str], Row]) -> list[str]:
    lines = [
        "Pulses a second of processor time in one pass over a delivery of 5,000 pulses at the level found: of the packages with their input ready, of",
        "ours from the ticks on, of sigrok from a file of samples. A package that is to answer during a delivery needs a pass for every question, over all",
        "it has seen; ours and the decoder need one in all.",
        "",
        "| what for | method | M pulses/s | ours over it |",
        "|---|---|---|---|",
    ]
    speeds = {name: row["pulses_s"] for (kind, name), row in rows.items() if kind == "speed"}
    for task in HEADS:
        mine = {name.split(": ", 1)[1]: each for name, each in speeds.items() if name.startswith(f"{task}: ")}
        ours = next((each for name, each in mine.items() if name.startswith("ours")), None)
        for name, each in sorted(mine.items(), key=lambda pair: -pair[1]):
            over = "" if ours is None or name.startswith("ours") else f"{ours / each:.3g}"
            lines.append(f"| {task} | {name} | {each / 1e6:.3g} | {over} |")
    return [*lines, "", SLOWER]
