// Arithmetic with the codes of examples that are clicked: concept 1 - concept 2 + concept 3.

const COLORS = ["#c8553d", "#2f62b5", "#2e8b57"]; // of the three concepts

function render({ model, el }) {
  const view = open(model, el);
  const columns = model.get("columns");
  const group = `concept-${Math.random()}`;
  let current = 0; // the concept that gets the next example

  const boxes = [0, 1, 2].map((i) => {
    const select = node("input", { type: "radio", name: group, checked: i === 0 });
    select.addEventListener("change", () => (current = i));
    const count = node("p", {});
    const image = picture(model, view, `average_${i + 1}`, 128, {
      alt: `decoded average of concept ${i + 1}`,
    });
    const frame = node("div", { class: "picture", style: "width: 128px; height: 128px" }, image);
    frame.style.border = `3px solid ${COLORS[i]}`;
    const empty = node(
      "button",
      { onclick: () => choose(i, []), "aria-label": `remove the examples of concept ${i + 1}` },
      "remove all",
    );
    view.on(["chosen"], () => {
      const k = model.get("chosen")[i].length;
      count.textContent = `${k} example${k === 1 ? "" : "s"}`;
    });
    return {
      select,
      element: node("div", {}, labelled(`concept ${i + 1}`, select, true), frame, count, empty),
    };
  });

  function choose(i, rows) {
    const chosen = model.get("chosen").map((concept) => [...concept]);
    chosen[i] = rows;
    ask(model, { chosen });
  }

  function take(i) {
    current = i;
    boxes[i].select.checked = true;
  }

  const sign = (text) => node("span", { style: "font-size: 26px; align-self: center" }, text);
  const column = (title, ...children) => node("div", {}, node("h4", {}, title), ...children);
  const waits = node("p", { style: "width: 12em" }, "Choose examples of all three concepts.");
  const result = picture(model, view, "result", 200, { alt: "the result and its neighbours" });
  const noise = node(
    "button",
    { onclick: () => ask(model, { noise: model.get("noise") + 1 }) },
    "other noise",
  );
  const ofCodes = column("result, with noise", waits, result, noise);
  ofCodes.style.minHeight = "250px"; // so that the examples stay where they are
  const pixels = picture(model, view, "of_pixels", 128, { alt: "the same arithmetic on pixels" });
  const ofPixels = column("of pixels", pixels);
  const verdict = node("p", { class: "hint", "aria-live": "polite" });
  verdict.style.minHeight = "2.8em";
  view.on(["result", "verdict"], () => {
    const ready = model.get("result").byteLength > 0;
    waits.style.display = ready ? "none" : "";
    noise.style.display = ofPixels.style.display = ready ? "" : "none";
    const words = model.get("verdict").map(([name, answer]) => `${name}: ${answer}`);
    verdict.textContent = words.length ? `The face reader reads ${words.join(", ")}.` : "";
  });

  const gallery = node("div", { class: "gallery", role: "group", "aria-label": "examples" });
  let tiles = [];
  let page = 0;
  const pageSize = model.get("page_size");

  function mark() {
    const chosen = model.get("chosen");
    tiles.forEach((tile, i) => {
      const row = page * pageSize + i;
      const badges = chosen.flatMap((concept, j) =>
        concept.includes(row)
          ? [node("span", { class: "badge", style: `background: ${COLORS[j]}` }, `${j + 1}`)]
          : [],
      );
      badges.forEach((badge, j) => (badge.style.right = `${14 * j}px`));
      tile.replaceChildren(...badges);
      tile.setAttribute("aria-pressed", badges.length > 0);
    });
  }

  view.on(["examples"], () => {
    const image = new Image();
    const address = addressOf(model.get("examples"));
    image.onload = () => {
      const captions = model.get("captions");
      page = model.get("page");
      const side = image.naturalWidth / columns;
      const shown = side * zoom(side, 64);
      const focused = tiles.indexOf(document.activeElement);
      tiles = captions.map((caption, i) => {
        const tile = node("button", { class: "tile", title: caption, "aria-label": caption });
        tile.addEventListener("click", () => {
          const row = page * pageSize + i;
          const rows = model.get("chosen")[current];
          const rest = rows.filter((other) => other !== row);
          choose(current, rest.length < rows.length ? rest : [...rows, row]);
        });
        tile.tabIndex = i === Math.max(focused, 0) ? 0 : -1; // one stop of Tab, then arrow keys
        tile.style.width = tile.style.height = `${shown}px`;
        tile.style.backgroundImage = `url(${address})`;
        tile.style.backgroundSize = `${shown * columns}px`;
        const place = [i % columns, Math.floor(i / columns)];
        tile.style.backgroundPosition = place.map((k) => `${-k * shown}px`).join(" ");
        return tile;
      });
      gallery.style.gridTemplateColumns = `repeat(${columns}, ${shown}px)`;
      gallery.replaceChildren(...tiles);
      mark();
    };
    image.src = address;
  });
  view.on(["chosen"], mark);

  gallery.addEventListener("keydown", (event) => {
    const at = tiles.indexOf(document.activeElement);
    const arrows = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const to = tiles[at + arrows[event.key]];
    if (at >= 0 && to) {
      tiles[at].tabIndex = -1;
      to.tabIndex = 0;
      to.focus();
      event.preventDefault();
    }
    if (["1", "2", "3"].includes(event.key)) take(Number(event.key) - 1);
  });

  const pages = Math.ceil(model.get("n_codes") / pageSize);
  const turn = (step) => ask(model, { page: (model.get("page") + step + pages) % pages });
  const where = node("span", {});
  view.on(["page"], () => (where.textContent = ` page ${model.get("page") + 1} of ${pages} `));
  const turning = node(
    "p",
    {},
    node("button", { onclick: () => turn(-1), "aria-label": "previous page" }, "◀"),
    where,
    node("button", { onclick: () => turn(1), "aria-label": "next page" }, "▶"),
  );
  el.append(
    node(
      "div",
      { class: "beside narrow" },
      boxes[0].element,
      sign("−"),
      boxes[1].element,
      sign("+"),
      boxes[2].element,
      sign("="),
      ofCodes,
      ofPixels,
    ),
    verdict,
    node(
      "p",
      { class: "hint" },
      "Click examples: they are added to the concept that is marked, a second click removes them. " +
        "Keys: Tab to the examples, then arrows and Enter; 1, 2 and 3 mark a concept.",
    ),
    gallery,
    pages > 1 ? turning : "",
    view.status,
  );
  return view.close;
}

export default { render };
