"""Answers of instruments with SCPI's lines but not its replies: `C1:BSWV WVTP,SQUARE,FRQ,100HZ` (Siglent SDG, protocols.md 6.4 [U]).

The header of the question comes back, then keys and values in turn.  Two irregularities are part of the form: OUTP begins
with a value that has no key (here STATE), and CARR, a key without value, begins the keys of the carrier ("CARR FRQ").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from protocols.contract import ProtocolError
from protocols.wire.scpi.values import number

CARRIER = "CARR"
_MOST_FIELDS = 128
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_QUANTITY = re.compile(r"(?P<number>[-+0-9.]+(?:[Ee][-+]?[0-9]+)?)(?P<unit>[A-Za-z%]*)")
# what one of each is in the unit asked for; MHZ is mega (IEEE 488.2, 7.7.3: HZ and OHM alone take M so), MV and MS are milli
_UNITS: Mapping[str, Mapping[str, Decimal]] = {
    "HZ": {"UHZ": Decimal("1e-6"), "MHZ": Decimal("1e6"), "KHZ": Decimal("1e3"), "HZ": Decimal(1)},
    "V": {"UV": Decimal("1e-6"), "MV": Decimal("1e-3"), "V": Decimal(1)},
    "S": {"NS": Decimal("1e-9"), "US": Decimal("1e-6"), "MS": Decimal("1e-3"), "S": Decimal(1)},
    "": {},
}


def pairs(text: str, header: str) -> dict[str, str]:
    """The values of an answer by their keys; ProtocolError when it is none to the question of `header` ("C1:BSWV")."""
    head, _, rest = text.strip().partition(" ")
    if head.upper() != header.upper() or not rest.strip():
        raise ProtocolError(f"SCPI pairs: expected {header} KEY,VALUE,... in answer to {header}?, got {text[:80]!r}")
    fields = [field.strip() for field in rest.split(",")]
    if len(fields) > _MOST_FIELDS:
        raise ProtocolError(f"SCPI pairs: expected at most {_MOST_FIELDS} fields after {header}, got {len(fields)}")
    if fields[0] in ("ON", "OFF"):
        fields.insert(0, "STATE")
    found: dict[str, str] = {}
    prefix, at = "", 0
    while at < len(fields):
        if fields[at] == CARRIER and not prefix:
            prefix, at = f"{CARRIER} ", at + 1
            continue
        if not _KEY.fullmatch(fields[at]) or at + 1 >= len(fields):
            raise ProtocolError(
                f"SCPI pairs: expected a key with its value as field {at + 1} of {header}, got {fields[at][:40]!r}"
            )
        key = prefix + fields[at]
        if key in found:
            raise ProtocolError(f"SCPI pairs: expected {key} once in the answer to {header}?, got it twice")
        found[key] = fields[at + 1]
        at += 2
    return found


def quantity(text: str, unit: str) -> Decimal:
    """A number with a suffix, exactly, in `unit` ("HZ", "V", "S", "" for none); a number alone counts as in `unit`.

    ProtocolError for another unit, for what is no number, and for not-a-number and infinity (`values.number`).
    """
    parts = _QUANTITY.fullmatch(text.strip())
    if parts is None:
        return number(text)  # says what a number looks like
    suffix = parts["unit"].upper()
    if suffix and suffix not in _UNITS[unit]:
        expected = f"a number in {', '.join(_UNITS[unit])}" if _UNITS[unit] else "a number without unit"
        raise ProtocolError(f"SCPI: expected {expected}, got {text[:40]!r}")
    return number(parts["number"]) * _UNITS[unit].get(suffix, Decimal(1))
