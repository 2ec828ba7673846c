"""The frame of every page of the stand-in, and the one kind of button on them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from funding.payments.fakestripe.style import CSS

Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    html: str = ""
    location: str = ""


def layout(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · payment stand-in</title><style>{CSS}</style></head><body>"
        f'<header><p class="notice"><strong>Stand-in for the payment processor.</strong> No money moves. Enter no real card.</p></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def button(action: str, label: str, kind: str = "") -> str:
    return f'<button name="action" value="{action}" class="{kind}">{escape(label)}</button>'


def table(title: str, heads: list[str], rows: list[list[str]]) -> str:
    """Cells are HTML already."""
    if not rows:
        return f"<h2>{title}</h2><p>None yet.</p>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<h2>{title}</h2><div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def buttons(hidden: dict[str, str], made: str) -> str:
    """A form of its own around some buttons, with what it is about."""
    fields = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    return f'<form method="post" class="row">{fields}{made}</form>'
