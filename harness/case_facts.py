"""What a case that verifies says of the instruments met in it: nameplate, K, software, seals, verdicts.

Read from the journal's questions of the identity block and from the bench file in its header; answers that name
persons never stand there.  Everything comes from a folder that somebody may have made: types are checked, texts cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captures.bag import read_small
from captures.case import Case
from captures.journal import read_lines
from fixtures.benchfile import parse
from fixtures.errors import BenchError

LONGEST_VALUE = 500
MOST_FACTS = 10_000  # of one case
MAX_VERDICT_BYTES = 16 << 20
# question of the identity block -> what it is about; one aspect is followed over questions and visits
ASPECTS: Mapping[str, str] = {
    "nameplate": "nameplate", "serial": "nameplate", "type_approval": "type approval", "product": "product",
    "K": "K", "K_after": "K", "software": "software", "software_after": "software",
    "event_counter": "event counter", "event_counter_after": "event counter",
    "seals_before": "seals", "seals_after": "seals", "seals_left": "seals", "self_lock_codes": "self-lock codes",
}  # fmt: skip
# what the bench file states from papers, under an aspect of its own: a paper that changes is no reading that changes
DECLARED = (
    "pulses_per_litre", "sealed_k", "decoding", "slots_per_rev", "topology", "sensor_class", "electronic_calibration",
    "sealed_meter_factor", "sealed_density_kg_m3", "sealed_compensation",
)  # fmt: skip
VERDICTS = {
    "integrity": ("no_evidence", "inconclusive", "suspect", "proven"),
    "conformity": ("pass", "inconclusive", "fail"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What was read or stated of `instrument`; `order` counts within the case."""

    instrument: str
    aspect: str
    key: str
    value: str
    order: int


@dataclass(frozen=True, slots=True)
class InstrumentVerdict:
    """From the derived file beside the journal; "" where there is none."""

    instrument: str
    integrity: str
    conformity: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    world: str  # "real", "simulated", "replayed", "" where the header does not say
    facts: tuple[Fact, ...]
    verdicts: tuple[InstrumentVerdict, ...]


def case_facts(case: Case) -> CaseFacts:
    """What the case says of its instruments.  The caller has verified it.  Raises as `read_lines` does."""
    header: Mapping[str, Any] = {}
    steps: dict[int, tuple[str, str]] = {}  # number -> (instrument, key); a later attempt replaces what it supersedes
    answers: dict[int, str] = {}
    if not any(case.journal.iterdir()):
        return CaseFacts("", (), ())
    for line in read_lines(case.journal):
        body = line.body
        kind, n = body.get("kind"), body.get("n")
        if kind == "header" and not header:
            header = body
        if type(n) is not int or len(steps) >= MOST_FACTS:
            continue
        if kind == "step":
            for later in [number for number in steps if number >= n]:
                del steps[later]
                answers.pop(later, None)
            asked = body.get("step")
            if isinstance(asked, dict) and not asked.get("private") and asked.get("key") in ASPECTS:
                steps[n] = (text_of(body.get("instrument")), str(asked["key"]))
        elif kind == "outcome" and n in steps and isinstance(body.get("value"), dict):
            answers[n] = text_of(body["value"].get("value"))
        elif kind == "correction" and n in steps and body.get("field", "value") == "value":
            answers[n] = text_of(body.get("now"))
    alone = text_of(header.get("instrument"))
    found = [
        Fact(steps[n][0] or alone, ASPECTS[steps[n][1]], steps[n][1], answers[n], order)
        for order, n in enumerate(sorted(answers), 1)
        if answers[n] and (steps[n][0] or alone)
    ]
    return CaseFacts(
        text_of(header.get("world")), (*_declared(header), *found), _verdicts(case.derived / "verdict.json")
    )


def text_of(value: object) -> str:
    """`value` where it is text, cut, without what no database keeps; "" otherwise."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST_VALUE].encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd").strip()


def _declared(header: Mapping[str, Any]) -> list[Fact]:
    text = header.get("bench")
    if not isinstance(text, str):
        return []
    try:
        views = parse(text, "bench in the header").views()
    except BenchError:  # of another version of the tool: what was answered at the instrument counts all the same
        return []
    return [
        Fact(view.instrument_id, f"declared {key}", key, text_of(str(view.profile[key])), 0)
        for view in views
        for key in DECLARED
        if key in view.profile
    ]


def _verdicts(path: Path) -> tuple[InstrumentVerdict, ...]:
    if not path.is_file():
        return ()
    try:
        document = json.loads(read_small(path, MAX_VERDICT_BYTES))
    except (ValueError, RecursionError):
        return ()
    if not isinstance(document, dict):
        return ()
    several = document.get("instruments")
    found = [one for one in several if isinstance(one, dict)] if isinstance(several, list) else [document]
    return tuple(
        InstrumentVerdict(name, _known(one, "integrity"), _known(one, "conformity"))
        for one in found
        if (name := text_of(one.get("instrument")))
    )


def _known(document: Mapping[str, Any], axis: str) -> str:
    value = document.get(axis)
    return value if isinstance(value, str) and value in VERDICTS[axis] else ""
