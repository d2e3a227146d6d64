// Sliders that move a code along the directions of attributes.

function render({ model, el }) {
  const view = open(model, el);
  const names = model.get("names");
  const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;

  const rows = names.map((name, i) => {
    const slider = node("input", { type: "range", min: -4, max: 4, step: 0.1, "aria-label": name });
    slider.addEventListener("input", () => {
      const strengths = [...model.get("strengths")];
      strengths[i] = Number(slider.value);
      ask(model, { strengths });
    });
    const moved = node("td", { class: "number" });
    const distance = node("td", { class: "number" });
    view.on(["strengths"], () => {
      slider.value = model.get("strengths")[i];
      moved.textContent = signed(model.get("strengths")[i]);
      slider.setAttribute("aria-valuetext", `moved by ${moved.textContent}`);
    });
    view.on(["distances"], () => {
      const value = model.get("distances")[i];
      distance.textContent = signed(value);
      distance.style.fontWeight = value > 0 ? 700 : 400;
    });
    return node("tr", {}, node("th", {}, name), node("td", {}, slider), moved, distance);
  });
  const heads = ["attribute", "move", "by", "distance"].map((word) => node("th", {}, word));
  const sliders = node(
    "table",
    { class: "sliders" },
    node("thead", {}, node("tr", {}, ...heads)),
    node("tbody", {}, ...rows),
  );

  const zero = () => names.map(() => 0);
  const project = node("input", { type: "checkbox" });
  project.addEventListener("change", () => ask(model, { project: project.checked }));
  view.on(["project"], () => (project.checked = model.get("project")));
  const reset = node("button", { onclick: () => ask(model, { strengths: zero() }) }, "all to 0");
  const go = (step) => {
    const n = model.get("n_codes");
    ask(model, { own: false, start: (model.get("start") + step + n) % n });
  };
  const which = node("span", { class: "number" });
  view.on(["start", "own"], () => {
    which.textContent = model.get("own") ? "your own face" : `face ${model.get("start")}`;
  });

  const verdict = node("tbody");
  view.on(["verdict"], () => {
    verdict.replaceChildren(
      ...model.get("verdict").map(([name, answer, share]) => {
        const meter = node("meter", { value: share, "aria-label": `${name}: ${answer}` });
        const percent = node("td", { class: "number" }, `${Math.round(100 * share)} %`);
        return node(
          "tr",
          {},
          node("th", {}, name),
          node("td", {}, answer),
          node("td", {}, meter),
          percent,
        );
      }),
    );
  });

  const column = (title, ...children) => node("div", {}, node("h4", {}, title), ...children);
  const after = picture(model, view, "image", 256, { alt: "the face after the edit" });
  const before = picture(model, view, "image_before", 128, { alt: "the face before the edit" });
  const faces = node(
    "div",
    { class: "beside narrow" },
    before,
    node(
      "div",
      {},
      node("h4", {}, "before"),
      node("p", {}, which),
      node("button", { onclick: () => go(-1), "aria-label": "previous face" }, "◀"),
      " ",
      node("button", { onclick: () => go(1), "aria-label": "next face" }, "▶"),
    ),
  );
  const switches = node("p", {}, labelled("projections", project, true), " ", reset);
  const all = [
    column("after the edit", after),
    column("directions", sliders, switches, faces),
  ];
  if (model.get("verdict").length)
    all.push(column("the face reader reads", node("table", {}, verdict)));
  el.append(
    node("div", { class: "beside narrow" }, ...all),
    node(
      "p",
      { class: "hint" },
      "Distances from the hyperplanes, in standard deviations; bold: on the side with the " +
        "attribute. With projections, a slider changes no other distance.",
    ),
  );
  if (model.get("controls").length) el.append(ownFace(model, view));
  el.append(view.status);
  return view.close;
}

/** Return the form in which a student draws a face by its factors. */
function ownFace(model, view) {
  const change = (name, value) =>
    ask(model, { own: true, factors: { ...model.get("factors"), [name]: value } });
  const fields = model.get("controls").map(([name, kind, values]) => {
    const words = name.replaceAll("_", " ");
    let control;
    if (kind === "yes or no") {
      control = node("input", { type: "checkbox" });
      control.addEventListener("change", () => change(name, Number(control.checked)));
      view.on(["factors"], () => (control.checked = Boolean(model.get("factors")[name])));
    } else if (kind === "one of") {
      const options = values.map((value, i) => node("option", { value: i }, value));
      control = node("select", {}, ...options);
      control.addEventListener("change", () => change(name, Number(control.value)));
      view.on(["factors"], () => (control.value = model.get("factors")[name]));
    } else {
      const [min, max] = values;
      control = node("input", { type: "range", min, max, step: (max - min) / 100 });
      control.addEventListener("input", () => {
        const value = Math.min(Math.max(Number(control.value), min), max);
        change(name, value);
      });
      view.on(["factors"], () => (control.value = model.get("factors")[name]));
    }
    return labelled(words, control);
  });
  const use = node("button", { onclick: () => ask(model, { own: true }) }, "edit this face");
  const drawn = picture(model, view, "image_own", 128, { alt: "your own face as you drew it" });
  const form = node("div", { class: "factors" }, ...fields);
  return node(
    "details",
    {},
    node("summary", {}, "Draw your own face"),
    node("div", { class: "beside" }, node("div", {}, drawn, use), form),
  );
}

export default { render };
