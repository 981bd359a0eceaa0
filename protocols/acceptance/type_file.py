"""What the approved type of an instrument is: a file that a laboratory or authority keeps, against which what an instrument says of itself is held.

Everything says where it comes from; what is unverified is told so beside every comparison (domain README, rules 1 and 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from protocols.acceptance.edition import GRADES, AcceptanceError
from protocols.acceptance.parser import FAMILIES, MAX_CHARS
from protocols.toml_tables import array, document, whole

MOST_PROGRAMS = 50
_KEYS = ("id", "title", "family", "approval", "source", "grade", "verified", "software")


@dataclass(frozen=True, slots=True)
class Program:
    """One approved version of the legally relevant software; `checksum` "" where none is shown."""

    version: str
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class TypeFile:
    """`approval`: number of the type approval.  `k`: least and greatest sealed pulses per unit that the type may have, None where it declares none."""

    id: str
    title: str
    family: str
    approval: str
    programs: tuple[Program, ...]
    k: tuple[Decimal, Decimal] | None
    source: str
    grade: str
    verified: bool


def parse_type(text: str, where: str) -> TypeFile:
    """The type file written in `text`; `where` (a file name) begins every AcceptanceError, with the line."""
    values = document(text, where, MAX_CHARS, AcceptanceError)
    top = whole(values, "type file", where, text, AcceptanceError)
    top.check_keys(_KEYS, ("k_low", "k_high"))
    top.check_verified()
    programs = []
    for table in array(top, "software", MOST_PROGRAMS, "programs"):
        table.check_keys(("version",), ("checksum",))
        programs.append(Program(table.text("version"), table.text("checksum") if "checksum" in table.values else ""))
    if ("k_low" in values) != ("k_high" in values):
        raise top.error("k_low", "k_low and k_high expected together", "one of them")
    k = (top.number("k_low"), top.number("k_high")) if "k_low" in values else None
    if k is not None and k[0] > k[1]:
        raise top.error("k_low", f"k_low expected up to k_high = {k[1]}", str(k[0]))
    return TypeFile(
        top.slug("id"), top.text("title"), top.one_of("family", FAMILIES), top.text("approval"), tuple(programs), k, top.text("source"),
        top.one_of("grade", GRADES), top.flag("verified"),
    )  # fmt: skip
