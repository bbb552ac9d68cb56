/* What every page needs beyond HTML: CSRF for htmx, logo fallback, polling that rests in hidden tabs,
   and the mark of a price that is in the slip. No page depends on it. */
(() => {
  "use strict";

  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
  });

  /* A logo that fails gives way to the monogram in the same box. */
  const fallBack = (image) => {
    const other = image.dataset.fallback;
    if (other && image.getAttribute("src") !== other) image.src = other;
  };
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement) fallBack(event.target);
  }, true);
  const checkImages = (root) => {
    for (const image of root.querySelectorAll("img[data-fallback]")) {
      if (image.complete && image.naturalWidth === 0) fallBack(image);
    }
  };

  /* <a data-refresh-seconds="15" hx-trigger="click, refresh">: fetched again while the tab is seen. */
  const last = new WeakMap();
  const tick = () => {
    if (document.hidden) return;
    const now = Date.now();
    for (const link of document.querySelectorAll("[data-refresh-seconds]")) {
      if (!last.has(link)) last.set(link, now);
      if (now - last.get(link) >= Number(link.dataset.refreshSeconds) * 1000) {
        last.set(link, now);
        window.htmx?.trigger(link, "refresh");
      }
    }
  };
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);

  /* The slip names its legs as data-leg="selection:bookmaker"; the same prices show as pressed. */
  const markSlip = () => {
    const legs = new Set([...document.querySelectorAll("#slip [data-leg]")].map((leg) => leg.dataset.leg));
    for (const price of document.querySelectorAll("button.price[data-line]")) {
      price.setAttribute("aria-pressed", legs.has(price.dataset.line) ? "true" : "false");
    }
  };

  const ready = () => { checkImages(document); markSlip(); };
  document.addEventListener("htmx:afterSettle", markSlip);
  document.addEventListener("DOMContentLoaded", ready);

  /* <select data-submit>: sends its form when changed; the button beside it is for pages without script. */
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.matches("[data-submit]")) event.target.form?.requestSubmit();
  });
})();
