"""What a person could not read on a page: letters without a glyph, and text too faint for its
ground (WCAG 2.2, success criterion 1.4.3)."""

from __future__ import annotations

from typing import Any

_LEAST, _LEAST_LARGE = 4.5, 3.0
_WITHOUT_GLYPHS = frozenset({"LastResort", "Last Resort", "Noto Sans Symbols"})

_TEXTS = """() => {
  const parse = c => { const n = c.match(/[\\d.]+/g).map(Number);
    return n.length < 4 ? [...n, 1] : n };
  const light = ([r, g, b]) => { const f = v => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b) };
  const ground = e => { for (; e; e = e.parentElement) { const s = getComputedStyle(e);
    if (s.backgroundImage !== 'none') return null;
    const c = parse(s.backgroundColor); if (c[3] > .99) return c }
    return [255, 255, 255, 1] };
  const found = [];
  for (const e of document.querySelectorAll('label, button, a, h1, h2, p, li, span, input')) {
    const text = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('').trim();
    const s = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!text || !box.width || !box.height || s.visibility === 'hidden' || e.disabled) continue;
    const on = ground(e), ink = parse(s.color);
    if (!on || ink[3] < .99) continue;
    const [a, b] = [light(ink), light(on)];
    const large = parseFloat(s.fontSize) >= 24
      || (parseFloat(s.fontSize) >= 18.66 && parseInt(s.fontWeight) >= 700);
    found.push([text.slice(0, 60), (Math.max(a, b) + .05) / (Math.min(a, b) + .05), large]);
  }
  return found;
}"""


def flaws(page: Any) -> list[str]:
    """Every text that is too faint, and every font that stands in for missing letters."""
    found = [
        f"contrast {ratio:.1f}: {text}"
        for text, ratio, large in page.evaluate(_TEXTS)
        if ratio < (_LEAST_LARGE if large else _LEAST)
    ]
    return [*found, *(f"no glyphs: {name}" for name in sorted(_fonts(page) & _WITHOUT_GLYPHS))]


def _fonts(page: Any) -> set[str]:
    """The fonts that the letters of a page were in the end drawn with."""
    door = page.context.new_cdp_session(page)
    door.send("DOM.enable")
    door.send("CSS.enable")
    root = door.send("DOM.getDocument")["root"]["nodeId"]
    every = door.send("DOM.querySelectorAll", {"nodeId": root, "selector": "body *"})
    used: set[str] = set()
    for node in every["nodeIds"][:400]:
        fonts = door.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        used |= {font["familyName"] for font in fonts}
    door.detach()
    return used
