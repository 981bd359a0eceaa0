"""What errors say, for the catalogue of domain `errors`: `python tests/error_texts.py` brings its list up to date.

An error says in English what was expected, what came, where and what next, at the place that raises it: captures and
protocols know no catalogue (the one arrow), and what is stored knows no language.  Here these sentences are read from
the source as templates; `harness.error_sentences` knows them again by their form where an operator reads Chinese.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from harness.report.errors import tells  # noqa: E402

CATALOGUE = ROOT / "fixtures" / "locale" / "zh_CN" / "LC_MESSAGES" / "errors.po"
HEADER = (
    "# What errors say, in Chinese.  `python tests/error_texts.py` keeps the list; who changes a text compiles it anew."
)
DAY = datetime(2026, 1, 1, tzinfo=UTC)  # of every version of the file: when it was written is in the history
PACKAGES = ("captures", "protocols", "fixtures", "harness")
# what an engineer reads: codecs, makers of streams, the kit for plugins, and the judge, whose texts are in documents
ENGINEERS = (
    "protocols/wire",
    "fixtures/generators",
    "harness/testing",
    "harness/judge",
    "harness/beginnings",
    "captures/standalone_verify.py",  # says each text in both languages itself
)
BILINGUAL = ("captures/standalone_verify.py",)  # it lies in every case, knows no catalogue and says each text twice
OF_PROGRAMMERS = frozenset({"AssertionError", "TypeError", "NotImplementedError", "RuntimeError"})
SYSTEM_ARGUMENTS = 3  # number, text and path
MARKED = frozenset({"mark", "translate", "Sentence", "tell"})  # in the catalogue of operator texts already
WORDS = frozenset({"none", "nothing"})  # the single words that are texts
PARTS_OF_ERRORS = frozenset(
    {"expected", "got", "remedy", "what_next"}
)  # what parameters are called that go into an error
# what an object tells of itself, of those that errors show: the key of a file, the kind of a value, an instrument, a table
TOLD_BY_OBJECTS = frozenset({"expected", "meaning", "capacity_source", "observes_why", "path"})
GIVEN_KIND = "error_type"  # what a kind of error is called that a reader of files is told to raise
OF_PLUGINS, REASON_AND_REMEDY = "Plugin", slice(5, 7)  # why one does not load and what to do stand in what is listed
OF_CASES = "Difference"  # of a case that does not verify: harness.report.differences knows what stands in one
# what the standard library and the system say, in fields of ours or alone after a path
SAID_ELSEWHERE = (
    "{what} (at line {line}, column {column})",
    "{what} (at end of document)",
    "Invalid statement",
    "Invalid value",
    "Invalid date or datetime",
    "Invalid hex value",
    "Invalid initial character for a key part",
    "Illegal character {character}",
    "Unterminated string",
    "Unclosed array",
    "Unclosed inline table",
    "Duplicate inline table key {key}",
    "Expected newline or end of document after a statement",
    "Expected '=' after a key in a key/value pair",
    "Expected ']' at the end of a table declaration",
    "Expected ']]' at the end of an array declaration",
    "Cannot overwrite a value",
    "Cannot declare {key} twice",
    "Cannot mutate immutable namespace {key}",
    "Unescaped '\\' in a string",
    "No such file or directory",
    "No such device",
    "No such device or address",
    "No space left on device",
    "Permission denied",
    "Operation not permitted",
    "File exists",
    "File too large",
    "File name too long",
    "Is a directory",
    "Not a directory",
    "Directory not empty",
    "Device or resource busy",
    "Disk quota exceeded",
    "Input/output error",
    "Invalid argument",
    "Read-only file system",
    "Too many open files",
    "Too many levels of symbolic links",
)
Piece = str | ast.expr
Form = tuple[Piece, ...]
Function = ast.FunctionDef


def templates(root: Path = ROOT) -> list[str]:
    """Every sentence of every error in the tree, and every part that stands in a field of one, as a template."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sources(root)]
    kinds = _error_kinds(trees) | {GIVEN_KIND}
    calls = defaultdict[str, list[Called]](list)
    for tree in trees:
        for call in _calls(tree):
            calls[_name(call.node.func)].append(call)
    objects = _objects(trees)
    return sorted({text for tree in trees for text in Module(tree, calls, objects).templates(kinds)})


def texts() -> list[str]:
    """All that the catalogue holds."""
    return sorted({*templates(), *SAID_ELSEWHERE})


def sources(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if not path.relative_to(root).as_posix().startswith(ENGINEERS + BILINGUAL):
                yield path


def _error_kinds(trees: list[ast.Module]) -> set[str]:
    classes = [one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.ClassDef)]
    bases = {one.name: {_name(base) for base in one.bases} for one in classes}
    kinds = {"Exception", "ValueError", "OSError", "LookupError", "RuntimeError"}
    while more := {name for name, own in bases.items() if own & kinds} - kinds:
        kinds |= more
    return kinds & set(bases)


