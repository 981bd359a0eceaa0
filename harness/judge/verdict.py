"""The judgement of one instrument: segments in, verdict out.  Nothing here reads a file, a clock or a bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from harness.judge.catalogue import CheatEntry
from harness.judge.causes import HonestCause
from harness.judge.conformity import HasLimits
from harness.judge.contract import (
    Basis,
    Budget,
    DetectorSpec,
    Finding,
    Integrity,
    Question,
    Reading,
    Registration,
    Segment,
    Status,
    Validation,
    Verdict,
)
from harness.judge.evidence import ALPHA, DEEPEST, Process, counted_nowhere, levels, processes, registered
from harness.judge.explain import account, kind_of_test
from harness.judge.family import DISPENSER, Family
from harness.judge.findings import GRAVITY, Case, finding, made_anew
from harness.judge.likelihood import Propositions, likelihood
from harness.judge.merge import merged
from harness.judge.readings import read


def _account(
    found: Finding,
    readings: Sequence[Reading],
    segments: Sequence[Segment],
    profile: Mapping[str, Any],
    detectors: Mapping[str, DetectorSpec],
    validations: Mapping[str, Validation],
    pairs: Sequence[Propositions],
) -> Finding:
    """The finding with its account and the likelihood ratio that goes with it."""
    told = account(found, readings, segments, profile, detectors)
    name = found.detectors[0]
    cap = validations.get(f"{name}/{detectors[name].version}", Validation(0, 0)).cap
    kind = kind_of_test(found, readings, detectors)
    return replace(found, account=told, likelihood=likelihood(kind, told.honest, found.final, cap, profile, pairs))


def _budget(
    alpha: float, share: Fraction, all_processes: Sequence[Process], confirmations: Sequence[Registration]
) -> Budget:
    own = alpha * float(share)
    level_of = levels(confirmations)
    spent = sorted((one.k, one.target, own / 2 * 2.0 ** -min(level_of[one.k], DEEPEST)) for one in confirmations)
    pairs = sum(process.basis is Basis.PRESPECIFIED for process in all_processes)
    return Budget(alpha, str(share), own / 2, own / 2, pairs, tuple(spent))


def integrity(findings: Sequence[Finding], coverage: Sequence[Question]) -> Integrity:
    """The gravest of the findings; without one, inconclusive while a required question is open."""
    if findings:
        return max((found.level for found in findings), key=lambda level: GRAVITY[level])
    if any(question.required and not question.answered for question in coverage):
        return Integrity.INCONCLUSIVE
    return Integrity.NO_EVIDENCE


def judge(
    segments: Sequence[Segment],
    profile: Mapping[str, Any],
    edition: HasLimits,
    catalogue: Sequence[CheatEntry],
    causes: Sequence[HonestCause],
    detectors: Mapping[str, DetectorSpec],
    validations: Mapping[str, Validation],
    *,
    instrument: str,
    status: str,
    alpha: float = ALPHA,
    share: Fraction = Fraction(1),
    propositions: Sequence[Propositions] = (),
    registrations: Sequence[Registration] = (),
    family: Family = DISPENSER,
) -> Verdict:
    """Judge one instrument's segments.

    `detectors` by name, `validations` by "name/version"; a detector without validation may speak but claims nothing
    (its e-values are one at most) and has no share of alpha.  `alpha` is the false-accusation budget of the whole case,
    `share` what this instrument has of it where the case holds several.  `propositions`: the pairs that a likelihood ratio
    may weigh; without them none is given.  `registrations`: the confirmations that the journal holds, in their order.  `family`:
    how conformity is decided and what has to be answered.
    """
    ordered = sorted(segments, key=lambda segment: segment.window_ns)
    failed: dict[str, str] = {}
    readings = read(ordered, profile, detectors, validations, failed)
    unvalidated = sorted(n for n, s in detectors.items() if s.weight > 0 and f"{n}/{s.version}" not in validations)
    # what can claim nothing takes nothing from what can
    detectors = {n: replace(spec, weight=0.0) if n in unvalidated else spec for n, spec in detectors.items()}
    confirmations = registered(ordered, registrations)
    all_processes = processes(readings, ordered, detectors, alpha * float(share), registrations)
    case = Case(instrument, ordered, readings, profile, catalogue, causes, detectors)
    raw = [found for process in all_processes if (found := finding(process, case)) is not None]
    findings = tuple(
        _account(found, readings, ordered, profile, detectors, validations, propositions)
        for found in merged(raw, catalogue, detectors, readings, ordered)
    )
    coverage = family.questions(ordered, readings, Status(status))
    notes = [f"false-accusation budget of the case: alpha = {alpha:g}, that is {alpha * 1e5:g} in 10^5 honest cases"]
    if share != 1:
        notes.append(f"this instrument has {share} of it: alpha = {alpha * float(share):.3g}")
    notes += family.notes(ordered, profile)
    notes += counted_nowhere(ordered)
    notes += [made_anew(one.k, one.anew) for one in confirmations if one.anew]
    notes += [
        f"confirmation {one.k} did not come to its end: a test that compares its deliveries claims nothing"
        for one in confirmations
        if not one.done
    ]
    if unvalidated:
        notes.append(f"without validation, hence without a claim: {', '.join(unvalidated)}")
    notes += [f"detector {name} failed and says nothing: {why}" for name, why in failed.items()]
    notes += [
        f"weight of {process.detector} over {process.link}: {process.weight:.4g}, threshold {process.proven_at:.3g}, "
        f"evidence {process.e:.3g}"
        for process in all_processes
    ]
    return Verdict(
        instrument=instrument,
        status=Status(status),
        conformity=family.conformity(ordered, profile, edition),
        integrity=integrity(findings, coverage),
        findings=findings,
        coverage=coverage,
        readings=tuple(readings),
        notes=tuple(notes),
        evidence=tuple(process.told() for process in all_processes),
        budget=_budget(alpha, share, all_processes, confirmations),
    )
