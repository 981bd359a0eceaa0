"""What an error says, in the reader's language.

An error says in English what was expected, what came, where and what next, and so it stands in journals and documents.
The catalogue of domain `errors` holds every such sentence as a template (`tests/error_texts.py` reads them from the
source); here one is known again by its form.  What a device, a system or a person said of itself stays as it was said.
"""

from __future__ import annotations

import struct
from functools import cache

from fixtures.language import LOCALE, language
from harness.report.forms import fields_of, form

DOMAIN = "errors"
Texts = dict[str, str]  # sentences in the reader's language by the English ones, all of them templates
FEWEST_LETTERS = 7  # of its own that a sentence has which begins with a field: fewer may be anybody's words
MOST_PARTS = 20  # of one message, a line or a reason each
MOST_PLACES = 4  # before what is wrong there: file, table, key
PLACES = ("line", "number", "offset", "line_num", "count")  # fields that hold a figure
MOST_CHARACTERS = 4000  # of one message
MOST_DEPTH = 4  # of sentences in fields of others


def error_said(text: str) -> str:
    """`text` with every sentence of it that is known put into the reader's language; the rest stays as it is."""
    return _said(text, _catalogue(language()), 0)


def error_sentence(text: str) -> str | None:
    """`text` in the reader's language, if it is one sentence that is known."""
    return _sentence(text, _catalogue(language()), 0)


def _said(text: str, known: Texts, depth: int) -> str:
    return _sentence(text, known, depth) or _parts_said(text, known, depth) or text


def _sentence(text: str, known: Texts, depth: int) -> str | None:
    """`text` as one sentence; what stands in its fields may be others again."""
    if depth > MOST_DEPTH or len(text) > MOST_CHARACTERS:
        return None
    found = [
        (one, fields)
        for one in known
        if tells(one) and (fields := fields_of(text, one)) is not None and _places_alone(fields)
    ]
    if not found:
        return None
    template, fields = max(found, key=lambda one: _own(one[0]))
    told, said = known[template], dict[str, str]()
    for name, value in fields.items():
        said[name] = _said(value, known, depth + 1)
        if said[name] != value:
            told = _closed_up(told, name, said[name])
    return told.format(**said)


def _places_alone(fields: Texts) -> bool:
    """Whether what stands where a place is meant is one, and no piece of another sentence."""
    *before, _ = fields.values() or ("",)
    broken_off = any(value.endswith(":") for value in before)
    return not broken_off and not any(": " in value for name, value in fields.items() if name in PLACES)


def _closed_up(template: str, name: str, value: str) -> str:
    """`template` without the blanks that part Chinese from other writing, where its field `name` is Chinese itself."""
    field = f"{{{name}}}"
    if "\u4e00" <= value[0] <= "\u9fff":
        template = template.replace(f" {field}", field)
    return template.replace(f"{field} ", field) if "\u4e00" <= value[-1] <= "\u9fff" else template


def _parts_said(text: str, known: Texts, depth: int) -> str | None:
    """`text` as a place and what is wrong there, or as reasons in a row."""
    places = text.split(": ", MOST_PLACES)
    for number in range(1, len(places)):
        if (one := _sentence(": ".join(places[number:]), known, depth + 1)) is not None:
            return f"{': '.join(places[:number])}：{one}"
    for between, told in (("\n", "\n"), ("; ", "；")):
        parts = text.split(between)
        if 1 < len(parts) <= MOST_PARTS:
            said = [_said(part, known, depth + 1) for part in parts]
            if said != parts:
                return told.join(said)
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
