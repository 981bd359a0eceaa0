"""Gain onset: where does the pulse rate step inside a delivery, though nothing tells the flow from the count?

It never claims (e = 1): without a reference, the encoder beside the board, or a pattern of the disc, a gain that comes on looks
like a valve that opens (statistics.md T9).  Where one of them is there, others follow it: `course` the error against a
reference, with onset, end and size; `edge-balance` the edges of both taps; `fingerprint-slip` the pattern of the disc; a second
voice on the same stream would only count the same luck twice.  What is left is worth a look by people: the reading says
where the rate steps, between which litres, and by how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from captures.model import PulseTrain
from harness.judge.contract import DetectorSpec, Reading, Segment, View
from harness.judge.disc import BOARD, LEAST_SLOTS, deliveries, edges
from harness.judge.pulses.onset import Step, step
from harness.judge.quantities import number
from harness.judge.trains import COMPARED, channels, gaps_in_window, to_ns

NAME = "gain-onset"
FOLLOWED = "a reference measures along: the course of the error is followed against it"


def _why(segment: Segment, train: PulseTrain, view: View) -> tuple[str, dict[str, Any]]:
    """What is said of a line that nothing is held to, and where it steps."""
    if gaps_in_window(segment, train):
        return f"gap in {train.name}", {}
    slots = number(view.profile, "slots_per_rev")
    stretch = int(slots) if slots is not None and slots >= LEAST_SLOTS else int(view.parameters["stretch_pulses"])
    ticks = edges(segment, train)
    found = step(ticks, stretch)
    if found is None:
        return f"{train.name}: too few pulses in steady motion", {}
    if found.nats < view.parameters["nats"] or abs(found.size) < view.parameters["least"]:
        return f"{train.name}: no step of the pulse rate stands out of the flow", {}
    at: dict[str, Any] = {"station": train.station, "rate_step": round(found.size, 5), "rate_step_u": round(found.u, 5)}
    stamps = to_ns(segment, train, ticks[[found.edge, found.first, min(found.last, ticks.size - 1)]])
    if stamps is not None:
        at |= {"onset_ns": int(stamps[0]), "onset_interval_ns": (int(stamps[1]), int(stamps[2]))}
    return _told(found, view, at), at


def _told(found: Step, view: View, at: dict[str, Any]) -> str:
    places = [float(found.edge), float(found.first), float(found.last)]
    unit = "pulses"
    if per_litre := number(view.profile, "pulses_per_litre"):
        places, unit = [place / float(per_litre) for place in places], "L"
        at |= {"onset_l": places[0], "onset_interval_l": (places[1], places[2])}
    return f"investigate: the pulse rate steps at {places[0]:.4g} {unit} ({places[1]:.4g} to {places[2]:.4g}) by {found.size:+.1%} (u {found.u:.1%}); a valve or a hand at the nozzle does the same"


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """One mute reading a segment: of the board, else of the encoder."""
    readings = []
    for segment, station, link, beside in deliveries(segments):
        at: dict[str, Any] = {}
        if beside:
            link, reason = BOARD, COMPARED
        elif "reference.P" in segment.trains:
            reason = FOLLOWED
        else:
            reason, at = _why(segment, next(iter(channels(segment, station).values())), view)
        readings.append(Reading(NAME, segment.id, link, 1.0, at=at, reason=reason))
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="none: it names what to investigate and never claims",
    needs="one channel of board or encoder over eight revolutions in steady flow, and neither a reference nor the other tap",
    parameters={"nats": 15.0, "least": 0.01, "stretch_pulses": 50.0},
    judge=judge,
    one_by_one=True,
    weight=0.0,
    mechanism="the pulse rate steps inside a delivery",
    telling=99,
    witness="pulses",
)
