"""Lengths between neighbouring positions on the ellipsoid WGS 84.

East and north of a short line by the radii of curvature at its middle latitude: over 10 km the length is right to 1e-6,
which positions from satellites are not (Torge, Geodesy, 4.1: radii of curvature of the meridian and the prime vertical).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
MAJOR_AXIS_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
_E2 = FLATTENING * (2 - FLATTENING)


def offsets_m(
    latitude: npt.ArrayLike, longitude: npt.ArrayLike, to_latitude: npt.ArrayLike, to_longitude: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """East and north (n,) in metres from each position to the other; degrees, arrays (n,); lines of a few kilometres."""
    lat, lon, to_lat, to_lon = (np.asarray(one, np.float64) for one in (latitude, longitude, to_latitude, to_longitude))
    middle = np.radians((lat + to_lat) / 2)
    bent = 1 - _E2 * np.sin(middle) ** 2
    meridian, vertical = MAJOR_AXIS_M * (1 - _E2) / bent**1.5, MAJOR_AXIS_M / np.sqrt(bent)
    east = np.radians((to_lon - lon + 180) % 360 - 180) * vertical * np.cos(middle)
    return east, np.radians(to_lat - lat) * meridian


def lengths_m(
    latitude: npt.ArrayLike, longitude: npt.ArrayLike, to_latitude: npt.ArrayLike, to_longitude: npt.ArrayLike
) -> FloatArray:
    """Length (n,) of the line from each position to the other, as `offsets_m`."""
    length: FloatArray = np.hypot(*offsets_m(latitude, longitude, to_latitude, to_longitude))
    return length
