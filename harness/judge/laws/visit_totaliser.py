"""Visit law: over a row of sales the totaliser advances by their sum, other people's sales heard on the wire included.

Null (a set test): between the readings before the first and after the last sale of a block the advance equals the sum of
what was sold within one volume step a sale and one totaliser step.  Finer than sale by sale (totaliser.py): the steps of
the readings in between fall away.  A block holds the consecutive sales of one phase and sealed state, fixed beforehand;
each block is a fresh test.  Sales that nobody heard are never held against anyone: an advance by more than was heard is
muted unless the wire was watched throughout; an advance by less cannot come from them.  Where the law breaks, the ratio of what
was recorded to what was sold is told.  Source: field_rules.md section 4; fuel_dispensers.md 1.2 (r6), 1.3 (C28).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.quantities import at_rest, ended
from harness.judge.reading_errors import sure
from harness.judge.settest import violation

NAME = "visit-totaliser"


@dataclass(frozen=True)
class Block:
    """A row of sales: its segments, the totaliser's advance, what was sold, how many volumes that adds up, whether the
    wire told of every sale in between, and how many numbers were read by eye."""

    segments: tuple[Segment, ...]
    advance: Decimal
    sold: Decimal
    volumes: int
    watched: bool
    by_eye: int


def blocks(segments: Sequence[Segment]) -> list[tuple[Segment, ...]]:
    """Rows of consecutive deliveries of one phase and state; none reaches over a gap in which nobody listened."""
    deliveries = [segment for segment in segments if segment.kind is SegmentKind.DELIVERY]
    return [tuple(group) for _, group in groupby(deliveries, key=lambda s: (s.phase, s.state, s.span))]


def block(row: Sequence[Segment], name: str, view: View) -> Block | str:
    """The sums over one row, or why there are none."""
    if len(row) < view.parameters["min_sales"]:
        return f"{len(row)} sales in a row"
    if any("totaliser" not in segment.registers for segment in row):
        return "the totaliser was not read at every sale"
    own = [segment.registers["totaliser"].values for segment in row]
    if len(own[0]) < 2:
        return "no totaliser reading before the first sale"
    # the reading before each sale must be the one after the sale before: nothing lies between two rows of readings
    if any(len(later) >= 2 and later[0] != earlier[-1] for earlier, later in pairwise(own)):
        return "the totaliser moved between two sales of the row"
    sold, volumes, watched, by_eye = Decimal(0), 0, True, 0
    for segment in row:
        value = at_rest(segment.registers.get(name))
        if value is None or not segment.complete:
            return "a sale was cut or not read at rest"
        if name == "register" and not ended(segment):
            return "the end of a sale was not heard"
        foreign, heard = segment.context.get("foreign_sale"), segment.context.get("heard_l")
        if foreign is True and heard is None:
            return "another sale ran in between, not heard to its end"
        others = [Decimal(str(volume)) for volume in heard or ()]
        watched = watched and foreign is not None
        sold += value + sum(others, Decimal(0))
        volumes += 1 + len(others)
        by_eye += not sure(segment, name, view.profile)
    return Block(tuple(row), own[-1][-1] - own[0][0], sold, volumes, watched, by_eye)


def _reading(found: Block, name: str, link: Link, view: View) -> Reading:
    first, last = found.segments[0], found.segments[-1]
    step = max(
        first.registers["totaliser"].resolution,
        view.decimal("totaliser_resolution_l") or first.registers["totaliser"].resolution,
    )
    half = step + first.registers[name].resolution * found.volumes
    id = "|".join(segment.id for segment in found.segments)
    if found.advance > found.sold + half and not found.watched:
        why = "advanced by more than was sold, and whether something else was sold was not observed"
        return Reading(NAME, id, link, 1.0, reason=why)
    photographed = all(segment.context.get("photographed") for segment in found.segments)
    reading = violation(
        NAME,
        id,
        link,
        view,
        found.advance,
        found.sold - half,
        found.sold + half,
        {"at_rest": True, "sales": found.volumes, "advance_l": str(found.advance), "sold_l": str(found.sold)},
        Shape.CONSTANT,
        sure=photographed or (last.context.get("totaliser_by") == "wire" and not found.by_eye),
    )
    if not reading.hits or not found.sold:
        return reading
    ratio, u = float(found.advance / found.sold), float(half / found.sold)
    return replace(
        reading, at={**reading.at, "recorded_ratio": ratio, "recorded_ratio_interval": (ratio - u, ratio + u)}
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for row in blocks(segments):
        name = "register" if all("register" in segment.registers for segment in row) else "display"
        if not any("totaliser" in segment.registers for segment in row) or not any(name in s.registers for s in row):
            continue
        link = Link(name, "totaliser")
        found = block(row, name, view)
        if isinstance(found, str):
            readings.append(Reading(NAME, row[0].id, link, 1.0, reason=found))
        else:
            readings.append(_reading(found, name, link, view))
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="over a row of sales the totaliser advances by their sum and that of the sales heard in between, within the "
    "resolutions, or one of the numbers was misread",
    needs="totaliser read before the first and after each sale of a row of two or more, sales at rest",
    parameters={"min_sales": 2, "q": 0.05, "q_sure": 3e-4},
    judge=judge,
    weight=0.25,
    mechanism="over a row of sales the totaliser does not advance by their sum",
    telling=30,
    shows=Kind.TOTALISER,
)
