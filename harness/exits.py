"""The one place that maps what went wrong, or what was found, to an exit code and a remedy (habits.md 5.3)."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from fixtures.errors import Remedied
from fixtures.language import Sentence, language, mark, tell, translate, translated
from harness.output import SCHEMA


class Exit(IntEnum):
    OK = 0
    INTERNAL = 1
    USAGE = 2
    NON_CONFORMING = 10
    CHEATING = 11
    INCONCLUSIVE = 20
    STOPPED = 30
    INTERRUPTED = 31
    INSTRUMENT = 40
    PRECONDITION = 41
    EVIDENCE = 50
    PLUGIN = 70
    KILLED = 130


PLUGINS = "--plugins"  # of the program itself, as --lang is


class UsageError(Remedied):
    """The command line asks for something that is not there."""


# error type by module and name, so that --help imports none of them; the most special first
ERRORS: tuple[tuple[str, Exit, str], ...] = (
    (
        "harness.standards.OverdueError",
        Exit.PRECONDITION,
        mark(
            "have it calibrated and state the new certificate, or take it on record with run --override-standard NAME=REASON"
        ),
    ),
    ("harness.room.RoomError", Exit.PRECONDITION, mark("free the disk, or name a case folder on another one")),
    (
        "harness.changes.ResumeError",
        Exit.PRECONDITION,
        mark("go on as it was, or take the difference on record with run --resume CASE --accept-change"),
    ),
    (
        "harness.extending.ExtensionError",
        Exit.PRECONDITION,
        mark("`shortmeasure judge CASE` shows what was found; docs/plans.md says what can be confirmed and searched"),
    ),
    (
        "fixtures.errors.AnswerError",
        Exit.PRECONDITION,
        mark("mend the answers file; `shortmeasure plan show PLAN --answers` lists the keys in order"),
    ),
    (
        "fixtures.errors.BenchError",
        Exit.PRECONDITION,
        mark("mend the bench file; `shortmeasure bench check FILE` shows what it says"),
    ),
    (
        "fixtures.errors.InstrumentError",
        Exit.INSTRUMENT,
        mark("`shortmeasure bench check FILE` lists the lines; what was recorded stays in the case"),
    ),
    (
        "harness.lock.CaseLocked",
        Exit.PRECONDITION,
        mark("one run per case: wait for the other, or take another folder"),
    ),
    (
        "harness.originals.StrayError",
        Exit.PRECONDITION,
        mark("move it out of the case, then go on; `shortmeasure capture import` takes it into a case of its own"),
    ),
    ("harness.plans.order.PlanError", Exit.PRECONDITION, mark("choose another plan")),
    (
        "captures.errors.NoCaseError",
        Exit.USAGE,
        mark("check the path; `shortmeasure case list FOLDER` lists the cases"),
    ),
    ("captures.errors.IntegrityError", Exit.EVIDENCE, mark("work on a copy of the case that verifies")),
    ("captures.errors.UnsealableError", Exit.PRECONDITION, mark("mend what the message names, then seal")),
    ("captures.errors.NotSealedError", Exit.PRECONDITION, mark("`shortmeasure case seal CASE` seals it")),
    (
        "captures.errors.SealedError",
        Exit.PRECONDITION,
        mark("`shortmeasure case new --after CASE` begins the case that follows a sealed one"),
    ),
    (
        "captures.errors.KeyFileError",
        Exit.PRECONDITION,
        mark("`shortmeasure keys show` lists the keys and where they lie"),
    ),
    ("captures.errors.CaptureError", Exit.EVIDENCE, mark("export the recording again from the program that made it")),
    (
        "harness.fleet.errors.FleetError",
        Exit.PRECONDITION,
        mark("mend the mapping, or export the trips again; docs/fleet.md shows a mapping"),
    ),
    (
        "harness.metrology.errors.NotComparable",
        Exit.PRECONDITION,
        mark(
            "`shortmeasure judge CASE` shows edition and results of a case; docs/laboratory.md says which belong together"
        ),
    ),
    (
        "harness.metrology.errors.MetrologyError",
        Exit.PRECONDITION,
        mark("mend the figures or the file; docs/laboratory.md says what each column holds"),
    ),
    ("protocols.tariff.rule.TariffError", Exit.PRECONDITION, mark("mend the tariff file")),
    ("protocols.acceptance.edition.AcceptanceError", Exit.PRECONDITION, mark("mend the acceptance file")),
    (
        "harness.search.model.ModelError",
        Exit.PRECONDITION,
        mark("mend the model file; docs/search.md says what stands in one"),
    ),
    (
        "fixtures.errors.PluginError",
        Exit.PLUGIN,
        mark("`shortmeasure plugins` lists what is broken and how to mend it"),
    ),
    ("harness.exits.UsageError", Exit.USAGE, mark("`shortmeasure --help`")),
    ("builtins.FileNotFoundError", Exit.USAGE, mark("check the path")),
    ("builtins.FileExistsError", Exit.PRECONDITION, mark("evidence is never overwritten: name a new file or folder")),
    ("builtins.PermissionError", Exit.PRECONDITION, mark("choose a folder that may be written")),
    ("builtins.OSError", Exit.PRECONDITION, mark("check disk and path")),
)


# what has happened, for an operator to whom the message itself, with what was expected and what came, is foreign
HEADLINES: dict[str, str] = {
    "harness.standards.OverdueError": mark("a reference standard is past its due day"),
    "harness.room.RoomError": mark("too little room on the disk"),
    "harness.changes.ResumeError": mark("this run cannot go on as it is"),
    "fixtures.errors.AnswerError": mark("an answer is missing, out of place or cannot be understood"),
    "fixtures.errors.BenchError": mark("the bench file is wrong, or this bench cannot do what the plan asks"),
    "fixtures.errors.InstrumentError": mark("an instrument, its line or a person at it did not do what was asked"),
    "harness.lock.CaseLocked": mark("another run has this case"),
    "harness.originals.StrayError": mark("the case holds a file that nobody took on record"),
    "captures.errors.IntegrityError": mark("what is stored is not as it was recorded or sealed"),
    "captures.errors.UnsealableError": mark("this case cannot be sealed as it stands"),
    "captures.errors.NotSealedError": mark("this case is not sealed"),
    "captures.errors.SealedError": mark("this case is sealed: nothing is written into it"),
    "captures.errors.KeyFileError": mark("a signing key cannot be used"),
    "captures.errors.CaptureError": mark("a recording cannot be read"),
    "harness.metrology.errors.MetrologyError": mark("nothing can be computed from these figures"),
    "harness.metrology.errors.NotComparable": mark("these cases do not belong into one comparison or mean"),
    "harness.fleet.errors.FleetError": mark("the trip file or its mapping cannot be used"),
    "fixtures.errors.PluginError": mark("a plugin cannot be used"),
    "harness.exits.UsageError": mark("the command line asks for something that cannot be done"),
    "builtins.FileNotFoundError": mark("there is no such file or folder"),
    "builtins.FileExistsError": mark("there is such a file or folder already"),
    "builtins.PermissionError": mark("no permission"),
    "builtins.OSError": mark("the disk or the system refused"),
}


def _and_go_on(remedy: str) -> str:
    text = mark("{remedy}; what was recorded is kept, `shortmeasure run --resume CASE` goes on with a run")
    return Sentence(text, remedy=Sentence(remedy))


DISK: dict[int, str] = {
    errno.ENOSPC: _and_go_on(mark("free some room on this disk")),
    errno.EDQUOT: _and_go_on(mark("free some room in your share of this disk")),
    errno.EFBIG: _and_go_on(mark("raise the limit on the size of files (ulimit -f)")),
    errno.EROFS: _and_go_on(mark("make the disk writable again, or copy the case to another")),
    errno.EIO: _and_go_on(mark("the disk fails: copy the case to another")),
}


def classified(error: BaseException) -> tuple[Exit, str]:
    """Exit code and remedy for `error`, by its type or the nearest of its bases; a remedy of its own comes first."""
    own = error.remedy if isinstance(error, Remedied) else ""
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
    for name in names:
        for known, code, remedy in ERRORS:
            if name == known:
                told = error.errno if isinstance(error, OSError) else None
                return code, own or (DISK.get(told, remedy) if told is not None else remedy)
    return Exit.INTERNAL, mark("this is a defect of shortmeasure; SHORTMEASURE_DEBUG=1 shows where it happened")


def headline(error: BaseException) -> str:
    """What has happened, in the operator's language; "" in English, where the message itself says it."""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    known = next((HEADLINES[name] for name in names if name in HEADLINES), "")
    return (translated(known) or "") if known else ""


