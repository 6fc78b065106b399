"""A page keeps still under a hand: what it shows comes together, and what opens has the focus at once."""

from __future__ import annotations

import pytest

from tests.e2e.desk.test_accessible import fill_house
from tests.support.browser import Browser
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e
WATCH = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    for (const { node, previousRect: from, currentRect: to } of entry.sources)
      if (node?.parentElement?.closest(".ticket"))
        window.moved.push([node.nodeName, node.className, node.textContent.slice(0, 30), from.top, to.top].join(" "));
}).observe({ type: "layout-shift", buffered: true });
"""
LATENCY_MS = 120


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (360, 780)])
async def test_nothing_that_is_seen_of_a_ticket_moves_once_it_is_drawn(
    house: WebHouse, desk: Browser, width: int, height: int
) -> None:
    made = await fill_house(house)
    await desk.resize(width, height)
    await desk.cdp("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    slow = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": -1, "uploadThroughput": -1}
    await desk.cdp("Network.emulateNetworkConditions", slow)
    for ticket in (made["lamp"], made["paving"]):
        await desk.open(f"{house.url}/desk/#/tickets/{ticket}")
        await desk.reload()
        await desk.find("#field-demand-category-notes")
        await desk.find(".case .row-buttons")
        await desk.find(".similar")
        await desk.find("#field-demand-category-notes .candidates")
        # Two frames later whatever has moved was told of.
        frames = "return new Promise((done)=>requestAnimationFrame(()=>requestAnimationFrame(()=>setTimeout(done))))"
        await desk.js(frames)
        assert await desk.js("return window.moved") == []
