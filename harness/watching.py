"""A journal that is judged again and again while it grows.

What is new is read, decoded and derived once, and what a detector says of one segment is asked once; the verdict is that of
the whole journal, as `judging.judge_journal` gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.derive import read_recorded, segments
from harness.derive.growing import Growing, OutOfOrderError
from harness.derive.segments import Kept
from harness.judging import judge_recorded
from harness.remembered import Memory


class Watching:
    def __init__(self, journal: Path) -> None:
        self._journal, self._memory = journal, Memory()
        self._growing: Growing | None = Growing(journal)
        self._kept = Kept()

    def judge(self, *, last: bool = False) -> Mapping[str, Any]:
        """The verdict document of what is there; what came in the last moment may be missing from any but the `last`.

        Of a site, or where arrivals are not in order, the journal is read from its begin.  After an error too: what raised it
        was taken half.
        """
        growing, self._growing = self._growing, None
        if growing is not None:
            try:
                recorded = growing.look(last=last)
                if recorded.bench.site is None:
                    document = judge_recorded(recorded, segments(recorded, growing, self._kept), self._memory)
                    self._growing = growing
                    return document
            except OutOfOrderError:
                pass
            except Exception:
                self._growing = Growing(self._journal)
                raise
        return judge_recorded(read_recorded(self._journal), None, self._memory)
