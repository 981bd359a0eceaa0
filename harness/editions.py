"""Acceptance editions by name: what a bench file calls them, found among the plugins."""

from __future__ import annotations

from importlib.resources import files

from fixtures.errors import BenchError
from harness.plugins import specs
from protocols.acceptance import Edition, EditionSpec, parse


def edition(name: str) -> Edition:
    """The acceptance edition `name`; its text lies beside the plugin that names it."""
    known = specs("acceptance")
    if name not in known:
        raise BenchError(f"expected a known acceptance edition, got {name!r}; there are {', '.join(sorted(known))}")
    spec: EditionSpec = known[name]
    return parse((files(spec.package) / spec.resource).read_text("utf-8"), spec.resource)
