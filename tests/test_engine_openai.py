"""What the OpenAI-compatible engine sends, what it learns, and how it uses its connections."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import subprocess
import sys
from typing import Any

import pytest

from instructgen.contracts import Completion, Limits, Request, Sampling, Usage
from instructgen.engines import OpenAI
from instructgen.errors import BadRequest, Unavailable
from instructgen.example import Message
from tests.support.asking import HELLO, ask, failure
from tests.support.fault_replies import Reply
from tests.support.fault_server import Body, FaultServer, ServerProcess, sentence

# ---------------------------------------------------------------- what is sent


def sent(server: FaultServer) -> dict[str, Any]:
    (body,) = server.bodies
    data: dict[str, Any] = json.loads(body)
    return data


async def test_a_plain_chat_sends_nothing_that_was_not_set() -> None:
    with FaultServer() as server:
        answer = await ask(server, Request.chat("Hi.", system="Be brief."))
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}]
        assert sent(server) == {"model": "m", "messages": messages}
        assert answer == Completion(sentence(sent(server)), usage=Usage(prompt=11, completion=7), model="m")
        assert not [name for name in server.headers if name.startswith("x-stainless")]
        assert server.headers["authorization"] == "Bearer none"


async def test_every_option_reaches_the_server() -> None:
    sampling = Sampling(
        temperature=0.7,
        top_p=0.9,
        max_tokens=64,
        stop=("\n", "###"),
        presence_penalty=0.1,
        frequency_penalty=0.2,
        extra={"top_k": 20},
    )
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    request = Request.chat("Hi.", sampling=sampling, schema=schema, seed=(1 << 40) + 5)
    with FaultServer() as server:
        await ask(server, request)
        body = sent(server)
    assert body.pop("messages") == [{"role": "user", "content": "Hi."}]
    assert body.pop("response_format") == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }
    assert body == {
        "model": "m",
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 64,
        "stop": ["\n", "###"],
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "top_k": 20,
        "seed": 5,
    }


async def test_raw_text_goes_to_the_completions_path() -> None:
    with FaultServer(answer=lambda body: f"after {body['prompt']!r}") as server:
        answer = await ask(server, Request(text="Once upon", sampling=Sampling(temperature=0.0)))
        assert sent(server) == {"model": "m", "prompt": "Once upon", "temperature": 0.0}
    assert answer.text == "after 'Once upon'"


@pytest.mark.parametrize(
    "request_",
    [
        Request(),
        Request(messages=(Message("user", "Hi."),), text="Hi."),
        Request.chat("Hi.", sampling=Sampling(extra={"model": "other"})),
        Request.chat("Hi.", sampling=Sampling(extra={"n": 3})),
        Request.chat("Hi.", sampling=Sampling(extra={"stream": True})),
        Request.chat("Hi.", sampling=Sampling(extra={"thing": object()})),
        Request.chat("Hi.", sampling=Sampling(extra={"top_k": math.nan})),
    ],
)
async def test_request_that_cannot_be_sent(request_: Request) -> None:
    with FaultServer() as server:
        assert type(await failure(server, request_)) is BadRequest
        assert server.requests == 0


async def test_hostile_texts_arrive_unchanged() -> None:
    text = "{a} %s $HOME {{x}} <|im_start|> [INST] \x00\x1b[31m \u2028\u202e \ud800 \U0001f600"
    with FaultServer(answer=lambda body: str(body["messages"][0]["content"] == text)) as server:
        assert (await ask(server, Request.chat(text))).text == "True"


# ---------------------------------------------------------------- parameters a model does not take

WHOLE = Sampling(temperature=0.7, top_p=0.9, max_tokens=64, stop=("\n",), presence_penalty=0.1, frequency_penalty=0.2)


def choosy(*refused: str) -> FaultServer:
    """A server whose model does not take these parameters and complains about one at a time."""

    def script(number: int, body: Body) -> Reply | None:
        for name in refused:
            if name in body:
                error = {"message": f"Unsupported parameter: '{name}'", "code": "unsupported_parameter", "param": name}
                return Reply(json.dumps({"error": error}).encode(), 400)
        return None

    return FaultServer(faults=script)


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("400_max_tokens", "max_tokens"),
        ("400_temperature", "temperature"),
        ("400_seed_message", "seed"),
        ("422_seed", "seed"),
        ("400_stop", "stop"),
    ],
)
async def test_a_refused_parameter_is_left_out(fault: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    request = Request.chat("Hi.", sampling=WHOLE, seed=3)
    with FaultServer(faults=lambda number, body: fault if name in body else None) as server:
        engine = OpenAI("m", base_url=server.url)
        await engine.complete(request)
        await engine.complete(request)
        assert server.requests == 3, "the second request knows already"
        first, second = (json.loads(body) for body in server.bodies)
        await engine.close()
    limit = first.pop(name)
    if name == "max_tokens":
        assert second.pop("max_completion_tokens") == limit
    assert first == second
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert name in warnings[0]


async def test_several_refused_parameters_in_one_go() -> None:
    names = ("max_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "stop")
    with choosy(*names) as server:
        await ask(server, Request.chat("Hi.", sampling=WHOLE, seed=3))
        last = json.loads(list(server.bodies)[-1])
    assert set(last) == {"model", "messages", "max_completion_tokens"}


async def test_many_requests_at_once_learn_a_refused_parameter(caplog: pytest.LogCaptureFixture) -> None:
    with choosy("temperature", "max_tokens") as server:
        engine = OpenAI("m", base_url=server.url)
        sampling = Sampling(temperature=1.0, max_tokens=5)
        asked = [engine.complete(Request.chat(f"{n}", sampling=sampling)) for n in range(30)]
        assert len(await asyncio.gather(*asked)) == 30
        await engine.close()
        assert server.answered.total() == 30
    assert len(caplog.records) == 2


async def test_a_model_that_refuses_even_the_other_name() -> None:
    with choosy("max_tokens", "max_completion_tokens") as server:
        error = await failure(server, Request.chat("Hi.", sampling=Sampling(max_tokens=5)))
    assert type(error) is BadRequest


async def test_stop_strings_hold_where_the_model_does_not_take_them() -> None:
    def script(number: int, body: Body) -> str | None:
        return "400_stop" if "stop" in body else None

    request = Request.chat("Hi.", sampling=Sampling(stop=("###", "\n\n")))
    with FaultServer(faults=script, answer=lambda body: "One.\n\nTwo.###") as server:
        assert (await ask(server, request)).text == "One."


# ---------------------------------------------------------------- connections and loops


async def test_two_hundred_requests_at_once_get_their_own_answers() -> None:
    with FaultServer(answer=lambda body: body["messages"][0]["content"][::-1], latency=0.05, sigma=1.0) as server:
        engine = OpenAI("m", base_url=server.url, limits=Limits(concurrency=200))
        questions = [f"question {number}" for number in range(200)]
        answers = await asyncio.gather(*(engine.complete(Request.chat(question)) for question in questions))
        await engine.close()
        assert server.requests == 200
        assert server.most_in_flight > 64
    assert [answer.text[::-1] for answer in answers] == questions


async def test_connections_are_kept_and_bounded() -> None:
    with FaultServer(latency=0.01) as server:
        engine = OpenAI("m", base_url=server.url, limits=Limits(concurrency=4))
        await asyncio.gather(*(engine.complete(Request.chat(f"{number}")) for number in range(40)))
        await engine.close()
        assert server.connections <= 4


async def test_a_cancelled_request_leaves_the_engine_usable() -> None:
    loop, arrived = asyncio.get_running_loop(), asyncio.Event()

    def script(number: int, body: Body) -> str | None:
        loop.call_soon_threadsafe(arrived.set)
        return "hang" if number == 0 else None

    with FaultServer(faults=script) as server:
        engine = OpenAI("m", base_url=server.url, limits=Limits(concurrency=1))
        task = asyncio.create_task(engine.complete(HELLO))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await engine.complete(HELLO)).text
        await engine.close()


def test_one_engine_in_two_event_loops_and_after_close() -> None:
    with FaultServer() as server:
        engine = OpenAI("m", base_url=server.url)

        async def twice() -> list[str]:
            await engine.open()
            first = await engine.complete(HELLO)
            await engine.close()
            second = await engine.complete(HELLO)
            await engine.close()
            await engine.close()
            return [first.text, second.text]

        assert asyncio.run(twice()) == asyncio.run(twice())
        assert server.requests == 4


def test_importing_the_engines_loads_no_http_library() -> None:
    program = (
        "import sys, instructgen.engines; from instructgen.engines import engine; engine('openai/m'); "
        "print(sorted({'openai', 'aiohttp', 'httpx2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_the_server_also_runs_as_a_process_of_its_own() -> None:
    with ServerProcess(faults={"500": 0.5}, seed=1, models=["m", "n"]) as server:
        engine = OpenAI("n", base_url=server.url)
        await engine.open()
        asked = [engine.complete(Request.chat(f"{number % 20}")) for number in range(40)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        await engine.close()
        failed = sum(isinstance(result, Unavailable) for result in results)
        counts = server.stats()
    assert 0 < failed < 40
    assert counts["requests"] == 40
    assert counts["distinct"] == 20
    assert counts["played"] == {"500": failed}
    assert counts["answered"] == 40 - failed
    assert counts["in_flight"] == 0
