"""Tests against the real vLLM, on the CPU: an environment of their own and `make test-vllm`."""
