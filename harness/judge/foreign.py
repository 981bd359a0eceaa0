"""What a recording made elsewhere may claim, and what it can be asked.

Nobody of the case saw it made: no plan says what was delivered, no paper says what the instrument declares, the one
who maps its channels takes somebody's word for where they were tapped.  So nothing in it is ever `proven`, and
what it does not show is not held against it: only the tests its stations allow are asked of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.judge.contract import Segment, SegmentKind

AT_MOST_SUSPECT = (
    "a recording made elsewhere, without a plan of this case and the instrument's papers, is at most suspect"
)


def is_foreign(segment: Segment) -> bool:
    return segment.context.get("foreign") is True


def all_foreign(segments: Sequence[Segment]) -> bool:
    """Only recordings made elsewhere, with channels mapped to stations among them."""
    return (
        bool(segments)
        and all(is_foreign(segment) for segment in segments)
        and any(segment.kind is not SegmentKind.TAP for segment in segments)
    )
