"""What the command line's parser says, in the operator's language; what it says otherwise stays as it said it.

The parser comes with typer and speaks English: its sentences are named here for the catalogue and known again by their form.
"""

from __future__ import annotations

import re
from typing import Any

from fixtures.language import mark, translate, translated
from harness.report.forms import sentence

USAGE, COLON = mark("Usage: "), mark(":")
HEADINGS = (mark("Arguments"), mark("Options"), mark("Commands"))
SENTENCES = (
    mark("No such option: {name} (Possible options: {others})"),
    mark("No such option: {name}. Did you mean {others}?"),
    mark("No such option: {name} Did you mean {others}?"),
    mark("No such option: {name}"),
    mark("No such command {name}. Did you mean {others}?"),
    mark("No such command {name}."),
    mark("Missing command."),
    mark("Missing argument {name}."),
    mark("Missing option {name}."),
    mark("Got unexpected extra argument(s) ({given})"),
    mark("Got unexpected extra argument ({given})"),
    mark("Got unexpected extra arguments ({given})"),
    mark("Option {name} requires an argument."),
    mark("Option {name} requires {count} arguments."),
    mark("Option {name} does not take a value."),
    mark("Invalid value for {name}: {why}"),
)
REASONS = (
    mark("Input should be a valid integer, unable to parse string as an integer"),
    mark("Input should be a valid number, unable to parse string as a number"),
    mark("Input should be greater than or equal to {bound}"),
    mark("Input should be greater than {bound}"),
    mark("Input should be less than or equal to {bound}"),
    mark("Input should be less than {bound}"),
    mark("{given} is not a valid integer."),
    mark("{given} is not a valid float."),
    mark("{given} is not in the range {bound}."),
)
_EXTRA = re.compile(r"\[((?:default: |env var: |required\b)[^\[\]]*)\]$")


def heading(name: str) -> str:
    return translated(name) or name


def extra(help_text: str) -> str:
    """`help_text` with what the parser adds to it: the default, and whether it is required."""
    return _EXTRA.sub(lambda found: f"[{'；'.join(map(_extra, found[1].split('; ')))}]", help_text)


def _extra(part: str) -> str:
    found = sentence(part, (mark("default: {value}"), mark("env var: {value}"), mark("required")))
    return translate(found[0], **found[1]) if found else part


def told(error: Any) -> str | None:
    """The parser's complaint `error` as it is shown; None where it is no complaint but a page of help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return None
    lines = [translate(mark("Error: {what}"), what=_said(str(error.format_message())))]
    if (context := getattr(error, "ctx", None)) is not None:
        hint = mark("`{command} --help` shows what can be given.")
        lines = [str(context.get_usage()), translate(hint, command=context.command_path), "", *lines]
    return "\n".join(lines)


def _said(text: str) -> str:
    found = sentence(text, (*SENTENCES, *REASONS))
    if found is None:
        return text
    template, fields = found
    return translate(template, **{name: _said(part) if name == "why" else part for name, part in fields.items()})
