"""What a complete case may be gone on with: which findings a confirmation can be asked of, and what it repeats.

Chosen from what the case shows so far, registered before anything fresh is delivered, and never chosen again: a number of
the confirmation series is taken by the registration, whatever becomes of the run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from fixtures.bench import Bench
from fixtures.benchfile import BenchFile
from fixtures.language import Sentence, mark
from harness.changes import plan_record
from harness.enact import ability
from harness.judge.contract import DetectorSpec
from harness.plans import PlanSpec
from harness.plans.dispenser_raid import Volumes
from harness.plans.extension import CONFIRMATION, REMOTE, SEARCH, Extension, Repeated, extended, recorded, steps
from harness.plans.order import NEVER_PRESSED, dry_run
from harness.standing import Standing

FAMILY = "dispenser"  # whose sales an extension knows to ask for again
FEWEST, MOST = 3, 4  # deliveries of a confirmation, or of each half of it where something is worked; different ones
MOST_WORKED = 12  # of one search
WORDS = re.compile(r"[^\W_][\w +*#.-]{0,39}")
# contrasts that need what only the first visit had: surprise, and the state before power was cut
GONE = frozenset({"knowledge", "state", "place"})


class ExtensionError(Exception):
    """The case cannot be gone on with in this way (exit 41)."""


@dataclass(frozen=True)
class Target:
    """`name` is "detector:link"; `level` and `lacks` are those of the finding it belongs to."""

    name: str
    level: str
    helps: bool  # a threshold not reached, or nothing seen afresh: what a confirmation of this case can bring


def _refused(template: str, **fields: object) -> ExtensionError:
    return ExtensionError(Sentence(template, **fields))


def extended_plan(plan: PlanSpec, extensions: Sequence[Extension]) -> PlanSpec:
    """`plan` gone on with by `extensions`; itself where there are none."""
    if not extensions:
        return plan
    return replace(plan, steps=lambda can: extended(plan.steps(can), can, extensions))


def targets(document: Mapping[str, Any], detectors: Mapping[str, DetectorSpec]) -> list[Target]:
    """What of a verdict fresh runs can prove: every test that shares in a finding below `proven`, the leading one first.

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
        own = [one for one in document["evidence"] if one["detector"] in finding["detectors"]]
        own.sort(key=lambda one: (one["detector"], one["link"]) != (finding["detectors"][0], finding["link"]))
        for one in own:
            spec, name = detectors.get(one["detector"]), f"{one['detector']}:{one['link']}"
            if spec is None or spec.weight <= 0 or spec.device_type or spec.conformity_alone:
                continue
            if any(True for _ in _shown(document, name)):
                found.setdefault(name, Target(name, finding["level"], helps and _hindered(document, name) is None))
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
    known = [one.name for one in targets(document, detectors)]
    if target not in known:
        listed = ", ".join(known) or Sentence(mark("none"))
        text = mark(
            "expected --confirm with something that this case has found and not proven, got {target!r}; there are: {listed}"
        )
        raise _refused(text, target=target, listed=listed)
    if (why := _hindered(document, target)) is not None:
        raise ExtensionError(why)
    labels = _labels(document, target)
    repeats, worked = _as_before(standing, labels)
    if not repeats:
        raise _refused(mark("{target}: none of the deliveries that show it is on record as a step"), target=target)
    repeats *= -(-FEWEST // len(repeats))
    k = 1 + max((one.number for one in standing.extensions if one.kind == CONFIRMATION), default=0)
    return Extension(CONFIRMATION, k, repeats, worked, target)


def search(worked: Sequence[str], standing: Standing, file: BenchFile) -> Extension:
    """A search: each of `worked` twice, with a small delivery after it.  Raises ExtensionError for what may not be worked."""
    _extensible(file)
    if len(worked) > MOST_WORKED:
        raise _refused(
            mark("expected at most {most} things in one search, got {got}"), most=MOST_WORKED, got=len(worked)
        )
    for what in worked:
        if WORDS.fullmatch(what) is None:
            text = mark("expected --search with a few words or a code (letters, digits, + * # . -), got {what!r}")
            raise _refused(text, what=what)
        if what.lower() in NEVER_PRESSED or (what in file.roles and what != REMOTE):
            text = mark("expected --search with something that writes nothing and switches no power, got {what!r}")
            raise _refused(text, what=what)
        if what == REMOTE and not ability(file).remote:
            text = mark(
                "expected --search remote on a bench with the role remote, {where} has none: nobody can press it"
            )
            raise _refused(text, where=file.where)
    number = 1 + sum(one.kind == SEARCH for one in standing.extensions)
    small = Repeated(Decimal(Volumes.on(ability(file)).small))
    return Extension(SEARCH, number, (small,), tuple(worked))


def _extensible(file: BenchFile) -> None:
    if file.site is not None or file.family != FAMILY:
        text = mark(
            "{where}: expected a case of one fuel dispenser, got {got}; search and confirm in a new case of one instrument"
        )
        got = Sentence(mark("a site")) if file.site is not None else file.family
        raise _refused(text, where=file.where, got=got)


def _as_before(standing: Standing, labels: set[str]) -> tuple[tuple[Repeated, ...], tuple[str, ...]]:
    """Deliveries `labels` as they were asked, different ones once, and what had been worked last before most of them: power
    that was cut since has undone it."""
    repeats: dict[Repeated, None] = {}
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
                repeats[_repeated(step)] = None
                worked[tuple(pressed[-1:])] += 1
            case _:
                pass
    most = worked.most_common(1)
    return tuple(repeats)[:MOST], most[0][0] if most else ()


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


def register(bench: Bench, extension: Extension) -> None:
    """The extension in the journal, and on the disk, before its first step: what it is of, its number, all it will do."""
    lines = plan_record(dry_run(steps(ability(bench.file), extension)))
    bench.recorder.entry("extension", t_ns=bench.now_ns(), **recorded(extension), **lines)
    bench.recorder.sync()
