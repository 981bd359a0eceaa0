"""What deliveries after the end of a plan may claim: only what was registered, on levels of its own, of their own visit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from captures.errors import IntegrityError
from harness.derive.history import history
from harness.derive.parts import registrations, told
from harness.derive.segments import segments as derived
from harness.derive.spans import standing
from harness.judge.contract import (
    Basis,
    Integrity,
    Link,
    Reading,
    Registration,
    Segment,
    SegmentKind,
    Shape,
    Validation,
)
from harness.judge.evidence import budgets, counted_nowhere, levels, processes
from harness.judge.findings import RESEALED, made_anew
from harness.judge.laws import restart
from harness.judge.readings import read
from harness.report.evidence import budget_lines
from tests.harness.test_judge_evidence import TARGET, hit, marked, spec, tampered, tried
from tests.harness.test_judge_verdict import only
from tests.harness.test_judge_visit_laws import PROFILE, sale
from tests.harness.test_parts import SALE, recorded

__all__ = ["tampered"]  # a fixture
LINK = Link("encoder", "board")


# ------------------------------------------------------------------------------------------------- what was registered


def deliver(label: str, n: int = 0) -> dict[str, Any]:
    return {"kind": "step", "n": n, "t_ns": n * 10, "step": {**SALE, "label": label}}


def ended(n: int = 0) -> dict[str, Any]:
    return {"kind": "outcome", "n": n, "t_ns": n * 10 + 5, "value": {}}


def purpose(of: str = "confirmation", k: Any = 1, target: str = TARGET) -> dict[str, Any]:
    return {"type": "Purpose", "of": of, "k": k, "target": target}


CONFIRMED = purpose()
SEARCHED = purpose("search", 0, "")


def extension(*labels: str, step: Mapping[str, Any] = CONFIRMED, number: Any = 1, **more: Any) -> dict[str, Any]:
    steps = [step, *({**SALE, "label": label} for label in labels)]
    return {
        "kind": "extension", "t_ns": 1, "of": step["of"], "number": number, "target": step["target"], "worked": [],
        "repeats": [], "dry_run": [json.dumps(one) for one in steps], "dry_run_sha256": "", **more,
    }  # fmt: skip


def aim(step: Mapping[str, Any] = CONFIRMED) -> dict[str, Any]:
    return {"kind": "step", "n": 0, "t_ns": 2, "step": step}


def inquired(key: str, value: str) -> list[dict[str, Any]]:
    return [
        {"kind": "step", "n": 0, "t_ns": 3, "step": {"type": "Inquire", "key": key}},
        {"kind": "outcome", "n": 0, "t_ns": 3, "value": {"value": value}},
    ]


def purposes(*bodies: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {part.label: part.purpose for part in told(recorded(*bodies)).parts}


NOBODY = {"unregistered": True}


def test_a_delivery_is_of_a_confirmation_only_as_far_as_it_was_registered() -> None:
    own = {"confirmation": 1, "confirms": TARGET}
    assert purposes(deliver("B1"), extension("K1"), aim(), deliver("K1")) == {"B1": {}, "K1": own}
    # nothing at all was registered; another number; another target; a step that was not; once too often; before its Purpose
    assert purposes(aim(), deliver("K1"))["K1"] == NOBODY
    assert purposes(extension("K1"), aim(purpose(k=2)), deliver("K1"))["K1"] == NOBODY
    assert purposes(extension("K1"), aim(purpose(target="split:encoder>board")), deliver("K1"))["K1"] == NOBODY
    assert purposes(extension("K1"), aim(), deliver("K1"), deliver("K2")) == {"K1": own, "K2": NOBODY}
    twice = told(recorded(extension("K1"), aim(), deliver("K1"), deliver("K1"))).parts
    assert [part.purpose for part in twice] == [own, NOBODY]
    assert purposes(extension("K1"), deliver("K1"))["K1"] == NOBODY


def test_a_number_that_was_spent_registers_nothing() -> None:
    again = purposes(extension("K1"), aim(), deliver("K1"), extension("K2"), aim(), deliver("K2"))
    assert again["K2"] == NOBODY
    tale = told(recorded(extension(number=3, step=purpose(k=3)), extension(number=2, step=purpose(k=2))))
    assert [one.k for one in tale.registrations] == [3]


def test_a_search_is_registered_after_the_end_or_part_of_the_plan() -> None:
    assert purposes(extension("T1", step=SEARCHED), aim(SEARCHED), deliver("T1"))["T1"] == {"search": True}
    assert purposes(aim(SEARCHED), deliver("T1"))["T1"] == {"search": True}
    confirmed = purposes(extension("K1"), aim(SEARCHED), deliver("K1"))
    assert confirmed["K1"] == NOBODY, "behind a registration nothing else is a search"


def test_what_is_behind_a_purpose_of_no_known_kind_never_comes_back_to_the_scheduled_tests() -> None:
    for odd in (purpose("proof"), purpose("", 0, "")):
        with pytest.raises(IntegrityError, match="expected search or confirmation"):
            purposes(extension("T1", step=SEARCHED), aim(SEARCHED), deliver("T1"), aim(odd), deliver("T2"))
    none = purposes(extension("K1", step=purpose(k=0)), aim(purpose(k=0)), deliver("K1"))
    assert none == {"K1": NOBODY}


@pytest.mark.parametrize(
    "odd",
    [{"number": 0}, {"number": True}, {"number": 1.9}, {"number": float("inf")}, {"of": "proof"}, {"target": None}, {"target": "x"}, {"dry_run": ["{"]}],
)  # fmt: skip
def test_a_registration_that_a_run_does_not_write_is_named(odd: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=r"0001\.jsonl:2"):
        told(recorded(extension("K1", **odd)))


def test_a_journal_line_that_is_no_number_is_named_in_its_history_too() -> None:
    with pytest.raises(IntegrityError, match=r"0001\.jsonl:2"):
        history(recorded(extension("K1", number=float("inf"))))


def test_what_nobody_registered_spends_from_no_budget() -> None:
    row = [plain("B1"), plain("K1", unregistered=True), plain("K2", confirmation=0, confirms="d:encoder>board")]
    assert budgets(row) == {"B1": "", "K1": "none", "K2": "none"}
    assert counted_nowhere(row) == ["registered by nobody before it was done, counts nowhere: K1, K2"]


def test_a_registered_confirmation_is_spent_whatever_became_of_it(tampered: list[Segment]) -> None:
    found = tried(*tampered[:7], registrations=[Registration(1, TARGET, done=False), Registration(2, TARGET)])
    assert found.budget is not None
    assert found.budget.spent == ((1, TARGET, 0.25e-4), (2, TARGET, 0.125e-4))
    assert any("confirmation 1 did not come to its end" in note for note in found.notes)
    document = {
        "budget": {"pairs": 1, "scheduled": 5e-5, "confirmations": 5e-5, "spent": [[1, TARGET, 2.5e-5]]},
        "evidence": [{"basis": "prespecified", "proven_at": 1e5, "k": 0}],
    }
    assert "registered; nothing of it could be judged" in "\n".join(budget_lines(document))


# ------------------------------------------------------------------------------------- deliveries that were made anew


def plain(id: str, i: int = 0, **context: Any) -> Segment:
    return Segment(id, SegmentKind.DELIVERY, "C", "s1", (i, i + 1), context)


def cut_and_made_anew(*cuts: str) -> list[dict[str, Any]]:
    """K1, K2 and K3 of confirmation 1; each of `cuts` is begun twice."""
    labels = ["K1", "K2", "K3"]
    bodies = [extension(*labels), aim()]
    for n, label in enumerate(labels, 1):
        bodies += [deliver(label, n)] * (1 + cuts.count(label)) + [ended(n)]
    return bodies


def standing_of(bodies: list[dict[str, Any]]) -> Any:
    record = recorded(*bodies)
    return replace(record, entries=standing(record.entries))


def test_deliveries_that_a_later_attempt_superseded_are_counted() -> None:
    tale = told(standing_of(cut_and_made_anew("K2", "K2", "K3")))
    assert [(part.label, part.purpose.get("anew", 0)) for part in tale.parts] == [("K1", 0), ("K2", 2), ("K3", 3)]
    assert tale.registrations == (Registration(1, TARGET, anew=3, done=True),)
    assert registrations(standing_of(cut_and_made_anew())) == (Registration(1, TARGET),)
    cut = cut_and_made_anew()[:-1]
    assert registrations(standing_of(cut)) == (Registration(1, TARGET, done=False),)
    given_up = [*cut, {"kind": "given-up", "n": 3, "why": "rain"}, deliver("K3", 4)]
    tale = told(standing_of(given_up))
    assert tale.registrations == (Registration(1, TARGET, anew=1, done=False),)
    assert tale.parts[-1].purpose == NOBODY
    told_of = history(standing_of(given_up))["extensions"]
    assert [one["given_up"]["why"] for one in told_of] == ["rain"]


def test_each_attempt_has_a_level_that_no_other_has() -> None:
    again = [Registration(1, TARGET, anew=2), Registration(2, TARGET), Registration(9, TARGET, anew=1)]
    assert levels(again) == {1: 3, 2: 4, 9: 10}
    assert levels([Registration(k, TARGET) for k in (1, 2, 3)]) == {1: 1, 2: 2, 3: 3}


def test_who_makes_a_delivery_anew_pays_for_it_and_keeps_nothing_from_before() -> None:
    own = {"confirmation": 1, "confirms": f"d:{LINK}"}
    row = [plain("B1", 0), plain("K1", 1, **own), plain("K2", 2, **own, anew=1), plain("K3", 3, **own, anew=1)]
    readings = [hit(one.id, 1000.0) for one in row]
    assert budgets(row) == {"B1": "", "K1": "none", "K2": "1", "K3": "1"}
    for known in ([], [Registration(1, f"d:{LINK}", anew=1)]):
        (found,) = [p for p in processes(readings, row, {"d": spec()}, 1e-4, known) if p.k]
        assert [r.segment for r in found.readings] == ["K2", "K3"]
        assert found.proven_at == pytest.approx(1 / (0.5e-4 * 2**-2))
        assert found.final == pytest.approx(2**-2 * found.course[-1])


def test_who_repeats_until_it_succeeds_stays_within_the_half_for_confirmations() -> None:
    """Bets of mean one at their true rate; every delivery that shows nothing is cut and made anew, up to six times in all."""
    rng, q, alpha, runs = np.random.default_rng(23), 0.05, 0.4, 1_500
    own, proven = {"confirmation": 1, "confirms": f"d:{LINK}"}, 0
    for _ in range(runs):
        anew, row, readings = 0, list[Segment](), list[Reading]()
        for n in range(3):
            while (shows := rng.random() < q) is False and anew < 6:
                anew += 1
            row.append(plain(f"K{n}", n, **own, anew=anew))
            readings.append(hit(f"K{n}", 1 / q) if shows else Reading("d", f"K{n}", LINK, 0.0))
        known = [Registration(1, f"d:{LINK}", anew=anew)]
        proven += any(p.k and p.e >= p.proven_at for p in processes(readings, row, {"d": spec()}, alpha, known))
    assert proven <= stats.binom.isf(1e-3, runs, alpha / 2)


def test_the_finding_says_what_was_made_anew(tampered: list[Segment]) -> None:
    first, fresh = marked(tampered[:4], search=True), marked(tampered[4:], confirmation=1, confirms=TARGET, anew=1)
    finding = only(tried(*first, *fresh))
    assert finding.level is Integrity.PROVEN
    assert finding.threshold == pytest.approx(1 / (0.5e-4 * 2**-2))
    assert made_anew(1, 1) in finding.limits


# --------------------------------------------------------------------------------------------------- each visit its own


def visits(*, again: str, after: str, left: str = "S-1, S-2") -> dict[str, Mapping[str, Any]]:
    """Contexts of B1 of a first visit, sealed with S-1 and S-2 throughout, and of K1 of a second one."""
    first = [*inquired("K", "100"), *inquired("software", "V1 77"), *inquired("seals_before", "S-1, S-2")]
    closed = [*inquired("software_after", "V1 77"), *inquired("seals_after", left)]
    second = [*inquired("seals_again", again), aim(), deliver("K1"), ended()]
    last = [*inquired("software_after", "V2 78"), *inquired("seals_after", after)]
    bodies = [*first, deliver("B1"), ended(), *closed, extension("K1"), *second, *last]
    return {one.id: one.context for one in derived(recorded(*bodies))}


def test_what_a_later_visit_finds_says_nothing_of_the_first() -> None:
    told_of = visits(again="O-1, O-2", after="O-1, O-2")  # the officers had closed with seals of their own
    assert told_of["B1"]["seals_unchanged"] is True
    assert told_of["B1"]["stated_software_after"] == "V1 77"
    assert told_of["K1"]["stated_software_after"] == "V2 78"
    assert told_of["K1"]["stated_k"] == told_of["B1"]["stated_k"] == "100"
    assert (told_of["B1"].get("resealed"), told_of["K1"]["resealed"]) == (None, 1)
    assert "resealed" not in visits(again="s-1,  S-2", after="S-1, S-2")["K1"]


def test_seals_of_a_later_visit_are_those_that_it_found() -> None:
    assert visits(again="S-1, S-2", after="S-1, S-2")["K1"]["seals_unchanged"] is True
    assert visits(again="S-1 broken", after="S-1, S-2")["K1"]["seals_unchanged"] is False
    assert visits(again="S-1, S-2", after="S-1, S-9")["K1"]["seals_unchanged"] is False
    assert visits(again="S-1, S-2", after="S-1, S-9")["B1"]["seals_unchanged"] is True


# ------------------------------------------------------------------------------ tests across segments, by budget alone


def restarted(*further: Segment, after: str = "V3.12 0000") -> list[Segment]:
    texts = {"stated_software": "V3.12 8C1F", "stated_software_after": after}
    before = sale("d0", "10.00", ("100", "110"), **texts)
    return [before, sale("d1", "10.00", ("110", "120"), state="s2", i=2, **texts), *further]


def restart_processes(row: list[Segment]) -> dict[tuple[Basis, str], float]:
    tests = {"restart-law": restart.DETECTOR}
    readings = read(row, PROFILE, tests, {"restart-law/1": Validation(10_000, 0)})
    return {(p.basis, str(p.link)): p.e for p in processes(readings, row, tests, 1e-4)}


def test_what_is_delivered_later_takes_nothing_from_a_scheduled_law_and_is_not_confirmed_by_it() -> None:
    target = f"restart-law:{restart.IDENTITY}"
    scheduled = (Basis.PRESPECIFIED, str(restart.IDENTITY))
    alone = restart_processes(restarted())
    assert alone[scheduled] > 1
    later = [sale(f"n{i}", "10.00", (f"{120 + 10 * i}", f"{130 + 10 * i}"), state="s2", i=4 + 2 * i) for i in range(3)]
    for context in ({"search": True}, {"confirmation": 1, "confirms": target}, {"unregistered": True}):
        found = restart_processes(restarted(*marked(later, **context)))
        assert found[scheduled] == alone[scheduled]
        assert not any(e > 1 for (basis, _), e in found.items() if basis is not Basis.PRESPECIFIED)


def test_litres_that_are_delivered_later_excuse_no_totaliser() -> None:
    row = restarted(after="V3.12 8C1F")
    row[1] = sale("d1", "10.00", ("70", "80"), state="s2", i=2)  # 40 L back, and 20 L sold
    later = marked([sale("n", "500.00", ("80", "580"), state="s2", i=6)], search=True)
    steps = [
        {r.segment: r.at.get("beyond_visit") for r in read(own, PROFILE, {"restart-law": restart.DETECTOR}, {})}
        for own in (row, [*row, *later])
    ]
    assert steps[0]["d0|d1"] is steps[1]["d0|d1"] is True


# --------------------------------------------------------------------- what was seen before, and what is not there yet


def seen(row: list[Segment], *readings: Reading) -> bool:
    """Whether the confirmation of `row` counts as the fresh run of something seen before."""
    from harness.judge.findings import Case, _seen_before

    tests = {"d": spec()}
    (process,) = [p for p in processes(readings, row, tests, 1e-4) if p.k]
    return _seen_before(process, Case("N1", row, readings, {}, (), (), tests))


def test_only_what_had_been_seen_before_in_the_same_way_is_seen_again() -> None:
    own = {"confirmation": 1, "confirms": f"d:{LINK}"}
    row = [
        plain("B1", 0), plain("K1", 10, **own), plain("K2", 20, **own), plain("T1", 30, search=True),
        replace(plain("U1", 2, unregistered=True)),
    ]  # fmt: skip

    def showed(id: str, effect: float | None = 0.04, shape: Shape = Shape.CONSTANT) -> Reading:
        return replace(hit(id, 900.0), effect=effect, shape=shape)

    fresh = (showed("K1"), showed("K2"))
    assert seen(row, showed("B1"), *fresh)
    assert not seen(row, *fresh)
    assert not seen(row, *fresh, showed("T1"))  # a search that came after it
    assert not seen(row, showed("U1"), *fresh)  # of no budget
    assert not seen(row, showed("B1", -0.04), *fresh)
    assert not seen(row, showed("B1", None), *fresh)
    assert not seen(row, showed("B1", 0.04, Shape.SWITCHED), *fresh)
    other = [replace(one, context={**one.context, "resealed": 1}) if one.id[0] == "K" else one for one in row]
    assert not seen(other, showed("B1"), *fresh)


def test_a_finding_says_that_seals_were_not_as_they_had_been_left(tampered: list[Segment]) -> None:
    first = marked(tampered[:4], search=True)
    found = tried(*first, *marked(tampered[4:], confirmation=1, confirms=TARGET, resealed=1))
    assert any(RESEALED in finding.limits for finding in found.findings)


def test_a_contrast_claims_nothing_before_all_that_was_registered_is_there() -> None:
    own = {"confirmation": 1, "confirms": f"d:{LINK}"}
    row = [plain(f"K{i}", i, **own) for i in range(4)]
    pair = [replace(hit(f"K{i}|K{i + 1}", 1e6), key="volume") for i in (0, 2)]
    for done in (True, False):
        known = [Registration(1, f"d:{LINK}", done=done)]
        (found,) = [p for p in processes(pair, row, {"d": spec()}, 1e-4, known) if p.k]
        assert (found.e > found.proven_at) is done
        if not done:
            assert found.e == 1
            assert not found.single_run
    in_time = [hit(f"K{i}", 1000.0) for i in range(4)]
    known = [Registration(1, f"d:{LINK}", done=False)]
    (found,) = [p for p in processes(in_time, row, {"d": spec()}, 1e-4, known) if p.k]
    assert found.e > found.proven_at  # what grows from delivery to delivery may be looked at after each
