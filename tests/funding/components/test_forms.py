"""Every `{{ form }}` has its labels, hints and errors where a reader and a screen reader expect them."""

from __future__ import annotations

import re

from django import forms

from funding.web.forms import Form, StoryField
from tests.funding.components.drawing import draw, words


class Sample(Form):
    name = forms.CharField(label="Your name", help_text="As it should appear in the book.")
    shown = forms.ChoiceField(
        label="How to show it", choices=[("a", "Named"), ("b", "Unnamed")], widget=forms.RadioSelect, help_text="Change it later."
    )
    plan = StoryField(label="Plan", required=False, max_length=500)
    agree = forms.BooleanField(label="I may agree to this")
    letter = forms.FileField(label="Letter", required=False)


def test_label_hint_error_control_in_this_order() -> None:
    html = draw("{{ form }}", form=Sample({}))
    at = [
        html.index(piece)
        for piece in ('<label for="id_name">', 'id="id_name_helptext"', 'id="id_name_error"', '<input type="text" name="name"')
    ]
    assert at == sorted(at)


def test_a_control_points_to_its_hint_and_its_errors() -> None:
    html = draw("{{ form }}", form=Sample({}))
    control = re.search(r'<input type="text" name="name"[^>]*>', html)
    assert control
    assert 'aria-describedby="id_name_helptext id_name_error"' in control[0]
    assert 'aria-invalid="true"' in control[0]


def test_every_pointer_leads_somewhere() -> None:
    html = draw("{% error_summary form %}{{ form }}", form=Sample({}))
    ids = set(re.findall(r' id="([^"]+)"', html))
    pointed = {one for many in re.findall(r'(?:aria-describedby|aria-labelledby|for)="([^"]+)"', html) for one in many.split()}
    assert pointed | set(re.findall(r'href="#([^"]+)"', html)) <= ids


def test_a_group_is_a_fieldset_with_a_legend() -> None:
    html = draw("{{ form }}", form=Sample({}))
    group = html[html.index("<fieldset") : html.index("</fieldset>")]
    assert "<legend>How to show it</legend>" in group
    assert 'aria-describedby="id_shown_helptext id_shown_error"' in group


def test_the_summary_says_the_same_words_and_links_to_the_first_control() -> None:
    html = draw("{{ form }}", form=Sample({}))
    summary = html[html.index('class="problem"') : html.index("</ul>")]
    linked = dict(re.findall(r'<a href="(#[^"]+)">([^<]+)</a>', summary))
    assert linked == {
        "#id_name": "“Your name” is empty.",
        "#id_shown_0": "“How to show it”: nothing is chosen yet.",
        "#id_agree": "Tick “I may agree to this” to go on.",
    }
    assert "There are 3 problems" in summary
    beside = re.findall(r"Error: </span>([^<]+)</p>", html)
    assert beside == list(linked.values())


def test_the_alert_is_apart_from_the_box_that_takes_focus() -> None:
    html = draw("{% error_summary form %}", form=Sample({}))
    assert re.search(r'<div class="problem" tabindex="-1"[^>]*role="group"[^>]*><div role="alert">', html)


def test_the_summary_appears_once_wherever_the_page_puts_it() -> None:
    assert draw("{% error_summary form %}<h1>x</h1>{{ form }}", form=Sample({})).count('class="problem"') == 1
    assert draw("{{ form }}", form=Sample({})).count('class="problem"') == 1
    assert 'class="problem"' not in draw("{{ form }}", form=Sample())


def test_an_error_of_the_whole_form_is_in_the_summary() -> None:
    form = Sample({"name": "Ada", "shown": "a", "agree": "on"})
    form.add_error(None, "The pool of December is empty.")
    html = draw("{{ form }}", form=form)
    assert "There is a problem The pool of December is empty." in words(html)


def test_what_was_typed_stays_and_is_escaped() -> None:
    html = draw("{{ form }}", form=Sample({"name": '"><b>'}))
    assert 'value="&quot;&gt;&lt;b&gt;"' in html


def test_no_bubbles_of_the_browser_and_no_placeholders() -> None:
    class Placed(Form):
        email = forms.EmailField(widget=forms.EmailInput(attrs={"placeholder": "you@example.org", "autocomplete": "email"}))

    html = draw("{{ form }}", form=Placed())
    assert " required" not in html
    assert "placeholder" not in html
    assert 'autocomplete="email"' in html


def test_optional_fields_and_limits_are_said() -> None:
    html = words(draw("{{ form }}", form=Sample()))
    assert "Plan (optional) At most 500 characters." in html
    assert "Letter (optional)" in html
    assert "Your name (optional)" not in html


def test_one_field_by_hand() -> None:
    form = Sample()
    assert draw("{% field form.name %}", form=form).startswith('<div class="field"><label for="id_name">')


def test_a_formset_lists_the_problems_of_all_its_forms() -> None:
    rows = forms.formset_factory(Sample, extra=0)({"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "form-0-name": "Ada"})
    html = draw("{% error_summary rows %}{% for row in rows %}{{ row }}{% endfor %}", rows=rows)
    assert html.count('class="problem"') == 1
    assert 'href="#id_form-1-name"' in html
    assert 'href="#id_form-0-name"' not in html
