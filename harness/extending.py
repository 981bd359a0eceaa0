"""What a complete case may be gone on with: which findings a confirmation can be asked of, and what it repeats.

Chosen from what the case shows so far, registered before anything fresh is delivered, and never chosen again: a number of
the confirmation series is taken by the registration, whatever becomes of the run.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from fixtures.bench import Bench
from fixtures.benchfile import BenchFile
from fixtures.language import Sentence, mark
from harness.changes import plan_record
from harness.enact import ability
from harness.families import speaks_alone
from harness.judge.contexts import SHARES
from harness.judge.contract import DetectorSpec
from harness.judge.evidence import CONTRASTS, proves_from
from harness.plans import PlanSpec
from harness.plans.dispenser_raid import Volumes
from harness.plans.extension import REMOTE, Extension, extended, recorded, steps
from harness.plans.order import dry_run
from harness.plans.repeated import MOST_WORKED, SHOWS, SILENT, WORDS, Repeated, read_one
from harness.plans.worked import plain, writes
from harness.replay import Replay, as_recorded, deed, differs
from harness.standing import Standing
from harness.step import CONFIRMATION, SEARCH, Cut, Plan

FAMILY = "dispenser"  # whose sales an extension knows to ask for again
FEWEST, MOST = 3, 4  # deliveries of a confirmation, or of each half of it where something is worked; different ones
# contrasts that need what only the first visit had: surprise, and the state before power was cut
GONE = frozenset({"knowledge", "state", "place"})
LIKE = 0.9  # of a word that was meant to be another: one letter of `remote` left out or too many
COMPARES = "gain-change"  # compares pairs of deliveries, of which each is made again with its partner
PAIRS = (3, 5)  # of a confirmation that compares, at least and at most: so many must show it for `proven`
BY_HAND = "event"  # the contrast of pairs that differ in what was worked


class ExtensionError(Exception):
    """The case cannot be gone on with in this way (exit 41)."""


@dataclass(frozen=True)
class Target:
    """`name` is "detector:link"."""

    name: str
    helps: bool  # a threshold not reached, or nothing seen afresh: what a confirmation of this case can bring


def _refused(template: str, **fields: object) -> ExtensionError:
    return ExtensionError(Sentence(template, **fields))


def extended_plan(plan: PlanSpec, extensions: Sequence[Extension]) -> PlanSpec:
    """`plan` gone on with by `extensions`; itself where there are none."""
    if not extensions:
        return plan
    return replace(plan, steps=lambda can: extended(plan.steps(can), can, extensions))


def targets(
    document: Mapping[str, Any], detectors: Mapping[str, DetectorSpec], *, planned: bool = False
) -> list[Target]:
    """What of a verdict fresh runs can prove: every test that shares in a finding below `proven`, the leading one first.  `planned`: a search
    told two settings to compare, whatever the readings so far compare.

    Tests that never prove (of a type of device, of an error alone, without weight) are none.
    """
    found: dict[str, Target] = {}
    for finding in document.get("findings", ()):
        if finding["level"] == "proven":
            continue
        conditions = finding["conditions"]
        helps = finding["basis"] == "exploratory" or not (
            conditions["threshold_crossed"] and conditions["reproduced_or_two_stations"]
        )
        helps = helps and conditions.get("honest_causes_excluded", True)  # no repetition excludes a lasting cause
        # a constant gain alone never proves; the pair of deliveries in which it is there and is not may
        tests = {*finding["detectors"], COMPARES}
        own = [one for one in document["evidence"] if one["detector"] in tests and one["link"] == finding["link"]]
        own.sort(key=lambda one: (one["detector"], one["link"]) != (finding["detectors"][0], finding["link"]))
        if planned:
            found.setdefault(f"{COMPARES}:{finding['link']}", Target(f"{COMPARES}:{finding['link']}", helps))
        for one in own:
            spec, name = detectors.get(one["detector"]), f"{one['detector']}:{one['link']}"
            if spec is None or spec.weight <= 0 or spec.device_type or spec.conformity_alone:
                continue
            if any(True for _ in _shown(document, name)):
                found.setdefault(name, Target(name, helps and _hindered(document, name) is None))
    if planned and not document.get("findings"):  # what came again raised no suspicion yet: the comparison may
        whole = [one["link"] for one in document["evidence"] if one["detector"] == COMPARES]
        for link in sorted((link for link in whole if link.startswith("reference>")), key=len)[:1]:
            found[f"{COMPARES}:{link}"] = Target(f"{COMPARES}:{link}", True)
    return list(found.values())


def _shown(document: Mapping[str, Any], target: str) -> Iterator[Mapping[str, Any]]:
    """The readings that show it."""
    for reading in document["readings"]:
        if f"{reading['detector']}:{reading['link']}" == target and reading["hits"] and reading["shape"] is not None:
            yield reading


def _labels(document: Mapping[str, Any], target: str) -> set[str]:
    """The segments that show it in a way that can be shown again."""
    shown = [one for one in _shown(document, target) if one["key"] not in GONE]
    return {label for one in shown for label in one["segment"].split("|")}


def _hindered(document: Mapping[str, Any], target: str) -> Sentence | None:
    """Why fresh deliveries of this case cannot show it again; None where they can."""
    labels = _labels(document, target)
    if not labels:
        text = mark(
            "{target} rests on a comparison with what is gone: covert purchases, or the state before power was cut; expected "
            "something that an overt delivery of this case can show again; begin a new case"
        )
        return Sentence(text, target=target)
    seen = [segment for segment in document["segments"] if segment["id"] in labels]
    if all(segment["context"].get("covert") for segment in seen):
        text = mark(
            "{target} was seen in covert purchases alone ({labels}), and this case is open now; expected something that an overt "
            "delivery shows; begin a new case with covert purchases"
        )
        return Sentence(text, target=target, labels=", ".join(sorted(labels)))
    return None


def confirmation(
    target: str, document: Mapping[str, Any], standing: Standing, file: BenchFile, detectors: Mapping[str, DetectorSpec]
) -> Extension:
    """The next confirmation, of `target`: what showed it, afresh and openly, at least FEWEST deliveries.

    Raises ExtensionError where the verdict `document` of the case does not hold that target, or nothing that showed it can
    be done again.
    """
    _extensible(file)
    planned = bool(_planned(standing))
    known = [one.name for one in targets(document, detectors, planned=planned)]
    meant = [one for one in known if plain(target) in (plain(one), plain(one.partition(":")[0]))]
    if target not in known and len(meant) != 1:
        listed = ", ".join(f"'{one}'" for one in known) or Sentence(mark("none"))
        text = mark(
            "expected --confirm with something that this case has found and not proven, got {target!r}; there are, each with its quotes "
            "around it: {listed}"
        )
        raise _refused(text, target=target, listed=listed)
    target = target if target in known else meant[0]
    compares = target.partition(":")[0] == COMPARES
    if not (compares and planned) and (why := _hindered(document, target)) is not None:
        raise ExtensionError(why)
    if compares:
        return _compared(target, document, standing)
    labels = _labels(document, target)
    hidden = {segment["id"] for segment in document["segments"] if segment["context"].get("covert")}
    repeats, worked = _as_before(standing, labels, hidden)
    if not repeats:
        raise _refused(mark("{target}: none of the deliveries that show it is on record as a step"), target=target)
    repeats *= -(-FEWEST // len(repeats))
    k = standing.next_confirmation
    if (why := _beyond(document, target, detectors[target.partition(":")[0]], len(repeats), k)) is not None:
        raise ExtensionError(why)
    return Extension(CONFIRMATION, k, repeats, worked, target)


def _compared(target: str, document: Mapping[str, Any], standing: Standing) -> Extension:
    """The next confirmation, of a test that compares: the runs that a search told for it, else the pair that showed it most clearly, as often
    as its threshold needs."""
    k = standing.next_confirmation
    if planned := _planned(standing):
        return Extension(CONFIRMATION, k, planned, (), target)
    shown = [one for one in _shown(document, target) if one["key"] in CONTRASTS and one["key"] not in GONE]
    hidden = {segment["id"] for segment in document["segments"] if segment["context"].get("covert")}
    shown = [one for one in shown if not hidden & set(one["segment"].split("|"))]
    best = max(shown, key=lambda one: float(one["e"]), default=None)
    reached, pairs = 0.0, PAIRS[0] - 1
    while best is not None and reached < proves_from(k) and pairs < PAIRS[1]:
        pairs += 1
        reached = max(float(best["e"]), 1.0) ** pairs
    if best is None or reached < proves_from(k):
        text = mark(
            "{target}: {pairs} pairs of deliveries that each show what the clearest one has shown reach e = {reached} at most, confirmation "
            "{k} proves from {threshold} on; begin a new case with more deliveries"
        )
        raise _refused(
            text, target=target, pairs=PAIRS[1], reached=f"{reached:.3g}", k=k, threshold=f"{proves_from(k):.3g}"
        )
    halves = [_as_before(standing, {label}, set()) for label in best["segment"].split("|")]
    if len(halves) != 2 or not all(deliveries for deliveries, _ in halves):
        raise _refused(mark("{target}: none of the deliveries that show it is on record as a step"), target=target)
    (against, before), (repeats, worked) = halves
    alike = bool(worked) and best["key"] != BY_HAND
    # silent on one power with it worked before: it does not stay on, or `against` would have shown it
    dark = bool(worked) and not alike and not before and _cut(standing)
    silent = replace(_without(repeats[0], against[0], best["key"]), half=SILENT, worked=worked if alike else ())
    shows = replace(repeats[0], half=SHOWS, worked=worked)
    turns = (
        (replace(silent, dark=dark), *(silent,) * (pairs - 1), *(shows,) * pairs) if dark else (silent, shows) * pairs
    )
    return Extension(CONFIRMATION, k, turns, (), target)


def _planned(standing: Standing) -> tuple[Repeated, ...]:
    """What the last search told to deliver for its confirmation, if it compares."""
    for one in reversed(standing.finished):
        if one.step["type"] == "Searched":
            found = tuple(map(read_one, one.step.get("confirm", ())))
            return found if any(each.half for each in found) else ()
    return ()


def _without(shows: Repeated, silent: Repeated, contrast: str) -> Repeated:
    """The delivery that showed it with the one thing put back that the pair is compared by: nothing else may differ."""
    match contrast:
        case "event":
            return shows
        case "preset":
            return replace(shows, amount=silent.amount)
        case "flow":
            return replace(shows, flow=silent.flow)
        case _:
            return silent


def _cut(standing: Standing) -> bool:
    """Whether the plan itself cut power, after the officers had decided so."""
    return any(one.step["type"] == "PowerCycle" for one in standing.finished)


def _beyond(document: Mapping[str, Any], target: str, spec: DetectorSpec, deliveries: int, k: int) -> Sentence | None:
    """Why so many deliveries cannot bring the target to its threshold, whatever they show: its number would be spent for nothing."""
    if not speaks_alone(spec) or any(one["key"] for one in _shown(document, target)):
        text = mark(
            "{target} compares deliveries with one another, and a confirmation holds too few of them to reach its threshold; expected a "
            "test that speaks of each delivery alone; begin a new case with more deliveries"
        )
        return Sentence(text, target=target)
    best = max(float(one["e"]) for one in _shown(document, target))
    reached = min(SHARES["all"] * max(best, 1.0) ** min(deliveries, 40), 1e300)
    if reached >= proves_from(k):
        return None
    text = mark(
        "{target}: {deliveries} deliveries that each show what the clearest one has shown reach e = {reached} at most, confirmation {k} "
        "proves from {threshold} on; begin a new case with more deliveries"
    )
    return Sentence(
        text, target=target, deliveries=deliveries, reached=f"{reached:.3g}", k=k, threshold=f"{proves_from(k):.3g}"
    )


def offers(
    document: Mapping[str, Any], standing: Standing, file: BenchFile, detectors: Mapping[str, DetectorSpec]
) -> list[Extension]:
    """For each finding the confirmation that its leading test can be asked for with a chance of success."""
    found: dict[str, Extension] = {}
    for findings in [[one] for one in document.get("findings", ())] or [[]]:
        for target in targets({**document, "findings": findings}, detectors, planned=bool(_planned(standing))):
            if not target.helps:
                continue
            try:
                one = confirmation(target.name, document, standing, file, detectors)
            except ExtensionError:
                continue
            found.setdefault(one.target, one)
            break
    return list(found.values())


def litres(extension: Extension) -> Decimal:
    """What a confirmation delivers in all."""
    return sum((one.volume_l for one in extension.repeats), Decimal(0)) * (2 if extension.worked else 1)


def search(worked: Sequence[str], standing: Standing, file: BenchFile) -> Extension:
    """A search: each of `worked` twice, with a small delivery after it.  Raises ExtensionError for what may not be worked."""
    _extensible(file)
    if len(worked) > MOST_WORKED:
        raise _refused(
            mark("expected at most {most} things in one search, got {got}"), most=MOST_WORKED, got=len(worked)
        )
    roles = {plain(role) for role in file.roles}
    by_model = file.instruments[file.roles["operate"]].links.values()
    simulated = any(file.links[link].url.startswith("sim:") for link in by_model)
    for what in worked:
        if WORDS.fullmatch(what) is None:
            text = mark("expected --search with a few words or a code (letters, digits, + * # . -), got {what!r}")
            raise _refused(text, what=what)
        if not plain(what) or writes(what) or (plain(what) in roles and plain(what) != REMOTE):
            text = mark("expected --search with something that writes nothing and switches no power, got {what!r}")
            raise _refused(text, what=what)
        if plain(what) == REMOTE and not ability(file).remote:
            text = mark(
                "expected --search remote on a bench with the role remote, {where} has none: nobody can press it"
            )
            raise _refused(text, where=file.where)
        if plain(what) != REMOTE and difflib.get_close_matches(plain(what), [REMOTE], 1, LIKE):
            raise _refused(
                mark("expected --search with what is to be worked, got {what!r}; did you mean remote?"), what=what
            )
        if plain(what) != REMOTE and simulated:
            text = mark("expected --search remote, got {what!r}: a simulated operator works nothing else")
            raise _refused(text, what=what)
    number = 1 + sum(one.kind == SEARCH for one in standing.extensions)
    small = Repeated(Decimal(Volumes.on(ability(file)).small))
    named = tuple(REMOTE if plain(what) == REMOTE else what for what in worked)
    return Extension(SEARCH, number, (small,), named)


def _extensible(file: BenchFile) -> None:
    if file.site is not None or file.family != FAMILY:
        if file.site is not None:
            text = mark(
                "{where}: expected a case of one fuel dispenser, got a site; search and confirm in a new case of one instrument"
            )
            raise _refused(text, where=file.where)
        text = mark(
            "{where}: expected a case of one fuel dispenser, got a {family}: only its deliveries can be asked for again; begin a new case "
            "with the whole plan"
        )
        raise _refused(text, where=file.where, family=file.family)


def _as_before(standing: Standing, labels: set[str], hidden: set[str]) -> tuple[tuple[Repeated, ...], tuple[str, ...]]:
    """Deliveries `labels` as they were asked, different ones once, those that were not `hidden` first, and what had been worked
    last before most of them: power that was cut since has undone it."""
    overt: dict[Repeated, None] = {}
    covert: dict[Repeated, None] = {}
    pressed: list[str] = []
    worked: Counter[tuple[str, ...]] = Counter()
    for one in standing.finished:
        step = one.step
        match step["type"]:
            case "PowerCycle":
                pressed = []
            case "Press":
                pressed.append(str(step["what"]))
            case "Deliver" | "Shut" if step["label"] in labels:
                (covert if step["label"] in hidden else overt)[_repeated(step)] = None
                worked[tuple(pressed[-1:])] += 1
            case _:
                pass
    most = worked.most_common(1)
    return tuple(overt | covert)[:MOST], most[0][0] if most else ()


def _repeated(step: Mapping[str, Any]) -> Repeated:
    if step["type"] == "Shut":
        return Repeated(shut_s=int(step["seconds"]))
    amount, press_at = step.get("amount"), step.get("press_at_l")
    return Repeated(
        Decimal(step["volume_l"]),
        None if amount is None else Decimal(amount),
        str(step["flow"]),
        None if press_at is None else Decimal(press_at),
    )


def check_end(case: object, standing: Standing, *, further: bool) -> None:
    """ExtensionError where a run that has come to its end is gone on with for nothing, or one that has not for more."""
    if standing.status == "complete" and not further:
        text = mark(
            "{case}: this run is complete, nothing is left to do; expected --confirm or --search, which go on with it, or a new case "
            "for another run"
        )
        raise _refused(text, case=case)
    if standing.status != "complete" and further:
        text = mark(
            "{case}: expected a complete run, got one that was cut or stopped; go on with it first: run --resume {case}"
        )
        raise _refused(text, case=case)


def refuse_redone(standing: Standing, plan: Callable[[], Plan]) -> None:
    """ExtensionError where `plan` would do a step again, or one more, of a run that has come to its end: what was seen then must
    not choose what is measured, so nothing takes such a difference on record."""
    if standing.status != "complete" and not standing.extensions:
        return
    replay = Replay(plan)
    odd = replay.follow(standing.finished)
    number = None if odd is None else odd.n
    if odd is None and standing.cut is not None and (replay.step is None or differs(replay.step, standing.cut[1])):
        number = standing.cut[0]
    if odd is None and standing.status == "complete" and replay.step is not None:
        number = replay.number
    if number is None and standing.extensions_planned:
        planned = [deed(json.loads(line)) for line in standing.extensions_planned]
        now = [deed(as_recorded(step)) for step in dry_run(plan())[-len(planned) :]]
        number = None if now == planned else replay.number
    if number is not None:
        text = mark(
            "step {number} of the plan is not the one on record, and this run had come to its end: what was seen by then must not "
            "choose what is measured; expected the plan as it was (only version and bench text may differ), or a new case"
        )
        raise _refused(text, number=number)


def register(bench: Bench, extension: Extension) -> None:
    """The extension in the journal, and on the disk, before its first step: what it is of, its number, all it will do."""
    lines = plan_record(dry_run(steps(ability(bench.file), extension)))
    bench.recorder.entry("extension", t_ns=bench.now_ns(), **recorded(extension), **lines)
    bench.recorder.sync()


@dataclass(frozen=True)
class GivenUp:
    """The last extension ends at step `n` of the run, `extension.kept` of its own steps done; `why` in the operator's words."""

    extension: Extension
    n: int
    why: str

    def enter(self, bench: Bench) -> None:
        """Into the journal, on the disk before anything is done after it."""
        lines = plan_record(dry_run(steps(ability(bench.file), self.extension)))
        one = self.extension
        bench.recorder.entry(
            "given-up", t_ns=bench.now_ns(), n=self.n, of=one.kind, number=one.number, kept=one.kept, why=self.why, **lines
        )  # fmt: skip
        bench.recorder.sync()


