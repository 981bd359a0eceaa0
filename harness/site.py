"""The judgement of a site: each instrument by itself with its share of alpha, then the gravest of them on each axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from captures.errors import IntegrityError
from harness.derive.recorded import Recorded
from harness.derive.segments import segments
from harness.derive.site import by_instrument, draw_of, measured, raided, receipts
from harness.judge.batch import Batch, InstrumentError, batch
from harness.judge.contract import Reading, Segment
from harness.judge.errors_of_indication import error_of_indication
from harness.judge.quantities import volume
from harness.report.document import plain
from harness.report.show import gravest

SURVEY = "V"  # labels of the survey's deliveries begin with it
JudgeOne = Callable[[Recorded, Sequence[Segment], Fraction], Mapping[str, Any]]
ReadOne = Callable[[Recorded, Sequence[Segment]], Sequence[Reading]]


def judge_site(recorded: Recorded, judge_one: JudgeOne) -> dict[str, Any]:
    """The verdict document of a site, from its journal alone.

    Raises IntegrityError when the shares of alpha or the lots recorded beforehand are not those of the bench file.
    """
    site = recorded.bench.site
    assert site is not None
    shares = site.shares()
    said = recorded.header.get("alpha_shares")
    if said != {id: str(share) for id, share in shares.items()}:
        raise IntegrityError(
            f"{recorded.bench.where}: expected the shares of alpha that the bench file gives, got {said!r}"
        )
    views = by_instrument(recorded)
    lots = draw_of(recorded)
    found = {id: segments(view) for id, view in views.items() if measured(view)}
    documents = []
    for id, own in found.items():
        one = site.instrument(id)
        survey = {"product": one.product, "complaint": one.complaint, "full_plan": raided(views[id])}
        documents.append({**judge_one(views[id], own, shares[id]), "survey": survey})
    errors = {id: error for id, own in found.items() if (error := _survey_error(id, own, views[id])) is not None}
    worst = gravest(documents) if documents else {"integrity": "inconclusive", "conformity": "inconclusive"}
    return {
        "site": site.id,
        "kit": recorded.bench.kit,
        "status": recorded.status,
        "why": recorded.why,
        "integrity": worst["integrity"],
        "conformity": worst["conformity"],
        "instruments": documents,
        "not_measured": [id for id in views if id not in found],
        "alpha": {"case": recorded.header.get("alpha"), "shares": {id: str(share) for id, share in shares.items()}},
        "draw": None if lots is None else plain(asdict(lots)),
        "records": [asdict(receipt) for receipt in receipts(views)],
        "batch": {
            "measured": _figures(batch(list(errors.values()))),
            "drawn": _figures(batch([errors[id] for id in (lots.drawn if lots else ()) if id in errors])),
            "errors": {id: {"error": one.error, "u": one.u_reference, "n": one.n} for id, one in errors.items()},
        },
    }


def screened(recorded: Recorded, read_one: ReadOne, mpe: float) -> list[str]:
    """The measured instruments in the order in which they ask for the full plan.

    First those that showed something (a test hit, or |E| beyond the maximum permissible error), then the others; among
    both those with a complaint first, then by |E|.  Planning, not evidence: whoever is chosen is measured afresh.
    """
    site = recorded.bench.site
    assert site is not None
    ranks = []
    for id, view in by_instrument(recorded).items():
        if not measured(view):
            continue
        own = segments(view)
        sizes = [abs(e) for segment in own if (e := error_of_indication(segment, view.bench.profile)) is not None]
        size = max(sizes, default=0.0)
        showed = size > mpe or any(reading.hits for reading in read_one(view, own))
        ranks.append((not showed, not site.instrument(id).complaint, -size, id))
    return [id for *_, id in sorted(ranks)]


def _survey_error(id: str, own: Sequence[Segment], view: Recorded) -> InstrumentError | None:
    """Mean E of the survey's deliveries: the full plan of the chosen must not weigh more in the batch."""
    profile = view.bench.profile
    errors, u = [], []
    for segment in own:
        error = error_of_indication(segment, profile) if segment.id.startswith(SURVEY) else None
        if error is not None:
            true = volume(segment, "reference", profile)
            errors.append(error)
            u.append(true.u / true.litres)
    return InstrumentError(id, math.fsum(errors) / len(errors), max(u), len(errors)) if errors else None


def _figures(found: Batch | None) -> dict[str, Any] | None:
    return None if found is None else asdict(found)
