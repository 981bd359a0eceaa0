"""What a check of a case found, in the reader's language: differences, what was expected and found, and notes.

The check knows no catalogue: its sentences are English and stand in `--json` as they are.  Digests, file names and what
a system said of itself are never translated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from captures.layout import INFO
from captures.names import shown
from fixtures.language import language, mark, translate
from harness.report.forms import closed_up, sentence
from harness.report.places import place_said

if TYPE_CHECKING:
    from captures.bag import Difference

WHAT = (
    mark("names that some systems take for one"),
    mark("no ordinary file"),
    mark("nested too deeply"),
    mark("may not be read"),
    mark("cannot be read"),
    mark("its end is gone"),
    mark("too many lines"),
    mark("no line of a manifest"),
    mark("a file listed twice"),
    mark("no line of its own"),
    mark("no seal"),
    mark("changed"),
    mark("a tag file is not listed"),
    mark("a file that no sealed case has"),
    mark("says personal data is withheld"),
    mark("not the case of this digest"),
    mark("missing"),
    mark("missing, listed in {manifest} line {number}"),
    mark("changed, larger than all that was sealed ({manifest} line {number})"),
    mark("changed, {algorithm} in {manifest} line {number}"),
    mark("changed since it was named by its SHA-256"),
    mark("not the files of {manifest}"),
    mark("added, no line of {manifest}"),
    mark("files to be fetched"),
    mark("added, no part of a sealed case"),
    mark("added, no folder of a case"),
    mark("added, no lock of a run"),
    mark("the journal is not as written"),
    mark("does not verify"),
    mark("the answer to {key} is not the one recorded ({place})"),
    mark("too many files"),
    mark("added, no part of a seal"),
    mark("not signed by the key that sealed it"),
    mark("not signed by the demanded key"),
    mark("no public key"),
    mark("another key than the file is named for"),
    mark("not of this key"),
    mark("no signature"),
    mark("the signature does not hold for tagmanifest-sha256.txt"),
    mark("no time stamp"),
    mark("a time stamp of another case"),
    mark("{name} was changed"),
)
SIDES = (  # expected and got
    mark("one of them"),
    mark("ordinary files only"),
    mark("a symbolic link"),
    mark("a device, pipe or socket"),
    mark("at most {count} folders"),
    mark("at most {count} bytes"),
    mark("at most {count}"),
    mark("more"),
    mark("a newline at the end"),
    mark("none"),
    mark("64 hex digits, two blanks, a plain path under data/"),
    mark("64 hex digits, two blanks, a plain path beside data/"),
    mark("each once"),
    mark("a case"),
    mark("a sealed case"),
    mark("a case that is not sealed"),
    mark("no permission"),
    mark("no line for it"),
    mark("tag files only"),
    mark("it is here"),
    mark("the file"),
    mark("no file"),
    mark("a file"),
    mark("no such file"),
    mark("the same files"),
    mark("a case that holds its files"),
    mark("no such folder"),
    mark("a folder"),
    mark("no lock in a sealed case"),
    mark("none stated"),
    mark("an unbroken chain"),
    mark("a whole journal"),
    mark("a whole journal and its originals"),
    mark("the originals that the journal records"),
    mark("the private answers of the case"),
    mark("another or none"),
    mark("a file of a seal"),
    mark("the digest for the paper record"),
    mark("the digest {digest}"),
    mark("something else"),
    mark("the text of a redacted copy"),
    mark("no valid signature"),
    mark("a key named in bag-info.txt"),
    mark("an Ed25519 public key in PEM form"),
    mark("a signature by {key}"),
    mark("one of other bytes or by another key"),
    mark("a request or token of RFC 3161"),
    # what is wrong with a line of the journal, or with an original
    mark("changed line: its bytes hash to {computed}, the line says {stated}"),
    mark("changed line: two lines run together, the newline between them is gone"),
    mark("changed line: expected the layout {layout}, it begins {text}"),
    mark("truncated line: expected it to end in its own hash, it ends in {text}"),
    mark("malformed body: {text}"),
    mark("too long a line: expected at most {count} bytes"),
    mark("swapped lines: expected sequence {number}, got {other}; {again} stands at line {line}"),
    mark("deleted line: expected sequence {number}, got {other}; line {line} is gone"),
    mark("deleted line: expected sequence {number}, got {other}; lines {line} to {last} are gone"),
    mark("inserted line: sequence {number} again after the same hash; this or the one before was inserted"),
    mark("inserted line: expected sequence {number}, got {other} again"),
    mark("inserted line: a continuation can only be the first line of a file; files were joined"),
    mark(
        "previous hash differs: expected {head}, got {other}; the line before was changed and hashed anew, or this one is of "
        "another journal"
    ),
    mark("wrong file order: the first file must not continue another; an earlier file was removed or renamed"),
    mark("wrong file order: expected a line that continues the file before, got an ordinary line; files were renamed"),
    mark("wrong file order: expected to continue {file}, got {other}"),
    mark("expected last_sha {head}, got {other}"),
    mark(
        "the torn bytes at the end of {file} ({count} bytes) are not the ones recorded here ({other}): {again} was changed "
        "after the cut"
    ),
    mark("missing file {file}; the folder has {files}"),
    mark("a journal"),
    mark("no file {file}"),
    mark("{name} is not recorded in the journal; import it or move it away"),
    mark("{name} is recorded in the journal but missing"),
    mark("{count} bytes with SHA-256 {digest}"),
    mark("{count} bytes with {digest}"),
    mark("{count} bytes"),
    mark("original {name} is recorded twice, differently"),
    mark("no {file}"),
)
NOTES = (
    mark("{file}: not in this copy; the journal names {count} private answers by their digests"),
    mark("{file}: holds {count} answers that the journal does not name ({keys})"),
    mark("{file}: personal data is withheld in this copy; its SHA-256 stays {digest}"),
    mark("{file}: not checked, the OpenSSL of this Python has no SM3; the SHA-256 manifest was"),
    mark("{file}: left by a program that was killed; no part of the sealed case and no evidence"),
    mark("{file}: an empty folder of a program that was killed; no part of the sealed case"),
    mark("{file}: no part of the sealed case and no evidence, left by a program: {text}"),
    mark(
        "{count} files have a second name on this disk (hard links: {names}); who writes by the other name changes them "
        "here: keep a copy made with `case export`"
    ),
    mark(
        "{key} has signed too: bag-info.txt does not name this key, anybody could add a signature of his own; whose it is "
        "the office's register says"
    ),
    mark(
        "{file}: no part of the case and no evidence: nobody took it on record; move it out, or take it in with "
        "`shortmeasure capture import`"
    ),
    mark("{file}: a key that has not signed: a signing that was cut; `shortmeasure case sign` with this key ends it"),
    mark("{file}: a time stamp was asked for, and no answer is kept here"),
    mark("time stamps: imprint and time read; the authority's signature is for `openssl ts -verify`"),
)


DIFFERENCE = mark("{where}: {what}: expected {expected}, got {got}")
LABEL = re.compile(r"[A-Z][A-Za-z0-9-]+")  # of bag-info.txt, which is told as it stands there
PIECES = re.compile(r".+?(?:; |\n|\Z)", re.DOTALL)
ENDS = {"\n": "\n", "; ": "；"}
MOST_CHARACTERS = 20_000  # of one message


def difference_said(one: Difference) -> str:
    """One difference in a line; in English it is the check's own."""
    if language() == "en":
        return str(one)
    where = shown(one.file) + (f" line {one.line}" if one.line else "")
    return _line(where, one.what, one.expected, one.got)


