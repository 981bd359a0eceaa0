"""`capture sniff`: listen to a line that nobody knows, and say what it runs at, what it speaks and how its frames are built."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import mark, translate
from harness.commands.numbers import finite
from harness.exits import Exit, UsageError, printable
from harness.output import comment, emit

if TYPE_CHECKING:
    from harness.learning.recording import Line, Recording
    from harness.learning.verdict import Verdict

LISTENING = mark("listening, nothing is written; Ctrl-C ends the recording, and each line typed here is a mark")
TRYING = mark("trying {count} line settings, {seconds} s each; the line has to speak meanwhile")
SO_FAR = mark("{seconds} s, {size} bytes")
ENDING = mark("ending the recording; Ctrl-C once more ends at once")


def sniff(
    source: Annotated[
        Path | None, typer.Argument(help="a case that is recorded already, or a capture file; nothing = record now")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="port that hears what the host says")] = "",
    device: Annotated[str, typer.Option("--device", help="port that hears what the device says")] = "",
    tap: Annotated[str, typer.Option("--tap", help="port that hears both on one line")] = "",
    case: Annotated[Path | None, typer.Option("--case", help="the new case folder that keeps every byte")] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", help="how long in all; nothing = until Ctrl-C", min=0.1, callback=finite),
    ] = None,
    trial: Annotated[
        float, typer.Option("--trial", help="seconds to listen in each line setting tried", min=0.1, callback=finite)
    ] = 5.0,
    baud: Annotated[int | None, typer.Option("--baud", help="fixed, not tried", min=50, max=4_000_000)] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="fixed, e.g. 8N1, 7E1")] = None,
    marks: Annotated[
        list[str] | None, typer.Option("--mark", help="SECONDS:TEXT, what is changed then; repeat it")
    ] = None,
    link: Annotated[str, typer.Option("--link", help="of the case of a run: which link")] = "",
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="of a capture file: the line; given twice, its two directions")
    ] = None,
    frames: Annotated[
        bool, typer.Option("--frames", help="frames aligned, column by column, and what marks changed")
    ] = False,
    vectors: Annotated[
        Path | None, typer.Option("--vectors", help="write the frames as a new TOML file of vectors")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="print the links of a bench file that replay the recording")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Record an unknown serial line, listening only, or look at a recording: its rate, the known protocols that fit with their
    chance under shuffled bytes, and its frames.  Exit 20 where no known protocol fits."""
    from harness.learning import told
    from harness.learning.recording import Mark

    ports = _ports(host, device, tap)
    ahead = [_marked(text) for text in marks or []]
    if vectors is not None and vectors.exists():
        raise FileExistsError(f"{vectors}: there is such a file; name a new one")
    document: dict[str, Any] = {"source": None if source is None else str(source)}
    lines: list[str] = []
    if source is None:
        recording, trials = _record(ports, case, seconds, trial, baud, mode, ahead)
        assert case is not None
        source = case
        document |= {"source": str(case), "trials": [told.trial_row(one) for one in trials]}
    elif ports or case is not None:
        raise UsageError(f"{source} is recorded already: give either it, or ports with --case to record anew")
    elif _is_case(source):
        recording = _of_case(source, link)
    else:
        recording, rows = _of_file(source, channel or [], baud, mode)
        document["measured"] = rows
        lines += [told.framed_line(row) for row in rows]
    if not any(line.chunks for line in recording.lines):
        _nothing(source)
    changes = recording.marks or tuple(Mark(recording.begin_ns + int(at_s * 1e9), text) for at_s, text in ahead)
    verdict = _verdict(recording.lines)
    document |= told.fit_document(verdict, recording.lines)
    lines += told.fit_lines(verdict, recording.lines)
    if frames or vectors is not None:
        aligned = [
            told.Aligned(line, told.parts_of(changes, recording.begin_ns)) for line in recording.lines if line.chunks
        ]
        if frames:
            document["frames"] = [one.document() for one in aligned]
            document["marks"] = [{"t_s": (one.t_ns - recording.begin_ns) / 1e9, "text": one.text} for one in changes]
            lines += [text for one in aligned for text in one.lines()]
        if vectors is not None:
            document["vectors"] = _write_vectors(
                vectors, [one for each in aligned for one in each.vectors(source.name)]
            )
            comment(f"{vectors}: {document['vectors']} vectors; fill in what each means")
    if replay:
        document["replay"] = _replay(source, recording)
        lines.append(document["replay"])
    emit("sniff", document, printable("\n".join(lines)), as_json)
    return Exit.OK if verdict.named else Exit.INCONCLUSIVE


def _ports(host: str, device: str, tap: str) -> dict[str, str]:
    if tap and (host or device):
        raise UsageError("--tap: expected it alone, it hears both directions; got --host or --device beside it")
    given = {"host": host, "device": device, "tap": tap}
    return {name: port for name, port in given.items() if port}


