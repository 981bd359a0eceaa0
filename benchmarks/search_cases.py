"""One search against one hidden function: runs chosen by a plan, deliveries of an independent generator, the real judge in the loop.

The truth is a function drawn from a population (harness/search/population.py), with what it does after it was switched on: until the sale ends,
until power is cut, until another key.  A run in which it does not act is an honest delivery, and the verdict is not asked after it: how often
honest searches are accused is a figure of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.curves import own_detectors
from benchmarks.generators import HONEST, PROFILE, Tamper, delivery, instrument
from harness.catalogue import load_catalogue, load_causes, load_validations
from harness.editions import edition
from harness.extending import COMPARES, PAIRS
from harness.families import speaks_alone
from harness.judge.contexts import LONG_L
from harness.judge.contract import Registration, Segment, Verdict
from harness.judge.verdict import judge
from harness.search.cost import Cost, State, Trial, after, allowed, choices, completed, cost
from harness.search.covering import array
from harness.search.model import ENDINGS, Model
from harness.search.population import Population
from harness.search.scheduler import Scheduler

STATIONS = {
    "K0": "reference display amount totaliser",
    "K1": "reference register display amount totaliser",
    "K2": "reference register display amount totaliser",
    "K3": "reference encoder board register display amount totaliser",
}
FLOWS = {"full": "steady", "middle": "ragged", "slow": "slow"}
CONFIRM_MIN = 10.0
ENOUGH_L = 17.0  # of a delivery of a pair: 1 % stands six uncertainties beyond the honest bound
EDITION = "jjg443-2015"
S = 1_000_000_000
PHASE = "E"  # everything may be worked, power cut
Following = Callable[[State, Cost], Trial | None]  # the next run of a plan


@dataclass(frozen=True)
class Found:
    """Minutes and litres until the first verdict of `suspect` or more, and of `proven` behind it; None where it never came."""

    suspect_min: float | None
    litres: float
    runs: int
    proven_min: float | None


class Truth:
    """Function `i` of a population at work: which runs it acts in, given what was worked before."""

    def __init__(self, population: Population, i: int) -> None:
        self._of, self._i, self._on = population, i, False
        model = population.model
        self._worked = [
            f for f, factor in enumerate(model.factors) if any(factor.needs) and not population.permits[f][i, 0]
        ]

    def active_l(self, trial: Trial) -> float:
        """Litres of the run on which it acts."""
        population, model, i = self._of, self._of.model, self._i
        if trial.cycle and ENDINGS[population.ends[i]] == "power":
            self._on = False
        pressed = any(
            factor.needs[level] in ("key", "remote") for factor, level in zip(model.factors, trial.levels, strict=True)
        )
        switched = bool(self._worked) and all(population.permits[f][i, trial.levels[f]] for f in self._worked)
        if switched:
            self._on = True
        elif pressed and ENDINGS[population.ends[i]] == "key":
            self._on = False
        others = all(population.permits[f][i, level] for f, level in enumerate(trial.levels) if f not in self._worked)
        acts = others and (self._on or not self._worked)
        litres = model.quantities[trial.levels[model.index(model.quantity)]] - population.above[i] if acts else 0.0
        if ENDINGS[population.ends[i]] == "sale":
            self._on = False
        return max(litres, 0.0)


@dataclass
class Site:
    """An instrument that hides function `truth`, and the case that grows before it."""

    population: Population
    i: int
    kit: str
    seed: int

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, self.i])
        self.it = instrument(self.rng)
        self.truth = Truth(self.population, self.i)
        self.segments: list[Segment] = []
        self.now_ns, self.cycles = 0, 0

    def run(self, trial: Trial, context: Mapping[str, Any]) -> bool:
        """Makes the run; whether the function acted in it."""
        model, i = self.population.model, self.i
        levels = {f.name: f.levels[n] for f, n in zip(model.factors, trial.levels, strict=True)}
        self.cycles += trial.cycle
        active = self.truth.active_l(trial)
        litres = float(levels["volume"])
        tamper = HONEST
        if active > 0:
            tamper = Tamper(register_gain=float(self.population.gain[i]), from_l=litres - active)
        pressed = () if levels["keys"] == "none" and levels["remote"] == "not pressed" else ("press",)
        own = {"preset": levels["preset"], **({"events": pressed} if pressed else {}), **context}
        one = delivery(
            self.rng, self.it, litres, id=f"Q{len(self.segments)}", flow=FLOWS[levels["flow"]], tamper=tamper,
            stations=STATIONS[self.kit], weighed=self.kit in ("K0", "K1"), state=f"s{self.cycles}",
            start_ns=self.now_ns, context=own, misread=0.0,
        )  # fmt: skip
        self.segments.append(one)
        self.now_ns = one.window_ns[1] + 30 * S
        return active > 0

    def verdict(self, registrations: Sequence[Registration] = ()) -> Verdict:
        known = _known()
        return judge(
            self.segments, PROFILE, known.edition, known.catalogue, known.causes, own_detectors(),
            known.validations, instrument="I", status="complete", registrations=registrations,
        )  # fmt: skip


@dataclass(frozen=True)
class _Known:
    edition: Any
    catalogue: Any
    causes: Any
    validations: Any


@cache
def _known() -> _Known:
    limits = edition(EDITION)
    return _Known(limits, load_catalogue(), load_causes(), load_validations())


# ------------------------------------------------------------------------------------------------------------------- plans


def regulation(model: Model, kit: str, seed: int) -> Following:
    """JJG 443: two runs of 20 L at the greatest flow, one of 5 L at the smallest, again and again."""
    plan, number = (("20.00", "full"), ("20.00", "full"), ("5.00", "slow")), 0

    def following(state: State, left: Cost) -> Trial | None:
        nonlocal number
        volume, flow = plan[number % len(plan)]
        number += 1
        return _trial(model, state, {"volume": volume, "flow": flow})

    return following


def at_random(model: Model, kit: str, seed: int) -> Following:
    """Each level alike, among those that may be chosen."""
    rng, acts = np.random.default_rng([seed, 3]), allowed(model, PHASE)

    def following(state: State, left: Cost) -> Trial | None:
        free = [int(rng.choice(levels)) for levels in choices(model, acts)]
        return completed(model, state, free, bool("power" in acts and rng.random() < 0.1))

    return following


def pairwise(model: Model, kit: str, seed: int) -> Following:
    """A covering array of strength two over what may be chosen, the cheapest runs first; of a state one level stands for what it
    will be."""
    may = [
        own[:1] if factor.state else own
        for factor, own in zip(model.factors, choices(model, allowed(model, PHASE)), strict=True)
    ]
    free = [f for f, own in enumerate(may) if len(own) > 1]
    rows = []
    for row in array([len(may[f]) for f in free], 2):
        levels = [own[0] for own in may]
        for f, level in zip(free, row, strict=True):
            levels[f] = may[f][level]
        rows.append(tuple(levels))
    rows.sort(key=lambda levels: -cost(model, kit, Trial(levels)).minutes)

    def following(state: State, left: Cost) -> Trial | None:
        return completed(model, state, rows.pop(), cycle=False) if rows else None

    return following


def scheduled(model: Model, kit: str, seed: int) -> Following:
    """The scheduler by its own prior; what was proposed showed nothing, or it would not be asked again."""
    scheduler, last = Scheduler(model, kit, seed), list[Trial]()

    def following(state: State, left: Cost) -> Trial | None:
        for one in last:
            scheduler.tell(one)
        last.clear()
        proposal = scheduler.propose(state, left)
        if proposal is None:
            return None
        last.append(proposal.trial)
        return proposal.trial

    return following


PLANS = {"regulation": regulation, "random": at_random, "pairwise": pairwise, "scheduler": scheduled}


def _trial(model: Model, state: State, wanted: Mapping[str, str]) -> Trial:
    free = [factor.levels.index(wanted[factor.name]) if factor.name in wanted else 0 for factor in model.factors]
    return completed(model, state, free, cycle=False)


# ------------------------------------------------------------------------------------------------------------------ search


def searched(population: Population, i: int, kit: str, plan: str, minutes: float, seed: int) -> Found:
    """Runs of `plan` until the verdict is `suspect` or the budget is spent; then what showed it, afresh, for CONFIRM_MIN more."""
    model, site = population.model, Site(population, i, kit, seed)
    following = PLANS[plan](model, kit, seed * 1000 + i)
    state, spent, litres, runs = State(PHASE), 0.0, 0.0, 0
    while True:
        trial = following(state, Cost(minutes - spent, math.inf, 0))
        if trial is None:
            return Found(None, litres, runs, None)
        own = cost(model, kit, trial)
        if spent + own.minutes > minutes:
            return Found(None, litres, runs, None)
        spent, litres, runs = spent + own.minutes, litres + own.quantity, runs + 1
        acted = site.run(trial, {"search": True})
        state = after(model, kit, state, trial)
        if acted and (verdict := site.verdict()).integrity in ("suspect", "proven"):
            return Found(spent, litres, runs, _confirmed(site, model, kit, trial, state, verdict))


def _confirmed(site: Site, model: Model, kit: str, hit: Trial, state: State, verdict: Verdict) -> float | None:
    """Minutes of a confirmation, registered beforehand, of the gravest finding; None where it proves nothing.

    As the product does it (harness/extending.py): a test that speaks of a delivery alone sees the hit again and again; else what differs
    from it in one thing is made first, then the hit, in pairs.
    """
    finding = next((one for one in verdict.findings if one.level == verdict.integrity), None)
    if finding is None:
        return None
    tests = own_detectors()
    alone = [d for d in finding.detectors if speaks_alone(tests[d]) and not tests[d].conformity_alone]
    if alone:
        target, spent = f"{alone[0]}:{finding.link}", 0.0
        runs = []
        while spent + cost(model, kit, hit).minutes <= CONFIRM_MIN:
            runs.append(hit)
            spent += cost(model, kit, hit).minutes
    else:
        target = f"{COMPARES}:{finding.link}"
        runs, spent = _pairs(site, model, kit, hit, state)
    for one in runs:
        trial = completed(model, state, one.levels, one.cycle)
        site.run(trial, {"confirmation": 1, "confirms": target})
        state = after(model, kit, state, trial)
    proven = bool(runs) and site.verdict((Registration(1, target, 0, True),)).integrity == "proven"
    return spent if proven else None


def _pairs(site: Site, model: Model, kit: str, hit: Trial, state: State) -> tuple[list[Trial], float]:
    """The runs of a confirmation that compares, as many pairs as fit into its minutes, and those minutes: one run with the thing put
    back tells first whether it latched, and then power is cut before the half that is to be silent."""
    silent = _put_back(model, hit)
    if silent is None:
        return [], 0.0
    at = model.index(model.quantity)
    if model.quantities[hit.levels[at]] > ENOUGH_L and silent.levels[at] == hit.levels[at]:
        least = next(n for n, litres in enumerate(model.quantities) if litres >= ENOUGH_L)
        hit, silent = (replace(one, levels=(*one.levels[:at], least, *one.levels[at + 1 :])) for one in (hit, silent))
    hit = replace(hit, cycle=False)
    spent, latched = 0.0, False
    if any(model.factors[f].needs[level] for f, level in enumerate(hit.levels)):
        spent += cost(model, kit, silent).minutes
        latched = site.run(completed(model, state, silent.levels, cycle=False), {"search": True})
    first = replace(silent, cycle=latched)
    pair = cost(model, kit, silent).minutes + cost(model, kit, hit).minutes
    whole = cost(model, kit, first).minutes - cost(model, kit, silent).minutes
    pairs = min(int((CONFIRM_MIN - spent - whole) / pair), PAIRS[1])
    return [first, *[silent] * (pairs - 1), *[hit] * pairs] if pairs >= PAIRS[0] else [], spent + whole + pairs * pair


def _put_back(model: Model, hit: Trial) -> Trial | None:
    """The hit with one thing as it is without it: what was worked, else an amount preset, else a slow flow, else a long delivery."""
    plain: dict[str, str] = {}
    levels = {factor.name: factor.levels[level] for factor, level in zip(model.factors, hit.levels, strict=True)}
    if levels["keys"] != "none" or levels["remote"] == "pressed":
        plain = {"keys": "none", "remote": "not pressed"}
    elif levels["preset"] != "volume":
        plain = {"preset": "volume"}
    elif levels["flow"] != "full":
        plain = {"flow": "full"}
    elif float(levels["volume"]) > LONG_L:
        plain = {"volume": "17.90"}
    if not plain:
        return None
    changed = [
        factor.levels.index(plain[factor.name]) if factor.name in plain else level
        for factor, level in zip(model.factors, hit.levels, strict=True)
    ]
    return Trial(tuple(changed))
