"""The catalogue is consistent with itself; the rules hold that they know the same names."""

import pytest

from mentorcycle.domain.definition import CATALOGUE, ParameterSpec


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_requirement_says_what_it_means_and_what_it_needs(name: str) -> None:
    assert CATALOGUE[name].meaning
    assert CATALOGUE[name].needs


def test_every_default_is_a_value_its_parameter_allows() -> None:
    for requirement in CATALOGUE.values():
        for parameter in requirement.parameters.values():
            assert parameter.allows(parameter.default)
            assert parameter.meaning


def test_a_truth_is_no_number_and_a_number_is_no_truth() -> None:
    number, truth = ParameterSpec("int", 1, "n", minimum=1), ParameterSpec("bool", True, "b")
    assert [number.allows(value) for value in (1, 0, True, 1.0, "1", 10**9)] == [True, *[False] * 5]
    assert [truth.allows(value) for value in (True, False, 1, "true")] == [True, True, False, False]


def test_a_choice_is_one_of_its_words() -> None:
    by = CATALOGUE["reflections-written"].parameters["by"]
    tried: list[object] = ["mentees", "everyone", "nobody", True, []]
    assert [value for value in tried if by.allows(value)] == ["mentees", "everyone"]
    assert by.expected == '"mentees" or "everyone"'
