// Keys of the workbench, the claim kept while its page is open, and the next case fetched ahead. Everything a key does is a
// button or a link of the page; without this script these are used.
"use strict";

(() => {
  const bench = document.querySelector("[data-case]");
  const items = [...document.querySelectorAll("[data-item]")];
  const help = document.querySelector("dialog.help");
  const viewer = window.viewer;
  let at = Math.max(0, items.findIndex((item) => item.classList.contains("current")));

  const go = (place, { focus = true, scroll = true } = {}) => {
    if (!items.length) return;
    at = Math.max(0, Math.min(items.length - 1, place));
    items.forEach((item, index) => item.classList.toggle("current", index === at));
    if (focus) items[at].focus({ preventScroll: true });
    if (scroll) items[at].scrollIntoView({ block: "nearest" });
    if (items[at].dataset.spot) viewer?.look(items[at].dataset.spot);
  };

  const press = (selector, within = document) => {
    const button = within.querySelector(selector);
    if (!button) return false;
    button.click();
    return true;
  };

  const open = (name) => {
    const summary = items[at]?.querySelector(`summary[data-do="${name}"]`);
    if (!summary) return;
    const choice = summary.parentElement;
    choice.open = true;
    choice.querySelector(name === "edit" ? "input[name=value]" : "button.reason")?.focus();
    choice.scrollIntoView({ block: "nearest" });
  };

  const keys = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    x: () => items[at] && press("[data-do=confirm]", items[at]),
    e: () => open("edit"),
    z: () => items[at]?.dataset.spot && viewer?.look(items[at].dataset.spot),
    t: () => viewer?.turn(),
    "[": () => viewer?.prev(),
    "]": () => viewer?.next(),
    "+": () => viewer?.in(),
    "=": () => viewer?.in(),
    "-": () => viewer?.out(),
    u: () => {
      const why = document.getElementById("why");
      if (!why) return;
      why.closest("details").open = true;
      why.focus();
    },
    "?": () => help?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help?.open) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape") {
      for (const choice of document.querySelectorAll("details.choice[open]")) choice.open = false;
      if (typing) typing.blur();
      items[at]?.focus({ preventScroll: true });
      return;
    }
    if (typing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "Enter") {
      // a focused button, link or summary keeps its own Enter
      if (event.target.closest("a, button, summary") || !items.length) return;
      event.preventDefault();
      open("dismiss");
      return;
    }
    if (/^[1-9]$/.test(key)) {
      const reason = items[at]?.querySelector(`details[open] [data-reason="${key}"]`);
      if (reason) { event.preventDefault(); reason.click(); }
      return;
    }
    if (keys[key]) { event.preventDefault(); keys[key](); return; }
    if (/^[a-z]$/.test(key) && press(`[data-key="${key}"]`)) event.preventDefault();
  });

  for (const button of document.querySelectorAll("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
  items.forEach((item, index) => item.addEventListener("focusin", () => { if (index !== at) go(index, { focus: false, scroll: false }); }));
  document.querySelector("[data-focus]")?.focus();
  if (items.length) go(at, { focus: !document.querySelector("[data-focus]") });

  if (!bench || !("holds" in bench.dataset)) return;

  const everyMs = 60_000;
  const fetched = new Set();
  const ahead = (href) => {
    if (fetched.has(href)) return;
    fetched.add(href);
    new Image().src = href;
  };

  const hold = async () => {
    if (document.hidden) return;
    const body = new URLSearchParams({ form_token: bench.dataset.token, query: bench.dataset.tail.slice(1) });
    try {
      const answer = await fetch(`/review/${bench.dataset.case}/hold`, { method: "POST", body, credentials: "same-origin" });
      if (!answer.ok) return;
      const { next, pages } = await answer.json();
      if (next) for (const href of pages) ahead(href);
    } catch (error) {
      // the machine is away for a moment: the claim holds for minutes more
      console.info("not held", error);
    }
  };

  hold();
  setInterval(hold, everyMs);
  document.addEventListener("visibilitychange", hold);
})();
