"""Whole pipelines against a real ``vllm serve`` that goes away in the middle: nothing fails, nothing is asked twice."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import openai

from instructgen import Limits, OpenAI, Pipeline, Respond, Run, Sampling, seeds
from instructgen.cli.recipes import load
from tests.support.vllm_server import VLLMServer

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.py"


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


def test_the_quickstart_runs_to_its_end_through_a_restart(vllm_server: VLLMServer, tmp_path: Path) -> None:
    engine = OpenAI(vllm_server.model, base_url=vllm_server.base_url, limits=Limits(timeout=60))
    pipeline = load(QUICKSTART)(teacher=engine, requests=4)
    run = run_through_restart(pipeline, vllm_server, tmp_path, after=3)
    assert run.complete
    assert run.counts["failed"] == 0
    # A model of random weights writes no tasks: each of the four prompts ends as a counted reject, after two attempts.
    assert run.counts["kept"] + run.counts["rejected"] >= 4
    assert run.telemetry["calls"]["new"] >= 8
    again = pipeline.run(tmp_path / "run", store=tmp_path / "store.db", progress="none")
    assert again.telemetry["calls"]["new"] == 0
    assert again.manifest["files"] == run.manifest["files"]


def greedy(server: VLLMServer) -> str:
    """What the plain SDK gets from the server for a fixed prompt."""
    with openai.OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=60) as client:
        answer = client.completions.create(model=server.model, prompt="请用三句话", max_tokens=8, temperature=0)
    return answer.choices[0].text


def test_every_answer_survives_a_restart(vllm_server: VLLMServer, tmp_path: Path) -> None:
    engine = OpenAI(vllm_server.model, base_url=vllm_server.base_url, limits=Limits(concurrency=4, timeout=60))
    short = [seed for seed in seeds("en") if len(seed.instruction) + len(seed.input) < 200][:25]
    pipeline = Pipeline(short, [Respond(engine, draws=4, sampling=Sampling(temperature=1.0, max_tokens=60))])
    before = greedy(vllm_server)
    run = run_through_restart(pipeline, vllm_server, tmp_path, after=8)
    assert greedy(vllm_server) == before  # the same model at the same address, so a real restart and nothing else
    assert run.complete
    assert run.counts["failed"] == 0
    assert run.counts["source"] == len(short) == 25
    assert run.counts["kept"] + run.counts["rejected"] == 100
    assert run.telemetry["calls"]["new"] == 100
