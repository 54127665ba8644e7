# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds each role's defaults, argument specification and README together.

The argument specification is the source: C(defaults/main.yml) has to agree with it, and the README's tables of
variables, between the two markers, are made from it. "check" tells what differs, "write" makes the tables anew.
"""

from __future__ import annotations

import argparse
import json
import re
import runpy
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError, Undefined, UndefinedError
from jinja2.nativetypes import NativeEnvironment

TOP = Path(__file__).resolve().parent.parent
BEGIN = "<!-- variables: begin -->"
END = "<!-- variables: end -->"
_TABLE = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
#: Semantic markup of Ansible's documentation, and what it is in Markdown. O(x=y), V(x) and so on are code.
_MARKUP = (
    (re.compile(r"\b[COVEM]\(((?:[^()\\]|\\.)*)\)"), r"`\1`"),
    (re.compile(r"\bB\(([^()]*)\)"), r"**\1**"),
    (re.compile(r"\bI\(([^()]*)\)"), r"*\1*"),
    (re.compile(r"\bL\(([^(),]*), *([^()]*)\)"), r"[\1](\2)"),
    (re.compile(r"\bU\(([^()]*)\)"), r"<\1>"),
    (re.compile(r"\bRV\(([^()]*)\)"), r"`\1`"),
)
_TYPES = {"str", "list", "dict", "bool", "int", "float", "path", "raw", "jsonarg", "json", "bytes", "bits"}


class _Computed:
    """Stands for a default that is known at run time only."""


COMPUTED = _Computed()


@dataclass(frozen=True)
class Role:
    """What the files of a role say.

    :param defaults: C(defaults/main.yml).
    :param entry_points: C(argument_specs) of C(meta/argument_specs.yml).
    :param readme: the text of README.md, empty if there is none.
    """

    path: Path
    defaults: Mapping[str, Any]
    entry_points: Mapping[str, Mapping[str, Any]]
    readme: str

    @property
    def name(self) -> str:
        """As in the collection."""
        return self.path.name

    def options(self) -> dict[str, dict[str, Any]]:
        """All options of all entry points; where they differ the first one counts."""
        merged: dict[str, dict[str, Any]] = {}
        for entry_point in self.entry_points.values():
            for name, option in (entry_point.get("options") or {}).items():
                merged.setdefault(name, option)
        return merged


def read_role(path: Path) -> Role:
    """Read a role's files; one that is missing counts as empty."""
    specs = _read_yaml(path / "meta" / "argument_specs.yml")
    readme = path / "README.md"
    return Role(
        path=path,
        defaults=_read_yaml(path / "defaults" / "main.yml"),
        entry_points=specs.get("argument_specs") or {},
        readme=readme.read_text() if readme.is_file() else "",
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text()) or {}) if path.is_file() else {}


def _shared_defaults() -> Mapping[str, Any]:
    """Return the defaults that roles look up, from the one file that has them."""
    scope: dict[str, Any] = runpy.run_path(str(TOP / "plugins/module_utils/_settings/defaults.py"))
    shared: Mapping[str, Any] = scope["SHARED"]
    return shared


def _look_up(plugin: str, *terms: str, **_options: Any) -> Any:
    """Do what the collection's own lookup of defaults does; no other lookup is known before a run."""
    if plugin != "asesoria.serverless.default":
        raise UndefinedError(f"{plugin} is asked at run time only")
    return _shared_defaults()[terms[0]]


_ENVIRONMENT = NativeEnvironment(undefined=StrictUndefined)
_ENVIRONMENT.globals["lookup"] = _look_up


# --- Defaults ---------------------------------------------------------------------------------------------------------


def effective_default(name: str, defaults: Mapping[str, Any]) -> Any:
    """What a default is when the user has set nothing; COMPUTED if only a run can tell."""
    return _resolve(defaults[name], defaults, depth=0)


