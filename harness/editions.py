"""Acceptance editions by name: what a bench file calls them, found among the plugins; or a laboratory's own file."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fixtures.benchfile import EDITION_FILE, BenchFile
from fixtures.errors import BenchError, PluginError, helped, unknown
from fixtures.plugins import plugins, specs
from fixtures.textfile import UTF8_BYTES, read_text
from protocols.acceptance import AcceptanceError, Edition, EditionSpec, parse
from protocols.acceptance.edition import MPE
from protocols.acceptance.parser import MAX_CHARS

# by family, the limits without which nothing is judged; MPE of the others, and of a scale the steps of it too
JUDGED_BY = {"scale": ("zero-tracking",), "taximeter": (MPE, "mpe-under")}


def edition(name: str) -> Edition:
    """The acceptance edition `name`; its text lies beside the plugin that names it."""
    return _parsed(*text_of(name))


def edition_of(bench: BenchFile) -> Edition:
    """The edition that `bench` is judged by: an installed one, or the file beside it, as it was when the run began."""
    if not bench.edition.endswith(EDITION_FILE):
        return _usable(edition(bench.edition), bench)
    if not bench.edition_text:
        raise BenchError(f"{bench.where}: expected the text of {bench.edition} beside the bench file, got none")
    return _usable(_parsed(bench.edition_text, bench.edition), bench)


@lru_cache(maxsize=32)
def _parsed(text: str, where: str) -> Edition:
    """A run asks for its edition at nearly every step, and a text has one meaning."""
    return parse(text, where)


def _usable(found: Edition, bench: BenchFile) -> Edition:
    """Some editions hold what is known of a regulation and no more."""
    known = {limit.id for limit in found.limits}
    lacking = [id for id in JUDGED_BY.get(found.family, (MPE,)) if id not in known]
    if found.family == "scale" and not any(limit.is_step for limit in found.limits):
        lacking.insert(0, "steps of the maximum permissible error")
    if lacking:
        raise BenchError(
            f"{bench.where}: expected an edition that an instrument can be judged by, got {bench.edition}, which has no {', '.join(lacking)}; "
            f"shortmeasure acceptance show {bench.edition} tells what is known of it"
        )
    return found


def names() -> tuple[str, ...]:
    return tuple(sorted(specs("acceptance")))


def text_of(name: str) -> tuple[str, str]:
    """Text of the edition `name` and what its file is called.  BenchError where there is none, PluginError where its plugin
    is broken."""
    known = specs("acceptance")
    if name not in known:
        for plugin in plugins("acceptance"):
            if plugin.name == name and plugin.reason:
                wrong = PluginError(
                    f"acceptance edition {name} of {plugin.distribution} cannot be used: {plugin.reason}"
                )
                raise helped(wrong, plugin.remedy)
        missing = BenchError(f"expected a known acceptance edition, got {name!r}; there are {', '.join(sorted(known))}")
        raise unknown(missing, name, known, "shortmeasure acceptance list")
    spec: EditionSpec = known[name]
    return (files(spec.package) / spec.resource).read_text("utf-8"), spec.resource


def text_or_file(name: str) -> tuple[str, str]:
    """As `text_of`, or of the file `name` where that ends in .toml."""
    if not name.endswith(".toml"):
        return text_of(name)
    return read_text(Path(name), "an acceptance edition", UTF8_BYTES * MAX_CHARS, AcceptanceError), name
