"""The `metadata` member of a sigrok session: INI text as every version of sigrok wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from captures.errors import CaptureError

_MAX_UNITSIZE = 8
_CAPTUREFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SECTION = re.compile(r"\[([^\[\]]+)\]")
_PROBE = re.compile(r"probe([1-9][0-9]{0,3})")
_COUNT = re.compile(r"[0-9]{1,6}")
_RATE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,12})?)[ \t]*([kKMGT]?)(?:[Hh][Zz])?")
_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@dataclass(frozen=True, slots=True)
class Probe:
    name: str
    bit: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """`samplerate_hz` is None when the file states none, or zero; `samplerate` is its text as written."""

    writer: str | None
    driver: str | None
    capturefile: str
    unitsize: int
    total_probes: int | None
    samplerate: str | None
    samplerate_hz: Fraction | None
    probes: tuple[Probe, ...]
    probes_without_bit: tuple[str, ...]


def parse_metadata(raw: bytes, where: str) -> Metadata:
    """Read the text; CaptureError names `where` and line when it is not what a session needs."""
    sections = _sections(raw, where)
    devices = [name for name in sections if name.startswith("device")]
    if devices != ["device 1"]:
        raise CaptureError(f"{where}: expected one section [device 1], got {devices}; save each device on its own")
    device, common = sections["device 1"], sections.get("global", {})
    capturefile = device.get("capturefile")
    if capturefile is None:
        raise CaptureError(f"{where}: expected a key 'capturefile', got none; the session has no logic channels")
    if _CAPTUREFILE.fullmatch(capturefile) is None or capturefile in ("version", "metadata"):
        raise CaptureError(f"{where}: capturefile {capturefile!r:.80} points elsewhere; expected e.g. logic-1")
    unitsize = _count(device, "unitsize", where)
    if unitsize is None or not 1 <= unitsize <= _MAX_UNITSIZE:
        raise CaptureError(f"{where}: expected unitsize 1 to {_MAX_UNITSIZE}, got {device.get('unitsize')!r:.80}")
    probes, without_bit = _probes(device, unitsize, where)
    samplerate = device.get("samplerate")
    return Metadata(
        writer=common.get("sigrok version"),
        driver=device.get("driver"),
        capturefile=capturefile,
        unitsize=unitsize,
        total_probes=_count(device, "total probes", where),
        samplerate=samplerate,
        samplerate_hz=None if samplerate is None else parse_rate(samplerate, where),
        probes=probes,
        probes_without_bit=without_bit,
    )


def parse_rate(text: str, where: str) -> Fraction | None:
    """Samples per second from e.g. "1 MHz", exactly; None for zero, which old versions wrote for "not known"."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise CaptureError(f'{where}: samplerate {text!r:.80}: expected a number and a unit, e.g. "1 MHz"')
    return Fraction(match[1]) * _SCALE[match[2]] or None


def _sections(raw: bytes, where: str) -> dict[str, dict[str, str]]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise CaptureError(f"{where}: expected UTF-8, got byte 0x{raw[problem.start]:02x} at {problem.start}") from None
    sections: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    for number, full in enumerate(text.split("\n"), start=1):
        line = full.strip(" \t\r")
        if not line or line[0] in "#;":
            continue
        if not line.replace("\t", " ").isprintable():
            raise CaptureError(f"{where} line {number}: expected printable text, got {line!r:.80}")
        heading = _SECTION.fullmatch(line)
        if heading is not None:
            if heading[1] in sections:
                raise CaptureError(f"{where} line {number}: section [{heading[1]:.80}] stands twice")
            section = sections[heading[1]] = {}
            continue
        key, equals, value = line.partition("=")
        key = key.strip(" \t")
        if not equals or section is None:
            raise CaptureError(f"{where} line {number}: expected [section] or key=value, got {line!r:.80}")
        if key in section:
            raise CaptureError(f"{where} line {number}: key {key!r:.80} stands twice")
        section[key] = value.strip(" \t")
    return sections


def _count(device: dict[str, str], key: str, where: str) -> int | None:
    text = device.get(key)
    if text is None:
        return None
    if _COUNT.fullmatch(text) is None:
        raise CaptureError(f"{where}: {key}: expected a number, got {text!r:.80}")
    return int(text)


def _probes(device: dict[str, str], unitsize: int, where: str) -> tuple[tuple[Probe, ...], tuple[str, ...]]:
    """The probes that have a bit in the word, by bit, and the names of those that have none."""
    numbered = {int(match[1]): name for key, name in device.items() if (match := _PROBE.fullmatch(key))}
    probes, without_bit, seen = [], [], set[str]()
    for number in sorted(numbered):
        name = numbered[number]
        if not name:
            raise CaptureError(f"{where}: probe{number}: expected a name, got none")
        if number > 8 * unitsize:
            without_bit.append(name)
            continue
        if name in seen:
            raise CaptureError(f"{where}: probe{number}: name {name!r:.80} stands twice; expected distinct names")
        seen.add(name)
        probes.append(Probe(name, number - 1))
    if not probes:
        raise CaptureError(f"{where}: expected at least one probe name, got none")
    return tuple(probes), tuple(without_bit)
