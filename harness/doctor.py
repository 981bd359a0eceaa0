"""Is this computer fit for a raid: ports, clock, disk, keys, standards, plugins, texts; and how to mend what is not.

Every check looks and changes nothing.  On a system it does not know it says so; a check that fails itself is a finding
and no traceback.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from fixtures.benchfile import BenchFile
from fixtures.hostclock import Instant, clock_state, instant, utc_day
from fixtures.language import DOMAIN, LOCALE, language
from fixtures.standards import undeclared
from harness.doctor_ports import PortFacts, check_ports, check_programs, facts
from harness.room import FLOOR_BYTES, SLOW_SYNC_S, room
from harness.standards import named

OK, NOTE, WARN, BAD = "ok", "note", "warn", "bad"
STATES = (OK, NOTE, WARN, BAD)
NEAR_DUE_DAYS = 30
STEP_NS = 5_000_000  # wall and monotonic clock may part by so much while we look: more is a step, not a drift
BEHIND_S = 86_400.0  # a clock this far behind the tool's own files was set back or lost its battery
_SAMPLE = "检 ±"  # what a Chinese prompt needs


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.  `state`: "ok"; "note" and "warn" hinder no run; "bad" does, or makes its record doubtful."""

    name: str
    state: str
    what: str
    remedy: str = ""


@dataclass(frozen=True)
class Host:
    """The computer as the checks see it; tests hand in another one."""

    root: Path = Path("/")  # in which /proc and /sys stand
    platform: str = sys.platform
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ports: Callable[[], list[PortFacts]] = facts
    today: Callable[[], date] = utc_day
    now: Callable[[], Instant] = instant


def examine(cases: Path, bench: BenchFile | None = None, host: Host | None = None) -> list[Check]:
    """All checks, in the order in which they are printed.  `cases`: the folder the cases go into."""
    host = Host() if host is None else host
    begun = host.now()
    parts: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("software", _software),
        ("ports", lambda: (Check(*one) for one in check_ports(host.ports(), bench, host.root))),
        ("programs", lambda: (Check(*one) for one in check_programs(host.root))),
        ("disk", lambda: _disk(cases)),
        ("keys", lambda: _keys(host)),
        ("standards", lambda: _standards(bench, host.today())),
        ("plugins", lambda: _plugins(bench)),
        ("texts", lambda: _texts()),
        ("clock", lambda: _clock(host, begun)),
    ]
    found: list[Check] = []
    for name, part in parts:
        try:
            found += part()
        except Exception as error:  # a foreign system: the other checks still say what they see
            found.append(Check(name, WARN, f"could not be looked at: {type(error).__name__}: {error}", "look by hand"))
    return found


def _software() -> Iterator[Check]:
    from harness.software import software

    known = software()
    where = f"commit {known['commit'][:12]}" if known["commit"] else "no commit known"
    text = f"shortmeasure {known['version']}, {where}, {known['files']} files, SHA-256 {known['files_sha256'][:16]}..."
    if known["dirty"]:
        yield Check("software", NOTE, f"{text}; changed since that commit", "for evidence use a released version")
    else:
        yield Check("software", OK, text)


def _disk(cases: Path) -> Iterator[Check]:
    try:
        found = room(cases, probe=True)
    except OSError as error:
        yield Check(
            "disk",
            BAD,
            f"{cases}: nothing can be written ({error.strerror or error})",
            "choose a folder that may be written",
        )
        return
    text = f"{found.folder}: {found.free_bytes / 1e9:.1f} GB free"
    if found.enough:
        yield Check("disk", OK, text)
    else:
        yield Check(
            "disk",
            BAD,
            f"{text}, expected {FLOOR_BYTES / 1e9:.1f}: run refuses",
            "free the disk or name another folder",
        )
    assert found.sync_s is not None
    slow = found.sync_s > SLOW_SYNC_S
    remedy = "keep cases on an internal disk; a slow stick delays every step" if slow else ""
    yield Check(
        "disk",
        WARN if slow else OK,
        f"keeping 4 KiB takes {found.sync_s * 1e3:.1f} ms (write and sync, median of 5)",
        remedy,
    )


def _keys(host: Host) -> Iterator[Check]:
    from captures.errors import KeyFileError
    from captures.keys import default_folder, is_encrypted, key_names, key_path

    folder = default_folder(host.environment, host.platform, Path.home())
    names = key_names(folder)
    if not names:
        yield Check("keys", OK, f"none yet in {folder}: the first seal makes one")
    for name in names:
        path = key_path(folder, name)
        try:
            encrypted = is_encrypted(path)
        except KeyFileError as error:
            yield Check(
                "keys", BAD, f"{name}: {error}", "or move it away: a new key is made at the next seal, to be registered"
            )
            continue
        if not encrypted:
            yield Check(
                "keys",
                NOTE,
                f"{name}: no passphrase protects {path}",
                "whoever takes the laptop can sign; consider a passphrase",
            )
        else:
            yield Check("keys", OK, f"{name}: protected by a passphrase")


