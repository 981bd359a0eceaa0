"""The whole kit run on one plugin, without a test being written: a sheet of what was held to the contract and what each vector rests on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fixtures.language import mark
from fixtures.package_digest import package_digest
from fixtures.plugins import Plugin, plugins
from harness.testing import cables, codecs, hostile
from harness.testing.crossed import check_crossed
from harness.testing.detectors import check_detector
from harness.testing.edition_runs import check_dry_run
from harness.testing.editions import check_edition
from harness.testing.filled_in import check_written
from harness.testing.instruments import check_instrument
from harness.testing.wanted import Broken, NotRun, want
from protocols.contract import Role, Vector, WireProtocol

Named = tuple[str, Callable[[], None]]
PIECES = (1, 7, 64)  # bytes a read
LOADS = mark("it loads")
WRITTEN = mark("written by its author")
FREE = mark("a name that nobody has")
LIMIT_S = 600.0  # an edition of taximeters drives for a minute and more
FAR = 12  # cuts of a stream


@dataclass(frozen=True, slots=True)
class Held:
    """One check: whether the plugin keeps it, else what was wanted and what came.  `tried` False: it was not, and `said` tells why."""

    name: str
    kept: bool
    said: str = ""
    tried: bool = True


@dataclass(frozen=True)
class Sheet:
    """What one plugin was held to.  `vectors`: (name, sender, evidence class, source) of a protocol's; `evidence`, `verified` and
    `reference` as its specification says.  `path`: the package that was checked, `sha256` its digest, as a list of allowed plugins has it."""

    group: str
    name: str
    distribution: str
    held: tuple[Held, ...]
    evidence: str = ""
    verified: bool | None = None
    reference: str = ""
    vectors: tuple[tuple[str, str, str, str], ...] = ()
    path: str = ""
    sha256: str = ""

    @property
    def conforms(self) -> bool:
        return all(one.kept for one in self.held)

    @property
    def whole(self) -> bool:
        """Nothing was left out."""
        return all(one.tried for one in self.held)


def sheet(plugin: Plugin, limit_s: float = LIMIT_S, beside: Sequence[Plugin] = (), crossed: bool = True) -> Sheet:
    """Everything that the kit can ask of `plugin`, a broken one included; a check that does not come back within `limit_s` is given up.

    `beside`: plugins of the same distribution, where it is not installed.  `crossed`: hold a protocol against recordings of every
    other one, which takes half a minute.
    """
    if plugin.spec is None:
        told = Held(LOADS, False, f"{plugin.reason}; what next: {plugin.remedy}")
        return Sheet(plugin.group, plugin.name, plugin.distribution, (told,), path=_path(plugin))
    checks = (*CHECKS[plugin.group](plugin, beside, crossed), (FREE, lambda: _free_name(plugin)))
    held = [Held(LOADS, True), *(_held(name, check, limit_s) for name, check in checks)]
    spec = plugin.spec
    vectors: Sequence[Vector] = getattr(spec, "vectors", ())
    rows = tuple((one.name, str(one.sender), str(one.evidence), one.source) for one in vectors)
    evidence, reference = str(getattr(spec, "evidence", "")), str(getattr(spec, "reference", ""))
    return Sheet(
        plugin.group,
        plugin.name,
        plugin.distribution,
        tuple(held),
        evidence,
        getattr(spec, "verified", None),
        reference,
        rows,
        _path(plugin),
        package_digest(plugin.package) or "",
    )


def _path(plugin: Plugin) -> str:
    """The folder of its package, or its module."""
    origin = str(getattr(sys.modules.get(plugin.package), "__file__", None) or "")
    return str(Path(origin).parent) if Path(origin).name == "__init__.py" else origin


def _held(name: str, check: Callable[[], None], limit_s: float) -> Held:
    """In a thread of its own: what blocks for ever must not keep whoever asked."""
    told: list[Held] = []
    worker = threading.Thread(target=lambda: told.append(_kept(name, check)), daemon=True)
    worker.start()
    worker.join(limit_s)
    if told:
        return told[0]
    return Held(
        name, False, f"expected to come back within {limit_s:g} s, got nothing: it blocks or loops {_where(worker)}"
    )


def _where(worker: threading.Thread) -> str:
    """The innermost line at which a thread is."""
    frame = sys._current_frames().get(worker.ident or 0)
    return "" if frame is None else f"at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


def _kept(name: str, check: Callable[[], None]) -> Held:
    try:
        check()
    except NotRun as why:
        return Held(name, True, str(why), tried=False)
    except Broken as broken:
        return Held(name, False, str(broken))
    except RecursionError as error:
        return Held(name, False, f"expected messages, got endless recursion: {error}")
    except (
        Exception
    ) as error:  # a stranger's code may raise anything: that is a finding about it, and the sheet goes on
        return Held(
            name, False, f"expected an answer, or the contract's own error, got {type(error).__name__}: {error}"
        )
    return Held(name, True)


def _others(plugin: Plugin) -> dict[str, WireProtocol]:
    return {
        one.name: one.spec
        for one in plugins("protocols")
        if isinstance(one.spec, WireProtocol) and one.name != plugin.name
    }


def _protocol(plugin: Plugin, beside: Sequence[Plugin], crossed: bool) -> Iterator[Named]:
    protocol = plugin.spec

    def cut() -> None:
        for role in Role:
            for number, stream in enumerate(hostile.hostile_streams(protocol, role)):
                places = [len(stream) * k // FAR for k in range(1, FAR)]
                codecs.check_split_invariance(protocol, role, stream, range(len(stream)))
                codecs.check_split_invariance(protocol, role, stream, places[number % 3 :: 2])

    def attacked() -> None:
        for role in Role:
            for number, stream in enumerate(hostile.hostile_streams(protocol, role, seed=1)):
                codecs.check_hostile(protocol, role, stream, PIECES[number % len(PIECES)])
            for stream in hostile.endless():
                codecs.check_hostile(protocol, role, stream, 997)

    yield (
        mark("it is a WireProtocol"),
        lambda: want(
            isinstance(protocol, WireProtocol), "the object: expected a WireProtocol", type(protocol).__name__
        ),
    )
    if not isinstance(protocol, WireProtocol):
        return
    yield mark("specification"), lambda: codecs.check_specification(protocol)
    yield mark("name"), lambda: _same_name(plugin, protocol.name)
    yield mark("vectors, both ways"), lambda: codecs.check_vectors(protocol)
    yield mark("messages there and back"), lambda: codecs.check_round_trip(protocol)
    yield mark("figures are exact"), lambda: cables.check_exact(protocol)
    yield mark("frames stand for themselves"), lambda: cables.check_isolation(protocol)
    yield mark("however reads are cut"), cut
    yield mark("hostile bytes, bounded memory"), attacked
    yield mark("silence and close"), lambda: codecs.check_silence_and_close(protocol)
    yield mark("questions and answers over a cable"), lambda: cables.check_questions(protocol)
    yield mark("no clock, thread or port"), lambda: cables.check_sans_io(protocol)
    among = mark("among all other protocols")
    if crossed:
        yield among, lambda: check_crossed(protocol, _others(plugin))
    else:
        yield among, _left("recordings of all other protocols, which takes half a minute")


def _left(needs: str) -> Callable[[], None]:
    def told() -> None:
        raise NotRun(f"expected {needs}; got none here")

    return told


def _instrument(plugin: Plugin, beside: Sequence[Plugin], crossed: bool) -> Iterator[Named]:
    """What needs no simulated device; the author's tests bring one (check_driver, check_faults)."""
    name = getattr(plugin.spec, "protocol", "")
    known = [one for one in (*beside, *plugins("protocols")) if one.group == "protocols"]
    own = next((one.spec for one in known if one.name == name), None)
    yield (
        mark("specification, and a driver that does nothing by itself"),
        lambda: check_instrument(plugin.spec, protocol=own),
    )
    yield mark("name"), lambda: _same_name(plugin, plugin.spec.name)
    yield WRITTEN, lambda: check_written("instrument", plugin.name, plugin.spec.make)
    device = _left("its simulated device, in the author's tests: check_driver, check_faults")
    yield mark("the driver at its device"), device
    yield mark("the driver on a disturbed line, stale answers included"), device


