"""The public kit for authors of plugins: call its checks from your tests (docs/plugins.md).

Every check takes a specification object and raises AssertionError that says what the contract wants, where, and what was
seen.  In-tree plugins are held to the same checks (tests/protocols/test_conformance.py, tests/harness/test_testing_*.py).
"""

from harness.fixed_streams import Case
from harness.testing.codecs import (
    check_hostile,
    check_round_trip,
    check_silence_and_close,
    check_specification,
    check_split_invariance,
    check_vectors,
    deep_size,
)
from harness.testing.detectors import check_detector, check_null, check_power
from harness.testing.edition_runs import DryRun, NotRun, Outcome, check_dry_run, dry_run
from harness.testing.editions import check_edition
from harness.testing.streams import HONEST, Streams, every_case
from harness.testing.wanted import Broken, want

__all__ = [
    "HONEST",
    "Broken",
    "Case",
    "DryRun",
    "NotRun",
    "Outcome",
    "Streams",
    "check_detector",
    "check_dry_run",
    "check_edition",
    "check_hostile",
    "check_null",
    "check_power",
    "check_round_trip",
    "check_silence_and_close",
    "check_specification",
    "check_split_invariance",
    "check_vectors",
    "deep_size",
    "dry_run",
    "every_case",
    "want",
]
