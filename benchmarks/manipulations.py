"""What can be done to a sealed case, and what `case verify` must name of it: data for benchmarks/attacks.py."""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.case_forging import (
    JOURNAL,
    NAME,
    OFFICER,
    STRANGER,
    Scene,
    change,
    journal_lines,
    put,
    rebuilt,
    remanifested,
    resealed,
    resigned,
    retagged,
    stripped,
    swapped,
)
from benchmarks.finished_case import KEY
from captures.case import Case
from captures.seal import sign
from captures.signing import fingerprint, short
from captures.verify_seal import WITHHELD_TEXT

ORIGINAL = "data/originals/脉冲 1.sr"
ACCENTED = "data/originals/relevé.csv"
NFD = unicodedata.normalize("NFD", ACCENTED)
LEFT_LOCK = b'{"pid": 4711, "began": "8112", "host": "office", "utc": "2026-03-01T10:20:31+00:00"}\n'


@dataclass(frozen=True)
class Attack:
    """`names`: what `verify` must name.  `second`: no look at the folder alone can show it; then what can, and `by`
    which option of `verify` ("note": its `note` says so and it is no difference; "copy": by none).  `alone`: whether the
    stand-alone verifier finds it too.  `stamped`: needs a case with a time stamp."""

    title: str
    act: Callable[[Scene], None]
    names: str = ""
    second: str = ""
    by: str = "digest"
    note: str = ""
    alone: bool = True
    stamped: bool = False


def act_rebuild(scene: Scene) -> None:
    rebuilt(scene.case)


def act_rebuild_manifests(scene: Scene) -> None:
    rebuilt(scene.case)
    remanifested(scene.case)


def act_strip(scene: Scene) -> None:
    act_rebuild_manifests(scene)
    stripped(scene.case)


def act_other_key(scene: Scene) -> None:
    act_rebuild_manifests(scene)
    stripped(scene.case)
    resigned(scene.case, STRANGER)


def act_replace_key(scene: Scene) -> None:
    act_rebuild_manifests(scene)
    resigned(scene.case, STRANGER, NAME)


def act_stranger_anew(scene: Scene) -> None:
    rebuilt(scene.case)
    resealed(scene.case, STRANGER)


def act_holder_anew(scene: Scene) -> None:
    rebuilt(scene.case)
    resealed(scene.case, KEY)
    sign(Case(scene.case), OFFICER)


def act_consistent(scene: Scene) -> None:
    change(ORIGINAL, b"pulses", b"Pulses")(scene)
    remanifested(scene.case)


def act_add(name: str, data: bytes = b"added") -> Callable[[Scene], None]:
    return lambda scene: put(scene.case / name, data)


