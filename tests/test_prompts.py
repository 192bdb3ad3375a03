"""Prompts: strict rendering in one pass, inert values, and the requirements that the packaged texts must state."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.errors import RecipeError
from instructgen.prompts import Prompt

HOSTILE = [
    "{count}",
    "{{count}}",
    "{",
    "}}",
    "{0.__class__}",
    "%s %(count)d $count ${count}",
    "###",
    "4. Output: done",
    "a ||| b",
    "{{ 7 * 7 }} {% for x in y %}{# c #}",
    r"\frac{a}{b} \1 \g<0>",
    "<|im_start|>system\n<think></s>[INST]",
    "\x00\x1b[31m\u2028\u202e\ud800",
    "  leading and trailing  \n\n",
]


def test_fills_every_slot_and_keeps_white_space() -> None:
    prompt = Prompt("  {a}\n\t{b} {a}\n\n")
    assert prompt.slots == ("a", "b")
    assert prompt.render(a="x", b=7) == "  x\n\t7 x\n\n"


def test_doubled_braces_are_literal() -> None:
    prompt = Prompt('{{"score": {score}, "set": {{{{}}}}, "{{{name}}}"}}')
    assert prompt.render(score=3, name="n") == '{"score": 3, "set": {{}}, "{n}"}'


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a\nb {", 2, 3),
        ("}", 1, 1),
        ("{}", 1, 1),
        ("{two words}", 1, 1),
        ("\n\n {{a}", 3, 5),
        ("{1}", 1, 1),
        ("{x!r}", 1, 1),
    ],
)
def test_a_stray_brace_is_refused_with_its_position(text: str, line: int, column: int) -> None:
    with pytest.raises(RecipeError, match=rf"prompt 'mine'.*line {line}, column {column}\b"):
        Prompt(text, name="mine")


def test_missing_and_unknown_names_are_both_listed() -> None:
    prompt = Prompt("{count} {demonstrations} {topic}")
    with pytest.raises(RecipeError) as caught:
        prompt.render(cuont=3, demonstrations="d", color="red")
    message = str(caught.value)
    assert "no value for the slot 'count'" in message
    assert "no value for the slot 'topic'" in message
    assert "'cuont' is not a slot (did you mean 'count'?)" in message
    assert "'color' is not a slot" in message


def test_a_prompt_without_slots_says_so() -> None:
    with pytest.raises(RecipeError, match="Its slots: none"):
        Prompt("fixed").render(name="x")


@pytest.mark.parametrize("value", [None, 1.5, True, b"x", ["x"]])
def test_values_are_strings_or_whole_numbers(value: object) -> None:
    with pytest.raises(RecipeError, match=f"'a' is a {type(value).__name__}"):
        Prompt("{a}").render(a=value)  # type: ignore[arg-type]


def test_a_slot_may_have_any_identifier() -> None:
    assert Prompt("{self} {class}").render(**{"self": "a", "class": "b"}) == "a b"


@pytest.mark.parametrize("value", HOSTILE)
def test_what_is_filled_in_is_inert(value: str) -> None:
    prompt = Prompt("<{count}|{other}>")
    assert prompt.render(count=value, other="o") == f"<{value}|o>"
    assert prompt.render(count="o", other=value) == f"<o|{value}>"


@given(values=st.fixed_dictionaries({"a": st.text(), "b": st.text() | st.integers()}), between=st.text())
def test_rendering_is_plain_insertion(values: dict[str, str | int], between: str) -> None:
    template = "{a}" + between.replace("{", "{{").replace("}", "}}") + "{b}"
    prompt = Prompt(template)
    assert prompt.render(**values) == f"{values['a']}{between}{values['b']}"
    assert prompt.render(**values) == prompt.render(**values)


@given(st.text(alphabet="{}ab_1 \n"))
def test_a_template_is_refused_or_renders(text: str) -> None:
    try:
        prompt = Prompt(text)
    except RecipeError:
        assert "{" in text or "}" in text
        return
    rendered = prompt.render(**dict.fromkeys(prompt.slots, "v"))
    assert not prompt.slots or "v" in rendered
    assert len(re.findall("[{}]", rendered)) <= text.count("{{") + text.count("}}")


def test_the_hash_names_the_text_and_nothing_else() -> None:
    assert Prompt("abc").hash == Prompt("abc", name="other").hash == "d8bb14d833d59559"
    assert Prompt("abc").hash != Prompt("abd").hash
    assert re.fullmatch("[0-9a-f]{16}", Prompt("\ud800").hash)


def test_a_prompt_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Prompt("a").text = "b"  # type: ignore[misc]


def test_from_file_reads_utf8_without_the_final_newline(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes("\ufeffWrite {count} 首诗.\r\n\r\n".encode())
    prompt = Prompt.from_file(path)
    assert prompt == Prompt("Write {count} 首诗.\n", "mine")
    assert Prompt.from_file(str(path)).hash == prompt.hash


def test_from_file_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cannot read the prompt .*absent\.txt"):
        Prompt.from_file(tmp_path / "absent.txt")
    (tmp_path / "gbk.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match=r"is not UTF-8 \(byte 0\)"):
        Prompt.from_file(tmp_path / "gbk.txt")
    (tmp_path / "stray.txt").write_text("a { b")
    with pytest.raises(RecipeError, match="prompt 'stray'"):
        Prompt.from_file(tmp_path / "stray.txt")


@pytest.mark.parametrize(
    "name", ["self_instruct/alpca", "../en/self_instruct/alpaca", "/etc/passwd", "", "self_instruct"]
)
def test_only_packaged_prompts_are_loaded(name: str) -> None:
    with pytest.raises(RecipeError, match="there is no packaged prompt"):
        Prompt.load(name)


def test_a_misspelt_prompt_is_guessed() -> None:
    with pytest.raises(RecipeError, match="did you mean 'en/self_instruct/alpaca'"):
        Prompt.load("self_instruct/alpca")
    with pytest.raises(RecipeError, match="xx/self_instruct/alpaca"):
        Prompt.load("self_instruct/alpaca", language="xx")


def _alpaca(demonstrations: int, total: int) -> str:
    blocks = "\n".join(
        f"###\n{n}. Instruction: Do thing {n}\n{n}. Input:\n<noinput>\n{n}. Output:\nDone {n}"
        for n in range(1, demonstrations + 1)
    )
    return Prompt.load("self_instruct/alpaca").render(
        count=total - demonstrations,
        demonstrations=blocks,
        first=demonstrations + 1,
        last=total,
        shown=demonstrations,
    )


@pytest.mark.parametrize(
    "requirement",
    [
        r"different verbs",
        r"Mix questions with commands",
        r"kinds of work.*classification.*editing",
        r"Text is all the model has.*seeing, hearing.*actions.*reminders",
        r"in English",
        r"one or two sentences",
        r"concrete and believable.*never a placeholder.*Up to 100 words",
        r"input is just <noinput>",
        r"correct and fitting answer to the instruction.*under 100 words",
    ],
)
def test_the_alpaca_prompt_states_each_requirement(requirement: str) -> None:
    lines = [line for line in _alpaca(3, 20).splitlines() if line.startswith("- ")]
    assert sum(bool(re.search(requirement, line)) for line in lines) == 1


@pytest.mark.parametrize(("demonstrations", "total"), [(3, 20), (1, 5), (8, 12)])
def test_the_alpaca_prompt_takes_its_numbers_from_its_slots(demonstrations: int, total: int) -> None:
    text = _alpaca(demonstrations, total)
    assert f"The full set has {total} exercises" in text
    assert f"written: {demonstrations}. Tasks still to be written: {total - demonstrations}." in text
    assert f'"{demonstrations + 1}. Instruction:"' in text
    outside = text.replace("100 words", "").split("###")[0]
    known = {demonstrations, total, total - demonstrations, demonstrations + 1}
    assert {int(number) for number in re.findall(r"\d+", outside)} <= known


def test_the_alpaca_prompt_shows_its_demonstrations_once_and_ends_with_the_request() -> None:
    text = _alpaca(3, 20)
    assert text.count("###") == 3
    assert text.count("Do thing 2") == 1
    assert re.search(r"Done 3\n\n.*up to number 20\..*\Z", text, re.DOTALL)
    assert not text.endswith("\n")
    fixed = [line for line in re.sub(r"###.*Done 3", "", text, flags=re.DOTALL).splitlines() if line]
    assert len(fixed) == len(set(fixed))
