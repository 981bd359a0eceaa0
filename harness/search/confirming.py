"""Which runs, registered beforehand, would prove what a search has shown: of all that the minutes allow, those most likely to.

Two ways lead to `proven` (field_rules.md section 6): the same run again and again, where it tells by itself from where on the function acts;
or two settings in turn, of which one shows it and one does not, compared pair by pair (judge/interventions/gain_change.py).  For each
candidate the functions that remain (remaining.py) say how likely it is to come out, by what the test measures and what excludes
each honest cause.  Where none is likely enough yet, one more run is proposed: the one after which the best candidate is
expected to be likeliest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np
from scipy import stats

from harness.catalogue import load_validations
from harness.judge.evidence import proves_from
from harness.judge.facts import REFERENCE_DRIFT, START_L
from harness.judge.interventions.gain_change import DETECTOR, HALVES
from harness.judge.pair_facts import HOSE_L
from harness.search.cost import State, Trial, after, allowed, choices, completed, cost
from harness.search.model import Model
from harness.search.onset import told_by_one
from harness.search.population import Floats
from harness.search.remaining import Remaining

SURE = 0.9  # so likely to come out that no further run is spent before it
MARGIN = 1.1  # of every bound that a measured size has to pass
COUNTED_L = 0.006  # u of a count against a count, each to 0.01 L
ENOUGH = 3  # runs that have to tell from where on it acts
WITH_SPARE, WITHOUT = 0.99, 0.9  # that all pairs tell it, with one more than the threshold asks for and without
LUCK = 1.0  # standard deviations that a pair may fall short
PAIRS = (3, 5)  # at least and at most
RUNS = (3, 6)
HITS = 2  # different runs that showed it, or did not, to go on from
LEAST_L = 7.0  # asked in a confirmation: less has no steady flow to be judged by
ASKED = (LEAST_L, 13.0, 17.0, 27.0, 40.0)  # the levels nearest above are asked for again
BEFORE_L = MARGIN * START_L  # an onset lies behind so much, or air and hose may make it
BEYOND_DRIFT = MARGIN * 1.5 * REFERENCE_DRIFT  # relative: no reference in series drifts so far
WORTH, PARTS = 0.01, 0.08  # likelier by so much, or parting what remains so evenly: worth a run
TELLS = 0.005  # relative: off by so much is seen in one run

Run = tuple[Trial, str]  # and which half of a pair it is: one of HALVES, "" of a run by itself
SILENT, SHOWS = HALVES


@dataclass(frozen=True)
class Threshold:
    """What a confirmation has to reach: e-value at which it proves, and what a single reading is worth at most (`cap` of its validation)."""

    proven_at: float
    cap: float


def reach(k: int) -> Threshold:
    """Of the k-th confirmation."""
    validated = load_validations().get(f"{DETECTOR.name}/{DETECTOR.version}")
    return Threshold(proves_from(k), 1.0 if validated is None else validated.cap)


@dataclass(frozen=True)
class Seen:
    """What a search has seen: its `runs` with whether each showed it; `told`: the least quantity of one that told from where on it acts, 0
    where none did; `untold`: the most of one that showed it and did not tell that.  `refused`: (factor, level) by number that nobody can
    give."""

    runs: tuple[tuple[Trial, bool], ...] = ()
    told: float = 0.0
    untold: float = 0.0
    of: tuple[int, int] = (0, 0)  # (told, all)
    refused: frozenset[tuple[int, int]] = frozenset()

    def distinct(self, showed: bool) -> list[Trial]:
        """Runs that did, or did not, the last first."""
        return list(dict.fromkeys(replace(trial, cycle=False) for trial, it in reversed(self.runs) if it is showed))


@dataclass(frozen=True)
class Candidate:
    """Runs of one confirmation in their order, what they take, and how likely they are to prove what remains possible."""

    runs: tuple[Run, ...]
    minutes: float
    share: float

    @property
    def compares(self) -> bool:
        return any(half for _, half in self.runs)


@dataclass
class _Weighed:
    runs: tuple[Run, ...]
    minutes: float
    proves: Floats


def candidates(left: Remaining, kit: str, state: State, seen: Seen, minutes: float, reach: Threshold) -> list[_Weighed]:  # fmt: skip
    """Every confirmation of what was `seen` that the minutes allow, with how likely it proves each function.  Of a kit that measures in fills
    there is none."""
    model = left.population.model
    if model.kit(kit).per_fill:
        return []
    found = []
    for runs in dict.fromkeys(_sequences(model, state, seen)):
        trials, spent = _completed(model, kit, state, runs)
        if spent <= minutes:
            shares = _followed(left, [trial for trial, _ in trials])
            compares = trials[0][1] != ""
            proves = _compared(left, trials, shares, reach) if compares else _begins(left, trials, shares, seen)
            found.append(_Weighed(tuple(trials), spent, proves))
    return found


def idled(model: Model, trial: Trial) -> Trial:
    """The same with nothing worked before it."""
    levels = (
        factor.plain if factor.needs[level] else level
        for factor, level in zip(model.factors, trial.levels, strict=True)
    )
    return Trial(tuple(levels))


def best(left: Remaining, weighed: Sequence[_Weighed]) -> Candidate | None:
    """The likeliest, of those as likely one that comes and goes and comes again, and of these the shortest; None where nothing can prove anything."""
    if not weighed:
        return None
    shares = np.array([one.proves for one in weighed]) @ left.weight
    at = max(
        range(len(weighed)),
        key=lambda n: (round(float(shares[n]), 2), _changes(weighed[n].runs) >= 2, -weighed[n].minutes),
    )
    one = weighed[at]
    return Candidate(one.runs, one.minutes, float(shares[at])) if shares[at] > 0 else None


def telling(
    left: Remaining, kit: str, state: State, seen: Seen, weighed: Sequence[_Weighed], minutes: float
) -> Trial | None:
    """The one run after which the likeliest confirmation is expected to be likeliest, or that at least parts what remains without putting
    a confirmation out of reach; None where there is no such run."""
    model, weight = left.population.model, left.weight
    if not weighed:
        return None
    proves, spent = np.array([one.proves for one in weighed]), np.array([one.minutes for one in weighed])
    likely = proves @ weight
    now, found = float(likely.max()), list[tuple[float, float, Trial]]()
    asked = dict.fromkeys(run for one in weighed for run, _ in one.runs if not run.cycle)
    asked |= dict.fromkeys(seen.distinct(False))
    for trial in dict.fromkeys(completed(model, state, run.levels, run.cycle) for run in asked):
        rest = spent <= minutes - cost(model, kit, trial).minutes
        if not rest.any():
            continue
        share, _ = left.acts(trial)
        shows = np.abs(left.gain * share) > TELLS
        after_it = sum(float((proves[rest] @ (weight * seen)).max()) for seen in (shows, ~shows))
        parted = min(float(weight[shows].sum()), float(weight[~shows].sum()))
        if after_it > now + WORTH or (parted > PARTS and float(likely[rest].max()) >= now - WORTH):
            found.append((after_it + parted / 4, -cost(model, kit, trial).minutes, trial))
    return max(found, key=lambda one: (round(one[0], 2), one[1]), default=(0.0, 0.0, None))[2]


def _sequences(model: Model, state: State, seen: Seen) -> Iterator[tuple[Run, ...]]:
    at = model.index(model.quantity)
    for hit in seen.distinct(True)[:HITS]:
        offs = _switched_off(model, state, hit, seen.refused)
        for shows in _plainer(model, hit):
            for count in range(RUNS[0], RUNS[1] + 1):
                yield ((shows, ""),) * count
            others = dict.fromkeys(_otherwise(model, state, shows, seen.refused))
            others |= dict.fromkeys(_at(model, one, shows.levels[at]) for one in seen.distinct(False)[:HITS])
            for pairs in range(PAIRS[0], PAIRS[1] + 1):
                for silent in others:
                    if silent != shows:
                        yield from _orders(model, shows, silent, pairs)
                for off in offs:
                    quiet = idled(model, shows)
                    again = _worked(model, shows, hit)
                    yield from _blocks(shows, again, _worked(model, replace(quiet, cycle=off.cycle), off), quiet, pairs)


def _orders(model: Model, shows: Trial, silent: Trial, pairs: int) -> Iterator[tuple[Run, ...]]:
    """In turn; where power is cut before what is silent, in blocks."""
    quiet = (replace(silent, cycle=False), SILENT)
    if silent.cycle:
        yield from _blocks(shows, shows, silent, quiet[0], pairs)
        return
    at = model.index(model.quantity)
    if silent.levels[at] == shows.levels[at]:
        yield (quiet, (shows, SHOWS)) * pairs
        return
    levels = [n for n in range(len(model.quantities)) if n != silent.levels[at]]
    lower = [
        n for n in levels if model.quantities[n] >= LEAST_L and n < silent.levels[at] and n not in _looked_at(model)
    ]
    upper = [n for n in levels if n > silent.levels[at] and n not in _looked_at(model)]
    sides = [side for side in ((lower[-1:]), (upper[:1])) if side]
    turns: list[Run] = []
    for number in range(pairs):
        [level] = sides[number % len(sides)]
        turns += [quiet, (_at(model, shows, level), SHOWS)]
    yield tuple(turns)


def _blocks(shows: Trial, again: Trial, off: Trial, quiet: Trial, pairs: int) -> Iterator[tuple[Run, ...]]:
    """First one, first the other, or one before it and again after it: it is switched `off` once, is `quiet` from then on, and shows `again`."""
    silent: tuple[Run, ...] = ((off, SILENT), *(((quiet, SILENT),) * (pairs - 1)))
    loud, on = ((shows, SHOWS),), ((again, SHOWS),)
    yield (*silent, *on, *(loud * (pairs - 1)))
    yield (*(loud * pairs), *silent)
    yield (*(loud * (pairs - 1)), *silent, *on)


def _switched_off(model: Model, state: State, hit: Trial, refused: frozenset[tuple[int, int]]) -> list[Trial]:
    """What may end a mode that stays on, with nothing else worked: power away, another key, or both, because nobody knows which."""
    acts, idle = allowed(model, state.phase), idled(model, hit)
    key = next(
        (
            Trial((*idle.levels[:f], level, *idle.levels[f + 1 :]))
            for f, factor in enumerate(model.factors)
            for level, need in enumerate(factor.needs)
            if need == "key" and need in acts and level != hit.levels[f] and (f, level) not in refused
        ),
        None,
    )
    dark = [replace(idle, cycle=True)] if "power" in acts else []
    return dark if key is None else [*dark, key, *([replace(key, cycle=True)] if dark else [])]


def _worked(model: Model, trial: Trial, source: Trial) -> Trial:
    """`trial` with what is worked before `source`."""
    return replace(
        trial,
        levels=tuple(
            theirs if factor.needs[theirs] or factor.needs[own] else own
            for factor, own, theirs in zip(model.factors, trial.levels, source.levels, strict=True)
        ),
    )


def _plainer(model: Model, hit: Trial) -> list[Trial]:
    """The hit, and the same with less of what was worked or done besides, of several quantities."""
    at = model.index(model.quantity)
    free: list[tuple[int, ...]] = [
        (level, 0) if level and (factor.needs[level] or factor.minutes[level]) else (level,)
        for f, (factor, level) in enumerate(zip(model.factors, hit.levels, strict=True))
    ]
    asked = {
        next((n for n, own in enumerate(model.quantities) if own >= litres), len(model.quantities) - 1)
        for litres in ASKED
    }
    free[at] = tuple(sorted(n for n in {hit.levels[at], *asked} - _looked_at(model) if model.quantities[n] >= LEAST_L))
    return [Trial(tuple(levels)) for levels in product(*free)]


def _otherwise(model: Model, state: State, shows: Trial, refused: frozenset[tuple[int, int]]) -> list[Trial]:
    """The same with one thing otherwise; with nothing worked; itself behind a power cut."""
    acts, found = allowed(model, state.phase), dict[Trial, None]()
    at = model.index(model.quantity)
    may = choices(model, acts)
    idle = idled(model, shows)
    found[idle] = None
    for f, factor in enumerate(model.factors):
        if factor.state:
            continue
        levels = _looked_at(model) if f == at else may[f]
        for level in levels:
            if level != shows.levels[f] and (f, level) not in refused:
                found[Trial((*shows.levels[:f], level, *shows.levels[f + 1 :]))] = None
    if "power" in acts:
        found[Trial(shows.levels, True)] = None
    return [one for one in found if one != shows]


def _looked_at(model: Model) -> set[int]:
    """Levels of the quantity at which an inspector looks."""
    own = model.factor(model.quantity).levels
    return {
        own.index(level)
        for clause in model.evasions
        if clause.factor == model.quantity
        for level in clause.levels
        if float(level) >= LEAST_L
    }


def _at(model: Model, trial: Trial, level: int) -> Trial:
    at = model.index(model.quantity)
    return Trial((*trial.levels[:at], level, *trial.levels[at + 1 :]), trial.cycle)


def _completed(model: Model, kit: str, state: State, runs: Sequence[Run]) -> tuple[list[Run], float]:
    """With the states that follow from one another, and the minutes of all."""
    found, spent = list[Run](), 0.0
    for trial, half in runs:
        one = completed(model, state, trial.levels, trial.cycle)
        spent += cost(model, kit, one).minutes
        state = after(model, kit, state, one)
        found.append((one, half))
    return found, spent


def _followed(left: Remaining, trials: Sequence[Trial]) -> Floats:
    """(runs, n) share of each run that each function acts in, carried from run to run."""
    shares = []
    for trial in trials:
        share, on = left.acts(trial)
        left = replace(left, on=on)
        shares.append(share)
    return np.array(shares)


def _begins(left: Remaining, runs: Sequence[Run], shares: Floats, seen: Seen) -> Floats:
    """(n,) how likely so many runs tell from where on it acts, so that a test of the course inside each proves it."""
    of, model = left.population, left.population.model
    asked = np.array([model.quantities[trial.levels[model.index(model.quantity)]] for trial, _ in runs])[:, None]
    if (asked < seen.told).any() or (not seen.told and (asked <= seen.untold).any()):
        return np.zeros(len(of))  # so much, or more, did not tell it before
    one = told_by_one(left.gain[None, :], of.above[None, :], asked)
    if seen.told:  # what told it may have been lucky: Laplace's rule
        one = (one + (seen.of[0] + 1) / (seen.of[1] + 2)) / 2
    one = np.where((shares > 0) & (of.above[None, :] >= BEFORE_L), one, 0.0).mean(axis=0)
    return np.asarray(stats.binom.sf(ENOUGH - 1, len(runs), one))


def _compared(left: Remaining, runs: Sequence[Run], shares: Floats, reach: Threshold) -> Floats:
    """(n,) whether the pairs prove it: each shows it, together they reach the threshold, and nothing honest is left that makes the same."""
    model, own = left.population.model, DETECTOR.parameters
    at = model.index(model.quantity)
    asked = [model.quantities[trial.levels[at]] for trial, _ in runs]
    quiet, loud = ([n for n, (_, half) in enumerate(runs) if half == one] for one in HALVES)
    log_e, sizes = np.zeros(len(left.population)), []
    differs = _differences(model, [(runs[a][0], runs[b][0]) for a, b in zip(quiet, loud, strict=True)])
    every = np.ones(len(left.population), dtype=bool)
    for a, b in zip(quiet, loud, strict=True):
        size = left.gain * (shares[b] - shares[a])
        least = min(asked[a], asked[b])
        bound = own["bound_flow" if "flow" in differs else "bound"] + (
            own["stop_l"] / least if "preset" in differs else 0.0
        )
        u = (
            sum(own["repeatability"] ** 2 + (own["offset_l"] ** 2 + COUNTED_L**2) / asked[n] ** 2 for n in (a, b))
            ** 0.5
        )
        z = (np.abs(size) - bound) / u - LUCK
        p = np.minimum(1.0, 2 * stats.norm.sf(z))
        every &= (p < own["q"]) & (shares[b] > shares[a])  # what is to show it shows more of it
        log_e += np.log(np.minimum(0.5 / np.sqrt(np.maximum(p, 1e-300)), reach.cap))
        sizes.append(size)
    size = np.array(sizes)
    smallest, alike = np.abs(size).min(axis=0), (size > 0).all(axis=0) | (size < 0).all(axis=0)
    far, turned = smallest > BEYOND_DRIFT, _changes(runs) >= 2
    turned_alike = turned & (np.abs(size).max(axis=0) <= 1.4 * smallest)
    beyond_hose = smallest * min(asked) > MARGIN * HOSE_L
    honest = far | turned_alike
    if "flow" in differs:
        honest &= far
    if "preset" in differs:
        honest &= far | (turned_alike & beyond_hose)
    if "quantity" in differs and "sides" not in differs:
        honest &= beyond_hose
    needed = np.log(MARGIN * reach.proven_at)
    # one pair more than the threshold asks for may be lost to a flow that was not smooth
    spare = (log_e - np.log(reach.cap) >= needed) & (len(sizes) > PAIRS[0])
    return np.where(every & alike & honest & (log_e >= needed), np.where(spare, WITH_SPARE, WITHOUT), 0.0)


def _differences(model: Model, pairs: Sequence[tuple[Trial, Trial]]) -> frozenset[str]:
    at, found = model.index(model.quantity), set[str]()
    for silent, shows in pairs:
        for f, factor in enumerate(model.factors):
            a, b = factor.levels[silent.levels[f]], factor.levels[shows.levels[f]]
            if a != b and (factor.name == "flow" or (factor.name == "preset" and "volume" in (a, b))):
                found.add(factor.name)
    apart = {shows.levels[at] - silent.levels[at] for silent, shows in pairs}
    if apart != {0}:
        found.add("quantity")
    if min(apart) < 0 < max(apart):
        found.add("sides")
    return frozenset(found)


def _changes(runs: Sequence[Run]) -> int:
    return sum(a != b for (_, a), (_, b) in pairwise(runs))
