"""The tokenizer: rouge_score's own on ASCII, characters for Han, Kana and Hangul, words elsewhere."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rouge_score.tokenizers import DefaultTokenizer

from instructgen.similarity.tokens import tokens

ASCII = st.text(st.characters(max_codepoint=127), max_size=80)


@given(ASCII)
@example("".join(map(chr, range(128))))
@example("A_b__C\x1cD\x1fE\x0bF\tG\nH'I-J.9")
def test_ascii_tokens_are_those_of_rouge_score(text: str) -> None:
    assert tokens(text) == DefaultTokenizer(use_stemmer=False).tokenize(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n\t—…!", []),
        ("写一首关于春天的诗。", list("写一首关于春天的诗")),
        ("用Python3写诗", ["用", "python3", "写", "诗"]),
        ("ＡＢＣ１２３，全角", ["abc123", "全", "角"]),
        ("東京タワーの高さは？", list("東京タワーの高さは")),
        ("ﾀﾜｰ", list("タワー")),
        ("ｶﾞ", ["ガ"]),
        ("한국어 문장", list("한국어문장")),
        ("\u1112\u1161\u11ab", ["한"]),
        ("人々〇", list("人々〇")),
        ("𠮷野家", list("𠮷野家")),
        ("\uf900", ["\u8c48"]),
        ("Écrivez un résumé", ["écrivez", "un", "résumé"]),
        ("e\u0301te\u0301", ["été"]),
        ("Привет, МИР!", ["привет", "мир"]),
        ("snake_case_é", ["snake", "case", "é"]),
        ("300 \u212a", ["300", "k"]),  # the Kelvin sign, which lower() alone maps to an ASCII letter
        ("\u0130stanbul", ["i", "stanbul"]),  # lower() gives i and a combining dot
        ("ﬁne ① ½", ["fine", "1", "1", "2"]),
        ("\udc80 lone", ["lone"]),
    ],
)
def test_other_scripts(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text(max_size=40))
def test_tokens_are_lower_case_letters_and_digits_and_survive_a_second_pass(text: str) -> None:
    found = tokens(text)
    assert all(token.isalnum() and token == token.lower() for token in found)
    assert tokens(" ".join(found)) == found


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_space_separates(left: str, right: str) -> None:
    assert tokens(f"{left} {right}") == tokens(left) + tokens(right)


def test_no_letter_or_digit_is_lost() -> None:
    for start in range(0, 0x110000, 4096):
        text = " ".join(map(chr, range(start, start + 4096)))
        letters = unicodedata.normalize("NFKC", text).lower()
        assert "".join(tokens(text)) == "".join(letter for letter in letters if letter.isalnum()), hex(start)
