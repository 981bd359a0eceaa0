"""One search at a taximeter against one hidden function: trips of an independent generator, the real judge in the loop.

The truth is a function drawn from a population (harness/search/population.py) at a place that is drawn too: it puts pulses on the line or gives
them out anew, or the sensor, the meter or the fare tells too much.  What is switched on stays on until its trip ends, until power is cut, or until
something else is worked.  Trips in which nothing acts are honest; they are made when the judge is asked, which is behind every run in which the
function acted: how often honest searches are accused is a figure of its own.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from benchmarks.generators_taxi import CONTROLS, Visit
from benchmarks.generators_taxi_cars import Taxi, drawn, profile
from benchmarks.generators_taxi_pulses import STEP_S, Drive, Floats, steady
from benchmarks.search_cases import PHASE
from benchmarks.taxi_search_plans import PLANS
from captures.model import Register
from harness.catalogue import cheats_of, load_causes, with_rules
from harness.editions import edition
from harness.families import FamilyTests, family_tests, speaks_alone
from harness.judge.contract import DetectorSpec, Reading, Segment, Verdict, View
from harness.judge.family import TAXIMETER
from harness.judge.verdict import judge
from harness.search.cost import Cost, State, Trial, after, completed, cost
from harness.search.model import ENDINGS, Model
from harness.search.narrow import factors_that_matter
from harness.search.population import Population
from harness.tariffs import tariff
from protocols.acceptance import Edition

OWN = (
    "benchmarks/taxi_searches.py", "benchmarks/taxi_search_plans.py", "benchmarks/search_taximeters.py", "benchmarks/generators_taxi.py", "benchmarks/generators_taxi_cars.py",
    "benchmarks/generators_taxi_pulses.py", "benchmarks/held_out.py", "benchmarks/search_cases.py", "harness/search",
)  # fmt: skip
EDITION = "jjg517-2016"
TAPS = {"K0": (), "K1": ("input",), "K2": ("sensor", "input")}
CONSTANTS = (620, 1000)  # K of meters in use; those of more pulses take longer to judge
TARIFFS = ("london-t1", "tokyo-2022")  # whose papers leave least open: judged quickly
LUMPS_M = (50.0, 100.0, 200.0)  # a working (taximeters.md 1: C03, C08, C27)
LUMP_KMH = 600.0  # as fast as an injector puts it in (C01)
STOP_S, LEGS = 120.0, 4  # readings at each: a law of single readings needs three that break it
SURVEYED_KM, SURVEYED_KMH = (1.0, 2.0), 60.0  # there and back along the stretch, no faster than it allows
MARKS = 10  # place of the marks among what a segment is made from
WORKED = ("control", "remote")  # factors whose levels switch something on that stays on
Dialogue = Generator[Trial, bool, None]  # runs behind a hit, each answered by whether it showed anything


@dataclass(frozen=True)
class Found:
    """Minutes and kilometres until the first verdict of `suspect` or more; None where it never came."""

    suspect_min: float | None
    km: float
    runs: int


@dataclass(frozen=True)
class Effect:
    """What a function does in one run: `gain` from `from_m` of the trip on, a lump of `lump_m` at each working of `control` in the watch."""

    place: str
    gain: float = 0.0
    from_m: float = 0.0
    lump_m: float = 0.0
    control: str = ""


NOTHING = Effect("")


class Hidden(Visit):
    """A visit to a taxi with a function; `effect`: what it does in the segment that is made next."""

    effect = NOTHING
    _first = 0
    _at_s: tuple[float, ...] = ()

    def _segment(self, *told: Any, **more: Any) -> None:
        marks = told[MARKS] if len(told) > MARKS else ()
        self._at_s = tuple(t + 0.5 * u for t, u, name in marks if name == self.effect.control)
        super()._segment(*told, **more)

    def _given(self, drive: Drive) -> Floats:
        if self.effect.place == "sensor":
            beyond = np.maximum(drive.vehicle_m - self.effect.from_m, 0.0)
            drive = replace(drive, wheel_m=drive.wheel_m + self.effect.gain * beyond)
            return self._with_lumps(super()._given(drive))
        return super()._given(drive)

    def _into(self, given: Floats, drive: Drive) -> Floats:
        taken, effect = super()._into(given, drive), self.effect
        times = np.arange(1, drive.vehicle_m.size + 1) * STEP_S
        passed = float(times[np.searchsorted(drive.vehicle_m, effect.from_m).clip(0, times.size - 1)])
        self._first = int(np.searchsorted(taken, passed))
        if effect.place == "line put in":
            own = taken[self._first :]
            places = np.arange(0, own.size - 1, max(round(1 / effect.gain), 1)) if effect.gain else np.zeros(0, int)
            taken = np.unique(np.concatenate([taken, (own[places] + own[places + 1]) / 2]))
        elif effect.place == "line given anew":
            taken = self._anew(taken)
        return self._with_lumps(taken) if effect.place.startswith("line") else taken

    def _anew(self, taken: Floats) -> Floats:
        """More pulses from the place on at which the function begins, as evenly as they came."""
        if not self.effect.gain or taken.size < self._first + 2:
            return taken
        count = np.arange(1, taken.size + 1)
        phase = count + self.effect.gain * np.maximum(count - self._first, 0)
        return np.asarray(np.interp(np.arange(1, int(phase[-1]) + 1), phase, taken), dtype=np.float64)

    def _with_lumps(self, pulses: Floats) -> Floats:
        per_m = self.taxi.k / 1000
        n = round(self.effect.lump_m * per_m)
        lumps = [at + np.arange(n) / (LUMP_KMH / 3.6 * per_m) for at in self._at_s] if n else []
        return np.asarray(np.unique(np.concatenate([pulses, *lumps])), dtype=np.float64)

    def _shown(self, taken: Floats, *told: Any) -> tuple[dict[str, Register], dict[str, Any]]:
        if self.effect.place not in ("meter", "fare"):
            return super()._shown(taken, *told)
        more = self._with_lumps(self._anew(taken))
        if self.effect.place == "meter":
            return super()._shown(more, *told)
        state, number = self._rng.bit_generator.state, self._number
        dearer, records = super()._shown(more, *told)
        self._rng.bit_generator.state, self._number = state, number
        found, context = super()._shown(taken, *told)
        found |= {name: register for name, register in dearer.items() if name.endswith("fare")}
        for own, other in zip(context.get("records", ()), records.get("records", ()), strict=True):
            own["amount"] = other["amount"]
        return found, context


class Truth:
    """Function `i` of a population at work: what it does in a run, given what was worked before."""

    def __init__(self, population: Population, i: int, place: str, rng: np.random.Generator) -> None:
        self._of, self._i, self._on, self.place = population, i, False, place
        model = population.model
        self._worked = [
            f for f, one in enumerate(model.factors) if one.name in WORKED and not population.permits[f][i, 0]
        ]
        self._control, self._lump_m = str(rng.choice(CONTROLS)), float(rng.choice(LUMPS_M))

    def effects(self, trial: Trial) -> tuple[Effect, Effect]:
        """(in the watch in which controls are worked, on the trip)."""
        population, model, i = self._of, self._of.model, self._i
        ending = ENDINGS[population.ends[i]]
        if trial.cycle and ending == "power":
            self._on = False
        names = {f: factor.name for f, factor in enumerate(model.factors)}
        pressed = trial.levels[model.index("remote")] > 0 or trial.levels[model.index("control")] > 0
        switched = bool(self._worked) and all(population.permits[f][i, trial.levels[f]] for f in self._worked)
        if switched:
            self._on = True
        elif pressed and ending == "key":
            self._on = False
        others = all(population.permits[f][i, level] for f, level in enumerate(trial.levels) if f not in self._worked)
        acts = others and (self._on or not self._worked)
        km = model.quantities[trial.levels[model.index(model.quantity)]] - population.above[i]
        # what its control does alone ends with the hire in which it was worked: the watch
        lump = acts and ending == "sale" and {names[f] for f in self._worked} == {"control"}
        if ending == "sale":
            self._on = False
        if lump:
            return Effect(self.place, lump_m=self._lump_m, control=self._control), NOTHING
        if not acts or km <= 0:
            return NOTHING, NOTHING
        return NOTHING, Effect(self.place, float(population.gain[i]), 1000 * float(population.above[i]))


@dataclass
class Site:
    """A taxi that hides function `i`, and the case that grows before it."""

    population: Population
    i: int
    kit: str
    seed: int
    places: Mapping[str, float]

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, self.i])
        names = sorted(self.places)
        shares = np.array([self.places[name] for name in names])
        place = str(rng.choice(names, p=shares / shares.sum()))
        self.truth = Truth(self.population, self.i, place, rng)
        self.taxi = _taxi(rng, self.kit)
        self.visit = Hidden(self.taxi, rng, bench=False)
        self.trials: list[Trial] = []
        self._waiting: list[tuple[Trial, str, Effect, Effect]] = []
        self._read: dict[tuple[str, str], list[Reading]] = {}
        self._cycles, self._profile = 0, with_rules(profile(self.taxi), _limits())

    def run(self, trial: Trial) -> bool:
        """Makes the run; whether the function acted in it."""
        self.trials.append(trial)
        watch, trip = self.truth.effects(trial)
        self._waiting.append((trial, f"Q{len(self.trials)}", watch, trip))
        return (watch, trip) != (NOTHING, NOTHING)

    def segments(self) -> list[Segment]:
        for trial, label, watch, trip in self._waiting:
            if trial.cycle:
                self.visit.dark()
                self._cycles += 1
            self._made(trial, label, watch, trip)
        self._waiting.clear()
        return self.visit.found

    def _made(self, trial: Trial, label: str, watch: Effect, trip: Effect) -> None:
        model, visit, rng = self.population.model, self.visit, np.random.default_rng([self.seed, self.i, len(label)])
        levels = {f.name: f.levels[n] for f, n in zip(model.factors, trial.levels, strict=True)}
        state = f"power-{self._cycles}"
        before = len(visit.found)
        if passes := model.factor("control").levels.index(levels["control"]):
            visit.effect = watch
            visit.stand(f"{label}w", 0, PHASE, state, hired=True, passes=passes)
        visit.effect = trip
        km, kmh = float(levels["distance"]), float(levels["speed"])
        surveyed = km in SURVEYED_KM and kmh <= SURVEYED_KMH
        n = LEGS
        legs = [steady(rng, 1000 * km / n, kmh, 1.5, 0.03) for _ in range(n)]
        if levels["stop"] == "yes":
            legs[0] = np.concatenate([legs[0], np.zeros(int(STOP_S / STEP_S))])
        visit.trip(label, legs, PHASE, state, "surveyed" if surveyed else "gnss")
        for at in range(before, len(visit.found)):
            one = visit.found[at]
            more: dict[str, Any] = {"search": True, "top_kmh": kmh}
            if levels["remote"] == "pressed" and one.id == label:
                more["events"] = (*one.context["events"], "press-remote")
            visit.found[at] = replace(one, context={**one.context, **more})

    def verdict(self) -> Verdict:
        limits = _limits()
        detectors = {name: self._remembering(spec) for name, spec in _tests().detectors.items()}
        return judge(
            self.segments(), self._profile, limits, cheats_of("taximeter"), load_causes("taximeter"), detectors, _tests().validations,
            instrument="T", status="complete", family=TAXIMETER,
        )  # fmt: skip

    def _remembering(self, spec: DetectorSpec) -> DetectorSpec:
        """What a test says of a segment alone it says but once: segments of a site never change."""
        if not spec.one_by_one:
            return spec

        def told(segments: Sequence[Segment], view: View) -> list[Reading]:
            for one in segments:
                if (spec.name, one.id) not in self._read:
                    self._read[spec.name, one.id] = list(spec.judge([one], view))
            return [reading for one in segments for reading in self._read[spec.name, one.id]]

        return replace(spec, judge=told)

    def showed(self, verdict: Verdict) -> bool:
        """Whether the last run is made again, as the product sees it (harness/judging.py)."""
        tests, every = _tests().detectors, self.segments()
        last = {f"Q{len(self.trials)}", f"Q{len(self.trials)}w"}
        told = any(
            one.hits
            and one.segment in last
            and (spec := tests[one.detector]).weight > 0
            and (speaks_alone(spec) or spec.name in TAXIMETER.alone)
            for one in verdict.readings
        )
        return told or TAXIMETER.shows(every[-1], every, _limits(), self._profile)


@cache
def _limits() -> Edition:
    return edition(EDITION)


@cache
def _tests() -> FamilyTests:
    return family_tests(_limits())


@cache
def _rule(name: str) -> Any:
    return tariff(name).first({}).rule


def _taxi(rng: np.random.Generator, kit: str) -> Taxi:
    """A taxi of the generator with papers that are complete, on a line and with the taps of that kit."""
    one = drawn(rng, bench=False)
    k, name = int(rng.choice(CONSTANTS)), str(rng.choice(TARIFFS))
    return replace(
        one, k=k, per_m=one.per_m * k / one.k, taps=TAPS[kit], both=True, tariff=name, rule=_rule(name), sure=kit != "K0", silent=frozenset(),
        receiver=True, plug=kit != "K0", linked=False, hour_known=True, resolution_km=Decimal("0.1"),
    )  # fmt: skip


def searched(
    population: Population, i: int, kit: str, plan: str, minutes: float, seed: int, places: Mapping[str, float]
) -> Found:
    """Runs of `plan` until the verdict is `suspect` or the budget is spent; what shows something is made again and narrowed, as the product
    does it (harness/plans/trigger_search.py)."""
    model, site = population.model, Site(population, i, kit, seed, places)
    following = PLANS[plan](model, kit, seed * 1000 + i)
    state, spent, km, runs = State(PHASE), 0.0, 0.0, 0
    dialogue: Dialogue | None = None
    trial = following(state, Cost(minutes, math.inf, 0))
    while trial is not None:
        trial = completed(model, state, trial.levels, trial.cycle)
        own = cost(model, kit, trial)
        if spent + own.minutes > minutes:
            break
        spent, km, runs = spent + own.minutes, km + own.quantity, runs + 1
        acted = site.run(trial)
        state = after(model, kit, state, trial)
        verdict = site.verdict() if acted else None
        if verdict is not None and verdict.integrity in ("suspect", "proven"):
            return Found(spent, km, runs)
        showed = verdict is not None and site.showed(verdict)
        if dialogue is None and showed:
            dialogue = _narrowed(model, trial)
            trial = next(dialogue)
            continue
        try:
            trial = (
                dialogue.send(showed) if dialogue is not None else following(state, Cost(minutes - spent, math.inf, 0))
            )
        except StopIteration:
            dialogue, trial = None, following(state, Cost(minutes - spent, math.inf, 0))
    return Found(None, km, runs)


def _narrowed(model: Model, hit: Trial) -> Dialogue:
    """The same again, behind a power cut too where one came before; then one factor after another put back, and what is left of it again."""
    for trial in (replace(hit, cycle=False), hit)[: 1 + hit.cycle]:
        if (yield trial):
            break
    else:
        return
    free = [n for n, factor in enumerate(model.factors) if not factor.state and factor.name != model.quantity]
    worked = [n for n in free if model.factors[n].needs[hit.levels[n]]]
    asks, plainest = factors_that_matter(hit.levels, model.plain, free, worked), hit
    try:
        levels = next(asks)
        while True:
            shows = yield Trial(levels)
            plainest = Trial(levels) if shows else plainest
            levels = asks.send(shows)
    except StopIteration:
        pass
    while True:
        yield replace(plainest, cycle=False)
