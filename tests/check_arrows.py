#!/usr/bin/env python3
"""The layout as a test: who may include whom, and how long things may get.

The arrows are those of docs/architecture.md: config -> dataplane/net; controlplane -> config,
dataplane; the data plane points at neither. What must build without DPDK includes none of it, not
through others either.
"""

import ast
import os
import re
import subprocess
import sys

MAX_FILE_LINES, MAX_COLUMNS, MAX_FUNCTION_LINES = 800, 100, 70
AREAS = ("config/", "controlplane/", "dataplane/", "bench/", "tests/")

# (files under, project includes allowed under); the first match counts.
ALLOWED = (
    ("dataplane/net/", ("dataplane/net/",)),
    ("dataplane/", ("dataplane/",)),
    ("config/", ("config/", "dataplane/net/")),
    ("controlplane/", ("controlplane/", "config/", "dataplane/")),
)
WITHOUT_DPDK = ("dataplane/net/", "config/", "controlplane/cli/", "controlplane/api/")

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)
_ACCESS = re.compile(r"\b(?:public|private|protected):")
_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)


def tracked(root):
    """The project's files; those of the working tree when it is no repository."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True
    )
    if listed.returncode == 0:
        return [
            path for path in listed.stdout.splitlines() if os.path.exists(os.path.join(root, path))
        ]
    return [
        os.path.relpath(os.path.join(folder, name), root)
        for area in AREAS
        for folder, _, names in os.walk(os.path.join(root, area))
        for name in names
    ]


def blank(text):
    """The same number of lines, without content."""
    return "\n" * text.count("\n")


def code_only(text):
    """C++ without comments, literals and preprocessor lines; every line stays where it was."""
    text = _TOKENS.sub(lambda match: '""' + blank(match.group()), text)
    text = _ACCESS.sub(";", text)
    return _PREPROCESSOR.sub(lambda match: blank(match.group()), text)


def functions(text):
    """(first line, length) of each function body that is not inside another one."""
    code = code_only(text)
    stack, start, found = [], 0, []
    for position, char in enumerate(code):
        if char == ";":
            start = position + 1
        elif char == "{":
            head = code[start:position].strip()
            holder = re.search(
                r"\b(namespace|class|struct|union|enum|extern)\b", head.split("(")[0]
            )
            inside = any(stack_kind for stack_kind, _ in stack)
            is_function = (
                not inside and not holder and "(" in head and "=" not in head.split("(")[0]
            )
            first = start + len(code[start:position]) - len(code[start:position].lstrip())
            stack.append((is_function, first))
            start = position + 1
        elif char == "}" and stack:
            is_function, first = stack.pop()
            if is_function:
                found.append(
                    (code.count("\n", 0, first) + 1, code.count("\n", first, position) + 1)
                )
            start = position + 1
    return found


def python_functions(text):
    return [
        (node.lineno, node.end_lineno - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    ]


class Layout:
    def __init__(self, root):
        self.root = root
        self.text = {}
        for path in tracked(root):
            if path.startswith(AREAS) and (
                path.endswith((".cpp", ".hpp", ".h", ".py")) or self.script(path)
            ):
                with open(os.path.join(root, path), errors="replace") as file:
                    self.text[path] = file.read()
        self.includes = {
            path: _INCLUDE.findall(text)
            for path, text in self.text.items()
            if path.endswith((".cpp", ".hpp", ".h"))
        }
        self.found = []

    def script(self, path):
        full = os.path.join(self.root, path)
        if "." in os.path.basename(path) or not os.access(full, os.X_OK):
            return False
        with open(full, "rb") as file:
            return b"python" in file.readline()

    def say(self, path, line, message):
        self.found.append(f"{path}:{line}: {message}")

    def check_arrows(self):
        for path, includes in self.includes.items():
            allowed = next((to for under, to in ALLOWED if path.startswith(under)), None)
            if allowed is None:
                continue
            for mark, name in includes:
                if mark == '"' and not name.startswith(allowed):
                    self.say(path, 1, f"may not include {name}; only {', '.join(allowed)}")

    def check_dpdk(self):
        for path in self.includes:
            if path.startswith(WITHOUT_DPDK):
                way = self.way_to_dpdk(path, set())
                if way:
                    self.say(path, 1, "must do without DPDK, but includes " + " -> ".join(way))

    def way_to_dpdk(self, path, seen):
        """The chain of includes from here to a header of DPDK, or None."""
        for _, name in self.includes.get(path, ()):
            if os.path.basename(name).startswith("rte_"):
                return [name]
            if name in self.includes and name not in seen:
                seen.add(name)
                way = self.way_to_dpdk(name, seen)
                if way:
                    return [name] + way
        return None

    def check_sizes(self):
        for path, text in self.text.items():
            lines = text.splitlines()
            if len(lines) >= MAX_FILE_LINES:
                self.say(path, len(lines), f"a file of {len(lines)} lines; under {MAX_FILE_LINES}")
            for number, line in enumerate(lines, 1):
                if len(line) > MAX_COLUMNS:
                    self.say(path, number, f"{len(line)} columns; at most {MAX_COLUMNS}")
            if path.startswith("tests/unit/"):
                continue  # a test may be a long table of rows
            for number, length in (functions if path in self.includes else python_functions)(text):
                if length > MAX_FUNCTION_LINES:
                    self.say(path, number, f"{length} lines in a function; {MAX_FUNCTION_LINES} do")


def main():
    layout = Layout(
        sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    )
    layout.check_arrows()
    layout.check_dpdk()
    layout.check_sizes()
    print("\n".join(layout.found) or f"{len(layout.text)} files are as they should be")
    return 1 if layout.found else 0


if __name__ == "__main__":
    sys.exit(main())