def _marked(text: str) -> tuple[float, str]:
    at, _, said = text.partition(":")
    try:
        seconds = float(at)
    except ValueError:
        seconds = -1.0
    if not (0 <= seconds < 1e7 and said.strip()):
        raise UsageError(f"--mark: expected SECONDS:TEXT such as 12.5:price 7.52, got {text!r:.80}")
    return seconds, said.strip()[:200]


def _record(
    ports: dict[str, str], folder: Path | None, seconds: float | None, trial: float, baud: int | None, mode: str | None,
    marks: list[tuple[float, str]],
) -> tuple[Recording, list[Any]]:  # fmt: skip
    from captures.case import Case, verify_case
    from harness.learning.listening import Listener
    from harness.learning.rates import settings
    from harness.learning.recording import read_recording

    if not ports or folder is None:
        raise UsageError(
            "expected --host and --device, or one of them, or --tap, and --case; or a recording to look at"
        )
    if len(set(ports.values())) != len(ports):
        raise UsageError(
            "--host and --device: expected two ports, got the same twice; a line with both directions is --tap"
        )
    try:
        tried = settings(baud, mode)
    except ValueError as error:
        raise UsageError(f"--mode: {error}") from error
    made = Case.create(folder)
    listener = Listener(
        made, ports, marks, lambda text: comment(f"  {text}"),
        lambda at_s, size: comment(translate(SO_FAR, seconds=f"{at_s:.0f}", size=size)),
    )  # fmt: skip
    comment(translate(LISTENING))
    if len(tried) > 1:
        comment(translate(TRYING, count=len(tried), seconds=f"{trial:g}"))
    with _until_stopped(listener.stop):
        trials = listener.record(tried, trial, seconds)
    verify_case(folder)
    return read_recording(made.journal), trials


@contextmanager
def _until_stopped(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and the end of the computer end the recording; a second Ctrl-C ends the program, its journal cut but whole."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            os._exit(Exit.KILLED)
        stop.set()
        os.write(2, f"\nshortmeasure: {translate(ENDING)}\n".encode())

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_case(path: Path) -> bool:
    from harness.imported import is_case

    return is_case(path)


def _of_case(path: Path, link: str) -> Recording:
    from captures.case import Case, verify_case
    from harness.learning.recording import read_recording

    verify_case(path)
    try:
        return read_recording(Case.open(path).journal, link)
    except KeyError as error:
        raise UsageError(
            f"{path}: --link: expected a link of this run, {error.args[0]}; got {link or 'none'}"
        ) from error


def _of_file(
    path: Path, channels: list[str], baud: int | None, mode: str | None
) -> tuple[Recording, list[dict[str, Any]]]:
    from fractions import Fraction

    from captures.formats import read
    from harness.learning.edges import read_line
    from harness.learning.recording import Chunk, Line, Recording
    from harness.learning.told import framed_row

    trains = {train.channel: train for train in read(path).trains}
    if not 1 <= len(set(channels)) <= 2 or not set(channels) <= set(trains):
        raise UsageError(
            f"{path}: --channel: expected one or two of {', '.join(trains)}, got {', '.join(channels) or 'none'}"
        )
    lines, rows = [], []
    for name in dict.fromkeys(channels):
        try:
            framed = read_line(trains[name], None if baud is None else Fraction(baud), mode)
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from error
        rows.append(framed_row(name, framed))
        instants = framed.characters.to_ns(framed.characters.ends).tolist()
        chunks = tuple(
            Chunk(t_ns, bytes((byte,))) for t_ns, byte in zip(instants, framed.characters.data.tolist(), strict=True)
        )
        lines.append(Line(name, chunks, len(set(channels)) == 1, float(framed.line.baud), framed.mode, exact=True))
    return Recording(tuple(lines)), rows


def _nothing(source: Path) -> None:
    from fixtures.errors import InstrumentError

    raise InstrumentError(
        f"{source}: expected bytes, got silence: nothing came in the last line setting; check that the tap is on the line that speaks "
        "(receive, ground), that the device is switched on and that something makes it talk, then record into a new case"
    )


def _verdict(lines: tuple[Line, ...]) -> Verdict:
    from fixtures.plugins import specs
    from harness.learning.rates import without_parity
    from harness.learning.verdict import judge

    return judge([without_parity(line.stream)[0] for line in lines], specs("protocols"))


def _write_vectors(path: Path, found: list[Any]) -> int:
    from harness.learning.vectors import to_toml

    with open(path, "x", encoding="utf-8") as handle:
        handle.write(to_toml(found))
    return len(found)


def _replay(source: Path, recording: Recording) -> str:
    from captures.case import Case

    if not recording.links:
        raise UsageError(f"{source}: --replay: expected a case, its journal is what is replayed; got a capture file")
    journal = Case.open(source).journal.absolute()
    rows = []
    for name in recording.links:
        line = next((one for one in recording.lines if one.name == name and one.baud), None)
        rows.append(f"[links.{name}]\nurl = {_quoted(f'replay:{journal}#{name}')}")
        rows += [f"baud = {line.baud:.0f}"] if line is not None and line.baud else []
    return "\n".join(rows)


def _quoted(text: str) -> str:
    return "'" + text + "'" if "'" not in text else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
