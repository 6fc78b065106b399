"""Check that the documents tell the truth about the tree (part of ``make check``). Standard library only.

Links in Markdown files lead somewhere; paths in ARCHITECTURE.md's table exist; every ``gateway <verb>`` and
``make <target>`` exists; changelog fragments are well named; every document that a page, a docstring or a comment names
exists; no committed file names a registry host; no page and no Python file looks outside the repository.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
FENCE = re.compile(r"^(```+|~~~+).*?^\1\s*$", re.MULTILINE | re.DOTALL)
SHELL_FENCE = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
VERB = re.compile(r"(?:^|[\s/`$])gateway ([a-z][a-z-]*)((?: [a-z][a-z-]*)?)")
TARGET = re.compile(r"(?:^|\s)make ([a-z][a-z-]*)")
PATH_LIKE = re.compile(r"^[\w.-]+(?:/[\w.<>*-]*)+$|^[\w.-]+\.(?:py|md|toml|yaml|sh|csv|json)$")
FRAGMENT = re.compile(r"^\d{4}-\d{2}-\d{2}-[a-z0-9]+(?:-[a-z0-9]+)*\.(?:added|changed|fixed|removed|security)\.md$")
# Spelled in pieces, so that this file does not contain what it forbids.
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry", "npmjs", "org"),
            ("registry", "yarnpkg", "com"),
            ("docker", "io"),
            ("ghcr", "io"),
            ("quay", "io"),
            ("crates", "io"),
            ("proxy", "golang", "org"),
            ("deb", "debian", "org"),
        )
    ),
    re.IGNORECASE,
)
BIG_FILE_BYTES = 4 << 20
UPWARDS = re.compile(r"(?<![\w./$*])(?:\.\./)+\w[\w./@-]*")
DOCUMENT = re.compile(r"(?<![\w./<>*{}-])\w[\w./-]*\.md\b")
"""A Markdown file named in running text; one with a placeholder in its path is none."""
ABSENT = re.compile(r"\bDES" + r"IGN\b|\bissue \d+")
"""Documents that were never part of the repository. In pieces, so that this file does not name one."""
SPEAKING = {".md", ".toml", ".yaml", ".yml", ".sh", ".js", ".css", ".html"}
"""Files that are read whole for the documents that they name; of Python files the docstrings and comments are."""
ROOTS = {"ROOT", "INSTALLATION"}
"""Names that modules import for the repository's root."""


def committed(root: Path) -> list[Path]:
    """Files that git tracks or would track (new ones that are not ignored)."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := root / name).is_file()]


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Relative links (and images) of a page that lead nowhere."""
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:|#", target):
            continue
        if not (page.parent / target.split("#")[0]).exists():
            yield f"link to {target}, which is not there"


def commands(text: str) -> Iterator[str]:
    """Code spans and the lines of shell blocks: where commands are named."""
    for block in SHELL_FENCE.findall(text):
        yield from (line.split(" #", 1)[0] for line in block.splitlines() if not line.startswith("#"))
    yield from SPAN.findall(FENCE.sub("", text))


def known_verbs(root: Path) -> dict[str, set[str]]:
    """Each verb of the command line with its sub-verbs, read from the sources of ``gateway/cli``."""
    verbs: dict[str, set[str]] = {}
    for module in sorted((root / "gateway" / "cli").rglob("*.py")):
        names = _added_parsers(ast.parse(module.read_text(encoding="utf-8")))
        if names:
            verbs[names[0]] = set(names[1:])
    return verbs


def _added_parsers(tree: ast.Module) -> list[str]:
    """The names given to ``add_parser`` in the order of the source, ``for name in (...)`` loops spelled out."""
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add_parser"
        and node.args
    ]
    names: list[tuple[int, str]] = []
    for call in calls:
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            names.append((call.lineno, first.value))
        elif isinstance(first, ast.Name):
            names += [(call.lineno, word) for word in _loop_words(tree, first.id)]
    return [name for _, name in sorted(names, key=lambda pair: pair[0])]


def _loop_words(tree: ast.Module, variable: str) -> Iterator[str]:
    for loop in ast.walk(tree):
        if not isinstance(loop, ast.For):
            continue
        targets = [n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)]
        if variable in targets:
            for item in ast.walk(loop.iter):
                if isinstance(item, ast.Constant) and isinstance(item.value, str) and " " not in item.value:
                    yield item.value


def unknown_commands(text: str, verbs: dict[str, set[str]], targets: set[str]) -> Iterator[str]:
    """Commands a page names that do not exist."""
    for line in commands(text):
        for verb, sub in VERB.findall(line):
            if verb not in verbs:
                yield f"`gateway {verb}` is no verb; known: {', '.join(sorted(verbs))}"
            elif sub.strip() and verbs[verb] and sub.strip() not in verbs[verb]:
                yield f"`gateway {verb}{sub}`: {verb} knows {', '.join(sorted(verbs[verb]))}"
        for target in TARGET.findall(line):
            if target not in targets:
                yield f"`make {target}` is no target; known: {', '.join(sorted(targets))}"


def missing_paths(root: Path, text: str) -> Iterator[str]:
    """Paths in a page's tables that do not exist; ``<kind>`` and ``*`` stand for anything."""
    for row in (line for line in text.splitlines() if line.startswith("|")):
        for span in SPAN.findall(row):
            if PATH_LIKE.match(span) and not any(root.glob(re.sub(r"<\w+>", "*", span.rstrip("/")))):
                yield f"the table names {span}, which is not there"


