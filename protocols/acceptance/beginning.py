"""The beginning of an edition file: what somebody with the print in front of them fills in."""

from __future__ import annotations

import json
from dataclasses import dataclass

from protocols.acceptance.clause_parser import MOST_POINTS, MOST_REPEATS, WRITTEN
from protocols.acceptance.edition import GRADES
from protocols.acceptance.parser import UNITS, parse
from protocols.acceptance.stimuli import INFLUENCES, STIMULI


@dataclass(frozen=True)
class _Example:
    """A limit of a family, and a test whose result is held against it."""

    limit: str
    quantity: str
    value: str
    unit: str
    stimulus: str
    point: str
    formula: str


_ERROR = ("mpe", "relative error of indication", "0.005", "1")
EXAMPLES = {
    "dispenser": _Example(*_ERROR, "delivery", "20 L", "mean-error"),
    "gas-dispenser": _Example(*_ERROR, "delivery", "5 kg", "mean-error"),
    "scale": _Example("tare", "error at zero after tare was taken", "0.25", "e", "tare", "0.2 Max", "zero-error"),
    "taximeter": _Example("mpe", "relative error of the distance shown", "0.01", "1", "trip", "1000 m", "distance-error"),
}  # fmt: skip

TITLE = "title as printed"  # until somebody fills it in
TEXT = """\
# An acceptance edition.  Every figure says where it stands and how good that source is; nothing here counts as verified before
# somebody has compared it with the print (`shortmeasure acceptance verify`).
id = {id}
title = {title}
family = {family}
in_force = "unknown"             # "YYYY-MM-DD", "YYYY" or "unknown"
legal_basis = "what makes it law, with number and date"
use = "verification"             # or "type-evaluation"

# One table for each limit.  unit: {units}
# ("1" is a fraction: 0.003 is 0.3 %).  grade: {grades} (V: a primary document was seen).
# Of scales the maximum permissible error is a step: further keys accuracy_class = "III" and upto_e = 500, in e; tests name all steps
# together "mpe".  Of dispensers upto_l = 2 makes a step of volume.
[[limit]]
id = "{example.limit}"
quantity = "{example.quantity}"
value = {example.value}
unit = "{example.unit}"
clause = "clause of the print"
source = "what was read, with its page"
grade = "U"
verified = false
applies = "where it applies"

# What has to hold around the tests: the operator reads it before the first and after the last.  Without the `# ` before each line it is asked for.
# [[condition]]
# id = "ambient-temperature"
# quantity = "ambient temperature"
# unit = "C"
# low = 15
# high = 25                      # of low, high and change, how much it may change in between, one at least
# change = 5
# clause = "clause of the print"
# source = "what was read, with its page"
# grade = "U"
# verified = false

# How good a standard has to be: its expanded uncertainty (k = 2) is at most `most` times the limit `of`.  Decision rule shared-risk needs it.
# [[equipment]]
# id = "standard"
# quantity = "expanded uncertainty of the standard"
# most = 0.3334
# of = "{example.limit}"
# clause = "clause of the print"
# source = "what was read, with its page"
# grade = "U"
# verified = false

# One table for each test, in the order in which they are done (docs/laboratory.md has the formulas).
[[test]]
id = "first"
title = "what is tested, for the operator and the report"
# what is done, and what can be computed of it:
{stimuli}
stimulus = "{example.stimulus}"
points = ["{example.point}"]               # up to {most_points}: {written}; none for a stimulus without
repeats = 1                      # of each point, up to {most_repeats}
{settings}
# each formula, and the limit that its results are held against
judged = [{{ formula = "{example.formula}", limit = "{example.limit}" }}]
# influence = "voltage"          # what the operator sets for this test and takes away after it:
{influences}
# severity = "187 V"             # how much of it, with its figures; both or none
# against = "first"              # with the formula "fault": the test before this one that a change of error is counted from
clause = "clause of the print"
source = "what was read, with its page"
grade = "U"
verified = false
"""


def beginning(id: str, family: str, title: str, where: str) -> str:
    """Raises AcceptanceError for what cannot stand there."""
    example = EXAMPLES.get(family, EXAMPLES["dispenser"])  # another family is refused below, with its line
    own = {name: stimulus for name, stimulus in STIMULI.items() if family in stimulus.families}
    text = TEXT.format(
        id=json.dumps(id),
        title=json.dumps(title, ensure_ascii=False),
        family=json.dumps(family),
        units=", ".join(UNITS),
        grades=", ".join(GRADES),
        example=example,
        stimuli="\n".join(f"#   {name}: {', '.join(stimulus.formulas)}" for name, stimulus in own.items()),
        written=WRITTEN[STIMULI[example.stimulus].point],
        most_points=MOST_POINTS,
        most_repeats=MOST_REPEATS,
        settings="\n".join(_setting(name, key, known) for name in own for key, known in own[name].settings.items()),
        influences=f"#   {', '.join(INFLUENCES)}",
    )
    parse(text, where)
    return text


def _setting(name: str, key: str, known: object) -> str:
    """A key of one stimulus, with a value that it may have."""
    if isinstance(known, tuple):
        return f"# {key} = {json.dumps(known[0])}  # of {name}: {' or '.join(known)}"
    return f"# {key} = {json.dumps('text') if known is str else 40}  # of {name}"
