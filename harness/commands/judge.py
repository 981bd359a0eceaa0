"""`judge`: recompute the verdict of stored cases, or judge recordings made elsewhere by what is declared of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fixtures.language import mark, translate
from harness.commands import declared as d

UNMAPPED = mark(
    "{file}: nothing says which channel is which station, so each was looked at alone and no law of the chain was judged; "
    "name them with --map CHANNEL=STATION (encoder.A, board.A, reference.P and so on); channels of the file: {channels}"
)


def judge(
    paths: Annotated[list[Path], typer.Argument(help="case folders or capture files (.sr, VCD, Saleae, CSV)")],
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
    into: Annotated[
        Path | None,
        typer.Option("--into", help="keep the verdict on a sealed case in this new case, which names its digest"),
    ] = None,
    scale: Annotated[
        Path | None, typer.Option("--scale", help="tell likelihood ratios on the verbal scale of this TOML file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Judge stored cases or capture files.  The exit code is that of the gravest."""
    from captures.formats import read
    from harness.catalogue import CatalogueError
    from harness.exits import UsageError, verdict_exit
    from harness.imported import is_case
    from harness.judging import judge_path, judge_recording
    from harness.output import comment
    from harness.propositions import on_scale, read_scale
    from harness.report.show import gravest, show
    from harness.results import case_for_results, keep_results

    profile = d.profile_of(
        declare, pulses_per_litre=pulses_per_litre, pulses_per_km=pulses_per_km, decoding=decoding,
        slots_per_rev=slots_per_rev, reference_pulses_per_litre=reference_pulses_per_litre, reference_u_rel=reference_u_rel,
    )  # fmt: skip
    asked = bool(map or profile or marks or window or pause)
    if into is not None and (len(paths) != 1 or not is_case(paths[0])):
        raise UsageError("--into expected one sealed case to be judged")
    try:
        words = None if scale is None else read_scale(scale)  # before anything is judged or made
    except (CatalogueError, OSError) as error:
        raise UsageError(f"--scale: {error}") from None
    results = None if into is None else case_for_results(paths[0], into)
    documents = []
    for path in paths:
        if is_case(path):
            if asked:
                raise UsageError(f"{path}: a case holds its own declarations; --map and the like are for capture files")
            documents.append(judge_path(path))
        else:
            capture = read(path)
            told = d.declaration(capture, map, profile, marks, window, pause)
            if not told.stations:
                comment(
                    translate(UNMAPPED, file=path, channels=", ".join(sorted(one.channel for one in capture.trains)))
                )
            documents.append(judge_recording(capture, path.name, told))
    if words is not None:
        documents = [on_scale(document, words) for document in documents]
    if results is not None:
        keep_results(results, documents[0])
    show(documents[0] if len(documents) == 1 else gravest(documents), as_json)
    return max((verdict_exit(document) for document in documents), key=lambda code: (code == 11, code))