def _detector(plugin: Plugin, beside: Sequence[Plugin], crossed: bool) -> Iterator[Named]:
    """False alarms and power need cases: check_null, check_power in the author's tests."""
    yield mark("specification, and judging as a pure function"), lambda: check_detector(plugin.spec)
    yield mark("name"), lambda: _same_name(plugin, plugin.spec.name)
    yield WRITTEN, lambda: check_written("detector", plugin.name, plugin.spec.judge)
    unweighted = " (of weight 0 hits and p alone can be tried, not e)" if getattr(plugin.spec, "weight", 1) == 0 else ""
    yield mark("false alarms on honest cases"), _left(f"honest cases, in the author's tests: check_null{unweighted}")
    yield mark("power on cheating cases"), _left("cheating cases, in the author's tests: check_power")


def _edition(plugin: Plugin, beside: Sequence[Plugin], crossed: bool) -> Iterator[Named]:
    yield mark("edition"), lambda: check_edition(plugin.spec)
    yield mark("name"), lambda: _same_name(plugin, plugin.spec.id)
    carried_out = mark("carried out at an honest instrument and at one beyond its limit")

    def run() -> None:
        check_dry_run(plugin.spec)

    yield carried_out, run


def _free_name(plugin: Plugin) -> None:
    """An installed plugin of this name keeps it: of two, the stranger's is not loaded."""
    taken = [
        one.distribution
        for one in plugins(plugin.group)
        if one.name == plugin.name and one.value != plugin.value and one.distribution != plugin.distribution
    ]
    want(
        not taken,
        f"name: expected one that no installed plugin of {plugin.group} has",
        f"{plugin.name!r}, which {', '.join(taken)} has",
    )


def _same_name(plugin: Plugin, name: str) -> None:
    want(name == plugin.name, f"name: expected that of its entry point, {plugin.name!r}", name)


CHECKS: Mapping[str, Callable[[Plugin, Sequence[Plugin], bool], Iterator[Named]]] = {
    "protocols": _protocol, "instruments": _instrument, "detectors": _detector, "acceptance": _edition,
}  # fmt: skip
