"""`show`: the raw bytes and pulses behind a finding."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show(
    case: Annotated[Path, typer.Argument(help="case folder")],
    finding: Annotated[int, typer.Argument(help="number of the finding, as the verdict and the report count them")],
    everything: Annotated[
        bool, typer.Option("--all", help="every line and every edge, not the first of each measurement")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Print what a finding rests on: the lines of the journal behind each of its measurements, byte for byte, and the edges of its pulses."""
    from dataclasses import asdict

    from fixtures.language import mark, translate
    from harness.exits import Exit
    from harness.output import emit
    from harness.paper.behind import FEWEST, behind
    from harness.paper.harmless import harmless
    from harness.report.wording import chain, mechanism

    found, own = behind(case, finding, None if everything else FEWEST)
    head = mark("Finding {number}, link {link}: {mechanism}")
    lines = [translate(head, number=finding, link=chain(found["link"]), mechanism=mechanism(found["mechanism"]))]
    for one in own:
        at = one.place
        head = mark("{segment}: {begin} s to {end} s, journal lines {first} to {last}")
        lines += [
            "",
            translate(
                head, segment=at.segment, begin=f"{at.begin_s:.1f}", end=f"{at.end_s:.1f}", first=at.first, last=at.last
            ),
        ]
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
    document = {"finding": dict(found), "number": finding, "behind": [asdict(one) for one in own]}
    emit("behind", document, "\n".join(lines), as_json)
    return int(Exit.OK)
