"""Where the settings come from: flag, then MENTORCYCLE_*, then `mentorcycle.toml` here or above, then the
person's own config, then the default. Not for what a setting means to the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .exits import WrongValue
from .session import FORMATS

FILE = "mentorcycle.toml"
DEFAULT_DB = "sqlite:///mentorcycle.db"
DEMO_DB = "sqlite:///mentorcycle-demo.db"


class Key(NamedTuple):
    """One setting: its name in a config file, its flag and its variable."""

    name: str
    flag: str
    variable: str


KEYS = {
    "db": Key("db", "--db", "MENTORCYCLE_DB"),
    "actor": Key("as", "--as", "MENTORCYCLE_ACTOR"),
    "tenant": Key("tenant", "--tenant", "MENTORCYCLE_TENANT"),
    "program": Key("program", "--program", "MENTORCYCLE_PROGRAM"),
    "format": Key("format", "--format", "MENTORCYCLE_FORMAT"),
}
_FIELD_OF = {key.name: field for field, key in KEYS.items()}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one invocation; None is not set. `origins` says of each where it came from."""

    db: str
    actor: str | None
    tenant: str | None
    program: str | None
    format: str | None
    origins: Mapping[str, str]


def load(flags: Mapping[str, str], environ: Mapping[str, str], here: Path) -> Settings:
    """Merge all sources; raise `WrongValue` for an empty flag, and with file and line for a config that cannot be used.

    An empty variable is one that is not set: so a variable is taken back for one command.
    """
    merged: dict[str, tuple[str, str]] = {"db": (DEFAULT_DB, "default")}
    for file in (personal_file(environ), project_file(here)):  # the nearest last: it wins
        merged.update({field: (value, str(file)) for field, value in _of_file(file)})
    for field, key in KEYS.items():
        if value := environ.get(key.variable):
            merged[field] = (_readable(value, key.variable), key.variable)
        if (value := flags.get(field)) is not None:
            merged[field] = (_given(value, key.flag), key.flag)
    if "format" in merged:
        _check_format(*merged["format"])
    values = {field: merged[field][0] if field in merged else None for field in KEYS}
    origins = {field: origin for field, (_, origin) in merged.items()}
    return Settings(db=merged["db"][0], **{f: v for f, v in values.items() if f != "db"}, origins=origins)


def _given(value: str, flag: str) -> str:
    """What was typed; nothing is not the default: it mostly comes from a variable of the shell that is not set."""
    if not value.strip():
        fix = "set the variable that stands there, or leave the option out"
        raise WrongValue(f"{flag} says nothing", "its value is empty", fix)
    return value


def _readable(value: str, variable: str) -> str:
    from .words import utf8

    try:
        return utf8(value)
    except UnicodeError:
        raise WrongValue(f"{variable} is not UTF-8 text", "other bytes name nothing", "set it anew") from None


def project_file(here: Path) -> Path | None:
    """The nearest `mentorcycle.toml` in this folder or above."""
    return next((path for folder in (here, *here.parents) if _there(path := folder / FILE)), None)


def personal_file(environ: Mapping[str, str]) -> Path | None:
    """The person's own config, where the XDG rules put it."""
    folder = Path(environ.get("XDG_CONFIG_HOME", ""))
    if not folder.is_absolute():  # the rules say that a relative one is ignored
        folder = Path(environ.get("HOME") or Path.home()) / ".config"
    path = folder / "mentorcycle" / "config.toml"
    return path if _there(path) else None


def _there(path: Path) -> bool:
    """Whether there is such a file, as far as this user may look: the home of another user is no config."""
    try:
        return path.is_file()
    except OSError:
        return False


def _of_file(path: Path | None) -> Iterator[tuple[str, str]]:
    if path is None:
        return
    import tomllib

    try:
        text = path.read_text("utf-8")
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).removesuffix(")").partition(" (at ")
        line = place.removeprefix("line ").partition(",")[0]
        line = line if line.isdecimal() else str(text.count("\n") + 1)
        raise WrongValue(
            f"{path}:{line}: {reason}", "it is not TOML there", 'write lines like db = "…"'
        ) from None
    except UnicodeDecodeError:
        raise WrongValue(f"{path} is not text", "a config is UTF-8", "save it as UTF-8") from None
    except OSError as error:
        raise WrongValue(
            f"{path} cannot be read", error.strerror or "", "make it readable or move it"
        ) from None
    for name, value in found.items():
        place = f"{path}:{_line(text, name)}"
        if name not in _FIELD_OF:
            raise _unknown(place, name)
        if not isinstance(value, str) or not value.strip():
            why = "it is empty" if isinstance(value, str) else f"it is a TOML {type(value).__name__}"
            raise WrongValue(f"{place}: {name} is not a text", why, f'write {name} = "…"')
        if name == "format":
            _check_format(value, place)
        yield _FIELD_OF[name], _beside(path, value) if name == "db" else value


def _beside(path: Path, url: str) -> str:
    """A relative SQLite path in a config means the same store from every folder."""
    scheme, place = "sqlite:///", url.removeprefix("sqlite:///")
    if not url.startswith(scheme) or place.startswith(("/", ":memory:")) or not place:
        return url
    return f"{scheme}{path.parent.absolute() / place}"


def _unknown(place: str, name: str) -> WrongValue:
    from difflib import get_close_matches

    meant = get_close_matches(name, _FIELD_OF, n=1)
    fix = f"did you mean {meant[0]}?" if meant else "remove it"
    return WrongValue(f"{place}: unknown key {name!r}", f"known keys are {', '.join(_FIELD_OF)}", fix)


def _check_format(value: str, origin: str) -> None:
    if value not in FORMATS:
        why = f"formats are {', '.join(FORMATS)}"
        raise WrongValue(f"{origin}: there is no format {value!r}", why, "write one of them")


def _line(text: str, name: str) -> int:
    """Where a key stands; `tomllib` does not say. 1 when it is written in a way not looked for."""
    pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(name)}[\"']?\s*[=.\]]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)