def _tests_alone(document: Mapping[str, Any]) -> bool:
    """The tests of an edition ask no question of integrity; a search behind them does."""
    return "protocol" in document and not document["protocol"]["searched"]


def verdict_exit(document: Mapping[str, Any]) -> Exit:
    """The code of a verdict document: integrity before conformity before what stayed open."""
    if document["integrity"] in ("proven", "suspect"):
        return Exit.CHEATING
    if document["status"] == "error":
        return Exit.INSTRUMENT
    if document["status"] == "stopped":
        return Exit.STOPPED
    if document["conformity"] == "fail":
        return Exit.NON_CONFORMING
    open_ = document["integrity"] == "inconclusive" and not _tests_alone(document)
    if open_ or document["conformity"] == "inconclusive":
        return Exit.INCONCLUSIVE
    return Exit.OK


def run_exit(error: Exception | None, resumable: bool, document: Mapping[str, Any]) -> Exit:
    """The code of a run: what it found first, then what ended it."""
    if document["integrity"] in ("proven", "suspect"):
        return Exit.CHEATING
    if error is not None:
        return classified(error)[0]
    return Exit.INTERRUPTED if resumable else verdict_exit(document)


def run_app(app: Any, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the typer `app` in the operator's language; every error ends here as one message on stderr (and a document with
    --json)."""
    from harness.operator_language import REMEDY, configuration_file, settled, spoken

    chosen = settled(arguments, os.environ, configuration_file())
    with spoken(chosen.language):
        if chosen.warning is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody reads it: the command is not held up by that
                _complain(tell(chosen.warning), REMEDY)
        return _run(app, arguments, environment)


def _run(app: Any, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    import typer

    try:
        result = app(args=list(arguments), standalone_mode=False, prog_name="shortmeasure")
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else Exit.OK
    except typer.Exit as ending:
        return ending.exit_code
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write(translate(mark("shortmeasure: interrupted")) + "\n")
        return Exit.KILLED
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        _silence()
        return Exit.OK
    except Exception as error:  # the last resort: no traceback reaches an operator
        show = getattr(error, "show", None)  # the command line's own complaints; typer carries its parser inside
        if callable(show) and hasattr(error, "format_message"):
            _show(error, show)
            if getattr(error, "option_name", None) == PLUGINS:
                sys.stderr.write(
                    translate(mark("--plugins FILE stands before the command: shortmeasure --plugins FILE COMMAND"))
                    + "\n"
                )
            if "--json" in arguments:
                _error_document(Exit.USAGE, str(error.format_message()), "`shortmeasure --help`")
            return Exit.USAGE
        if environment.get("SHORTMEASURE_DEBUG"):
            raise
        code, text, remedy = explain(error)
        if "--json" in arguments:
            _error_document(code, text, remedy)
        return code


def explain(error: Exception) -> tuple[Exit, str, str]:
    """Say on stderr, in the operator's language, what went wrong and what next; the code, the message and the remedy in
    English, as a document holds them."""
    code, remedy = classified(error)
    text = said(error)
    told = tell(text)
    if code is Exit.INTERNAL:
        text = f"internal error: {type(error).__name__}: {text}"
        told = translate(mark("internal error: {error}"), error=f"{type(error).__name__}: {told}")
    elif told == text and language() != "en":
        from harness.report.errors import error_said
        from harness.report.stops import stop_reason

        told = error_said(text)
        if told == text:
            told = stop_reason(text, unknown="")
        if told == text and (head := headline(error)):
            told = f"{head}\n  {text}"
    _complain(told, remedy)
    return code, text, remedy


def _complain(told: str, remedy: str) -> None:
    what_next = translate(mark("what next: {remedy}"), remedy=tell(remedy))
    sys.stderr.write(f"shortmeasure: {printable(told)}\n  {what_next}\n")


def _show(error: Any, show: Callable[[], None]) -> None:
    """A complaint of the command line's parser; it speaks English of itself."""
    if language() == "en":
        return show()
    from harness.parser_sentences import told

    if (text := told(error)) is None:
        return show()
    sys.stderr.write(f"{printable(text)}\n")


def _error_document(code: Exit, message: str, remedy: str) -> None:
    body = {"schema": SCHEMA, "kind": "error", "exit": int(code), "message": message, "remedy": remedy}
    try:
        sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except OSError:  # it may be this very output that takes nothing more; stderr has said it
        _silence()


def _silence() -> None:
    """What is left for stdout goes nowhere: it would fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def said(error: Exception) -> str:
    """The message of `error`, a Sentence where it is one; the system's own complaints about a path without their numbers."""
    if error.args and isinstance(error.args[0], Sentence):
        return error.args[0]
    if isinstance(error, OSError) and isinstance(error.filename, (str, bytes, os.PathLike)):
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return str(error) or type(error).__name__


def printable(text: str) -> str:
    """`text` with control characters escaped: device replies and file names may carry terminal sequences."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)
