"""Runs whose program is really killed while the simulated world lives on, and what is compared afterwards.

The program runs in a forked child, the world in this process (fixtures/sim/remote.py); the child dies by SIGKILL, at once
and anywhere, as when the laptop's battery is pulled out.  POSIX only.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from captures.case import verify_case
from captures.journal import JournalWriter, read_lines
from fixtures.benchfile import BenchFile
from fixtures.sim.remote import RemoteWorld, Served, serve_world
from fixtures.sim.world import World
from harness.inspection import Inspection, inspect, resume
from harness.plans import PlanSpec
from harness.software import software

MOST_MISSING_NS = 100_000_000
CHILD_FAILED = 3


@dataclass(frozen=True)
class Kill:
    """Right after the `record`-th appended journal line, or at instant `t_ns` of the world; both None: never."""

    record: int | None = None
    t_ns: int | None = None


@dataclass(frozen=True)
class Start:
    """One start of the program: what was on the wires, whether it was killed, and its exit code when it was not."""

    served: Served
    killed: bool
    code: int


@dataclass
class Trial:
    """A run with its kills, brought to its end."""

    starts: list[Start] = field(default_factory=list)
    document: Mapping[str, Any] = field(default_factory=dict)


def program(world: World, act: Callable[[RemoteWorld], Inspection], kill: Kill, out: Path) -> Start:
    """Run `act` in a child of its own against `world` until it ends or is killed; its verdict goes to `out`."""
    asked, ask = os.pipe()
    answered, answer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 on: the child starts no thread that we have
        child = os.fork()
    if child == 0:
        _child(act, kill, (ask, answered), (asked, answer), out)
    os.close(ask)
    os.close(answered)
    with os.fdopen(asked, "rb") as questions, os.fdopen(answer, "wb") as answers:
        served = serve_world(world, questions, answers, kill_ns=kill.t_ns, kill=lambda: os.kill(child, signal.SIGKILL))
        with contextlib.suppress(BrokenPipeError):
            answers.flush()
    _, status = os.waitpid(child, 0)
    return Start(served, os.WIFSIGNALED(status), os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1)


def _child(
    act: Callable[[RemoteWorld], Inspection], kill: Kill, mine: tuple[int, int], others: tuple[int, int], out: Path
) -> None:
    """Never returns."""
    code = CHILD_FAILED
    try:
        for descriptor in others:
            os.close(descriptor)
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # until the process is gone
        if kill.record is not None:
            _die_after(kill.record)
        ask, answered = os.fdopen(mine[0], "wb"), os.fdopen(mine[1], "rb")
        done = act(RemoteWorld(ask, answered))
        out.write_text(
            json.dumps({**done.document, "run": [done.result.status, done.result.why]}, default=str), "utf-8"
        )
        code = 0
    except BaseException:
        out.with_suffix(".error").write_text(traceback.format_exc(), "utf-8")
    finally:
        os._exit(code)


def _die_after(record: int) -> None:
    written = 0
    append = JournalWriter.append

    def counting(self: JournalWriter, body: Mapping[str, Any]) -> int:
        nonlocal written
        sequence = append(self, body)
        written += 1
        if written == record:
            os.kill(os.getpid(), signal.SIGKILL)
        return sequence

    JournalWriter.append = counting  # type: ignore[method-assign]  # in this child alone


def trial(
    plan: PlanSpec,
    bench: BenchFile,
    world: World,
    folder: Path,
    kills: Sequence[Kill],
    gaps_ns: Sequence[int],
    between: Callable[[World], None] = lambda world: None,
) -> Trial:
    """Run `plan`, killed by each of `kills` in turn, with `gaps_ns` of world time before each new start; `between` does
    something to the world right after a kill."""
    software()  # hashed once, here: every child inherits it
    case, out, done = folder / "case", folder / "document.json", Trial()
    for number, kill in enumerate([*kills, Kill()]):
        begun = (case / "data" / "journal" / "0001.jsonl").exists()

        def act(remote: RemoteWorld, begun: bool = begun) -> Inspection:
            if begun:
                return resume(case, plan=plan, world=remote, lifelike=True)
            return inspect(plan, bench, case if not case.exists() else _cleared(case), world=remote, lifelike=True)

        start = program(world, act, kill, out)
        done.starts.append(start)
        if start.code == 0:
            break
        if not start.killed:
            raise AssertionError(out.with_suffix(".error").read_text("utf-8"))
        between(world)
        until_ns = world.now_ns + gaps_ns[number]
        while world.now_ns < until_ns:
            world.advance(until_ns)
    done.document = json.loads(out.read_text("utf-8"))
    return done


def _cleared(case: Path) -> Path:
    """Killed before the first line: nothing was recorded, and the next run takes another folder."""
    return case.with_name(case.name + "-anew")


def told(document: Mapping[str, Any]) -> dict[str, Any]:
    """What two runs of one inspection must agree in: the axes, each finding's link and class, and what each test said."""
    return {
        "run": document["run"][0],
        "status": document["status"],
        "conformity": document["conformity"],
        "integrity": document["integrity"],
        "findings": sorted([f["level"], f["link"], sorted(f["catalogue_ids"])] for f in document["findings"]),
        "hits": sorted({r["detector"] for r in document["readings"] if r["hits"]}),
    }


