"""Folding readings into evidence: one process per detector and link, thresholds fixed before anything is seen.

A process is a mixture of sub-processes (context groups of contexts.SHARES, or the contrasts of an intervention), each the
product of the capped e-values of its fresh segments; shares are fixed, so the mixture is an e-process, and its running
supremum crosses 1/a with probability at most a under the null (Ville).  Processes of different detectors are never
multiplied: each has its share w of alpha, 1/(alpha w) is its threshold (statistics.md 3b).
Scheduled tests have half of alpha; the k-th confirmation has (alpha/2) 2^-k.  Its number and its one target stand in the
context of its segments, written before they were run: of two targets with one number the first has the budget, the other
none.  What a search went through belongs to no budget: it may raise a suspicion, and only fresh runs confirm it.
A delivery of a confirmation that was made anew may have been looked at before: from there on it is another attempt, at half
the level and on fresh deliveries alone.  Each attempt has a power of two of its own, so all together have alpha/2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.judge.contexts import SHARES, first_state, groups
from harness.judge.contract import Basis, DetectorSpec, Evidence, Link, Reading, Registration, Segment

ALPHA = 1e-4  # of the case, for `proven`
SUSPECT_FACTOR = 10.0  # alpha for `suspect` is ten times that
CONTRASTS = {"knowledge": 0.5, "state": 0.25, "volume": 0.09, "event": 0.08, "flow": 0.04, "preset": 0.04}
PORTIONS = {"portion": 0.7, "place": 0.3}  # contrasts of sales measured in parts
REGISTERED = {"registered": 1.0}  # of a confirmation: the one pair of settings that was registered for it
_LEAST = 1e-9  # an e-process may lose everything; it stays positive
_MOST = 1e200  # and finite, however many deliveries show it: less than it won is claimed, never more
DEEPEST = 600  # of the numbers of confirmations: beyond it 2^-k would leave no level to divide by


def proves_from(k: int) -> float:
    """The e-value from which the k-th confirmation proves: half of alpha, 2^-k of it."""
    return float(2 ** (k + 1)) / ALPHA


@dataclass(frozen=True)
class Process:
    """The evidence of one detector over one link: running supremum of the mixture, thresholds and how they came.

    `course` holds the mixture after each of the `readings`; `share` of its half of alpha is the weight of a scheduled test
    and 2^-n of a confirmation (`levels`), of which `anew` deliveries were made anew.
    """

    detector: str
    link: Link
    e: float
    weight: float
    proven_at: float
    suspect_at: float
    basis: Basis
    source: str
    readings: tuple[Reading, ...]
    group: str  # the sub-process that gave most
    single_run: bool  # one segment alone has p below the level of proof
    course: tuple[float, ...]
    share: float
    k: int = 0  # of a confirmation
    anew: int = 0

    @property
    def final(self) -> float:
        """The e-value when judging ended, times its share: of all tests of its half together still mean one at most."""
        return self.share * (self.course[-1] if self.course else 1.0)

    @property
    def hits(self) -> tuple[Reading, ...]:
        return tuple(reading for reading in self.readings if reading.hits and reading.shape is not None)

    def told(self) -> Evidence:
        """As a verdict keeps it: what readings that could not speak leave as it was is left out."""
        points = tuple((r.segment, e) for r, e in zip(self.readings, self.course, strict=True) if r.spoke)
        return Evidence(
            self.detector, self.link, self.e, self.weight, self.suspect_at, self.proven_at, self.basis, points,
            in_time=not any(reading.key for reading in self.readings), k=self.k,
        )  # fmt: skip


def weights(detectors: Mapping[str, DetectorSpec], readings: Sequence[Reading]) -> dict[tuple[str, Link], float]:
    """Share of alpha per detector and link that the bench could watch, normalised to one.

    Which links there are follows from the stations of the bench, not from what they showed: mute readings count.  What
    never claims (weight 0) has none.
    """
    pairs = {(r.detector, r.link): None for r in readings if detectors[r.detector].weight > 0}
    total = sum(detectors[name].weight for name, _ in pairs)
    return {(name, link): detectors[name].weight / total for name, link in pairs} if total > 0 else {}


def confirmation(segment: Segment) -> tuple[int, str] | None:
    """(k, "detector:link") when the segment is the k-th confirmation of something that was found before."""
    k, target = segment.context.get("confirmation"), segment.context.get("confirms")
    return (k, str(target)) if type(k) is int and k >= 1 and target else None


def budgets(segments: Sequence[Segment]) -> dict[str, str]:
    """Which budget each segment (by id) spends from: "" scheduled, "search", "1", "2" ... a confirmation, "none" where no
    registration asked for it, its number was given to another target before, or a later delivery of the same confirmation was
    made anew.  `segments` in time order."""
    targets: dict[int, str] = {}
    found = {}
    last = _anew(segments)
    for segment in segments:
        context = segment.context
        if context.get("unregistered"):
            found[segment.id] = "none"
        elif (confirms := confirmation(segment)) is not None:
            k, target = confirms
            own = targets.setdefault(k, target) == target and context.get("anew", 0) == last[k]
            found[segment.id] = str(k) if own else "none"
        elif "confirmation" in context:
            found[segment.id] = "none"
        else:
            found[segment.id] = "search" if context.get("search") else ""
    return found


def _anew(segments: Sequence[Segment]) -> dict[int, int]:
    """How many deliveries of each confirmation were made anew, as far as its segments say."""
    most: dict[int, int] = {}
    for segment in segments:
        if (confirms := confirmation(segment)) is not None:
            most[confirms[0]] = max(most.get(confirms[0], 0), segment.context.get("anew", 0))
    return most


def registered(segments: Sequence[Segment], known: Sequence[Registration]) -> list[Registration]:
    """Every confirmation of the case in the order of registration: the `known` ones, then any that only segments tell of."""
    anew = _anew(segments)
    found = {one.k: replace(one, anew=max(one.anew, anew.get(one.k, 0))) for one in reversed(known)}
    found = dict(reversed(found.items()))
    of = budgets(segments)
    for segment in segments:
        confirms = confirmation(segment)
        if confirms is not None and of[segment.id] != "none":
            found.setdefault(confirms[0], Registration(*confirms, anew[confirms[0]]))
    return list(found.values())


def counted_nowhere(segments: Sequence[Segment]) -> list[str]:
    """Why segments spend from no budget, but for those before a delivery that was made anew."""
    of = budgets(segments)
    none = [segment for segment in segments if of[segment.id] == "none"]
    targets: dict[int, set[str]] = {}
    for segment in segments:
        if (confirms := confirmation(segment)) is not None:
            targets.setdefault(confirms[0], set()).add(confirms[1])
    found = []
    if any(len(two) > 1 for two in targets.values()):
        found.append(
            "the number of a confirmation was given to two targets: what was run for the second counts nowhere"
        )
    unasked = [segment.id for segment in none if confirmation(segment) is None]
    if unasked:
        found.append(f"registered by nobody before it was done, counts nowhere: {', '.join(unasked)}")
    return found


def levels(confirmations: Sequence[Registration]) -> dict[int, int]:
    """The n of 2^-n that each confirmation has of its half of alpha: its number, and one more for each delivery made anew.

    No n is ever used twice: a later confirmation comes after all that those before it used up, whatever its number says.
    """
    last, found = 0, {}
    for one in confirmations:
        found[one.k] = last = max(one.k, last + 1) + one.anew
    return found


def _budget(reading: Reading, of: Mapping[str, str]) -> str:
    """The budget of all segments of a reading; "none" where they differ."""
    own = {of.get(id, "") for id in reading.segment.split("|")}
    return own.pop() if len(own) == 1 else "none"


def _shares(reading: Reading, by_id: Mapping[str, Segment], state: str) -> tuple[str, ...]:
    if reading.key:
        return (reading.key,)
    segment = by_id.get(reading.segment)
    return groups(segment, state) if segment is not None else ("all",)


def course(readings: Sequence[Reading], by_id: Mapping[str, Segment], state: str) -> list[tuple[float, str]]:
    """The mixture after each of the readings in time order, and its largest sub-process just then."""
    shares = _mixture(readings)
    capital = dict.fromkeys(shares, 1.0)
    found = []
    for reading in readings:
        for name in _shares(reading, by_id, state):
            capital[name] = min(max(capital[name] * reading.e, _LEAST), _MOST)
        mixture = sum(share * capital[name] for name, share in shares.items())
        found.append((mixture, max(shares, key=lambda name: shares[name] * capital[name])))
    return found


def _mixture(readings: Sequence[Reading]) -> Mapping[str, float]:
    """The sub-processes that the readings feed, with their shares."""
    keys = {reading.key for reading in readings if reading.key}
    if not keys:
        return SHARES
    return next((shares for shares in (PORTIONS, REGISTERED) if keys <= set(shares)), CONTRASTS)


def supremum(readings: Sequence[Reading], by_id: Mapping[str, Segment], state: str) -> tuple[float, str]:
    """Running supremum of the mixture over the readings in time order, and its largest sub-process at that time.

    The contrasts of an intervention use the same segments in several pairings: they have no common course in time,
    so for them the mixture at the end counts (mean at most one, Markov) and not its supremum (Ville).
    """
    shares = _mixture(readings)
    best, leader = 1.0, next(iter(shares))
    for mixture, largest in course(readings, by_id, state):
        if mixture > best or shares is not SHARES:
            best, leader = mixture, largest
    return best, leader


def processes(
    readings: Sequence[Reading],
    segments: Sequence[Segment],
    detectors: Mapping[str, DetectorSpec],
    alpha: float,
    known: Sequence[Registration] = (),
) -> list[Process]:
    """One process per detector and link over the scheduled segments, one over what a search went through, and one per
    confirmation that was run.  `segments` in time order; `known`: the confirmations that were registered, in their order."""
    by_id = {segment.id: segment for segment in segments}
    state = first_state(segments)
    of = budgets(segments)
    confirmations = registered(segments, known)
    by_k, level_of = {str(one.k): one for one in confirmations}, levels(confirmations)
    parted: dict[tuple[str, Link], dict[str, list[Reading]]] = {}
    for reading in readings:
        parts = parted.setdefault((reading.detector, reading.link), {})
        parts.setdefault(_budget(reading, of), []).append(reading)
    # fixed by the scheduled tests alone: what is run later makes none of them dearer
    planned = [reading for reading in readings if _budget(reading, of) == ""]
    share = weights(detectors, planned or readings)
    least = min(share.values(), default=0.0)
    result = []
    for (detector, link), parts in parted.items():
        if detectors[detector].weight <= 0:
            continue  # it never claims, not even asked for by a search or a confirmation
        weight = share.get((detector, link), least)
        for name, basis in (("", Basis.PRESPECIFIED), ("search", Basis.EXPLORATORY)):
            own = tuple(parts.get(name, ()))
            if weight > 0 and (own if name else (detector, link) in share):
                source = f"1/(alpha/2 x w), alpha = {alpha:g}, w = {weight:.4g}"
                result.append(_process(detector, link, own, by_id, state, weight, alpha / 2, basis, source))
        for name in sorted(set(parts) - {"", "search", "none"}, key=int):
            if by_k[name].target == f"{detector}:{link}":
                k, own = int(name), tuple(parts[name])
                n, anew = level_of[k], by_k[name].anew
                source = f"1/(alpha/2 x 2^-{n}), alpha = {alpha:g}, confirmation {k}"
                part = 2.0 ** -min(n, DEEPEST)
                found = _process(
                    detector, link, own, by_id, state, 1.0, alpha / 2 * part, Basis.CONFIRMATORY, source, k
                )
                found = replace(found, share=part, anew=anew)
                # contrasts have no course in time: when to stop would be a choice (`supremum`)
                unfinished = not by_k[name].done and any(reading.key for reading in own)
                result.append(replace(found, e=1.0, single_run=False) if unfinished else found)
    return result


def _process(
    detector: str,
    link: Link,
    readings: tuple[Reading, ...],
    by_id: Mapping[str, Segment],
    state: str,
    weight: float,
    level: float,
    basis: Basis,
    source: str,
    k: int = 0,
) -> Process:
    e, group = supremum(readings, by_id, state)
    least = min((reading.p for reading in readings if reading.p is not None and reading.hits), default=1.0)
    # every segment is a look of its own
    single = least * max(len(readings), 1) <= level * weight
    return Process(
        detector,
        link,
        e,
        weight,
        1 / (level * weight),
        1 / (SUSPECT_FACTOR * level * weight),
        basis,
        source,
        readings,
        group,
        single,
        tuple(mixture for mixture, _ in course(readings, by_id, state)),
        weight,
        k,
    )
