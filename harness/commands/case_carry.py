"""`case export|import`: copies of a case, for another office, a court, an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fixtures.language import mark, translate
from harness.output import emit

AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]


def export(
    case: Annotated[Path, typer.Argument(help="the case folder")],
    target: Annotated[Path, typer.Argument(help="the new folder, or a new file that ends in .zip")],
    redacted: Annotated[
        bool, typer.Option("--redacted", help="without data/parties.json; all else still verifies")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Copy a case that verifies, to a folder or a zip."""
    from captures.case import Case
    from captures.case_carry import copy_case, zip_case
    from captures.verify import require_as_sealed

    opened = Case.open(case)
    require_as_sealed(case)
    if target.suffix.lower() == ".zip":
        zip_case(opened, target, redacted)
    else:
        copy_case(opened, target, redacted)
        require_as_sealed(target)
    copied = mark("{target}: a copy, personal data withheld") if redacted else mark("{target}: a copy")
    document = {"case": str(case), "target": str(target), "redacted": redacted}
    emit("export", document, translate(copied, target=target), as_json)
    return 0


def import_(
    packed: Annotated[Path, typer.Argument(help="a zip that `case export` made")],
    case: Annotated[Path, typer.Argument(help="the new case folder")],
    as_json: AsJson = False,
) -> int:
    """Unpack a case, checking every member before it is written, then verify it."""
    from captures.case_carry import unpack_case
    from captures.verify import require_as_sealed

    unpack_case(packed, case)
    require_as_sealed(case)
    text = translate(mark("{case}: taken in, and it verifies"), case=case)
    emit("import", {"zip": str(packed), "case": str(case)}, text, as_json)
    return 0
