"""What a technical analysis rests on: an examination where the instrument is in use, one in a laboratory, or recordings made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from fixtures.language import mark
from harness.step import LABORATORY

IN_USE = frozenset("ABC")  # phases of who goes to an instrument in use


class Examined(Enum):
    """Each with its heading of a verdict, and of a report below its title."""

    SITE = (
        mark("Technical analysis of {instrument}: on-site examination, not verification"),
        mark("on-site examination, not verification: {instrument}"),
    )
    LABORATORY = (
        mark("Technical analysis of {instrument}: laboratory examination, not verification"),
        mark("laboratory examination, not verification: {instrument}"),
    )
    RECORDED = (
        mark("Technical analysis of {instrument}: recordings made elsewhere, not verification"),
        mark("recordings made elsewhere, not verification: {instrument}"),
    )

    @property
    def title(self) -> str:
        return self.value[0]

    @property
    def subtitle(self) -> str:
        return self.value[1]


def examined(document: Mapping[str, Any]) -> Examined:
    """By the phases of what was measured; a recording made elsewhere has none."""
    phases = {str(one["phase"]) for one in document.get("segments", ())}
    if phases == {""}:
        return Examined.RECORDED
    return Examined.LABORATORY if LABORATORY in phases and not phases & IN_USE else Examined.SITE
