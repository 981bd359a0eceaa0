"""`report`: a case on paper, as text, JSON, HTML, PDF, CSV or JUnit XML, in Chinese, English or both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.paper.model import Kind


def report(
    case: Annotated[Path, typer.Argument(help="case folder")],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="raid, record, laboratory, comparison or notice; laboratory where tests of an edition were done, else raid",
        ),
    ] = "",
    lang: Annotated[
        str,
        typer.Option(
            "--lang",
            help="zh, en, or both in the order they are read in: zh,en; that of the operator where none is named",
        ),
    ] = "",
    against: Annotated[
        Path | None, typer.Option("--against", help="of a comparison: the case it is held against")
    ] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="write a PDF/A-3 file, the results attached to it")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="write one self-contained HTML file")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="write each table as a CSV file into this folder")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="write JUnit XML")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="print the JSON Schema of --json instead")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Put a case on paper.  Without a file it is printed.  The case is judged anew; equal bytes from the same case and versions."""
    import json

    from harness.exits import Exit
    from harness.output import comment, emit
    from harness.paper.as_csv import csv_files
    from harness.paper.as_junit import junit as as_junit
    from harness.paper.as_text import text
    from harness.paper.build import build, build_comparison, report_document
    from harness.paper.schema import schema as its_schema

    if schema:
        typer.echo(json.dumps(its_schema(), indent=1))
        return int(Exit.OK)
    wanted, languages = _kind(kind, against), _languages(lang)
    drawn = bool(pdf or html)
    if drawn:
        _require_extra()
    made = (
        build_comparison(case, against, languages)
        if against is not None
        else build(case, languages, wanted, drawn=drawn)
    )
    written: list[tuple[Path, bytes]] = []
    if html is not None:
        from harness.paper.as_html import html as as_html

        written.append((html, as_html(made)))
    if pdf is not None:
        from harness.paper.as_pdf import pdf as as_pdf

        pages, missing = as_pdf(made)
        written.append((pdf, pages))
        if missing:
            comment(_unprinted(missing))
    if junit is not None:
        written.append((junit, as_junit(made)))
    if csv is not None:
        csv.mkdir(parents=True, exist_ok=True)
        written += [(csv / name, body) for name, body in csv_files(made).items()]
    _refuse_others([path for path, body in written if path.exists() and path.read_bytes() != body])
    for path, body in written:
        path.write_bytes(body)
        comment(str(path))
    if as_json or not written:
        emit("report", report_document(made), text(made), as_json)
    return int(Exit.OK)


def _refuse_others(there: list[Path]) -> None:
    """What stands there already may be another case's evidence; the same report once more changes nothing."""
    if there:
        raise FileExistsError(f"{there[0]}: there is such a file, which is not this report; name a new one")


def _kind(kind: str, against: Path | None) -> Kind | None:
    from harness.exits import UsageError
    from harness.paper.model import Kind

    if kind and kind not in list(Kind):
        raise UsageError(f"--kind expected one of {', '.join(Kind)}, got {kind!r}")
    found = Kind(kind) if kind else Kind.COMPARISON if against is not None else None
    if (against is not None) != (found is Kind.COMPARISON):
        raise UsageError("expected --kind comparison and --against CASE together, got one of them")
    return found


def _languages(lang: str) -> list[str]:
    from fixtures.language import language
    from harness.exits import UsageError
    from harness.paper.build import LANGUAGES

    found = [one.strip() for one in lang.split(",")] if lang else [language()[:2]]
    if not set(found) <= set(LANGUAGES) or len(found) != len(set(found)):
        raise UsageError(f"--lang expected zh, en or both, got {lang!r}")
    return found


def _require_extra() -> None:
    from importlib.util import find_spec

    from harness.exits import UsageError

    absent = [name for name in ("typst", "jinja2", "matplotlib", "pylopdf_fonts_zh_cn") if find_spec(name) is None]
    if absent:
        raise UsageError(
            f"expected {', '.join(absent)} for HTML and PDF, which are not installed; pip install 'shortmeasure[report]'"
        )


def _unprinted(missing: list[str]) -> str:
    from fixtures.language import mark, translate

    listed = ", ".join(f"{one} U+{ord(one):04X}" for one in missing)
    return translate(mark("no face of the report has {characters}: each stands there by its number"), characters=listed)
