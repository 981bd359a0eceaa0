"""A driver on a disturbed line (protocols.md 2.3): the right value, or an InstrumentError; never a wrong or an old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, Unpack

from fixtures.capability import InstrumentSpec
from fixtures.errors import InstrumentError
from fixtures.sim.faults import FaultKind, FaultScript, as_heard, inject
from fixtures.sim.world import Port
from harness.testing.attempts import attempt
from harness.testing.devices import MakeDevice, Setting, Trial
from harness.testing.stands import Stand, stand
from harness.testing.wanted import want

RATE = 0.01  # of the bytes: several a reading, and some readings spared
TURNS = 5  # readings on a disturbed line
PATIENCE = 4  # readings within which a driver is right again on a clean line
ADAPTER_NS = 16_000_000  # a USB adapter's latency timer: so long it gathers bytes
NOISE = b"\x00\xff\x55"
MOST_ANSWERS = 8  # that come late in turn
MOST_BYTES = 48  # that have a bit flipped in turn
WRONG_RATE = 4  # times the right one


@dataclass(frozen=True)
class Fault:
    """`put` it on a port.  `harmless`: the value is expected none the less; `changes`: bytes come out others than sent."""

    name: str
    put: Callable[[Port, int], None]
    harmless: bool = False
    changes: bool = False
    ends: bool = True  # the line can be clean again


def _scripted(kind: FaultKind, port: Port, seed: int) -> None:
    inject(port, to_bench=FaultScript(seed, {kind: RATE}), to_device=FaultScript(seed + 1000, {kind: RATE}))


def _split(port: Port, seed: int) -> None:
    inject(port, to_bench=FaultScript(seed, {FaultKind.SPLIT: 1.0}))


def _gathered(port: Port, seed: int) -> None:
    """What comes within one adapter's latency comes in one read, at its end."""
    send, held = port.outward, bytearray()

    def hand_over() -> None:
        data = bytes(held)
        held.clear()
        send(data)

    def gather(data: bytes) -> None:
        if not held:
            port.world.after(ADAPTER_NS, hand_over)
        held.extend(data)

    port.outward = gather


def _said_as(said: Callable[[bytes], bytes], port: Port, seed: int) -> None:
    send = port.outward
    port.outward = lambda data: send(said(data))


def _twice(port: Port, seed: int) -> None:
    send = port.outward

    def say(data: bytes) -> None:
        send(data)
        send(data)

    port.outward = say


def _wrong_rate(port: Port, seed: int) -> None:
    """The bench listens and speaks faster than the device."""
    line, send, receive = port.line, port.outward, port.inward
    if (right := line.baud) is None:  # the number has no meaning there
        return
    wrong = right * WRONG_RATE
    port.outward = lambda data: send(as_heard(data, line, wrong))
    port.inward = lambda data: receive(as_heard(data, replace(line, baud=wrong), right))


def _echoed(port: Port, seed: int) -> None:
    inject(port, echo=True)


FAULTS: Sequence[Fault] = (
    Fault("answers split over many reads", _split, harmless=True),
    Fault("answers handed over late and together, as a USB adapter does", _gathered, harmless=True),
    Fault("bytes lost", partial(_scripted, FaultKind.DROP), changes=True),
    Fault("bits flipped", partial(_scripted, FaultKind.FLIP), changes=True),
    Fault("bytes repeated", partial(_scripted, FaultKind.REPEAT), changes=True),
    Fault("bytes put in by noise", partial(_scripted, FaultKind.INSERT), changes=True),
    Fault("noise before each answer", partial(_said_as, lambda data: NOISE + data), changes=True),
    Fault("each answer twice in one read", partial(_said_as, lambda data: data + data)),
    Fault("each answer twice, one after the other", _twice),
    Fault("silence: the device is switched off", partial(_said_as, lambda data: b"")),
    Fault("another baud rate", _wrong_rate),
    Fault("the cable pulled out", lambda port, seed: port.unplug(), ends=False),
)
_ONE_BIT = Fault("one bit flipped", _split, changes=True)
_LATE = Fault("late", _split)
# an adapter echoes for ever or not at all: so it never ends
_ECHO = Fault("an echo of what was sent", _echoed, harmless=True, ends=False)


