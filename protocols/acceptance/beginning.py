"""The beginning of an edition file: what somebody with the print in front of them fills in."""

from __future__ import annotations

import json

from protocols.acceptance.edition import GRADES
from protocols.acceptance.parser import UNITS, parse

TEXT = """\
# An acceptance edition.  Every figure says where it stands and how good that source is; nothing here counts as verified before
# somebody has compared it with the print (`shortmeasure acceptance verify`).
id = {id}
title = {title}
family = {family}
in_force = "unknown"             # "YYYY-MM-DD", "YYYY" or "unknown"
legal_basis = "what makes it law, with number and date"
use = "verification"

# One table for each limit.  unit: {units}
# ("1" is a fraction: 0.003 is 0.3 %).  grade: {grades} (V: a primary document was seen).
[[limit]]
id = "mpe"
quantity = "relative error of indication"
value = 0.005
unit = "1"
clause = "clause of the print"
source = "what was read, with its page"
grade = "U"
verified = false
applies = "where it applies"
"""


def beginning(id: str, family: str, title: str, where: str) -> str:
    """Raises AcceptanceError for what cannot stand there."""
    text = TEXT.format(
        id=json.dumps(id),
        title=json.dumps(title, ensure_ascii=False),
        family=json.dumps(family),
        units=", ".join(UNITS),
        grades=", ".join(GRADES),
    )
    parse(text, where)
    return text
