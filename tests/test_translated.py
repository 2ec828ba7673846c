"""By reading alone: no template says a word outside translation, and gettext is only asked for what a translator was given.

`tests/site/test_translation.py` draws the pages that there are; this reads what no test draws too, such as a mail that is rarely sent.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, Token, TokenType

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
SAMPLES = "components/samples/"
"""The designs, for whoever writes pages."""
WORD = re.compile(r"[^\W\d_]{2,}")
NO_WORDS = re.compile(r"\w+://\S*|\S*@\S*|(?<!\S)/\S*|\b[A-Z]+-\d+\b")
"""Addresses of pages and mail, and numbers such as PAY-0001."""
SUBJECT = re.compile(r"\ASubject: ")
"""What a mail's file begins with is taken off before it is sent."""
NAMES = {"Daybook", "UTC"}
SHOWN = ("aria-label", "aria-description", "title", "placeholder", "alt", "data-label", "data-busy")
SILENT = {"script", "style", "code", "pre", "kbd", "svg"}
"""What programs read or say; so is whatever stands in an element with `translate="no"`."""
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
LITERAL = re.compile(r'(?<!_\()"([^"]*)"')
PROSE = re.compile(r"[A-Z][a-z]+|[a-z]{2,}[,;]? [a-z]{2,}")
"""Begins like a sentence, or has two words. A code, a class or a format of a date is neither."""
NOT_SAID = {"translate", "trans", "if", "elif", "url", "extends", "load", "static", "get_static_prefix"}
"""Tags of which no argument is shown. What `translate` is given is translated."""
GETTEXT = re.compile(r"_|n?p?gettext(_lazy|_noop)?")


class Page(HTMLParser):
    """What is read of a page: texts, and attributes that are shown or spoken."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.within: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if self.within or tag in SILENT or has.get("translate") == "no":
            self.within += [] if tag in VOID else [tag]
            return
        self.texts += [has[name] or "" for name in SHOWN if name in has]
        if tag == "input" and has.get("type") in {"submit", "button"}:
            self.texts.append(has.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.within:
            while self.within.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.within:
            self.texts.append(data)


def pieces(tokens: list[Token]) -> Iterator[Token]:
    """The tokens outside `blocktranslate`, `comment` and blocks that fill a `class`, which are named for it."""
    until = ""
    for token in tokens:
        name, *rest = token.contents.split() if token.token_type == TokenType.BLOCK else ("",)
        if until:
            until = "" if name == until else until
            continue
        if name in {"blocktranslate", "blocktrans", "comment"} or (name == "block" and rest[0].endswith("_class")):
            until = f"end{name}"
        yield token


def unsaid(source: str, *, html: bool = True) -> list[str]:
    """The words of a template that no translator is shown."""
    tokens = list(pieces(Lexer(source).tokenize()))
    text = "".join(token.contents for token in tokens if token.token_type == TokenType.TEXT)
    page = Page()
    if html:
        page.feed(text)
        page.close()
    texts = page.texts if html else [SUBJECT.sub("", text)]
    found = [line.strip() for text in texts for line in text.splitlines() if has_words(line)]
    return found + [words for token in tokens for words in handed(token)]


def has_words(text: str) -> bool:
    return bool(set(WORD.findall(NO_WORDS.sub(" ", text))) - NAMES)


def handed(token: Token) -> list[str]:
    """Words that a tag or a filter is given as they are, such as `{% crumbs "Projects" %}`."""
    told = token.token_type in {TokenType.BLOCK, TokenType.VAR} and token.contents.split(maxsplit=1)[:1]
    if not told or told[0] in NOT_SAID:
        return []
    return [words for words in LITERAL.findall(token.contents) if PROSE.match(words) and has_words(words) and not set("<>/=") & set(words)]


def misused(source: str) -> list[str]:
    """Lines on which `_` is something else than gettext in a module where it is gettext, or gettext is asked for an f-string."""
    tree = ast.parse(source)
    bound = sorted(line for line, name in bindings(tree) if name == "_") if takes_gettext(tree) else []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and GETTEXT.fullmatch(called(node.func))]
    formed = [
        call.lineno for call in calls if any(isinstance(part, ast.JoinedStr) for argument in call.args for part in ast.walk(argument))
    ]
    return [f"{line}: _ is bound" for line in bound] + [f"{line}: an f-string" for line in formed]


def takes_gettext(tree: ast.Module) -> bool:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"]
    return any(alias.asname == "_" for node in imports for alias in node.names)


def bindings(tree: ast.Module) -> Iterator[tuple[int, str | None]]:
    """Every name that is given a meaning, but for the imports of gettext themselves."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
                yield node.lineno, name
            case ast.MatchMapping(rest=name):
                yield node.lineno, name
            case ast.Import(names=names):
                yield from ((node.lineno, alias.asname) for alias in names)
            case ast.ImportFrom(module=module, names=names) if module != "django.utils.translation":
                yield from ((node.lineno, alias.asname) for alias in names)


def called(function: ast.expr) -> str:
    """`_`, `gettext`; the last part where it is asked of a module, as in `translation.gettext`."""
    return function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""


