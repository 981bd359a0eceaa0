"""The search for what switches a function on, as steps: each run is proposed with its reason, decided by the officers, made, judged.

It comes last, after every scheduled test, because it may press, cut power and be stopped at will; what it shows is exploratory, and only fresh runs
on a budget of their own confirm it (statistics.md 5; `run --resume CASE --confirm`).  The hash of its seed is shown to the parties before the
first proposal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from fixtures.language import Sentence, mark
from fixtures.questions import NO_YES
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.order import HARMLESS
from harness.plans.proving import CONFIRM_MIN, History, against, likeliest_again, next_run
from harness.plans.repeated import Repeated, listed
from harness.search.confirming import idled
from harness.search.cost import Cost, State, Trial, after, completed, cost
from harness.search.coverage import coverage
from harness.search.model import Model
from harness.search.narrow import factors_that_matter, threshold
from harness.search.population import Population
from harness.search.scheduler import Scheduler
from harness.step import SEARCH, Choose, Commit, Confirm, Draw, Judge, Outcome, Plan, Purpose, Searched, Step

Steps = Generator[Step, Outcome, None]
Seen = Generator[Step, Outcome, bool]
MINUTES = ("30", "15", "60", "0")
MAKE, SKIP, STOP = "make", "skip", "stop"
DECIDE = (
    (MAKE, mark("make this run")),
    (SKIP, mark("leave out this run and propose another")),
    (STOP, mark("end the search")),
)
BUDGET = mark("Decision of the officers: for how many minutes is searched for what switches a function on")
BUDGETS = tuple((minutes, f"{minutes} min") for minutes in MINUTES)
MINUTES_KEY, LITRES_KEY = "search", "search_litres"
LITRES = mark("Decision of the officers: how much may be delivered in the search, returned to the tank afterwards")
FUEL = (("none", mark("as much as it takes")), ("60", "60 L"), ("120", "120 L"), ("250", "250 L"))
AT_HAND = mark("Is {what} at hand, so that it can be worked on record")
NEXT = mark("Next run {label}: {why}; {minutes} min are left, {seen} of the model would have shown by now")
WITHOUT = mark("Run {label} leaves out {what}: does it still show")
HALVED = mark("Run {label} asks {quantity} {unit}: on which side of it does it begin")
HANDLED = mark(
    "Both officers confirm: what is worked in this search writes, saves, calibrates and prices nothing and switches nothing but this instrument"
)
SAME = mark("Run {label} is the same again: does it show again")
AGAIN = mark("Run {label} is the same again: from where on does it act")
IDLE = mark("Run {label} is the same with nothing worked before it: does it still show")
TELLS = mark("Run {label} tells which deliveries would prove it, by {what}: does it show")
MOST_FURTHER = 4  # runs before a confirmation is told
WORTH_ENDING = 0.5  # a confirmation so likely to prove something ends a search that suspects nothing
ONSETS = 3  # runs whose onset is read inside them
RESOLUTION = 0.2  # of a threshold, in the unit of the quantity
MOST_RUNS = 40
WORTH = 0.001  # of the model: what shows less is not worth a run


@dataclass(frozen=True)
class Run:
    """One run of a search: `levels` by the factor's name, `asked` of the quantity."""

    label: str
    levels: dict[str, str]
    asked: str
    cycle: bool


@dataclass(frozen=True)
class Family:
    """How runs are made at an instrument of a family: the trigger `model`, the steps of one run, and levels that this bench cannot
    give, as (factor, level).  `again`: a run as a confirmation repeats it; None where none compares two settings.  `handled`: what the officers
    say of all that is worked."""

    model: Model
    run: Callable[[Ability, Run], Steps]
    beyond: tuple[tuple[str, str], ...]
    again: Callable[[Ability, Run], Repeated] | None = None
    handled: str = HANDLED


@dataclass
class _Search:
    can: Ability
    of: Family
    kit: str
    scheduler: Scheduler
    state: State
    left: Cost  # of the budget
    made: int = 0
    trials: list[Trial] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    history: History = field(default_factory=History)
    unavailable: set[tuple[int, int]] = field(default_factory=set)  # (factor, level) by number that nobody can give
    confirm: tuple[Repeated, ...] = ()  # what would prove what was shown
    stopped: bool = False  # the officers ended it

    @property
    def goes_on(self) -> bool:
        return self.left.minutes > 0 and self.left.quantity > 0 and self.made < MOST_RUNS

    @property
    def label(self) -> str:
        """Of the next run."""
        return f"Q{self.made + 1}"

    @cached_property
    def against(self) -> Population:
        """The functions that what was seen is held against."""
        return against(self.of.model, self.scheduler.seed)

    def likeliest(self, options: Sequence[tuple[str, Trial]]) -> tuple[str, Trial]:
        """Of runs that make a hit again."""
        return likeliest_again(self.history, self.against, self.kit, self.state, options, self.left.minutes)


