"""The pictures of a case as figures of a report, in the language that is spoken.  Needs matplotlib (extra `report`)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fixtures.language import mark, translate
from harness.paper.model import Figure
from harness.paper.source import Source

CAPTIONS = {  # by the end of the file's name
    "error_course": mark("Course of the error within each measurement: grey lines are the volumes that inspectors test, the grey band is the maximum permissible error"),
    "evidence": mark("Course of the evidence with the thresholds that were fixed beforehand"),
    "weight_course": mark("Course of the weight on the line, with the known loads and what was done"),
    "fare_steps": mark("Fares as they were read, against what the declared tariff makes of the same trip"),
    "search_cover": mark("What the search covered under its trigger model: a statement about these runs, not about the instrument"),
    "order_spectrum": mark("Spectrum of the pulses by revolution of their disc"),
    "fingerprint_rose": mark("Pattern of the code disc, revolution by revolution"),
    "interval_ladder": mark("Intervals between the pulses in order"),
}  # fmt: skip


def pictures(source: Source) -> dict[str, Figure]:
    """By instrument and name, "N1/evidence"; those that had something to show."""
    from harness.report.plots import drawn

    if source.recorded is None:
        return {}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in drawn(source.recorded, source.document, Path(folder)):
            name = next(one for one in CAPTIONS if path.stem.endswith(one))
            instrument = path.stem.removesuffix(name).rstrip("_") or str(source.document["instrument"])
            caption = translate(CAPTIONS[name])
            found[f"{instrument}/{name}"] = Figure(path.stem, path.read_text("utf-8"), caption, caption)
    return found
