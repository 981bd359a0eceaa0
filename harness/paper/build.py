"""From a case to its Report, in the languages asked for, the first of them first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from fixtures.language import speaking
from harness.acceptance.between import between
from harness.exits import UsageError
from harness.paper import harmless
from harness.paper.comparison import comparison_part
from harness.paper.laboratory import laboratory_part
from harness.paper.model import Block, Figure, Kind, Part, Report
from harness.paper.notice import notice_part
from harness.paper.raid import raid_part
from harness.paper.record import record_part
from harness.paper.source import Source, read_source
from harness.report.between import between_document

LANGUAGES = ("zh", "en")


def kind_of(document: Mapping[str, Any]) -> Kind:
    """What a case is reported as where nobody says: by its clauses where it did the tests of an edition."""
    return Kind.LABORATORY if document.get("protocol") else Kind.RAID


def build(path: Path, languages: Sequence[str], kind: Kind | None = None, *, drawn: bool = True) -> Report:
    """The report of one case.  `drawn`: with the pictures of its pulses and evidence.

    Raises UsageError, and what reading and judging a case raises.
    """
    source = read_source(path)
    own = kind or kind_of(source.document)
    if own is Kind.COMPARISON:
        raise UsageError(
            f"{path}: a comparison expected two cases, got one; name the case it is held against by --against"
        )
    if own is Kind.LABORATORY and not source.document.get("protocol"):
        raise UsageError(
            f"{path}: a laboratory report expected a case that did the tests of an edition, got one of plan {source.header.get('plan', '-')}"
        )
    return report_of(source, own, languages, drawn=drawn)


def report_of(source: Source, kind: Kind, languages: Sequence[str], *, drawn: bool) -> Report:
    """The report of a case that was read."""
    return _report(source, kind, _spoken(languages, lambda: _part(source, kind, drawn)), source.document)


def build_comparison(path: Path, reference: Path, languages: Sequence[str], spread: float = 0.0) -> Report:
    """Two cases held against each other; `spread` as `between` takes it.  NotComparable where they have nothing in common."""
    sources = [read_source(path), read_source(reference)]
    found = between(sources[0].document, sources[1].document, spread)
    parts = _spoken(languages, lambda: comparison_part(found, sources))
    return _report(sources[0], Kind.COMPARISON, parts, between_document(found, [source.id for source in sources]))


def _spoken(languages: Sequence[str], part: Callable[[], Part]) -> list[Part]:
    """The part in each language."""
    parts = []
    for language in languages:
        with speaking(language):
            parts.append(part())
    return parts


def _part(source: Source, kind: Kind, drawn: bool) -> Part:
    pictures: dict[str, Figure] = {}
    if drawn and kind in (Kind.RAID, Kind.LABORATORY):
        from harness.paper.pictures import pictures as draw

        pictures = draw(source)
    match kind:
        case Kind.RAID:
            return raid_part(source, pictures)
        case Kind.LABORATORY:
            return laboratory_part(source, pictures)
        case Kind.RECORD:
            return record_part(source)
        case _:
            return notice_part(source)


def _report(source: Source, kind: Kind, parts: Sequence[Part], document: Mapping[str, Any]) -> Report:
    own = {key: value for key, value in document.items() if key != "case"}  # where it lies is nothing that was found
    report = Report(
        kind, source.id, source.digest, source.journal_head, source.ended_utc, f"{source.header.get('tool', '')} {source.header.get('version', '')}".strip(),
        tuple(parts), source.places, own,
    )  # fmt: skip
    return harmless.throughout(report)  # type: ignore[no-any-return]


def report_document(report: Report) -> dict[str, Any]:
    """JSON-ready, as the schema says (harness/paper/schema.py)."""
    return {one.name: _told(getattr(report, one.name)) for one in fields(report)}


def _told(value: Any) -> Any:
    """A piece of a report as data; a block says which it is."""
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    if not is_dataclass(value):
        return value
    own = {one.name: _told(getattr(value, one.name)) for one in fields(value)}
    return {"type": type(value).__name__.lower(), **own} if isinstance(value, Block) else own
