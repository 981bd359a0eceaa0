"""The judgement of what is stored, from journal or recording alone: where derivation and judge meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from captures.case import Case, verify_case, write_derived
from captures.formats import read
from captures.journal import Follower
from captures.model import Capture
from captures.verify import require_as_sealed
from harness.acceptance.protocol import protocol
from harness.catalogue import cheats_of, load_causes, with_rules
from harness.derive import Recorded, read_recorded, segments
from harness.derive.foreign import Declaration, foreign_segments
from harness.derive.history import history
from harness.derive.parts import registrations
from harness.derive.recorded import Taken
from harness.derive.site import by_instrument
from harness.editions import edition, edition_of
from harness.families import family_tests, speaks_alone
from harness.identity import identity
from harness.imported import imports, is_case, is_run, refuse_results
from harness.judge.contract import Reading, Registration, Segment, Verdict
from harness.judge.errors_of_indication import error_of_indication, errors_of_parts
from harness.judge.evidence import ALPHA
from harness.judge.family import family
from harness.judge.overdue import KEY as OVERDUE
from harness.judge.readings import read as read_detectors
from harness.judge.verdict import judge
from harness.metrology.decision import Rule
from harness.propositions import default_scale, load_propositions, on_scale
from harness.registered import tests_changed
from harness.remembered import Memory
from harness.report.document import as_json_bytes, plain, verdict_document
from harness.site import judge_site, screened
from harness.standards import overdue_stations, with_standards
from harness.step import WATCH, Outcome
from protocols.acceptance import Edition


def judge_path(path: Path) -> Mapping[str, Any]:
    """The verdict document of a case folder, or of a capture file of which nothing is declared."""
    if not is_case(path):
        return judge_recording(read(path), path.name, Declaration())
    case = Case.open(path)
    if case.sealed:
        require_as_sealed(path)
    report = verify_case(path)
    refuse_results(case)
    if not report.originals or is_run(case):
        return judge_case(case)
    recordings = imports(case)
    found = [segment for recording in recordings for segment in recording.segments()]
    profile = {key: value for recording in recordings for key, value in recording.declared.profile.items()}
    names = ", ".join(recording.name for recording in recordings)
    return _judged(found, profile, edition("jjg443-2023"), names, "complete", "")


def judge_recording(capture: Capture, name: str, declared: Declaration) -> Mapping[str, Any]:
    """The verdict document of a recording made elsewhere, with what is declared of it.

    Where no channel is declared to be a station no law of the chain was asked anything: that nothing was found answers nothing.
    """
    found = foreign_segments(capture, name, declared)
    document = _judged(found, declared.profile, edition("jjg443-2023"), name, "complete", "")
    unasked = not declared.stations and document["integrity"] == "no_evidence"
    return {**document, "integrity": "inconclusive"} if unasked else document


def judge_case(case: Case) -> Mapping[str, Any]:
    """Judge a recorded run from its journal alone and store the verdict under data/derived, unless the case is sealed."""
    document = judge_journal(case.journal)
    if not case.sealed:
        write_derived(case, "verdict.json", as_json_bytes(document))
    return {**document, "case": str(case.path)}


def judge_journal(journal: Path) -> Mapping[str, Any]:
    """The verdict document of what journal folder `journal` holds so far, whether its run has ended or not."""
    return judge_recorded(read_recorded(journal))


def judge_recorded(
    recorded: Recorded, found: Sequence[Segment] | None = None, memory: Memory | None = None
) -> Mapping[str, Any]:
    """The verdict document of what was recorded; `found`: its segments, where they were derived before.

    `memory`, where it is judged again and again, changes what it costs and not what it says.
    """
    if memory is not None:
        memory.begin()
    if recorded.bench.site is not None:
        document = judge_site(recorded, partial(_judge_one, recorded, memory=memory))
        return with_standards({**document, "history": history(recorded)}, recorded)
    own = segments(recorded) if found is None else found
    return with_standards(_judge_one(recorded, recorded, own, Fraction(1), memory), recorded)


def so_far(journal: Path, under_test: str) -> Outcome:
    """What a `Judge` step is answered with: which volume showed most at instrument `under_test`, or of a site in which
    order its instruments ask for the full plan."""
    return SoFar(journal).answer(under_test)


class SoFar:
    """`so_far` of a journal that goes on: asked again, it reads what is new, and what a detector said of a segment stands."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._begin()

    def _begin(self) -> None:
        self._follower, self._taken, self._memory = Follower(self._journal), Taken(self._journal), Memory()

    def answer(self, under_test: str) -> Outcome:
        """A judgement that fails must not cost the raid its power cycle."""
        try:
            for line in self._follower.take():
                self._taken.take(line)
            recorded = self._taken.recorded()
            bench = recorded.bench
            if bench.site is None:
                own = segments(recorded)
                return {"most_l": _showed_most(own, bench.profile), **_searched(recorded, own, self._memory)}
            if under_test in (views := by_instrument(recorded)):
                profile = bench.under_test(under_test).profile
                return {"most_l": _showed_most(segments(views[under_test]), profile)}
            return {"order": screened(recorded, _readings, float(edition_of(bench).limit("mpe").value))}
        except Exception as error:  # journalled with the outcome; the plan goes on with its usual volume
            self._begin()  # what raised it was taken half
            return {"failed": f"{type(error).__name__}: {error}"}


