"""One module per command group.  Heavy imports happen inside the command that needs them: `--help` answers at once."""

from __future__ import annotations

import typer

from harness.commands import bench, capture, case, cheats, demo, doctor, dossier, judge, keys, plan, plugins, run


def build_app() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="shortmeasure",
        help="Finds the hidden cheating functions of trade measuring instruments, and proves them.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.command("demo")(demo.demo)
    app.command("run")(run.run)
    app.command("judge")(judge.judge)
    app.command("verify")(case.verify)
    app.command("cheats")(cheats.cheats)
    app.command("plugins")(plugins.plugins)
    app.command("doctor")(doctor.doctor)
    app.command("dossier")(dossier.dossier)
    app.add_typer(case.app, name="case")
    app.add_typer(keys.app, name="keys")
    app.add_typer(capture.app, name="capture")
    app.add_typer(bench.app, name="bench")
    app.add_typer(plan.app, name="plan")
    return app
