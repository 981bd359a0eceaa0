"""What a search covered, as bars: of the functions of its trigger model those that its runs would have shown.  Needs matplotlib (extra `report`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fixtures.language import mark, translate
from harness.report.searched import ASSUMED, class_name
from harness.report.style import COLOURS, plt, save


def search_cover(document: Mapping[str, Any], path: Path) -> Path | None:
    """Write the picture to `path`; None where nothing was searched.  A statement about the runs under a model, never one about the instrument."""
    searched = (document.get("history") or {}).get("searched", ())
    rows = [row for one in searched[-1:] for row in one["shown"]]
    if not rows:
        return None
    figure, axis = plt.subplots(figsize=(10, 0.8 + 0.3 * len(rows)), layout="constrained")
    names = [f"{class_name(row)} ({row[-1]})" for row in rows]
    axis.barh(range(len(rows)), [100 * float(row[-2]) for row in rows], color=COLOURS[0], edgecolor="black", lw=0.6)
    axis.set_yticks(range(len(rows)), names, fontsize=7)
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_xlabel(translate(mark("of the model's functions (their number) these runs would have shown, %")))
    if not searched[-1]["verified"]:
        axis.set_title(translate(ASSUMED).strip(), loc="left", fontsize=7)
    return save(figure, path)