def search(can: Ability, of: Family, kit: str, state: State) -> Plan:
    """The whole search, if the officers decide for one.  `state`: phase, and time and runs since power-up as the plan left them."""
    minutes = float((yield Choose(MINUTES_KEY, BUDGET, BUDGETS)).get("value", MINUTES[0]))
    if not minutes:
        return
    fuel = "none"
    if of.model.unit == "L":
        fuel = str((yield Choose(LITRES_KEY, LITRES, FUEL)).get("value", "none"))
    yield Commit()
    seed = str((yield Draw(("search",), 1)).get("seed", ""))
    yield Confirm(HARMLESS, of.handled)
    own = _Search(
        can,
        of,
        kit,
        Scheduler(of.model, kit, int(seed[:15] or "0", 16)),
        state,
        Cost(minutes, math.inf if fuel == "none" else float(fuel), 0),
    )
    own.scheduler.power = state.phase not in "ABCD"
    for factor, level in of.beyond:
        _refuse(own, factor, level)
    yield from _at_hand(own)
    yield Purpose(SEARCH)
    yield from _through(own)
    yield _covered(own)


def _through(own: _Search) -> Steps:
    """Run after run, until one shows something and is narrowed, or until the budget or the officers end it."""
    while own.goes_on:
        proposal = own.scheduler.propose(own.state, own.left)
        if proposal is None or proposal.worth < WORTH:
            return
        seen = max(0.0, 1 - own.scheduler.left)
        text = Sentence(
            NEXT,
            label=own.label,
            why=proposal.why(own.of.model),
            minutes=f"{own.left.minutes:.0f}",
            seen=f"{100 * seen:.0f} %",
        )
        decided = yield from _decided(own, text)
        if decided == STOP:
            return
        suspected, label = own.history.suspected, own.label
        if decided == SKIP:
            own.scheduler.skip(proposal.trial)
        elif not (yield from _made(own, proposal.trial)):
            own.scheduler.tell(proposal.trial)
        elif own.history.nothing_new(label):
            own.scheduler.skip(proposal.trial)
        else:
            # by this one run, which was judged beside others that raised none: the tests of its course ask for no second
            told = own.history.suspected and suspected is False
            again = True if told else (yield from _comes_again(own, proposal.trial))
            if again is None or (again and (yield from _is_it(own, proposal.trial))):
                return
            if again:  # it comes again and is no suspicion: others first
                own.scheduler.skip(proposal.trial)
                own.history.came_again(label)


def _is_it(own: _Search, hit: Trial) -> Generator[Step, Outcome, bool]:
    """Whether what came again ends the search: it is suspected, or a confirmation is likely to prove it; then it is narrowed."""
    if not (yield from _told_apart(own)):
        return own.stopped
    if own.confirm or own.history.suspected:
        yield from _narrowed(own, hit)
        return True
    return False


def _comes_again(own: _Search, hit: Trial) -> Generator[Step, Outcome, bool | None]:
    """The hit made again: the same; where power was cut before it, behind a power cut too; and where a confirmation compares settings, with nothing
    worked, which says whether it stays on.  The likeliest to show it for its minutes first, by the functions that remain: one run
    alone may be air, and two are what a suspicion needs.  None where the officers end the search."""
    options = [(SAME, replace(hit, cycle=False)), *([(SAME, hit)] if hit.cycle else [])]
    idle = idled(own.of.model, hit)
    if own.of.again is not None and idle.levels != hit.levels:
        options.append((IDLE, idle))
    while options and own.goes_on:
        template, trial = options[0] if own.of.again is None else own.likeliest(options)
        options.remove((template, trial))
        decided = yield from _decided(own, Sentence(template, label=own.label))
        if decided == STOP or (decided == SKIP and template == SAME):
            return None if decided == STOP else False
        if decided == MAKE and (yield from _made(own, completed(own.of.model, own.state, trial.levels, trial.cycle))):
            return True
    return False


def _told_apart(own: _Search) -> Generator[Step, Outcome, bool]:
    """Runs that tell which confirmation is likeliest to prove it, as many as leave time for it; False where the officers end the search."""
    if own.of.again is None:
        return True
    further, found, began = 0, None, own.left.minutes
    while True:
        rest = CONFIRM_MIN - (began - own.left.minutes)
        trial, found = next_run(
            own.history, own.against, own.kit, own.state, frozenset(own.unavailable), minutes=rest, further=rest
        )
        if trial is None or not own.goes_on or further == MOST_FURTHER:
            break
        text = Sentence(TELLS, label=own.label, what=own.of.model.differences(trial.levels, own.trials[-1].levels))
        if (yield from _decided(own, text)) != MAKE:
            return False
        yield from _made(own, trial)
        further += 1
    if found is not None and (own.history.suspected or found.share >= WORTH_ENDING):
        runs = ((_run(own, "", trial), half) for trial, half in found.runs)
        own.confirm = tuple(replace(own.of.again(own.can, run), half=half) for run, half in runs)
    return True


def _run(own: _Search, label: str, trial: Trial, asked: float | None = None) -> Run:
    model = own.of.model
    levels = {factor.name: factor.levels[level] for factor, level in zip(model.factors, trial.levels, strict=True)}
    quantity = levels.get(model.quantity, "") if asked is None else f"{asked:.2f}"
    return Run(label, levels, quantity, trial.cycle)


