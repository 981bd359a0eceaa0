"""The hour as commands write it into a case: UTC, to the second, ISO 8601 with Z."""

from __future__ import annotations

from fixtures.hostclock import clock_state


def utc_now() -> str:
    return clock_state().utc[:19] + "Z"
