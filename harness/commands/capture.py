"""`capture info|import|plot|export|decode|sniff|track`: recordings made elsewhere come in, ours go out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fixtures.language import mark, translate
from harness.commands import capture_decode, capture_sniff, capture_track
from harness.commands import declared as d
from harness.exits import UsageError
from harness.output import comment, emit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from captures.model import Capture, PulseTrain

app = typer.Typer(help="Recordings made elsewhere, and ours for others.", no_args_is_help=True)
app.command("decode")(capture_decode.decode)
app.command("sniff")(capture_sniff.sniff)
app.command("track")(capture_track.track)

File = Annotated[Path, typer.Argument(help="a capture file (.sr, VCD, Saleae, CSV) or a folder of digital_N.bin")]
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
NO_TIMES = mark("no sample rate: times are not to be had")
SUFFIX = {"sr": ".sr", "vcd": ".vcd", "saleae-csv": ".csv", "csv": ".csv", "saleae-bin": "", "saleae-bin-v0": ""}


@app.command("info")
def info(file: File, as_json: Json = False) -> int:
    """What a capture file holds: format, rate, channels, edges, gaps."""
    capture = _read(file)
    rows = [_channel(train) for train in capture.trains]
    document = {"file": str(file), "header": dict(capture.header), "channels": rows}
    of_file = mark("{file}: {format}, {rate}")
    lines = [translate(of_file, file=file, format=capture.header.get("format", ""), rate=_rate(capture.trains))]
    lines += [_channel_line(train) for train in capture.trains]
    emit("capture", document, "\n".join(lines), as_json)
    return 0


@app.command("import")
def import_(
    file: File,
    case: Annotated[Path, typer.Option("--case", help="the new case folder")],
    map: d.Map = None,
    pulses_per_litre: d.PulsesPerLitre = None,
    pulses_per_km: d.PulsesPerKm = None,
    reference_pulses_per_litre: d.ReferencePulses = None,
    reference_u_rel: d.ReferenceU = None,
    decoding: d.Decoding = None,
    slots_per_rev: d.Slots = None,
    declare: d.Declare = None,
    marks: d.Marks = None,
    window: d.Window = None,
    pause: d.Pause = None,
    as_json: Json = False,
) -> int:
    """Copy a recording unchanged into a new case, with its hash and all that is declared of it in the journal."""
    from fixtures.language import in_a_row
    from harness.derive.foreign import foreign_segments
    from harness.imported import import_recording

    capture = _read(file)
    profile = d.profile_of(
        declare, pulses_per_litre=pulses_per_litre, pulses_per_km=pulses_per_km, decoding=decoding,
        slots_per_rev=slots_per_rev, reference_pulses_per_litre=reference_pulses_per_litre, reference_u_rel=reference_u_rel,
    )  # fmt: skip
    told = d.declaration(capture, map, profile, marks, window, pause)
    segments = foreign_segments(capture, file.name, told)  # a declaration that does not fit must not become a case
    imported = import_recording(file, case, told, marks)
    document = {
        "case": str(case), "originals": [path.name for path in imported.files], "declared": told.body(),
        "segments": [segment.id for segment in segments], "channels": [_channel(train) for train in capture.trains],
    }  # fmt: skip
    sha256 = capture.header.get("sha256")
    if sha256 is not None:
        document["original"] = {"name": imported.files[0].name, "sha256": sha256}
    held = in_a_row([*(path.name for path in imported.files), *([f"sha256 {sha256}"] if sha256 else [])])
    lines = [translate(mark("{case}: holds {files}"), case=case, files=held)]
    lines += [
        translate(mark("  {channel} is {station}"), channel=channel, station=station)
        for channel, station in told.stations.items()
    ]
    emit("import", document, "\n".join(lines), as_json)
    comment(translate(mark("judge it with: shortmeasure judge {case}"), case=case))
    return 0


@app.command("plot")
def plot(
    file: File,
    out: Annotated[Path, typer.Option("-o", "--out", help="the picture, .png or .svg")],
    map: d.Map = None,
    pulses_per_litre: d.PulsesPerLitre = None,
    pulses_per_km: d.PulsesPerKm = None,
    reference_pulses_per_litre: d.ReferencePulses = None,
    window: d.Window = None,
    pause: d.Pause = None,
    as_json: Json = False,
) -> int:
    """Draw intervals and flow against time, and E(v) where two stations are mapped.  Also of an imported case."""
    from captures.case import Case, verify_case
    from harness.derive.foreign import foreign_segments
    from harness.imported import imports, is_case

    if out.suffix not in (".png", ".svg"):
        raise UsageError(f"--out {out}: expected a name ending in .png or .svg")
    if out.exists():
        raise FileExistsError(f"{out}: there is such a file; name a new one")
    said = d.profile_of(
        None, pulses_per_litre=pulses_per_litre, pulses_per_km=pulses_per_km,
        reference_pulses_per_litre=reference_pulses_per_litre,
    )  # fmt: skip
    if is_case(file):
        verify_case(file)
        recordings = imports(Case.open(file))
        if not recordings:
            raise UsageError(f"{file}: a recorded run has its pictures in data/derived; `judge` draws E(v) of it")
        segments = [segment for recording in recordings for segment in recording.segments()]
        profile = dict(recordings[0].declared.profile)
    else:
        capture = _read(file)
        told = d.declaration(capture, map, said, None, window, pause)
        segments, profile = foreign_segments(capture, file.name, told), dict(told.profile)
    if not any(train.tick_s is not None for segment in segments for train in segment.trains.values()):
        raise UsageError(f"{file}: no channel moves, or no sample rate is stated: there are no times to draw")
    try:
        from harness.report.capture_plot import draw_capture
    except ImportError:
        raise UsageError("capture plot: expected matplotlib, got none; pip install 'shortmeasure[report]'") from None
    left_out = draw_capture(segments, profile, out, file.name)
    from harness.report.errors import error_said

    for said_ in left_out:
        comment(error_said(said_))
    emit("plot", {"file": str(file), "picture": str(out), "left_out": left_out}, f"{out}", as_json)
    return 0


@app.command("export")
def export(
    source: Annotated[Path, typer.Argument(help="a capture file, or a case folder")],
    out: Annotated[Path, typer.Argument(help="the new file; a new folder for several segments and for saleae-bin")],
    to: Annotated[str, typer.Option("--to", help="vcd, saleae-csv, saleae-bin, saleae-bin-v0, csv or sr")],
    segment: Annotated[str | None, typer.Option("--segment", help="of a recorded case: only this one")] = None,
    as_json: Json = False,
) -> int:
    """Write a recording, or the pulse trains of a recorded case, in another format; nothing is rounded or overwritten."""
    from captures.formats import WRITERS, write

    if to not in WRITERS:
        raise UsageError(f"--to: expected {', '.join(WRITERS)}, got {to!r}")
    captures = _sources(source)
    if segment is not None:
        if segment not in captures:
            raise UsageError(f"--segment: expected one of {', '.join(captures)}, got {segment!r}")
        captures = {segment: captures[segment]}
    targets = {name: out for name in captures}
    if len(captures) > 1:
        out.mkdir()
        targets = {name: out / f"{_file_name(name)}{SUFFIX[to]}" for name in captures}
        if len(set(targets.values())) != len(targets):
            raise UsageError(f"{source}: segments share file names; name one with --segment")
    rows = []
    for number, (name, capture) in enumerate(captures.items(), 1):
        if len(captures) > 1:
            comment(f"[{number:>3}/{len(captures)}] {targets[name]}")
        write(capture, targets[name], to)
        edges = sum(int(train.ticks.size) for train in capture.trains)
        rows.append({"name": name, "file": str(targets[name]), "channels": len(capture.trains), "edges": edges})
    written = mark("{file}: {channels} channels, {edges} edges")
    text = "\n".join(translate(written, file=row["file"], channels=row["channels"], edges=row["edges"]) for row in rows)
    emit("export", {"source": str(source), "format": to, "written": rows}, text, as_json)
    return 0


def _sources(source: Path) -> dict[str, Capture]:
    """What there is to export, by name: one capture of a file, one for each segment of a recorded case."""
    from captures.case import Case, verify_case
    from harness.derive.exported import recorded_captures
    from harness.imported import imports, is_case, is_run

    if not is_case(source):
        return {source.name: _read(source)}
    case = Case.open(source)
    if verify_case(source).originals and not is_run(case):
        return {recording.name: recording.capture() for recording in imports(case)}
    found = {name: capture for name, capture in recorded_captures(case).items() if capture.trains}
    if not found:
        raise UsageError(f"{source}: the case holds no pulse trains; its kit had no pulse taps")
    return found


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "segment"


def _read(file: Path) -> Capture:
    from captures.formats import read

    if file.is_file() and (size := file.stat().st_size) > 50_000_000:
        comment(translate(mark("reading {file}, {size} MB"), file=file, size=f"{size / 1e6:.0f}"))
    return read(file)


def _channel(train: PulseTrain) -> dict[str, object]:
    first, last = train.window
    seconds = NO_TIMES if train.tick_s is None else _seconds(train)
    return {
        "channel": train.channel,
        "rising": int(train.rising.size),
        "falling": int(train.falling.size),
        "window": [first, last],
        "tick_s": None if train.tick_s is None else str(train.tick_s),
        "seen": seconds,
        "gaps": len(train.gaps),
    }


def _seconds(train: PulseTrain) -> str:
    """How long the channel was seen."""
    assert train.tick_s is not None
    first, last = train.window
    return f"{float((last - first + 1) * train.tick_s):.6f} s"


def _channel_line(train: PulseTrain) -> str:
    seen = translate(NO_TIMES) if train.tick_s is None else _seconds(train)
    counts = {"rising": f"{train.rising.size:>9}", "falling": f"{train.falling.size:>9}"}
    text = translate(mark("  {channel} {rising} rising {falling} falling  {seen}"), channel=f"{train.channel:<16}", seen=seen, **counts)  # fmt: skip
    return text + (translate(mark(", {count} gaps"), count=len(train.gaps)) if train.gaps else "")


def _rate(trains: Sequence[PulseTrain]) -> str:
    ticks: Mapping[object, None] = dict.fromkeys(train.tick_s for train in trains)
    if not ticks:
        return translate(mark("no channels"))
    stated = mark("{rate} ticks/s")
    return ", ".join(
        translate(mark("no sample rate stated")) if tick is None else translate(stated, rate=1 / tick)  # type: ignore[operator]
        for tick in ticks
    )
