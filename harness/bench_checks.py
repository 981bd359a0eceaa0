"""What `run` refuses a bench for before it opens a port or makes a case; `bench check` and `doctor` ask the same."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.benchfile import BenchFile
from fixtures.opening import check_opening
from fixtures.plugins import specs
from harness.benches import world
from harness.editions import edition_of
from harness.families import FamilyTests, family_tests
from harness.identity import type_of
from protocols.acceptance import Edition


def judged_by(bench: BenchFile) -> tuple[Edition, FamilyTests]:
    """The limits and the tests that `bench` is judged by.  Raises BenchError where it names none, or a type file that is
    none."""
    type_of(bench)
    limits = edition_of(bench)
    return limits, family_tests(limits)


def check_bench(bench: BenchFile) -> Sequence[str]:
    """What was checked, a line each.  Raises what `run` would raise before it begins, BenchError mostly."""
    simulated = world(bench, None, 1) if bench.simulated else None
    lines = check_opening(bench, specs("instruments"), world=simulated)
    judged_by(bench)
    return lines
