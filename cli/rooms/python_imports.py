"""Prints the imports of Python files as JSON, in the form of `Reference` in typescript-imports.ts."""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOTS = ("", "glue/")
# a folder needs no __init__.py to be a package
ENDINGS = (".py", "/__init__.py", "/")


def references(path: Path) -> Iterator[dict[str, object]]:
    """Yield the imports of a file, those within functions included."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        for modules in modules_of(node, path):
            yield {
                "from": str(path),
                "line": getattr(node, "lineno", 1),
                "files": [file for module in modules for file in files_of(module)],
                "onlyTypes": False,
                "isRelative": isinstance(node, ast.ImportFrom) and node.level > 0,
            }


def modules_of(node: ast.AST, path: Path) -> list[list[str]]:
    """Return, for each name that a node imports, the modules that it may mean; none where it is computed."""
    match node:
        case ast.Import(names):
            return [[alias.name] for alias in names]
        case ast.ImportFrom(module, names, level):
            package = path.parts[:-level] if level else ()
            parent = ".".join([*package, *filter(None, [module])])
            return [[f"{parent}.{alias.name}", parent] for alias in names]
        case ast.Call(ast.Attribute(attr="import_module") | ast.Name("import_module" | "__import__"), words):
            match words:
                case [ast.Constant(str(name)), *_] if not name.startswith("."):
                    return [[name]]
            return [[]]
    return []


def files_of(module: str) -> list[str]:
    """Return the files that a module may be, by their paths from the root of the project."""
    return [root + module.replace(".", "/") + ending for root in ROOTS for ending in ENDINGS]


if __name__ == "__main__":
    print(json.dumps([each for name in sys.argv[1:] for each in references(Path(name))]))