def act_remove(*names: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        for name in names:
            (scene.case / name).unlink()

    return act


def act_rename(name: str, new: str) -> Callable[[Scene], None]:
    return lambda scene: os.rename(scene.case / name, scene.case / new)  # type: ignore[return-value]


def act_link(scene: Scene) -> None:
    """The same bytes today, from outside the case: tomorrow others."""
    outside = scene.case.with_name("outside.sr")
    outside.write_bytes((scene.case / ORIGINAL).read_bytes())
    (scene.case / ORIGINAL).unlink()
    (scene.case / ORIGINAL).symlink_to(outside)


def act_link_folder(scene: Scene) -> None:
    moved = scene.case.with_name("moved")
    os.rename(scene.case / "data" / "originals", moved)
    (scene.case / "data" / "originals").symlink_to(moved)


def act_swap_cases(scene: Scene) -> None:
    shutil.rmtree(scene.case / "data")
    shutil.copytree(scene.other / "data", scene.case / "data")


def act_foreign_signature(scene: Scene) -> None:
    put(scene.case / "seal" / f"{NAME}.sig", (scene.other / "seal" / f"{NAME}.sig").read_bytes())


def act_foreign_token(scene: Scene) -> None:
    for token in (scene.other / "seal").glob("token-*"):
        put(scene.case / "seal" / token.name, token.read_bytes())


def act_foreign_request(scene: Scene) -> None:
    for asked in (scene.other / "seal").glob("request-*"):
        put(scene.case / "seal" / asked.name, asked.read_bytes())


def act_token_changed(scene: Scene) -> None:
    path = next((scene.case / "seal").glob("token-*"))
    raw = bytearray(path.read_bytes())
    raw[-8] ^= 1
    put(path, bytes(raw))


def act_withhold(scene: Scene) -> None:
    act_remove("data/parties.json")(scene)
    put(scene.case / "seal" / "withheld.txt", WITHHELD_TEXT)


def act_request_changed(scene: Scene) -> None:
    path = next((scene.case / "seal").glob("request-*"))
    raw = bytearray(path.read_bytes())
    raw[-8] ^= 1
    put(path, bytes(raw))


def act_withheld_lie(scene: Scene) -> None:
    act_add("seal/withheld.txt", b"personal data is withheld\n")(scene)


def act_escape(scene: Scene) -> None:
    """A manifest that lists a file outside, its tag manifest made to agree."""
    outside = scene.case.with_name("outside.txt")
    outside.write_bytes(b"outside")
    path = scene.case / "manifest-sha256.txt"
    line = f"{hashlib.sha256(b'outside').hexdigest()}  data/../../outside.txt\n"
    put(path, path.read_bytes() + line.encode())
    retagged(scene.case)


def act_twice(scene: Scene) -> None:
    path = scene.case / "manifest-sha256.txt"
    put(path, path.read_bytes() + path.read_bytes().splitlines(keepends=True)[0])
    retagged(scene.case)


def crlf(name: str, again: bool) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        path = scene.case / name
        put(path, path.read_bytes().replace(b"\n", b"\r\n"))
        if again:
            retagged(scene.case)

    return act


def act_unseal(scene: Scene) -> None:
    act_rebuild(scene)
    for path in scene.case.iterdir():
        if path.name == "seal":
            shutil.rmtree(path)
        elif path.name != "data":
            path.unlink()


def act_sparse(scene: Scene) -> None:
    with open(scene.case / "data" / "originals" / "large.bin", "wb") as handle:
        handle.truncate(1 << 40)


def act_fifo(scene: Scene) -> None:
    os.mkfifo(scene.case / "data" / "derived" / "pipe")


def act_clash(scene: Scene) -> None:
    put(scene.case / "data/originals/脉冲 1.SR", b"shadows the original where case does not count")


def act_empty_folder(scene: Scene) -> None:
    (scene.case / "data" / "derived" / "empty").mkdir()


def act_folder_for_file(scene: Scene) -> None:
    (scene.case / ORIGINAL).unlink()
    (scene.case / ORIGINAL).mkdir()


def act_hard_link(scene: Scene) -> None:
    """The same bytes today, with a second name outside the case: tomorrow others."""
    outside = scene.case.with_name("outside.sr")
    outside.write_bytes((scene.case / ORIGINAL).read_bytes())
    (scene.case / ORIGINAL).unlink()
    os.link(outside, scene.case / ORIGINAL)


def act_fifo_for_file(scene: Scene) -> None:
    (scene.case / ORIGINAL).unlink()
    os.mkfifo(scene.case / ORIGINAL)


def act_endless(scene: Scene) -> None:
    (scene.case / ORIGINAL).unlink()
    with open(scene.case / ORIGINAL, "wb") as handle:
        handle.truncate(1 << 40)


def act_stranger_signs(scene: Scene) -> None:
    resigned(scene.case, STRANGER)


def act_token_removed(scene: Scene) -> None:
    next((scene.case / "seal").glob("token-*")).unlink()


def act_stamp_removed(scene: Scene) -> None:
    act_token_removed(scene)
    next((scene.case / "seal").glob("request-*")).unlink()


def act_token_under_name(scene: Scene) -> None:
    own = next((scene.case / "seal").glob("token-*"))
    put(own, next((scene.other / "seal").glob("token-*")).read_bytes())


def act_token_in_place(scene: Scene) -> None:
    act_stamp_removed(scene)
    act_foreign_token(scene)
    act_foreign_request(scene)


def act_holder_keeps_stamp(scene: Scene) -> None:
    stamp = {path.name: path.read_bytes() for path in (scene.case / "seal").glob("token-*")}
    act_holder_anew(scene)
    for name, raw in stamp.items():
        put(scene.case / "seal" / name, raw)


def listed(path: str, data: bytes, escape: bytes = b"") -> Callable[[Scene], None]:
    """A further line of the manifest, after `escape`, whose hash fits; the tag manifest made to agree."""

    def act(scene: Scene) -> None:
        manifest = scene.case / "manifest-sha256.txt"
        line = escape + f"{hashlib.sha256(data).hexdigest()}  {path}\n".encode()
        put(manifest, manifest.read_bytes() + line)
        retagged(scene.case)

    return act


def act_percent(scene: Scene) -> None:
    """The name that RFC 8493 writes for one with a line feed, here also on the disk, where sha256sum finds it."""
    put(scene.case / "data/derived/a%0Ab.txt", b"added")
    listed("data/derived/a%0Ab.txt", b"added")(scene)


def act_line_feed(scene: Scene) -> None:
    """The name with the line feed itself, in the manifest as sha256sum escapes it."""
    put(scene.case / "data/derived/a\nb.txt", b"added")
    listed("data/derived/a\\nb.txt", b"added", b"\\")(scene)


def act_both_forms(scene: Scene) -> None:
    put(scene.case / NFD, b"shadows the original where Unicode forms do not count")


SECOND = "the digest on paper (`--digest`) or a time stamp"

ATTACKS = (
    Attack("edit a journal line", change(JOURNAL, b"20.00 L", b"19.60 L"), "0001.jsonl line 5"),
    Attack("delete a journal line", journal_lines(lambda lines: lines[:9] + lines[10:]), "0001.jsonl line 10"),
    Attack("swap two journal lines", journal_lines(swapped), "0001.jsonl line 9"),
    Attack("insert a journal line twice", journal_lines(lambda lines: lines[:9] + lines[8:]), "0001.jsonl line 10"),
    Attack("cut the last file of the journal away", act_remove("data/journal/0002.jsonl"), "data/journal/0002.jsonl"),
    Attack("cut the last lines off the journal", change("data/journal/0002.jsonl", b'{"seq":24', b""), "0002.jsonl"),
    Attack("rename a file of the journal", act_rename("data/journal/0002.jsonl", "data/journal/0003.jsonl"), "0002.jsonl"),
    Attack("bytes after the end of the journal", act_add("data/journal/0002.jsonl.tmp"), "0002.jsonl.tmp"),
    Attack("a torn line after the end of the journal", change("data/journal/0002.jsonl", b'"}\n', b'"}\n{"seq":26'), "0002.jsonl"),
    Attack("edit and rebuild the chain of the journal", act_rebuild, "Journal-Head"),
    Attack("... and the manifests and the tag manifest", act_rebuild_manifests, f"{NAME}.sig"),
    Attack("... and strip the signature", act_strip, "not signed by the key that sealed it"),
    Attack("... and sign with another key", act_other_key, "not signed by the key that sealed it"),
    Attack("... and put another key into the place of the public key", act_replace_key, f"{NAME}.pem"),
    Attack("a stranger makes the whole case anew with his own key", act_stranger_anew, alone=False, second=f"{SECOND}, or the office's key (`--key`)"),
    Attack("re-sealed by the same key after a change: the holder of the key makes the whole case anew", act_holder_anew, alone=False, second=f"{SECOND}; it is a second copy of the digest that reveals it, and nothing else"),
    Attack("re-sealed by the same key after a change, the earlier time stamp kept", act_holder_keeps_stamp, "a time stamp of another case", alone=False, stamped=True),
    Attack("remove the whole seal from an edited case", act_unseal, second=f"{SECOND}, or `--sealed`"),
    Attack("edit an original", change(ORIGINAL, b"pulses", b"Pulses"), ORIGINAL),
    Attack("edit an original, manifest and tag manifest", act_consistent, f"{NAME}.sig"),
    Attack("add a file to the originals", act_add("data/originals/more.csv"), "data/originals/more.csv"),
    Attack("add a hidden file", act_add("data/derived/.x"), "data/derived/.x"),
    Attack("add a file beside data", act_add("notes.txt"), "notes.txt"),
    Attack("add a file to the seal", act_add("seal/notes.txt"), "seal/notes.txt", alone=False),
    Attack("add an empty folder", act_empty_folder, "data/derived/empty: added"),
    Attack("add a manifest by another hash", act_add("manifest-sha512.txt"), "manifest-sha512.txt: added"),
    Attack("write text into the lock file", act_add("lock", b"see page 2"), "lock: added"),
    Attack("add a lock file as a run writes it", act_add("lock", LEFT_LOCK), second="`verify` names it: no part of the sealed case, no evidence; a program killed while it sealed leaves the same", by="note", note="lock: no part of the sealed case", alone=False),
    Attack("add a file among those being written", act_add("partial/notes.txt"), "partial/notes.txt: added"),
    Attack("add a half-written signature as a killed program leaves it", act_add(f"partial/{NAME}.sig"), second="`verify` names it: no part of the sealed case, no evidence", by="note", note=f"partial/{NAME}.sig: left by a program", alone=False),
    Attack("add a file of a terabyte of zeros", act_sparse, "data/originals/large.bin"),
    Attack("remove an original", act_remove(ORIGINAL), ORIGINAL),
    Attack("rename an original", act_rename(ORIGINAL, "data/originals/x.sr"), "data/originals/x.sr"),
    Attack("rename to the same text in other Unicode characters", act_rename(ACCENTED, NFD), NFD),
    Attack("add a name that differs in case alone", act_clash, "data/originals/脉冲 1.SR"),
    Attack("rename to differ in case alone", act_rename(ORIGINAL, "data/originals/脉冲 1.SR"), "data/originals/脉冲 1.SR: added"),
    Attack("add the same name in other Unicode characters", act_both_forms, NFD),
    Attack("a folder in the place of an original", act_folder_for_file, f"{ORIGINAL}: added, no folder of a case"),
    Attack("a terabyte of zeros in the place of an original", act_endless, f"{ORIGINAL}: changed, larger than all"),
    Attack("a named pipe in the place of an original", act_fifo_for_file, f"{ORIGINAL}: no ordinary file"),
    Attack("a hard link in the place of an original", act_hard_link, second="nothing is changed yet; `verify` notes that the file has a second name on the disk", by="note", note="hard links", alone=False),
    Attack("a symbolic link in the place of an original", act_link, "a symbolic link"),
    Attack("a symbolic link in the place of a folder", act_link_folder, "a symbolic link"),
    Attack("a named pipe among the files", act_fifo, "a device, pipe or socket"),
    Attack("edit bag-info.txt (hour of sealing)", change("bag-info.txt", b"10:20:30", b"09:20:30"), "bag-info.txt"),
    Attack("edit README.txt", change("README.txt", b"sha256sum -c", b"sha1sum -c"), "README.txt"),
    Attack("edit the verifier in the case", change("verify_case.py", b"DENIED else 0", b"DENIED else 1"), "verify_case.py"),
    Attack("change the stored verdict", change("data/derived/verdict.json", b'"pass"', b'"fail"'), "data/derived/verdict.json"),
    Attack("edit the personal data", change("data/parties.json", b'"00"', b'"01"'), "data/parties.json"),
    Attack("remove the personal data without saying so", act_remove("data/parties.json"), "data/parties.json"),
    Attack("say that personal data is withheld which is there", act_withheld_lie, "seal/withheld.txt", alone=False),
    Attack("remove the personal data and say that it is withheld", act_withhold, second="`verify` says so; its SHA-256 stays, nothing else can take its place", by="note", note="withheld", alone=False),
    Attack("swap the data folders of two sealed cases, each keeps its manifests", act_swap_cases, f"{JOURNAL}: changed"),
    Attack("the signature of another case by the same key", act_foreign_signature, f"{NAME}.sig"),
    Attack("a stranger adds his own valid signature", act_stranger_signs, second="`verify` names every key that signed and says which bag-info.txt does not name; whose it is the office's register says", by="note", note="has signed too", alone=False),
    Attack("add the time stamp of another case", act_foreign_token, "a time stamp of another case", alone=False, stamped=True),
    Attack("the time stamp of another case in the place of this one's", act_token_in_place, "a time stamp of another case", alone=False, stamped=True),
    Attack("the time stamp of another case under the name of this one's", act_token_under_name, "changed since it was named by its SHA-256", alone=False, stamped=True),
    Attack("remove the time stamp", act_token_removed, second="`verify` notes that one was asked for; a second copy of the time stamp, kept by the office or its authority", by="note", note="no answer is kept here", alone=False, stamped=True),
    Attack("remove the time stamp and the request for it", act_stamp_removed, second="a second copy of the time stamp, kept by the office or its authority; digest and evidence are whole", by="copy", alone=False, stamped=True),
    Attack("the request of another case's time stamp", act_foreign_request, "a time stamp of another case", alone=False),
    Attack("edit the time stamp", act_token_changed, "token-", alone=False, stamped=True),
    Attack("edit the request for a time stamp", act_request_changed, "request-", alone=False),
    Attack("remove the second officer's signature", lambda scene: stripped(scene.case, short(fingerprint(OFFICER.public_key()))), second="the second officer's key (`--key`)", by="key", alone=False),
    Attack("remove the second officer's signature and leave his key", act_remove(f"seal/{short(fingerprint(OFFICER.public_key()))}.sig"), second="the second officer's key (`--key`); `verify` names the key that has not signed", by="key", alone=False),
    Attack("remove the signature of the office and leave its key", act_remove(f"seal/{NAME}.sig"), f"seal/{NAME}.sig: missing"),
    Attack("edit the digest for the paper record", change("seal/digest.txt", b"2026-7\n", b"2026-7\n0000 "), "seal/digest.txt", alone=False),
    Attack("edit the QR code of the digest", change("seal/digest.svg", b"M4 4h1v1h-1z", b""), "seal/digest.svg", alone=False),
    Attack("files to be fetched (fetch.txt)", act_add("fetch.txt", b"https://example.org/x - data/x\n"), "fetch.txt"),
    Attack("a manifest that lists ../ outside", act_escape, "manifest-sha256.txt line"),
    Attack("a manifest that lists an absolute path", listed("/dev/null", b""), "got path '/dev/null'"),
    Attack("a manifest with a percent-encoded line feed, and such a file", act_percent, "got path 'data/derived/a%0Ab.txt'"),
    Attack("a manifest with an escaped line feed, and such a file", act_line_feed, "manifest-sha256.txt line 8: no line of a manifest"),
    Attack("a file listed twice in the manifest", act_twice, "manifest-sha256.txt line"),
    Attack("CR LF line ends in the manifest", crlf("manifest-sha256.txt", True), "manifest-sha256.txt"),
    Attack("CR LF line ends in the tag manifest", crlf("tagmanifest-sha256.txt", False), "tagmanifest-sha256.txt"),
    Attack("CR LF line ends in the journal", crlf(JOURNAL, False), JOURNAL),
    Attack("remove the tag manifest alone", act_remove("tagmanifest-sha256.txt"), "tagmanifest-sha256.txt"),
)  # fmt: skip
