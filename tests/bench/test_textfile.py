"""Text files that somebody brings: what is too long or no text is told with its file, in the reader's own kind of error."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.textfile import read_text


class OwnError(Exception):
    pass


def test_a_text_as_long_as_may_be_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes("价格\r\n".encode())
    assert read_text(path, "a tariff", 8, OwnError) == "价格\r\n"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"name = \xff", "expected UTF-8 text, got byte 0xff at offset 7"),
        (b"#" * 33, "expected at most 32 bytes, got more: this is not a tariff"),
        (b"#" * 31 + "价".encode(), "expected at most 32 bytes"),  # not: that the character cut in two is no text
    ],
)
def test_what_is_no_such_text_is_told_with_its_file(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(raw)
    with pytest.raises(OwnError, match=rf"own\.toml: {why}"):
        read_text(path, "a tariff", 32, OwnError)


def test_what_cannot_be_read_is_the_readers_to_tell(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "none.toml", "a tariff", 32, OwnError)
