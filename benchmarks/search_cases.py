"""One search against one hidden function: runs chosen by a plan, deliveries of an independent generator, the real judge in the loop.

The truth is a function drawn from a population (harness/search/population.py), with what it does after it was switched on: until the sale ends,
until power is cut, until another key.  A run in which it does not act is an honest delivery, and the verdict is not asked after it: how often
honest searches are accused is a figure of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from benchmarks.curves import own_detectors
from benchmarks.generators import HONEST, PLAIN, PROFILE, Tamper, delivery, flow_profile, instrument
from harness.catalogue import load_catalogue, load_causes, load_validations
from harness.editions import edition
from harness.extending import COMPARES
from harness.judge.contract import Registration, Segment, Verdict
from harness.judge.errors_of_indication import error_of_indication, shows
from harness.judge.verdict import judge
from harness.plans import trigger_search
from harness.plans.ability import Ability
from harness.plans.proving import CONFIRM_MIN, History
from harness.plans.repeated import SHOWS, SILENT, Repeated
from harness.plans.trigger_search import Family, Run
from harness.search.cost import Cost, State, Trial, after, allowed, choices, completed, cost
from harness.search.covering import array
from harness.search.model import ENDINGS, Model
from harness.search.population import Floats, Population
from harness.search.scheduler import Scheduler
from harness.step import Choose, Draw, Judge, Outcome, Searched, Step

STATIONS = {
    "K0": "reference display amount totaliser",
    "K1": "reference register display amount totaliser",
    "K2": "reference register display amount totaliser",
    "K3": "reference encoder board register display amount totaliser",
}
FULL_L_MIN, OF_FULL = (
    (30.0, 48.0),
    {"full": 1.0, "middle": 0.4, "slow": 0.15},
)  # of one nozzle, and what its levels are of it
STEADY = 0.02  # by which the flow of one nozzle differs from delivery to delivery
OWN = (
    "harness/search",
    "benchmarks/search_cases.py",
    "benchmarks/held_out.py",
    "benchmarks/generators.py",
    "benchmarks/curves.py",
)  # what a search here runs beside the product
BEGINS = "course"  # the test that tells from where on a delivery is counted otherwise
MOST_PAIRS = 5  # of a confirmation of honest runs
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
        self.trials: dict[str, Trial] = {}
        self.full_l_min = float(self.rng.uniform(*FULL_L_MIN))
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
            self.rng, self.it, litres, id=f"Q{len(self.segments) + 1}", flow=levels["flow"], tamper=tamper,
            stations=STATIONS[self.kit], weighed=self.kit in ("K0", "K1"), state=f"s{self.cycles}",
            start_ns=self.now_ns, context=own, misread=0.0, kind=replace(PLAIN, flow=self._flowing),
        )  # fmt: skip
        self.segments.append(one)
        self.trials[one.id] = trial
        self.now_ns = one.window_ns[1] + 30 * S
        return active > 0

    def _flowing(self, rng: np.random.Generator, level: str, litres: float) -> tuple[Floats, Floats]:
        """As the generator's own, but one nozzle keeps the flow of each level."""
        t, v = flow_profile(rng, "steady", litres)
        first, last = np.searchsorted(v, [0.25 * v[-1], 0.75 * v[-1]])
        own = float(v[last] - v[first]) / float(t[last] - t[first]) * 60
        wanted = self.full_l_min * OF_FULL[level] * (1 + STEADY * float(rng.standard_normal()))
        return t * own / wanted, v

    def history(self, verdict: Verdict) -> History:
        """As the product keeps it."""
        errors = {s.id: error_of_indication(s, PROFILE) for s in self.segments}
        return History(
            dict(self.trials), {id: 0.0 if error is None else error for id, error in errors.items()},
            {s.id for s in self.segments if shows(s, _limit(), PROFILE)},
            {r.segment: r.at["onset_l"] for r in verdict.readings if r.detector == BEGINS and r.hits},
        )  # fmt: skip

    def showed(self) -> bool:
        """Whether the last run was off so far that it is made again."""
        return shows(self.segments[-1], _limit(), PROFILE)

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


