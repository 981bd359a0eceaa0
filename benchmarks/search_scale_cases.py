"""One search at a price scale against one hidden function: weighings of an independent generator, the real judge in the loop.

The truth is a function drawn from a population (harness/search/population.py), with what it does after it was switched on: until the goods are
taken off, until power is cut, until another key.  Of a group of keys one, drawn for each function, is the key.  The verdict is not asked after
weighings in which it does not act: how often honest searches are accused is a figure of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.generators_scale import Run, drawn, profile
from benchmarks.search_cases import PHASE, Following, at_random, pairwise, scheduled
from harness.catalogue import cheats_of, load_causes, with_rules
from harness.editions import edition
from harness.families import FamilyTests, family_tests
from harness.judge.contract import Registration, Verdict
from harness.judge.errors_of_weighing import shows
from harness.judge.family import family
from harness.judge.verdict import judge
from harness.plans.price_scale_search import FRESH, TURNS
from harness.plans.trigger_search import RESOLUTION
from harness.search.cost import Cost, State, Trial, after, allowed, choices, completed, cost
from harness.search.model import ENDINGS, Model
from harness.search.narrow import factors_that_matter, threshold
from harness.search.population import Population
from protocols.acceptance import Edition

EDITION = "jjg539-2016"
OWN = (
    "benchmarks/search_scale_cases.py",
    "benchmarks/held_out.py",
    "benchmarks/search_cases.py",
    "benchmarks/generators_scale.py",
    "harness/search",
)  # what a search here runs beside the product
LEAST_MAX_KG = 15.0  # of the scales: the model's loads lie within
# keys of each group as a keypad has them, those alone whose own work leaves the weight as it is
GROUPS = {
    "memory keys": ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8"),
    "digit keys": ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
    "other keys": ("add", "total", "change", "print", "light"),
}
TYPED = ("1", "7", "6", "3")
STILL = "none"  # level of the factor keys
BEFORE = {
    "zero": "not pressed",
    "price": "as found",
    "remote": "not pressed",
}  # worked over the empty pan, and what leaves them alone
GRAVITY = ("no_evidence", "inconclusive", "suspect", "proven")
CONFIRMED_RUNS = 10
LOOKED = 8  # of runs that seem like any other one in so many is looked at; evidence counts at its highest so far, so little is lost between
PRESS_MIN = 0.08  # one more key with its reading


@dataclass(frozen=True)
class Found:
    """Minutes until the first verdict of `suspect` or more, None where it never came, the runs made, and the minutes until the first
    run that was seen to be off and was made again."""

    suspect_min: float | None
    runs: int
    shown_min: float | None


@dataclass(frozen=True)
class Course:
    """Whether the function acts before any key over the load, and after each of `keys`; `in_other`: readings in the other unit."""

    keys: tuple[str, ...]
    acts: tuple[bool, ...]
    in_other: frozenset[int]


class Truth:
    """Function `i` of a population at work, given what was worked before; `place`: which key of its group it waits for."""

    def __init__(self, population: Population, i: int, rng: np.random.Generator) -> None:
        self._of, self._i, self._on = population, i, False
        self._ends = ENDINGS[population.ends[i]]
        model = population.model
        self._worked = [
            f for f, factor in enumerate(model.factors) if any(factor.needs) and not population.permits[f][i, 0]
        ]
        self._names = {model.factors[f].name for f in self._worked}
        self._place = float(rng.random())

    def courses(self, trial: Trial, asked_kg: float) -> list[Course]:
        """What it does over the loads of one run, whose acts come in the order: power, zero key, price, code or remote, load, keys, unit."""
        population, model, i = self._of, self._of.model, self._i
        levels = {factor.name: factor.levels[n] for factor, n in zip(model.factors, trial.levels, strict=True)}
        group = GROUPS.get(levels["keys"], ())
        others = self._at(asked_kg) and all(
            population.permits[f][i, n]
            for f, n in enumerate(trial.levels)
            if f not in self._worked and f != model.index(model.quantity)
        )
        meets = bool(self._worked) and all(population.permits[f][i, trial.levels[f]] for f in self._worked)
        # its key comes when the load lies there, or a level of its own comes with the unit key
        mine = group[int(self._place * len(group))] if group and "keys" in self._names else ""
        in_other = meets and "unit" in self._names
        if trial.cycle:
            self._on &= self._ends != "power"
        if any(levels[name] != plain for name, plain in BEFORE.items()) or (levels["keys"] != STILL and not group):
            self._pressed(False)
        self._on = self._on or (meets and not mine and not in_other)
        acts, keys = [self._acts(others)], list[str]()

        def press(key: str) -> bool:
            """Whether what is shown moves."""
            self._pressed(key == mine and meets and not in_other)
            keys.append(key)
            acts.append(self._acts(others))
            return acts[-1] != acts[-2]

        stays = ""
        for key in group:
            if not press(key):
                continue
            # in turn with another, as long as it moves each time, as the plan does it (harness/plans/price_scale_search.py)
            other, turns, stays = next(one for one in group if one != key), 0, key
            while turns < TURNS and press(other) and press(key):
                turns += 1
            if turns:
                stays = ""
                break
        told = frozenset[int]()
        if levels["unit"] == "other":
            told = frozenset({len(keys) + 1})
            press("unit")
            acts[-1] = acts[-1] or (in_other and others)
            press("unit")
        found = [Course(tuple(keys), tuple(acts), told)]
        for _ in range(FRESH if stays else 0):  # the load put on afresh, that key alone
            self._on = self._on and self._ends != "sale"
            acts, keys = [self._acts(others)], list[str]()
            press(stays)
            found.append(Course(tuple(keys), tuple(acts), frozenset()))
        self._on = self._on and self._ends != "sale"
        return found

    def _pressed(self, switches: bool) -> None:
        """Any key of the keypad, or the remote."""
        self._on = (self._on and self._ends != "key") or switches

    def _acts(self, others: bool) -> bool:
        return others and (self._on or not self._worked)

    def _at(self, asked_kg: float) -> bool:
        """Whether it acts at a load; between two levels as its threshold and its window say, which round masses have no part in."""
        model = self._of.model
        quantities, own = model.quantities, self._of.permits[model.index(model.quantity)][self._i]
        if asked_kg in quantities:
            return bool(own[quantities.index(asked_kg)])
        first, last = int(np.argmax(own)), len(own) - 1 - int(np.argmax(own[::-1]))
        above = quantities[first - 1] if first else 0.0
        return above < asked_kg and (last == len(own) - 1 or asked_kg < quantities[last + 1])


class Stall:
    """A scale that hides function `i`, and the case that grows before it.  Kit K0 is read by eye, any other hears its line as well."""

    def __init__(self, population: Population, i: int, kit: str, seed: int) -> None:
        self.population, self.i, self.kit = population, i, kit
        self.rng = np.random.default_rng([seed, i])
        chain = drawn(self.rng, truck=False)
        while float(chain.intervals[-1][0]) < LEAST_MAX_KG:
            chain = drawn(self.rng, truck=False)
        self._zero_kg = chain.zero_kg
        self.weighings = Run(replace(chain, wired=kit != "K0"), self.rng)
        self.truth = Truth(population, i, self.rng)
        self.profile = with_rules(profile(chain), _limits())
        self._n = self._dark = 0

    def run(self, trial: Trial, context: dict[str, Any], asked_kg: float | None = None) -> tuple[bool, float]:
        """Makes the run as the plan does; whether the function acted in it, and the minutes that what moved took beyond its cost."""
        model, own = self.population.model, self.weighings
        levels = {factor.name: factor.levels[n] for factor, n in zip(model.factors, trial.levels, strict=True)}
        if trial.cycle:
            self._dark += 1
            own.dark()
        asked = float(levels["load"]) if asked_kg is None else asked_kg
        first, *fresh = self.truth.courses(trial, asked)
        self._n += 1
        state, label = f"power-{self._dark}", self.label
        self._settled()
        keys = levels["keys"]
        pressed = (
            *(("zero",) if levels["zero"] == "pressed" else ()),
            *(TYPED if levels["price"] == "typed" else ()),
            *(() if keys == STILL or keys in GROUPS else keys.split()),
            *(("remote",) if levels["remote"] == "pressed" else ()),
        )
        own.load(f"{label}z", 0, PHASE, state, keys=pressed, told=context)
        self._weighed(label, asked, first, state, context)
        if first.in_other:
            last = own.found[-1]
            times = last.registers["display"].times_ns.tolist()
            units = tuple((t, "jin" if n in first.in_other else "kg") for n, t in enumerate(times))
            own.found[-1] = replace(last, context={**last.context, "unit_of": units, "units": ("jin", "kg")})
        self.main = own.found[-1]
        for again, course in enumerate(fresh, 1):
            self._settled()
            own.load(f"{label}.{again}z", 0, PHASE, state, told=context)
            self._weighed(f"{label}.{again}", asked, course, state, context)
        planned = len(GROUPS.get(keys, ())) + 2 * len(first.in_other)
        more = (max(0, len(first.keys) - planned) + len(fresh)) * PRESS_MIN
        more += len(fresh) * self.population.model.kit(self.kit).minutes
        return any(any(course.acts) for course in (first, *fresh)), more

    def _weighed(self, label: str, asked: float, course: Course, state: str, context: dict[str, Any]) -> None:
        gain = float(self.population.gain[self.i])
        gains = [gain * acts for acts in course.acts]
        self.weighings.load(
            label, asked, PHASE, state, keys=course.keys, told=context, gains=gains, in_jin=course.in_other
        )

    @property
    def label(self) -> str:
        """Of the last weighing of a load."""
        return f"Q{self._n}"

    def _settled(self) -> None:
        """Zero tracking, which every price scale has: what drifted since is taken off while the pan is empty."""
        own = self.weighings
        drifted = own.chain.drift_kg_h * own.now_ns / 1e9 / 3600
        own.chain = replace(own.chain, zero_kg=self._zero_kg - drifted)

    def showed(self) -> bool:
        """Whether the last run was off so far that it is made again."""
        return shows(self.main, self.profile)

    def verdict(self, registrations: Sequence[Registration] = ()) -> Verdict:
        limits, tests = _limits(), _tests()
        return judge(
            self.weighings.found, self.profile, limits, cheats_of("price-scale"), load_causes(limits.family), tests.detectors,
            tests.validations, instrument="I", status="complete", family=family(limits.family),
            registrations=registrations,
        )  # fmt: skip


@cache
def _limits() -> Edition:
    return edition(EDITION)


@cache
def _tests() -> FamilyTests:
    return family_tests(_limits())


def regulation(model: Model, kit: str, seed: int) -> Following:
    """JJG 539, weighing test: round loads up and down, again and again, no key touched."""
    up = [model.factor("load").levels.index(one) for one in ("1.00", "2.00", "5.00", "10.00")]
    loads, number, at = [*up, *reversed(up)], 0, model.index("load")

    def following(state: State, left: Cost) -> Trial | None:
        nonlocal number
        free = [loads[number % len(loads)] if f == at else 0 for f in range(len(model.factors))]
        number += 1
        return completed(model, state, free, cycle=False)

    return following


PLANS = {"regulation": regulation, "random": at_random, "pairwise": pairwise, "scheduler": scheduled}


class _Spent(Exception):
    """The budget ends here."""


@dataclass
class _Search:
    stall: Stall
    kit: str
    minutes: float
    state: State
    spent: float = 0.0
    runs: int = 0
    shown_min: float | None = None
    looks: bool = (
        False  # the verdict is asked after every run that seems off and every few others, and nothing ends with it
    )
    gravest: int = 0
    made_of: dict[str, Trial] = field(default_factory=dict)  # segment -> its run, in order

    def made(self, levels: Sequence[int], cycle: bool = False, asked_kg: float | None = None) -> bool:
        """One run; whether it was seen to be off.  Raises _Spent beyond the budget, _Suspected where the verdict says so."""
        model = self.stall.population.model
        trial = completed(model, self.state, levels, cycle)
        own = cost(model, self.kit, trial)
        if self.spent + own.minutes > self.minutes:
            raise _Spent
        self.spent, self.runs = self.spent + own.minutes, self.runs + 1
        acted, more = self.stall.run(trial, {"search": True}, asked_kg)
        self.spent += more
        self.state = after(model, self.kit, self.state, trial)
        self.made_of[self.stall.label] = trial
        showed = self.stall.showed()
        if showed and self.shown_min is None:
            self.shown_min = self.spent
        if self.looks and (showed or self.runs % LOOKED == 0):
            self.gravest = max(self.gravest, GRAVITY.index(self.stall.verdict().integrity))
        elif acted and not self.looks and self.stall.verdict().integrity in ("suspect", "proven"):
            raise _Suspected
        return showed


class _Suspected(Exception):
    """The verdict is `suspect` or more."""


def searched(population: Population, i: int, kit: str, plan: str, minutes: float, seed: int) -> Found:
    """Runs of `plan` until the verdict is `suspect` or the budget is spent; what showed something is made again and narrowed, as the
    product does it (harness/plans/trigger_search.py).  A function that waits for what no run may have is found by none, unsearched."""
    if not _reachable(population, i):
        return Found(None, 0, None)
    own = _Search(Stall(population, i, kit, seed), kit, minutes, State(PHASE))
    try:
        _through(own, PLANS[plan](population.model, kit, seed * 1000 + i), plan != "regulation", plan == "scheduler")
    except _Spent:
        pass
    except _Suspected:
        return Found(own.spent, own.runs, own.shown_min)
    return Found(None, own.runs, own.shown_min)


def _reachable(population: Population, i: int) -> bool:
    may = choices(population.model, allowed(population.model, PHASE))
    return all(own[i, levels].any() for own, levels in zip(population.permits, may, strict=True))


def honest(population: Population, kit: str, minutes: float, seed: int) -> dict[str, Any]:
    """A search by the scheduler on a scale that hides nothing: `runs`, `integrity`: the gravest verdict after any that was looked at, `confirmed`:
    the verdict behind a registered confirmation of the test that spoke loudest, with the run that it spoke of.  A search that was
    narrowed goes on: whoever stops at will stops where most is seen."""
    own = _Search(Stall(population, 0, kit, seed), kit, minutes, State(PHASE), looks=True)
    with suppress(_Spent):
        _through(own, PLANS["scheduler"](population.model, kit, seed), narrows=True, ends=False)
    spoke = [one for one in own.stall.verdict().readings if one.hits]
    loudest = max(spoke, key=lambda one: one.e, default=None)
    target = "load-gain:load>display" if loudest is None else f"{loudest.detector}:{loudest.link}"
    trial = own.made_of.get(loudest.segment.split("|")[-1] if loudest else "", list(own.made_of.values())[-1])
    for _ in range(CONFIRMED_RUNS):
        again = completed(population.model, own.state, trial.levels, cycle=False)
        own.stall.run(again, {"confirmation": 1, "confirms": target})
        own.state = after(population.model, kit, own.state, again)
    verdict = own.stall.verdict((Registration(1, target, 0, True),))
    return {"runs": own.runs, "integrity": GRAVITY[own.gravest], "confirmed": str(verdict.integrity), "loudest": target}


def _through(own: _Search, following: Following, narrows: bool, ends: bool) -> None:
    """Run after run until the budget ends; a hit that came again is narrowed, and `ends` there, as the product's search does.  Raises what
    `made` raises."""
    model = own.stall.population.model
    while (trial := following(own.state, Cost(own.minutes - own.spent, math.inf, 0))) is not None:
        if not own.made(trial.levels, trial.cycle):
            continue
        if own.made(trial.levels) or (trial.cycle and own.made(trial.levels, cycle=True)):
            if narrows:
                _narrowed(own, model, trial)
            if ends:
                return


def _narrowed(own: _Search, model: Model, hit: Trial) -> None:
    """One factor at a time put back; then the load in halves."""
    free = [n for n, factor in enumerate(model.factors) if not factor.state and factor.name != model.quantity]
    worked = [n for n in free if model.factors[n].needs[hit.levels[n]]]
    asks, plainest = factors_that_matter(hit.levels, (0,) * len(hit.levels), free, worked), hit.levels
    try:
        levels = next(asks)
        while True:
            shows_still = own.made(levels)
            plainest = levels if shows_still else plainest
            levels = asks.send(shows_still)
    except StopIteration:
        pass
    least, acts = model.quantities[0], model.quantities[hit.levels[model.index(model.quantity)]]
    if acts <= least:
        return
    halves = threshold(least, acts, RESOLUTION)
    try:
        asked = next(halves)
        while True:
            asked = halves.send(own.made(plainest, asked_kg=asked))
    except StopIteration:
        return
