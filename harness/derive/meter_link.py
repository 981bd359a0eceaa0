"""What ISU and taximeter said to each other on their link, of a whole journal, and what of it the judge is shown.

Names, licences and certificates stay in the journal: no context carries them.  Records that were sent again are the record that
was sent first; two different records of one number are both told.  What the host of the bench asked is no word of the ISU.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from captures.model import Direction, Origin, Register, frozen_int64
from harness.derive.frames import Noise, frames
from harness.derive.lateness import late_ns
from harness.derive.recorded import Recorded
from protocols.contract import Role
from protocols.wire.jt905 import (
    PROTOCOL,
    WRITES,
    Body,
    Frame,
    Heartbeat,
    Hired,
    ShiftClosed,
    TariffAnswer,
    Trip,
    TripAnswer,
    TripEnd,
    Unread,
    encode,
    plain,
)

CODEC = f"{PROTOCOL.name}/{PROTOCOL.version}"
LINKS: Mapping[str, Mapping[str, tuple[Role, Direction]]] = {
    "taximeter-tap": {"host": (Role.HOST, Direction.RX), "device": (Role.DEVICE, Direction.RX)},
    "taximeter-host": {"line": (Role.DEVICE, Direction.RX)},
}
"""By driver and its links: who speaks there."""
PERSONAL = frozenset({"plate", "licence", "driver", "identity", "card"})
_KM, _MONEY, _MINUTE_S = Decimal("0.1"), Decimal("0.1"), 60


@dataclass(frozen=True, slots=True)
class Said:
    """One frame, its last byte in at `t_ns`; it was on the line for `long_ns`, and may have been held back for `late_ns`."""

    t_ns: int
    sender: Role
    body: Body
    long_ns: int
    late_ns: int


@dataclass(frozen=True)
class MeterLink:
    """`said` in order of time; `noise`: bytes of no frame, by side; `known`: trips that had been told before `said` begins."""

    said: Sequence[Said]
    noise: Mapping[Role, Sequence[Noise]]
    known: frozenset[Trip] = frozenset()
    place: str = ""

    def during(self, begin_ns: int, end_ns: int) -> MeterLink:
        """What was said from `begin_ns` up to, not at, `end_ns`."""
        begin, end = (bisect_left(self.said, t_ns, key=lambda one: one.t_ns) for t_ns in (begin_ns, end_ns))
        noise = {
            role: [one for one in told if one.begin_ns < end_ns and one.end_ns >= begin_ns]
            for role, told in self.noise.items()
        }
        before = frozenset(trip for t_ns, trip in self._told if t_ns < begin_ns)
        return replace(self, said=self.said[begin:end], noise=noise, known=self.known | before)

    @cached_property
    def _told(self) -> list[tuple[int, Trip]]:
        return [(one.t_ns, trip) for one in self.said if (trip := _trip(one.body)) is not None]

    @property
    def unread(self) -> Counter[str]:
        """Frames that add up and are not read, by reason."""
        return Counter(one.body.why for one in self.said if isinstance(one.body, Unread))

    @property
    def trips(self) -> list[Trip]:
        """Records in the order in which they were first told, those of earlier hires that were asked for or sent again included."""
        return list(dict.fromkeys(trip for _, trip in self._told))

    def context(self) -> dict[str, Any]:
        """What was told, by the names of a segment's context; a key is absent where nothing of the kind was said.

        "records" and "shifts": values by the names of their fields, as text; "heartbeats": the state bytes; "tariffs": of each
        block every reading that it can have; "meter_times": (instant, the meter's clock as YYYYMMDDhhmmss); "isu_wrote": what the
        ISU said that changes a meter, or may, by its message.
        """
        bodies = [one.body for one in self.said]
        told: dict[str, list[Any]] = {
            "records": [_impersonal(trip) for trip in self.trips],
            "shifts": [
                _impersonal(shift)
                for shift in dict.fromkeys(body.shift for body in bodies if isinstance(body, ShiftClosed))
            ],
            "heartbeats": [int(body.state) for body in bodies if isinstance(body, Heartbeat)],
            "tariffs": [
                {str(layout): plain(tariff) for layout, tariff in block.readings.items()}
                for block in dict.fromkeys(body.block for body in bodies if isinstance(body, TariffAnswer))
            ],
            "meter_times": [(one.t_ns, one.body.time) for one in self.said if isinstance(one.body, Hired)],
            "isu_wrote": [
                type(one.body).__name__ for one in self.said if one.sender is Role.HOST and isinstance(one.body, WRITES)
            ],
        }
        return {name: values for name, values in told.items() if values}

    def registers(self, currency: str) -> dict[str, Register]:
        """ "record_km", "record_fare" and "record_waiting" (s) of the hires that ended meanwhile.  A record that is sent again is of an
        earlier one."""
        ended = [
            (one, one.body.trip)
            for one in self.said
            if isinstance(one.body, TripEnd) and not one.body.resent and one.body.trip not in self.known
        ]
        read: Mapping[str, tuple[Callable[[Trip], Decimal], Decimal, str]] = {
            "record_km": (lambda trip: trip.paid_km, _KM, "km"),
            "record_fare": (lambda trip: trip.amount, _MONEY, currency),
            "record_waiting": (lambda trip: Decimal(trip.waiting_min * _MINUTE_S), Decimal(_MINUTE_S), "s"),
        }
        u_ns = frozen_int64([(one.long_ns + one.late_ns) // 2 for one, _ in ended])
        times = frozen_int64(np.array([one.t_ns for one, _ in ended], np.int64) - u_ns)
        if not ended:
            return {}
        origin = Origin(CODEC, self.place)
        return {
            name: Register(name, times, u_ns, tuple(value(trip) for _, trip in ended), step, unit, origin)
            for name, (value, step, unit) in read.items()
        }


def _trip(body: Body) -> Trip | None:
    return body.trip if isinstance(body, TripEnd | TripAnswer) else None


def _impersonal(record: Any) -> dict[str, str]:
    return {name: value for name, value in plain(record).items() if name not in PERSONAL}


def meter_link(recorded: Recorded) -> MeterLink | None:
    """What was said on the link; None where the bench does not stand at it."""
    entry = next((one for one in recorded.bench.instruments.values() if one.driver in LINKS), None)
    if entry is None:
        return None
    said: list[Said] = []
    noise: dict[Role, list[Noise]] = {}
    char_ns = PROTOCOL.line.char_ns()
    sizes: dict[Frame, int] = {}  # heartbeats repeat
    for name, (sender, direction) in LINKS[entry.driver].items():
        link = entry.links[name]
        late = late_ns(recorded, link)
        for span in recorded.spans:
            chunks = [one for one in recorded.during(span).chunks.get(link, ()) if one.direction is direction]
            found = frames(PROTOCOL, chunks, PROTOCOL.line, sender, late)
            noise.setdefault(sender, []).extend(found.noise)
            for which, t_ns in zip(found.which.tolist(), found.times_ns.tolist(), strict=True):
                frame = found.messages[which]
                assert isinstance(frame, Frame)
                size = sizes.get(frame) or sizes.setdefault(frame, len(encode(frame, sender)))
                said.append(Said(t_ns, sender, frame.body, size * char_ns, late))
    place = ", ".join(recorded.places[link] for link in entry.links.values() if link in recorded.places)
    return MeterLink(sorted(said, key=lambda one: one.t_ns), noise, place=place)
