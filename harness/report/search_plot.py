"""What a search covered: of the functions of its trigger model those that its runs would have shown, as bars, and which settings were tried
together, as a map.  Needs matplotlib (extra `report`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fixtures.language import Bilingual, mark, tell, translate
from harness.report.searched import ASSUMED, class_name
from harness.report.style import COLOURS, plt, save

DARK = 0.55  # share tried from which on a cell of the map is so dark that its figures are white


def search_cover(document: Mapping[str, Any], path: Path) -> Path | None:
    """Write the picture to `path`; None where nothing was searched.  A statement about the runs under a model, never one about the instrument."""
    searched = (document.get("history") or {}).get("searched", ())
    rows = [row for one in searched[-1:] for row in one["shown"]]
    if not rows:
        return None
    grid = searched[-1].get("grid", ())  # a case of before has none
    names = _factors(grid)
    heights = [0.8 + 0.3 * len(rows)] + ([1.6 + 0.42 * len(names)] if names else [])
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(10, sum(heights)), height_ratios=heights, squeeze=False, layout="constrained"
    )
    _bars(axes[0, 0], rows)
    if not searched[-1]["verified"]:
        axes[0, 0].set_title(translate(ASSUMED).strip(), loc="left", fontsize=7)
    if names:
        _map(axes[1, 0], grid, names)
    return save(figure, path)


def _bars(axis: Any, rows: Sequence[Sequence[Any]]) -> None:
    names = [f"{class_name(row)} ({row[-1]})" for row in rows]
    axis.barh(range(len(rows)), [100 * float(row[-2]) for row in rows], color=COLOURS[0], edgecolor="black", lw=0.6)
    axis.set_yticks(range(len(rows)), names, fontsize=7)
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_xlabel(translate(mark("of the model's functions (their number) these runs would have shown, %")))


def _factors(grid: Sequence[Sequence[Any]]) -> list[str]:
    """Titles of the factors in the model's order."""
    told = [tell(Bilingual(*row[k : k + 2])) for row in grid for k in (0, 2)]
    return list(dict.fromkeys(told))


def _map(axis: Any, grid: Sequence[Sequence[Any]], names: Sequence[str]) -> None:
    """Pairs of settings: each cell says how many were tried of how many there are, the darker the more of them."""
    at = {name: number for number, name in enumerate(names)}
    shares = [[float("nan")] * len(names) for _ in names]
    for *titles, tried, there in grid:
        first, second = at[tell(Bilingual(*titles[:2]))], at[tell(Bilingual(*titles[2:]))]
        share = tried / there if there else 0.0
        shares[second][first] = share
        axis.text(
            first,
            second,
            f"{tried}/{there}",
            ha="center",
            va="center",
            fontsize=6,
            color="white" if share > DARK else "black",
        )
    axis.imshow(shares, cmap="Greys", vmin=0, vmax=1.15, aspect="auto")
    axis.set_xticks(range(len(names)), names, fontsize=6, rotation=30, ha="right")
    axis.set_yticks(range(len(names)), names, fontsize=6)
    axis.set_title(
        translate(mark("settings tried together: pairs of levels, of those that there are")), loc="left", fontsize=8
    )
