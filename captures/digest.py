"""The digest of a sealed case as it goes onto paper: in groups for the eye, as a QR code for the camera.

The paper record that officers, party and witness sign is the one copy of the digest that no key holder can replace.
"""

from __future__ import annotations

import segno

_QUIET = 4  # modules of white around the code (ISO/IEC 18004 section 9)


def grouped(digest: str) -> str:
    """Two lines of eight groups of four hex digits."""
    groups = [digest[start : start + 4] for start in range(0, len(digest), 4)]
    return " ".join(groups[:8]) + "\n" + " ".join(groups[8:])


def ungrouped(text: str) -> str:
    """A digest as somebody types it, from paper or a screen; ValueError when it is no SHA-256."""
    digest = "".join(text.split()).lower()
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ValueError(f"expected the 64 hex digits of a case digest, got {text!r:.100}")
    return digest


def qr_text(case_id: str, digest: str) -> str:
    return f"{case_id} sha256:{digest}"


def _modules(text: str) -> tuple[bytearray, ...]:
    """The modules of the code, 1 = dark.  All that the standard leaves to the encoder is fixed here, so that the same text
    gives the same code in every version of the library, and a stored code can be compared."""
    return segno.make_qr(text, error="m", mode="byte", encoding="utf-8", mask=2, boost_error=False).matrix


def qr_svg(text: str) -> bytes:
    """`text` as a QR code of error level M, one path on white; the same bytes for the same text."""
    rows = _modules(text)
    size = len(rows) + 2 * _QUIET
    path = "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}mm" height="{size}mm">'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path d="{path}"/></svg>\n'
    ).encode("ascii")


def qr_terminal(text: str) -> str:
    """`text` as a QR code of half blocks, light on dark: two rows of modules a line."""
    rows = [[bool(module) for module in row] for row in _modules(text)]
    width = len(rows[0]) + 2 * _QUIET
    blank = [False] * width
    wide = [blank] * _QUIET + [[False] * _QUIET + row + [False] * _QUIET for row in rows] + [blank] * (_QUIET + 1)
    signs = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(wide[0::2], wide[1::2], strict=False)
    return "\n".join("".join(signs[top, below] for top, below in zip(*pair, strict=True)) for pair in pairs) + "\n"
