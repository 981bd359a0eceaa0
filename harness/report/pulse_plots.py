"""The pictures of the pulses themselves, each drawn where its test spoke: of an honest instrument too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.judge.contract import Segment
from harness.report.ladder_plot import interval_ladder
from harness.report.order_plot import order_spectrum
from harness.report.rose_plot import fingerprint_rose


def draw_pulses(
    found: Sequence[Segment],
    profile: Mapping[str, Any],
    document: Mapping[str, Any],
    folder: Path,
    prefix: str = "",
    suffix: str = ".svg",
) -> list[Path]:
    """Write the pictures into `folder`; the paths of those that had something to show."""
    drawn = [
        order_spectrum(found, profile, document, folder / f"{prefix}order_spectrum{suffix}"),
        fingerprint_rose(found, profile, document, folder / f"{prefix}fingerprint_rose{suffix}"),
        interval_ladder(found, profile, document, folder / f"{prefix}interval_ladder{suffix}"),
    ]
    return [path for path in drawn if path is not None]