def _resolve(value: Any, defaults: Mapping[str, Any], *, depth: int) -> Any:
    if isinstance(value, Mapping):
        resolved = {key: _resolve(item, defaults, depth=depth) for key, item in value.items()}
        return COMPUTED if COMPUTED in resolved.values() else resolved
    if isinstance(value, list):
        items = [_resolve(item, defaults, depth=depth) for item in value]
        return COMPUTED if COMPUTED in items else items
    if not isinstance(value, str) or "{{" not in value:
        return value
    if depth > len(defaults):
        return COMPUTED
    known = {key: _resolve(item, defaults, depth=depth + 1) for key, item in defaults.items() if key in value}
    known = {key: item for key, item in known.items() if item is not COMPUTED}
    try:
        rendered = _ENVIRONMENT.from_string(value.strip()).render(known)
    except TemplateError:  # a lookup, one of Ansible's filters, or a variable that the run sets
        return COMPUTED
    return COMPUTED if isinstance(rendered, Undefined) else rendered


def default_problems(role: Role) -> Iterator[str]:
    """Where C(defaults/main.yml) and the argument specification differ."""
    options = role.options()
    for name in role.defaults:
        if name.startswith(f"{role.name}__"):
            if name in options:
                yield f"{name}: private (two underscores), but in the argument specification"
        elif not name.startswith(f"{role.name}_"):
            yield f"{name}: in the defaults, but does not begin with {role.name}_"
        elif name not in options:
            yield f"{name}: in the defaults, but not in the argument specification"
    for name, option in options.items():
        yield from _option_default_problems(name, option, role.defaults)