def _limit() -> float:
    return float(_known().edition.limit("mpe").value)


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
    """A covering array of strength two over what may be chosen, the cheapest runs first."""
    rows = list(_rows(model, kit))

    def following(state: State, left: Cost) -> Trial | None:
        return completed(model, state, rows.pop(), cycle=False) if rows else None

    return following


@cache
def _rows(model: Model, kit: str) -> tuple[tuple[int, ...], ...]:
    """Of the array, the cheapest last; of a state one level stands for what it will be."""
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
    return tuple(sorted(rows, key=lambda levels: -cost(model, kit, Trial(levels)).minutes))


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


PRODUCT = (
    "scheduler"  # by the steps of the product, and its hits are confirmed; the others make again what showed something
)
PLANS = {"regulation": regulation, "random": at_random, "pairwise": pairwise, PRODUCT: scheduled}
SUSPECTED, LINK = ("suspect", "proven"), "reference>register"
ANY = Ability(
    frozenset(), inline=True, remote=False, can_l=Decimal(0), price=Decimal(0)
)  # unread: `_Watched` makes every run


def _trial(model: Model, state: State, wanted: Mapping[str, str]) -> Trial:
    free = [factor.levels.index(wanted[factor.name]) if factor.name in wanted else 0 for factor in model.factors]
    return completed(model, state, free, cycle=False)


# ------------------------------------------------------------------------------------------------------------------ search


def searched(population: Population, i: int, kit: str, plan: str, minutes: float, seed: int) -> Found:
    """Runs of `plan` until the verdict is `suspect` or the budget is spent."""
    if plan == PRODUCT:
        return _by_the_product(population, i, kit, minutes, seed)
    model, site = population.model, Site(population, i, kit, seed)
    following = PLANS[plan](model, kit, seed * 1000 + i)
    state, spent, litres, runs = State(PHASE), 0.0, 0.0, 0
    again: list[Trial] = []  # what showed something is made again, and behind a power cut where one came before it
    while True:
        trial = (
            completed(model, state, again[-1].levels, again[-1].cycle)
            if again
            else following(state, Cost(minutes - spent, math.inf, 0))
        )
        if trial is None:
            return Found(None, litres, runs, None)
        own = cost(model, kit, trial)
        if spent + own.minutes > minutes:
            return Found(None, litres, runs, None)
        spent, litres, runs = spent + own.minutes, litres + own.quantity, runs + 1
        acted = site.run(trial, {"search": True})
        state = after(model, kit, state, trial)
        if acted and site.verdict().integrity in SUSPECTED:
            return Found(spent, litres, runs, None)
        if again:
            again.pop()
        elif site.showed():
            again = [trial, replace(trial, cycle=False)] if trial.cycle else [trial]


@dataclass
class _Watched:
    """A search by the steps of the product (harness/plans/trigger_search.py), every run proposed made: minutes and litres so far and until the
    verdict was `suspect` or more, and what would prove it."""

    site: Site
    kit: str
    state: State = field(default_factory=lambda: State(PHASE))
    spent: float = 0.0
    litres: float = 0.0
    found: Found | None = None
    known: Verdict | None = None
    acted: bool = False  # since the last verdict
    asked: list[Trial] = field(default_factory=list)  # runs of the confirmation that was told

    @property
    def model(self) -> Model:
        return self.site.population.model

    def run(self, can: Ability, run: Run) -> Generator[Step, Outcome, None]:
        """Makes it; a volume between the model's levels is made at the next above, as it is only asked for behind what is counted here."""
        trial = self.trial(run)
        own = cost(self.model, self.kit, trial)
        self.spent, self.litres = self.spent + own.minutes, self.litres + own.quantity
        self.acted |= self.site.run(trial, {"search": True})
        self.state = after(self.model, self.kit, self.state, trial)
        return
        yield

    def again(self, can: Ability, run: Run) -> Repeated:
        self.asked.append(self.trial(run))
        return Repeated(Decimal(run.asked))

    def trial(self, run: Run) -> Trial:
        levels = [factor.levels.index(run.levels[factor.name]) for factor in self.model.factors]
        return completed(self.model, self.state, levels, run.cycle)

    def judged(self) -> Outcome:
        """As harness/judging.py answers it; the verdict is asked again where a function acted since."""
        if self.acted or self.known is None:
            self.known, self.acted = self.site.verdict(), False
        told = self.site.history(self.known)
        if self.found is None and self.known.integrity in SUSPECTED:
            self.found = Found(self.spent, self.litres, len(self.site.trials), None)
        shown = [id for id in self.site.trials if id in told.showed or id in told.onsets]
        return {"errors": told.errors, "onsets": told.onsets, "shown": shown, "integrity": self.known.integrity}

    def target(self, compares: bool) -> str:
        """What a confirmation of what was found is registered for."""
        findings = () if self.known is None else self.known.findings
        link = next((one.link for one in findings if one.level in SUSPECTED), LINK)
        return f"{COMPARES if compares else BEGINS}:{link}"


