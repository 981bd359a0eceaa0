"""Cases that hold recordings made elsewhere: what goes in, with all that was declared about it, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from captures.case import Case
from captures.errors import CaptureError, IntegrityError
from captures.formats import files_of, read_files
from captures.journal import JournalWriter, read_lines
from captures.model import Capture
from harness.derive.foreign import Declaration, foreign_segments, from_body
from harness.judge.contract import Segment


@dataclass(frozen=True)
class Imported:
    """One recording of a case: its files under originals, and what was declared of it."""

    name: str
    files: tuple[Path, ...]
    declared: Declaration

    def capture(self) -> Capture:
        return read_files(self.files)

    def segments(self) -> list[Segment]:
        return foreign_segments(self.capture(), self.name, self.declared)


def is_case(path: Path) -> bool:
    """A folder that is a case, not a folder of capture files."""
    return path.is_dir() and (path / "data" / "journal").is_dir()


def is_run(case: Case) -> bool:
    """Whether the case holds a run of its own: its originals, if any, are photos and papers of it, no recordings."""
    return "plan" in next(read_lines(case.journal)).body


def refuse_results(case: Case) -> None:
    """CaptureError for a case with nothing in it to judge: what was computed on another one, or a line that was listened to."""
    header = next(read_lines(case.journal)).body
    if header.get("tool") == "capture sniff":
        raise CaptureError(
            f"{case.path}: expected a case with an inspection or a recording of pulses, this one holds an unknown line that was "
            "listened to; look at it with `shortmeasure capture sniff CASE`"
        )
    if header.get("tool") == "judge":
        raise CaptureError(
            f"{case.path}: expected a case with a recording, this one holds results on the case with digest "
            f"{header.get('after')!s:.64}; judge that one"
        )


def import_recording(source: Path, case_path: Path, declared: Declaration, marks: Path | None = None) -> Imported:
    """Copy the recording at `source` (and the marks' file) unchanged into a new case, with hashes and declaration.

    `declared` must have been checked against the capture.  FileExistsError when the case folder is not empty.
    """
    case = Case.create(case_path)
    names = []
    with JournalWriter.create(case.journal, {"kind": "header", "tool": "capture import"}) as writer:
        for file in files_of(source):
            names.append(case.import_original(file, writer.append).name)
        if marks is not None:
            case.import_original(marks, writer.append)
        writer.append({"kind": "import", "name": source.name, "originals": names, **declared.body()})
        writer.append({"kind": "end", "status": "complete", "why": ""})
        writer.sync()
    return Imported(source.name, tuple(case.originals / name for name in names), declared)


def imports(case: Case) -> list[Imported]:
    """The recordings of a case; empty where it holds a run of its own.  IntegrityError for a damaged record."""
    found, originals = [], []
    for line in read_lines(case.journal):
        where = f"{line.file}, line {line.number}"
        if line.body.get("kind") == "original":
            originals.append(str(line.body["name"]))
        if line.body.get("kind") == "import":
            names = line.body.get("originals")
            if not isinstance(names, list) or not names or not set(names) <= set(originals):
                raise IntegrityError(f"{where}: expected an import of originals recorded before it, got {names!r:.120}")
            found.append(_imported(case, str(line.body.get("name")), names, from_body(line.body, where)))
    if not found and not is_run(case):  # imported before anything could be declared
        return [_imported(case, name, [name], Declaration()) for name in dict.fromkeys(originals)]
    return found


def _imported(case: Case, name: str, files: Sequence[str], declared: Declaration) -> Imported:
    return Imported(name, tuple(case.originals / file for file in files), declared)
