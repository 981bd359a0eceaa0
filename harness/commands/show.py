"""`show`: the raw bytes and pulses behind a finding, a measurement or a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show(
    case: Annotated[Path, typer.Argument(help="case folder")],
    which: Annotated[
        str,
        typer.Argument(
            help="number of a finding, name of a measurement, or a line of the journal as reports name them (0001.jsonl:12)"
        ),
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="every line and every edge, not the first of each measurement")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Print what a finding or a figure rests on: the lines of the journal behind its measurements, byte for byte, and the edges of the pulses."""
    from dataclasses import asdict

    from fixtures.language import mark, translate
    from harness.exits import Exit
    from harness.output import emit
    from harness.paper.behind import FEWEST, behind
    from harness.paper.harmless import harmless
    from harness.paper.sections import read_as
    from harness.report.wording import chain, mechanism

    found, own = behind(case, which, None if everything else FEWEST)
    lines = []
    if found is not None:
        head = mark("Finding {number}, link {link}: {mechanism}")
        lines = [translate(head, number=which, link=chain(found["link"]), mechanism=mechanism(found["mechanism"])), ""]
    for one in own:
        at = one.place
        if at.segment:
            head, begin, end = (
                mark("{segment}: {begin} s to {end} s, journal lines {first} to {last}"),
                f"{at.begin_s:.1f}",
                f"{at.end_s:.1f}",
            )
            lines.append(translate(head, segment=at.segment, begin=begin, end=end, first=at.first, last=at.last))
        lines += [translate(mark("  {what}: {line}"), what=read_as(what), line=line) for what, line in at.read]
        for name, (count, ticks) in one.edges.items():
            text = mark("  pulses {name}: {count} edges at ticks {ticks}")
            lines.append(
                translate(
                    text,
                    name=name,
                    count=count,
                    ticks=" ".join(map(str, ticks)) + (" ..." if len(ticks) < count else ""),
                )
            )
        for heard in one.lines:
            lines.append(
                f"  {heard.place}  {heard.kind}  {heard.link} {heard.direction} {harmless(heard.says)}".rstrip()
            )
            lines += [f"    {t / 1e9:14.6f} s  {read}" for t, read in heard.reads]
        if one.left_out:
            lines.append(translate(mark("  {n} more lines; --all prints them"), n=one.left_out))
    document = {"finding": found and dict(found), "which": which, "behind": [asdict(one) for one in own]}
    emit("behind", document, "\n".join(lines), as_json)
    return int(Exit.OK)
