"""Makes ``speech/voice_encoder.npz`` from the weights that the package resemblyzer 0.1.4 carries (Apache-2.0).

``python -m evals.make_voice_encoder`` fetches the package as an archive (nothing of it is installed or imported), checks
the SHA-256 of ``pretrained.pt`` and reads the tensors as data: the opcodes of its pickle say where each one lies, and no
pickle is executed. Only the encoder is kept, in half precision: 2.8 MB of 17.
"""

import hashlib
import io
import pickletools
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llms.weights import pip_fetch
from speech.voices import LAYERS, WEIGHTS

PACKAGE, MEMBER = "resemblyzer==0.1.4", "resemblyzer/pretrained.pt"
SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
_HEAD = 3
"""Pickles before the one that describes the tensors: a magic number, a version, the machine."""


def tensors(raw: bytes) -> Mapping[str, NDArray[np.float32]]:
    """The model's tensors by name, from a file of the older form that ``torch.save`` wrote before version 1.6."""
    file = io.BytesIO(raw)
    for _ in range(_HEAD):
        list(pickletools.genops(file))
    described = list(_described([(op.name, arg) for op, arg, _ in pickletools.genops(file)]))
    keys = [str(arg) for op, arg, _ in pickletools.genops(file) if op.name == "BINUNICODE"]
    storages: dict[str, NDArray[np.float32]] = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        storages[key] = np.frombuffer(file.read(4 * count), "<f4")
    return {
        name: storages[key][offset : offset + int(np.prod(shape))].reshape(shape)
        for name, key, offset, shape in described
    }


def _described(ops: list[tuple[str, Any]]) -> Iterator[tuple[str, str, int, tuple[int, ...]]]:
    """Name, storage, offset and shape of each tensor; after its name a tensor's numbers stand in this order:
    elements of the storage, offset, shape, strides."""
    for at, (op, arg) in enumerate(ops):
        if op == "BINUNICODE" and str(arg).startswith(("lstm.", "linear.")):
            end = next(i for i in range(at, len(ops)) if ops[i][0] in ("NEWFALSE", "NEWTRUE"))
            inside = ops[at + 1 : end]
            key = next(str(a) for o, a in inside if o == "BINUNICODE" and str(a).isdigit())
            numbers = [int(a) for o, a in inside if o.startswith("BININT")]
            size = (len(numbers) - 2) // 2
            yield str(arg), key, numbers[1], tuple(numbers[2 : 2 + size])


def kept(found: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float16]]:
    """What the encoder needs: input and hidden weights side by side, the two biases as one."""
    out: dict[str, NDArray[np.float16]] = {}
    for layer in range(LAYERS):
        both = (found[f"lstm.weight_ih_l{layer}"], found[f"lstm.weight_hh_l{layer}"])
        out[f"weight{layer}"] = np.concatenate(both, axis=1).astype(np.float16)
        out[f"bias{layer}"] = (found[f"lstm.bias_ih_l{layer}"] + found[f"lstm.bias_hh_l{layer}"]).astype(np.float16)
    out["linear"] = found["linear.weight"].astype(np.float16)
    out["linear_bias"] = found["linear.bias"].astype(np.float16)
    return out


def main() -> None:
    """Fetch, check, write, and say the new file's SHA-256, which stands in ``speech/voices.py``."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(pip_fetch(PACKAGE, Path(folder))) as archive:
        raw = archive.read(MEMBER)
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise SystemExit("the weights are not the ones that were expected")
    np.savez(WEIGHTS, **kept(tensors(raw)))  # pyright: ignore[reportArgumentType]
    print(WEIGHTS.name, hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(), WEIGHTS.stat().st_size)


if __name__ == "__main__":
    main()
