"""A real OpenAI-compatible server for tests: vLLM in a process of its own, on loopback, stopped whatever happens.

Only the standard library is imported here; the interpreter that runs the server needs vLLM.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

READY_SECONDS = 120.0
STOP_SECONDS = 20.0
HOST = "127.0.0.1"

# One engine inside the server's process (starts in half the time), whose idle threads leave the cores to the tests;
# no look at the network, nor at the machine's outward address.
SETTINGS = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "OMP_WAIT_POLICY": "passive",
    "VLLM_HOST_IP": HOST,
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}


class VLLMServer:
    """The server as a context manager: started on entry, ready once entered, gone on exit.

    Attributes:
        base_url: for an OpenAI client, with `/v1`; stays the same over a restart.
        model: the name the model is served under.
        log: the file that gets all the server prints, over all restarts.
    """

    def __init__(self, model_dir: Path, log: Path, *, model: str = "tiny", context: int = 1024) -> None:
        """Describe a server; nothing is started yet.

        Args:
            model_dir: a directory made by `tests.support.tiny_model`.
            log: where the server prints to; caches go into the same directory.
            model: the name to serve the model under.
            context: tokens of prompt and answer together.
        """
        self.model_dir = model_dir
        self.log = log
        self.model = model
        self.context = context
        self.port = free_port()
        self.base_url = f"http://{HOST}:{self.port}/v1"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: it ended, or was not ready within two minutes; with the end of its log.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask the server to stop, and kill it with all its children if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        signal_group(process.pid, signal.SIGTERM)
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        finally:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        """Stop the server, with every request in flight, and start it again at the same address."""
        self.stop()
        self.start()

    def command(self) -> list[str]:
        """How the server is started: as a module, because the `vllm` command does not work in the CPU build."""
        options = {
            "model": str(self.model_dir),
            "served-model-name": self.model,
            "host": HOST,
            "port": str(self.port),
            "dtype": "bfloat16",
            "max-model-len": str(self.context),
            "max-num-seqs": "64",
            # A prompt that is prefilled in pieces, with a seed, kills vLLM's engine on a CPU (its random numbers cannot
            # be wound back there): "CPU Generator does not use offset".
            "max-num-batched-tokens": str(max(self.context, 2048)),
            "kv-cache-memory-bytes": str(256 << 20),
            "structured-outputs-config": json.dumps({"backend": "xgrammar", "disable_any_whitespace": True}),
        }
        flags = ["--enforce-eager", "--enable-prompt-tokens-details"]
        pairs = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *pairs, *flags]

    def environment(self) -> dict[str, str]:
        """The environment of the server: ours, without proxies and keys, and with every cache beside the log."""
        kept = {k: v for k, v in os.environ.items() if not (k.upper().endswith("_PROXY") or k.startswith("OPENAI_"))}
        caches = {
            name: str(self.log.parent / name.lower())
            for name in ("VLLM_CACHE_ROOT", "VLLM_CONFIG_ROOT", "HF_HOME", "XDG_CACHE_HOME")
        }
        return {**kept, **SETTINGS, **caches}

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._healthy():
            if process.poll() is not None:
                raise RuntimeError(f"the vLLM server ended with code {process.returncode}:\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"the vLLM server was not ready after {READY_SECONDS:.0f} s:\n{self._log_end()}")
            time.sleep(0.2)

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _log_end(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal every process of a session that was started here; fine if none is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)