def make_targets(root: Path) -> set[str]:
    """Targets that the Makefile documents."""
    return set(re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def bad_fragments(root: Path) -> Iterator[str]:
    """Changelog fragments with a name that the release command would not understand, or without text."""
    for path in sorted((root / "changelog.d").iterdir()):
        if path.name == "README.md":
            continue
        if not FRAGMENT.match(path.name):
            yield f"changelog.d/{path.name}: name it YYYY-MM-DD-words.(added|changed|fixed|removed|security).md"
        elif not path.read_text(encoding="utf-8").strip():
            yield f"changelog.d/{path.name}: is empty"


def registry_hosts(files: Iterable[Path], root: Path) -> Iterator[str]:
    """Files that name a package registry's host."""
    for path in files:
        if path.stat().st_size > BIG_FILE_BYTES:
            continue
        found = REGISTRY_HOSTS.search(path.read_bytes().decode("utf-8", errors="ignore"))
        if found:
            yield f"{path.relative_to(root)}: names the registry host {found.group()}"


def paths_upwards(page: Path, text: str, root: Path) -> Iterator[str]:
    """Paths in a page's words that begin with ``../`` and lead to nothing inside the repository."""
    for match in UPWARDS.findall(text):
        target = (page.parent / match).resolve()
        if not target.exists() or not target.is_relative_to(root.resolve()):
            yield f"{match} leads to nothing in the repository"


def told(path: Path, text: str) -> str:
    """What a file tells a person: a page without blocks and links, a Python file's docstrings and comments."""
    if path.suffix == ".md":
        return LINK.sub("", FENCE.sub("", text))
    if path.suffix != ".py":
        return text
    strings = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Expr)]
    docstrings = [one.value for one in strings if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join([*docstrings, *(token.string for token in tokens if token.type == tokenize.COMMENT)])


def absent_documents(path: Path, text: str, root: Path) -> Iterator[str]:
    """Documents that the prose of a file names and that neither its folder, nor one above, nor ``docs`` has."""
    if not DOCUMENT.search(text) and not ABSENT.search(text):
        return  # spares reading the syntax of most files
    prose = told(path, text)
    folders = [folder for folder in path.parents if folder.is_relative_to(root)]
    for name in DOCUMENT.findall(prose):
        if not any((folder / name).exists() for folder in (*folders, root / "docs")):
            yield f"names {name}, which is not there"
    for name in ABSENT.findall(prose):
        yield f"names {name}, a document that is not in the repository: give the reason, or docs/design.md's section"


def outside(text: str, depth: int) -> Iterator[str]:
    """Where a Python file climbs from its own place, or from the root, out of the repository.

    ``depth``: how many parents of the file lie in the repository, its root among them.
    """
    tree = ast.parse(text)
    known = dict.fromkeys(ROOTS, depth)
    for node in tree.body:
        if isinstance(node, ast.Assign) and (height := _height(node.value, known)) is not None:
            known |= {target.id: height for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        height = _height(node, known) if isinstance(node, ast.Attribute | ast.Subscript) else None
        if height is not None and height > depth:
            yield f"line {node.lineno}: `{ast.unparse(node)}` lies outside the repository"


def _height(node: ast.AST, known: dict[str, int]) -> int | None:
    """How many parents above the file the path is that ``node`` stands for; None when that cannot be told."""
    match node:
        case ast.Name(id=name):
            return known.get(name)
        case ast.Call(func=ast.Name(id="Path"), args=[ast.Name(id="__file__")]):
            return 0
        case ast.Call(func=ast.Attribute(value=inner, attr="resolve" | "absolute")):
            return _height(inner, known)
        case ast.Attribute(value=inner, attr="parent"):
            steps = 1
        case ast.Subscript(value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(index))):
            steps = index + 1
        case _:
            return None
    below = _height(inner, known)
    return None if below is None else below + steps


def problems(root: Path = ROOT) -> list[str]:
    """Everything that is wrong with the documents of a working copy."""
    files = committed(root)
    verbs, targets = known_verbs(root), make_targets(root)
    found: list[str] = []
    for page in (path for path in files if path.suffix == ".md"):
        text = page.read_text(encoding="utf-8")
        wrong = [*broken_links(page, text), *unknown_commands(text, verbs, targets), *paths_upwards(page, text, root)]
        if page == root / "ARCHITECTURE.md":
            wrong += missing_paths(root, text)
        found += [f"{page.relative_to(root)}: {problem}" for problem in dict.fromkeys(wrong)]
    for path in (path for path in files if path.suffix in {".py", *SPEAKING} and "vendor" not in path.parts):
        name, text = path.relative_to(root), path.read_text(encoding="utf-8")
        wrong = [*absent_documents(path, text, root)]
        if path.suffix == ".py":
            wrong += outside(text, len(name.parts))
        found += [f"{name}: {problem}" for problem in dict.fromkeys(wrong)]
    return [*found, *bad_fragments(root), *registry_hosts(files, root)]


def main() -> int:
    """Print what is wrong; 1 when something is."""
    found = problems()
    for problem in found:
        print(f"docs: {problem}", file=sys.stderr)
    print(f"docs: {len(found)} problem(s)" if found else "docs: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