def _standards(bench: BenchFile | None, today: date) -> Iterator[Check]:
    if bench is None:
        yield Check("standards", NOTE, "not looked at", "name the bench: --bench FILE")
        return
    for standard in bench.standards:
        who = named(standard)
        if not standard.due:
            yield Check(
                "standards",
                WARN,
                f"{who}: no due day declared",
                f"state `due` in {bench.where}; the verdict says it is missing",
            )
        elif standard.overdue(today):
            remedy = f"have it calibrated, or run --override-standard {standard.name}=REASON, which limits the verdict"
            yield Check(
                "standards", BAD, f"{who}: due {standard.due}, today is {today.isoformat()} (UTC): run refuses", remedy
            )
        else:
            left = (date.fromisoformat(standard.due) - today).days
            near = left <= NEAR_DUE_DAYS
            yield Check(
                "standards",
                WARN if near else OK,
                f"{who}: due {standard.due}, {left} days left",
                "book its calibration" if near else "",
            )
    for name in undeclared(bench):
        yield Check(
            "standards",
            WARN,
            f"{name}: no certificate declared",
            f'add [standards.NAME] with of = "{name}" to {bench.where}',
        )


def _plugins(bench: BenchFile | None) -> Iterator[Check]:
    from harness.plugins import GROUPS, plugins

    found = [plugin for group in GROUPS for plugin in plugins(group)]
    broken = [plugin for plugin in found if plugin.reason]
    if len(broken) < len(found):
        yield Check("plugins", OK, f"{len(found) - len(broken)} load")
    drivers = {entry.driver for entry in bench.instruments.values()} if bench is not None else set()
    for plugin in broken:
        used = plugin.group == "instruments" and plugin.name in drivers
        used = used or (plugin.group == "acceptance" and bench is not None and plugin.name == bench.edition)
        what = f"{plugin.group} {plugin.name} of {plugin.distribution}: {plugin.reason}"
        yield Check(
            "plugins", BAD if used else WARN, what + (", and this bench needs it" if used else ""), plugin.remedy
        )
    if not found:
        yield Check("plugins", BAD, "none is installed", "reinstall shortmeasure")


def _texts() -> Iterator[Check]:
    catalogue = LOCALE / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not catalogue.is_file():
        yield Check("texts", WARN, f"{catalogue} is missing: prompts are English only", "reinstall shortmeasure")
    encodings = {"locale": locale.getencoding(), "terminal": getattr(sys.stdout, "encoding", None) or "none"}
    poor = {name: encoding for name, encoding in encodings.items() if not _carries(encoding)}
    told = f"language {language()}, " + ", ".join(f"{name} {encoding}" for name, encoding in encodings.items())
    if poor:
        yield Check(
            "texts", WARN, f"{told}: Chinese cannot be shown or read", "set PYTHONUTF8=1, or LANG to a UTF-8 locale"
        )
    else:
        yield Check("texts", OK, told)


def _carries(encoding: str) -> bool:
    try:
        return _SAMPLE.encode(encoding).decode(encoding) == _SAMPLE
    except (LookupError, UnicodeError):
        return False


def _clock(host: Host, begun: Instant) -> Iterator[Check]:
    said = clock_state()
    text = f"{said.utc[:19]}Z, local offset {said.offset_s / 3600:+g} h"
    remedy = "switch time synchronisation on (Linux: timedatectl set-ntp true), or note the clock against a telephone in the record"
    if said.synchronised is None:
        yield Check("clock", NOTE, f"{text}; whether it is synchronised is unknown: {said.how}", remedy)
    elif said.synchronised:
        bound = "" if said.max_error_s is None else f", within {said.max_error_s:.3g} s"
        yield Check("clock", OK, f"{text}; synchronised{bound} ({said.how})")
    else:
        yield Check("clock", WARN, f"{text}; not synchronised ({said.how})", remedy)
    ended = host.now()
    newest = _newest_file_s()
    if ended.wall_ns / 1e9 < newest - BEHIND_S:
        made = datetime.fromtimestamp(newest, UTC).date().isoformat()
        yield Check(
            "clock", BAD, f"it shows a day before {made}, when files of this installation were written", "set the clock"
        )
    wall, monotonic = ended.wall_ns - begun.wall_ns, ended.monotonic_ns - begun.monotonic_ns
    if abs(wall - monotonic) > STEP_NS:
        yield Check(
            "clock",
            BAD,
            f"it was set by {(wall - monotonic) / 1e6:+.0f} ms while this ran",
            "wait until synchronisation has settled",
        )
    else:
        yield Check(
            "clock",
            OK,
            f"wall and monotonic clock agree within {abs(wall - monotonic) / 1e6:.2f} ms over {monotonic / 1e9:.1f} s",
        )


def _newest_file_s() -> float:
    """When the newest module of this installation was written, seconds since 1970."""
    here = Path(__file__).parent
    return max(path.stat().st_mtime for path in here.glob("*.py"))
