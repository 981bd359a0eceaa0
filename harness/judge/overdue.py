"""What may be said over a standard that was past its due day when it was used.

Its error is not known any more, so the null no longer contains that station's observation error (field_rules.md
section 6, condition 2) and its certificate excludes no honest cause (condition 4): nothing is `proven` through it,
whatever officers wrote beside the override (evidence.md 1.5 item 11; ISO/IEC 17025:2017 6.4.9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.judge.contract import Link

KEY = "overdue_stations"
"""Of the profile: the stations whose values rest on an overdue standard, as the case recorded it."""

BEHIND = {"monitor": ("register",)}
"""Stations that a finding about a link compares beside its ends: the self-lock counts sales in which register and encoder
differ."""


def overdue_stations(profile: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(profile.get(KEY, ()))


def rests_on(link: Link, profile: Mapping[str, Any]) -> str:
    """Why a finding over `link` is at most suspect, "" where no overdue standard bears on it."""
    late = overdue_stations(profile) & {link.upstream, link.downstream, *BEHIND.get(link.downstream, ())}
    if not late:
        return ""
    return f"rests on a standard past its due day ({', '.join(sorted(late))}): at most suspect"


def lost(open_causes: Sequence[str], without: Sequence[str], profile: Mapping[str, Any]) -> str:
    """Why a finding between other stations is not proven: `without` are the causes that would be open if the standards
    were in force; "" where that is all of `open_causes`."""
    if not set(open_causes) - set(without):
        return ""
    late = ", ".join(sorted(overdue_stations(profile)))
    return f"what would exclude an honest cause rests on a standard past its due day ({late})"
