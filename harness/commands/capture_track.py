"""`capture track`: the distance in the log of a GNSS receiver or a telephone, with what it rests on and what it does not."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.exits import Exit, UsageError, printable
from harness.output import emit

if TYPE_CHECKING:
    from harness.derive.gnss import Distance
    from harness.derive.gnss_fixes import Track

NS_PER_S = 1_000_000_000
MOST_BYTES = 1 << 26
MOST_REASONS = 12


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
    lines = [
        f"{file}: {told['fixes']} fixes, {told['from']} to {told['to']}, {told['measured_s']:.1f} s measured",
        f"  by speed      {told['distance_m']:.1f} m, standard uncertainty {told['u_m']:.1f} m",
        f"  by positions  {told['by_positions_m']:.1f} m, standard uncertainty {told['u_by_positions_m']:.1f} m"
        f" (summed at every fix {told['every_fix_m']:.1f} m, {told['jumps']} jumps)",
        f"  top speed {told['top_speed_km_h']} km/h, {told['stops']} stops, {told['bridged']} steps bridged",
    ]
    lines += [
        f"  gap of {gap['seconds']:.1f} s from {gap['from']}: {gap['why']}"
        + ("" if gap["straight_m"] is None else f", {gap['straight_m']:.0f} m straight across")
        for gap in told["gaps"][:MOST_REASONS]
    ]
    lines += [f"  {count} x not used: {why}" for why, count in told["not_used"].items()]
    lines += [f"  {count} x no sentence: {why}" for why, count in told["no_sentence"].items()]
    if told["weeks_back"]:
        lines.append(
            f"  its date is {told['weeks_back']} weeks back: its week number has rolled over, or the log is so old"
        )
    lines.append("  a reference distance" if gone.why_not is None else f"  no reference distance: {gone.why_not.said}")
    return "\n".join(lines)
