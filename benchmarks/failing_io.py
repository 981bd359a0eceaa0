"""Every single I/O call of the miniature raid, of its continuation and of the sealing of its case fails in turn.

How does the tool end?

    python -m benchmarks.failing_io [--every 1] > docs/failing_io.md

The commands are run in process by the real entry point.  Which calls are counted is said in failing_calls.py: open,
create, read, write, fsync, mkdir, rmdir, link, rename, replace, unlink, chmod, listdir and scandir below the case and
the folder of the keys.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from benchmarks.failing_calls import FailingCalls
from benchmarks.repository import commit
from captures.errors import IntegrityError
from captures.journal import JournalWriter, scan
from fixtures.bench import Bench
from fixtures.recorder import Recorder
from harness.commands import build_app
from harness.exits import Exit, run_app
from harness.plans import PLANS
from harness.plans.miniature import MINIATURE as PLAN

BENCH = "dispenser-k0"
KINDS = ("run", "resume", "seal")
DEFINED = {Exit.PRECONDITION, Exit.EVIDENCE, Exit.INSTRUMENT}


@dataclass
class Ended:
    """How one command ended; `wrong` says what it should not have done."""

    code: int
    said: str
    call: tuple[str, str] = ("", "")
    fault: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Watch:
    """What the program did besides ending."""

    synced: int = 0
    began: bool = False
    safe: bool = False

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        sync, make_safe, begin = Recorder.sync, Bench.make_safe, Bench.open

        def synced(recorder: Recorder) -> None:
            sync(recorder)
            self.synced = recorder._writer.lines

        def opened(bench: Bench, **named: bool) -> object:
            self.began = True
            return begin(bench, **named)

        def made_safe(bench: Bench) -> list[str]:
            self.safe = True
            return make_safe(bench)

        with (
            mock.patch.object(Recorder, "sync", synced),
            mock.patch.object(Bench, "open", opened),
            mock.patch.object(Bench, "make_safe", made_safe),
        ):
            yield


def command(arguments: Sequence[str], calls: FailingCalls, watch: Watch, keys: Path) -> Ended:
    """Run one command in process while `calls` may fail."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"SHORTMEASURE_KEYS": str(keys), "SHORTMEASURE_PASSPHRASE": ""}
    with (
        mock.patch.dict(PLANS, {PLAN.name: PLAN}),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        watch.active(),
        calls.active(),
    ):
        try:
            code = run_app(build_app(), list(arguments), environment)
        except BaseException as error:
            return Ended(-1, f"{type(error).__name__}: {error}", wrong=[f"escaped: {type(error).__name__}: {error}"])
    return Ended(code, out.getvalue() + err.getvalue())


def arguments(kind: str, case: Path) -> list[str]:
    """What is typed to do `kind` with the case at `case`."""
    return {
        "run": ["run", PLAN.name, "--bench", BENCH, "--case", str(case)],
        "resume": ["run", "--resume", str(case)],
        "seal": ["case", "seal", str(case)],
    }[kind]


