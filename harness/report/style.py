"""How every picture looks and is written: readable in grey print and by the colour-blind, equal bytes on repeat.

Styles differ, not only colours.  Needs matplotlib (extra `report`).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt

matplotlib.use("Agg")
from matplotlib import font_manager
from matplotlib import pyplot as plt  # the backend must be chosen first

STYLES = ["-", "--", "-.", ":"]
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]  # Okabe and Ito 2008
COLUMNS = 1500  # of pixels that a picture has across
__all__ = ["COLOURS", "STYLES", "Floats", "plt", "save", "thinned"]
UNDATED = {".png": {"Software": None}, ".svg": {"Date": None}}
plt.rcParams["svg.hashsalt"] = "shortmeasure"  # equal bytes on repeat
if (_chinese := find_spec("pylopdf_fonts_zh_cn")) is not None and _chinese.origin is not None:
    font_manager.fontManager.addfont(Path(_chinese.origin).with_name("NotoSansSC-Regular.otf"))
    plt.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans SC"]


Floats = npt.NDArray[np.float64]


def save(figure: Any, path: Path) -> Path:
    """Write and close `figure`; what is not laid out by itself already is laid out tightly."""
    if figure.get_layout_engine() is None:
        figure.tight_layout()
    figure.savefig(path, metadata=UNDATED.get(path.suffix))
    plt.close(figure)
    return path


def thinned(x: Floats, y: Floats, columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """Of points (n,) sorted by x those that are seen: the least and the greatest y of each of `columns` equal columns.

    What stands out stays; what lies between two others of one column cannot be told from them.
    """
    if x.size <= 2 * columns or x[-1] <= x[0]:
        return x, y
    column = np.minimum(((x - x[0]) / (x[-1] - x[0]) * columns).astype(np.int64), columns - 1)
    first = np.flatnonzero(np.diff(column, prepend=-1))
    order = np.lexsort((y, column))  # within a column by y: its least comes first, its greatest last
    ends = np.append(first[1:], x.size) - 1
    kept = np.unique(np.concatenate([order[first], order[ends]]))
    return x[kept], y[kept]