def differences_said(text: str) -> str | None:
    """The message of an error that is one or several differences, each on its line or after a semicolon; None for any
    other text."""
    if len(text) > MOST_CHARACTERS:
        return None
    found: list[str] = []
    for piece in PIECES.findall(text):
        if _parsed(piece.removesuffix("; ").removesuffix("\n")) is not None or not found:
            found.append(piece)
        else:  # a sentence of the difference before
            found[-1] += piece
    said = [_text_said(one) for one in found]
    return None if None in said else "".join(one for one in said if one is not None)


def _text_said(text: str) -> str | None:
    end = next((one for one in ENDS if text.endswith(one)), "")
    found = _parsed(text.removesuffix(end))
    return None if found is None else _line(*found) + ENDS.get(end, "")


def _parsed(text: str) -> tuple[str, str, str, str] | None:
    """Where, what, expected and got of a difference that is written as `str` writes one."""
    before, _, after = text.partition(": expected ")
    expected, cut, got = after.partition(", got ")
    places = before.split(": ")
    for number in range(1, len(places) if cut else 0):
        what = ": ".join(places[number:])
        if what in WHAT or sentence(what, WHAT) is not None or (len(places) == number + 1 and _is_label(places, what)):
            return "：".join(places[:number]), what, expected, got
    return None


def _is_label(places: list[str], what: str) -> bool:
    return places[-2].endswith(INFO) and LABEL.fullmatch(what) is not None


def _line(where: str, what: str, expected: str, got: str) -> str:
    said = {"what": _told(what, WHAT), "expected": shown(_told(expected, SIDES)), "got": shown(_told(got, SIDES))}
    told = translate(DIFFERENCE, where="{where}", what="{what}", expected="{expected}", got="{got}")
    for name, value in said.items():
        told = closed_up(told, name, value)
    return told.format(where=place_said(where), **said)


def note_said(note: str) -> str:
    return _told(note, NOTES)


def _told(text: str, templates: tuple[str, ...]) -> str:
    if text in templates:
        return translate(text)
    found = sentence(text, templates)
    return text if found is None else translate(found[0], **found[1])
