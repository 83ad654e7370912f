// The document viewer of the workbench: one page at a time, zoom and pan by the view box of its SVG, turn, strip of pages,
// boxes and findings that point at each other. Without this script the pages stand below each other and links do the rest.
"use strict";

(() => {
  const root = document.querySelector(".viewer");
  if (!root) return;
  const sheets = [...root.querySelectorAll(".sheet")];
  if (!sheets.length) return;
  const strip = root.querySelector(".strip");
  const frame = root.querySelector(".sheets");
  const where = root.querySelector("[data-where]");
  const tabs = [...strip.querySelectorAll("a")];
  root.classList.add("live");
  root.querySelector(".viewer-bar").hidden = false;
  strip.hidden = false;

  let shown = 0;
  const states = sheets.map((sheet) => {
    const svg = sheet.querySelector(".sheet-picture");
    if (!svg) return null;
    const width = Number(svg.dataset.width);
    const height = Number(svg.dataset.height);
    return { svg, width, height, turned: 0, view: [0, 0, width, height] };
  });

  const size = (state) => (state.turned % 180 ? [state.height, state.width] : [state.width, state.height]);

  const draw = (state) => {
    state.svg.setAttribute("viewBox", state.view.map((part) => part.toFixed(1)).join(" "));
    const [width, height] = size(state);
    const middle = `translate(${width / 2} ${height / 2}) rotate(${state.turned}) translate(${-state.width / 2} ${-state.height / 2})`;
    state.svg.querySelector(".turning").setAttribute("transform", state.turned ? middle : "");
  };

  const fit = (state) => { state.view = [0, 0, ...size(state)]; draw(state); };

  const show = (place) => {
    shown = Math.max(0, Math.min(sheets.length - 1, place));
    sheets.forEach((sheet, index) => { sheet.hidden = index !== shown; });
    tabs.forEach((tab, index) => (index === shown ? tab.setAttribute("aria-current", "page") : tab.removeAttribute("aria-current")));
    where.textContent = `${sheets[shown].dataset.title}(${shown + 1}/${sheets.length})`;
    tabs[shown].scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const zoom = (factor, x, y) => {
    const state = states[shown];
    if (!state) return;
    const [left, top, width, height] = state.view;
    const [fullWidth, fullHeight] = size(state);
    const wide = Math.max(40, Math.min(fullWidth * 1.5, width / factor));
    const high = (height * wide) / width;
    const [atX, atY] = x === undefined ? [left + width / 2, top + height / 2] : [x, y];
    state.view = [atX - ((atX - left) * wide) / width, atY - ((atY - top) * high) / height, wide, Math.min(high, fullHeight * 1.5)];
    draw(state);
  };

  const inPage = (event) => {
    const matrix = states[shown]?.svg.getScreenCTM();
    return matrix ? new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()) : null;
  };

  // zoom to a box, with room around it so that one sees what it belongs to
  const look = (id) => {
    const spot = document.getElementById(id);
    const place = spot ? sheets.findIndex((sheet) => sheet.contains(spot)) : -1;
    if (place < 0) return false;
    show(place);
    const state = states[place];
    if (state.turned) { state.turned = 0; }
    const box = spot.querySelector("polygon").getBBox();
    const width = Math.min(state.width, Math.max(box.width * 1.8, state.width * 0.45));
    const height = Math.min(state.height, Math.max(box.height * 6, width * 0.6));
    const clamp = (value, most) => Math.max(0, Math.min(value, most));
    state.view = [
      clamp(box.x + box.width / 2 - width / 2, state.width - width),
      clamp(box.y + box.height / 2 - height / 2, state.height - height),
      width,
      height,
    ];
    draw(state);
    mark(id);
    return true;
  };

  const mark = (id) => {
    for (const spot of root.querySelectorAll(".spot.lit")) spot.classList.remove("lit");
    document.getElementById(id)?.classList.add("lit");
  };

  const actions = {
    in: () => zoom(1.4),
    out: () => zoom(1 / 1.4),
    fit: () => states[shown] && fit(states[shown]),
    turn: () => {
      const state = states[shown];
      if (!state) return;
      state.turned = (state.turned + 90) % 360;
      fit(state);
    },
    prev: () => show(shown - 1),
    next: () => show(shown + 1),
  };

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) actions[button.dataset.do]();
    const tab = event.target.closest(".strip a");
    if (tab) { event.preventDefault(); show(tabs.indexOf(tab)); }
    const spot = event.target.closest(".spot");
    if (spot) {
      event.preventDefault();
      if (moved) return;
      const item = document.querySelector(spot.getAttribute("href"));
      if (item instanceof HTMLDetailsElement) item.open = true;
      item?.focus();
      item?.scrollIntoView({ block: "nearest" });
      mark(spot.id);
    }
  });

  frame.addEventListener("wheel", (event) => {
    const point = inPage(event);
    if (!point) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, point.x, point.y);
  }, { passive: false });

  let from = null;
  let moved = false;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !states[shown]) return;
    from = { x: event.clientX, y: event.clientY, view: [...states[shown].view] };
    moved = false;
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from || !event.buttons) return;
    const state = states[shown];
    const scale = state.svg.getScreenCTM().a;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (Math.hypot(dx, dy) < 4) return;
    moved = true;
    state.view = [from.view[0] - dx / scale, from.view[1] - dy / scale, from.view[2], from.view[3]];
    draw(state);
  });
  frame.addEventListener("pointerup", () => { from = null; });
  frame.addEventListener("dragstart", (event) => event.preventDefault());

  // hovering the words lights the box, hovering the box lights the words
  document.addEventListener("pointerover", (event) => {
    const said = event.target.closest?.("[data-spot]");
    if (said) mark(said.dataset.spot);
    const spot = event.target.closest?.(".spot");
    for (const old of document.querySelectorAll(".saying.lit")) old.classList.remove("lit");
    if (spot) for (const one of document.querySelectorAll(`.saying[data-spot="${spot.id}"]`)) one.classList.add("lit");
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".saying a[href^='#s-']");
    if (link && look(link.getAttribute("href").slice(1))) event.preventDefault();
  });

  show(0);
  window.viewer = Object.freeze({ look, ...actions });
})();
