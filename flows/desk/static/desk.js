"use strict";
// Draws the charts of a page, follows clicks on their marks, and selects the range that was brushed.

function specification(element) {
  const labels = Math.round(Math.min(180, element.clientWidth * 0.28));
  // Colours are the page's CSS variables, so that a change of scheme needs no new drawing.
  const text = element.dataset.chart
    .replaceAll('"@labels"', String(labels))
    // Vega-Lite fits no panels into their container.
    .replaceAll('"@width"', String(Math.max(120, element.clientWidth - labels - 60)))
    .replace(/"@([a-z0-9]+)"/g, '"var(--$1)"');
  return JSON.parse(text);
}

// vega-tooltip writes style attributes, which the content security policy refuses.
const tooltip = document.createElement("div");
tooltip.id = "tooltip";
tooltip.hidden = true;

function showTooltip(_, event, __, value) {
  if (value == null || value === "") {
    tooltip.hidden = true;
    return;
  }
  document.body.append(tooltip);
  tooltip.replaceChildren(...Object.entries(value).flatMap(([name, text]) => [
    Object.assign(document.createElement("span"), { textContent: name }),
    Object.assign(document.createElement("b"), { textContent: text }),
  ]));
  tooltip.hidden = false;
  const room = tooltip.getBoundingClientRect();
  tooltip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - room.width - 4))}px`;
  tooltip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - room.height - 4))}px`;
}

async function draw(element) {
  const room = element.querySelector(".drawing");
  const { view } = await vegaEmbed(room, specification(element), {
    actions: false,
    renderer: "svg",
    ast: true,
    defaultStyle: false,
    tooltip: showTooltip,
  });
  const svg = room.querySelector("svg");
  // One image with a label; the numbers are in a table.
  for (const mark of svg.querySelectorAll("[role]")) {
    for (const name of ["role", "aria-roledescription", "aria-label"]) mark.removeAttribute(name);
  }
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", element.dataset.title);
  element.view = view;
  view.addEventListener("click", (_, item) => {
    const url = item?.datum?.url;
    if (typeof url === "string" && url.startsWith("/")) location.assign(url);
  });
  if ("brush" in view.getState().signals) followBrush(room, view);
}

// The range is taken when the pointer is released, over the chart or elsewhere.
function followBrush(room, view) {
  let range = null;
  view.addSignalListener("brush", (_, value) => { range = Object.values(value)[0] ?? null; });
  room.addEventListener("pointerdown", () => {
    addEventListener("pointerup", () => {
      setTimeout(() => {
        if (!range) return;
        const days = [range[0], range[range.length - 1]].map((time) => new Date(time).toISOString().slice(0, 10));
        if (days[0] === days[1]) return;
        const url = new URL(location);
        url.searchParams.set("from", days[0]);
        url.searchParams.set("to", days[1]);
        url.searchParams.delete("unit");
        location.assign(url);
      }, 50);
    }, { once: true });
  });
}

// Codes of languages and countries are shown by name; without scripts as codes.
function nameCodes() {
  for (const element of document.querySelectorAll("[data-named]")) {
    const names = new Intl.DisplayNames("en", { type: element.dataset.named });
    const code = element.textContent;
    // Regions are known by their capitals alone.
    try { element.textContent = names.of(element.dataset.named === "region" ? code.toUpperCase() : code); }
    catch { /* no code, as in a file */ }
    delete element.dataset.named;
  }
}

async function drawAll() {
  nameCodes();
  delete document.documentElement.dataset.drawn;
  const waiting = [...document.querySelectorAll(".chart")].filter((element) => !element.view);
  await Promise.all(waiting.map(draw));
  document.documentElement.dataset.drawn = "yes";
}

let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  for (const element of document.querySelectorAll(".chart"))
    if (element.dataset.chart.includes('"@width"')) draw(element);
});

// Days are sent by Enter, or when focus leaves both fields and they form a range: each typed digit is a
// change, and a response would replace the fields while the user is typing.
document.addEventListener("change", (event) => {
  if (event.target.type !== "date") return;
  event.stopImmediatePropagation();
  event.target.form.dataset.changed = "yes";
}, true);
document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const form = target.type === "date" ? target.form : null;
  if (!form?.dataset.changed || !document.hasFocus()) return;
  if (relatedTarget?.form === form && ["date", "search"].includes(relatedTarget.type)) return;
  if (form.checkValidity() && form.from.value <= form.to.value) form.requestSubmit();
});

// What was opened stays open when the page around it is replaced.
let opened = [];
document.addEventListener("htmx:beforeSwap", () => {
  tooltip.hidden = true;
  opened = [...document.querySelectorAll("details[id][open]")].map((element) => element.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});

// A key presses the button or box that names it, but not where text is typed, nor while the previous
// verdict is being sent: it would be for an article that is not shown yet.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest?.("select, textarea, input:not([type=checkbox])")) return;
  const named = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!named || document.querySelector(".htmx-request")) return;
  event.preventDefault();
  named.click();
});

drawAll();
document.addEventListener("htmx:afterSettle", drawAll);
