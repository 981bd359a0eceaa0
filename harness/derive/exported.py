"""The pulse trains of a case as captures of their own, so that another laboratory can open them."""

from __future__ import annotations

from collections.abc import Mapping

from captures.case import Case
from captures.model import Capture, PulseTrain
from harness.derive.recorded import read_recorded
from harness.derive.segments import segments
from harness.derive.site import by_instrument


def recorded_captures(case: Case) -> Mapping[str, Capture]:
    """One capture for each segment (and analyser, where several ran) of a recorded run, by "segment" or
    "instrument segment"; trains keep station and channel.  IntegrityError when the journal does not verify."""
    recorded = read_recorded(case.journal)
    views = {"": recorded} if recorded.bench.site is None else by_instrument(recorded)
    found: dict[str, Capture] = {}
    for instrument, view in views.items():
        for segment in segments(view):
            clocks: dict[str, list[PulseTrain]] = {}
            for train in segment.trains.values():
                clocks.setdefault(train.clock, []).append(train)
            for clock, trains in clocks.items():
                parts = [instrument, segment.id, clock.split("#")[0] if len(clocks) > 1 else ""]
                header = {"format": "case", "case": case.path.name, "segment": segment.id}
                found[" ".join(part for part in parts if part)] = Capture(header=header, trains=tuple(trains))
    return found