def _option_default_problems(name: str, option: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    says_default = "default" in _plain(option.get("description")).lower()
    if option.get("required"):
        if name in defaults:
            yield f"{name}: required, but has a default"
    elif name in defaults:
        yield from _value_problems(name, option, defaults, says_default=says_default)
    elif "default" in option:
        yield f"{name}: the specification gives a default, but it is not in the defaults"
    elif not says_default:
        yield f"{name}: optional without a default: let the description say what the default is"


def _value_problems(
    name: str, option: Mapping[str, Any], defaults: Mapping[str, Any], *, says_default: bool
) -> Iterator[str]:
    actual = effective_default(name, defaults)
    if option.get("default", COMPUTED) in (defaults[name], actual):
        if actual is COMPUTED and not says_default and "default" not in option:
            yield f"{name}: the default is computed: let the description say what the default is"
    elif actual is COMPUTED:
        yield f"{name}: the default is computed, so the specification can't give {option['default']!r}"
    elif "default" not in option:
        yield f"{name}: the defaults give {actual!r}, the specification gives none"
    else:
        yield f"{name}: the defaults give {actual!r}, the specification {option['default']!r}"


# --- The specification itself -----------------------------------------------------------------------------------------


def specification_problems(role: Role) -> Iterator[str]:
    """What is missing in the argument specification."""
    if not role.entry_points:
        yield "meta/argument_specs.yml: missing or empty"
    for entry_name, entry_point in role.entry_points.items():
        if not entry_point.get("short_description"):
            yield f"entry point {entry_name}: no short_description"
        if not (role.path / "tasks" / f"{entry_name}.yml").is_file():
            yield f"entry point {entry_name}: there is no tasks/{entry_name}.yml"
        for name, option in (entry_point.get("options") or {}).items():
            yield from _option_problems(f"{entry_name}: {name}", option)
            if option != role.options()[name] and option.get("default") != role.options()[name].get("default"):
                yield f"{entry_name}: {name}: another default than in an earlier entry point"


def _option_problems(where: str, option: Mapping[str, Any]) -> Iterator[str]:
    if not option.get("description"):
        yield f"{where}: no description"
    if option.get("type") not in _TYPES:
        yield f"{where}: type is {option.get('type')!r}"
    if option.get("type") == "list" and option.get("elements") not in _TYPES:
        yield f"{where}: elements is {option.get('elements')!r}"
    for name, inner in (option.get("options") or {}).items():
        yield from _option_problems(f"{where}.{name}", inner)


# --- The README -------------------------------------------------------------------------------------------------------


def tables(role: Role) -> str:
    """The tables of variables, with the markers, as they should be in the README."""
    parts = []
    described: set[str] = set()
    for name, entry_point in role.entry_points.items():
        options = entry_point.get("options") or {}
        if len(role.entry_points) > 1:
            parts.append(f"Entry point `{name}`: {_markdown(entry_point.get('short_description', ''))}")
        parts.extend(_variables(options, described, role.defaults))
        described.update(options)
    return "\n\n".join([BEGIN, *parts, END])


def _variables(
    options: Mapping[str, Mapping[str, Any]], described: Set[str], defaults: Mapping[str, Any]
) -> Iterator[str]:
    """Describe an entry point's variables: a table of the new ones, and the names of those described before."""
    rows = list(_rows({name: option for name, option in options.items() if name not in described}, defaults))
    if rows:
        yield "\n".join(["| Variable | Type | Default | What it is |", "|---|---|---|---|", *rows])
    if known := [f"`{name}`" for name in options if name in described]:
        yield f"As described above: {', '.join(known)}."
    if not options:
        yield "None."


def _rows(options: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, option in options.items():
        text = _markdown(_plain(option.get("description")))
        if option.get("choices"):
            text += " One of " + ", ".join(_code(choice) for choice in option["choices"]) + "."
        kind = f"list of {option['elements']}" if "elements" in option else str(option.get("type", "str"))
        yield f"| `{prefix}{name}` | {kind} | {_default_cell(name, option, defaults)} | {text} |"
        yield from _rows(option.get("options") or {}, {}, prefix=f"{prefix}{name}.")


def _default_cell(name: str, option: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    default = option["default"]
    if name in defaults and effective_default(name, defaults) is not COMPUTED:
        default = effective_default(name, defaults)
    return _code(default)


def _code(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{text}`".replace("|", "\\|")


def _plain(description: Any) -> str:
    if isinstance(description, list):
        return " ".join(_plain(item) for item in description)
    return " ".join(str(description or "").split())


def _markdown(text: str) -> str:
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text.replace("|", "\\|")


def readme_problems(role: Role) -> Iterator[str]:
    """Whether the README's tables are what the specification says."""
    if not role.readme:
        yield "README.md: missing"
    elif not _TABLE.search(role.readme):
        yield f"README.md: no {BEGIN} ... {END} for the table of variables"
    elif with_tables(role) != role.readme:
        yield "README.md: the table of variables is not up to date: run scripts/role-readmes"


def with_tables(role: Role) -> str:
    """The README with its tables made anew."""
    return _TABLE.sub(lambda _match: tables(role), role.readme)


# --- The command line -------------------------------------------------------------------------------------------------


def check(roles: list[Role]) -> int:
    """Print what differs; 1 if anything does."""
    count = 0
    for role in roles:
        for problem in (*specification_problems(role), *default_problems(role), *readme_problems(role)):
            print(f"roles/{role.name}: {problem}")
            count += 1
    print(f"{len(roles)} roles, {count} problems")
    return 1 if count or not roles else 0


def write(roles: list[Role]) -> int:
    """Make the tables of all READMEs anew."""
    for role in roles:
        if role.readme and with_tables(role) != role.readme:
            (role.path / "README.md").write_text(with_tables(role))
            print(f"roles/{role.name}/README.md: written")
    return 0


def main() -> int:
    """Check or write, for the roles that are named or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("action", choices=("check", "write"))
    parser.add_argument("roles", nargs="*", metavar="ROLE")
    options = parser.parse_args()
    paths = sorted(path for path in (TOP / "roles").iterdir() if path.is_dir())
    roles = [read_role(path) for path in paths if not options.roles or path.name in options.roles]
    return check(roles) if options.action == "check" else write(roles)


if __name__ == "__main__":
    sys.exit(main())
