"""`fleet check`: consistency of many trip records, as a screening."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.exits import Exit, UsageError, printable
from harness.output import comment, emit

if TYPE_CHECKING:
    from harness.fleet.bounds import Tariffed

PICTURES = (".svg", ".png", ".pdf")

app = typer.Typer(
    no_args_is_help=True,
    help="Consistency of a fleet's trip records: a screening, never a verdict.",
    rich_markup_mode=None,
)


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="a CSV file of trips with a header")],
    mapping: Annotated[Path, typer.Option("--map", help="TOML: what the columns mean (docs/fleet.md)")],
    tariff: Annotated[
        str,
        typer.Option("--tariff", help="a tariff of the catalogue by its id, or a TOML file; without it no fare bounds"),
    ] = "",
    alpha: Annotated[
        float, typer.Option("--alpha", help="chance that an honest fleet has anybody listed, over all tests")
    ] = 0.05,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="write a picture (.svg, .png, .pdf) of every test made")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Which vehicles or drivers stand out of their own fleet: counts, intervals, adjusted p-values, and what else explains it.
    Exit 20 when units are listed or no test could be made: nothing is decided then; 0 when nobody is listed."""
    if not 0 < alpha <= 0.5:
        raise UsageError(f"--alpha: expected above 0 and up to 0.5, got {alpha:g}")
    _needs("pandas", "fleet")
    if plot is not None:
        _drawable(plot)
    from fixtures.language import mark, translate
    from harness.fleet.mapping import load
    from harness.fleet.report import document, text
    from harness.fleet.screening import screen

    mapped = load(mapping)
    found = screen(file, mapped, _tariff(tariff) if tariff else None, alpha)
    if plot is not None:
        from harness.fleet.plot import draw

        written = draw(found, plot)
        told = mark("picture: {path}") if written else mark("no picture: no test was made")
        comment(translate(told, path=plot))
    emit("fleet", document(found), printable(text(found)), as_json)
    return Exit.INCONCLUSIVE if found.listed or not found.made else Exit.OK


def _drawable(plot: Path) -> None:
    """Before the work, not after it."""
    _needs("matplotlib", "report")
    if plot.suffix not in PICTURES:
        raise UsageError(f"--plot: expected a file that ends in {', '.join(PICTURES)}, got {plot.name!r}")
    if plot.exists():
        raise FileExistsError(17, "there is such a file already", str(plot))
    if not plot.parent.is_dir():
        raise FileNotFoundError(2, "there is no such folder", str(plot.parent))


def _needs(module: str, extra: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise UsageError(f"fleet check: expected {module}, got none; pip install 'shortmeasure[{extra}]'")


def _tariff(name: str) -> Tariffed:
    """Raises UsageError for no such id, TariffError for a file that is no tariff."""
    from harness.fleet.bounds import tariffed
    from harness.tariffs import tariff

    own = tariff(name)
    return tariffed(own.id, own.verified, (reading.rule for reading in own.readings({})))
