"""Samples of what is filled in and pressed, and of what a page says back."""

from django import forms

from funding.components.samples.shape import Sample, Variant
from funding.money import Money
from funding.web.forms import Form


class SampleForm(Form):
    name = forms.CharField(label="Name on the receipt", max_length=80)
    kind = forms.ChoiceField(
        label="You are",
        choices=[("person", "A person"), ("company", "A company, with an invoice")],
        widget=forms.RadioSelect,
        initial="person",
    )
    country = forms.ChoiceField(label="Country", choices=[("", "Choose"), ("NO", "Norway"), ("AT", "Austria")])
    note = forms.CharField(
        label="What the money is for",
        help_text="Stands on the invoice as you write it.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=400,
        required=False,
    )
    agree = forms.BooleanField(label="The sum becomes public", help_text="Under the name that you choose above.")


class RatingForm(Form):
    score = forms.ChoiceField(
        label="Public benefit",
        help_text="How many people meet the problem, and how often. Weight 30.",
        choices=[("1", "Little"), ("2", "Some"), ("3", "Fair"), ("4", "Good"), ("5", "Strong"), ("na", "Left out")],
        widget=type("Rate", (forms.RadioSelect,), {"template_name": "components/rating.html"}),
    )


class Confirmed(Form):
    """Nothing is asked: pressing the button is the answer."""


FIELDS = Sample(
    slug="form-fields",
    name="Form fields",
    use="Every form draws itself this way: label, hint, error, control. Nothing is said by a placeholder or by the browser's own bubbles.",
    variants=[
        Variant("A form", '<div class="form">{{ form }}</div>', {"form": SampleForm(prefix="a")}),
        Variant(
            "A unit around an input",
            '<div class="field"><label for="sum">Another amount</label><div class="around"><span>$</span>'
            '<input class="input" id="sum" name="sum" inputmode="decimal"><span>a month</span></div></div>',
        ),
        Variant(
            "A pair of choices",
            '<fieldset class="seg"><legend class="vh">How often to pay</legend><label><input type="radio" name="often" checked>'
            '<span>Monthly</span></label><label><input type="radio" name="often"><span>One time</span></label></fieldset>',
        ),
        Variant(
            "A code",
            '<div class="field"><label for="code">Code</label><p class="hint" id="code-hint">Six figures from your app.</p>'
            '<input class="input code" id="code" inputmode="numeric" autocomplete="one-time-code" aria-describedby="code-hint"></div>',
        ),
    ],
)
ERRORS = Sample(
    slug="error-summary",
    name="Error summary",
    use="At the top of a page whose form came back, before the h1. The same words stand beside each field, and each line leads to its field. "
    "The page's title begins with “Error: ”, and what was typed stays.",
    variants=[
        Variant(
            "Several",
            '{% error_summary form %}<div class="form">{{ form }}</div>',
            {"form": SampleForm({"b-name": "", "b-note": "For the reader", "b-country": "Atlantis"}, prefix="b")},
        ),
    ],
)
RATING = Sample(
    slug="rating-row",
    name="Rating row",
    use="One criterion of a rubric: five radios with a word under each number, and a sixth where it may be left out.",
    variants=[
        Variant("Nothing chosen", '<div class="form">{{ form }}</div>', {"form": RatingForm(prefix="c")}),
        Variant("Chosen", '<div class="form">{{ form }}</div>', {"form": RatingForm(prefix="d", initial={"score": "4"})}),
        Variant("Left out by mistake", '<div class="form">{% field form.score %}</div>', {"form": RatingForm({}, prefix="e")}),
    ],
)
BUTTONS = Sample(
    slug="buttons",
    name="Buttons",
    use="A button does something; a link goes somewhere. One plain button on a page. It names the act and, where money moves, the sum.",
    variants=[
        Variant(
            "The act, the second choice, a link",
            '<div class="buttons"><button class="btn" type="button">Sponsor for $100 a month</button>'
            '<button class="btn ghost" type="button">Save the draft</button><a href="#buttons">Go back without doing this</a></div>',
        ),
        Variant("What takes away", '<button class="btn stop" type="button">Stop the sponsorship</button>'),
        Variant(
            "Small, and over the whole width",
            '<p><button class="btn ghost small" type="button">Find</button></p>'
            '<p class="after"><button class="btn block" type="button">Pledge to this goal</button></p>',
        ),
        Variant("A button that reads as a link", '<button class="link" type="button">Withdraw</button>'),
    ],
)
CONFIRM = Sample(
    slug="confirm",
    name="Confirm page",
    use="Before money moves or something cannot be taken back: a page, not a dialog. It repeats the control total, and its button names the act. "
    "Another press of the same button lands on the first one's result.",
    variants=[
        Variant(
            "The facts and their control total",
            '<dl class="facts sheet pad"><div><dt>People</dt><dd>6</dd></div><div><dt>Days</dt><dd>40</dd></div>'
            '<div class="total"><dt>Control total</dt><dd>{% money 1836000 "USD" %}</dd></div></dl>',
        ),
    ],
    page="components/confirm.html",
    page_values={
        "title": "Approve payout run 10",
        "lead": "Prepared by Ines Okafor. Nothing has changed since; every line is approved and unpaid.",
        "facts": [("People", "6"), ("Days", "40"), ("Paid from", "Quillon, Harrow")],
        "total": ("Control total", Money(1836000, "USD")),
        "form": Confirmed(),
        "submit": "Approve $18,360.00 to 6 people",
        "cancel_url": "/components/confirm/",
    },
)
NOTES = Sample(
    slug="notes",
    name="Notes and results",
    use="A rule that matters has the amber edge; a result stands under the crumbs once and never vanishes by itself; a note is quiet.",
    variants=[
        Variant("A rule", '<p class="rule-note"><b>No card is charged unless 12 days are pledged</b> by Thu 10 Dec 2026, 23:59 UTC.</p>'),
        Variant("A hint in ink", '<p class="pen-note"><b>30 more of “Company seat”</b> fill the month. One day costs $459.00.</p>'),
        Variant("A result", '<div class="banner" role="status">{% icon "check" %}<p>Seat taken. The receipt is in your mail.</p></div>'),
        Variant(
            "A result with a trouble",
            '<div class="banner warning" role="status">{% icon "warning" %}<p>Saved. The mail waits for its server.</p></div>',
        ),
        Variant("A note", '<div class="note">{% icon "info" %}<p>Reviews open to the panel when all are in.</p></div>'),
    ],
)