def test_no_template_says_a_word_outside_translation() -> None:
    files = [path for path in sorted(TEMPLATES.rglob("*")) if path.suffix in {".html", ".txt"}]
    found = []
    for path in files:
        name = path.relative_to(TEMPLATES).as_posix()
        if not name.startswith(SAMPLES):
            found += [f"{name}: {words}" for words in unsaid(path.read_text(), html=path.suffix == ".html")]
    assert len(files) > 100
    assert not found, "\n".join(found)


def test_gettext_is_asked_for_whole_texts_and_its_name_is_its_own() -> None:
    found = []
    for package in ("funding", "sponsors", "grants"):
        for path in sorted((ROOT / package).rglob("*.py")):
            found += [f"{path.relative_to(ROOT)}:{said}" for said in misused(path.read_text())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<p>Left</p>", ["Left"]),
        ("<p>für</p>", ["für"]),
        ("<p>{{ n }} of <b>{{ all }}</b></p>", ["of"]),
        ('{% translate "Days" %}, and', [", and"]),
        ("{% blocktranslate with a=b.c %}Left: {{ a }}{% plural %}Lefts{% endblocktranslate %}", []),
        ("{% blocktranslate %}Left{% endblocktranslate %} over", ["over"]),
        ("{# a remark #}{% comment %}Left{% endcomment %}<!-- why -->", []),
        ('<a{% if it.here %} aria-current="page"{% endif %} href="/books/">{{ it.name }}</a>', []),
        ('<nav aria-label="Pages"></nav>', ["Pages"]),
        ('<nav aria-label="{% translate "Pages" %}" title="{{ title }}"></nav>', []),
        ('<nav aria-label="Pages of {{ name }}"></nav>', ["Pages of"]),
        ('<input placeholder="PAY-0001">', []),
        ('<input placeholder="Name"><img alt="A map" title="Where"><input type="submit" value="Send">', ["Name", "Where", "A map", "Send"]),
        ("{% block columns_class %}ruled{% endblock %}{% block title %}Books{% endblock %}", ["Books"]),
        ("<title>Books · {{ name }}</title>", ["Books ·"]),
        ("<code>manage.py check</code><pre>GET</pre><style>a{color:red}</style><script>let one</script>", []),
        ('<dt translate="no">GET <b>it</b><br></dt><dd>Left</dd>', ["Left"]),
        ("Daybook · UTC &nbsp; a £ 1", []),
        ('{% crumbs "Projects" projects_url %}', ["Projects"]),
        ('{% crumbs _("Projects") "/projects/" name %}{% include "site/pages/_pager.html" with label=_("Pages") %}', []),
        ('{{ submit|default:"Save" }}{{ card|default:"the card that pays" }}', ["Save", "the card that pays"]),
        ('{% firstof host "Daybook" %}', []),
        ('{{ day|date:"D j M Y" }}{% if a == "Left" %}{% url "pages:books" %}{{ all|join:", " }}{% pill "wait" word %}{% endif %}', []),
        ('{% blocktranslate with a=b|default:"Nobody knows" %}{{ a }}{% endblocktranslate %}', ["Nobody knows"]),
    ],
)
def test_a_word_outside_translation_is_seen(source: str, said: list[str]) -> None:
    assert unsaid(source) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Subject: {% translate 'Paid' %}\n\n{% blocktranslate %}Paid, see {{ url }}{% endblocktranslate %}\n", []),
        ("Subject: Paid\n", ["Paid"]),
        ("Subject: {% block subject %}{% endblock %}\n\nSubject: {{ it }}\n", ["Subject:"]),
        ("{{ site }}/desk/\nhttps://example.org/some/page\nhelp@example.org\n--\n", []),
        ("Look at https://example.org/some/page\nand wait", ["Look at https://example.org/some/page", "and wait"]),
        ("either/or <b>", ["either/or <b>"]),
    ],
)
def test_a_mail_is_read_line_by_line(source: str, said: list[str]) -> None:
    assert unsaid(source, html=False) == said


HEAD = "from django.utils.translation import gettext as _\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (HEAD + "a = _('Left')\nb = [c for c, d in e]", []),
        ("for _ in range(3):\n    pass", []),
        *(
            (HEAD + source, ["2: _ is bound"])
            for source in (
                "for _ in a: b",
                "c, _ = b",
                "d = [c for c, _ in b]",
                "d = lambda _: 1",
                "def f(*_): 1",
                "def _(): 1",
                "import a as _",
                "from a import b as _",
                "with a as (b, _): 1",
                "(_ := 1)",
            )
        ),
        (HEAD + "try: 1\nexcept E as _: 2", ["3: _ is bound"]),
        (HEAD + "def f():\n    _(f'Left {a}')", ["3: an f-string"]),
        ("gettext_lazy('a' f'{b}')", ["1: an f-string"]),
        ("ngettext('{n} day', f'{n} days', n)", ["1: an f-string"]),
        ("translation.gettext(f'a')", ["1: an f-string"]),
        ("_('{a}').format(a=f'{b}')", []),
    ],
)
def test_a_misuse_of_gettext_is_seen(source: str, said: list[str]) -> None:
    assert misused(source) == said


def test_an_apostrophe_is_written_in_one_way() -> None:
    """The straight one, in what the site says and in the code that says it."""
    houses = [ROOT / house for house in ("funding", "sponsors", "grants", "templates")]
    files = [path for house in houses for path in house.rglob("*") if path.suffix in {".py", ".html", ".txt", ".js"}]
    assert [str(path.relative_to(ROOT)) for path in files if "\u2019" in path.read_text()] == []
