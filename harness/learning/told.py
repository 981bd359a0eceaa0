"""What `capture sniff` found, as a document for scripts and as lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from fixtures.language import Listed, Sentence, in_a_row, mark, tell, translate
from harness.learning.alignment import Frames, frames
from harness.learning.columns import Difference, Shape, differences, shape
from harness.learning.edges import Framed
from harness.learning.fit import ALPHA, SEED, SHUFFLES, Fit
from harness.learning.rates import Trial, mode_text, parity_of, without_parity
from harness.learning.recording import Line, Mark, bursts_of
from harness.learning.vectors import CapturedFrame, chosen
from harness.learning.verdict import Verdict
from harness.report.columns import column as padded

SPEAK = mark("  {name}: {share} of all bytes speak for it; {sides}")
EVEN, ODD = mark(", bit 7 is even parity: 7E"), mark(", bit 7 is odd parity: 7O")
READ = mark("{share} of the bytes in {messages} messages")
MEASURED = mark(
    "{channel}: measured {baud} baud, standard uncertainty {u}, {pulses} pulses ({usual}); read as {line}: {characters} "
    "characters, {damaged} damaged"
)
OF_LENGTH = mark("  {count} frames of {length} bytes, most often {sample}")
SHOWN_FITS = 5
SHOWN_SHAPES = 4
SHOWN_CHECKS = 3
LONG = 48  # bytes of a frame on one line
NULL = "bytes above 1Fh in random order, control characters and silences kept"
Part = tuple[str, int, int]
"""What the operator said, and the instants it holds from and to."""


def fit_document(verdict: Verdict, lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "verdict": verdict.text,
        "named": [
            {"protocol": one.protocol, "roles": dict(one.roles), "explained": round(one.explained, 4)} for one in verdict.named
        ],
        "null": {"what": NULL, "shuffles": SHUFFLES, "seed": SEED, "alpha": ALPHA},
        "streams": [
            {
                "name": line.name, "mixed": line.mixed, "bytes": sum(len(chunk.data) for chunk in line.chunks), "baud": line.baud,
                "mode": line.mode or None, "parity_in_bit_7": parity_of(line.stream.data) or None,
                "fits": [_fit_row(fit) for fit in _shown(verdict.fits.get(line.name, ()))],
            }
            for line in lines
        ],
    }  # fmt: skip


def _fit_row(fit: Fit) -> dict[str, Any]:
    row = {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(fit).items()}
    return {**row, "fits": fit.fits, "by": "form" if fit.by_form else "wording" if fit.by_wording else None}


def _shown(fits: Sequence[Fit]) -> list[Fit]:
    """Those that fit, and the nearest of the others."""
    good = [fit for fit in fits if fit.fits]
    return (good + sorted((fit for fit in fits if not fit.fits and fit.messages), key=lambda fit: -fit.telling))[
        :SHOWN_FITS
    ]


def fit_lines(verdict: Verdict, lines: Sequence[Line]) -> list[str]:
    told = [translate(mark("protocol: {name}"), name=tell(verdict.text))]
    for one in verdict.named:
        side = mark("{name} as {role}")
        sides = Listed([Sentence(side, name=name, role=role) for name, role in one.roles.items()])
        told.append(translate(SPEAK, name=one.protocol, share=f"{one.explained:.0%}", sides=sides.said))
    for line in lines:
        setting = in_a_row(["", f"{line.baud:g} {line.mode}"]) if line.baud else ""
        parity = parity_of(line.stream.data)
        seven = translate(EVEN if parity == "E" else ODD) if parity else ""
        size = sum(len(chunk.data) for chunk in line.chunks)
        told.append(
            translate(
                mark("{name}: {size} bytes{setting}{seven}"), name=line.name, size=size, setting=setting, seven=seven
            )
        )
        for fit in _shown(verdict.fits.get(line.name, ())):
            parts = [
                translate(READ, share=f"{fit.share:>4.0%}", messages=fit.messages),
                translate(mark("{share} so worded"), share=f"{fit.worded:.0%}"),
            ]
            if fit.by_chance is not None:
                parts.append(translate(mark("{share} by chance"), share=f"{fit.by_chance:.0%}"))
            for text, value in ((mark("form p {p}"), fit.p), (mark("wording p {p}"), fit.p_worded)):
                parts += [] if value is None else [translate(text, p=f"{value:.3g}")]
            fits = padded(translate(mark("fits")) if fit.fits else "", 4)
            told.append(f"  {fits} {fit.protocol:<18} {fit.role:<6} {in_a_row(parts)}")
    return told


def trial_row(trial: Trial) -> dict[str, Any]:
    return {
        "baud": trial.setting.baud, "mode": mode_text(trial.setting), "bytes": trial.size, "damaged": trial.damaged,
        "above_7f": round(trial.high, 4), "repeated": round(trial.repeated, 4), "verdict": trial.named, "score": round(trial.score, 4),
    }  # fmt: skip


def framed_row(name: str, framed: Framed) -> dict[str, Any]:
    measured = framed.measured
    return {
        "channel": name, "measured_baud": round(measured.baud, 4), "u_baud": round(measured.u_baud, 4), "usual_baud": measured.usual,
        "pulses": measured.pulses, "line": str(framed.line), "characters": int(framed.characters.data.size),
        "damaged": round(framed.damaged, 4),
    }  # fmt: skip


def framed_line(row: Mapping[str, Any]) -> str:
    usual = f"{row['usual_baud']}" if row["usual_baud"] else translate(mark("no usual rate"))
    return translate(
        MEASURED, channel=row["channel"], baud=f"{row['measured_baud']:.1f}", u=f"{row['u_baud']:.2g}", pulses=row["pulses"],
        usual=usual, line=row["line"], characters=row["characters"], damaged=f"{row['damaged']:.1%}",
    )  # fmt: skip


def parts_of(marks: Sequence[Mark], begin_ns: int) -> list[Part]:
    """What the operator did when; before the first mark nothing was changed yet."""
    far = 1 << 62
    instants = [begin_ns, *(mark.t_ns for mark in marks), far]
    texts = ["before", *(mark.text for mark in marks)]
    return [(text, a, b) for text, a, b in zip(texts, instants, instants[1:], strict=False)]


class Aligned:
    """The frames of one line, what each length is made of, and what differs between the operator's parts."""

    def __init__(self, line: Line, parts: Sequence[Part]) -> None:
        self.name = line.name
        turns = replace(line.stream, bursts=bursts_of(line.chunks, line.turn_ns))
        stream, self.parity = without_parity(turns)
        self.frames: Frames = frames(stream.bursts)
        self._parts = parts
        self._part_of = _part_of(line, self.frames, parts)
        self.shapes: list[tuple[Shape, list[Difference]]] = []
        for numbers in self.frames.by_length().values():
            found = [self.frames.frames[number] for number in numbers]
            by_part: list[list[bytes]] = [[] for _ in parts]
            for number in numbers:
                by_part[self._part_of[number]].append(self.frames.frames[number])
            self.shapes.append((shape(found), differences(by_part)))

    def document(self) -> dict[str, Any]:
        return {
            "stream": self.name, "parity_in_bit_7": self.parity or None, "cut": asdict(self.frames.cut), "structured": self.frames.cut.structured,
            "frames": len(self.frames.frames),
            "shapes": [
                {
                    "length": one.length, "frames": one.count, "sample": one.sample.hex(" "), "columns": [asdict(c) for c in one.columns],
                    "checks": [{**asdict(check), "text": check.text} for check in one.checks],
                    "differences": [
                        {"index": d.index, "values": {text: value for (text, _, _), value in zip(self._parts, d.values, strict=True)}}
                        for d in moved
                    ],
                }
                for one, moved in self.shapes
            ],
        }  # fmt: skip

    def lines(self) -> list[str]:
        cut = self.frames.cut
        told = [
            f"{self.name}: {len(self.frames.frames)} frames, {cut.detail} ({cut.bits_per_byte:.2f} bits a byte, {cut.plain_bits_per_byte:.2f} without frames)"
        ]
        if not cut.structured:
            told.append(translate(mark("  no cut makes frames that repeat: what follows is the least bad one")))
        for one, moved in self.shapes[:SHOWN_SHAPES]:
            told += [translate(OF_LENGTH, count=one.count, length=one.length, sample=_bytes(one.sample))]
            told += [f"    check: {check.text}" for check in one.checks[:SHOWN_CHECKS]]
            told += [f"    {span}: {kind} {detail}" for span, kind, detail in _grouped(one)]
            for difference in moved:
                values = ", ".join(
                    f"{text}: {value:02X}h {chr(value)!r}" if value is not None else f"{text}: changes"
                    for (text, _, _), value in zip(self._parts, difference.values, strict=True)
                )
                told.append(f"    byte {difference.index} differs: {values}")
        return told

    def vectors(self, source: str) -> list[CapturedFrame]:
        sender = self.name if self.name in ("host", "device") else ""
        length = {len(frame) for frame in self.frames.frames}
        picked = chosen(frame for frame in self.frames.frames if frame)
        where = f"{source}, {self.name}, {self.frames.cut.detail}, {len(length)} lengths"
        told = {
            frame: self._parts[self._part_of[number]][0]
            for number, frame in reversed(list(enumerate(self.frames.frames)))
        }
        return [
            CapturedFrame(
                f"{self.name} {number}",
                sender,
                frame,
                f"{where}; first seen: {told[frame]}" if len(self._parts) > 1 else where,
            )
            for number, frame in enumerate(picked, 1)
        ]


