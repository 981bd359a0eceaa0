"""What a case that verifies says of the instruments met in it: nameplate, K, software, seals, verdicts.

Read from the journal's questions of the identity block and from the bench file in its header; answers that name
persons never stand there.  Everything comes from a folder that somebody may have made: types are checked, texts cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from captures.bag import read_small
from captures.case import Case
from captures.journal import read_lines
from fixtures.benchfile import parse
from fixtures.errors import BenchError
from harness.worlds import worst_world

LONGEST_VALUE = 500
MOST_FACTS = 2_000  # of one case
MAX_VERDICT_BYTES = 16 << 20
# question of the identity block -> what it is about; one aspect is followed over questions and visits
ASPECTS: Mapping[str, str] = {
    "nameplate": "nameplate", "serial": "nameplate", "type_approval": "type approval", "product": "product",
    "K": "K", "K_after": "K", "software": "software", "software_after": "software",
    "event_counter": "event counter", "event_counter_after": "event counter",
    "seals_before": "seals", "seals_again": "seals", "seals_after": "seals", "seals_left": "seals", "self_lock_codes": "self-lock codes",
}  # fmt: skip
# what the bench file states from papers, under an aspect of its own: a paper that changes is no reading that changes
DECLARED = (
    "pulses_per_litre", "sealed_k", "decoding", "slots_per_rev", "topology", "sensor_class", "electronic_calibration",
    "sealed_meter_factor", "sealed_density_kg_m3", "sealed_compensation",
)  # fmt: skip
MENU = "parameters"  # of a gas dispenser: factor, density, compensation, read from its menu
MOST_PARAMETERS = 20
_PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,40}")
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
    world: str  # of worlds.WORLDS the worst of any start of the run; "" where the journal does not say
    facts: tuple[Fact, ...]
    verdicts: tuple[InstrumentVerdict, ...]


def case_facts(case: Case) -> CaseFacts:
    """What the case says of its instruments.  The caller has verified it.  Raises as `read_lines` does."""
    header: Mapping[str, Any] = {}
    world = ""
    steps: dict[int, tuple[str, str]] = {}  # number -> (instrument, key); a later attempt replaces what it supersedes
    answers: dict[int, Mapping[str, str]] = {}  # number -> aspect -> value
    if not any(case.journal.iterdir()):
        return CaseFacts("", (), ())
    for line in read_lines(case.journal):
        body = line.body
        kind, n = body.get("kind"), body.get("n")
        if kind == "header" and not header:
            header, world = body, worst_world([body])
        if kind == "world":
            world = worst_world([{"world": world}, body])
        if type(n) is not int or len(steps) >= MOST_FACTS:
            continue
        if kind == "step":
            for later in [number for number in steps if number >= n]:
                del steps[later]
                answers.pop(later, None)
            asked = body.get("step")
            if question := _question(asked):
                steps[n] = (text_of(body.get("instrument")), question)
        elif kind == "outcome" and n in steps and isinstance(body.get("value"), dict):
            answers[n] = _answered(steps[n][1], body["value"])
        elif kind == "correction" and n in answers:
            field = text_of(body.get("field", "value"))
            answers[n] = {**answers[n], **_answered(steps[n][1], {field: body.get("now")})}
    alone = text_of(header.get("instrument"))
    found = [
        Fact(steps[n][0] or alone, aspect, steps[n][1], value, order)
        for order, n in enumerate(sorted(answers), 1)
        for aspect, value in answers[n].items()
        if value and (steps[n][0] or alone)
    ]
    return CaseFacts(world, (*_declared(header), *found), _verdicts(case.derived / "verdict.json"))


def _question(asked: object) -> str:
    """The key of a step of the identity block, MENU for a reading of the parameter menu, "" for any other step."""
    if not isinstance(asked, dict) or asked.get("private"):
        return ""
    if asked.get("type") == "Read":
        return MENU if asked.get("what") == MENU else ""
    key = asked.get("key")
    return key if isinstance(key, str) and key in ASPECTS else ""


def _answered(question: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Aspect -> value."""
    if question != MENU:
        return {ASPECTS[question]: text_of(values["value"])} if "value" in values else {}
    named = [name for name in values if isinstance(name, str) and _PARAMETER.fullmatch(name)]
    return {f"{MENU} {name}": text_of(values[name]) for name in named[:MOST_PARAMETERS]}


def text_of(value: object) -> str:
    """`value` where it is text, cut, without what no database keeps; "" otherwise."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST_VALUE].encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd").strip()


def _declared(header: Mapping[str, Any]) -> tuple[Fact, ...]:
    text = header.get("bench")
    return _of_bench_file(text) if isinstance(text, str) else ()


@lru_cache(maxsize=64)  # the cases of an office share a few bench files
def _of_bench_file(text: str) -> tuple[Fact, ...]:
    try:
        views = parse(text, "bench in the header").views()
    except BenchError:  # of another version of the tool: what was answered at the instrument counts all the same
        return ()
    return tuple(
        Fact(view.instrument_id, f"declared {key}", key, text_of(str(view.profile[key])), 0)
        for view in views
        for key in DECLARED
        if key in view.profile
    )


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
