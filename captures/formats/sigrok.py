"""sigrok session files (`.sr`), versions 1 and 2.

A ZIP file with a member `version`, a member `metadata` (INI text) and the samples: little-endian words of `unitsize`
bytes, bit N-1 for probe N, in one member (`logic-1`) or in numbered ones (`logic-1-1`, `logic-1-2` ...).

An edge is a sample that differs from the one before in that probe's bit; the first sample is never one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from captures.errors import CaptureError, WrongFormatError
from captures.formats.archive import Archive, Member
from captures.formats.edges import EdgeFinder
from captures.formats.reader import Reader, hashed, open_plain
from captures.formats.sigrok_metadata import Metadata, parse_metadata
from captures.model import Capture, EdgeKind, Origin, PulseTrain

CODEC = "sigrok-sr/1"
_MAX_METADATA = 64 << 10
_MAX_VERSION = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may expand to.  A bomb inflates a thousandfold, but so does an idle line: only sizes can bound it."""

    sample_bytes: int = 4 << 30
    edges: int = 20_000_000


def sniff(head: bytes) -> bool:
    """Whether `head` begins a ZIP file; only its directory tells whether it is a session."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read(path: Path, limits: Limits | None = None) -> Capture:
    """All probes of the session at `path` as PulseTrains of station "tap", those without edges too.

    Ticks are sample numbers; `tick_s` is None when the file states no sample rate.  Samples are streamed: memory is
    what the edges need and a few MiB.  WrongFormatError when it is no session; CaptureError when it is damaged,
    hostile, or beyond `limits`.
    """
    limits = limits or Limits()
    where = repr(path.name)
    with open_plain(path) as handle:
        if not sniff(handle.read(4)):
            raise WrongFormatError(f"{where}: expected a ZIP file (sigrok session), got another format")
        sha256, size = hashed(handle)
        archive = Archive(handle, where)
        members = archive.members
        if "version" not in members or "metadata" not in members:
            missing = "version" if "version" not in members else "metadata"
            raise WrongFormatError(f"{where}: expected a sigrok session, got a ZIP file without member {missing!r}")
        version = _version(archive, where)
        text = _small(archive, members["metadata"], _MAX_METADATA, where)
        metadata = parse_metadata(text, f"{where} member 'metadata'")
        chunks = _chunks(members, metadata.capturefile, where)
        declared = sum(chunk.size for chunk in chunks)
        if declared > limits.sample_bytes:
            raise CaptureError(
                f"{where}: declares {declared} bytes of samples, the limit is {limits.sample_bytes}; "
                "cut the capture into shorter ones"
            )
        finder = _find_edges(archive, chunks, metadata, limits, where)
    initial = {probe.name: finder.initial(probe.bit) for probe in metadata.probes}
    origin = Origin(CODEC, f"{path.name} sha256 {sha256}")
    rate = metadata.samplerate_hz
    used = {"version", "metadata", *(chunk.name for chunk in chunks)}
    header = {
        "format": "sigrok",
        "version": version,
        "file": path.name,
        "sha256": sha256,
        "bytes": size,
        "writer": metadata.writer,
        "driver": metadata.driver,
        "samplerate": metadata.samplerate,
        "samplerate_hz": None if rate is None else str(rate),
        "unitsize": metadata.unitsize,
        "total_probes": metadata.total_probes,
        "probes": [
            {"probe": probe.bit + 1, "bit": probe.bit, "name": probe.name, "initial": initial[probe.name]}
            for probe in metadata.probes
        ],
        "probes_without_bit": list(metadata.probes_without_bit),
        "samples": finder.samples,
        "members": len(chunks),
        "ignored_members": [name for name in members if name not in used],
        "initial": initial,
    }
    trains = []
    for probe in metadata.probes:
        ticks, levels = finder.take(probe.bit)
        trains.append(
            PulseTrain(
                station="tap",
                channel=probe.name,
                ticks=ticks,
                tick_s=None if rate is None else Fraction(1) / rate,
                edge=EdgeKind.BOTH,
                window=(0, finder.samples - 1),
                origin=origin,
                clock="file",
                levels=levels,
            )
        )
    return Capture(header=header, trains=tuple(trains))


def _small(archive: Archive, member: Member, limit: int, where: str) -> bytes:
    if member.size > limit:
        raise CaptureError(f"{where} member {member.name!r}: expected at most {limit} bytes, declares {member.size}")
    return b"".join(archive.pieces(member))


def _version(archive: Archive, where: str) -> int:
    text = _small(archive, archive.members["version"], _MAX_VERSION, where).strip()
    if text not in (b"1", b"2"):
        raise CaptureError(f"{where} member 'version': expected 1 or 2, got {text!r}; a newer sigrok can convert it")
    return int(text)


def _chunks(members: dict[str, Member], capturefile: str, where: str) -> list[Member]:
    """The members with samples, in order of time: neither archive order nor text order is that."""
    pattern = re.compile(re.escape(capturefile) + r"-([1-9][0-9]{0,5})")
    numbered = {int(match[1]): member for name, member in members.items() if (match := pattern.fullmatch(name))}
    whole = members.get(capturefile)
    if whole is not None and numbered:
        raise CaptureError(f"{where}: expected {capturefile!r} or {capturefile}-1, -2 ..., got both; samples not clear")
    if whole is not None:
        return [whole]
    if not numbered:
        raise CaptureError(f"{where}: metadata names {capturefile!r} as capturefile, but there is no such member")
    for number in range(1, len(numbered) + 1):
        if number not in numbered:
            raise CaptureError(
                f"{where}: member {capturefile}-{number} is missing, the last one is {capturefile}-{max(numbered)}; "
                "samples are lost and times after it would be wrong"
            )
    return [numbered[number] for number in range(1, len(numbered) + 1)]


def _find_edges(archive: Archive, chunks: list[Member], metadata: Metadata, limits: Limits, where: str) -> EdgeFinder:
    finder = EdgeFinder(metadata.unitsize, [probe.bit for probe in metadata.probes])
    rest = b""
    for piece in _all_pieces(archive, chunks):
        data = rest + piece if rest else piece  # a word may straddle two pieces
        whole = len(data) - len(data) % metadata.unitsize
        rest = data[whole:]
        finder.feed(data[:whole] if rest else data)
        if finder.edges > limits.edges:
            raise CaptureError(
                f"{where}: more than {limits.edges} edges after {finder.samples} samples; "
                "cut the capture into shorter ones, or leave out channels that carry noise"
            )
    if rest:
        raise CaptureError(
            f"{where}: samples end {len(rest)} bytes into one of {metadata.unitsize}; truncated, or unitsize is wrong"
        )
    if finder.samples == 0:
        raise CaptureError(f"{where}: expected samples, got none; the recording was stopped before it began")
    return finder


def _all_pieces(archive: Archive, chunks: list[Member]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from archive.pieces(chunk)


READER = Reader("sigrok", sniff, read)
