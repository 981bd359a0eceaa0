"""The options by which the owner of a recording says what it shows; shared by `capture` and `judge`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.exits import UsageError

if TYPE_CHECKING:
    from captures.model import Capture
    from harness.derive.foreign import Declaration

Map = Annotated[
    list[str] | None,
    typer.Option("--map", help="CHANNEL=STATION, e.g. D0=encoder.A; stations encoder, board, reference"),
]
PulsesPerLitre = Annotated[str | None, typer.Option("--pulses-per-litre", help="K of the pulser, a decimal number")]
PulsesPerKm = Annotated[str | None, typer.Option("--pulses-per-km", help="of a taximeter's sensor, a decimal number")]
ReferencePulses = Annotated[
    str | None, typer.Option("--reference-pulses-per-litre", help="of the in-line reference meter")
]
ReferenceU = Annotated[
    str | None, typer.Option("--reference-u-rel", help="relative standard uncertainty of the reference meter")
]
Decoding = Annotated[str | None, typer.Option("--decoding", help="x1, x2 or x4")]
Slots = Annotated[str | None, typer.Option("--slots-per-rev", help="slots of the encoder's disc")]
Declare = Annotated[
    list[str] | None,
    typer.Option("--declare", help="KEY=VALUE as in [profile] of a bench file, e.g. topology=direct, blending=false"),
]
Marks = Annotated[Path | None, typer.Option("--marks", help="CSV: time_s (or tick),kind,payload")]
Window = Annotated[str | None, typer.Option("--window", help="FROM:TO in seconds of the capture, e.g. 1.5:30 or :30")]
Pause = Annotated[
    str | None, typer.Option("--pause", help="seconds of silence of all mapped channels that part two deliveries")
]


def profile_of(declare: Sequence[str] | None, **named: str | None) -> dict[str, str | bool]:
    """What is declared of the instrument: the options of their own names, and those of --declare.

    UsageError for an unknown key, a value that a bench file would refuse, or a key declared twice.
    """
    said = {key: value for key, value in named.items() if value is not None}
    for text in declare or ():
        key, equals, value = text.partition("=")
        if not equals or key in said:
            raise UsageError(f"--declare {text}: expected KEY=VALUE, each key once")
        said[key] = value
    return {key: _declared(key, value) for key, value in said.items()}


def declaration(
    capture: Capture,
    map: Sequence[str] | None,
    profile: Mapping[str, str | bool],
    marks: Path | None,
    window: str | None,
    pause: str | None,
) -> Declaration:
    """What the options declare of `capture`, checked against it.  UsageError names the option that is wrong."""
    from harness.derive.foreign import Declaration, check_stations
    from harness.derive.foreign_marks import read_marks

    stations: dict[str, str] = {}
    for text in map or ():
        channel, equals, station = text.rpartition("=")
        if not equals or not channel or channel in stations:
            raise UsageError(f"--map {text}: expected CHANNEL=STATION, each channel once, e.g. D0=encoder.A")
        stations[channel] = station
    check_stations(stations, capture)
    begin, end = _window(window)
    return Declaration(
        stations=stations,
        profile=profile,
        marks=() if marks is None else read_marks(marks, capture),
        window_s=(begin, end),
        pause_s=None if pause is None else _seconds("--pause", pause),
    )


def _declared(key: str, value: str) -> str | bool:
    """A value as a bench file would keep it (fixtures/profile.py)."""
    from fixtures.kinds import Number
    from fixtures.profile import DISPENSER

    if key != "pulses_per_km" and key not in DISPENSER:
        raise UsageError(f"--declare {key}: expected one of {', '.join(DISPENSER)}")
    kind = Number("0", "1000000") if key == "pulses_per_km" else DISPENSER[key].kind
    kept = kind.read({"true": True, "false": False}.get(value, value))
    if kept is None:
        raise UsageError(f"{key.replace('_', '-')}: expected {kind.expected}, got {value!r}")
    return kept


def _window(text: str | None) -> tuple[Decimal | None, Decimal | None]:
    if text is None:
        return None, None
    begin, colon, end = text.partition(":")
    if not colon:
        raise UsageError(f"--window: expected FROM:TO in seconds, e.g. 1.5:30, got {text!r}")
    return tuple(_seconds("--window", part) if part else None for part in (begin, end))  # type: ignore[return-value]


def _seconds(option: str, text: str) -> Decimal:
    from fixtures.kinds import plain

    kept = plain(text)
    if kept is None:
        raise UsageError(f"{option}: expected seconds as a plain decimal number, got {text!r}")
    return Decimal(kept)
