"""Findings about one break become one: detectors of the same link join, and a wide link that contains a broken
narrow one is its consequence, not a second accusation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.judge.catalogue import CheatEntry, possible
from harness.judge.chain import BESIDE, base_links, contains
from harness.judge.contract import DetectorSpec, Finding, Integrity, Reading, Segment, Shape
from harness.judge.findings import GRAVITY
from harness.judge.offset import litres

BESIDES = 0.006  # twice the maximum permissible error: the bound of constant-gain


def _first(finding: Finding, spec: DetectorSpec) -> tuple[int, bool, int, int, float]:
    """Order in which findings claim a break: gravest, what a device does before of what type it is, narrowest link, most
    telling detector, strongest evidence."""
    width = len(base_links(finding.link)) + 10 * (finding.link.downstream in BESIDE)
    return (
        -GRAVITY[finding.level],
        spec.device_type,
        width,
        spec.telling,
        -finding.evidence / finding.threshold,
    )


def merged(
    findings: Sequence[Finding],
    catalogue: Sequence[CheatEntry],
    detectors: Mapping[str, DetectorSpec],
    readings: Sequence[Reading] = (),
    segments: Sequence[Segment] = (),
) -> tuple[Finding, ...]:
    """One finding per break, gravest first.  `detectors` by name; `readings` and `segments` of the case tell what a break leaves unexplained: where two
    functions act over nested links, the ids of both remain."""
    heads: list[Finding] = []
    for finding in sorted(findings, key=lambda found: _first(found, detectors[found.detectors[0]])):
        place = next((i for i, head in enumerate(heads) if _same_break(head, finding)), None)
        if place is None:
            heads.append(finding)
        else:
            heads[place] = _joined(heads[place], finding, catalogue, detectors)
    return tuple(_with_besides(head, catalogue, detectors, readings, segments) for head in heads)


def _same_break(head: Finding, other: Finding) -> bool:
    if contains(head.link, other.link) or contains(other.link, head.link):
        return True
    # a station beside the chain, read across a branch: what both links share explains both
    beside = head.link.downstream in BESIDE or other.link.downstream in BESIDE
    return beside and bool(base_links(head.link) & base_links(other.link))


def _joined(
    head: Finding, other: Finding, catalogue: Sequence[CheatEntry], detectors: Mapping[str, DetectorSpec]
) -> Finding:
    """`other` told by `head`: the narrower link where its own level allows, the shape that says more."""
    link = head.link
    of_type = detectors[other.detectors[0]].device_type  # where such a device sits is not where the break is
    narrower = contains(link, other.link) and link != other.link and not of_type
    if narrower and GRAVITY[other.level] == GRAVITY[head.level]:
        link = other.link
    shape = head.shape if of_type else _shape(head.shape, other.shape)
    at = {**other.at, **head.at}
    notes = list(head.limits)
    ids = possible(catalogue, link, shape)
    if link == head.link != other.link and _unexplained(head, other):
        notes.append(f"over {other.link} {other.effect:+.2%} were seen, more than {head.link} explains")
        ids = _in_order(catalogue, {*ids, *other.catalogue_ids})
    return replace(
        head,
        link=link,
        shape=shape,
        detectors=tuple(dict.fromkeys([*head.detectors, *other.detectors])),
        catalogue_ids=ids,
        segments=tuple(dict.fromkeys([*head.segments, *other.segments])),
        at=at,
        limits=tuple(dict.fromkeys(notes)),
    )


def _in_order(catalogue: Sequence[CheatEntry], ids: set[str]) -> tuple[str, ...]:
    return tuple(entry.id for entry in catalogue if entry.id in ids)


def _with_besides(
    head: Finding,
    catalogue: Sequence[CheatEntry],
    detectors: Mapping[str, DetectorSpec],
    readings: Sequence[Reading],
    segments: Sequence[Segment],
) -> Finding:
    """`head`, and where one gain is there with and without its break also the ids of what makes a constant gain.

    Segments in which the break does not act: sales that end before a threshold; sales in which the same test would have
    shown it and did not; pairs of which both sides deviate alike.  One may be chance: two are asked for, of one size.
    """
    alone = {
        name for name, spec in detectors.items() if spec.conformity_alone
    }  # each sale against the reference by itself
    struck = {r.segment: r for r in readings if r.detector in alone and contains(r.link, head.link) and _beyond(r)}
    mine = [r for r in readings if r.detector == head.detectors[0] and r.link == head.link and r.spoke]
    broken = {id for r in mine if r.hits for id in r.segment.split("|")}
    left: set[str] = set()
    onset_known = head.shape is Shape.THRESHOLD
    if onset_known:
        onset = head.at.get("onset_interval_l", (0.0, 0.0))[0]
        left = {s.id for s in segments if s.id in struck and s.id not in broken and 0 < (litres(s) or 0.0) < onset}
    elif any("|" in r.segment for r in mine):
        pairs = [r.segment.split("|") for r in mine if r.hits]
        left = {id for pair in pairs if set(pair) <= set(struck) for id in pair}
    elif head.effect is not None:
        seen = abs(head.effect)
        clean = {r.segment for r in mine if not r.hits and r.mde is not None and r.mde < seen}
        left = (clean & set(struck)) - broken
    sizes = [effect for id in sorted(left) if (effect := struck[id].effect) is not None]
    least = min(sizes, key=abs, default=0.0)
    one_size = len(sizes) >= 2 and max(map(abs, sizes)) <= 1.25 * abs(least) + 0.002
    if (
        not one_size
        or head.detectors[0] in alone
        or (head.at.get("contrast") in ("volume", "flow") and not onset_known)
    ):
        return head
    link = struck[min(left)].link
    note = (
        f"over {link} {least:+.2%} and more was also seen in {', '.join(sorted(left))}, where this break does not act"
    )
    more = possible(catalogue, link, Shape.CONSTANT)
    return replace(
        head,
        catalogue_ids=_in_order(catalogue, {*head.catalogue_ids, *more}),
        at={**head.at, "besides": {"link": str(link), "effect": least, "segments": sorted(left)}},
        limits=(*head.limits, note),
    )


def _beyond(reading: Reading) -> bool:
    """An error of indication that no honest adjustment makes, in one sale."""
    return (
        reading.interval is not None
        and min(map(abs, reading.interval)) > BESIDES
        and (reading.interval[0] * reading.interval[1] > 0)
    )


def _shape(a: Shape | None, b: Shape | None) -> Shape | None:
    """The shape both allow: an onset inside a delivery says more than a change between segments, that more than a
    constant; a state change and an onset together leave it open."""
    if a is None or b is None or a == b:
        return a if b is None or a == b else b if a is None else a
    order = [Shape.THRESHOLD, Shape.SWITCHED, Shape.STATE, Shape.EXTRA, Shape.CONSTANT]
    first, second = sorted((a, b), key=order.index)
    return None if second is Shape.STATE and first in (Shape.THRESHOLD, Shape.SWITCHED) else first


def _unexplained(head: Finding, other: Finding) -> bool:
    """The same detector over the same segments sees clearly more over the wider link: another break may hide there."""
    if head.interval is None or other.interval is None or other.effect is None or head.level is Integrity.SUSPECT:
        return False
    if head.detectors[0] not in other.detectors or set(head.segments) != set(other.segments):
        return False
    return other.interval[0] > head.interval[1] + 0.01
