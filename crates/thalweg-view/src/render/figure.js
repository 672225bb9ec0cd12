"use strict";
(() => {
  const script = document.currentScript;
  const panels = JSON.parse(script.previousElementSibling.textContent);
  const figure = script.previousElementSibling.previousElementSibling;
  const svg = figure.querySelector("svg");
  const tip = figure.querySelector(".tip");
  const hidden = new Set();
  const near = 25;

  for (const entry of figure.querySelectorAll(".entry")) {
    entry.addEventListener("click", () => {
      const name = entry.dataset.name;
      const off = !hidden.delete(name) && Boolean(hidden.add(name));
      entry.classList.toggle("off", off);
      for (const trace of figure.querySelectorAll(".trace")) {
        if (trace.dataset.name === name) trace.style.display = off ? "none" : "";
      }
    });
  }

  const share = (scale, value) => ((scale.log ? Math.log10(value) : value) - scale.low) / (scale.high - scale.low);
  const written = (value) => String(Number(value.toPrecision(6))).replace("-", "\u2212");

  /** The point next to a place in the picture, or null. */
  function closest(panel, at) {
    const [left, top, width, height] = panel.box;
    let best = null;
    for (const line of panel.lines) {
      if (hidden.has(line.name)) continue;
      for (let i = 0; i < line.x.length; i++) {
        if (line.x[i] === null || line.y[i] === null) continue;
        const x = left + width * share(panel.x, line.x[i]);
        const y = top + height * (1 - share(panel.y, line.y[i]));
        const distance = Math.hypot(x - at.x, y - at.y);
        if (distance < (best ? best.distance : near)) best = { distance, x, y, line, i };
      }
    }
    return best;
  }

  svg.addEventListener("mousemove", (event) => {
    const frame = svg.getBoundingClientRect();
    const zoom = frame.width / svg.viewBox.baseVal.width;
    const at = { x: (event.clientX - frame.left) / zoom, y: (event.clientY - frame.top) / zoom };
    const inside = ({ box: [x, y, w, h] }) => at.x >= x - near && at.x <= x + w + near && at.y >= y - near && at.y <= y + h + near;
    const found = panels.filter(inside).map((panel) => closest(panel, at)).find(Boolean);
    tip.hidden = !found;
    if (!found) return;
    const { line, i } = found;
    tip.textContent = `${line.name}  ${written(line.x[i])}: ${written(line.y[i])}`;
    tip.style.background = line.color;
    const flip = found.x * zoom + tip.offsetWidth + 16 > frame.width;
    tip.style.left = `${found.x * zoom + (flip ? -tip.offsetWidth - 10 : 10)}px`;
    tip.style.top = `${found.y * zoom - 26}px`;
  });
  svg.addEventListener("mouseleave", () => { tip.hidden = true; });
})();
