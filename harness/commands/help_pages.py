"""The pages of `--help` in the operator's language.

Commands, options and arguments state their help in English where they are declared.  The catalogue of domain `help`
holds each of these texts in Chinese; where that is the language, they are replaced in the built tree of commands, once,
before the command line is parsed.  No command knows of it.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from typing import Any

from typer.core import TyperGroup

from fixtures.language import LOCALE, language

DOMAIN = "help"
# texts of the parser: the option that it makes for every command when it is asked for, and two that depend on the shell
OF_THE_PARSER = (
    "Show this message and exit.",
    "Install completion for the current shell.",
    "Show completion for the current shell, to copy it or customize the installation.",
    "Install completion for the specified shell.",
    "Show completion for the specified shell, to copy it or customize the installation.",
)
SENTENCE_END = "。"


class Commands(TyperGroup):
    """The root of the commands: it speaks the operator's language from the first word on."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        if language() == "zh_CN":
            put_into(self, "zh_CN")
        return super().main(*arguments, **settings)


def tree(command: Any) -> Iterator[Any]:
    """`command` and everything below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from tree(below)


def texts(command: Any) -> Iterator[str]:
    """Every text of help in the tree of `command`."""
    yield from OF_THE_PARSER
    for one in tree(command):
        yield from (text for text in (one.help, one.short_help, one.epilog) if text)
        yield from (own.help for own in one.params if getattr(own, "help", None))


def put_into(command: Any, name: str) -> None:
    """Replace every text of help in the tree of `command`; what the catalogue `name` does not have stays as it is."""
    from harness.commands.help_layout import ChineseLayout

    said = gettext.translation(DOMAIN, LOCALE, [name], fallback=True).gettext
    base = command.context_class
    layout = type("Layout", (ChineseLayout, base.formatter_class), {"said": staticmethod(said)})
    context = type("Context", (base,), {"formatter_class": layout})
    for one in tree(command):
        one.context_class = context
        if one.help:
            one.help = said(one.help)
            # the list of a group shows the first sentence; the parser would look for a full stop and a blank
            one.short_help = said(one.short_help) if one.short_help else first_sentence(one.help)
        if one.epilog:
            one.epilog = said(one.epilog)
        for own in one.params:
            if getattr(own, "help", None):
                own.help = said(own.help)


def first_sentence(text: str) -> str:
    paragraph = text.strip().split("\n\n")[0]
    return paragraph.partition(SENTENCE_END)[0] + (SENTENCE_END if SENTENCE_END in paragraph else "")
