"use strict";
// Draws the charts; their colours are the page's CSS variables, so that a change of scheme and
// printing need no new drawing.
function specification(element) {
  const labels = Math.round(Math.min(180, element.clientWidth * 0.28));
  const text = element.querySelector("script").textContent
    .replaceAll('"@labels"', String(labels))
    .replace(/"@([a-z0-9]+)"/g, '"var(--$1)"');
  return JSON.parse(text);
}

async function draw(element) {
  const room = element.querySelector(".drawing");
  await vegaEmbed(room, specification(element), {
    actions: false,
    renderer: "svg",
    ast: true,
    tooltip: { theme: "custom" },
  });
  const svg = room.querySelector("svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", element.dataset.title);
}

Promise.all([...document.querySelectorAll(".chart")].map(draw))
  .then(() => { document.documentElement.dataset.drawn = "yes"; });

addEventListener("beforeprint", () => dispatchEvent(new Event("resize")));
