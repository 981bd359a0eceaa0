"""What the columns of a trip file mean: a TOML file that somebody who knows the export wrote.

Nothing is guessed from a column's name: another unit or another order of day and month would shift every figure.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from fixtures.textfile import UTF8_BYTES, read_text
from harness.fleet.errors import FleetError
from protocols.toml_tables import Table, document, headers, shown

MAX_CHARS = 1 << 18
METRES = {"m": Decimal(1), "km": Decimal(1000), "mi": Decimal("1609.344")}  # international mile, exact
SECONDS = {"s": 1, "min": 60}
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
DECIMALS = {"point": ".", "comma": ","}
GROUPINGS = {"none": "", "comma": ",", "point": ".", "space": " ", "no-break space": "\u00a0", "apostrophe": "'"}
NEEDED = ("start", "end", "distance", "fare")
OTHERS = (
    "vehicle", "driver", "surcharge", "waiting", "rate_code", "start_zone", "end_zone",
    "start_lat", "start_lon", "end_lat", "end_lon",
)  # fmt: skip
# key -> what holds where it is not stated; None: it must be
SECTIONS: Mapping[str, Mapping[str, Any]] = {
    "file": {"date": None, "encoding": "utf-8", "separator": "comma", "decimal": "point", "grouping": "none"},
    "columns": dict.fromkeys(NEEDED) | dict.fromkeys(OTHERS, ""),
    "units": {
        "distance": None, "distance_resolution": None, "money_resolution": Decimal("0.01"), "time_resolution_s": 1,
        "waiting": "s", "fare_holds_surcharge": False,
    },
    "rates": {"ordinary": [], "doubled": []},
    "city": {"zones": [], "polygon": []},
    "limits": {"max_speed_kmh": 180},
}  # fmt: skip
_DATE = re.compile(r"(?:%[YymdHMSfIp]|[^%])+")
_MOST = 2000  # zones, corners
MICRO = Decimal("0.000001")  # of a unit: what distances and money are counted in


@dataclass(frozen=True)
class Mapped:
    """One export as declared.  `columns`: noun -> name in the header; distances in `distance_unit`, lattice `distance_step`."""

    name: str
    columns: Mapping[str, str]
    date: str
    encoding: str
    separator: str
    decimal: str
    grouping: str
    distance_unit: str
    distance_step: Decimal
    money_step: Decimal
    time_step_s: int
    waiting_s: int
    fare_holds_surcharge: bool
    ordinary: tuple[str, ...]
    doubled: tuple[str, ...]
    zones: tuple[str, ...]
    polygon: tuple[tuple[float, float], ...]
    max_speed_kmh: Decimal

    @property
    def metres(self) -> Decimal:
        """Metres in one unit of distance."""
        return METRES[self.distance_unit]

    @property
    def units(self) -> tuple[str, ...]:
        """Who is compared with whom: vehicle, driver, as far as mapped."""
        return tuple(one for one in ("vehicle", "driver") if one in self.columns)

    @property
    def located(self) -> bool:
        """Whether it can be told which trips stayed in the city."""
        return bool(self.zones or self.polygon)


def load(path: Path) -> Mapped:
    """Read and check a mapping.  Raises FleetError."""
    return parse(read_text(path, "a mapping", UTF8_BYTES * MAX_CHARS, FleetError), str(path))


def parse(text: str, where: str) -> Mapped:
    """The mapping written in `text`; `where` begins every FleetError."""
    found = document(text, where, MAX_CHARS, FleetError)
    lines = tuple(text.split("\n"))
    top = Table(found, "mapping", where, lines, 0, len(lines), FleetError)
    top.check_keys(("name",), tuple(SECTIONS))
    file, columns, units, rates, city, limits = (_section(top, name) for name in SECTIONS)
    mapped = Mapped(
        name=top.text("name"),
        columns=_columns(columns),
        date=file.matching("date", _DATE, "%Y, %m, %d, %H, %M, %S and what stands between them"),
        encoding=_encoding(file),
        separator=SEPARATORS[file.one_of("separator", tuple(SEPARATORS))],
        decimal=DECIMALS[file.one_of("decimal", tuple(DECIMALS))],
        grouping=GROUPINGS[file.one_of("grouping", tuple(GROUPINGS))],
        distance_unit=units.one_of("distance", tuple(METRES)),
        distance_step=_step(units, "distance_resolution"),
        money_step=_step(units, "money_resolution"),
        time_step_s=int(_whole(units, "time_resolution_s")),
        waiting_s=SECONDS[units.one_of("waiting", tuple(SECONDS))],
        fare_holds_surcharge=units.flag("fare_holds_surcharge"),
        ordinary=_texts(rates, "ordinary"),
        doubled=_texts(rates, "doubled"),
        zones=_texts(city, "zones"),
        polygon=_polygon(city),
        max_speed_kmh=limits.number("max_speed_kmh"),
    )
    _agree(mapped, file, columns, rates, city)
    return mapped


def _section(top: Table, name: str) -> Table:
    """The table `name` with what holds where a key is not stated."""
    values, usual = top.values.get(name, {}), SECTIONS[name]
    if not isinstance(values, dict):
        raise top.error(name, f"{name} expected a table [{name}]", shown(values))
    begun = [at for at, header in headers(top.lines) if header == name]
    first = begun[0] if begun else 0
    ends = [at for at, _ in headers(top.lines) if at > first]
    table = replace(top, values=values, name=name, first=first, last=ends[0] if begun and ends else len(top.lines))
    table.check_keys(tuple(k for k, v in usual.items() if v is None), tuple(usual))
    return replace(table, values={**{k: v for k, v in usual.items() if v is not None}, **values})


def _columns(table: Table) -> dict[str, str]:
    found = {noun: table.text(noun) for noun, name in table.values.items() if name != ""}
    if "vehicle" not in found and "driver" not in found:
        raise table.error("vehicle", "expected vehicle or driver", "neither: nobody could be compared")
    for noun, name in found.items():
        if list(found.values()).count(name) > 1:
            raise table.error(
                noun, f"{noun} expected a column of its own", f"{shown(name)} which another key names too"
            )
    return found


def _encoding(file: Table) -> str:
    """A character set in which line feed and quotation mark are single bytes and never part of a character."""
    name = file.text("encoding")
    try:
        codec = codecs.lookup(name)
        plain = '\n",;\t|0'.encode(codec.name) == b'\n",;\t|0' and codec.name not in ("utf-7", "punycode")
    except (LookupError, UnicodeError, TypeError):
        plain = False
    if not plain:
        expected = "encoding expected utf-8, gb18030, big5, latin-1 or the like (save a UTF-16 export as UTF-8)"
        raise file.error("encoding", expected, shown(name))
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def _step(units: Table, key: str) -> Decimal:
    step = units.number(key)
    if step % MICRO:
        raise units.error(key, f"{key} expected a multiple of {MICRO}", str(step))
    return step


def _whole(units: Table, key: str) -> Decimal:
    number = units.number(key)
    if number % 1:
        raise units.error(key, f"{key} expected a whole number", str(number))
    return number


def _texts(table: Table, key: str) -> tuple[str, ...]:
    value = table.values[key]
    if (
        not isinstance(value, list)
        or len(value) > _MOST
        or not all(isinstance(one, str) and one.strip() for one in value)
    ):
        raise table.error(key, f"{key} expected a list of at most {_MOST} texts in quotes", shown(value))
    return tuple(one.strip() for one in value)


def _polygon(city: Table) -> tuple[tuple[float, float], ...]:
    corners = city.values["polygon"]
    expected = f"polygon expected 3 to {_MOST} pairs [latitude, longitude] in degrees"
    shaped = isinstance(corners, list) and all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(x, int | Decimal) for x in one) for one in corners
    )
    if not shaped or (corners and not 3 <= len(corners) <= _MOST):
        raise city.error("polygon", expected, shown(corners))
    found = tuple((float(lat), float(lon)) for lat, lon in corners)
    if not all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in found):  # false for a not-a-number too
        raise city.error("polygon", expected, shown(corners))
    return found


def _agree(mapped: Mapped, file: Table, columns: Table, rates: Table, city: Table) -> None:
    """What one key says must fit what another does."""
    if mapped.decimal == mapped.grouping:
        raise file.error("grouping", "grouping expected another sign than decimal", shown(mapped.grouping))
    for directives, noun in (("Yy", "a year"), ("m", "a month"), ("d", "a day"), ("HI", "an hour")):
        if not any(f"%{one}" in mapped.date for one in directives):
            raise file.error("date", f"date expected {noun} in it", shown(mapped.date))
    both = sorted(set(mapped.ordinary) & set(mapped.doubled))
    if both:
        raise rates.error("doubled", "doubled expected codes that are not ordinary", shown(both[0]))
    if ("rate_code" in mapped.columns) != bool(mapped.ordinary):
        raise rates.error("ordinary", "expected columns.rate_code and rates.ordinary together", "one of them")
    if mapped.doubled and not mapped.ordinary:
        raise rates.error("doubled", "expected columns.rate_code and rates.ordinary with it", "neither")
    if mapped.zones and mapped.polygon:
        raise city.error("polygon", "expected zones or a polygon", "both")
    for given, nouns in (
        (mapped.zones, ("start_zone", "end_zone")),
        (mapped.polygon, ("start_lat", "start_lon", "end_lat", "end_lon")),
    ):
        for noun in nouns:
            if given and noun not in mapped.columns:
                raise columns.error(noun, f"{noun} expected with what [city] states", "none")