def _part_of(line: Line, found: Frames, parts: Sequence[Part]) -> list[int]:
    """The part that each frame began in, by the instant at which the first byte of its burst came."""
    begins: list[int] = []
    last_ns: int | None = None
    for chunk in line.chunks:
        if last_ns is None or chunk.t_ns - last_ns >= line.turn_ns:
            begins.append(chunk.t_ns)
        last_ns = chunk.t_ns
    numbers = []
    for burst in found.bursts:
        t_ns = begins[min(burst, len(begins) - 1)]
        numbers.append(
            next(
                number
                for number, (_, begin, end) in enumerate(parts)
                if begin <= t_ns < end or number == len(parts) - 1
            )
        )
    return numbers


def _grouped(one: Shape) -> list[tuple[str, str, str]]:
    """Adjoining columns that do the same, as one line; constant bytes together with what they are."""
    found: list[tuple[int, int, str, list[str]]] = []
    for column in one.columns:
        if found and found[-1][2] == column.kind and column.kind in ("constant", "digits", "bcd", "changes"):
            begin, _, kind, details = found.pop()
            found.append((begin, column.index, kind, [*details, column.detail]))
        else:
            found.append((column.index, column.index, column.kind, [column.detail]))
    rows = []
    for begin, end, kind, details in found:
        span = f"byte {begin}" if begin == end else f"bytes {begin} to {end}"
        detail = _bytes(one.sample[begin : end + 1]) if kind == "constant" else details[0] if len(details) == 1 else ""
        rows.append((span, kind, detail))
    return rows


def _bytes(data: bytes) -> str:
    shown = data[:LONG]
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in shown)
    return f"{shown.hex(' ')}{' ...' if len(data) > LONG else ''}  {text!r}"
