"""The index of the cases under a folder, and of the instruments met in them: an SQLite file beside the cases.

It is made of the folders and never a source of truth.  A case whose files look as they did (name, size, times) keeps
its row; any other is verified again and read only if it verifies.  A missing, damaged or strange index is made anew;
where none can be written it is made in memory.  Several programs may use one index at once (WAL).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from captures.case import Case
from captures.verify import Verification, verify
from harness.case_facts import CaseFacts, Fact, InstrumentVerdict, case_facts, text_of
from harness.case_summary import cases_under, summarise
from harness.results import TOOL

ENVIRONMENT = "SHORTMEASURE_CASES"
FILE = ".shortmeasure-index.sqlite"
VERSION = 3  # of the tables below: another one is made anew
MOST_FILES = 100_000  # of one case
BUSY_S = 5.0
VERIFIES, DIFFERS = "verifies", "differs"
_MOST_WHY = 5
_TABLES = (
    "CREATE TABLE cases (path BLOB PRIMARY KEY NOT NULL, fingerprint TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,"
    " id TEXT NOT NULL, sealed INTEGER NOT NULL, digest TEXT NOT NULL, head TEXT NOT NULL, lines INTEGER NOT NULL,"
    " started_utc TEXT NOT NULL, plan TEXT NOT NULL, kit TEXT NOT NULL, instrument TEXT NOT NULL, world TEXT NOT NULL,"
    " status TEXT NOT NULL, conformity TEXT NOT NULL, integrity TEXT NOT NULL, rejudges TEXT NOT NULL)",
    "CREATE TABLE verdicts (path BLOB NOT NULL, instrument TEXT NOT NULL, integrity TEXT NOT NULL, conformity TEXT NOT NULL)",
    "CREATE TABLE facts (path BLOB NOT NULL, instrument TEXT NOT NULL, aspect TEXT NOT NULL, field TEXT NOT NULL,"
    " value TEXT NOT NULL, place INTEGER NOT NULL)",
    "CREATE INDEX facts_of ON facts (instrument)",
    "CREATE INDEX verdicts_of ON verdicts (instrument)",
    "CREATE INDEX facts_in ON facts (path)",
    "CREATE INDEX verdicts_in ON verdicts (path)",
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as it was when it was last verified.  `state`: "verifies" (`why`: what beside the journal could not be
    read), or "differs" with `why`, and nothing else of it was read.  `digest`: of the sealed case; `head`: of the journal's last line.
    `rejudges`: the digest of the sealed case whose verdict is computed anew here (`judge --into`); such a case is no
    inspection of its own."""

    path: Path
    state: str
    why: str
    id: str = ""
    sealed: bool = False
    digest: str = ""
    head: str = ""
    lines: int = 0
    started_utc: str = ""
    plan: str = ""
    kit: str = ""
    instrument: str = ""
    world: str = ""
    status: str = ""
    conformity: str = ""
    integrity: str = ""
    rejudges: str = ""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: cases `read` again, `kept` as they were, `gone` from the folder."""

    read: int
    kept: int
    gone: int


_TEXTS = tuple(one.name for one in fields(CaseRow) if one.name not in ("path", "sealed", "lines"))


def cases_root(environment: Mapping[str, str]) -> Path:
    """The folder of the cases: SHORTMEASURE_CASES, else `cases` in the present folder."""
    return Path(environment.get(ENVIRONMENT) or "cases")


class Index:
    """The index of the cases under `root`, open; a context manager.  `where`: its file, or why there is none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._connection, self.where = _opened(root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def refresh(self, *, again: bool = False) -> Refreshed:
        """Bring the index up to the folders.  `again`: verify every case, also those that look as they did."""
        try:
            return self._refreshed(again)
        except sqlite3.Error as error:  # full disk, another program's lock, damage met late: go on without a file
            self._connection.close()
            self._connection, self.where = _in_memory(f"the index cannot be used ({error})")
            return self._refreshed(again)

    def cases(self) -> list[CaseRow]:
        """All cases, by time and path; those that do not verify first."""
        names = ("path", "sealed", "lines", *_TEXTS)
        rows = self._connection.execute(f"SELECT {', '.join(names)} FROM cases").fetchall()
        found = [
            CaseRow(**{**dict(zip(names, row, strict=True)), "path": _path(row[0]), "sealed": bool(row[1])})
            for row in rows
        ]
        return sorted(found, key=lambda row: (row.state == VERIFIES, row.started_utc, row.path))

    def instruments(self) -> list[str]:
        """Every instrument of which the cases say something."""
        rows = self._connection.execute("SELECT instrument FROM facts UNION SELECT instrument FROM verdicts")
        return sorted(str(row[0]) for row in rows)

    def facts(self, instrument: str) -> list[tuple[CaseRow, Fact]]:
        """What the cases say of `instrument`, in the order of time."""
        by_path = {row.path: row for row in self.cases()}
        rows = self._connection.execute(
            "SELECT path, instrument, aspect, field, value, place FROM facts WHERE instrument = ?", (instrument,)
        ).fetchall()
        found = [(by_path[_path(path)], Fact(*rest)) for path, *rest in rows if _path(path) in by_path]
        return sorted(found, key=lambda one: (one[0].started_utc, one[0].path, one[1].order, one[1].key))

    def same_nameplate(self, instrument: str) -> list[str]:
        """Other ids under which a nameplate of `instrument` was read: one instrument with two numbers, or a copied plate."""
        rows = self._connection.execute(
            "SELECT DISTINCT other.instrument FROM facts AS own JOIN facts AS other ON own.value = other.value"
            " WHERE own.aspect = 'nameplate' AND other.aspect = 'nameplate' AND own.instrument = ? AND other.instrument != ?"
            " AND own.value NOT IN ('not shown', 'none', 'refused')",
            (instrument, instrument),
        )
        return sorted(str(row[0]) for row in rows)

    def verdicts(self, instrument: str) -> list[tuple[CaseRow, InstrumentVerdict]]:
        """The verdicts on `instrument`, in the order of time."""
        by_path = {row.path: row for row in self.cases()}
        rows = self._connection.execute(
            "SELECT path, instrument, integrity, conformity FROM verdicts WHERE instrument = ?", (instrument,)
        ).fetchall()
        found = [(by_path[_path(path)], InstrumentVerdict(*rest)) for path, *rest in rows if _path(path) in by_path]
        return sorted(found, key=lambda one: (one[0].started_utc, one[0].path))

    def _refreshed(self, again: bool) -> Refreshed:
        known = dict(self._connection.execute("SELECT path, fingerprint FROM cases").fetchall())
        read = kept = 0
        with self._connection:  # one transaction: a killed refresh leaves the index as it was
            for path in cases_under(self.root):
                key = os.fsencode(path.relative_to(self.root))
                fingerprint = _fingerprint(path)
                if not again and known.pop(key, None) == fingerprint:
                    kept += 1
                    continue
                known.pop(key, None)
                read += 1
                self._forget(key)
                self._store(key, fingerprint, *_read(path, self.root))
            for key in known:
                self._forget(key)
        return Refreshed(read, kept, len(known))

    def _forget(self, key: bytes) -> None:
        for table in ("cases", "verdicts", "facts"):
            self._connection.execute(f"DELETE FROM {table} WHERE path = ?", (key,))

    def _store(self, key: bytes, fingerprint: str, row: CaseRow, told: CaseFacts) -> None:
        names = ("path", "fingerprint", "sealed", "lines", *_TEXTS)
        values = (key, fingerprint, int(row.sealed), row.lines, *(getattr(row, name) for name in _TEXTS))
        self._connection.execute(
            f"INSERT INTO cases ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values
        )
        self._connection.executemany(
            "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)",
            [(key, one.instrument, one.aspect, one.key, one.value, one.order) for one in told.facts],
        )
        self._connection.executemany(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?)",
            [(key, one.instrument, one.integrity, one.conformity) for one in told.verdicts],
        )


