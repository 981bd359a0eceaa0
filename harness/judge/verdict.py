"""The judgement of one instrument: segments in, verdict out.  Nothing here reads a file, a clock or a bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from harness.judge.catalogue import CheatEntry
from harness.judge.causes import HonestCause
from harness.judge.conformity import HasLimits, conformity
from harness.judge.contract import (
    DetectorSpec,
    Finding,
    Integrity,
    Question,
    Reading,
    Segment,
    Status,
    Validation,
    Verdict,
    View,
)
from harness.judge.evidence import ALPHA, processes
from harness.judge.explain import account
from harness.judge.findings import GRAVITY, Case, finding
from harness.judge.merge import merged
from harness.judge.questions import questions


def read(
    segments: Sequence[Segment],
    profile: Mapping[str, Any],
    detectors: Mapping[str, DetectorSpec],
    validations: Mapping[str, Validation],
) -> list[Reading]:
    """Readings of every detector, by detector name; each in time order.  `validations` by "name/version"."""
    readings: list[Reading] = []
    for name, spec in sorted(detectors.items()):
        validation = validations.get(f"{name}/{spec.version}", Validation(0, 0))
        readings += spec.judge(segments, View(profile, spec.parameters, validation))
    return readings


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
) -> Verdict:
    """Judge one instrument's segments.

    `detectors` by name, `validations` by "name/version"; a detector without validation may speak but claims nothing
    (its e-values are one).  `alpha` is the false-accusation budget of the whole case,
    `share` what this instrument has of it where the case holds several.
    """
    ordered = sorted(segments, key=lambda segment: segment.window_ns)
    readings = read(ordered, profile, detectors, validations)
    all_processes = processes(readings, ordered, detectors, alpha * float(share))
    case = Case(instrument, ordered, readings, profile, catalogue, causes, detectors)
    raw = [found for process in all_processes if (found := finding(process, case)) is not None]
    findings = tuple(
        replace(found, account=account(found, readings, ordered, profile, detectors))
        for found in merged(raw, catalogue, detectors, readings, ordered)
    )
    coverage = questions(ordered, readings, Status(status))
    notes = [f"false-accusation budget of the case: alpha = {alpha:g}, that is {alpha * 1e5:g} in 10^5 honest cases"]
    if share != 1:
        notes.append(f"this instrument has {share} of it: alpha = {alpha * float(share):.3g}")
    unvalidated = sorted(n for n, spec in detectors.items() if f"{n}/{spec.version}" not in validations)
    if unvalidated:
        notes.append(f"without validation, hence without a claim: {', '.join(unvalidated)}")
    notes += [
        f"weight of {process.detector} over {process.link}: {process.weight:.4g}, threshold {process.proven_at:.3g}, "
        f"evidence {process.e:.3g}"
        for process in all_processes
    ]
    return Verdict(
        instrument=instrument,
        status=Status(status),
        conformity=conformity(ordered, profile, edition),
        integrity=integrity(findings, coverage),
        findings=findings,
        coverage=coverage,
        readings=tuple(readings),
        notes=tuple(notes),
        evidence=tuple(process.told() for process in all_processes),
    )
