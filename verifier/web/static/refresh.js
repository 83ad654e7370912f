// Keeps the list fresh: every few seconds the page is asked for again and the parts marked data-live are put in place
// of the old ones. Without this script the page works the same and is refreshed by hand.
"use strict";

(() => {
  const stamp = document.getElementById("refreshed");
  const everyMs = Number(stamp.dataset.refresh) * 1000;

  const focusedLink = () => {
    const link = document.activeElement;
    return link instanceof HTMLAnchorElement && link.closest("[data-live]") ? link.getAttribute("href") : null;
  };

  const selecting = () => String(document.getSelection()) !== "";

  const put = (fresh) => {
    for (const old of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(old.id);
      if (!next || next.innerHTML === old.innerHTML) continue;
      const href = old.contains(document.activeElement) ? focusedLink() : null;
      const place = document.importNode(next, true);
      old.replaceWith(place);
      if (href) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === href)?.focus();
    }
    const at = fresh.getElementById("refreshed");
    if (at) stamp.replaceChildren(...document.importNode(at, true).childNodes);
  };

  const refresh = async () => {
    if (document.hidden || selecting()) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.redirected) location.reload();
      else if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (error) {
      // the machine is away for a moment: what is shown stays, with the time it is of
      console.info("not refreshed", error);
    }
  };

  const again = () => setTimeout(async () => { await refresh(); again(); }, everyMs);
  document.addEventListener("visibilitychange", refresh);
  again();
})();