def _read(path: Path, root: Path) -> tuple[CaseRow, CaseFacts]:
    """Verify the case at `path` and read it only if it verifies."""
    place, nothing = path.relative_to(root), CaseFacts("", (), ())
    try:
        found = verify(path)
        if found.differences:
            return CaseRow(place, DIFFERS, _why(found)), nothing
        summary, told = summarise(path), case_facts(Case.open(path))
    except Exception as error:  # whatever a stranger's folder brings about, the other cases are still listed
        return CaseRow(place, DIFFERS, text_of(f"{type(error).__name__}: {error}")), nothing
    row = CaseRow(
        place, VERIFIES, text_of(summary.damage), id=text_of(summary.id), sealed=summary.sealed, digest=summary.digest,
        head="" if found.report is None else found.report.head, lines=0 if found.report is None else found.report.lines,
        started_utc=text_of(summary.started_utc), plan=text_of(summary.plan), kit=text_of(summary.kit),
        instrument=text_of(summary.instrument), world=told.world, status=text_of(summary.status),
        conformity=text_of(summary.conformity), integrity=text_of(summary.integrity),
        rejudges=text_of(summary.header.get("after")) if summary.header.get("tool") == TOOL else "",
    )  # fmt: skip
    return row, told


def _why(found: Verification) -> str:
    said = [str(difference) for difference in found.differences[:_MOST_WHY]]
    more = len(found.differences) - len(said)
    return text_of("; ".join([*said, *([f"and {more} more"] if more else [])]))


