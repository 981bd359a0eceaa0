"""The whole kit run on one plugin, without a test being written: a sheet of what was held to the contract and what each vector rests on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fixtures.plugins import Plugin
from harness.testing import cables, codecs, hostile
from harness.testing.wanted import Broken, want
from protocols.contract import Role, Vector, WireProtocol

Named = tuple[str, Callable[[], None]]
PIECES = (1, 7, 64)  # bytes a read
LIMIT_S = 60.0
FAR = 12  # cuts of a stream


@dataclass(frozen=True, slots=True)
class Held:
    """One check: whether the plugin keeps it, else what was wanted and what came."""

    name: str
    kept: bool
    said: str = ""


@dataclass(frozen=True)
class Sheet:
    """What one plugin was held to.  `vectors`: (name, sender, evidence class, source) of a protocol's; `evidence`, `verified` and
    `reference` as its specification says."""

    group: str
    name: str
    distribution: str
    held: tuple[Held, ...]
    evidence: str = ""
    verified: bool | None = None
    reference: str = ""
    vectors: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def conforms(self) -> bool:
        return all(one.kept for one in self.held)


def sheet(plugin: Plugin, limit_s: float = LIMIT_S) -> Sheet:
    """Everything that the kit can ask of `plugin`, a broken one included; a check that does not come back within `limit_s` is given up."""
    if plugin.spec is None:
        told = Held("it loads", False, f"{plugin.reason}; what next: {plugin.remedy}")
        return Sheet(plugin.group, plugin.name, plugin.distribution, (told,))
    checks = CHECKS[plugin.group]
    held = [Held("it loads", True), *(_held(name, check, limit_s) for name, check in checks(plugin))]
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
    )


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
    except Broken as broken:
        return Held(name, False, str(broken))
    except RecursionError as error:
        return Held(name, False, f"expected messages, got endless recursion: {error}")
    except (
        Exception
    ) as error:  # a stranger's code may raise anything: that is a finding about it, and the sheet goes on
        return Held(
            name, False, f"expected an answer or a ProtocolError that says why, got {type(error).__name__}: {error}"
        )
    return Held(name, True)


def _protocol(plugin: Plugin) -> Iterator[Named]:
    protocol = plugin.spec

    def named_alike() -> None:
        want(protocol.name == plugin.name, f"name: expected that of its entry point, {plugin.name!r}", protocol.name)

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
        "it is a WireProtocol",
        lambda: want(
            isinstance(protocol, WireProtocol), "the object: expected a WireProtocol", type(protocol).__name__
        ),
    )
    if not isinstance(protocol, WireProtocol):
        return
    yield "specification", lambda: codecs.check_specification(protocol)
    yield "name", named_alike
    yield "vectors, both ways", lambda: codecs.check_vectors(protocol)
    yield "messages there and back", lambda: codecs.check_round_trip(protocol)
    yield "figures are exact", lambda: cables.check_exact(protocol)
    yield "frames stand for themselves", lambda: cables.check_isolation(protocol)
    yield "however reads are cut", cut
    yield "hostile bytes, bounded memory", attacked
    yield "silence and close", lambda: codecs.check_silence_and_close(protocol)
    yield "questions and answers over a cable", lambda: cables.check_questions(protocol)
    yield "no clock, thread or port", lambda: cables.check_sans_io(protocol)


CHECKS: Mapping[str, Callable[[Plugin], Iterator[Named]]] = {"protocols": _protocol}
