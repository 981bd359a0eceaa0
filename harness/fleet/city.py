"""Whether a trip began and ended in the city: by named zones, or by coordinates in a polygon."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from harness.fleet.cells import Marks
from harness.fleet.mapping import Mapped

Floats = npt.NDArray[np.float64]
UNKNOWN, OUT, IN = -1, 0, 1


def inside(cells: Mapping[str, tuple[str, ...]], mapped: Mapped, size: int) -> Marks:
    """(size,): IN with both ends in the city, OUT with one elsewhere, UNKNOWN where an end is missing or nothing is mapped."""
    if mapped.zones:
        ends = [_zones(cells[noun], mapped.zones) for noun in ("start_zone", "end_zone")]
    elif mapped.polygon:
        ends = [_points(cells[f"{end}_lat"], cells[f"{end}_lon"], mapped) for end in ("start", "end")]
    else:
        return np.full(size, UNKNOWN, dtype=np.int8)
    first, last = ends
    found = np.where((first == IN) & (last == IN), IN, OUT)
    return np.where((first == UNKNOWN) | (last == UNKNOWN), UNKNOWN, found).astype(np.int8)


def _zones(texts: tuple[str, ...], zones: tuple[str, ...]) -> Marks:
    own = set(zones)
    return np.fromiter(
        (IN if text.strip() in own else OUT if text.strip() else UNKNOWN for text in texts), np.int8, len(texts)
    )


def _degrees(texts: tuple[str, ...], decimal: str) -> Floats:
    """nan where it is no number: a missing position leaves a trip out of one test, not out of all."""
    found = np.full(len(texts), np.nan)
    for at, text in enumerate(texts):
        try:
            found[at] = float(text.replace(decimal, ".", 1))
        except ValueError:
            continue
    return found


def _points(lat: tuple[str, ...], lon: tuple[str, ...], mapped: Mapped) -> Marks:
    """Crossings of a ray with the polygon's edges, even-odd rule (degrees as plane coordinates: a city is small).

    Latitude and longitude both zero is what a receiver without a fix writes: unknown.
    """
    y, x = _degrees(lat, mapped.decimal), _degrees(lon, mapped.decimal)
    unknown = ~(np.abs(y) <= 90) | ~(np.abs(x) <= 180) | ((y == 0) & (x == 0))
    odd = np.zeros(y.size, dtype=np.bool_)
    corners = np.array(mapped.polygon)
    for (y0, x0), (y1, x1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        spans = (y0 > y) != (y1 > y)
        with np.errstate(invalid="ignore"):
            odd ^= spans & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return np.where(unknown, UNKNOWN, np.where(odd, IN, OUT)).astype(np.int8)
