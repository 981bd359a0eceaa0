"""Readings that are taken once: what a detector says of one segment, by the digest of everything that it is told.

For judging again and again while a run goes on.  Only detectors that look at segments one by one (DetectorSpec.one_by_one) can
be remembered; those that compare segments are asked anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import wraps
from weakref import WeakKeyDictionary

from captures.model import PulseTrain, Register, SampledTrace
from harness.judge.contract import DetectorSpec, Reading, Segment, View


@dataclass
class _Entry:
    readings: list[Reading]
    turn: int


class Memory:
    """Readings by detector and segment, over many judgements; those that the last judgement did not ask for are forgotten."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Entry] = {}
        self._trains: WeakKeyDictionary[PulseTrain, str] = WeakKeyDictionary()
        self._turn = 0

    def begin(self) -> None:
        """A new judgement: forget what the one before had no use for."""
        self._known = {key: entry for key, entry in self._known.items() if entry.turn == self._turn}
        self._turn += 1

    def detectors(self, detectors: Mapping[str, DetectorSpec]) -> dict[str, DetectorSpec]:
        """The same detectors, those that look at segments one by one with this memory."""
        return {name: self._with_memory(spec) if spec.one_by_one else spec for name, spec in detectors.items()}

    def _with_memory(self, spec: DetectorSpec) -> DetectorSpec:
        @wraps(spec.judge)  # whose it is decides what becomes of it when it fails (judge/readings.py)
        def judge(segments: Sequence[Segment], view: View) -> Sequence[Reading]:
            told = f"{spec.name}/{spec.version} {_told(view)}"
            return [reading for segment in segments for reading in self._readings(spec, told, segment, view)]

        return replace(spec, judge=judge)

    def _readings(self, spec: DetectorSpec, told: str, segment: Segment, view: View) -> list[Reading]:
        key = told, self._digest(segment)
        entry = self._known.get(key)
        if entry is None:
            entry = self._known[key] = _Entry(list(spec.judge((segment,), view)), self._turn)
        entry.turn = self._turn
        return entry.readings

    def _digest(self, segment: Segment) -> str:
        """SHA-256 over all of a segment but where in the journal it stands."""
        told = [
            f"{field.name} {getattr(segment, field.name)!r}" for field in fields(segment) if field.name not in LARGE
        ]
        told += [f"{name} {self._of_train(train)}" for name, train in segment.trains.items()]
        told += [f"{name} {_of_register(register)}" for name, register in segment.registers.items()]
        told += [f"{name} {_of_trace(trace)}" for name, trace in segment.traces.items()]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def _of_train(self, train: PulseTrain) -> str:
        known = self._trains.get(train)
        if known is None:
            own = [
                getattr(train, field.name) for field in fields(train) if field.name not in ("ticks", "levels", "origin")
            ]
            digest = hashlib.sha256(repr(own).encode())
            digest.update(train.ticks.tobytes())
            digest.update(b"" if train.levels is None else train.levels.tobytes())
            known = self._trains[train] = digest.hexdigest()
        return known


LARGE = ("trains", "registers", "traces")  # as text they would be slow, and long arrays shortened


def _of_register(register: Register) -> str:
    own = [
        getattr(register, field.name) for field in fields(register) if field.name not in ("times_ns", "u_ns", "origin")
    ]
    return f"{own!r} {register.times_ns.tolist()} {register.u_ns.tolist()}"


def _of_trace(trace: SampledTrace) -> str:
    arrays = ("times_ns", "steps", "flags")
    own = [getattr(trace, field.name) for field in fields(trace) if field.name not in (*arrays, "origin")]
    digest = hashlib.sha256(repr(own).encode())
    for name in arrays:
        digest.update(getattr(trace, name).tobytes())
    return digest.hexdigest()


def _told(view: View) -> str:
    return f"{sorted(view.profile.items(), key=lambda item: item[0])!r} {sorted(view.parameters.items())} {view.validation!r}"
