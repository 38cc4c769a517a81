"""The pieces of templates/ui: states by shape and word, fields that say what is wrong."""

import re
from pathlib import Path

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string

from apps.engine.charts import theme
from apps.governance.state import GateState
from apps.jobs.models import JobState
from apps.web.templatetags import ui

pytestmark = pytest.mark.once  # pages and files, the same on every database

ROOT = Path(__file__).resolve().parents[2]
SPRITE = (ROOT / "static/icons.svg").read_text()
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("state", [*GateState, *JobState, "pass", "fail", "inconclusive", "warn"])
def test_every_state_is_told_by_a_shape_and_a_word(state):
    drawn = render_to_string("ui/badge.html", {"state": state, "label": "The word"})
    assert "The word" in drawn
    assert f"#{ui.sign(state)}" in drawn
    assert ui.sign(state) in SYMBOLS


def test_every_icon_that_a_template_names_is_in_the_sprite():
    named = set()
    for path in TEMPLATES:
        named |= set(re.findall(r'\{% icon "([^"]+)"', path.read_text()))
    assert named
    assert named <= SYMBOLS


def test_no_template_brings_script_style_or_handlers_of_its_own():
    inline = re.compile(r"<style|<script(?![^>]*\bsrc=)|\son[a-z]+=|hx-on|javascript:", re.I)
    found = [
        f"{path.name}: {match}" for path in TEMPLATES for match in inline.findall(path.read_text())
    ]
    assert found == []


def test_the_colours_of_charts_on_a_dark_ground_are_those_of_the_engine():
    script = (ROOT / "static/js/charts.js").read_text()
    pairs = dict(re.findall(r'"(#[0-9a-f]{6})": "(#[0-9a-f]{6})"', script))
    assert pairs == theme.DARK


class SourceForm(forms.Form):
    name = forms.CharField(label="Name of the source", help_text="As colleagues call it.")
    often = forms.ChoiceField(
        label="How often",
        choices=[("day", "Every day"), ("once", "Once")],
        widget=forms.RadioSelect,
    )
    sure = forms.BooleanField(label="No personal data")
    secret = forms.CharField(widget=forms.HiddenInput)


def test_a_field_ties_label_help_and_error_to_its_control():
    page = str(SourceForm({"secret": "x"}))
    assert '<label class="form-label" for="id_name">Name of the source' in page
    control = re.search(r'<input type="text"[^>]*>', page)[0]
    assert 'aria-invalid="true"' in control
    for described in re.search(r'aria-describedby="([^"]+)"', control)[1].split():
        assert f'id="{described}"' in page
    assert 'class="form-control is-invalid"' in control


def test_a_wrong_form_begins_with_a_summary_that_links_to_each_field():
    page = str(SourceForm({"secret": "x"}))
    assert page.index("error-summary") < page.index('id="id_name"')
    targets = re.findall(r'<a href="#([^"]+)">', page)
    assert targets == ["id_name", "id_often_0", "id_sure"]
    for target in targets:
        assert f'id="{target}"' in page


def test_an_error_of_a_hidden_field_and_of_the_whole_form_is_shown():
    form = SourceForm({"name": "a", "often": "day", "sure": "on"})
    form.add_error(None, "The name is taken.")
    page = str(form)
    assert "The name is taken." in page
    assert page.count("This field is required.") == 1


def test_a_form_that_is_not_sent_shows_no_error_and_one_control_each():
    page = str(SourceForm())
    assert "error" not in page
    assert [page.count(f'name="{name}"') for name in ("name", "often", "sure", "secret")] == [
        1,
        2,
        1,
        1,
    ]


def test_the_pager_keeps_the_other_parameters():
    page = Paginator(range(120), 50).page(2)
    drawn = render_to_string("ui/pager.html", {"page": page, "query": "q=card"})
    assert "51 to 100 of 120" in drawn
    assert 'href="?q=card&amp;page=1"' in drawn
    assert 'href="?q=card&amp;page=3"' in drawn
    assert render_to_string("ui/pager.html", {"page": Paginator([1], 50).page(1)}).strip() == ""
