"""Checks of an instrument plugin against its contract (fixtures/capability.py).

`check_instrument` needs nothing but the `InstrumentSpec`.  The driver against a simulated device: harness/testing/drivers.py;
on a disturbed line: harness/testing/faults.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fixtures.benchfile import ROLES, STATIONS
from fixtures.capability import API_VERSION, Driver, InstrumentSpec
from fixtures.capacity import CLOCK
from fixtures.errors import BenchError, InstrumentError
from fixtures.plugins import specs
from fixtures.roles import DUTIES, lacking
from harness.testing.devices import NAME, PROFILE
from harness.testing.outside import imported_anew, round_the_bench_is_broken
from harness.testing.wanted import want
from harness.testing.watchdog import returning
from protocols.contract import LineSettings, WireProtocol

OPTION_TYPES = (str, int, Decimal, bool, list, dict)  # what a bench file has: a number with a point is read as Decimal
_OBSERVED = (*STATIONS, CLOCK, "tap")  # a time signal, and a train of which nobody says where it was tapped


class Unattached:
    """A bench that carries nothing: what a driver does at its making, and what it holds on to, is seen here."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self._now_ns = 0

    def now_ns(self) -> int:
        self._now_ns += 1_000_000
        return self._now_ns

    def send(self, link: str, data: bytes) -> None:
        self.sent.append(data)

    def allowance_ns(self, duration_ns: int) -> int:
        return duration_ns

    def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
        if not done():
            raise InstrumentError(f"link {link}: expected {expected}; nothing is attached here")

    def withhold(self, link: str, on: bool) -> bool:
        return True


def check_instrument(
    spec: InstrumentSpec,
    *,
    options: Mapping[str, Any] | None = None,
    profile: Mapping[str, str] = PROFILE,
    protocol: WireProtocol | None = None,
) -> None:
    """The specification object is filled in and consistent, and `make` gives a driver that does nothing by itself.

    `options`: typical ones; without any, and without these, BenchError may say what is missing, nothing else.
    """
    want(isinstance(spec, InstrumentSpec), "expected an InstrumentSpec", spec)
    _check_fields(spec, protocol)
    with round_the_bench_is_broken(f"{spec.name}: its module, imported"):
        imported_anew(spec.make)
    _made(spec, {}, profile)
    driver = _made(spec, options or {}, profile)
    if driver is None:
        want(options is None, f"{spec.name}: make expected a driver from options {options}", "BenchError")
        return
    for role in sorted(spec.provides):
        kinds = DUTIES[role].able
        needed = " or ".join(kind.__name__ for kind in kinds)
        want(
            isinstance(driver, kinds),
            f"{spec.name}: role {role} expected a driver that {needed}",
            type(driver).__name__,
        )
        missing = [] if spec.gives is None else lacking(role, spec.gives(options or {}))
        want(not missing, f"{spec.name}: role {role} expected gives to name {', '.join(DUTIES[role].keys)}", missing)


def _check_fields(spec: InstrumentSpec, protocol: WireProtocol | None) -> None:
    name = spec.name
    want(name == name.strip().lower() and name != "" and " " not in name, "name: expected lower case, one word", name)
    where = name
    want(spec.api == API_VERSION, f"{where}: api expected {API_VERSION}; adapt the plugin to this contract", spec.api)
    want(
        isinstance(spec.links, tuple) and len(spec.links) > 0,
        f"{where}: links expected a tuple of line names",
        spec.links,
    )
    want(len(set(spec.links)) == len(spec.links) and all(spec.links), f"{where}: links expected each once", spec.links)
    for option, kind in spec.options.items():
        want(option == option.lower() and option != "", f"{where}: option expected in lower case", option)
        want(
            kind in OPTION_TYPES,
            f"{where}: option {option} expected one of the bench file's types {[one.__name__ for one in OPTION_TYPES]}",
            kind,
        )
    reserved = {"driver", "links", "zone", "certificate"} & set(spec.options)
    want(not reserved, f"{where}: options expected other names than the bench file's own keys", sorted(reserved))
    unknown = sorted(set(spec.provides) - set(ROLES))
    want(not unknown, f"{where}: provides expected some of {', '.join(ROLES)}", unknown)
    want(isinstance(spec.writes, bool), f"{where}: writes expected True or False", spec.writes)
    if spec.protocol:
        known = specs("protocols") if protocol is None else {protocol.name: protocol}
        want(
            spec.protocol in known, f'{where}: protocol expected "" or one of {", ".join(sorted(known))}', spec.protocol
        )
    _check_line(where, spec.line)
    if spec.protocol and spec.line_of is None:
        usual = protocol if protocol is not None else specs("protocols")[spec.protocol]
        want(
            spec.line == usual.line or spec.line_source.strip() != "",
            f"{where}: line expected that of its protocol {usual.name}, {usual.line}, or line_source, what another one rests on",
            spec.line,
        )
    carries = spec.capacity_edges_per_s
    want(carries is None or carries > 0, f"{where}: capacity_edges_per_s expected None or more than 0", carries)
    want(
        (carries is None) == (spec.capacity_source.strip() == ""),
        f"{where}: capacity_source expected to say what capacity_edges_per_s rests on, and nothing without one",
        (carries, spec.capacity_source),
    )
    want(spec.edges_per_pulse in (1, 2), f"{where}: edges_per_pulse expected 1 or 2", spec.edges_per_pulse)
    strange = sorted(set(spec.observes or ()) - set(_OBSERVED))
    want(not strange, f"{where}: observes expected None or some of {', '.join(_OBSERVED)}", strange)
    want(
        (spec.observes is None) == (spec.observes_why.strip() == ""),
        f"{where}: observes_why expected the reason of observes, and nothing without one",
        (spec.observes, spec.observes_why),
    )
    want(spec.dtr in (None, True, False), f"{where}: dtr expected True, False or None", spec.dtr)
    want(callable(spec.make), f"{where}: make expected to be called with bench, links, options, profile", spec.make)


def _check_line(where: str, line: LineSettings) -> None:
    want(isinstance(line, LineSettings), f"{where}: line expected LineSettings", line)
    right = (line.baud is None or 50 <= line.baud <= 4_000_000) and line.data_bits in (5, 6, 7, 8)
    want(
        right and line.parity in "NEOMS" and line.stop_bits in (1, 2),
        f"{where}: line expected settings of a port",
        line,
    )


def _made(spec: InstrumentSpec, options: Mapping[str, Any], profile: Mapping[str, str]) -> Driver | None:
    """A driver that was only made; None where BenchError says that options are missing or wrong."""
    bench, where = Unattached(), f"{spec.name} made with options {dict(options)}"
    links = {line: f"{NAME}_{line}" for line in spec.links}
    try:
        with returning(where), round_the_bench_is_broken(where):
            driver = spec.make(bench, links, options, profile)
        if spec.line_of is not None:
            _check_line(where, spec.line_of(options, None))
            want(
                spec.line_of(options, 2400).baud == 2400, f"{where}: line_of expected the bench file's rate", "another"
            )
    except BenchError as error:
        want(len(str(error)) > 20, f"{where}: BenchError expected to say what was expected, what came and where", error)
        return None
    for verb in ("receive", "due_ns", "tick", "open", "make_safe"):
        want(callable(getattr(driver, verb, None)), f"{where}: expected a Driver, with {verb}", type(driver).__name__)
    due_ns = driver.due_ns()
    want(due_ns is None or isinstance(due_ns, int), f"{where}: due_ns expected None or nanoseconds", due_ns)
    want(not bench.sent, f"{where}: expected nothing to be sent before open", bench.sent)
    return driver