@dataclass(frozen=True)
class Told:
    """What objects tell of themselves as one attribute: what properties answer, and what is given where one is made."""

    properties: list[tuple[Function, ast.expr]]
    classes: dict[str, int | None]  # by name: the place of the attribute among the arguments, None where it is named


def _objects(trees: list[ast.Module]) -> dict[str, Told]:
    found = {name: Told([], {}) for name in TOLD_BY_OBJECTS}
    for kind in (one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        fields = [_name(one.target) for one in kind.body if isinstance(one, ast.AnnAssign)]
        for one in (one for one in kind.body if isinstance(one, Function)):
            if one.name == "__init__":
                fields = [argument.arg for argument in one.args.args[1:]]
            elif one.name in found:
                answers = (node.value for node in _own_nodes(one) if isinstance(node, ast.Return))
                found[one.name].properties.extend((one, answer) for answer in answers if answer is not None)
        if kind.name == OF_CASES:
            continue
        for name in TOLD_BY_OBJECTS.intersection(fields):
            found[name].classes[kind.name] = fields.index(name)
    return found


@dataclass(frozen=True)
class Called:
    node: ast.Call
    scope: ast.AST
    tree: ast.Module
    imported: frozenset[str]  # the names that its module takes from others


def _calls(tree: ast.Module) -> Iterator[Called]:
    imports = (one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom))
    imported = frozenset(alias.asname or alias.name for one in imports for alias in one.names)
    for scope in (tree, *(one for one in ast.walk(tree) if isinstance(one, Function))):
        yield from (Called(one, scope, tree, imported) for one in _own_nodes(scope) if isinstance(one, ast.Call))


@dataclass
class Module:
    tree: ast.Module
    calls: Mapping[str, list[Called]]  # of the whole tree, by the name called: a text may be given by another module
    objects: Mapping[str, Told]  # of the whole tree, by the attribute

    def __post_init__(self) -> None:
        self.functions = [one for one in ast.walk(self.tree) if isinstance(one, Function)]
        self.seen: set[tuple[int, str]] = set()

    def templates(self, kinds: set[str]) -> Iterator[str]:
        for scope in (self.tree, *self.functions):
            for one in _own_nodes(scope):
                if isinstance(one, ast.Raise) and isinstance(one.exc, ast.Call):
                    if _name(one.exc.func) not in OF_PROGRAMMERS:
                        yield from self._arguments(one.exc, scope)
                elif isinstance(one, ast.Call) and _name(one.func) in kinds:
                    yield from self._arguments(one, scope)
                elif isinstance(one, ast.Call) and _name(one.func) == OF_PLUGINS:
                    for node in one.args[REASON_AND_REMEDY]:
                        yield from self._of(node, scope)

    def _arguments(self, call: ast.Call, scope: ast.AST) -> Iterator[str]:
        """What `call` tells the error: its first argument, or the second of three as the system's own errors have it."""
        for node in call.args[1:2] if len(call.args) == SYSTEM_ARGUMENTS else call.args[:1]:
            yield from self._of(node, scope)

    def _of(self, node: ast.expr, scope: ast.AST) -> Iterator[str]:
        """The forms of `node`, and of the texts that stand in its fields."""
        for form in _forms(node):
            if (text := _template(form)) is not None:
                yield text
            for piece in form:
                if not isinstance(piece, str):
                    yield from (part for part in self._behind(piece, scope) if " " in part or part in WORDS)

    def _behind(self, node: ast.expr, scope: ast.AST) -> Iterator[str]:
        """The texts that a name was given in its function, or that a function of this module answers; a single word is
        a name more often than a text."""
        if (key := (id(scope), ast.unparse(node))) in self.seen:
            return
        self.seen.add(key)
        if isinstance(node, ast.Name):
            yield from self._given(node.id, scope)
            for one in _own_nodes(scope):
                if isinstance(one, ast.Assign | ast.NamedExpr | ast.AnnAssign) and one.value is not None:
                    targets = one.targets if isinstance(one, ast.Assign) else [one.target]
                    if any(_name(target) == node.id for target in targets):
                        yield from self._of(one.value, scope)
        elif isinstance(node, ast.Attribute) and node.attr in self.objects:
            yield from self._told(node.attr)
        elif isinstance(node, ast.Call) and _name(node.func) not in MARKED:
            if _name(node.func) == "join" and node.args and isinstance(node.args[0], ast.GeneratorExp):
                yield from self._of(node.args[0].elt, scope)
            for called in (one for one in self.functions if one.name == _name(node.func)):
                for one in _own_nodes(called):
                    if isinstance(one, ast.Return) and one.value is not None:
                        yield from self._of(one.value, called)

    def _told(self, attribute: str) -> Iterator[str]:
        """The texts that objects tell of themselves as `attribute`, whichever object is meant."""
        told = self.objects[attribute]
        for scope, answer in told.properties:
            yield from self._of(answer, scope)
        for kind, place in told.classes.items():
            for called in self.calls.get(kind, ()):
                for keyword in called.node.keywords:
                    if keyword.arg == attribute:
                        yield from self._of(keyword.value, called.scope)
                if place is not None and place < len(called.node.args):
                    yield from self._of(called.node.args[place], called.scope)

    def _given(self, parameter: str, scope: ast.AST) -> Iterator[str]:
        """The texts that callers give for `parameter` of the function `scope`."""
        if not isinstance(scope, Function):
            return
        positions = [one.arg for one in (*scope.args.posonlyargs, *scope.args.args) if one.arg not in ("self", "cls")]
        if parameter not in (*positions, *(one.arg for one in scope.args.kwonlyargs)):
            return
        for called in self.calls.get(scope.name, ()):
            if self._is_meant(called, parameter):
                for keyword in called.node.keywords:
                    if keyword.arg == parameter:
                        yield from self._of(keyword.value, called.scope)
                if parameter in positions[: len(called.node.args)]:
                    yield from self._of(called.node.args[positions.index(parameter)], called.scope)

    def _is_meant(self, called: Called, parameter: str) -> bool:
        """Whether `called` is a function of this module; a method of another one is known by a parameter that says what
        it is for."""
        known = called.tree is self.tree or _name(called.node.func) in called.imported
        return known or (isinstance(called.node.func, ast.Attribute) and parameter in PARTS_OF_ERRORS)


