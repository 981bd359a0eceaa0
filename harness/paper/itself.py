"""What an instrument of the bench says of itself, in words: figures, names and counts; settings and tables stay in the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fixtures.language import listed, mark, tell, translate

NAMES = {  # what drivers say first of themselves -> as a person calls it; what has no name here stays in the journal
    "maker": mark("manufacturer"), "model": mark("model"), "device": mark("device"), "version": mark("version"), "firmware": mark("firmware"),
    "serial": mark("serial number"), "adapter": mark("adapter"), "address": mark("address"), "protocol": mark("protocol"), "evidence": mark("protocol known by"),
    "unit": mark("unit shown"), "reading": mark("reading"), "rate_hz": mark("sample rate, Hz"), "channels": mark("channels"), "fix": mark("position fix"),
    "car": mark("car"), "speed_kmh": mark("speed, km/h"), "circumference_m": mark("circumference, m"), "masses_kg": mark("masses, kg"), "counts": mark("heard"),
}  # fmt: skip
COUNTED = {
    "readings": mark("readings"), "format_changes": mark("changes of format"), "garbage_bytes": mark("unreadable bytes"), "sentences": mark("sentences"),
    "fixes": mark("fixes"), "no_fix": mark("without fix"), "frames": mark("frames"), "unread": mark("frames not read"),
}  # fmt: skip
WORDS = (
    mark("capture"),
    mark("vendor document"),
    mark("third-party code only"),
    mark("standard"),
    mark("answers"),
)


def itself(identity: Mapping[str, Any]) -> str:
    """One line; "-" where there is nothing that a reader could use."""
    told = ((NAMES[key], _value(value)) for key, value in identity.items() if key in NAMES)
    parts = (f"{translate(name)} {value}" for name, value in told if value)
    return translate(mark("; ")).join(parts) or "-"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return listed(_counted(value))
    if isinstance(value, list | tuple):
        return listed(map(str, value))
    return tell(str(value)) if value not in (None, False, 0, "") else ""


def _counted(counts: Mapping[str, Any]) -> Iterator[str]:
    """Counts in words; those of each direction of a line behind its name."""
    for name, count in counts.items():
        if isinstance(count, Mapping):
            yield translate(mark("{name} ({counts})"), name=name, counts=listed(_counted(count)))
        else:
            yield f"{translate(COUNTED[name]) if name in COUNTED else name} {count}"
