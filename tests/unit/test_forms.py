"""Every packaged persona and scenario survives the form, and every field has a name in both languages."""

import pytest

from interview.persona import Persona, Scenario
from review.forms import form_of, label_of, raw_of, values_of


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_goes_into_the_form_comes_out_again(library, lang):
    for model, found in ((Persona, library.personas(lang)), (Scenario, library.scenarios(lang))):
        form = form_of(model)
        for value in found:
            raw = value.model_dump(mode="json")
            assert model.model_validate(raw_of(values_of(raw, form), form)) == value


def test_an_optional_part_left_empty_is_left_out(library):
    form = form_of(Scenario)
    raw = library.scenario("year-end-below", "zh").model_dump(mode="json")
    values = ["" if field.path[0] == "money" else v for field, v in zip(form, values_of(raw, form), strict=True)]
    assert Scenario.model_validate(raw_of(values, form)).money is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_field_has_a_name(lang):
    for model in (Persona, Scenario):
        for field in form_of(model):
            for name in (field.name, *(c.name for c in field.columns)):
                assert not set(label_of(name, lang).split(" · ")) & set(name.split(".")), name
