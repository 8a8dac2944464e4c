"use strict";
// Draws the charts; their colours are the page's CSS variables, so that a change of scheme and
// printing need no new drawing.
const pen = document.createElement("canvas").getContext("2d");
pen.font = "12px system-ui, sans-serif";
const names = JSON.parse(document.body.dataset.series).map(name => pen.measureText(name).width);
const longest = Math.max(60, ...names) + 4;

function specification(element) {
  const room = document.querySelector("main").clientWidth;
  const labels = Math.round(Math.min(longest, 180, room * 0.28));
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

// A chart in what was closed has had no width.
document.addEventListener("toggle", () => dispatchEvent(new Event("resize")), true);
addEventListener("beforeprint", () => dispatchEvent(new Event("resize")));
