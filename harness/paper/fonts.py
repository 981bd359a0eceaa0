"""The faces a report is set in, and which characters none of them has.  Needs the extra `report`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "pylopdf_fonts_zh_cn"
FILES = ("NotoSansSC-Regular.otf", "NotoSerifSC-Regular.otf")  # the second has rarer characters of names
SIGNS = "DejaVuSans.ttf"  # for signs that a Chinese face sets a full width wide
SPACE = " \n\t\u200b"


def folders() -> tuple[Path, ...]:
    """Where the faces lie: of Chinese in a package of their own, of signs with matplotlib.  ModuleNotFoundError without the extra."""
    found = []
    for package, below in ((PACKAGE, ""), ("matplotlib", "mpl-data/fonts/ttf")):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"no module named {package!r}", name=package)
        found.append(Path(spec.origin).parent / below)
    return tuple(found)


@cache
def covered() -> frozenset[int]:
    """Every character that some face has, as its number."""
    from fontTools.ttLib import TTFont

    chinese, signs = folders()
    found: set[int] = set()
    for path in (*(chinese / name for name in FILES), signs / SIGNS):
        with TTFont(path, lazy=True) as face:
            found |= set(face.getBestCmap())
    return frozenset(found)


def shown(text: str) -> str:
    """`text` with each character that no face has as <U+20BB7>: an engine would leave it out without a word."""
    return "".join(one if one in SPACE or ord(one) in covered() else f"<U+{ord(one):04X}>" for one in text)


def missing(texts: Iterable[str]) -> list[str]:
    """Characters that no face has, each once, in order of their numbers."""
    known = covered()
    return sorted({one for text in texts for one in text if one not in SPACE and ord(one) not in known})
