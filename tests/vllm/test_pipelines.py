"""Whole pipelines against a real ``vllm serve`` that goes away in the middle: nothing fails, nothing is asked twice."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from instructgen import Limits, OpenAI, Pipeline, Respond, Run, Sampling, seeds
from instructgen.cli.recipes import load
from tests.support.tiny_model import make_tiny_model
from tests.support.vllm_server import VLLMServer

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.py"
CONTEXT = 16384  # the quickstart's prompts hold about 2,500 tokens of this tokenizer, and it asks for 3,072 more


@pytest.fixture(scope="module")
def roomy_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VLLMServer]:
    """A server with room for whole Self-Instruct prompts."""
    model = make_tiny_model(tmp_path_factory.mktemp("roomy") / "tiny", context=CONTEXT)
    with VLLMServer(model, tmp_path_factory.mktemp("roomy-server") / "server.log", context=CONTEXT) as server:
        yield server


def recorded(store: Path) -> int:
    """How many completions are in the store."""
    if not store.exists():
        return 0
    with closing(sqlite3.connect(store)) as connection:
        try:
            count: int = connection.execute("SELECT count(*) FROM completions").fetchone()[0]
        except sqlite3.OperationalError:  # the table is about to be made
            return 0
    return count


def run_through_restart(pipeline: Pipeline, server: VLLMServer, folder: Path, after: int) -> Run:
    """Run it, and restart the server once so many completions are recorded."""
    store = folder / "store.db"
    results: list[Run | BaseException] = []

    def work() -> None:
        try:
            results.append(pipeline.run(folder / "run", store=store, progress="none"))
        except BaseException as error:
            results.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    while recorded(store) < after and worker.is_alive():
        time.sleep(0.05)
    assert worker.is_alive(), "the run ended before the server could go away"
    server.restart()
    worker.join(200)
    assert not worker.is_alive()
    result = results[0]
    assert isinstance(result, Run), repr(result)
    return result


def test_the_quickstart_runs_to_its_end_through_a_restart(roomy_server: VLLMServer, tmp_path: Path) -> None:
    engine = OpenAI(roomy_server.model, base_url=roomy_server.base_url, limits=Limits(timeout=60))
    pipeline = load(QUICKSTART)(teacher=engine)
    run = run_through_restart(pipeline, roomy_server, tmp_path, after=3)
    assert run.complete
    assert run.counts["failed"] == 0
    # A model of random weights writes no tasks: each of the six prompts ends as a counted reject, after two attempts.
    assert run.counts["kept"] + run.counts["rejected"] >= 6
    assert run.telemetry["calls"]["new"] >= 12
    again = pipeline.run(tmp_path / "run", store=tmp_path / "store.db", progress="none")
    assert again.telemetry["calls"]["new"] == 0
    assert again.manifest["files"] == run.manifest["files"]


def test_every_answer_survives_a_restart(vllm_server: VLLMServer, tmp_path: Path) -> None:
    engine = OpenAI(vllm_server.model, base_url=vllm_server.base_url, limits=Limits(concurrency=4, timeout=60))
    short = [seed for seed in seeds("en") if len(seed.instruction) + len(seed.input) < 200]
    pipeline = Pipeline(short, [Respond(engine, draws=4, sampling=Sampling(temperature=1.0, max_tokens=60))])
    run = run_through_restart(pipeline, vllm_server, tmp_path, after=8)
    assert run.complete
    assert run.counts["failed"] == 0
    assert run.counts["source"] == len(short)
    assert run.counts["kept"] + run.counts["rejected"] == 4 * len(short)
    assert run.telemetry["calls"]["new"] == 4 * len(short)
