"""Findings about one break become one: detectors of the same link join, and a wide link that contains a broken
narrow one is its consequence, not a second accusation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.judge.catalogue import CheatEntry, possible
from harness.judge.chain import BESIDE, base_links, contains
from harness.judge.contract import Finding, Integrity, Shape
from harness.judge.findings import GRAVITY

TELLING = (  # which detector names a break best, when several see it
    "edge-balance",
    "oscillator",
    "course",
    "register-law",
    "display-law",
    "amount-law",
    "totaliser-law",
    "start-law",
    "zero-law",
    "visit-totaliser",
    "restart-law",
    "self-lock-law",
    "split",
    "quadrature",
    "zero-flow",
    "dead-time",
    "slots",
    "portion-gain",
    "gain-change",
    "sale-gain",
    "constant-gain",
)


def _first(finding: Finding) -> tuple[int, int, int, float]:
    """Order in which findings claim a break: gravest, narrowest link, most telling detector, strongest evidence."""
    name = finding.detectors[0]
    telling = TELLING.index(name) if name in TELLING else len(TELLING)
    width = len(base_links(finding.link)) + 10 * (finding.link.downstream in BESIDE)
    return (-GRAVITY[finding.level], width, telling, -finding.evidence / finding.threshold)


def merged(findings: Sequence[Finding], catalogue: Sequence[CheatEntry]) -> tuple[Finding, ...]:
    """One finding per break, gravest first."""
    heads: list[Finding] = []
    for finding in sorted(findings, key=_first):
        place = next((i for i, head in enumerate(heads) if _same_break(head, finding)), None)
        if place is None:
            heads.append(finding)
        else:
            heads[place] = _joined(heads[place], finding, catalogue)
    return tuple(heads)


def _same_break(head: Finding, other: Finding) -> bool:
    if contains(head.link, other.link) or contains(other.link, head.link):
        return True
    # a station beside the chain, read across a branch: what both links share explains both
    beside = head.link.downstream in BESIDE or other.link.downstream in BESIDE
    return beside and bool(base_links(head.link) & base_links(other.link))


def _joined(head: Finding, other: Finding, catalogue: Sequence[CheatEntry]) -> Finding:
    """`other` told by `head`: the narrower link where its own level allows, the shape that says more."""
    link = head.link
    narrower = contains(link, other.link) and link != other.link
    if narrower and GRAVITY[other.level] == GRAVITY[head.level]:
        link = other.link
    shape = _shape(head.shape, other.shape)
    at = {**other.at, **head.at}
    notes = list(head.limits)
    if link == head.link != other.link and _unexplained(head, other):
        notes.append(f"over {other.link} {other.effect:+.2%} were seen, more than {head.link} explains")
    return replace(
        head,
        link=link,
        shape=shape,
        detectors=tuple(dict.fromkeys([*head.detectors, *other.detectors])),
        catalogue_ids=possible(catalogue, link, shape),
        segments=tuple(dict.fromkeys([*head.segments, *other.segments])),
        at=at,
        limits=tuple(dict.fromkeys(notes)),
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
