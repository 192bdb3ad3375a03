"""A tiny Llama with random weights and a tokenizer of its own, made on the spot so that vLLM has something to run.

What it writes is noise, but it is the same noise for the same seed. Needs transformers and torch.
"""

import sys
from pathlib import Path
from typing import Any

CONTEXT = 1024
VOCABULARY = 640

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

SPECIALS = ("<|pad|>", "<|start|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")

CORPUS = (
    "The ferry leaves at seven, and the baker on the quay opens an hour before it.",
    "Write a short letter to a neighbour who has lent you a ladder. Thank her, and say when you will return it.",
    "List three reasons why bread rises more slowly in a cold kitchen than in a warm one.",
    "def total(prices):\n    return sum(price for price in prices if price > 0)",
    'Answer as JSON: {"name": "string", "count": 3, "tags": ["a", "b"], "done": false}',
    "1. Measure the room. 2. Order the boards. 3. Cut them to length. 4. Nail them down.",
    "请用三句话介绍你的家乡，并说明那里最有名的一道菜。",
    "小明有十二个苹果，送给朋友五个，又买了四个，现在一共有多少个？",
    "渡船七点开，码头旁边的面包店六点就开门了。",
)


def make_tiny_model(directory: Path, seed: int = 0, *, context: int = CONTEXT) -> Path:
    """Write a model of 2 layers and 64 dimensions that vLLM and transformers can load.

    Args:
        directory: where to; made if missing.
        seed: decides the weights; equal seeds give equal files.
        context: tokens of prompt and answer together, at most.

    Returns:
        `directory`, now with the weights (safetensors, bfloat16), configuration, tokenizer and chat template.
    """
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    set_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,  # vLLM on a CPU has no attention for heads of fewer than 32 dimensions
        num_key_value_heads=1,
        max_position_embeddings=context,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).bfloat16().save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def train_tokenizer() -> Any:
    """A byte-level BPE tokenizer (a `PreTrainedTokenizerFast`) of about 640 tokens; it can write any text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIALS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bpe.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<|pad|>",
        bos_token="<|start|>",
        eos_token="<|end|>",
        additional_special_tokens=list(SPECIALS[3:]),
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


if __name__ == "__main__":
    sys.stdout.write(f"{make_tiny_model(Path(sys.argv[1]))}\n")