def _covered(own: _Search) -> Searched:
    """What the runs of the scheduler's own choice covered; those that narrowed a hit are among them."""
    model = own.of.model
    told = coverage(own.scheduler.drawn, own.trials, own.kit, own.state.phase)
    titles = {factor.name: factor.titles for factor in model.factors}
    shown = tuple((name, *titles.get(name, ("", "")), f"{share:.4f}", of) for name, share, of in told.shown)
    confirm = tuple(listed(own.confirm))
    grid = tuple((*titles[a], *titles[b], tried, there) for a, b, tried, there in told.grid)
    return Searched(
        model.id,
        model.verified,
        told.runs,
        told.pairs,
        told.triples,
        shown,
        tuple(own.refused),
        confirm,
        model.family,
        grid,
    )


def _refuse(own: _Search, factor: str, level: str) -> None:
    """Nobody can give it: never proposed, and told as not tried."""
    own.scheduler.refuse(factor, level)
    it = own.of.model.factor(factor)
    at = it.levels.index(level)
    own.unavailable.add((own.of.model.index(factor), at))
    own.refused.append((f"{it.titles[0]} {level}", f"{it.titles[1]} {it.levels_zh[at]}"))


def _at_hand(own: _Search) -> Steps:
    """A control that nobody holds cannot be worked, and stands in the coverage as not reached."""
    for factor in own.of.model.factors:
        for level, act in zip(factor.levels, factor.needs, strict=True):
            if act not in ("key", "remote") or (factor.name, level) in own.of.beyond:
                continue
            text = Sentence(AT_HAND, what=factor.named(factor.levels.index(level)))
            if (yield Choose(f"have_{factor.name}_{level.replace(' ', '_')}", text, NO_YES)).get(
                "value", "yes"
            ) != "yes":
                _refuse(own, factor.name, level)
            elif act == "remote":
                yield blocks.presser()


def _decided(own: _Search, text: Sentence) -> Generator[Step, Outcome, str]:
    decided = str((yield Choose(f"run_{own.label}", text, DECIDE)).get("value", MAKE))
    own.stopped = decided == STOP
    return decided


def _made(own: _Search, trial: Trial, asked: float | None = None) -> Seen:
    """Makes the run that is next; whether it shows anything."""
    model, label = own.of.model, own.label
    own.made += 1
    yield from own.of.run(own.can, _run(own, label, trial, asked))
    spent = cost(model, own.kit, trial)
    litres = spent.quantity if asked is None else asked
    own.left = Cost(own.left.minutes - spent.minutes, own.left.quantity - litres, 0)
    own.trials.append(trial)
    own.state = after(model, own.kit, own.state, trial)
    if asked is None:  # a quantity between the levels of the model says nothing about its functions
        own.history.trials[label] = trial
    own.history.judged((yield Judge()))
    return label in own.history.showed


def _narrowed(own: _Search, hit: Trial) -> Steps:
    """One factor at a time put back around the hit, then its threshold."""
    model = own.of.model
    free = [n for n, factor in enumerate(model.factors) if not factor.state and factor.name != model.quantity]
    worked = [n for n in free if model.factors[n].needs[hit.levels[n]]]
    asks, plainest = factors_that_matter(hit.levels, model.plain, free, worked), hit
    try:
        levels = next(asks)
        while own.made < MOST_RUNS:
            trial = Trial(levels)
            text = Sentence(WITHOUT, label=own.label, what=model.differences(levels, hit.levels))
            if (yield from _decided(own, text)) != MAKE:
                return
            shows = yield from _made(own, trial)
            plainest = trial if shows else plainest
            levels = asks.send(shows)
    except StopIteration:
        yield from _halved(own, plainest)


def _within(own: _Search, hit: Trial) -> Seen:
    """Whether runs tell by themselves from where on they act: then the same again, until ONSETS of them do."""
    if not own.history.onsets:
        return False
    while len(own.history.onsets) < ONSETS and own.made < MOST_RUNS:
        text = Sentence(AGAIN, label=own.label)
        if (yield from _decided(own, text)) != MAKE or not (yield from _made(own, hit)):
            break
    return True


def _halved(own: _Search, hit: Trial) -> Steps:
    """The quantity from which it acts: read inside the runs where they tell it, else by halves."""
    model = own.of.model
    if not model.quantity:
        return
    if (yield from _within(own, hit)):
        return
    acts, least = model.quantities[hit.levels[model.index(model.quantity)]], model.quantities[0]
    if acts <= least:
        return
    asks = threshold(least, acts, RESOLUTION)
    try:
        asked = next(asks)
        while own.made < MOST_RUNS:
            text = Sentence(HALVED, label=own.label, quantity=f"{asked:.2f}", unit=model.unit)
            if (yield from _decided(own, text)) != MAKE:
                return
            asked = asks.send((yield from _made(own, Trial(hit.levels), asked)))
    except StopIteration:
        return
