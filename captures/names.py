"""File names that every system stores as they are: a case is carried between Linux, Windows and sticks."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 200
MAX_PATH_BYTES = 1000
MAX_DEPTH = 16
_BAD_CHARACTERS = frozenset('<>:"/\\|?*%')
_DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])(?:\..*)?", re.IGNORECASE)


def checked_name(name: str) -> str:
    """`name`, when every system stores it as it is; ValueError otherwise."""
    bad = sorted({character for character in name if character in _BAD_CHARACTERS or not character.isprintable()})
    if bad or not name or name[0] in ". " or name[-1] in ". " or _DEVICES.fullmatch(name):
        why = f"without {bad}" if bad else "with neither dots nor blanks at its ends, and no device's"
        raise ValueError(f"file name {name!r:.80}: expected a plain name {why}; rename it")
    if len(name.encode("utf-8")) > MAX_NAME_BYTES:
        raise ValueError(f"file name {name!r:.80}: expected at most {MAX_NAME_BYTES} bytes; rename it")
    if unicodedata.normalize("NFC", name) != name:
        raise ValueError(f"file name {name!r:.80}: expected composed characters (Unicode NFC); rename it")
    return name


def checked_path(path: str) -> str:
    """`path` relative with `/`, of checked names, without `.` and `..`; ValueError otherwise."""
    pieces = path.split("/")
    if len(pieces) > MAX_DEPTH or len(path.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        raise ValueError(f"path {path!r:.80}: expected at most {MAX_DEPTH} folders and {MAX_PATH_BYTES} bytes")
    for piece in pieces:
        try:
            checked_name(piece)
        except ValueError as problem:
            raise ValueError(f"path {path!r:.80}: {problem}") from None
    return path


def folded(name: str) -> str:
    """Names that some file system takes for the same fold to the same text."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def shown(text: str) -> str:
    """`text` with control characters and undecodable bytes escaped: a file name may carry terminal sequences."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
