// The latent plane: the codes of images as points, and what the decoder draws where the pointer is.

const SIZE = 420; // pixels
const WIDTHS = { point: 280, grid: 512, interpolation: 660 }; // of the picture, in pixels
const HINTS = {
  point: "Drag over the plane, or press the arrow keys (with Shift: larger steps).",
  grid: "Drag a box. Arrow keys move it, with Shift they change its size.",
  interpolation: "Click the two ends. Arrow keys move one end, Enter takes the other one.",
};
const TRAITS = { point: "point", grid: "box", interpolation: "ends" }; // mode -> its places

function render({ model, el }) {
  const view = open(model, el);
  const axes = axesOf(model.get("view"), SIZE);
  const [x0, y0, x1, y1] = model.get("view");
  const [canvas, pen] = sharpCanvas(SIZE, SIZE, { tabindex: 0, role: "application" });
  const [background, backgroundPen] = sharpCanvas(SIZE, SIZE, {});
  let end = 1; // the end of the interpolation that moves: 0 or 1
  let held = false;

  const mode = () => model.get("mode");
  const color = () => getComputedStyle(el).color;

  function drawBackground() {
    const codes = numbersOf(model.get("codes"), Float32Array);
    const labels = numbersOf(model.get("labels"), Uint8Array);
    const colors = model.get("colors");
    backgroundPen.clearRect(0, 0, SIZE, SIZE);
    axes.draw(backgroundPen, color(), model.get("axis_names"));
    backgroundPen.globalAlpha = 0.65;
    for (let i = 0; 2 * i < codes.length; i++) {
      const place = [codes[2 * i], codes[2 * i + 1]];
      if (place[0] < x0 || place[0] > x1 || place[1] < y0 || place[1] > y1) continue;
      backgroundPen.fillStyle = labels.length ? colors[labels[i]] : "#7f8fa9";
      backgroundPen.beginPath();
      backgroundPen.arc(...axes.toPixels(place), 2.2, 0, 7);
      backgroundPen.fill();
    }
    backgroundPen.globalAlpha = 1;
  }

  function ring(place, strong) {
    for (const [width, style] of [[5, "white"], [2.5, "black"]]) {
      pen.lineWidth = width;
      pen.strokeStyle = style;
      pen.beginPath();
      pen.arc(...axes.toPixels(place), strong ? 8 : 5, 0, 7);
      pen.stroke();
    }
  }

  function draw() {
    pen.clearRect(0, 0, SIZE, SIZE);
    pen.drawImage(background, 0, 0, SIZE, SIZE);
    const places = model.get(TRAITS[mode()]);
    const [a, b] = [places.slice(0, 2), places.slice(2)];
    if (mode() === "point") {
      ring(a, true);
      return;
    }
    const [from, to] = [axes.toPixels(a), axes.toPixels(b)];
    for (const [width, style] of [[5, "white"], [2, "black"]]) {
      pen.lineWidth = width;
      pen.strokeStyle = style;
      pen.beginPath();
      if (mode() === "grid") pen.rect(...from, to[0] - from[0], to[1] - from[1]);
      else {
        pen.moveTo(...from);
        pen.lineTo(...to);
      }
      pen.stroke();
    }
    if (mode() === "interpolation") [a, b].forEach((place, i) => ring(place, i === end));
  }

  canvas.addEventListener("pointerdown", (event) => {
    held = true;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus();
    const place = axes.toPlane(placeOf(event, canvas));
    if (mode() === "point") ask(model, { point: place });
    else if (mode() === "grid") ask(model, { box: [...place, ...place] });
    else {
      end = 1 - end;
      moveEnd(place);
    }
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    const place = axes.toPlane(placeOf(event, canvas));
    if (mode() === "point") ask(model, { point: place });
    else if (mode() === "grid") ask(model, { box: [...model.get("box").slice(0, 2), ...place] });
    else moveEnd(place);
  });
  for (const name of ["pointerup", "pointercancel"])
    canvas.addEventListener(name, () => (held = false));

  function moveEnd(place) {
    const ends = [...model.get("ends")];
    ends.splice(2 * end, 2, ...place);
    ask(model, { ends });
  }

  canvas.addEventListener("keydown", (event) => {
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const taken = arrow[event.key] || (event.key === "Enter" && mode() === "interpolation");
    if (!taken) return;
    event.preventDefault();
    if (event.key === "Enter") {
      end = 1 - end;
      draw();
      return;
    }
    const step = ((x1 - x0) / 100) * (event.shiftKey && mode() !== "grid" ? 10 : 1);
    const inside = ([x, y]) => [axes.clip(x, x0, x1), axes.clip(y, y0, y1)];
    const moved = (place) =>
      inside([place[0] + step * arrow[event.key][0], place[1] + step * arrow[event.key][1]]);
    if (mode() === "point") ask(model, { point: moved(model.get("point")) });
    else if (mode() === "grid") {
      const [from, to] = [model.get("box").slice(0, 2), model.get("box").slice(2)];
      ask(model, { box: [...(event.shiftKey ? from : moved(from)), ...moved(to)] });
    } else moveEnd(moved(model.get("ends").slice(2 * end, 2 * end + 2)));
  });

  const names = model.get("axis_names");
  const numbers = [0, 1].map((i) => {
    const change = (event) => {
      const point = [...model.get("point")];
      const value = Number(event.target.value);
      if (event.target.value === "" || !Number.isFinite(value)) return;
      point[i] = axes.clip(value, [x0, y0][i], [x1, y1][i]);
      ask(model, { point });
    };
    const input = node("input", { type: "number", step: 0.05, onchange: change });
    view.on(["point"], () => (input.value = model.get("point")[i].toFixed(2)));
    return labelled(names[i], input);
  });
  const place = node("fieldset", {}, ...numbers);
  const hint = node("p", { class: "hint" });
  const drawn = picture(model, view, "image", () => WIDTHS[mode()]);
  const legend = node("ul", { class: "legend", "aria-label": "classes" });
  model.get("class_names").forEach((name, i) => {
    const dot = node("span", { class: "dot", style: `background: ${model.get("colors")[i]}` });
    legend.append(node("li", {}, dot, name));
  });
  const modes = [["point", "point"], ["grid", "grid"], ["interpolation", "interpolation"]];
  el.append(
    radios(model, view, "mode", "Draw", modes, (value) => ask(model, { mode: value })),
    node("div", { class: "beside" }, canvas, node("div", {}, drawn, place)),
    legend,
    hint,
    view.status,
  );
  drawBackground();
  view.on(["mode", "point", "box", "ends"], draw);
  view.on(["mode"], () => {
    hint.textContent = HINTS[mode()];
    canvas.setAttribute("aria-label", `Latent plane. ${HINTS[mode()]}`);
    place.hidden = mode() !== "point";
    place.style.display = place.hidden ? "none" : "";
  });
  view.on(["caption"], () => (drawn.alt = model.get("caption")));
  const theme = new MutationObserver(() => {
    drawBackground(); // the theme may have changed, and the colour of the axes with it
    draw();
  });
  theme.observe(document.body, { attributes: true });
  requestAnimationFrame(() => {
    drawBackground(); // before, `el` was in no page and its colour not known
    draw();
  });
  return () => {
    theme.disconnect();
    view.close();
  };
}

export default { render };