def _by_the_product(population: Population, i: int, kit: str, minutes: float, seed: int) -> Found:
    """The search until a confirmation is told or the budget is spent; then that confirmation."""
    own = _Watched(Site(population, i, kit, seed), kit)
    family = Family(own.model, own.run, (), own.again)
    steps = trigger_search.search(ANY, family, kit, own.state)
    outcome: Outcome = {}
    try:
        step = next(steps)
        while True:
            match step:
                case Choose(key=trigger_search.MINUTES_KEY):
                    outcome = {"value": f"{minutes:.0f}"}
                case Choose() if own.asked:  # a confirmation was told: what follows narrows, and is not counted here
                    outcome = {"value": trigger_search.STOP}
                case Draw():
                    outcome = {"seed": f"{seed * 1000 + i:015x}"}
                case Judge():
                    outcome = own.judged()
                case Searched(confirm=confirm) if confirm:
                    return _confirmed(own, [str(one["half"]) for one in confirm])
                case _:
                    outcome = {}
            step = steps.send(outcome)
    except StopIteration:
        return own.found or Found(None, own.litres, len(own.site.trials), None)


def _confirmed(own: _Watched, halves: Sequence[str]) -> Found:
    """Of the deliveries that the search told, registered beforehand; proven counts where no more than CONFIRM_MIN lie between it and the
    suspicion."""
    target = own.target(any(halves))
    for one, half in zip(own.asked, halves, strict=True):
        trial = completed(own.model, own.state, one.levels, one.cycle)
        own.spent += cost(own.model, own.kit, trial).minutes
        own.site.run(trial, {"confirmation": 1, "confirms": target, **({"half": half} if half else {})})
        own.state = after(own.model, own.kit, own.state, trial)
    integrity = own.site.verdict((Registration(1, target, 0, True),)).integrity
    found = own.found
    if found is None:
        if integrity not in SUSPECTED:
            return Found(None, own.litres, len(own.site.trials), None)
        found = Found(own.spent, own.litres, len(own.site.trials), None)
    more = own.spent - found.suspect_min if found.suspect_min is not None else 0.0
    return replace(found, proven_min=more) if integrity == "proven" and more <= CONFIRM_MIN else found


def confirmed_by_pairs(site: Site, model: Model, kit: str, state: State, minutes: float) -> str:
    """The verdict behind a confirmation of the two runs that differ most, hit or not, as many pairs as the minutes allow."""
    errors = site.history(site.verdict()).errors
    ranked = sorted(site.trials, key=lambda id: errors[id])
    silent, shows = (replace(site.trials[id], cycle=False) for id in (ranked[0], ranked[-1]))
    each = cost(model, kit, silent).minutes + cost(model, kit, shows).minutes
    for _ in range(min(MOST_PAIRS, int(minutes / each))):
        for one, half in ((silent, SILENT), (shows, SHOWS)):
            trial = completed(model, state, one.levels, one.cycle)
            site.run(trial, {"confirmation": 1, "confirms": f"{COMPARES}:reference>register", "half": half})
            state = after(model, kit, state, trial)
    return str(site.verdict((Registration(1, f"{COMPARES}:reference>register", 0, True),)).integrity)
