// A training as a film: a slider over its epochs.

const SIZE = 440; // pixels

function render({ model, el }) {
  const view = open(model, el);
  const last = model.get("n_frames") - 1;
  const slider = node("input", { type: "range", min: 0, max: last, "aria-label": "time" });
  slider.style.width = `${SIZE - 100}px`;
  slider.addEventListener("input", () => {
    stop();
    ask(model, { index: Number(slider.value) });
  });
  view.on(["index"], () => (slider.value = model.get("index")));
  view.on(["title"], () => slider.setAttribute("aria-valuetext", model.get("title")));

  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "play";
  };
  const play = node("button", {
    onclick: () => {
      if (timer) {
        stop();
        return;
      }
      if (model.get("index") === last) ask(model, { index: 0 });
      play.textContent = "stop";
      timer = setInterval(() => {
        if (model.get("index") < last) ask(model, { index: model.get("index") + 1 });
        else stop();
      }, 150);
    },
  });
  play.textContent = "play";
  play.style.width = "5em";

  const title = node("h4", {});
  view.on(["title"], () => (title.textContent = model.get("title")));
  const shown = model.get("view").length
    ? plane(model, view, el)
    : picture(model, view, "image", 640, { alt: "samples" });
  el.append(title, shown, node("p", {}, play, " ", slider), view.status);
  return () => {
    stop();
    view.close();
  };
}

/** Return the plane of a two-dimensional game: D, the data and the points of G. */
function plane(model, view, el) {
  const axes = axesOf(model.get("view"), SIZE);
  const label = "D over the plane, data and generated points";
  const [canvas, pen] = sharpCanvas(SIZE, SIZE, { role: "img", "aria-label": label });
  canvas.style.cursor = "default";
  const [ofData, ofG, ...bar] = model.get("colors");
  const data = numbersOf(model.get("data"), Float32Array);
  const scores = new Image();

  function dots(numbers, color, radius, opacity) {
    pen.globalAlpha = opacity;
    pen.fillStyle = color;
    for (let i = 0; i < numbers.length; i += 2) {
      pen.beginPath();
      pen.arc(...axes.toPixels([numbers[i], numbers[i + 1]]), radius, 0, 7);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  function draw() {
    pen.clearRect(0, 0, SIZE, SIZE);
    if (scores.complete && scores.naturalWidth)
      pen.drawImage(scores, ...axes.frame);
    pen.save();
    pen.beginPath();
    pen.rect(...axes.frame);
    pen.clip();
    dots(data, ofData, 1.4, 1);
    dots(numbersOf(model.get("points"), Float32Array), ofG, 2.2, 0.6);
    pen.restore();
    axes.draw(pen, getComputedStyle(el).color, ["x₁", "x₂"]);
  }

  view.on(["image", "points"], () => {
    const address = addressOf(model.get("image"));
    scores.onload = () => {
      URL.revokeObjectURL(address);
      draw();
    };
    scores.src = address;
  });
  const item = (words, color) => {
    const dot = node("span", { class: "dot", style: `background: ${color}` });
    return node("li", {}, dot, words);
  };
  const gradient = node("span", { class: "dot" });
  gradient.style.cssText = `width: 90px; border-radius: 0; background: linear-gradient(to right, ${bar})`;
  const legend = node(
    "ul",
    { class: "legend" },
    item("data", ofData),
    item("G(z)", ofG),
    node("li", {}, "D: fake ", gradient, "real"),
  );
  return node("div", {}, canvas, legend);
}

export default { render };
