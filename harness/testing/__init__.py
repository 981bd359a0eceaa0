"""The public kit for authors of plugins: call its checks from your tests (docs/plugins.md).

Every check takes a specification object and raises AssertionError that says what the contract wants, where, and what was
seen.  In-tree plugins are held to the same checks (tests/protocols/test_conformance.py,
tests/bench/test_testing_instruments.py).
"""

from harness.testing.codecs import (
    check_hostile,
    check_round_trip,
    check_silence_and_close,
    check_specification,
    check_split_invariance,
    check_vectors,
    deep_size,
)
from harness.testing.devices import Device, MakeDevice, Place, Setting
from harness.testing.drivers import check_driver
from harness.testing.faults import check_faults
from harness.testing.instruments import check_instrument
from harness.testing.wanted import Broken, want

__all__ = [
    "Broken",
    "Device",
    "MakeDevice",
    "Place",
    "Setting",
    "check_driver",
    "check_faults",
    "check_hostile",
    "check_instrument",
    "check_round_trip",
    "check_silence_and_close",
    "check_specification",
    "check_split_invariance",
    "check_vectors",
    "deep_size",
    "want",
]
