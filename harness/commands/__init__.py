"""One module per command group.  Heavy imports happen inside the command that needs them: `--help` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.commands import (
    acceptance,
    bench,
    capture,
    case,
    cheats,
    demo,
    detectors,
    doctor,
    dossier,
    fleet,
    judge,
    keys,
    lab,
    plan,
    plugin,
    plugins,
    report,
    run,
    show,
    tariff_explain,
)
from harness.commands.help_pages import Commands
from harness.exits import UsageError
from harness.operator_language import LANGUAGES, OPTION


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("shortmeasure"))
        raise typer.Exit


def _language(asked: str | None) -> None:
    """Refused here; what it asks for was settled before the command line was parsed."""
    if asked is not None and asked not in LANGUAGES:
        raise UsageError(f"{OPTION} expected one of {', '.join(LANGUAGES)}, got {asked!r}")


def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="print the version and nothing else", is_eager=True, callback=_version)
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            OPTION,
            metavar="|".join(LANGUAGES),
            help="language of prompts, messages and help, before the command; else SHORTMEASURE_LANG, config.toml, the system's",
            is_eager=True,
            callback=_language,
        ),
    ] = None,
    plugins: Annotated[
        str | None,
        typer.Option(
            "--plugins",
            metavar="FILE",
            help="load only the strangers' plugins of this list, for evidence work; else SHORTMEASURE_PLUGINS",
        ),
    ] = None,
) -> None:
    """Finds the hidden cheating functions of trade measuring instruments, and proves them."""
    if plugins is not None:
        from fixtures.plugins import allowing

        context.call_on_close(allowing(plugins))


def build_app() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="shortmeasure",
        cls=Commands,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    app.command("demo")(demo.demo)
    app.command("run")(run.run)
    app.command("judge")(judge.judge)
    app.command("show")(show.show)
    app.command("report")(report.report)
    app.command("verify")(case.verify)
    app.command("cheats")(cheats.cheats)
    app.command("plugins")(plugins.plugins)
    app.command("detectors")(detectors.detectors)
    app.command("doctor")(doctor.doctor)
    app.command("dossier")(dossier.dossier)
    app.add_typer(case.app, name="case")
    app.add_typer(keys.app, name="keys")
    app.add_typer(capture.app, name="capture")
    app.add_typer(bench.app, name="bench")
    app.add_typer(plan.app, name="plan")
    app.add_typer(plugin.app, name="plugin")
    app.add_typer(tariff_explain.app, name="tariffs")
    app.add_typer(acceptance.app, name="acceptance")
    app.add_typer(lab.app, name="lab")
    app.add_typer(fleet.app, name="fleet")
    return app
