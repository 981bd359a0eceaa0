"""The script that goes with a sealed case says each of its texts in English and in Chinese: who runs it has no catalogue."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from captures import standalone_verify

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAYS = ("problem", "print", "exit", "error", "ValueError")


def texts() -> list[str]:
    """What is printed of its own words: names, digests and figures left out."""
    found = []
    for node in ast.walk(ast.parse(Path(standalone_verify.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            for one in node.args[:1] if name in SAYS else []:
                if isinstance(one, ast.JoinedStr | ast.Constant):
                    parts = one.values if isinstance(one, ast.JoinedStr) else [one]
                    found.append("".join(str(part.value) for part in parts if isinstance(part, ast.Constant)))
    return [text for text in found if re.search("[A-Za-z]{2} [a-z]{2}", text)]


def test_every_text_is_in_both_languages() -> None:
    found = texts()
    assert len(found) > 18
    assert [text for text in found if not CHINESE.search(text.partition(" / ")[2])] == []
