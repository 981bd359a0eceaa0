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
from fixtures.language import DOMAIN, LOCALE, Sentence, language, mark
from fixtures.standards import undeclared
from harness.doctor_ports import PortFacts, check_ports, check_programs, facts
from harness.room import FLOOR_BYTES, SLOW_SYNC_S, room
from harness.standards import named

OK, NOTE, WARN, BAD = mark("ok"), mark("note"), mark("warn"), mark("bad")
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
        (mark("software"), _software),
        (mark("ports"), lambda: (Check(*one) for one in check_ports(host.ports(), bench, host.root))),
        (mark("programs"), lambda: (Check(*one) for one in check_programs(host.root))),
        (mark("disk"), lambda: _disk(cases)),
        (mark("keys"), lambda: _keys(host)),
        (mark("standards"), lambda: _standards(bench, host.today())),
        (mark("plugins"), lambda: _plugins(bench)),
        (mark("bench"), lambda: _bench(bench)),
        (mark("texts"), lambda: _texts()),
        (mark("clock"), lambda: _clock(host, begun)),
    ]
    found: list[Check] = []
    for name, part in parts:
        try:
            found += part()
        except Exception as error:  # a foreign system: the other checks still say what they see
            what = Sentence(mark("could not be looked at: {error}"), error=f"{type(error).__name__}: {error}")
            found.append(Check(name, WARN, what, mark("look by hand")))
    return found


def _software() -> Iterator[Check]:
    from harness.software import software

    known = software()
    commit = (known["commit"] or "")[:12]  # none where it was installed from a folder that is no clone
    where = Sentence(mark("commit {commit}"), commit=commit) if commit else Sentence(mark("no commit known"))
    text = Sentence(
        mark("shortmeasure {version}, {where}, {files} files, SHA-256 {sha256}..."),
        version=known["version"],
        where=where,
        files=known["files"],
        sha256=known["files_sha256"][:16],
    )
    if known["dirty"]:
        changed = Sentence(mark("{text}; changed since that commit"), text=text)
        yield Check("software", NOTE, changed, mark("for evidence use a released version"))
    else:
        yield Check("software", OK, text)


def _disk(cases: Path) -> Iterator[Check]:
    try:
        found = room(cases, probe=True)
    except OSError as error:
        text = Sentence(mark("{folder}: nothing can be written ({why})"), folder=cases, why=error.strerror or error)
        yield Check("disk", BAD, text, mark("choose a folder that may be written"))
        return
    text = Sentence(mark("{folder}: {free:.1f} GB free"), folder=found.folder, free=found.free_bytes / 1e9)
    if found.enough:
        yield Check("disk", OK, text)
    else:
        short = Sentence(mark("{text}, expected {floor:.1f}: run refuses"), text=text, floor=FLOOR_BYTES / 1e9)
        yield Check("disk", BAD, short, mark("free the disk or name another folder"))
    assert found.sync_s is not None
    slow = found.sync_s > SLOW_SYNC_S
    text = Sentence(mark("keeping 4 KiB takes {ms:.1f} ms (write and sync, median of 5)"), ms=found.sync_s * 1e3)
    remedy = mark("keep cases on an internal disk; a slow stick delays every step") if slow else ""
    yield Check("disk", WARN if slow else OK, text, remedy)


def _keys(host: Host) -> Iterator[Check]:
    from captures.errors import KeyFileError
    from captures.keys import default_folder, is_encrypted, key_names, key_path

    folder = default_folder(host.environment, host.platform, Path.home())
    names = key_names(folder)
    if not names:
        yield Check("keys", OK, Sentence(mark("none yet in {folder}: the first seal makes one"), folder=folder))
    for name in names:
        path = key_path(folder, name)
        try:
            encrypted = is_encrypted(path)
        except KeyFileError as error:
            remedy = mark("or move it away: a new key is made at the next seal, to be registered")
            yield Check("keys", BAD, f"{name}: {error}", remedy)
            continue
        if not encrypted:
            text = Sentence(mark("{name}: no passphrase protects {path}"), name=name, path=path)
            yield Check("keys", NOTE, text, mark("whoever takes the laptop can sign; consider a passphrase"))
        else:
            yield Check("keys", OK, Sentence(mark("{name}: protected by a passphrase"), name=name))


def _standards(bench: BenchFile | None, today: date) -> Iterator[Check]:
    if bench is None:
        yield Check("standards", NOTE, mark("not looked at"), mark("name the bench: --bench FILE"))
        return
    for standard in bench.standards:
        who = named(standard)
        if not standard.due:
            text = Sentence(mark("{who}: no due day declared"), who=who)
            remedy = Sentence(mark("state `due` in {where}; the verdict says it is missing"), where=bench.where)
            yield Check("standards", WARN, text, remedy)
        elif standard.overdue(today):
            remedy = Sentence(
                mark("have it calibrated, or run --override-standard {name}=REASON, which limits the verdict"),
                name=standard.name,
            )
            late = mark("{who}: due {due}, today is {today} (UTC): run refuses")
            text = Sentence(late, who=who, due=standard.due, today=today.isoformat())
            yield Check("standards", BAD, text, remedy)
        else:
            left = (date.fromisoformat(standard.due) - today).days
            near = left <= NEAR_DUE_DAYS
            text = Sentence(mark("{who}: due {due}, {left} days left"), who=who, due=standard.due, left=left)
            yield Check("standards", WARN if near else OK, text, mark("book its calibration") if near else "")
    for name in undeclared(bench):
        text = Sentence(mark("{name}: no certificate declared"), name=name)
        remedy = Sentence(mark('add [standards.NAME] with of = "{name}" to {where}'), name=name, where=bench.where)
        yield Check("standards", WARN, text, remedy)


