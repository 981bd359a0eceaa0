"""The language of the operator, settled once before a command begins.

First that counts: `shortmeasure --lang zh|en COMMAND`, SHORTMEASURE_LANG, `lang` of the user's configuration file, the
system's locale.  What was settled stands in SHORTMEASURE_LANG while the command runs, so that its children (the judge
beside a run) speak the same language.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from captures.user_folder import user_folder
from fixtures.language import Sentence, mark

OPTION = "--lang"
ENVIRONMENT = "SHORTMEASURE_LANG"
LANGUAGES = ("zh", "en")
FILE = "config.toml"
FILE_ENVIRONMENT = "SHORTMEASURE_CONFIG"
MAX_BYTES = 4096
REMEDY = mark("mend or delete the file; the command goes on as if it were not there")


@dataclass(frozen=True, slots=True)
class Settled:
    """`language`: zh or en; None: nobody chose one, so the system's.  `warning`: why the configuration file does not count."""

    language: str | None
    warning: Sentence | None = None


class _ConfigurationError(Exception):
    """What came in place of a configuration."""


def settled(arguments: Sequence[str], environment: Mapping[str, str], path: Path | None) -> Settled:
    """`path`: of the configuration file, which is read only where it decides.  A wrong value of the option is left to the
    command line, which refuses it."""
    if asked := on_command_line(arguments):
        return Settled(asked)
    if environment.get(ENVIRONMENT) or path is None:
        return Settled(None)
    try:
        return Settled(_configured(path))
    except (_ConfigurationError, OSError) as error:
        got = error.strerror if isinstance(error, OSError) else str(error)
        text = mark('{path}: expected a configuration file with lang = "zh" or lang = "en", got {got}')
        return Settled(None, Sentence(text, path=path, got=got))


def on_command_line(arguments: Sequence[str]) -> str | None:
    """The language that the options before the command ask for."""
    found, rest = None, iter(arguments)
    for one in rest:
        if one == OPTION:
            found = next(rest, None)
        elif one.startswith(f"{OPTION}="):
            found = one.partition("=")[2]
        elif not one.startswith("-") or one == "--":  # the command: its options are its own (report --lang zh,en)
            break
    return found if found in LANGUAGES else None


def configuration_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where the configuration lies: SHORTMEASURE_CONFIG, else beside the keys; None for a user without a home."""
    if wanted := environment.get(FILE_ENVIRONMENT):
        return Path(wanted)
    try:
        return user_folder(environment, sys.platform, Path.home()) / FILE
    except RuntimeError:  # the system knows no home of this user
        return None


def _configured(path: Path) -> str | None:
    """What the configuration file at `path` chooses, if there is one.  Raises OSError, _ConfigurationError."""
    try:
        ordinary = stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not ordinary:  # a pipe would keep every command waiting
        raise _ConfigurationError("no ordinary file")
    import tomllib

    from fixtures.textfile import read_text

    text = read_text(path, "a configuration", MAX_BYTES, _ConfigurationError)
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError; so are endless numbers
        raise _ConfigurationError(f"no TOML: {str(error)[:200]}") from None
    if unknown := [key for key in found if key != "lang"]:
        raise _ConfigurationError(f"the unknown key {unknown[0][:40]!r}")
    if "lang" in found and found["lang"] not in LANGUAGES:
        raise _ConfigurationError(f"lang = {str(found['lang'])[:40]!r}")
    return found.get("lang")


@contextmanager
def spoken(language: str | None) -> Iterator[None]:
    """Inside it this program and its children speak `language`."""
    if language is None:
        yield
        return
    before = os.environ.get(ENVIRONMENT)
    os.environ[ENVIRONMENT] = language
    try:
        yield
    finally:
        if before is None:
            del os.environ[ENVIRONMENT]
        else:
            os.environ[ENVIRONMENT] = before
