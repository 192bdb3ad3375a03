"""What the vLLM tests share: the marker that keeps them out of the other targets, one tiny model, one server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tiny_model import make_tiny_model
from tests.support.vllm_server import SETTINGS, VLLMServer

HERE = Path(__file__).parent

CONTEXT = 16384  # the quickstart's prompts hold about 2,500 tokens of this tokenizer, and it asks for 3,072 more

# torch and vLLM warn of their own affairs when imported; elsewhere a warning is an error.
NOT_OURS = ("DeprecationWarning", "FutureWarning", "UserWarning")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that none can forget, and let the libraries it runs warn."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.vllm)
            for category in NOT_OURS:
                item.add_marker(pytest.mark.filterwarnings(f"ignore::{category}"))


@pytest.fixture(scope="session", autouse=True)
def _vllm_settings() -> Iterator[None]:
    """Engines made in this process run as the server does; vLLM reads these when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a model with random weights and room for whole Self-Instruct prompts."""
    return make_tiny_model(tmp_path_factory.mktemp("model") / "tiny", context=CONTEXT)


@pytest.fixture(scope="session")
def vllm_server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VLLMServer]:
    """The model behind vLLM's own server: `base_url`, `model` ("tiny"), `restart()`.

    One for all tests: a start takes most of a minute.
    """
    with VLLMServer(tiny_model, tmp_path_factory.mktemp("server") / "server.log", context=CONTEXT) as server:
        yield server