def given_up(standing: Standing, plan: PlanSpec, file: BenchFile, why: str) -> GivenUp | None:
    """What becomes of the extension that a run was cut in: with `why` the officers give it up; without, a confirmation ends
    where a delivery of it was begun and not finished, because who makes it anew has chosen by what he saw.  None: it goes on.

    Raises ExtensionError where `why` is given and no extension is under way.
    """
    last = standing.extensions[-1] if standing.extensions else None
    if last is None or last.kept is not None or standing.status == "complete":
        if why:
            raise _refused(mark("expected --give-up while a search or confirmation is under way, there is none"))
        return None
    before = Replay(lambda: extended_plan(plan, standing.extensions[:-1]).steps(ability(file)))
    before.follow(standing.finished)
    now = Replay(lambda: extended_plan(plan, standing.extensions).steps(ability(file)))
    now.follow(standing.finished)
    cut = standing.cut is not None and now.step is not None and now.step.cut is Cut.RESTART
    if not why:
        if last.kind != CONFIRMATION or not (cut or now.begins_anew):
            return None
        text = mark("confirmation {k} ends here: a delivery of it was cut, and none is made twice")
        why = Sentence(text, k=last.number)
    n = now.goes_on_at()
    return GivenUp(replace(last, kept=n - before.number), n, why)
