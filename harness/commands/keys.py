"""`keys`: the public half of the keys that sign cases, for the office's register."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.output import emit

app = typer.Typer(help="The keys that sign cases.", no_args_is_help=True)


@app.command("show")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """List the keys of this user: name, fingerprint, whether a passphrase protects them."""
    from captures.keys import is_encrypted, key_names, key_path, load_public
    from captures.signing import fingerprint
    from fixtures.language import mark, translate
    from harness.keyring import folder

    keys = []
    for name in key_names(folder()):
        path = key_path(folder(), name)
        public = fingerprint(load_public(path.with_suffix(".pem")))
        keys.append({"name": name, "fingerprint": public, "encrypted": is_encrypted(path), "private": str(path)})
    protected = {True: translate(mark("passphrase")), False: translate(mark("no passphrase"))}
    lines = [f"{key['name']}  {key['fingerprint']}  {protected[bool(key['encrypted'])]}" for key in keys]
    none = translate(mark("none yet: the first `case seal` makes one"))
    text = "\n".join([translate(mark("keys in {folder}"), folder=folder()), *(lines or [none])])
    emit("keys", {"folder": str(folder()), "keys": keys}, text, as_json)
    return 0


@app.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="the new file for the public key")],
    name: Annotated[str, typer.Option("--name", help="name of the key; made when it is not there yet")] = "station",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Write a public key to a file and print its fingerprint: for the office, and for `case verify --key`."""
    from captures.signing import fingerprint, public_pem
    from fixtures.language import mark, translate
    from harness.keyring import signing_key

    public = signing_key(name).public_key()
    with open(target, "xb") as handle:
        handle.write(public_pem(public))
    own = fingerprint(public)
    text = translate(
        mark("{file}: public key {name}\nfingerprint {fingerprint}"), file=target, name=name, fingerprint=own
    )
    emit("key", {"name": name, "fingerprint": own, "file": str(target)}, text, as_json)
    return 0
