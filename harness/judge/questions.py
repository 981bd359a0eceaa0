"""What the case had to answer, given the stations it could observe, and whether it did.

A required question without an answer makes integrity inconclusive: missing station, no power, cut run.  A question is
answered when a test that could answer it spoke and would have seen an effect of `NEEDED`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.judge.chain import stations
from harness.judge.contexts import LONG_L, covert
from harness.judge.contract import Question, Reading, Segment, SegmentKind, Status
from harness.judge.foreign import all_foreign

NEEDED = 0.02  # relative effect that an answer must have been able to show; documented functions start at 1 to 2 %
EXACT = ("edge-balance", "register-law", "display-law", "amount-law", "totaliser-law")


def ask(
    text: str, readings: Sequence[Reading], test: Callable[[Reading], bool], *, missing: str, required: bool = True,
    needed: float = NEEDED,
) -> Question:  # fmt: skip
    """Answered by the sharpest reading that passes `test`, where it would have shown `needed`."""
    mine = [reading for reading in readings if test(reading)]
    spoke = [reading for reading in mine if reading.spoke and reading.mde is not None]
    sharp = min((reading.mde for reading in spoke if reading.mde is not None), default=None)
    ends = sorted({station for reading in spoke for station in (reading.link.upstream, reading.link.downstream)})
    rests = tuple(ends)
    if sharp is not None and sharp <= needed:
        return Question(text, True, "", sharp, required, rests)
    if sharp is not None:
        return Question(text, False, f"only effects above {sharp:.1%} would have been seen", sharp, required, rests)
    why = next((reading.reason for reading in mine if reading.reason), missing)
    return Question(text, False, why, None, required)


def _reaches(reading: Reading, litres: float) -> bool:
    span = reading.at.get("span_l")
    return span is not None and float(span[1]) > litres


def _inside(readings: Sequence[Reading], segments: Sequence[Segment]) -> Question:
    """Errors that begin later in a delivery: by its course past the largest can, by its measured parts, by long totals."""
    text = f"does the error begin or change inside a delivery, up to beyond {LONG_L:g} L"
    reach = [r for r in readings if r.detector == "course" and r.link.upstream == "reference" and _reaches(r, LONG_L)]
    totals = [
        r for r in readings if r.detector == "gain-change" and r.key == "volume" and r.link.upstream == "reference"
    ]
    parted = [
        r for r in readings if r.detector == "portion-gain" and r.key == "portion" and (r.reason or _reaches(r, LONG_L))
    ]
    found = ask(text, [*reach, *parted, *totals], lambda reading: True, missing="")
    if found.answered:
        return found
    longest = max((float(s.context.get("asked_l") or 0) for s in segments), default=0.0)
    inline = any("reference.P" in segment.trains for segment in segments)
    if not inline and found.why:
        why = found.why
    elif not inline:
        why = "no in-line reference and no sale measured in parts: a can or prover shows nothing beyond its own volume"
    elif longest <= LONG_L:
        why = f"the longest delivery asked was {longest:g} L"
    else:
        why = found.why or "no delivery could be followed that far"
    return Question(text, False, why, found.mde, stations=found.stations)


def _tap_questions(readings: Sequence[Reading]) -> tuple[Question, ...]:
    names = {reading.segment: None for reading in readings if reading.detector == "split"}
    return tuple(
        ask(
            f"were pulses put in or taken out ({name})",
            readings,
            lambda reading, name=name: reading.segment == name and reading.detector == "split",  # type: ignore[misc]
            missing="no single train of equal edges",
        )
        for name in names
    )


def _foreign_questions(segments: Sequence[Segment], readings: Sequence[Reading]) -> tuple[Question, ...]:
    """What the mapped stations of a recording made elsewhere allow, then its single taps."""
    own = [segment for segment in segments if segment.kind is not SegmentKind.TAP]
    seen = frozenset[str]().union(*(stations(segment) for segment in own))
    ids = {segment.id for segment in own}
    mine = [reading for reading in readings if reading.segment in ids]
    asked = []
    if {"encoder", "board"} <= seen:
        text = "do more pulses enter the board than leave the encoder"
        asked.append(ask(text, mine, lambda r: r.detector == "edge-balance", missing="no channel of both stations"))
    if "reference" in seen and len(seen) > 1:
        text = "does the error change while the reference and the pulser run"
        asked.append(
            ask(
                text,
                mine,
                lambda r: r.detector == "course",
                missing="pulses per litre, topology or blending not declared",
            )
        )
    for station in sorted(seen & {"encoder", "board"}):
        at = [r for r in mine if r.link.downstream == station]
        split = [r for r in at if r.detector == "split"]
        text = f"were pulses put in or taken out ({station})"
        asked.append(ask(text, split, lambda r: True, missing="no steady motion of this station"))
        if all({f"{station}.A", f"{station}.B"} <= set(segment.trains) for segment in own):
            shaft = [r for r in at if r.detector == "quadrature"]
            text = f"do the channels move as one shaft moves them ({station})"
            asked.append(ask(text, shaft, lambda r: True, missing="no steady motion of this station"))
    elsewhere = "a recording of taps shows neither register nor display nor money"
    asked.append(Question("does what is shown follow what was delivered", False, elsewhere, None, required=False))
    return (*asked, *_tap_questions([reading for reading in readings if reading.segment not in ids]))


def questions(segments: Sequence[Segment], readings: Sequence[Reading], status: Status) -> tuple[Question, ...]:
    """The questions of this case, required ones first."""
    if segments and all(segment.kind is SegmentKind.TAP for segment in segments):
        return _tap_questions(readings)
    if all_foreign(segments):
        return _foreign_questions(segments, readings)
    seen = frozenset[str]().union(*(stations(segment) for segment in segments)) if segments else frozenset[str]()

    def by(detector: str, key: str = "") -> Callable[[Reading], bool]:
        return lambda reading: reading.detector == detector and (not key or reading.key == key)

    asked = [
        ask(
            "does what is shown follow the reference", readings, by("constant-gain"), missing="no reference or display"
        ),
        _inside(readings, segments),
    ]
    if {"encoder", "board"} <= seen:
        asked.append(
            ask("do more pulses enter the board than leave the encoder", readings, by("edge-balance"), missing="")
        )
    if "register" in seen and seen & {"board", "encoder"}:
        text = "does the register count what enters the board"
        asked.append(ask(text, readings, lambda r: r.detector in ("register-law", "course"), missing="K not sealed"))
    if {"register", "display"} <= seen:
        asked.append(ask("does the display show the register", readings, by("display-law"), missing="not read"))
    if "amount" in seen:
        asked.append(ask("is the amount price times volume", readings, by("amount-law"), missing="no price"))
    knew = {covert(segment) for segment in segments if segment.kind is SegmentKind.DELIVERY}
    asked.append(
        ask(
            "is a sale that is watched measured like one that is not",
            readings,
            by("gain-change", "knowledge"),
            missing="no covert and overt deliveries to compare",
            required=len(knew) == 2,
        )
    )
    states = {segment.state for segment in segments}
    asked.append(
        ask(
            "is it the same before and after power was cut",
            readings,
            by("gain-change", "state"),
            missing="power was not cut",
            required=len(states) > 1,
        )
    )
    if "totaliser" in seen:
        text = "does the totaliser advance by what was sold"
        asked.append(ask(text, readings, by("totaliser-law"), missing="not read", required=False))
    if any(reading.detector == "start-law" for reading in readings):
        text = "does a sale begin at zero"
        asked.append(ask(text, readings, by("start-law"), missing="not read", required=False))
    if any(reading.detector == "self-lock-law" for reading in readings):
        text = "did the self-lock show its code where it must"
        asked.append(ask(text, readings, by("self-lock-law"), missing="nobody looked", required=False))
    if any(reading.detector == "parameter-law" for reading in readings):
        text = "are the parameters of the menu those that were sealed"
        asked.append(ask(text, readings, by("parameter-law"), missing="not read"))
    return (*asked, *ending(segments, status, "no delivery was recorded"))


def ending(segments: Sequence[Segment], status: Status, nothing: str) -> list[Question]:
    """Open questions of a run that measured nothing, or did not come to its end."""
    asked = [] if segments else [Question("was anything measured", False, nothing, None)]
    if status is not Status.COMPLETE:
        asked.append(Question("was the plan carried out to its end", False, f"the run ended as {status}", None))
    return asked
