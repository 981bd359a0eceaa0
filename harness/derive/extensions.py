"""What was done after a plan had ended, held against what was registered for it.

A segment belongs to a confirmation only where an `extension` entry before it says so: its kind, its number, its
target and this very step.  Everything else behind such an entry was asked for by nobody and spends from no budget.  A search
is registered so too, or is the last part of the plan itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.judge.contract import Registration
from harness.step import CONFIRMATION, SEARCH

DELIVERED = ("Deliver", "Shut", "Load")
UNREGISTERED: Mapping[str, Any] = {"unregistered": True}


@dataclass
class _Extension:
    kind: str
    number: int
    target: str
    planned: list[Mapping[str, Any]]  # what it will deliver or watch
    purposes: list[Mapping[str, Any]]
    begun: list[Mapping[str, Any]] = field(default_factory=list)  # of `planned`, what stands
    ended: int = 0
    anew: int = 0


class Extensions:
    """Taken from a journal entry by entry, in their order."""

    def __init__(self) -> None:
        self._valid: list[_Extension] = []  # confirmations whose number was free
        self._last: _Extension | None = None
        self._purpose: Mapping[str, Any] = {}
        self._by_label: dict[str, _Extension] = {}

    def register(self, body: Mapping[str, Any]) -> None:
        """Raises KeyError, TypeError or ValueError where it is not what a run writes."""
        kind, number, target = body["of"], body["number"], body["target"]
        if kind not in (SEARCH, CONFIRMATION):
            raise ValueError(f"expected {SEARCH} or {CONFIRMATION}, got {kind!r}")
        if type(number) is not int or number < 1:
            raise ValueError(f"expected a number of at least 1, got {number!r}")
        if type(target) is not str or (kind == CONFIRMATION) is not (":" in target):
            raise ValueError(f"expected a target of a confirmation, and of nothing else, got {target!r}")
        steps = [json.loads(line) for line in body["dry_run"]]
        delivered = [step for step in steps if step["type"] in DELIVERED]
        purposes = [step for step in steps if step["type"] == "Purpose"]
        self._last, self._purpose = _Extension(kind, number, target, delivered, purposes), UNREGISTERED
        if kind == CONFIRMATION:
            if any(one.number >= number for one in self._valid):
                self._last = None  # a number is spent once
            else:
                self._valid.append(self._last)

    def give_up(self) -> None:
        """The last one is over: what is delivered after it belongs to none."""
        if self._last is not None:
            self._purpose = UNREGISTERED

    def aim(self, step: Mapping[str, Any]) -> None:
        """A `Purpose` that stands.  Raises KeyError or ValueError for one of no known kind."""
        kind, k, target = step["of"], step["k"], step["target"]
        if kind not in (SEARCH, CONFIRMATION):
            raise ValueError(f"expected {SEARCH} or {CONFIRMATION}, got {kind!r}")
        last, self._purpose = self._last, UNREGISTERED
        if last is None and kind == SEARCH:
            self._purpose = {"search": True}  # inside the plan: it spends from no budget, and proves nothing
        if last is None or kind != last.kind or step not in last.purposes:
            return
        if kind == SEARCH:
            self._purpose = {"search": True}
        elif type(k) is int and (k, target) == (last.number, last.target):
            half = step.get("half", "")
            self._purpose = {"confirmation": k, "confirms": target, **({"half": half} if half else {})}

    def begin(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """What a delivery or watch that stands is for, as judge/evidence.py reads it; {} = scheduled."""
        last = self._last
        if self._purpose in ({}, UNREGISTERED) or last is None:  # a search inside the plan among them
            return dict(self._purpose)
        if last.planned.count(step) <= last.begun.count(step):
            return dict(UNREGISTERED)
        last.begun.append(step)
        self._by_label[str(step["label"])] = last
        return dict(self._purpose) | ({"anew": last.anew} if last.anew else {})

    def end(self, label: str) -> None:
        """A sale or watch `label` came to its end."""
        if (one := self._by_label.pop(label, None)) is not None:
            one.ended += 1

    def supersede(self, step: Mapping[str, Any]) -> None:
        """A later attempt took the place of this one: whoever chose that may have seen what it showed."""
        if self._last is not None and step in self._last.planned:
            self._last.anew += 1

    @property
    def registrations(self) -> tuple[Registration, ...]:
        return tuple(
            Registration(one.number, one.target, one.anew, one.ended == len(one.planned)) for one in self._valid
        )