@cache
def _own_nodes(scope: ast.AST) -> tuple[ast.AST, ...]:
    """What stands in `scope` itself and not in a function inside it."""
    waiting, found = list(ast.iter_child_nodes(scope)), list[ast.AST]()
    while waiting:
        found.append(waiting.pop())
        if not isinstance(found[-1], Function):
            waiting.extend(ast.iter_child_nodes(found[-1]))
    return tuple(found)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _forms(node: ast.expr) -> list[Form]:
    """The ways in which `node` can be read as text with fields; an expression that is no text is one field."""
    if isinstance(node, ast.Constant):
        return [(node.value if isinstance(node.value, str) else str(node.value),)]
    if isinstance(node, ast.JoinedStr):
        return _in_a_row([_forms(one.value if isinstance(one, ast.FormattedValue) else one) for one in node.values])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is_text(node):
        return _in_a_row([_forms(node.left), _forms(node.right)])
    if isinstance(node, ast.IfExp):
        return _forms(node.body) + _forms(node.orelse)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return [form for value in node.values for form in _forms(value)]
    return [(node,)]


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _in_a_row(parts: list[list[Form]]) -> list[Form]:
    return [tuple(piece for part in one for piece in part) for one in product(*parts)]


def _template(form: Form) -> str | None:
    """`form` as a text with {fields}, fields without text between them as one; None where it could be anybody's words."""
    text, used, after_field = "", set[str](), False
    for piece in form:
        if isinstance(piece, str):
            text += piece.replace("{", "{{").replace("}", "}}")
            after_field = after_field and not piece
        elif not after_field:
            name = _field(piece)
            name = next(one for one in (name, *(f"{name}{n}" for n in range(2, 99))) if one not in used)
            used.add(name)
            text += "{" + name + "}"
            after_field = True
    return text if re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", text)) and tells(text) else None


def _field(node: ast.expr) -> str:
    """A name for the translator: that of what is shown."""
    if isinstance(node, ast.Call):
        own = _name(node.func)
        if node.args and (isinstance(node.func, ast.Name) or own == "join"):
            return _field(node.args[0])
        if own in ("get", "format", "hex", "decode", "strip", "as_posix", "isoformat") and isinstance(
            node.func, ast.Attribute
        ):
            return _field(node.func.value)
        return own.strip("_").lower() or "value"
    if isinstance(node, ast.Subscript | ast.Starred | ast.Await):
        return _field(node.value)
    if isinstance(node, ast.BinOp):
        return _field(node.right if isinstance(node.left, ast.Constant) else node.left)
    if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return _field(node.generators[0].iter)
    return _name(node).strip("_").lower() or "value"


def write(path: Path = CATALOGUE) -> list[str]:
    """Bring the catalogue at `path` up to date: new sentences without a translation, old ones gone; what is to be translated."""
    before = read_po(io.BytesIO(path.read_bytes())) if path.exists() else Catalog()
    known = {str(one.id): str(one.string) for one in before if one.id}
    after = Catalog("zh_CN", "errors", HEADER, "shortmeasure", creation_date=DAY, revision_date=DAY, fuzzy=False)
    found = texts()
    for text in found:
        after.add(text, known.get(text, ""))
    written = io.BytesIO()
    write_po(written, after, width=0)
    path.write_bytes(written.getvalue())
    return [text for text in found if not known.get(text)]


if __name__ == "__main__":
    print(*write(), sep="\n")