def cut(finished: Path, case: Path) -> None:
    """Make of a copy of a finished case what SIGKILL leaves in the midst of its last delivery but one."""
    shutil.copytree(finished, case)
    for derived in (case / "data" / "derived").iterdir():
        derived.unlink()  # no verdict yet
    (journal,) = (case / "data" / "journal").glob("*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    deliveries = [n for n, line in enumerate(lines) if (body := json.loads(line)["body"])["kind"] == "step" and body["step"]["type"] == "Deliver"]  # fmt: skip
    journal.write_bytes(b"".join(lines[: deliveries[-2] + 2]))


def one(kind: str, number: int, call: str, usual: Ended, start: Path | None, scratch: Path) -> Ended:
    """Call `number`, a `call`, of `kind` fails; it begins with a copy of the case `start`, where one is given."""
    fault = FailingCalls.fault_for(call, number)
    folder = scratch / f"{kind}-{number}"
    case, keys = folder / "case", folder / "keys"
    folder.mkdir()
    before = 0
    if start is not None:
        shutil.copytree(start, case)
        before = scan(case / "data" / "journal").lines
    calls, watch = FailingCalls((case, keys), number, fault), Watch(before)
    ended = command(arguments(kind, case), calls, watch, keys)
    ended.call, ended.fault = calls.calls[number - 1] if len(calls.calls) >= number else ("", ""), fault
    _check(ended, usual, watch, case)
    shutil.rmtree(folder)
    return ended


def _check(ended: Ended, usual: Ended, watch: Watch, case: Path) -> None:
    wrong = ended.wrong
    for mark in ("Traceback", "internal error", "Error: [", "shortmeasure: [Errno"):
        if mark in ended.said:
            wrong.append(f"it says {mark!r}: {ended.said[-300:]!r}")
    if ended.code not in DEFINED and ended.code != usual.code:
        wrong.append(f"exit {ended.code}: {ended.said[-300:]!r}")
    if ended.code in DEFINED and ended.code != usual.code and os.strerror(ended.fault) not in ended.said:
        wrong.append(f"exit {ended.code} without saying what the system said: {ended.said[-300:]!r}")
    if ended.code in DEFINED and ended.code != usual.code and "what next" not in ended.said:
        wrong.append(f"exit {ended.code} without saying what next: {ended.said[-300:]!r}")
    if watch.began and not watch.safe:
        wrong.append("the bench was not made safe")
    journal = case / "data" / "journal"
    if watch.synced:
        try:
            found = scan(journal)
            if found.lines < watch.synced:
                wrong.append(f"{found.lines} lines, {watch.synced} were synced")
            JournalWriter.resume(journal).abandon()
        except (IntegrityError, OSError) as error:
            wrong.append(f"what was synced does not verify: {error}")


@dataclass(frozen=True)
class Whole:
    """A command when nothing fails: the case it begins with, how it ends, and its I/O calls."""

    start: Path | None
    ended: Ended
    calls: list[tuple[str, str]]


def undisturbed(scratch: Path) -> dict[str, Whole]:
    """Every command when nothing fails."""
    finished, begun = scratch / "finished", scratch / "begun"
    found: dict[str, Whole] = {}
    for kind in KINDS:
        folder = scratch / f"whole-{kind}"
        case, keys = folder / "case", folder / "keys"
        folder.mkdir()
        start = {"run": None, "resume": begun, "seal": finished}[kind]
        if start is not None:
            shutil.copytree(start, case)
        counted = FailingCalls((case, keys))
        found[kind] = Whole(start, command(arguments(kind, case), counted, Watch(), keys), counted.calls)
        if kind == "run":
            shutil.copytree(case, finished)
            cut(finished, begun)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    rows: Counter[tuple[str, str, str, int]] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        whole = undisturbed(scratch)
        for kind in KINDS:
            calls = whole[kind].calls
            for number in range(1, len(calls) + 1, asked.every):
                ended = one(kind, number, calls[number - 1][0], whole[kind].ended, whole[kind].start, scratch)
                rows[kind, ended.call[0], errno.errorcode[ended.fault], ended.code] += 1
                wrong += [f"{kind} {number} {ended.call} {errno.errorcode[ended.fault]}: {why}" for why in ended.wrong]
                print(f"\r{kind} {number} of {len(calls)}, wrong: {len(wrong)}", end="", file=sys.stderr)
    table = "\n".join(f"| {kind} | {call} | {fault} | {code} | {count} |" for (kind, call, fault, code), count in sorted(rows.items()))  # fmt: skip
    commands = "".join(f"| {kind} | {len(whole[kind].calls)} | {whole[kind].ended.code} |\n" for kind in KINDS)
    print(PAGE.format(
        commit=commit(), every=asked.every, commands=commands, table=table, count=sum(rows.values()),
        wrong="\n".join(f"- {why}" for why in wrong) or "none",
    ))  # fmt: skip


PAGE = """# Every I/O call fails once

`python -m benchmarks.failing_io --every {every}`, commit {commit}.  Miniature raid by the real command line, in process,
kit K0, simulated dispenser, seed 1 (`run`); `run --resume` of that case as SIGKILL leaves it in the midst of a delivery
(`resume`); the sealing of the finished case (`seal`).

| command | calls that touch the case folder or the keys | exit when nothing fails |
|---|---|---|
{commands}
{count} of them failed: what writes in turn with ENOSPC, EIO, EDQUOT and EROFS, what reads with EIO.  All but EIO go on
failing for everything that writes.

Asked after each: exit code 41, 50 or 40, or the one of the undisturbed command where the call does
not matter; no traceback, no internal error; what the system said and what next are said; the bench was made
safe; every line that stood there before and every
line whose sync had returned verifies; the journal can be continued.

What went wrong: {wrong}

| command | call that failed | with | exit | times |
|---|---|---|---|---|
{table}
"""

if __name__ == "__main__":
    main()
