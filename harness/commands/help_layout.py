"""How a page of help is laid out in Chinese: characters two cells wide, lines broken between any two of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fixtures.language import translate
from harness.parser_sentences import COLON, USAGE, extra, heading
from harness.report.columns import cells, column

FIRST_COLUMN = 30
_OPENING, _CLOSING = "（《【“", "，。；：、？！）》】”"
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
# what no line ends with stays with what follows, what no line begins with stays with what stands before
_PIECE = re.compile(f" +|[{_OPENING}]*(?:[{_WIDE}]|[^ {_WIDE}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*")


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, as far as its words allow; an empty line parts paragraphs."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines += ["", *_lines(paragraph, width)] if lines else _lines(paragraph, width)
    return lines


def _lines(paragraph: str, width: int) -> list[str]:
    lines = [""]
    for piece in _PIECE.findall(" ".join(paragraph.split())):
        if lines[-1] and cells(lines[-1] + piece) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return lines


class ChineseLayout:
    """The methods of the parser's own formatter that know words and columns; it is put in front of that class."""

    if TYPE_CHECKING:  # of the formatter behind
        width: int
        current_indent: int

        def write(self, string: str) -> None: ...

    said: Callable[[str], str] = staticmethod(
        str
    )  # a text of help that the parser makes while it writes, --help itself

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        head = f"{prefix or translate(USAGE)}{prog} "
        between = "\n" + " " * cells(head)
        self.write(head + between.join(wrapped(args, max(self.width - cells(head), 20))) + "\n")

    def write_heading(self, name: str) -> None:
        self.write(" " * self.current_indent + heading(name) + translate(COLON) + "\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        self.write("".join(f"{indent}{line}".rstrip() + "\n" for line in wrapped(text, self.width - len(indent))))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = FIRST_COLUMN, col_spacing: int = 2) -> None:
        indent = " " * self.current_indent
        first = min(max((cells(name) for name, _ in rows), default=0), col_max) + col_spacing
        between = "\n" + indent + " " * first
        for name, text in rows:
            said = wrapped(extra(self.said(text)), max(self.width - len(indent) - first, 10))
            head = column(name, first) if cells(name) <= first - col_spacing else name + between
            self.write((indent + head + between.join(said)).rstrip() + "\n")