def _plugins(bench: BenchFile | None) -> Iterator[Check]:
    from fixtures.plugins import GROUPS, misnamed, plugins

    found = [*(plugin for group in GROUPS for plugin in plugins(group)), *misnamed()]
    broken = [plugin for plugin in found if plugin.reason]
    if len(broken) < len(found):
        yield Check("plugins", OK, Sentence(mark("{count} load"), count=len(found) - len(broken)))
    drivers = {entry.driver for entry in bench.instruments.values()} if bench is not None else set()
    for plugin in broken:
        used = plugin.group == "instruments" and plugin.name in drivers
        used = used or (plugin.group == "acceptance" and bench is not None and plugin.name == bench.edition)
        fields = {
            "group": plugin.group,
            "name": plugin.name,
            "distribution": plugin.distribution,
            "reason": plugin.reason,
        }
        what = Sentence(mark("{group} {name} of {distribution}: {reason}"), **fields)
        if used:
            what = Sentence(mark("{what}, and this bench needs it"), what=what)
        yield Check("plugins", BAD if used else WARN, what, plugin.remedy)
    if not found:
        yield Check("plugins", BAD, mark("none is installed"), mark("reinstall shortmeasure"))


def _bench(bench: BenchFile | None) -> Iterator[Check]:
    """What `run` would refuse the bench for; its ports are looked at above."""
    from harness.bench_checks import check_bench
    from harness.exits import classified, said

    if bench is None:
        return
    try:
        checked = check_bench(bench)
    except Exception as error:  # whatever it is, `run` would end with it
        yield Check("bench", BAD, said(error), classified(error)[1])
        return
    yield Check(
        "bench", OK, Sentence(mark("{where}: {count} instruments checked"), where=bench.where, count=len(checked))
    )


def _texts() -> Iterator[Check]:
    catalogue = LOCALE / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not catalogue.is_file():
        text = Sentence(mark("{file} is missing: prompts are English only"), file=catalogue)
        yield Check("texts", WARN, text, mark("reinstall shortmeasure"))
    encodings = {"locale": locale.getencoding(), "terminal": getattr(sys.stdout, "encoding", None) or "none"}
    poor = not all(_carries(encoding) for encoding in encodings.values())
    told = Sentence(mark("language {language}, locale {locale}, terminal {terminal}"), language=language(), **encodings)
    if poor:
        text = Sentence(mark("{told}: Chinese cannot be shown or read"), told=told)
        yield Check("texts", WARN, text, mark("set PYTHONUTF8=1, or LANG to a UTF-8 locale"))
    else:
        yield Check("texts", OK, told)


def _carries(encoding: str) -> bool:
    try:
        return _SAMPLE.encode(encoding).decode(encoding) == _SAMPLE
    except (LookupError, UnicodeError):
        return False


def _clock(host: Host, begun: Instant) -> Iterator[Check]:
    said = clock_state()
    text = Sentence(mark("{utc}Z, local offset {hours:+g} h"), utc=said.utc[:19], hours=said.offset_s / 3600)
    remedy = mark(
        "switch time synchronisation on (Linux: timedatectl set-ntp true), or note the clock against a telephone in the record"
    )
    if said.synchronised is None:
        unknown = Sentence(mark("{text}; whether it is synchronised is unknown: {how}"), text=text, how=said.how)
        yield Check("clock", NOTE, unknown, remedy)
    elif said.synchronised:
        bound = said.max_error_s
        within = "" if bound is None else Sentence(mark(", within {seconds:.3g} s"), seconds=bound)
        kept = Sentence(mark("{text}; synchronised{within} ({how})"), text=text, within=within, how=said.how)
        yield Check("clock", OK, kept)
    else:
        adrift = Sentence(mark("{text}; not synchronised ({how})"), text=text, how=said.how)
        yield Check("clock", WARN, adrift, remedy)
    ended = host.now()
    newest = _newest_file_s()
    if ended.wall_ns / 1e9 < newest - BEHIND_S:
        made = datetime.fromtimestamp(newest, UTC).date().isoformat()
        text = Sentence(mark("it shows a day before {made}, when files of this installation were written"), made=made)
        yield Check("clock", BAD, text, mark("set the clock"))
    wall, monotonic = ended.wall_ns - begun.wall_ns, ended.monotonic_ns - begun.monotonic_ns
    if abs(wall - monotonic) > STEP_NS:
        text = Sentence(mark("it was set by {ms:+.0f} ms while this ran"), ms=(wall - monotonic) / 1e6)
        yield Check("clock", BAD, text, mark("wait until synchronisation has settled"))
    else:
        text = Sentence(
            mark("wall and monotonic clock agree within {ms:.2f} ms over {seconds:.1f} s"),
            ms=abs(wall - monotonic) / 1e6,
            seconds=monotonic / 1e9,
        )
        yield Check("clock", OK, text)


def _newest_file_s() -> float:
    """When the newest module of this installation was written, seconds since 1970."""
    here = Path(__file__).parent
    return max(path.stat().st_mtime for path in here.glob("*.py"))
