"""Sentences of NMEA 0183 that a GNSS receiver sends (protocols.md 6.6).

Fields are kept as the digits that came, "" where a field is empty, None where the sentence ends before it (older editions
are shorter).  What they mean is read by the properties; None where the receiver did not say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

GNSS_TALKERS = {
    "GP": "GPS", "GL": "GLONASS", "GA": "Galileo", "GB": "BeiDou", "BD": "BeiDou", "GQ": "QZSS", "GI": "NavIC",
    "GN": "several systems",
}  # fmt: skip
"""Talkers of satellite receivers; other instruments on one bus repeat positions with talkers of their own."""

NS_PER_S = 1_000_000_000
_PIVOT = 80  # GPS time begins in 1980: two digits below are of this century


def time_of_day_ns(utc: str) -> int | None:
    """`hhmmss.sss` as nanoseconds since midnight, exact; None where empty."""
    if not utc:
        return None
    whole, _, fraction = utc.partition(".")
    seconds = (int(whole[:2]) * 60 + int(whole[2:4])) * 60 + int(whole[4:])
    return seconds * NS_PER_S + int(fraction.ljust(9, "0")[:9] or 0)


def _degrees(text: str, side: str, digits: int) -> float | None:
    if not text:
        return None
    degrees = int(text[:digits]) + float(text[digits:]) / 60
    return -degrees if side in ("S", "W") else degrees


def _position(latitude: str, ns: str, longitude: str, ew: str) -> tuple[float, float] | None:
    north, east = _degrees(latitude, ns, 2), _degrees(longitude, ew, 3)
    return None if north is None or east is None else (north, east)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


@dataclass(frozen=True, slots=True)
class Rmc:
    """Recommended minimum: `status` A or V, `knots` over ground, `date` ddmmyy; `mode` since edition 2.3."""

    talker: str
    utc: str
    status: str
    latitude: str
    ns: str
    longitude: str
    ew: str
    knots: str
    course: str
    date: str
    variation: str = ""
    variation_side: str = ""
    mode: str | None = None
    navigation: str | None = None

    @property
    def time_ns(self) -> int | None:
        return time_of_day_ns(self.utc)

    @property
    def position(self) -> tuple[float, float] | None:
        """Degrees north and east."""
        return _position(self.latitude, self.ns, self.longitude, self.ew)

    @property
    def speed_kn(self) -> Decimal | None:
        return _number(self.knots)

    @property
    def course_deg(self) -> Decimal | None:
        """From true north, clockwise."""
        return _number(self.course)

    @property
    def day(self) -> tuple[int, int, int] | None:
        """Year, month, day as the receiver has them: a receiver whose week number rolled over is 1024 weeks back."""
        if not self.date:
            return None
        year = int(self.date[4:])
        return (1900 if year >= _PIVOT else 2000) + year, int(self.date[2:4]), int(self.date[:2])


@dataclass(frozen=True, slots=True)
class Gga:
    """Fix with its `quality` (0 none, 1 autonomous, 2 differential, 4 and 5 RTK, 6 estimated, 7 manual, 8 simulator)."""

    talker: str
    utc: str
    latitude: str
    ns: str
    longitude: str
    ew: str
    quality: str
    satellites: str
    hdop_text: str
    altitude: str
    altitude_unit: str
    separation: str
    separation_unit: str
    age: str
    station: str

    @property
    def time_ns(self) -> int | None:
        return time_of_day_ns(self.utc)

    @property
    def position(self) -> tuple[float, float] | None:
        return _position(self.latitude, self.ns, self.longitude, self.ew)

    @property
    def hdop(self) -> Decimal | None:
        return _number(self.hdop_text)


@dataclass(frozen=True, slots=True)
class Vtg:
    """Course and speed over ground.  It carries no time: whose fix it belongs to is told by no field."""

    talker: str
    course: str
    course_reference: str
    magnetic: str
    magnetic_reference: str
    knots: str
    knots_unit: str
    kmh: str
    kmh_unit: str
    mode: str | None = None

    @property
    def speed_kmh(self) -> Decimal | None:
        return _number(self.kmh)


@dataclass(frozen=True, slots=True)
class Zda:
    """Time of day and date with four digits of the year; `zone_hours` and `zone_minutes` of the local zone."""

    talker: str
    utc: str
    day_text: str
    month_text: str
    year_text: str
    zone_hours: str
    zone_minutes: str

    @property
    def time_ns(self) -> int | None:
        return time_of_day_ns(self.utc)

    @property
    def day(self) -> tuple[int, int, int] | None:
        if not (self.day_text and self.month_text and self.year_text):
            return None
        return int(self.year_text), int(self.month_text), int(self.day_text)


@dataclass(frozen=True, slots=True)
class Gsa:
    """Satellites in use; `selection` M or A, `fix` 1 none, 2 plane, 3 space; `system` since edition 4.1."""

    talker: str
    selection: str
    fix: str
    satellites: tuple[str, ...]
    pdop: str
    hdop: str
    vdop: str
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Gll:
    """Position with time and `status` A or V."""

    talker: str
    latitude: str
    ns: str
    longitude: str
    ew: str
    utc: str
    status: str
    mode: str | None = None

    @property
    def time_ns(self) -> int | None:
        return time_of_day_ns(self.utc)

    @property
    def position(self) -> tuple[float, float] | None:
        return _position(self.latitude, self.ns, self.longitude, self.ew)


@dataclass(frozen=True, slots=True)
class Other:
    """Any other sentence whose checksum is right: `address` as it came (GPGSV, PQGSV ...), `start` `$` or `!`."""

    address: str
    fields: tuple[str, ...]
    start: str = "$"


Sentence = Rmc | Gga | Vtg | Zda | Gsa | Gll | Other


def address_of(sentence: Sentence) -> str:
    """`GPRMC` and so on, as it stands in the line."""
    return sentence.address if isinstance(sentence, Other) else sentence.talker + type(sentence).__name__.upper()
