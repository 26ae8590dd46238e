"""What a source file imports, read from its syntax tree."""

import ast


def imported_modules(source: str) -> set[str]:
    """Return the top-level names of all modules imported in `source`, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.partition('.')[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith('import_module'):
            found |= {
                str(a.value).partition('.')[0] for a in node.args if isinstance(a, ast.Constant)
            }
    return found