def check_faults(
    spec: InstrumentSpec,
    device: MakeDevice | Mapping[str, MakeDevice],
    *,
    does: Callable[[Any], object],
    value: object,
    seeds: Sequence[int] = (1, 2, 3),
    **setting: Unpack[Setting],
) -> None:
    """On every fault of a line the driver gives the right value, none (None: a capability that may say so), or an
    InstrumentError that says what was expected, what came, where and what next; within its time, and it is right again
    when the line is.  Give `change`, or a stale answer looks like a new one; where nothing can change, say why in `unchanging`.
    """
    trial = Trial(spec, device, does, value, **setting)
    _check_change(trial)
    for fault in FAULTS:
        for seed in seeds[:1] if not fault.changes else seeds:
            _disturbed(trial, fault, seed, opening=False)
        _disturbed(trial, fault, seeds[0], opening=True)
    if trial.echo is not None:
        echoing = replace(trial, options={**trial.options, **trial.echo})
        _disturbed(echoing, _ECHO, seeds[0], opening=True)
    _one_bit(trial)
    _late(trial)


def _check_change(trial: Trial) -> None:
    """A value that never changes hides every stale answer."""
    where = trial.spec.name
    if trial.change is None:
        told = trial.value is None or trial.shows is not None or trial.unchanging.strip() != ""
        want(
            told,
            f"{where}: expected change, a function that makes another value right and returns it: without it a stale answer looks "
            "like a new one; or unchanging, the reason why there is no other value",
            "neither",
        )
        return
    with stand(trial) as at:
        seen = [trial.value, at.change(), at.change()]
    fresh = not any(trial.same(one, before) for before, one in pairwise(seen))
    want(fresh, f"{where}: change expected to make another value right at each call", seen)


def _disturbed(trial: Trial, fault: Fault, seed: int, *, opening: bool) -> None:
    """The fault begins before `open`, or behind it; then it ends."""
    where = f"{trial.spec.name}: {fault.name}{' from the beginning' if opening else ''} (seed {seed})"
    with stand(trial) as at:
        clean = {name: (port.outward, port.inward) for name, port in at.world.ports.items()}
        if not opening:
            _opened(at, where)
        for port in at.world.ports.values():
            fault.put(port, seed)
        opened = not opening or not isinstance(attempt(at, at.bench.open, f"{where}: open"), InstrumentError)
        want(opened or not fault.harmless, f"{where}: open expected to identify the device all the same", "an error")
        wanted = trial.value
        for _ in range(TURNS if opened else 0):
            old, wanted = wanted, at.change()
            _judge(at, fault, where, wanted, old)
        if fault.ends:
            for name, (outward, inward) in clean.items():
                at.world.ports[name].outward, at.world.ports[name].inward = outward, inward
            _right_again(at, where, opened, wanted)


def _opened(at: Stand, where: str) -> None:
    told = attempt(at, at.bench.open, f"{where}: open")
    want(not isinstance(told, InstrumentError), f"{where}: on a clean line open expected to identify the device", told)


def _judge(at: Stand, fault: Fault, where: str, wanted: object, old: object) -> None:
    got = attempt(at, at.do, f"{where}: does")
    none = isinstance(got, InstrumentError) or (got is None and wanted is not None)
    if fault.harmless:
        want(not none, f"{where}: nothing is lost on such a line; expected {wanted!r}", got)
    if none or at.trial.same(got, wanted) or (fault.changes and not at.trial.detects):
        return
    stale = at.trial.change is not None and at.trial.same(got, old)
    why = "a stale answer was taken for a new one" if stale else "a wrong value"
    want(False, f"{where}: expected {wanted!r} or InstrumentError", f"{got!r}: {why}")


def _right_again(at: Stand, where: str, opened: bool, wanted: object) -> None:
    """On the clean line a driver that was never opened opens, and reads rightly; what it said meanwhile is no matter."""
    got: object = None
    for _ in range(PATIENCE):
        if not opened:
            told = attempt(at, at.bench.open, f"{where}, then a clean line: open")
            opened, got = not isinstance(told, InstrumentError), told
            continue
        got = attempt(at, at.do, f"{where}, then a clean line: does")
        if not isinstance(got, InstrumentError) and at.trial.same(got, wanted):
            return
    want(False, f"{where}, then a clean line: expected {wanted!r} within {PATIENCE} tries", got)


