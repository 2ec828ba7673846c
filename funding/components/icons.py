"""The few icons in use, as the inner shapes of a 24 by 24 box.

Drawn after Lucide (ISC licence, https://lucide.dev/license), stroke 1.75. Icons stand beside words and are hidden from
assistive technology; none carries a meaning of its own.
"""

from __future__ import annotations

ICONS: dict[str, str] = {
    "check": '<path d="M4 12.5l5 5L20 6.5"/>',
    "previous": '<path d="M15 5l-7 7 7 7"/>',
    "next": '<path d="M9 5l7 7-7 7"/>',
    "right": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "down": '<path d="M12 5v14M6 13l6 6 6-6"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="9.5" rx="1"/><path d="M8.5 10.5V7.5a3.5 3.5 0 017 0v3"/>',
    "warning": '<path d="M12 4L2.5 20h19L12 4zM12 10v4.5M12 17.2v.1"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 7.8v.1"/>',
    "download": '<path d="M12 4v11M7 10.5l5 5 5-5M4 20h16"/>',
    "file": '<path d="M6 3h8l4 4v14H6zM14 3v4h4"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.5l3.5 2"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c1-4 4-6 7.5-6s6.5 2 7.5 6"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "cross": '<path d="M6 6l12 12M18 6L6 18"/>',
}
