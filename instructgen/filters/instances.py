"""Which instances of one task a generator must not keep (Self-Instruct, section 2.2, and its released code)."""

from __future__ import annotations

from collections.abc import Sequence

from instructgen.contracts import Reject


def instance_rejects(instances: Sequence[tuple[str, str]]) -> list[Reject | None]:
    """Decide on the instances of one task together.

    In this order, white space around the texts aside: the input is the output (``input_is_output``); the output is
    empty (``empty_output``); the input or the output ends with a colon, so that what was announced is missing
    (``ends_with_colon``); the same pair came before (``duplicate``). If two of those left have the same input, not an
    empty one, and different outputs, then the whole task is ambiguous and all of those left go (``contradiction``).

    Args:
        instances: pairs of input and output.

    Returns:
        For each instance, None to keep it, else why not.
    """
    pairs = [(given.strip(), output.strip()) for given, output in instances]
    rejects = [_reject(given, output) for given, output in pairs]
    first: dict[tuple[str, str], int] = {}
    for number, pair in enumerate(pairs, 1):
        if rejects[number - 1] is None and first.setdefault(pair, number) != number:
            rejects[number - 1] = Reject("duplicate", detail=f"of instance {first[pair]}")
    if shared := _contradicted([given for given, _ in first]):
        contradiction = Reject("contradiction", shared, detail="one input, several outputs")
        return [reject or contradiction for reject in rejects]
    return rejects


def _reject(given: str, output: str) -> Reject | None:
    if given == output:
        return Reject("input_is_output")
    if not output:
        return Reject("empty_output")
    for name, text in (("input", given), ("output", output)):
        if text.endswith((":", "：")):
            return Reject("ends_with_colon", detail=f"the {name}")
    return None


def _contradicted(inputs: Sequence[str]) -> str:
    """The first input that stands here twice, or nothing. An empty input may have many outputs."""
    seen: set[str] = set()
    for given in inputs:
        if given and given in seen:
            return given
        seen.add(given)
    return ""
