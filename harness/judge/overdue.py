"""What may be said over a standard that was past its due day when it was used.

Its error is not known any more, so the null no longer contains that station's observation error (field_rules.md
section 6, condition 2) and its certificate excludes no honest cause (condition 4): nothing is `proven` through it,
whatever officers wrote beside the override (evidence.md 1.5 item 11; ISO/IEC 17025:2017 6.4.9).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.judge.contract import Link

KEY = "overdue_stations"
"""Of the profile: the stations whose values rest on an overdue standard, as the case recorded it."""
BY_VALUE = {"reference": frozenset({"start_in_total"})}
"""Facts of findings about other links that compare with what a station's values say."""


def overdue_stations(profile: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(profile.get(KEY, ()))


def rests_on(link: Link, profile: Mapping[str, Any]) -> str:
    """Why a finding over `link` is at most suspect, "" where no overdue standard bears on it."""
    late = overdue_stations(profile) & {link.upstream, link.downstream}
    if not late:
        return ""
    return f"rests on a standard past its due day ({', '.join(sorted(late))}): at most suspect"


def without_overdue(known: Mapping[str, bool], profile: Mapping[str, Any]) -> dict[str, bool]:
    """The facts that still stand: none that is observed by the value of an overdue standard."""
    void = frozenset[str]().union(*(BY_VALUE.get(station, ()) for station in overdue_stations(profile)))
    return {name: holds and name not in void for name, holds in known.items()}
