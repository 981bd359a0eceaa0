"""`capture track`: the distance in the log of a GNSS receiver or a telephone, with what it rests on and what it does not."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import mark, tell, translate
from harness.exits import Exit, UsageError, printable
from harness.output import emit
from harness.report.errors import error_said
from harness.report.forms import sentence

if TYPE_CHECKING:
    from harness.derive.gnss import Distance
    from harness.derive.gnss_fixes import Track

NS_PER_S = 1_000_000_000
MOST_BYTES = 1 << 26
MOST_REASONS = 12
HEAD = (
    mark("{file}: {fixes} fixes, {begin} to {end}, {measured_s} s measured"),
    mark("  by speed      {distance_m} m, standard uncertainty {u_m} m"),
    mark(
        "  by positions  {by_positions_m} m, standard uncertainty {u_by_positions_m} m (summed at every fix {every_fix_m} m, "
        "{jumps} jumps)"
    ),
    mark("  top speed {top_speed_km_h} km/h, {stops} stops, {bridged} steps bridged"),
)
GAP = mark("  gap of {seconds} s from {begin}: {why}")
ACROSS = mark(", {metres} m straight across")
UNUSED = mark("  {count} x not used: {why}")
NO_SENTENCE = mark("  {count} x no sentence: {why}")
WEEKS_BACK = mark("  its date is {weeks} weeks back: its week number has rolled over, or the log is so old")
NOT_USED = (  # harness.derive.gnss_fixes
    mark("remark"),
    mark("no fix"),
    mark("no fix: {why}"),
    mark("dead reckoning"),
    mark("typed in"),
    mark("the same fix again"),
    mark("another fix of the same instant"),
    mark("the receiver's clock was set"),
    mark("out of order"),
    mark("status A denied by GGA: {why}"),
    mark("RMC of a talker that is no satellite receiver"),
    mark("status A without time, date, position or speed"),
    mark("a date that no calendar has"),
)


def track(
    file: Annotated[Path, typer.Argument(help="a log of NMEA 0183 sentences, a line each")],
    begin: Annotated[str, typer.Option("--from", help="UTC, hh:mm:ss of the first day or ISO 8601")] = "",
    end: Annotated[str, typer.Option("--to", help="UTC, hh:mm:ss of the first day or ISO 8601")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """How far a receiver went, by its speed and by its positions, with uncertainty, gaps and all that was not used.
    Exit 20 where it is no reference distance for the whole time: gaps, or speeds and positions contradict each other."""
    from captures.formats.reader import open_plain
    from harness.derive.gnss import distance
    from harness.derive.gnss_fixes import log_fixes

    with open_plain(file) as handle:
        data = handle.read(MOST_BYTES + 1)
    found = log_fixes(data)
    window = _instant(begin, "--from", found), _instant(end, "--to", found)
    if None not in window and window[1] <= window[0]:  # type: ignore[operator]
        raise UsageError(f"--to: expected a later time than --from, got {begin} to {end}")
    gone = distance(found, *window)
    document = {"file": str(file), "sha256": hashlib.sha256(data).hexdigest(), **_document(found, gone)}
    emit("track", document, printable(_text(file, document, gone)), as_json)
    return Exit.OK if gone.why_not is None else Exit.INCONCLUSIVE


def _instant(text: str, option: str, track: Track) -> int | None:
    """Nanoseconds since 1970; a time of day is of the first day of the log."""
    from datetime import UTC, datetime

    if not text:
        return None
    day = f"{track.days[0].isoformat()}T" if len(text) <= 8 and track.days else ""
    try:
        when = datetime.fromisoformat(day + text)
    except ValueError:
        raise UsageError(f"{option}: expected hh:mm:ss or ISO 8601 such as 2026-02-01T08:30:00, got {text!r}") from None
    whole = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return round(whole.timestamp() * 1000) * 1_000_000


def _document(track: Track, gone: Distance) -> dict[str, Any]:
    from fixtures.clock import utc_now

    noise = Counter(one.why for one in track.noise)
    return {
        "fixes": len(track), "sentences": dict(track.sentences), "not_used": dict(track.told),
        "no_sentence": dict(noise.most_common(MOST_REASONS)), "days": [day.isoformat() for day in track.days],
        "weeks_back": track.weeks_back(_day(utc_now())),
        "from": _utc(gone.begin_ns), "to": _utc(gone.end_ns), "measured_s": gone.measured_s,
        "distance_m": round(gone.doppler_m, 3), "u_m": round(gone.u_m, 3),
        "budget_m": {name: round(u_m, 3) for name, u_m in gone.budget.items()},
        "by_positions_m": round(gone.chords.length_m, 3), "u_by_positions_m": round(gone.chords.u_m, 3),
        "every_fix_m": round(gone.chords.every_fix_m, 3), "jumps": gone.jumps, "bridged": gone.bridged,
        "stops": len(gone.stops), "creep_m": round(gone.creep_m, 3), "top_speed_km_h": round(gone.top_speed_m_s * 3.6, 2),
        "gaps": [
            {
                "from": _utc(gap.begin_ns), "seconds": (gap.end_ns - gap.begin_ns) / NS_PER_S, "why": gap.why,
                "straight_m": None if gap.straight_m is None else round(gap.straight_m, 1),
            }
            for gap in gone.gaps
        ],
        "reference": gone.why_not is None, "why_not": None if gone.why_not is None else str(gone.why_not),
    }  # fmt: skip


def _day(utc: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(utc).date()


def _utc(t_ns: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(t_ns / NS_PER_S, UTC).isoformat(timespec="milliseconds")


def _text(file: Path, told: dict[str, Any], gone: Distance) -> str:
    figures = {name: f"{value:.1f}" if isinstance(value, float) else value for name, value in told.items()}
    figures["top_speed_km_h"] = told["top_speed_km_h"]
    lines = [translate(text, **{**figures, "file": file, "begin": told["from"], "end": told["to"]}) for text in HEAD]
    for gap in told["gaps"][:MOST_REASONS]:
        text = translate(GAP, seconds=f"{gap['seconds']:.1f}", begin=gap["from"], why=tell(gap["why"]))
        across = "" if gap["straight_m"] is None else translate(ACROSS, metres=f"{gap['straight_m']:.0f}")
        lines.append(text + across)
    lines += [translate(UNUSED, count=count, why=_unused(why)) for why, count in told["not_used"].items()]
    lines += [translate(NO_SENTENCE, count=count, why=error_said(why)) for why, count in told["no_sentence"].items()]
    if told["weeks_back"]:
        lines.append(translate(WEEKS_BACK, weeks=told["weeks_back"]))
    if gone.why_not is None:
        return "\n".join([*lines, translate(mark("  a reference distance"))])
    return "\n".join([*lines, translate(mark("  no reference distance: {why}"), why=gone.why_not.said)])


def _unused(why: str) -> str:
    """Why fixes are not used, in the reader's language."""
    found = sentence(why, NOT_USED)
    return why if found is None else translate(found[0], **{name: tell(part) for name, part in found[1].items()})
