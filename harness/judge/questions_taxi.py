"""What a case of a taximeter had to answer, given the stations it could observe, and whether it did (questions.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.judge.chain import stations
from harness.judge.contexts import covert
from harness.judge.contract import Question, Reading, Segment, SegmentKind, Status
from harness.judge.questions import ask, ending

NEEDED = 0.15  # relative effect that an answer must have been able to show: documented functions start at 15 to 20 % (taximeters.md 1)
BEYOND_KMH = 90.0  # what the usual bench reaches (taximeters.md 2.1): a function that acts above it passes there


def _by(*names: str) -> Callable[[Reading], bool]:
    return lambda reading: reading.detector in names


def _answered(text: str, readings: Sequence[Reading], *names: str, missing: str, required: bool = True) -> Question:
    """Answered where one of these tests spoke: they find single pulses or steps, and have no smallest effect in per cent."""
    own = [reading for reading in readings if reading.detector in names]
    spoke = [reading for reading in own if reading.spoke]
    if spoke:
        ends = sorted({station for reading in spoke for station in (reading.link.upstream, reading.link.downstream)})
        return Question(text, True, "", None, required, tuple(ends))
    return Question(text, False, next((reading.reason for reading in own if reading.reason), missing), None, required)


def _fastest_kmh(segments: Sequence[Segment]) -> float:
    """The greatest speed that was driven, or fed in, as far as the plan or the vehicle's own speed say."""
    found = [float(segment.context.get("top_kmh") or 0) for segment in segments]
    for segment in segments:
        trace = segment.traces.get("speed")
        if trace is not None and trace.steps.size:
            found.append(float(trace.steps.max()) * float(trace.step))
    return max(found, default=0.0)


def questions(segments: Sequence[Segment], readings: Sequence[Reading], status: Status) -> tuple[Question, ...]:
    """The questions of this case, required ones first."""
    trips = [segment for segment in segments if segment.kind is SegmentKind.TRIP]
    soaks = [segment for segment in segments if segment.kind is SegmentKind.SOAK]
    seen = (
        frozenset[str]().union(*(stations(segment) for segment in (*trips, *soaks)))
        if trips or soaks
        else frozenset[str]()
    )
    names = {segment.id for segment in trips}
    driven = [reading for reading in readings if reading.segment in names]
    tapped = bool({"sensor", "input"} & seen)
    asked = [
        ask("does the distance follow the reference", readings, _by("distance-scale"), missing="no reference", required="reference" in seen, needed=NEEDED),
        _answered("is the fare what the tariff makes of distance and time", driven, "fare-replay", missing="not read", required="fare" in seen),
        _answered("do the pulses say speeds that a road vehicle has", readings, "rate-bound", missing="no pulse tap", required=tapped),
    ]  # fmt: skip
    if {"sensor", "input"} <= seen:
        asked.append(_answered("do the pulses of the sensor, and no others, reach the meter", readings, "edge-balance", "tap-ratio", missing="no channel of both stations"))  # fmt: skip
    if {"input", "distance"} <= seen:
        asked.append(ask("is the displayed distance the pulses divided by K", readings, _by("register-law", "gain-change", "course"), missing="K not sealed", needed=NEEDED))  # fmt: skip
    asked.append(_answered("is anything counted while the vehicle stands and its controls are worked", readings, "idle-pulses", "zero-law", missing="no soak at stand-still", required=bool(soaks)))  # fmt: skip
    knew = {covert(segment) for segment in trips}
    if len(knew) == 2:
        asked.append(ask("is a ride that is watched measured like one that is not", readings, lambda r: r.detector == "gain-change" and r.key == "knowledge", missing="no rides of both kinds to compare", needed=NEEDED))  # fmt: skip
    fastest = _fastest_kmh(trips)
    why = (
        "" if fastest > BEYOND_KMH else f"the fastest speed was {fastest:.0f} km/h" if fastest else "no speed was told"
    )
    text = "was it tried at speeds that the usual bench does not reach"
    asked.append(Question(text, fastest > BEYOND_KMH, why, None, required=False))
    return (*asked, *ending(segments, status, "no trip was recorded"))
