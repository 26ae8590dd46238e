"""Every fault of a file is refused with its line, its key and the legal form."""

import math

from pydantic import Field
import pytest
from takeover.config_file import ConfigError, load_config, MAX_FILE_BYTES, StrictModel


class Wheel(StrictModel):
    radius_m: float = Field(gt=0.0)
    spokes: int = 3


class Cart(StrictModel):
    name: str
    wheels: dict[str, Wheel]
    loads_kg: tuple[float, ...] = ()
    spare: Wheel | None = None


GOOD = """\
name: cart
wheels:
  left: {radius_m: 0.1}
  right: {radius_m: 1}
loads_kg: [1.0, 2]
spare: null
"""


def problems(text):
    with pytest.raises(ConfigError) as caught:
        load_config('cart.yaml', Cart, text=text)
    return caught.value.problems


def test_a_good_file_is_read():
    cart = load_config('cart.yaml', Cart, text=GOOD)
    assert isinstance(cart.wheels['right'].radius_m, float)
    assert cart.wheels['right'].radius_m == 1.0
    assert cart.loads_kg == (1.0, 2.0)


def test_an_unknown_key_names_file_line_key_and_nearest_legal_key():
    assert problems(GOOD.replace('left: {radius_m', 'left: {radus_m')) == (
        'cart.yaml:3: wheels.left.radius_m: is missing and has no default',
        "cart.yaml:3: wheels.left.radus_m: unknown key; did you mean 'radius_m'?",
    )


def test_an_unknown_key_in_an_optional_section_is_named_too():
    found = problems(GOOD.replace('spare: null', 'spare: {radius_m: 0.1, spoks: 4}'))
    assert found == ("cart.yaml:6: spare.spoks: unknown key; did you mean 'spokes'?",)


def test_an_unknown_key_like_no_other_gets_the_list():
    assert problems(GOOD + 'zzzzz: 1\n') == (
        'cart.yaml:7: zzzzz: unknown key; legal keys: name, wheels, loads_kg, spare',
    )


def test_a_duplicate_key_is_refused_at_any_depth():
    assert problems(GOOD + 'name: other\n')[0] == (
        'cart.yaml:7: name: given twice, first in line 1; keep one'
    )
    assert (
        'wheels.left.radius_m: given twice'
        in problems(GOOD.replace('{radius_m: 0.1}', '{radius_m: 0.1, radius_m: 0.2}'))[0]
    )


def test_all_problems_of_a_file_are_reported_at_once():
    assert len(problems('name: 3\nwheels: {left: {radius_m: -1}}\nbogus: 1\n')) == 3


@pytest.mark.parametrize(
    ('old', 'new', 'said'),
    [
        ('radius_m: 0.1', 'radius_m: 0', 'wheels.left.radius_m: must be greater than 0, got 0'),
        ('radius_m: 0.1', 'radius_m: .nan', 'must be a finite number'),
        ('radius_m: 0.1', 'radius_m: 1e-1', 'YAML needs a dot and a sign in an exponent: 1.0e-3'),
        ('radius_m: 0.1', 'radius_m: "0.1"', "got '0.1'"),
        ('radius_m: 0.1', 'radius_m: true', 'got True'),
        ('radius_m: 0.1', 'radius_m: 0.1, spokes: 2.5', 'must be a valid integer'),
        ('name: cart', 'name: 2026', 'must be a valid string, got 2026'),
        ('loads_kg: [1.0, 2]', 'loads_kg: [1.0, x]', 'loads_kg.1: '),
        ('name: cart', '1: cart', "the key '1' is not text"),
    ],
)
def test_a_wrong_value_is_refused_with_the_legal_form(old, new, said):
    found = problems(GOOD.replace(old, new, 1))
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    'text', ['', '3', '- a', 'name: [', 'a: 1\n---\nb: 2', '\t', 'a: !!python/x 1']
)
def test_what_is_no_mapping_is_refused_in_one_sentence(text):
    assert problems(text)[0].startswith('cart.yaml')


def test_a_date_stays_text():
    assert load_config('x', Cart, text=GOOD.replace('cart', '2026-01-01')).name == '2026-01-01'


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r'nowhere.yaml: cannot be read'):
        load_config(tmp_path / 'nowhere.yaml', Cart)
    (tmp_path / 'binary.yaml').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ConfigError, match='not UTF-8'):
        load_config(tmp_path / 'binary.yaml', Cart)
    (tmp_path / 'huge.yaml').write_bytes(b'#' * (MAX_FILE_BYTES + 1))
    with pytest.raises(ConfigError, match='larger than'):
        load_config(tmp_path / 'huge.yaml', Cart)


def test_sections_are_immutable():
    cart = load_config('cart.yaml', Cart, text=GOOD)
    with pytest.raises(ValueError, match='frozen'):
        cart.name = 'other'
    assert math.isclose(cart.wheels['left'].radius_m, 0.1)