def _path(key: bytes) -> Path:
    return Path(os.fsdecode(key))


def _fingerprint(case: Path) -> str:
    """Changes when any file of the case is made, removed, renamed or written; links are not followed.

    The time of the last change of state is part of it where the system has one: it cannot be set back by hand.
    """
    digest = hashlib.sha256()
    for name, info in islice(_entries(case), MOST_FILES):
        times = b"\0%d %d %d %d\n" % (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
        digest.update(os.fsencode(name) + times)
    return digest.hexdigest()


def _entries(folder: Path, below: str = "") -> Iterator[tuple[str, os.stat_result]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    except OSError:
        return
    for entry in found:
        with contextlib.suppress(OSError):
            info = entry.stat(follow_symlinks=False)
            yield below + entry.name, info
            if stat.S_ISDIR(info.st_mode):
                yield from _entries(Path(entry.path), f"{below}{entry.name}/")


def _opened(root: Path) -> tuple[sqlite3.Connection, str]:
    """The index file of `root`, made anew where it is not ours or not whole; in memory where there can be none."""
    if not root.is_dir():
        raise FileNotFoundError(2, f"expected a folder that holds cases; name one, or set {ENVIRONMENT}", str(root))
    if (root / "data" / "journal").is_dir():
        return _in_memory("the folder is a case itself, and nothing is written into a case")
    path = root / FILE
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        return _in_memory(f"{path} is no plain file; remove it")
    try:
        return _usable(path), str(path)
    except sqlite3.OperationalError as error:  # no permission, another program's lock, no room
        return _in_memory(f"{path}: {error}")
    except sqlite3.DatabaseError:
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            return _usable(path), str(path)
        except (OSError, sqlite3.Error) as error:
            return _in_memory(f"{path}: {error}")


def _usable(path: Path) -> sqlite3.Connection:
    """A connection to a whole index with our tables.  sqlite3.DatabaseError where the file is another's or damaged."""
    connection = sqlite3.connect(path, timeout=BUSY_S)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _make_tables(connection)
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError(f"{path}: damaged")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    if _has_tables(connection):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _has_tables(connection):  # another program was faster
            return
        for table in _TABLES:
            connection.execute(f"{table} STRICT" if table.startswith("CREATE TABLE") else table)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _has_tables(connection: sqlite3.Connection) -> bool:
    """sqlite3.DatabaseError where there are others."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    present = [str(row[0]).removesuffix(" STRICT") for row in rows]
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if present and (present, version) != (list(_TABLES), VERSION):
        raise sqlite3.DatabaseError("the tables of another version, or of another program")
    return bool(present)


def _in_memory(why: str) -> tuple[sqlite3.Connection, str]:
    connection = sqlite3.connect(":memory:")
    _make_tables(connection)
    return connection, f"in memory: {why}"
