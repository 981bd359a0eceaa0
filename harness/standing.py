"""What of a cut or stopped run stands: read from its journal, so that the run can go on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from captures.case import Case
from captures.errors import IntegrityError
from captures.journal import read_lines
from fixtures.benchfile import BenchFile, from_header
from fixtures.errors import BenchError
from fixtures.opening import Before
from harness.derive.spans import GIVEN_UP, VOID, standing
from harness.plans import extension
from harness.plans.extension import Extension
from harness.step import CONFIRMATION

CUT = "the program was cut"
PRESS = "press-"  # begins the mark of a remote that was pressed


@dataclass(frozen=True)
class Finished:
    """A step with its outcome, as they were recorded."""

    n: int
    step: Mapping[str, Any]
    outcome: Mapping[str, Any]


@dataclass(frozen=True)
class Pressed:
    """A remote was pressed at `t_ns`, whatever became of the attempt.  `marked`: the journal holds its mark; a relay
    that was closed when the program was cut has none yet.  `instrument`: of a site, the one whose remote it was."""

    t_ns: int
    what: str
    marked: bool
    instrument: str = ""


@dataclass(frozen=True)
class Standing:
    """`finished` from step 0 on without a gap; `cut` the step that was begun and not finished, `cut_ns` when it was begun;
    `attempts` how often each step was begun; `identities` what each instrument said of itself when it was opened first;
    `presses` of a remote; `lot`: SHA-256 of a draw's seed as it was first to be shown, "" before; `status` "" where the run was cut, else how it ended; `extensions` that
    were registered, whatever became of them; `superseded`: of each confirmation how many of its deliveries do not stand."""

    header: Mapping[str, Any]
    finished: tuple[Finished, ...]
    cut: tuple[int, Mapping[str, Any]] | None
    attempts: Mapping[int, int]
    identities: Mapping[str, Mapping[str, Any]]
    before: Before
    status: str
    cut_ns: int = 0
    presses: tuple[Pressed, ...] = ()
    lot: str = ""
    extensions: tuple[Extension, ...] = ()
    extensions_planned: tuple[str, ...] = ()  # their dry runs, as registered
    superseded: Mapping[int, int] = field(default_factory=dict)

    @property
    def next_confirmation(self) -> int:
        """Each number is given once, and each delivery that does not stand has spent a level of its own after it."""
        taken = (one.number for one in self.extensions if one.kind == CONFIRMATION)
        return 1 + max((k + self.superseded.get(k, 0) for k in taken), default=0)

    @property
    def begun(self) -> list[Mapping[str, Any]]:
        """The steps, also the one that was cut."""
        return [one.step for one in self.finished] + ([] if self.cut is None else [self.cut[1]])


def recorded_bench(case: Path) -> BenchFile:
    """The bench file that the run of `case` began with."""
    header = next((line.body for line in read_lines(Case.open(case).journal)), {})
    try:
        return from_header(header, f"{case}: bench in the header")
    except (KeyError, BenchError) as error:
        raise IntegrityError(f"{case}: its journal names no bench to go on with ({error}); begin a new case") from None


def read_standing(journal: Path) -> Standing:
    """Raises IntegrityError when the journal does not verify, or does not hold what a run writes."""
    reader = _Reader()
    for line in read_lines(journal):
        try:
            reader.take(f"{line.file}:{line.number}", line.body)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise IntegrityError(
                f"{journal / line.file}, line {line.number}: a {line.body.get('kind')} record lacks what it must hold "
                f"({type(error).__name__}: {error}); a run that this version did not write cannot go on"
            ) from None
    return reader.standing(journal)


@dataclass
class _Reader:
    header: Mapping[str, Any] | None = None
    entries: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    attempts: dict[int, int] = field(default_factory=dict)
    identities: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    presses: dict[tuple[int, str], Pressed] = field(default_factory=dict)
    spans: int = 0
    last_ns: int = 0
    anchor: tuple[int, datetime, float] | None = None
    status: str = ""
    why: str = CUT
    lot: str = ""
    extensions: list[Extension] = field(default_factory=list)
    planned: list[list[str]] = field(default_factory=list)

    def take(self, place: str, body: Mapping[str, Any]) -> None:
        kind = body.get("kind")
        match kind:
            case "header":
                self.header = body
            case "wire":
                self.last_ns = max([self.last_ns, *(int(read[0]) for read in body["reads"])])
            case "span":
                self.spans += 1
                self.status, self.why = "", CUT
            case "step" | "outcome":
                self.entries.append((place, body))
                if kind == "step":
                    self.attempts[int(body["n"])] = max(
                        int(body.get("attempt", 1)), self.attempts.get(int(body["n"]), 0)
                    )
            case "lot":
                self.lot = self.lot or str(body["sha256"])
            case "extension":
                self.extensions.append(extension.read(body))
                self.planned.append([str(line) for line in body["dry_run"]])
            case kind if kind == GIVEN_UP:
                self._give_up(body)
                self.entries.append((place, body))
            case "pressed":
                self._press(body, str(body["what"]), marked=False)
            case "mark" if str(body["mark"]).startswith(PRESS):
                self._press(body, str(body["mark"]).removeprefix(PRESS), marked=True)
            case "instrument":
                self.identities.setdefault(str(body["name"]), dict(body["identity"]))
            case "end":
                self.status, self.why = str(body["status"]), str(body.get("why", ""))
            case _:
                pass
        if type(body.get("t_ns")) is int:
            self.last_ns = max(self.last_ns, body["t_ns"])
        if kind in ("span", "clock", "end"):
            speed = float(body["speed"]) if kind == "span" else self.anchor[2] if self.anchor else 1.0
            self.anchor = int(body["t_ns"]), datetime.fromisoformat(str(body["utc"])), speed

    def _press(self, body: Mapping[str, Any], what: str, *, marked: bool) -> None:
        t_ns = int(body["t_ns"])
        self.presses[t_ns, what] = Pressed(t_ns, what, marked, str(body.get("instrument", "")))

    def _give_up(self, body: Mapping[str, Any]) -> None:
        """The last extension ends: `kept` of its steps stand, and none of the run from `n` on."""
        n, kept = body["n"], body["kept"]
        if not self.extensions or type(n) is not int or type(kept) is not int or not 0 <= kept <= n:
            raise ValueError(f"expected an extension that ends after some of its steps, got {kept!r} of {n!r}")
        self.extensions[-1] = replace(self.extensions[-1], kept=kept)
        self.planned[-1] = [str(line) for line in body["dry_run"]]

    def standing(self, journal: Path) -> Standing:
        if self.header is None or "bench" not in self.header or "plan" not in self.header:
            raise IntegrityError(
                f"{journal}: expected the journal of a run, it names no plan and bench; begin a new case"
            )
        finished: list[Finished] = []
        open_step: tuple[int, Mapping[str, Any]] | None = None
        begun_ns = 0
        stood = standing(self.entries)
        for place, body in stood:
            if body["kind"] == "step":
                open_step, begun_ns = (int(body["n"]), dict(body["step"])), int(body["t_ns"])
                if open_step[0] != len(finished):
                    raise IntegrityError(f"{place}: expected step {len(finished)}, got step {open_step[0]}")
            elif body["kind"] == GIVEN_UP:
                open_step = None
            elif body["kind"] == "outcome":
                if open_step is None or int(body["n"]) != open_step[0]:
                    raise IntegrityError(f"{place}: an outcome of step {body['n']}, which was not begun")
                if "fault" not in body["value"]:  # what lost its data is not finished
                    finished.append(Finished(open_step[0], open_step[1], dict(body["value"])))
                    open_step = None
        if self.status == "complete":
            open_step = None  # begun in an extension that was given up then
        cut = None if open_step is None else {"n": open_step[0], "step": open_step[1]}
        before = Before(self.spans, self.last_ns, self._last_utc(), self.why, cut)
        return Standing(
            self.header, tuple(finished), open_step, self.attempts, self.identities, before, self.status, begun_ns,
            tuple(self.presses.values()), lot=self.lot, extensions=tuple(self.extensions),
            extensions_planned=tuple(line for lines in self.planned for line in lines), superseded=_superseded(stood),
        )  # fmt: skip

    def _last_utc(self) -> str:
        """UTC of the last instant recorded, counted on from the last pair of clocks; "" where none was recorded yet."""
        if self.anchor is None:
            return ""
        t_ns, utc, speed = self.anchor
        return (utc + timedelta(microseconds=(self.last_ns - t_ns) / 1000 / speed)).isoformat()


def _superseded(entries: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[int, int]:
    """By number of the confirmation behind whose Purpose they were begun: deliveries, nozzles held shut, that do not stand."""
    k, found = 0, Counter[int]()
    for _, body in entries:
        match body:
            case {"step": {"type": "Purpose", "of": of, "k": number}}:
                k = int(number) if of == CONFIRMATION else 0
            case {"kind": kind, "step": {"type": "Deliver" | "Shut"}} if k and str(kind).startswith(VOID):
                found[k] += 1
            case _:
                pass
    return dict(found)