def _one_bit(trial: Trial) -> None:
    """One bit of one byte an answer: a digit becomes its neighbour.  Each of the last bytes before `does` returns in turn."""
    if not trial.detects:
        return
    with stand(trial) as at:
        _opened(at, trial.spec.name)
        port = next(iter(at.world.ports.values()))
        clean, wanted = port.outward, at.change()
        before = len(at.said)
        attempt(at, at.do, trial.spec.name)
        length = sum(map(len, at.said[before : at.said_by_then]))
        for offset in range(max(0, length - MOST_BYTES), length):
            where = f"{trial.spec.name}: one bit flipped, in byte {offset + 1} of the answers"
            port.outward = _flipping(clean, offset)
            old, wanted = wanted, at.change()
            _judge(at, _ONE_BIT, where, wanted, old)
            port.outward = clean
            attempt(at, at.do, f"{where}, then a clean line: does")  # in step again, for the next offset


def _flipping(send: Callable[[bytes], None], offset: int) -> Callable[[bytes], None]:
    left = offset

    def say(data: bytes) -> None:
        nonlocal left
        if 0 <= left < len(data):
            data = data[:left] + bytes((data[left] ^ 1,)) + data[left + 1 :]
        left -= len(data)
        send(data)

    return say


@dataclass(frozen=True)
class _Asked:
    """What a driver does when the k-th answer does not come: how long it waits, and after how long it asks again."""

    timeout_ns: int
    again_ns: int

    def late_ns(self) -> list[int]:
        """Times after which an answer is late: just behind the time-out, and before it is asked again."""
        behind = self.timeout_ns * 11 // 10
        if self.again_ns > behind:
            return [behind, (behind + self.again_ns) // 2, self.again_ns * 19 // 20]
        return [behind, self.timeout_ns * 3 // 2]


def _late(trial: Trial) -> None:
    """Each answer of one `does` in turn comes late; the answers behind it wait for it, as they do in a device."""
    with stand(trial) as at:
        _opened(at, trial.spec.name)
        before = len(at.said)
        at.change()
        at.do()
        answers = min(len(at.said) - before, MOST_ANSWERS)
    late: set[int] = set()
    for number in range(answers):
        for late_ns in _unanswered(trial, number).late_ns():
            _answered_late(trial, number, late_ns)
            late.add(late_ns)
    for late_ns in sorted(late):
        _answered_late(trial, None, late_ns)


def _unanswered(trial: Trial, number: int) -> _Asked:
    where = f"{trial.spec.name}: no answer {number + 1}"
    with stand(trial) as at:
        _opened(at, where)
        port = next(iter(at.world.ports.values()))
        before, send = len(at.said), port.outward
        port.outward = lambda data: send(data if len(at.said) - before < number else b"")
        at.sent_ns.clear()
        got = attempt(at, at.do, f"{where}: does")
        sent = at.sent_ns[number:]
        again_ns = next((b - a for a, b in pairwise(sent)), 0)
        if isinstance(got, InstrumentError) and sent:
            return _Asked(at.clock.t_ns - sent[-1], again_ns)
        return _Asked(again_ns, again_ns)


def _answered_late(trial: Trial, number: int | None, late_ns: int) -> None:
    """`number` None: every answer comes so late, until the line is clean again."""
    which = "every answer" if number is None else f"answer {number + 1}"
    where = f"{trial.spec.name}: {which} comes {late_ns / 1e9:.3g} s late"
    with stand(trial) as at:
        _opened(at, where)
        port = next(iter(at.world.ports.values()))
        send, said, free_ns, clean = port.outward, 0, 0, False

        def hold(data: bytes) -> None:
            nonlocal said, free_ns
            held = not clean and number in (None, said)
            said += 1
            free_ns = max(at.world.now_ns + late_ns * held, free_ns)
            at.world.schedule(free_ns, lambda: send(data))

        port.outward = hold
        wanted = at.trial.value
        for _ in range(TURNS):
            old, wanted = wanted, at.change()
            _judge(at, _LATE, where, wanted, old)
        clean = True
        attempt(
            at, lambda: at.bench.idle(max(0, free_ns - at.world.now_ns)), f"{where}, then a clean line"
        )  # what is held comes first
        _right_again(at, where, True, wanted)
