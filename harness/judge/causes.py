"""Honest causes of what a detector sees over a link, as data, and which of them this case excludes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.judge.chain import base_links
from harness.judge.contract import Explanation, Link
from harness.judge.facts import DECLARED


@dataclass(frozen=True)
class HonestCause:
    """One honest cause: for which detectors, over which base links ("" = any), and the sets of facts that exclude it.

    `excluded_by` holds alternatives; all facts of one alternative must be observed.  `ids`: short names of what it is,
    the same over all detectors (docs/honest_causes.md).
    """

    cause: str
    detectors: tuple[str, ...]
    links: tuple[str, ...]
    contrasts: tuple[str, ...]
    excluded_by: tuple[tuple[str, ...], ...]
    source: str
    grade: str
    ids: tuple[str, ...] = ()


def explanations(
    causes: Sequence[HonestCause], detector: str, contrast: str, link: Link, facts: Mapping[str, bool]
) -> tuple[Explanation, ...]:
    """Every cause listed for this detector and link, with what excluded it ("" where nothing did)."""
    spanned = base_links(link)
    result = []
    for cause in causes:
        if detector not in cause.detectors or (cause.links and not spanned & set(cause.links)):
            continue
        if cause.contrasts and contrast not in cause.contrasts:
            continue
        found = next((names for names in cause.excluded_by if all(facts.get(name, False) for name in names)), None)
        said = " + ".join(f"declared {name}" if name in DECLARED else name for name in found or ())
        result.append(Explanation(cause.cause, said))
    return tuple(result)
