"""The test server speaks the protocol as we think it does: asked with the plain SDK, so with none of our code."""

from collections.abc import Iterator

import openai
import pytest

from tests.support.vllm_server import VLLMServer


@pytest.fixture
def client(vllm_server: VLLMServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=vllm_server.base_url, api_key="none", max_retries=0, timeout=60) as made:
        yield made


def test_a_chat_is_answered(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="tiny",
        messages=[{"role": "user", "content": "List three reasons. 请说明。"}],
        max_completion_tokens=8,
        temperature=0,
    )
    assert answer.model == "tiny"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage is not None
    assert 1 <= answer.usage.completion_tokens <= 8
    assert answer.usage.prompt_tokens > 3


def test_a_text_is_continued_and_greedy_answers_repeat(client: openai.OpenAI) -> None:
    first, second = (
        client.completions.create(model="tiny", prompt="The ferry leaves", max_tokens=8, temperature=0)
        for _ in range(2)
    )
    assert first.choices[0].text
    assert first.choices[0].text == second.choices[0].text


def test_a_prompt_beyond_the_context_is_a_400(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model="tiny", prompt=[5] * 20_000, max_tokens=1)
    assert caught.value.status_code == 400
    assert "context length" in caught.value.message


def test_an_unknown_model_is_a_404(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.completions.create(model="other", prompt="The ferry", max_tokens=1)
    assert caught.value.status_code == 404
