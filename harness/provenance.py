"""What a case says of its own making: software, method, limits, standards and clock (evidence.md 1.5 items 7 to 13).

Two records.  The *header*, the journal's first line, holds what is the same for every run of this method on this
computer, and what was given before the run (nonce, previous case): under the virtual clock equal seeds still give
equal bytes.  The *provenance* entry behind the first span holds what is this hour's: command line, offset from UTC,
what the system says of its clock, room on the disk.  It is written in real time only: virtual time has no clock to
check, and the command line of a simulation names the cheat, which no case may know.

Neither names the computer or its user: the laptop is told by the key that seals the case.
"""

from __future__ import annotations

import getpass
import hashlib
import locale
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from fixtures.benchfile import BenchFile
from fixtures.hostclock import clock_state, utc_day
from fixtures.kinds import PLAIN
from fixtures.language import language
from fixtures.plugins import allowed_list, specs
from fixtures.recorder import Recorder
from harness.exits import UsageError
from harness.families import FamilyTests
from harness.judge.contexts import SHARES
from harness.judge.evidence import CONTRASTS, PORTIONS, REGISTERED, SUSPECT_FACTOR
from harness.plans import PlanSpec
from harness.software import dependencies, plugin_list, software
from harness.standards import Override, declared, parsed_overrides
from harness.worlds import people_of, pseudo_terminals, schemes, world_of
from protocols.acceptance import Edition, EditionSpec

LONGEST_NONCE = 200
LONGEST_ARGUMENT = 500
MOST_ARGUMENTS = 200
ENVIRONMENT: Mapping[str, tuple[str, str]] = {
    "temperature_c": ("-90", "90"),
    "humidity_percent": ("0", "100"),
    "pressure_hpa": ("300", "1200"),
}  # what can be measured anywhere on earth
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Told:
    """What the command line hands in.  `today`: the day by which standards are due, None = the wall clock's in UTC."""

    argv: tuple[str, ...] = ()
    nonce: str = ""
    after: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    environment: tuple[Mapping[str, str], ...] = ()
    today: date | None = None

    @property
    def day(self) -> date:
        return utc_day() if self.today is None else self.today


def told(
    argv: Sequence[str], nonce: str, after: str, override_standard: Sequence[str], environment: Sequence[str]
) -> Told:
    """The options of `run` that concern provenance, checked.  Raises UsageError."""
    if nonce and (len(nonce) > LONGEST_NONCE or not nonce.isprintable()):
        raise UsageError(f"--nonce expected 1 to {LONGEST_NONCE} printable characters, got {nonce[:80]!r}")
    if after and not _SHA256.fullmatch(after):
        raise UsageError(f"--after expected the digest of the previous case, 64 hex digits, got {after[:80]!r}")
    return Told(tuple(argv), nonce, after, parsed_overrides(override_standard), tuple(map(_reading, environment)))


def header(
    plan: PlanSpec, bench: BenchFile, limits: Edition, tests: FamilyTests, alpha: float, said: Told
) -> dict[str, Any]:
    """What the header holds beside plan, kit, instrument and alpha; JSON-ready."""
    return {
        "world": world_of(bench),
        "people": people_of(bench),
        "software": dict(software()),
        "dependencies": dict(dependencies()),
        "plugins": [dict(plugin) for plugin in plugin_list()],
        **(
            {"plugins_allowed": {"sha256": listed.sha256, "packages": sorted(listed.digests)}}
            if (listed := allowed_list())
            else {}
        ),
        "host": host(),
        "plan_sha256": plan_digest(plan),
        "bench_sha256": hashlib.sha256(bench.text.encode("utf-8")).hexdigest(),
        "limits": limits_of(limits, bench.edition_text),
        "validations": {
            f"{spec.name}/{spec.version}": {**asdict(known), "cap": known.cap}
            for spec in tests.detectors.values()
            if (known := tests.validations.get(f"{spec.name}/{spec.version}")) is not None
        },
        "catalogue_sha256": dict(_data_digests("harness.catalogue")),
        "thresholds": threshold_rule(alpha),
        "standards": declared(bench),
        **({"nonce": said.nonce} if said.nonce else {}),
        **({"after": said.after} if said.after else {}),
    }


