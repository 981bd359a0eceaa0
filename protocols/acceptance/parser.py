"""Reads an acceptance edition: the limits of one regulation in one edition, as TOML.

Every limit says where its number comes from and how good that source is (domain grades); nothing is taken over that
the file does not state.
"""

from __future__ import annotations

import re

from protocols.acceptance.clause_parser import conditions, equipment, tests
from protocols.acceptance.edition import GRADES, MPE, MPE_FACTOR, AcceptanceError, Edition, Limit
from protocols.toml_tables import Table, array, document, shown, whole

MAX_CHARS = 64 * 1024
MAX_LIMITS = 200

FAMILIES = ("dispenser", "gas-dispenser", "scale", "taximeter")
USES = ("verification", "type-evaluation")
UNITS = ("1", "payment step", "CNY", "L", "mL", "L/min", "kg", "m", "s", "e", "e/s", "d", "d/s")
CLASSES = ("III", "IIII")
UNKNOWN_DATE = "unknown"

_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?")
_EDITION_KEYS = ("id", "title", "family", "in_force", "legal_basis", "use", "limit")
LIMIT_KEYS = ("id", "quantity", "value", "unit", "clause", "source", "grade", "verified", "applies")
CLAUSE_KEYS = ("condition", "equipment", "test")
_COMPARED, _VOLUME = "compared", "upto_l"
_STEP_KEYS = ("accuracy_class", "upto_e")  # both or neither: a step of the maximum permissible error of scales


def parse(text: str, where: str) -> Edition:
    """The edition written in `text`; `where` (a file name) begins every AcceptanceError."""
    values = document(text, where, MAX_CHARS, AcceptanceError)
    top = whole(values, "edition", where, text, AcceptanceError)
    top.check_keys(_EDITION_KEYS, CLAUSE_KEYS)
    limits: list[Limit] = []
    for table in array(top, "limit", MAX_LIMITS, "limits"):
        limit = _limit(table)
        if any(other.id == limit.id for other in limits):
            raise table.error("id", "id expected to be used once", shown(limit.id))
        _check_step(table, limit, limits)
        limits.append(limit)
    if any(limit.is_step for limit in limits) and not any(limit.id == MPE_FACTOR for limit in limits):
        raise top.error("limit", f"limits with upto_e expected a limit {MPE_FACTOR!r} too", "none; state it")
    family, known = top.one_of("family", FAMILIES), {limit.id: limit.unit for limit in limits}
    if any(limit.is_step for limit in limits):
        known[MPE] = ""  # that of the load
    return Edition(
        id=top.slug("id"),
        title=top.text("title"),
        family=family,
        in_force=_date(top),
        legal_basis=top.text("legal_basis"),
        use=top.one_of("use", USES),
        limits=tuple(limits),
        conditions=conditions(top),
        equipment=equipment(top, known),
        tests=tests(top, family, known),
    )


def _limit(table: Table) -> Limit:
    stepped = any(key in table.values for key in _STEP_KEYS)
    own, others = ((*LIMIT_KEYS, *_STEP_KEYS), ()) if stepped else (LIMIT_KEYS, _STEP_KEYS)
    table.check_keys(own, (*others, _COMPARED, _VOLUME))
    limit = Limit(
        id=table.slug("id"),
        quantity=table.text("quantity"),
        value=table.number("value"),
        unit=table.one_of("unit", UNITS),
        clause=table.text("clause"),
        source=table.text("source"),
        grade=table.one_of("grade", GRADES),
        verified=table.flag("verified"),
        applies=table.text("applies"),
        accuracy_class=table.one_of("accuracy_class", CLASSES) if stepped else "",
        upto_e=table.number("upto_e") if stepped else None,
        compared=table.text(_COMPARED) if _COMPARED in table.values else "",
        upto_l=table.number(_VOLUME) if _VOLUME in table.values else None,
    )
    table.check_verified()
    return limit


def _check_step(table: Table, limit: Limit, before: list[Limit]) -> None:
    """A step of the maximum permissible error is in e, and the steps of a class rise; one of volume is relative or in litres, and they rise too."""
    if limit.upto_l is not None:
        if limit.unit not in ("1", "L") or limit.upto_e is not None:
            raise table.error("unit", 'unit of a limit with upto_l expected "1" or "L"', shown(limit.unit))
        under = [one.upto_l for one in before if one.upto_l is not None]
        if under and under[-1] >= limit.upto_l:
            raise table.error("upto_l", f"upto_l expected above the {under[-1]} before it", str(limit.upto_l))
    if limit.upto_e is None:
        if limit.id == MPE_FACTOR and limit.unit != "1":
            raise table.error("unit", f'unit of {MPE_FACTOR} expected "1"', shown(limit.unit))
        return
    if limit.unit != "e":
        raise table.error("unit", 'unit of a limit with upto_e expected "e"', shown(limit.unit))
    lower = [one for one in before if one.accuracy_class == limit.accuracy_class and one.upto_e is not None]
    if lower and (lower[-1].upto_e or 0) >= limit.upto_e:
        raise table.error(
            "upto_e", f"upto_e expected above the {lower[-1].upto_e} of {lower[-1].id}", str(limit.upto_e)
        )


def _date(table: Table) -> str:
    value = table.text("in_force")
    if value != UNKNOWN_DATE and not _DATE.fullmatch(value):
        raise table.error("in_force", f'in_force expected "YYYY-MM-DD", "YYYY" or "{UNKNOWN_DATE}"', shown(value))
    return value
