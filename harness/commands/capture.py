"""`capture info|import`: other people's recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.output import comment, emit

app = typer.Typer(help="Recordings made elsewhere.", no_args_is_help=True)


@app.command("info")
def info(
    file: Annotated[Path, typer.Argument(help="a sigrok .sr file")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """What a capture file holds: rate, channels, edges."""
    from captures.formats import read

    capture = read(file)
    document = {
        "file": str(file),
        "header": dict(capture.header),
        "channels": [_channel(train) for train in capture.trains],
    }
    lines = [f"{file}: {capture.header.get('format', '')}, {_rate(capture.trains)}"]
    lines += [
        f"  {row['channel']:<16} {row['rising']:>9} rising {row['falling']:>9} falling  {row['seen']}"
        for row in map(_channel, capture.trains)
    ]
    emit("capture", document, "\n".join(lines), as_json)
    return 0


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="a sigrok .sr file")],
    case: Annotated[Path, typer.Option("--case", help="the new case folder")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Copy a recording unchanged into a new case, with its hash in the journal."""
    from captures.case import Case
    from captures.formats import read
    from captures.journal import JournalWriter

    capture = read(file)
    opened = Case.create(case)
    with JournalWriter.create(opened.journal, {"kind": "header", "tool": "capture import"}) as writer:
        original = opened.import_original(file, writer.append)
        writer.append({"kind": "end", "status": "complete", "why": ""})
        writer.sync()
    rows = [_channel(train) for train in capture.trains]
    emit(
        "import",
        {"case": str(case), "original": original.body, "channels": rows},
        f"{case}: holds {original.name}, sha256 {original.sha256}",
        as_json,
    )
    comment(f"judge it with: shortmeasure judge {case}")
    return 0


def _channel(train: object) -> dict[str, object]:
    from captures.model import PulseTrain

    assert isinstance(train, PulseTrain)
    first, last = train.window
    seconds = (
        "no sample rate: times are not to be had"
        if train.tick_s is None
        else f"{float((last - first + 1) * train.tick_s):.6f} s"
    )
    return {
        "channel": train.channel,
        "rising": int(train.rising.size),
        "falling": int(train.falling.size),
        "seen": seconds,
    }


def _rate(trains: object) -> str:
    from collections.abc import Sequence

    assert isinstance(trains, Sequence)
    if not trains:
        return "no channels"
    tick = trains[0].tick_s
    return "no sample rate stated" if tick is None else f"{1 / tick} samples/s"
