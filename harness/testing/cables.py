"""Checks of what passes over a cable between host and device: decoders that share nothing, frames that stand for themselves,
questions that are answered, figures that stay exact."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.testing.codecs import LONG_SILENCE_CHARS
from harness.testing.hostile import wires
from harness.testing.wanted import want
from protocols.contract import Decoder, Garbage, Message, ProtocolError, Role, WireProtocol, joined
from protocols.indication import Indicating, Indication

MOST_FRAMES = 16
ADDRESS = "A"
OUTSIDE = frozenset({
    "time", "datetime", "threading", "_thread", "multiprocessing", "asyncio", "selectors", "select", "socket", "serial", "subprocess", "signal", "queue",
})  # fmt: skip
READINGS = (  # what a scale may show; a protocol may have no frame for one of them
    Indication(Decimal("0.000"), "kg", stable=True, net=False, zero=True, overload=False, underload=False, tare=Decimal("0.000"), unit_price=Decimal("0.00"), price=Decimal("0.00")),
    Indication(Decimal("1.235"), "kg", stable=True, net=False, zero=False, overload=False, underload=False, tare=Decimal("0.000"), unit_price=Decimal("2.50"), price=Decimal("3.09")),
    Indication(Decimal("12.345"), "kg", stable=False, net=True, zero=False, overload=False, underload=False, tare=Decimal("0.100"), unit_price=Decimal("2.50"), price=Decimal("30.86")),
    Indication(Decimal("-0.100"), "kg", stable=True, net=True, zero=False, overload=False, underload=False, tare=Decimal("0.100"), unit_price=Decimal("0.00"), price=None),
    Indication(None, "kg", stable=True, net=False, zero=False, overload=True, underload=False, tare=Decimal("0.000"), unit_price=Decimal("0.00"), price=None),
)  # fmt: skip


def check_isolation(protocol: WireProtocol) -> None:
    """A frame means the same whatever came before it, and two decoders at work at once share nothing."""
    for role in Role:
        frames = wires(protocol, role)[:MOST_FRAMES]
        alone = [_whole(protocol.decoder(role), frame) for frame in frames]
        for k, (first, second) in enumerate(pairwise(frames)):
            decoder = protocol.decoder(role)
            got = joined([*decoder.feed(first), *decoder.silence(LONG_SILENCE_CHARS), *_whole(decoder, second)])
            where = f"{protocol.name} {role}: {second.hex(' ')} behind {first.hex(' ')} and a silence"
            want(
                got == joined([*alone[k], *alone[k + 1]]),
                f"{where}: expected it to mean what it means alone, {alone[k + 1]}; a decoder keeps nothing of a frame that is over",
                got,
            )
        one, other = protocol.decoder(role), protocol.decoder(role)
        for k, (first, second) in enumerate(zip(frames, frames[::-1], strict=True)):
            told, beside = _alternately(one, first, other, second)
            where = f"{protocol.name} {role}: two decoders fed in turn with {first.hex(' ')} and {second.hex(' ')}"
            want(
                told == joined(alone[k]) and beside == joined(alone[-1 - k]),
                f"{where}: expected each to say what it says alone; decoders share nothing",
                (told, beside),
            )
        for message in protocol.examples(role):
            first, again = protocol.encode(message, role), protocol.encode(message, role)
            want(
                first == again,
                f"{protocol.name} {role}: {message} encoded twice expected the same bytes",
                (first, again),
            )


def _alternately(one: Decoder, first: bytes, other: Decoder, second: bytes) -> tuple[list[Message], list[Message]]:
    told: list[Message] = []
    beside: list[Message] = []
    for at in range(max(len(first), len(second))):
        told += one.feed(first[at : at + 1])
        beside += other.feed(second[at : at + 1])
    return (
        joined(told + one.silence(LONG_SILENCE_CHARS) + one.close()),
        joined(beside + other.silence(LONG_SILENCE_CHARS) + other.close()),
    )


def _whole(decoder: Decoder, frame: bytes) -> list[Message]:
    return [*decoder.feed(frame), *decoder.silence(LONG_SILENCE_CHARS), *decoder.close()]


def check_exact(protocol: WireProtocol) -> None:
    """What a device said is told exactly: integers, text and decimals, never a float."""
    for role in Role:
        messages = [*protocol.examples(role), *(m for v in protocol.vectors if v.sender is role for m in v.messages)]
        for message in messages:
            own = [*_floats(message, type(message).__name__)]
            if isinstance(message, Indicating) and (reading := message.indication()) is not None:
                own += _floats(reading, f"{type(message).__name__}.indication()")
            want(not own, f"{protocol.name} {role}: expected integers, text and decimals, no float, in {message}", own)


def _floats(thing: Any, where: str) -> Iterator[str]:
    if isinstance(thing, float):
        yield where
    elif is_dataclass(thing) and not isinstance(thing, type):
        for one in fields(thing):
            yield from _floats(getattr(thing, one.name), f"{where}.{one.name}")
    elif isinstance(thing, list | tuple):
        for number, one in enumerate(thing):
            yield from _floats(one, f"{where}[{number}]")


def check_sans_io(protocol: WireProtocol) -> None:
    """The codec knows bytes alone: no module of its package imports a clock, a thread, a port or a process."""
    for module in _modules(protocol):
        source = Path(str(module.__file__)).read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found = sorted({name for name in names if name.partition(".")[0] in OUTSIDE})
            want(
                not found,
                f"{protocol.name}: {module.__name__} expected no clock, thread, port or process: waiting and retries are the driver's",
                f"import {', '.join(found)}",
            )


def _modules(protocol: WireProtocol) -> list[ModuleType]:
    """Loaded modules of the package that the codec lies in; of a module by itself that one."""
    homes = {
        getattr(inspect.unwrap(one), "__module__", None)
        for one in (protocol.encode, protocol.decoder, protocol.examples)
    }
    names = {str(home) for home in homes if home and not str(home).startswith("functools")}
    packages = {
        name if hasattr(sys.modules.get(name), "__path__") else name.rpartition(".")[0] or name for name in names
    }
    own = [
        module
        for name, module in sorted(sys.modules.items())
        if any(name == package or name.startswith(f"{package}.") for package in packages) or name in names
    ]
    return [module for module in own if getattr(module, "__file__", None)]


def check_questions(protocol: WireProtocol) -> None:
    """Of a scale's protocol: every question is answered by what an honest scale says, exactly, and by nothing that answers another.

    Where the protocol states neither `asking` nor `says` nothing is held to this.
    """
    where = protocol.name
    if protocol.asking is None:
        if protocol.says is not None:
            _check_said(protocol, None, f"{where}: unasked")
        return
    asking = protocol.asking(ADDRESS)
    want(bool(asking.questions), f"{where}: asking expected one question at least", "none")
    for name, question in asking.questions.items():
        wire = protocol.encode(question.request, Role.HOST)
        heard = _whole(protocol.decoder(Role.HOST), wire)
        want(
            heard == [question.request],
            f"{where}: question {name}, {wire.hex(' ')} expected to arrive as {question.request}",
            heard,
        )
        if protocol.says is None:
            continue
        for answer in _check_said(protocol, question.request, f"{where}: question {name}"):
            want(question.fits(answer), f"{where}: {answer} expected to fit question {name}", "it does not")
            if asking.step is not None:
                want(
                    not asking.step.fits(answer),
                    f"{where}: the answer to `step` expected unlike every other",
                    f"{answer} fits it",
                )
    if protocol.says is not None and asking.step is not None:
        answers = list(protocol.says(READINGS[0], asking.step.request))
        want(
            bool(answers) and all(map(asking.step.fits, answers)),
            f"{where}: step expected an answer that fits it",
            answers,
        )


def _check_said(protocol: WireProtocol, request: Message | None, where: str) -> list[Message]:
    """What is said of each reading, over the line and back; its weight is the one that was shown."""
    assert protocol.says is not None
    weighed, said = 0, []
    for reading in READINGS:
        for message in protocol.says(reading, request):
            try:
                wire = protocol.encode(message, Role.DEVICE)
            except ProtocolError as error:
                want(False, f"{where}: of {reading} expected a message that can be sent", error)
                raise
            back = _whole(protocol.decoder(Role.DEVICE), wire)
            want(back == [message], f"{where}: {wire.hex(' ')} expected to arrive as {message}", back)
            said.append(message)
            told = message.indication() if isinstance(message, Indicating) else None
            if told is None or told.weight is None:
                continue
            weighed += 1
            want(
                reading.weight is not None and _in_kg(told) == reading.weight,
                f"{where}: the scale shows {reading.weight} {reading.unit}, expected the line to say the same weight (unit, decimals, sign)",
                f"{told.weight} {told.unit}",
            )
            for name in ("stable", "net", "overload"):
                own = getattr(told, name)
                want(
                    own in (None, getattr(reading, name)),
                    f"{where}: {name} expected {getattr(reading, name)}, or None where the line does not tell",
                    own,
                )
    want(weighed > 0, f"{where}: expected a weight for one of {len(READINGS)} readings at least", said)
    return said


def _in_kg(told: Indication) -> Decimal | None:
    assert told.weight is not None
    factors = {"kg": Decimal(1), "g": Decimal("0.001"), "t": Decimal(1000), "": Decimal(1)}
    factor = factors.get(told.unit.lower())
    return None if factor is None else told.weight * factor


def garbage_share(messages: Sequence[Message], size: int) -> float:
    """How much of `size` bytes came out as Garbage."""
    return sum(len(one.raw) for one in messages if isinstance(one, Garbage)) / max(1, size)
