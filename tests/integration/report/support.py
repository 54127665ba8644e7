# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page in Chromium, and what holds for each of our pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

#: Contrast of text that WCAG 2.2 asks for, level AA.
CONTRAST = 4.5

# Relative luminance and contrast as in WCAG 2.2; the background is that of the nearest element that has one.
CONTRASTS = """
() => {
  const channels = color => color.match(/[\\d.]+/g).map(Number);
  const luminance = color => {
    const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = channels(color).map(c => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.data.trim() || element.closest("title, style") || !element.getClientRects().length) continue;
    const inPicture = element.tagName === "text";
    const back = inPicture ? getComputedStyle(element.parentElement.querySelector("rect")).fill : background(element);
    const front = inPicture ? getComputedStyle(element).fill : getComputedStyle(element).color;
    const [low, high] = [luminance(back), luminance(front)].sort((a, b) => a - b);
    found.push([node.data.trim(), (high + 0.05) / (low + 0.05)]);
  }
  return found;
}
"""


class Opened:
    """The page in a tab, and what happened while it was opened."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.messages: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", lambda dialog: self.messages.append(dialog.message))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]


def opened(browser: Browser, file: Path, *, width: int = 1200, scheme: Any = "light") -> Opened:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    return Opened(context.new_page(), file)


def assert_alone(tab: Opened, file: Path) -> None:
    """The page asked for nothing but itself, and neither ran nor complained of anything."""
    assert [url for url in tab.requests if url != "data:,"] == [file.as_uri()]
    assert tab.messages == []
    assert tab.page.locator("script, img, link[rel=stylesheet], iframe").count() == 0


def assert_readable(page: Page, *, scheme: str, texts: int) -> None:
    """Each text has enough contrast, in the colours that were asked for.

    :param texts: how many there are at least.
    """
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > texts
    assert [text for text, contrast in contrasts if contrast < CONTRAST] == []
    assert (page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") == (
        scheme == "light"
    )
