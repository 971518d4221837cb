"""Texts that would be code, were they not taken for what they are."""

from __future__ import annotations

__all__ = ["FILE_NAMES", "HOSTILE"]

HOSTILE = (
    "<img src=x onerror='window.__x = 1'>",
    "</script><script>window.__x = 2</script>",
    "javascript:window.__x=3//",
    '" onmouseover="window.__x = 4" x="',
    "' autofocus onfocus='window.__x = 5",
    "</title></textarea></style><svg onload=window.__x=6>",
    "<iframe srcdoc='<script>parent.__x = 7</script>'></iframe>",
    "${window.__x = 8}",
    "{{constructor.constructor('window.__x = 9')()}}",
    "`); window.__x = 10; (`",
    r"$\href{javascript:window.__x=11}{x}$",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "[a link](javascript:window.__x=12)",
    f"<b>very {'long ' * 200}</b>",
    "\u202ereversed\u202c \u2066isolated\u2069 🧑‍🚀 \u0301\u0301",
)
"""Names as data may bring them: markup, ways out of an attribute or a script, templates,
formulas, escapes, a name of a thousand letters, and letters that turn the direction.

Each that ran would set `window.__x`. None has a space at its ends, where a label has none.
"""

FILE_NAMES = tuple(text for text in HOSTILE if "/" not in text and len(text.encode()) < 200)
"""Those that a file or a folder can have for a name."""
