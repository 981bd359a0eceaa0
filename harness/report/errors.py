"""What an error says, in the reader's language.

An error says in English what was expected, what came, where and what next, and so it stands in journals and documents.
The catalogue of domain `errors` holds every such sentence as a template (`tests/error_texts.py` reads them from the
source); here one is known again by its form.  What a device, a system or a person said of itself stays as it was said.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cache, lru_cache

from fixtures.language import LOCALE, Sentence, language
from harness.report.differences import differences_said
from harness.report.forms import closed_up, fields_of, form
from harness.report.places import place_said

DOMAIN = "errors"
Texts = dict[str, str]  # sentences in the reader's language by the English ones, all of them templates
FEWEST_LETTERS = 7  # of its own that a sentence has which begins with a field: fewer may be anybody's words
MOST_PARTS = 20  # of one message, a line or a reason each
MOST_PLACES = 4  # before what is wrong there: file, table, key
PLACES = ("line", "number", "offset", "line_num", "count")  # fields that hold a figure
NAMES = re.compile(r"[\w.:@+>-]+(?:, [\w.:@+>-]+)+")  # in a row, as they are typed
MOST_CHARACTERS = 4000  # of one message
MOST_REMEMBERED = 2048  # pieces of texts: the same one stands in the fields of many templates that fit
MOST_DEPTH = 4  # of sentences in fields of others


def error_said(text: str) -> str:
    """`text` with every sentence of it that is known put into the reader's language; the rest stays as it is."""
    if language() == "en":
        return text
    if isinstance(text, Sentence):
        return text.said
    return differences_said(text) or _said(text, language(), 0).text


def error_sentence(text: str) -> str | None:
    """`text` in the reader's language, if it is one sentence that is known."""
    found = _sentence(text, language(), 0)
    return None if found is None else found.text


@dataclass(frozen=True, slots=True)
class Told:
    """A text in the reader's language, and `letters` of the English one that were known."""

    text: str
    letters: int


def _said(text: str, name: str, depth: int) -> Told:
    return _sentence(text, name, depth) or _parts_said(text, name, depth) or Told(text, 0)


@lru_cache(MOST_REMEMBERED)
def _sentence(text: str, name: str, depth: int) -> Told | None:
    """`text` as one sentence; what stands in its fields may be others again."""
    if depth > MOST_DEPTH or len(text) > MOST_CHARACTERS:
        return None
    found = [
        (one, fields)
        for one in _catalogue(name)
        if tells(one) and (fields := fields_of(text, one)) is not None and _places_alone(fields) and _meant(one, fields)
    ]
    found.sort(key=lambda one: _own(one[0]), reverse=True)
    told = [_filled(one, fields, name, depth) for one, fields in found]
    return max(told, key=lambda one: one.letters, default=None)


def _filled(template: str, fields: Texts, name: str, depth: int) -> Told:
    """The sentence of `template` with what stands in its fields."""
    told, letters, said = _catalogue(name)[template], _own(template)[0], dict[str, str]()
    for field, value in fields.items():
        if NAMES.fullmatch(value):
            said[field] = value.replace(", ", "、")
            continue
        one = _said(value, name, depth + 1)
        said[field], letters = one.text, letters + one.letters
        if one.text != value:
            told = closed_up(told, field, one.text)
    return Told(told.format(**said), letters)


def _places_alone(fields: Texts) -> bool:
    """Whether what stands where a place is meant is one, and no piece of another sentence."""
    *before, _ = fields.values() or ("",)
    broken_off = any(value.endswith(":") for value in before)
    return not broken_off and not any(": " in value for name, value in fields.items() if name in PLACES)


def _meant(template: str, fields: Texts) -> bool:
    """Whether what `template` leaves to its fields is a word each, where it says little itself: "line 5" is meant, "line up: so"
    is not."""
    return _own(template)[0] >= FEWEST_LETTERS or not any(" " in value for value in fields.values())


def _parts_said(text: str, name: str, depth: int) -> Told | None:
    """`text` as a place and what is wrong there, or as reasons in a row."""
    places = text.split(": ", MOST_PLACES)
    for number in range(1, len(places)):
        if (one := _sentence(": ".join(places[number:]), name, depth + 1)) is not None:
            return Told(f"{place_said('：'.join(places[:number]))}：{one.text}", one.letters)
    for between, told in (("\n", "\n"), ("; ", "；")):
        parts = text.split(between)
        if 1 < len(parts) <= MOST_PARTS:
            said = [_said(part, name, depth + 1) for part in parts]
            if letters := sum(one.letters for one in said):
                return Told(told.join(one.text for one in said), letters)
    return None


def tells(template: str) -> bool:
    """Whether `template` is told from anybody's words: it has no fields, begins with words of its own or has enough."""
    pieces, names = form(template)
    return not names or _own(pieces[0])[0] > 0 or _own(template)[0] >= FEWEST_LETTERS


@cache
def _own(template: str) -> tuple[int, int]:
    """How much a template says itself, letters first: of several that fit, the one that says most is meant."""
    text = "".join(form(template)[0])
    return sum(map(str.isalpha, text)), len(text)


@cache
def _catalogue(name: str) -> Texts:
    """Every text of the catalogue in language `name` by the English one.  The standard library looks up what is asked
    for and lists nothing, hence the file itself is read (GNU gettext manual, "The Format of GNU MO Files")."""
    path = LOCALE / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not path.exists():
        return {}
    raw = path.read_bytes()
    _, _, count, sources, targets = struct.unpack_from("<5I", raw)

    def text(table: int, number: int) -> str:
        length, at = struct.unpack_from("<2I", raw, table + 8 * number)
        return raw[at : at + length].decode("utf-8")

    texts = {text(sources, number): text(targets, number) for number in range(count)}
    return {source: target for source, target in texts.items() if source}
