"""How much more likely what was seen is under one named proposition than under another: a number with two sentences.

statistics.md 3c.  The number is an e-value of the finding's test, taken when judging ended (a running supremum is none), times
the test's share of alpha, so that it pays for all the other tests of the case; and it is no larger than the validation of
the test supports.  Its propositions are those of the kind that this test supports by itself: another test that saw the same break
may tell more of it, on evidence of its own.  An e-value against a composite null bounds the likelihood ratio from below in expectation, so it is
printed as "at least".  It weighs two propositions about an instrument.  It is no probability of either, and says nothing of
what the null of the test does not hold: honest causes that nothing excluded are named beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.judge.account import Kind

ANY = ""  # sensor class: whatever is declared


@dataclass(frozen=True)
class Propositions:
    """A pair for these kinds and one declared sensor class (ANY: all others): `hp` something acts, `hd` nothing does."""

    kinds: tuple[Kind, ...]
    sensor_class: str
    hp_en: str
    hp_zh: str
    hd_en: str
    hd_zh: str
    source: str
    grade: str


@dataclass(frozen=True)
class Likelihood:
    """`at_least` so many times as likely under `hp` as under `hd`; it is the smaller of `e` (already times the share of alpha)
    and `cap`.  `unweighed`: honest causes that stay open and that no number here speaks against."""

    hp_en: str
    hp_zh: str
    hd_en: str
    hd_zh: str
    at_least: float
    e: float
    cap: float
    unweighed: tuple[str, ...]


def pair(pairs: Sequence[Propositions], kind: Kind, sensor_class: str) -> Propositions | None:
    """The pair for a kind: that of the declared sensor class, else that of any."""
    own = [one for one in pairs if kind in one.kinds]
    exact = next((one for one in own if sensor_class and one.sensor_class == sensor_class), None)
    return exact or next((one for one in own if one.sensor_class == ANY), None)


def likelihood(
    kind: Kind,
    unweighed: Sequence[str],
    e: float,
    cap: float,
    profile: Mapping[str, object],
    pairs: Sequence[Propositions],
) -> Likelihood | None:
    """The ratio of what was seen by a test that supports `kind`; None without a validation (cap <= 1) or a pair of propositions
    for the kind.  `unweighed`: the honest causes that nothing excluded."""
    named = pair(pairs, kind, str(profile.get("sensor_class") or ANY))
    if named is None or cap <= 1.0:
        return None
    return Likelihood(
        named.hp_en, named.hp_zh, named.hd_en, named.hd_zh, min(e, cap), e, cap, tuple(unweighed)
    )  # fmt: skip