def _searched(recorded: Recorded, found: Sequence[Segment], memory: Memory) -> Outcome:
    """Of a search: which of its runs show anything, so that it goes on there; the verdict itself is another matter."""
    runs = [segment for segment in found if segment.context.get("search")]
    if not runs:
        return {}
    limits = edition_of(recorded.bench)
    profile, own = with_rules(recorded.bench.profile, limits), family(limits.family)
    tests = family_tests(limits).detectors
    memory.begin()
    bench, late = recorded.bench, overdue_stations(recorded, recorded.bench)
    verdict = _judgement(
        found, {**bench.profile, OVERDUE: late} if late else bench.profile, limits, bench.instrument_id, recorded.status,
        memory=memory, confirmations=registrations(recorded), kind=bench.family,
    )  # fmt: skip
    told = [
        one
        for one in verdict.readings
        if one.hits and (spec := tests.get(one.detector)) is not None and spec.weight > 0
        and (speaks_alone(spec) or spec.name in own.alone)
    ]  # fmt: skip
    hit = {one.segment for one in told}
    hit |= {segment.id for segment in runs if own.shows(segment, found, limits, profile)}
    onsets = {one.segment: plain(one.at["onset_l"]) for one in told if "onset_l" in one.at}
    shown = [segment.id for segment in runs if segment.id in hit]
    return {
        # a watch in which something was worked belongs to the run behind it
        "shown": list(dict.fromkeys(name for id in shown for name in (id, id.partition(WATCH)[0]))),
        "onsets": onsets,
        "integrity": str(verdict.integrity),
        "errors": {one.id: error for one in runs if (error := error_of_indication(one, profile)) is not None},
    }


def _judge_one(
    whole: Recorded, recorded: Recorded, found: Sequence[Segment], share: Fraction, memory: Memory | None = None
) -> Mapping[str, Any]:
    """The verdict document of one instrument, with its `share` of the case's alpha and what stands beside its verdict; `whole`: the run it
    is part of."""
    late, said = overdue_stations(whole, recorded.bench), identity(recorded)
    document = _verdict(recorded, found, late, share, memory)
    tested = protocol(recorded, found, document["readings"], Rule(recorded.bench.decision_rule), late)
    changed = tests_changed(whole.header, family_tests(edition_of(recorded.bench)))
    return {
        **document, "notes": [*document["notes"], *changed], "history": history(recorded, found), **({OVERDUE: list(late)} if late else {}), **({"identity": said} if said else {}),
        **({"protocol": tested, "conformity": _both(tested["decision"], document["conformity"])} if tested else {}),
    }  # fmt: skip


def _both(tested: str, seen: str) -> str:
    """Conformity by the tests of the edition; what passes them and was seen to err in other deliveries of the run is undecided."""
    return "inconclusive" if tested == "pass" and seen == "fail" else tested


def _verdict(
    recorded: Recorded,
    found: Sequence[Segment],
    late: Sequence[str],
    share: Fraction = Fraction(1),
    memory: Memory | None = None,
) -> Mapping[str, Any]:
    """What is judged of one instrument; `late`: its stations with an overdue standard."""
    bench = recorded.bench
    return _judged(
        found,
        {**bench.profile, OVERDUE: late} if late else bench.profile,
        edition_of(bench),
        bench.instrument_id,
        recorded.status,
        recorded.why,
        bench.kit,
        share,
        memory,
        registrations(recorded),
        bench.family,
    )


def _readings(recorded: Recorded, found: Sequence[Segment]) -> Sequence[Reading]:
    tests = family_tests(edition_of(recorded.bench))
    return read_detectors(
        found, with_rules(recorded.bench.profile, edition_of(recorded.bench)), tests.detectors, tests.validations
    )


def tap_segments(path: Path) -> list[Segment]:
    """A foreign recording as single taps: one segment a channel that moves, with no plan behind it."""
    return foreign_segments(read(path), path.name, Declaration())


def _judged(
    found: Sequence[Segment],
    profile: Mapping[str, Any],
    limits: Edition,
    instrument: str,
    status: str,
    why: str,
    kit: str = "",
    share: Fraction = Fraction(1),
    memory: Memory | None = None,
    confirmations: Sequence[Registration] = (),
    kind: str = "dispenser",
) -> Mapping[str, Any]:
    verdict = _judgement(found, profile, limits, instrument, status, share, memory, confirmations, kind)
    return on_scale(
        verdict_document(
            verdict,
            limits,
            found,
            why=why,
            kit=kit,
            quantity=family(limits.family).quantity(profile),
            profile=with_rules(profile, limits),
        ),
        default_scale(),
    )


def _judgement(
    found: Sequence[Segment],
    profile: Mapping[str, Any],
    limits: Edition,
    instrument: str,
    status: str,
    share: Fraction = Fraction(1),
    memory: Memory | None = None,
    confirmations: Sequence[Registration] = (),
    kind: str = "dispenser",
) -> Verdict:
    tests = family_tests(limits)
    return judge(
        found,
        with_rules(profile, limits),
        limits,
        cheats_of(kind),
        load_causes(limits.family),
        tests.detectors if memory is None else memory.detectors(tests.detectors),
        tests.validations,
        instrument=instrument,
        status=status,
        alpha=ALPHA,
        share=share,
        propositions=load_propositions(),
        registrations=confirmations,
        family=family(limits.family),
    )


def _showed_most(found: Sequence[Segment], profile: Mapping[str, Any]) -> str:
    """The asked volume of the delivery, whole or in parts, whose display stands furthest from its reference, so that it
    is repeated; empty where nothing was measured."""
    worst, most = 0.0, ""
    for segment in found:
        whole = error_of_indication(segment, profile)
        errors = [*([] if whole is None else [whole]), *errors_of_parts(segment)]
        if errors and max(map(abs, errors)) > worst:
            worst, most = max(map(abs, errors)), str(segment.context.get("asked_l", most))
    return most
