"""What `plugin new` leaves for its author: a plugin in which it still stands is not done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from harness.beginnings import untouched
from harness.testing.wanted import want

DOCUMENT, PAGE, NULL, UNWRITTEN = (
    "the document, its edition and pages", "title, edition, page", "what is true of an honest instrument, in words", "not written yet",
)  # fmt: skip
PLACEHOLDERS = frozenset({DOCUMENT, PAGE, NULL, UNWRITTEN})


def check_filled_in(where: str, text: str) -> None:
    want(text.strip() not in PLACEHOLDERS, f"{where}: expected to be filled in, with words of yours", text)


def check_written(kind: str, name: str, work: Callable[..., object]) -> None:
    """The module in which `work` is done is no longer the one that `plugin new` made."""
    module = sys.modules.get(getattr(getattr(work, "func", work), "__module__", ""))
    path = Path(str(getattr(module, "__file__", None) or ""))
    begun = path.is_file() and untouched(kind, name, path)
    want(not begun, f"{path}: expected to be written for your device or test", "the beginning, as `plugin new` made it")
