"""A real OpenAI-compatible server on this machine: llama.cpp from the ``xllamacpp`` wheel, in a process of its own.

Run ``python -m evals.llama_server MODEL.gguf [PORT]``; it prints its base URL and serves until its input is closed.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

ALIAS, CONTEXT_TOKENS, START_S = "local", 4_096, 120


@dataclass
class LlamaServer:
    """A running server process."""

    process: "subprocess.Popen[str]"
    base_url: str

    def kill(self) -> None:
        """At once, in the middle of whatever it is doing."""
        self.process.kill()
        self.process.wait(10)


@contextmanager
def running(model: Path, api_key: str = "") -> Generator[LlamaServer]:
    """A server for one GGUF file on a free port; raises RuntimeError where it does not come up."""
    # waiting threads must not spin where other work shares the cores
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "LLAMA_KEY": api_key}
    process = subprocess.Popen(
        [sys.executable, "-m", "evals.llama_server", str(model)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    with process:
        try:
            yield LlamaServer(process, _announced(process))
        finally:
            process.kill()


def _announced(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("http"):
            return line.strip()
    raise RuntimeError("the local server did not come up")


def serve(model: str, port: int = 0, api_key: str = "") -> Any:
    """Load the model and serve it from threads of this process; the server lives as long as what is returned."""
    import importlib

    llama: Any = importlib.import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = model
    params.model_alias = {ALIAS}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.use_jinja = True
    params.verbosity = -1
    if api_key:
        params.api_keys = [api_key]
    return llama.Server(params)


if __name__ == "__main__":
    server = serve(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0, os.environ.get("LLAMA_KEY", ""))
    print(cast("str", server.listening_address).rstrip("/") + "/v1", flush=True)
    sys.stdin.read()
