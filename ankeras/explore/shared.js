// What all widgets share. Python puts this text before that of each widget.

const CONTROLS = ["button", "canvas", "input", "select", "summary"];
const lines = new WeakMap(); // model -> its open question to Python

/** Return a new element; a function among the properties is a listener, such as {onclick: f}. */
function node(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  // Else Jupyter takes arrows, Enter and digits for its own; it looks at the focused element first.
  if (CONTROLS.includes(tag)) made.dataset.lmSuppressShortcuts = "true";
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/**
 * Return the view of a model: `on` and `onLine` listen until `close`.
 *
 * `busy` is shown while Python computes; `patience`: milliseconds until Python counts as lost.
 */
function open(model, el, { busy = "", patience = 4000 } = {}) {
  const closers = [];
  const line = lineOf(model);
  line.patience = patience;
  const status = node("p", { role: "status", class: "status" });
  el.classList.add("ankeras-explore");
  const view = {
    status,
    /** Call a function now, and after each change of one of these traits. */
    on(names, callback) {
      for (const name of names) {
        model.on(`change:${name}`, callback);
        closers.push(() => model.off(`change:${name}`, callback));
      }
      callback();
    },
    /** Call a function with the open question now, and whenever it is sent, answered or lost. */
    onLine(callback) {
      const listener = () => callback(line);
      line.listeners.add(listener);
      closers.push(() => line.listeners.delete(listener));
      callback(line);
    },
    close: () => closers.forEach((closer) => closer()),
  };
  const say = () => {
    if (line.lost)
      status.textContent = "No answer from Python: it is busy, or the cell has to be run again.";
    else status.textContent = line.waiting && busy ? busy : model.get("message");
  };
  view.onLine(say);
  view.on(["message"], say);
  return view;
}

function lineOf(model) {
  if (!lines.has(model)) {
    const line = { waiting: false, more: false, lost: false, timer: 0, listeners: new Set() };
    line.tell = () => line.listeners.forEach((listener) => listener());
    model.on("change:answered", () => {
      clearTimeout(line.timer);
      line.waiting = line.lost = false;
      line.tell();
      if (line.more) send(model, line);
    });
    lines.set(model, line);
  }
  return lines.get(model);
}

/**
 * Change traits and ask Python for the new picture. While Python computes one, later changes are
 * kept, and only the newest values are sent when it has answered.
 */
function ask(model, changes) {
  const line = lineOf(model);
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  if (line.waiting) line.more = true;
  else send(model, line);
}

function send(model, line) {
  line.waiting = true;
  line.more = false;
  model.set("number", model.get("number") + 1);
  model.save_changes();
  line.tell();
  line.timer = setTimeout(() => {
    line.waiting = false;
    line.lost = true;
    line.tell();
  }, line.patience);
}

/** Return the address of the picture in a trait of bytes, for an <img> or a background. */
function addressOf(bytes) {
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}

/** Return a copy of the numbers in a trait of bytes, such as of type Float32Array. */
function numbersOf(bytes, Type) {
  return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/**
 * Return an <img> that always shows the picture of a trait of bytes. Each pixel becomes a square,
 * as large as `width` pixels of the page allow; `width` may be a function.
 */
function picture(model, view, name, width, properties = {}) {
  const image = node("img", properties);
  view.on([name], () => {
    const bytes = model.get(name);
    image.hidden = bytes.byteLength === 0;
    if (image.hidden) return;
    const address = addressOf(bytes);
    image.onload = () => {
      URL.revokeObjectURL(address);
      const wanted = typeof width === "function" ? width() : width;
      image.style.width = `${zoom(image.naturalWidth, wanted) * image.naturalWidth}px`;
    };
    image.src = address;
  });
  return image;
}

/** Return how many pixels of the page a pixel of a picture gets, a whole number. */
function zoom(given, wanted) {
  return Math.max(Math.floor(wanted / given), 1);
}

/** Return a labelled control: the words and the control are one <label>. */
function labelled(words, control, after = false) {
  return node("label", {}, ...(after ? [control, words] : [words, control]));
}

/** Return radio buttons for a trait, in a <fieldset>; choices are [value, words]. */
function radios(model, view, name, legend, choices, choose) {
  const group = `${name}-${Math.random()}`;
  const buttons = choices.map(([value, words]) => {
    const button = node("input", { type: "radio", name: group, onchange: () => choose(value) });
    view.on([name], () => (button.checked = model.get(name) === value));
    return labelled(words, button, true);
  });
  return node("fieldset", {}, node("legend", {}, legend), ...buttons);
}

/** Return a canvas whose drawing units are CSS pixels, sharp on any screen. */
function sharpCanvas(width, height, properties) {
  const scale = Math.max(window.devicePixelRatio || 1, 1);
  const canvas = node("canvas", { ...properties, width: width * scale, height: height * scale });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  return [canvas, pen];
}

/** Return the place of an event in a canvas, in CSS pixels. */
function placeOf(event, canvas) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** Return round numbers between two values, for the ticks of an axis. */
function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
  return found;
}

/** Return a frame with axes around a square [x0, y0, x1, y1], and its two conversions. */
function axesOf([x0, y0, x1, y1], size) {
  const [left, top] = [44, 6]; // the ticks are at the left and below
  const inner = size - left - top;
  const toPixels = ([x, y]) => [
    left + ((x - x0) / (x1 - x0)) * inner,
    top + ((y1 - y) / (y1 - y0)) * inner,
  ];
  const clip = (value, low, high) => Math.min(Math.max(value, low), high);
  const toPlane = ([a, b]) => [
    clip(x0 + ((a - left) / inner) * (x1 - x0), x0, x1),
    clip(y1 - ((b - top) / inner) * (y1 - y0), y0, y1),
  ];
  const draw = (pen, color, [horizontal, vertical]) => {
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = 1;
    pen.font = "12px sans-serif";
    pen.globalAlpha = 0.6;
    pen.strokeRect(left, top, inner, inner);
    pen.globalAlpha = 1;
    const write = (values) => {
      const decimals = Math.max(0, -Math.floor(Math.log10(values[1] - values[0]) + 1e-9));
      return values.map((value) => value.toFixed(decimals).replace("-", "−"));
    };
    const [across, up] = [ticks(x0, x1), ticks(y0, y1)];
    pen.textAlign = "center";
    pen.textBaseline = "top";
    write(across).forEach((text, i) => {
      pen.fillText(text, toPixels([across[i], y0])[0], top + inner + 5);
    });
    pen.fillText(horizontal, left + inner / 2, size - 15);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    write(up).forEach((text, i) => pen.fillText(text, left - 5, toPixels([x0, up[i]])[1]));
    pen.save();
    pen.translate(9, top + inner / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(vertical, 0, 0);
    pen.restore();
  };
  return { toPixels, toPlane, draw, clip, frame: [left, top, inner, inner] };
}
