"""Every method of the comparison behind one face: does it alarm, and at which pulse?

Ours and sigrok's intervals give a statistic after every pulse.  The packages look at a stretch: they are asked again every
few pulses, with everything seen so far, as somebody would who wanted to know during the delivery.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers_streams import LEARN, SLOTS, TRUSTED, WATCHED, Stream, innovations, white_ratio
from harness.judge.events import first_of_each
from harness.judge.pulses.fingerprint import follow
from harness.judge.pulses.intervals import REACH, find
from harness.judge.pulses.revolution import Floats, log_intervals
from harness.judge.pulses.sequential import glr

BEGIN = 200  # pulse from which the packages see the delivery
BURST = 50_000  # microseconds: what lies closer is one disturbance
SIGROK_HZ = 50_000
FOREST = 1000.0  # added to what a forest gains, which is below nothing in most honest streams: levels are not
Given = Callable[[Stream], Floats]


@dataclass(frozen=True)
class Online:
    """`course(stream)` (WATCHED,): a statistic after each watched pulse; an alarm is where it exceeds the level."""

    name: str
    course: Callable[[Stream], Floats]
    given: str = ""


@dataclass(frozen=True)
class Looking:
    """`flags(x, level)`: whether the package finds a change in x (n,) at a penalty `level`; asked every `every` pulses."""

    name: str
    given: Given
    flags: Callable[[Floats, float], bool]
    every: int

    def looks(self) -> range:
        """Pulses (of the delivery) after which it is asked; the last is the end of the watch."""
        return range(TRUSTED + self.every, TRUSTED + WATCHED + 1, self.every)


# ours


def split_hits(stream: Stream) -> Floats:
    """Separate split and merge hits so far, each known REACH intervals later."""
    found = find(stream.ticks)
    index = np.sort(np.concatenate([found.splits, found.merges]))
    index = index[index >= TRUSTED]
    known = index[first_of_each(stream.ticks[index], BURST)] + REACH + 1
    return np.searchsorted(known, np.arange(TRUSTED, TRUSTED + WATCHED), "right").astype(np.float64)


def tracker(stream: Stream) -> Floats:
    """log E of the slip against the fingerprint of the trusted stretch."""
    x = log_intervals(stream.ticks)
    begin = LEARN[1] - SLOTS
    _, print_ = innovations(x)
    log_e = follow(x[begin : TRUSTED + WATCHED], print_, (begin - LEARN[0]) % SLOTS).log_e
    return log_e[TRUSTED - begin :]


def ratio_glr(stream: Stream) -> Floats:
    """Window GLR of unknown size, more pulses than the reference, over the whitened ratio."""
    return glr(white_ratio(stream)[TRUSTED : TRUSTED + WATCHED], 400, side=-1)[0]


# sigrok


def sigrok_intervals(streams: Sequence[Stream]) -> list[Floats]:
    """Intervals between rising edges as sigrok's `timing` decoder reads them, in samples; all streams in one recording."""
    samples, begins, end = [], [], SIGROK_HZ
    for stream in streams:
        at = (stream.ticks - stream.ticks[0]) * SIGROK_HZ // 1_000_000 + end
        begins.append(int(at[0]))
        samples.append(at)
        end = int(at[-1]) + SIGROK_HZ * 10
    line = np.zeros(end, dtype=np.uint8)
    line[np.concatenate(samples)] = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.bin"
        line.tofile(path)
        command = ["sigrok-cli", "-i", str(path), "-I", f"binary:numchannels=1:samplerate={SIGROK_HZ}"]
        command += ["-P", "timing:data=0:edge=rising:avg_period=0", "-A", "timing=time", "--protocol-decoder-samplenum"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pairs = np.array([row.split(" ", 1)[0].split("-") for row in told.splitlines()], dtype=np.int64)
    cuts = np.searchsorted(pairs[:, 0], [*begins[1:], end])
    found, first = [], 0
    for cut in cuts:
        part = pairs[first:cut]
        d = (part[:, 1] - part[:, 0]).astype(np.float64)
        found.append(d[d < SIGROK_HZ * 9])
        first = int(cut)
    return found


def odd_ratios(intervals: Floats, factor: float) -> Floats:
    """How many intervals so far were `factor` times longer or shorter than the one before."""
    steps = np.abs(np.diff(np.log(np.maximum(intervals, 0.5)), prepend=np.log(max(intervals[0], 0.5))))
    count = np.cumsum(steps[TRUSTED : TRUSTED + WATCHED] > np.log(factor)).astype(np.float64)
    return np.pad(count, (0, WATCHED - count.size), mode="edge")


# packages: imported where they are used, the rest of the comparison does without them


def ruptures_kernel(x: Floats, penalty: float) -> bool:
    import ruptures

    return len(ruptures.KernelCPD("linear", min_size=5).fit(x[:, None]).predict(pen=penalty)) > 1


def fastcpd_mean(x: Floats, penalty: float) -> bool:
    from fastcpd.segmentation import mean

    one = np.eye(1)
    return bool(
        mean(x[:, None], beta=penalty, cost_adjustment="BIC", variance_estimation=one, cp_only=True).cp_set.size
    )


def fastcpd_meanvariance(x: Floats, penalty: float) -> bool:
    from fastcpd.segmentation import meanvariance

    return bool(meanvariance(x[:, None], beta=penalty, cost_adjustment="BIC", cp_only=True).cp_set.size)


def changeforest_mean(x: Floats, least: float) -> bool:
    return _changeforest(x, "change_in_mean", 5, least) > least


def changeforest_forest(x: Floats, least: float) -> bool:
    gain = least - FOREST
    return _changeforest(np.column_stack([x[1:], x[:-1]]).ravel(), "random_forest", 50, gain) > gain


def _changeforest(x: Floats, method: str, least_size: int, least_gain: float) -> float:
    """Gain of the first split; where it is below `least_gain` no further ones are looked for."""
    import changeforest

    columns = 2 if method == "random_forest" else 1
    rows = x.reshape(-1, columns)
    control = changeforest.Control(
        minimal_relative_segment_length=least_size / len(rows), minimal_gain_to_split=least_gain
    )
    return float(changeforest.changeforest(rows, method, "bs", control).max_gain)


def skchange_fpop(x: Floats, penalty: float) -> bool:
    from skchange.detectors import FPOP

    return bool(FPOP(penalty=penalty).fit(x[:, None]).predict(x[:, None]).size)


def skchange_window(x: Floats, penalty: float) -> bool:
    from skchange.detectors import MovingWindow

    return bool(MovingWindow(bandwidth=100, penalty=penalty).fit(x[:, None]).predict(x[:, None]).size)
