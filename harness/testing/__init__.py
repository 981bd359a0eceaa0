"""The public kit for authors of plugins: call its checks from your tests (docs/plugins.md).

Every check takes a specification object and raises AssertionError that says what the contract wants, where, and what was
seen.  In-tree plugins are held to the same checks.  `shortmeasure plugin check` calls those that need nothing but the plugin.
"""

from harness.fixed_streams import Case
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
from harness.testing.crossed import check_crossed
from harness.testing.detectors import check_detector, check_null, check_power
from harness.testing.devices import Device, MakeDevice, Place, Setting
from harness.testing.drivers import check_driver
from harness.testing.edition_runs import DryRun, Outcome, check_dry_run, dry_run
from harness.testing.editions import check_edition
from harness.testing.faults import check_faults
from harness.testing.hostile import endless, hostile_streams
from harness.testing.instruments import check_instrument
from harness.testing.streams import HONEST, Streams, every_case
from harness.testing.wanted import Broken, NotRun, want

__all__ = [
    "HONEST",
    "Broken",
    "Case",
    "Device",
    "DryRun",
    "MakeDevice",
    "NotRun",
    "Outcome",
    "Place",
    "Setting",
    "Streams",
    "check_crossed",
    "check_detector",
    "check_driver",
    "check_dry_run",
    "check_edition",
    "check_exact",
    "check_faults",
    "check_hostile",
    "check_instrument",
    "check_isolation",
    "check_null",
    "check_power",
    "check_questions",
    "check_round_trip",
    "check_sans_io",
    "check_silence_and_close",
    "check_specification",
    "check_split_invariance",
    "check_vectors",
    "deep_size",
    "dry_run",
    "endless",
    "every_case",
    "hostile_streams",
    "want",
]
