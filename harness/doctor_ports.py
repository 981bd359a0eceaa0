"""Serial ports and what stands in their way: permission, other programs, adapters that hold bytes back.

evidence.md 4.1 and 4.2: a second opener takes bytes silently; FTDI adapters wait 16 ms by default; ModemManager and
brltty open every new port to try it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fixtures.benchfile import BenchFile
from fixtures.language import Sentence, mark
from fixtures.latency_timer import latency_timer_file, latency_timer_ms

GOOD_LATENCY_MS = 1
# programs that try every new port, and why they do
GRABBERS = {
    "ModemManager": mark("it sends modem commands to every new port"),
    "brltty": mark("it claims CH340 and CP210x adapters as Braille displays"),
}
Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A port of this computer.  `holders`: (process id, name) of other programs that have it open."""

    device: str
    description: str
    usb_serial: str
    may_open: bool
    holders: tuple[tuple[int, str], ...] = ()


def facts() -> list[PortFacts]:
    """The serial ports there are now."""
    from serial.tools import list_ports

    return [_facts(port.device, port.description or "", port.serial_number or "") for port in list_ports.comports()]


def check_ports(found: list[PortFacts], bench: BenchFile | None, root: Path = Path("/")) -> Iterator[Row]:
    """Rows of (name, state, what, remedy); what hinders a port of `bench` is bad, of another port a warning."""
    needed, here = dict(_of_bench(bench)), {port.device: port for port in found}
    by_serial = {port.usb_serial: port for port in found if port.usb_serial}
    used: set[str] = set()
    for link, wanted in needed.items():
        port = by_serial.get(wanted[4:]) if wanted.startswith(("usb=", "usb:")) else here.get(wanted)
        if port is None and os.path.exists(wanted):  # a pseudo-terminal, or a name under /dev/serial/by-id
            port = _facts(wanted, "", "")
        if port is None:
            there = ", ".join(sorted(here)) or Sentence(mark("none"))
            yield (
                "ports",
                "bad",
                Sentence(
                    mark("link {link}: no port {wanted}; ports here: {there}"), link=link, wanted=wanted, there=there
                ),
                mark("plug the adapter in, or correct the bench file"),
            )
            continue
        used.add(port.device)
        yield from _port(port, Sentence(mark("link {link}: {port}"), link=link, port=_shown(port)), "bad", root)
    for port in found:
        if port.device not in used:
            yield from _port(port, _shown(port), "warn", root)
    if not found and not needed:
        yield (
            "ports",
            "note",
            mark("this computer has no serial port at present"),
            mark("plug the adapters in and look again"),
        )


def check_programs(root: Path = Path("/")) -> Iterator[Row]:
    """Programs that grab ports, as far as /proc shows them."""
    if not (root / "proc").is_dir():
        yield (
            "programs",
            "note",
            mark("this system does not show what runs"),
            mark("see that nothing else uses the ports"),
        )
        return
    running = {name for process in (root / "proc").glob("[0-9]*") if (name := _comm(process)) in GRABBERS}
    for name in sorted(running):
        remedy = (
            f"sudo systemctl stop {name}"
            if name == "ModemManager"
            else Sentence(mark("sudo systemctl stop {name}; sudo apt remove {name} unless it is needed"), name=name)
        )
        why = Sentence(GRABBERS[name])
        yield "programs", "warn", Sentence(mark("{name} runs: {why}"), name=name, why=why), remedy
    if not running:
        first, second = GRABBERS
        yield "programs", "ok", Sentence(mark("neither {first} nor {second} runs"), first=first, second=second), ""


def _shown(port: PortFacts) -> str:
    return port.device + (f" ({port.description})" if port.description not in ("", "n/a") else "")


def _port(port: PortFacts, what: str, state: str, root: Path) -> Iterator[Row]:
    fine = True
    if not port.may_open:
        fine = False
        yield "ports", state, Sentence(mark("{what}: no permission to open it"), what=what), _permission(port.device)
    for pid, name in port.holders:
        fine = False
        text = mark("{what}: process {pid} ({name}) has it open too and takes bytes")
        yield "ports", state, Sentence(text, what=what, pid=pid, name=name), mark("end that program")
    sysfs = root / "sys" / "bus" / "usb-serial" / "devices"
    timer = latency_timer_ms(port.device, sysfs)
    if timer is not None and timer > GOOD_LATENCY_MS:
        fine = False
        remedy = Sentence(
            mark("{now}; it falls back when replugged, a udev rule keeps it: {rule}"),
            now=f"echo {GOOD_LATENCY_MS} | sudo tee {latency_timer_file(port.device, sysfs)}",
            rule='ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"',
        )
        text = mark("{what}: the adapter holds bytes back for up to {timer} ms")
        yield "ports", "warn", Sentence(text, what=what, timer=timer), remedy
    if fine:
        known = timer is not None
        text = mark("{what}, latency timer {timer} ms")
        yield "ports", "ok", Sentence(text, what=what, timer=timer) if known else what, ""


def _facts(device: str, description: str, usb_serial: str) -> PortFacts:
    return PortFacts(
        device, description, usb_serial, sys.platform == "win32" or os.access(device, os.R_OK | os.W_OK), _holders(device)
    )  # fmt: skip


def _holders(device: str) -> tuple[tuple[int, str], ...]:
    if sys.platform == "win32":  # ports are exclusive there
        return ()
    from fixtures.posix import other_holders

    return tuple(other_holders(device))


def _of_bench(bench: BenchFile | None) -> Iterator[tuple[str, str]]:
    for name, link in bench.links.items() if bench is not None else ():
        if link.url.startswith("serial:"):
            yield name, link.url.removeprefix("serial:")


def _permission(device: str) -> str:
    group = "dialout"
    try:
        import grp

        group = grp.getgrgid(os.stat(device).st_gid).gr_name
    except (ImportError, OSError, KeyError):  # not POSIX, gone meanwhile, a group without a name
        pass
    return Sentence(mark("sudo usermod -aG {group} $USER, then log in again; never run as root"), group=group)


def _comm(process: Path) -> str:
    try:
        return (process / "comm").read_bytes().rstrip(b"\n").decode("utf-8", "replace")
    except OSError:  # ended meanwhile
        return ""
