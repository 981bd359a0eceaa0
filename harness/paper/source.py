"""What a report is made of: the verdict of a case, what people answered, who they were, and where in the journal it stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from captures.case import Case
from captures.case_record import read_record
from captures.journal import read_lines
from captures.seal import case_digest
from harness.derive import Recorded, read_recorded
from harness.derive.parts import told
from harness.derive.site import by_instrument
from harness.imported import is_run
from harness.judging import judge_path
from harness.paper.model import Place
from harness.private import Parties

NS = 1e9


@dataclass(frozen=True)
class Source:
    """One case.  `recorded` is None where it holds recordings made elsewhere and no run; `answers` by the key of their question, `people` too, of what
    names persons; both keep the latest answer."""

    case: Case
    id: str
    digest: str
    journal_head: str
    begun_utc: str
    ended_utc: str
    header: Mapping[str, Any]
    document: Mapping[str, Any]
    recorded: Recorded | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    places: tuple[Place, ...] = ()

    @property
    def verdicts(self) -> Sequence[Mapping[str, Any]]:
        """The verdict, or of a site that of each of its instruments."""
        several = self.document.get("instruments")
        return [self.document] if several is None else list(several)


def read_source(path: Path) -> Source:
    """Raises as `judge_path` and the readers of a case do: a report of what does not verify is not made."""
    document = judge_path(path)
    case = Case.open(path)
    head, header, utc = "", dict[str, Any](), list[str]()
    for line in read_lines(case.journal):
        head, header = line.sha, header or dict(line.body)
        if isinstance(stamp := line.body.get("utc"), str):
            utc.append(stamp)
    recorded = read_recorded(case.journal) if is_run(case) else None
    tells = None if recorded is None else told(recorded)
    return Source(
        case=case,
        id=read_record(case).id,
        digest=case_digest(case) if case.sealed else "",
        journal_head=head,
        begun_utc=utc[0] if utc else "",
        ended_utc=utc[-1] if utc else "",
        header=header,
        document=document,
        recorded=recorded,
        answers={} if tells is None else dict(tells.stated),
        people={one["key"]: str(one["value"]) for one in Parties(case.journal).read()},
        places=() if recorded is None else _places(recorded, document, _read(recorded, document)),
    )


def named(instrument: str, segment: str, document: Mapping[str, Any]) -> str:
    """What a segment is called by in a case: of a site behind its instrument."""
    return f"{instrument} {segment}" if "instruments" in document else segment


Read = tuple[tuple[str, str], ...]


def _read(recorded: Recorded, document: Mapping[str, Any]) -> Mapping[str, Read]:
    """What was read by people or their instruments for each segment, by its name, and on which line of the journal it stands."""
    own = by_instrument(recorded) if "instruments" in document else {document.get("instrument", ""): recorded}
    found: dict[str, Read] = {}
    for instrument, view in own.items():
        for part in told(view).parts:
            taken = [(what, place) for what, (_, place, _) in part.shown or part.reads.items()]
            found[named(instrument, part.label, document)] = tuple(taken)
    return found


def _places(recorded: Recorded, document: Mapping[str, Any], read: Mapping[str, Read]) -> tuple[Place, ...]:
    """The journal lines between which all that was heard during each segment stands: the bytes of the wires lie between them."""
    stamped = [(int(body["t_ns"]), place) for place, body in recorded.entries if isinstance(body.get("t_ns"), int)]
    times = [t for t, _ in stamped]
    found = []
    for one in document.get("instruments", [document]):
        for segment in one["segments"]:
            first = max(bisect_right(times, int(segment["begin_s"] * NS)) - 1, 0)
            last = min(bisect_left(times, int(segment["end_s"] * NS)), len(stamped) - 1)
            if stamped:
                name, ends = named(one["instrument"], segment["id"], document), (stamped[first][1], stamped[last][1])
                found.append(Place(name, segment["begin_s"], segment["end_s"], *ends, read.get(name, ())))
    return tuple(found)
