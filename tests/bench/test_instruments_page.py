"""The page of instruments says what the plugins say, and each of its snippets is a bench file that checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.benchfile import parse
from fixtures.binding import check
from fixtures.capability import InstrumentSpec
from fixtures.capacity import pulse_loads
from fixtures.plugins import specs

PAGE = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text("utf-8")
HEAD = "".join(re.findall(r"^```toml head\n(.*?)^```$", PAGE, re.S | re.M))
SNIPPETS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.S | re.M)
IN_TREE = {
    name: spec
    for name, spec in specs("instruments").items()
    if spec.make.__module__.startswith("fixtures.instruments.")
}


def rows() -> dict[str, list[str]]:
    table = PAGE[PAGE.index("| driver |") : PAGE.index("## The head")]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    return {cells[0].strip("`"): cells for cells in lines}


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def test_the_table_lists_every_instrument_of_the_tree() -> None:
    assert set(rows()) == set(IN_TREE)
    assert list(rows()) == sorted(rows())


@pytest.mark.parametrize("name", sorted(IN_TREE))
def test_the_row_says_what_the_plugin_says(name: str) -> None:
    spec: InstrumentSpec = IN_TREE[name]
    _, _, options, roles, writes, evidence = rows()[name]
    assert names(options) == set(spec.options)
    assert names(roles) == set(spec.provides)
    assert writes == ("yes" if spec.writes else "no")
    protocols = specs("protocols")
    assert evidence == (str(protocols[spec.protocol].evidence) if spec.protocol else "none")


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_each_snippet_is_a_bench_file(number: int) -> None:
    bench = parse(HEAD + SNIPPETS[number], f"snippet {number + 1}")
    assert len(check(bench, specs("instruments"))) == 2
    pulse_loads(bench, specs("instruments"))


def test_every_instrument_has_a_snippet() -> None:
    used = {entry.driver for text in SNIPPETS for entry in parse(HEAD + text, "a snippet").instruments.values()}
    assert used == set(IN_TREE)
