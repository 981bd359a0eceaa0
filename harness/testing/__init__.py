"""The public kit for authors of plugins: call its checks from your tests (docs/plugins.md).

Every check takes a specification object and raises AssertionError that says what the contract wants, where, and what was
seen.  In-tree plugins are held to the same checks (tests/protocols/test_conformance.py).
"""

from harness.testing.cables import check_exact, check_isolation, check_questions, check_sans_io
from harness.testing.codecs import (
    check_hostile,
    check_round_trip,
    check_silence_and_close,
    check_specification,
    check_split_invariance,
    check_vectors,
    deep_size,
)
from harness.testing.hostile import endless, streams
from harness.testing.wanted import Broken, want

__all__ = [
    "Broken",
    "check_exact",
    "check_hostile",
    "check_isolation",
    "check_questions",
    "check_round_trip",
    "check_sans_io",
    "check_silence_and_close",
    "check_specification",
    "check_split_invariance",
    "check_vectors",
    "deep_size",
    "endless",
    "streams",
    "want",
]