def record(
    recorder: Recorder,
    bench: BenchFile,
    said: Told,
    overrides: Sequence[Override],
    facts: Mapping[str, Any],
    *,
    again: bool = False,
) -> None:
    """What every start of the run says anew: overrides, readings of the environment, and in real time what is this hour's
    (`facts`: further figures, such as the room on the disk).  `again`: the run goes on, and what is at the far end of its
    lines now stands in no header."""
    if again:
        recorder.entry("world", world=world_of(bench), people=people_of(bench))
    for override in overrides:
        recorder.entry(
            "override", what=override.what, why=override.reason, standard=override.standard.name,
            certificate=override.standard.certificate, due=override.standard.due,
        )  # fmt: skip
    for reading in said.environment:
        recorder.entry("environment", **reading)
    if not schemes(bench) & {"sim", "replay"}:
        recorder.entry(
            "provenance", argv=impersonal(said.argv), wall=asdict(clock_state()), **facts,
            pseudo_terminals=pseudo_terminals(bench),
        )  # fmt: skip


def host() -> dict[str, Any]:
    """The computer as far as it bears on results and texts, without its name."""
    return {
        "python": platform.python_version(), "implementation": platform.python_implementation(),
        "system": platform.system(), "release": platform.release(), "build": platform.version(), "machine": platform.machine(),
        "language": language(), "encoding": locale.getencoding(), "paths": sys.getfilesystemencoding(),
    }  # fmt: skip


def plan_digest(plan: PlanSpec) -> str:
    """SHA-256 over the name of the plan and the text of everything a plan is made of (harness/plans and its steps)."""
    parts = software()["parts_sha256"]
    return hashlib.sha256(f"{plan.name} {parts['harness/plans']} {parts['harness/step.py']}".encode()).hexdigest()


def limits_of(edition: Edition, own: str = "") -> dict[str, Any]:
    """The edition judged by: its file's digest, and for each limit whether its number was checked against the print; `own`: text of a laboratory's
    own file."""
    spec: EditionSpec | None = specs("acceptance").get(edition.id)
    data = own.encode() if own else None if spec is None else (files(spec.package) / spec.resource).read_bytes()
    return {
        "edition": edition.id, "title": edition.title, "in_force": edition.in_force,
        "sha256": None if data is None else hashlib.sha256(data).hexdigest(),
        "verified": {limit.id: limit.verified for limit in edition.limits},
    }  # fmt: skip


def threshold_rule(alpha: float) -> dict[str, Any]:
    """How a threshold follows from alpha and the weights of the header; fixed before the run, so never chosen after it.

    w: weight of the detector / sum of the weights of all pairs of detector and link that the bench's stations show.
    """
    return {
        "proven": "1/(alpha/2 x w)", "confirmation": "1/(alpha/2 x 2^-k)", "suspect_factor": SUSPECT_FACTOR, "alpha": alpha,
        "w": "weight / sum of weights over the pairs of detector and link that the bench observes",
        "shares": {"contexts": dict(SHARES), "contrasts": dict(CONTRASTS), "portions": dict(PORTIONS), "registered": dict(REGISTERED)},
    }  # fmt: skip


def impersonal(argv: Sequence[str]) -> list[str]:
    """A command line without the user's name: home folders and path components that carry it are masked."""
    home = os.path.expanduser("~")
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such entry; Windows without the variables
        user = ""
    result = []
    for argument in argv[:MOST_ARGUMENTS]:
        text = argument.replace(home, "~") if len(home) > 1 else argument
        if user:
            text = re.sub(rf"(?<=[/\\]){re.escape(user)}(?=[/\\]|$)", "USER", text)
        result.append(text[:LONGEST_ARGUMENT])
    return result


@cache
def _data_digests(package: str) -> Mapping[str, str]:
    """SHA-256 of the data files (.toml) of a package: cheats, honest causes, validations."""
    return {
        item.name: hashlib.sha256(item.read_bytes()).hexdigest()
        for item in sorted(files(package).iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml")
    }


def _reading(text: str) -> Mapping[str, str]:
    """NAME=VALUE@SENSOR.  Raises UsageError."""
    name, equals, rest = text.partition("=")
    value, at, sensor = rest.partition("@")
    fits = (
        equals and at and name in ENVIRONMENT and PLAIN.match(value) and sensor.isprintable() and 0 < len(sensor) <= 80
    )
    if not fits or not Decimal(ENVIRONMENT[name][0]) <= Decimal(value) <= Decimal(ENVIRONMENT[name][1]):
        kinds = ", ".join(f"{key} ({low} to {high})" for key, (low, high) in ENVIRONMENT.items())
        raise UsageError(f"--environment expected NAME=VALUE@SENSOR with NAME one of {kinds}, got {text[:80]!r}")
    return {"quantity": name, "value": value, "sensor": sensor}
