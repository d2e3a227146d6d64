// Pictures that a model draws for a sentence, and what a face reader finds in them.

function render({ model, el }) {
  const view = open(model, el, { busy: "drawing …", patience: 30000 });
  const draw = (changes = {}) => ask(model, { sentence: sentence.value, ...changes });

  const sentence = node("input", {
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    onkeydown: (event) => {
      if (event.key === "Enter" && !event.isComposing) draw();
    },
  });
  view.on(["sentence"], () => (sentence.value = model.get("sentence")));
  const typed = labelled("sentence", sentence);
  typed.classList.add("wide");

  const guidance = node("input", { type: "number", min: 0, max: 10, step: 0.5 });
  guidance.addEventListener("change", () => {
    const value = guidance.valueAsNumber;
    if (Number.isFinite(value)) draw({ guidance: value });
    else guidance.value = model.get("guidance");
  });
  view.on(["guidance"], () => (guidance.value = model.get("guidance")));

  const buttons = [
    node("button", { onclick: () => draw() }, "draw"),
    node("button", { onclick: () => draw({ seed: model.get("seed") + 1 }) }, "draw again"),
  ];
  let pressed = null; // a button loses the focus when it is disabled: it gets it back
  view.onLine((line) => {
    if (line.waiting) pressed = buttons.find((button) => button === document.activeElement);
    buttons.forEach((button) => (button.disabled = line.waiting));
    if (!line.waiting && pressed && document.activeElement === document.body) pressed.focus();
  });
  const seed = node("span", {});
  view.on(["seed"], () => (seed.textContent = `seed ${model.get("seed")}`));

  const understood = node("p", { class: "hint", "aria-live": "polite" });
  understood.style.minHeight = "2.8em"; // so that the pictures stay where they are
  view.on(["understood"], () => (understood.textContent = model.get("understood")));

  const columns = [0, 1, 2, 3].map((i) => {
    const image = picture(model, view, `image_${i + 1}`, 192, { alt: `picture ${i + 1}` });
    const verdict = node("ul", { "aria-label": `what the face reader finds in picture ${i + 1}` });
    view.on(["verdicts"], () => {
      const rows = (model.get("verdicts")[i] ?? []).map(([found, words]) => {
        const mark = node("span", { class: "mark", "aria-hidden": "true" }, found ? "✓" : "✗");
        return node("li", { class: found ? "found" : "not-found" }, mark, words);
      });
      verdict.replaceChildren(...rows);
    });
    return node("div", { class: "drawn" }, image, verdict);
  });

  el.append(
    typed,
    node("div", { class: "controls" }, ...buttons, labelled("guidance", guidance), seed),
    view.status,
    understood,
    node("div", { class: "beside narrow" }, ...columns),
    node(
      "p",
      { class: "hint" },
      "The Enter key draws too. A colour needs its noun: red hair, navy shirt, teal wall. With a " +
        "larger guidance, the pictures follow the sentence more strictly.",
    ),
    node("details", {}, node("summary", {}, "all words"), node("p", {}, model.get("words"))),
  );
  return view.close;
}

export default { render };