def wires(case: Path, bench: BenchFile) -> list[list[tuple[int, str, str, int, str | None]]]:
    """Per span (t_ns, port, "rx" or "tx", bytes, text) as recorded; text None where it was withheld."""
    port = {link.name: link.url.removeprefix("sim:") for link in bench.links.values()}
    found: list[list[tuple[int, str, str, int, str | None]]] = []
    for line in read_lines(case / "data" / "journal"):
        body = line.body
        if body["kind"] == "span":
            found.append([])
        elif body["kind"] == "wire":
            for read in body["reads"]:
                private = body.get("private") is True
                text = None if private else str(read[1])
                size = int(read[2]) if private else len(str(read[1]))
                found[-1].append((int(read[0]), port[body["link"]], str(body["dir"]), size, text))
    return found


def missing_ns(case: Path, bench: BenchFile, starts: Sequence[Start]) -> list[int]:
    """For each start: how long before its end the oldest byte went over a wire that its span does not hold; 0 = none.

    AssertionError where the journal holds a byte that was not on the wire.
    """
    found = []
    begins = [int(line.body["t_ns"]) for line in read_lines(case / "data" / "journal") if line.body["kind"] == "span"]
    recorded_starts = starts[-len(begins) :]  # one that was killed before its clock was recorded had done nothing
    for begin_ns, recorded, start in zip(begins, wires(case, bench), recorded_starts, strict=True):
        oldest = start.served.ended_ns
        for port in {wire[1] for wire in start.served.wires}:
            for way in ("rx", "tx"):
                real = [w for w in start.served.wires if w[1:3] == (port, way) and w[0] >= begin_ns]
                kept = [w for w in recorded if w[1:3] == (port, way)]
                for one, two in zip(real, kept, strict=False):
                    assert (one[0], len(one[3])) == (two[0], two[3]), f"{port} {way}: {one} was recorded as {two}"
                    assert two[4] is None or two[4].encode("latin-1") == one[3], f"{port} {way}: {one} as {two}"
                assert len(kept) <= len(real) + (way == "tx"), f"{port} {way}: more recorded than was on the wire"
                if len(kept) < len(real):
                    oldest = min(oldest, real[len(kept)][0])
        found.append(start.served.ended_ns - oldest)
    return found


def gaps(case: Path) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(case / "data" / "journal") if line.body["kind"] == "gap"]


def checked(folder: Path, bench: BenchFile, done: Trial, reference: Mapping[str, Any]) -> list[str]:
    """What is wrong with a trial; nothing = it ends as the uninterrupted run did, with all bytes but the last 100 ms."""
    case = folder / "case"
    anew = _cleared(case)
    if anew.exists():
        case, done.starts = anew, done.starts[-1:]
    wrong = []
    expected, got = told(reference), told(done.document)
    wrong += [f"{key}: expected {expected[key]}, got {got[key]}" for key in expected if expected[key] != got[key]]
    report = verify_case(case)
    if not report.complete:
        wrong.append("the case is not complete")
    begun = sum(line.body["kind"] == "span" for line in read_lines(case / "data" / "journal"))
    if len(gaps(case)) != begun - 1:
        wrong.append(f"{len(gaps(case))} gaps recorded between {begun} spans")
    for number, late_ns in enumerate(missing_ns(case, bench, done.starts)):
        if late_ns > MOST_MISSING_NS:
            wrong.append(f"start {number + 1}: bytes missing from {late_ns / 1e6:.1f} ms before its end")
    return wrong
