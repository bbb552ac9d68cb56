/* What every page needs beyond HTML: CSRF for htmx, logos over monograms, polling that rests in hidden tabs,
   and the mark of a price that is in the slip. No page depends on it. */
(() => {
  "use strict";

  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
  });

  /* A change that did not get through is said; a refresh that fails is tried again anyway. */
  const say = (text) => {
    const list = document.createElement("ul");
    list.className = "messages";
    list.setAttribute("role", "alert");
    const line = document.createElement("li");
    line.className = "message error";
    line.textContent = text;
    list.append(line);
    document.getElementById("messages")?.replaceChildren(list);
    list.scrollIntoView({ block: "nearest" });
  };
  const failed = (event) => {
    const verb = event.detail.requestConfig?.verb;
    const status = event.detail.xhr?.status;
    if (!verb || verb === "get" || status === 422) return;
    say(status === 403
      ? "This page is out of date. Load it again, then repeat what you did."
      : "The server did not answer as expected. Try again; a bet is never placed twice from one slip.");
  };
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, failed);

  /* A crest starts as the monogram; the logo takes the same box once it is known to load. */
  const logos = new Map();
  const showLogos = (root) => {
    for (const crest of root.querySelectorAll("img[data-logo]")) {
      const url = crest.dataset.logo;
      if (!logos.has(url)) {
        const logo = new Image();
        logos.set(url, logo);
        logo.addEventListener("load", () => showLogos(document));
        logo.src = url;
      } else if (logos.get(url).complete && logos.get(url).naturalWidth > 0) {
        crest.src = url;
        crest.removeAttribute("data-logo");
      }
    }
  };
  document.addEventListener("htmx:afterSwap", () => showLogos(document));

  /* <a data-refresh-seconds="15" hx-trigger="click, refresh">: fetched again while the tab is seen. */
  const last = new WeakMap();
  /* A part in which somebody has ticked, opened or is typing something is left alone. */
  const isBusy = (link) => document.querySelector(link.getAttribute("hx-target") ?? "body")
    ?.querySelector("[data-hold]:checked, [data-hold][open], [data-hold]:focus");
  const tick = () => {
    if (document.hidden) return;
    const now = Date.now();
    for (const link of document.querySelectorAll("[data-refresh-seconds]")) {
      if (isBusy(link)) continue;
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

  /* <ul data-faults-of="id">: what is wrong with a field, which htmx replaces by itself. */
  document.addEventListener("htmx:afterSettle", () => {
    for (const faults of document.querySelectorAll("[data-faults-of]")) {
      const field = document.getElementById(faults.dataset.faultsOf);
      if (faults.childElementCount) field?.setAttribute("aria-invalid", "true");
      else field?.removeAttribute("aria-invalid");
    }
  });

  /* On a narrow screen the slip is a sheet that opens from its bar; Escape goes back to the price it came from. */
  let cameFrom = null;
  const sheet = () => document.querySelector("aside#slip");
  const open = (wanted) => {
    const slip = sheet();
    if (!slip) return;
    slip.toggleAttribute("data-open", wanted);
    slip.querySelector("[data-slip-toggle]")?.setAttribute("aria-expanded", String(wanted));
  };
  document.addEventListener("click", (event) => {
    const price = event.target.closest?.("button.price");
    if (price) cameFrom = price.id;
    if (event.target.closest?.("[data-slip-toggle]") && sheet()) {
      event.preventDefault();
      open(!sheet().hasAttribute("data-open"));
    }
  });
  document.addEventListener("keydown", (event) => {
    const slip = sheet();
    if (event.key !== "Escape" || !slip?.contains(document.activeElement)) return;
    open(false);
    (document.getElementById(cameFrom) ?? slip.querySelector("[data-slip-toggle]"))?.focus();
  });
  const markSheet = () => {
    const toggle = sheet()?.querySelector("[data-slip-toggle]");
    toggle?.setAttribute("role", "button");
    toggle?.setAttribute("aria-controls", "slip");
    toggle?.setAttribute("aria-expanded", String(sheet().hasAttribute("data-open")));
    if (sheet()?.querySelector(".slip-placed")) open(true);
  };

  const ready = () => { showLogos(document); markSlip(); markSheet(); };
  document.addEventListener("htmx:afterSettle", () => { markSlip(); markSheet(); });
  document.addEventListener("DOMContentLoaded", ready);

  /* <select data-submit>: sends its form when a pointer chose; who types or uses arrow keys, or has no script,
     presses the button beside it when done. */
  let pointed = false;
  document.addEventListener("pointerdown", () => { pointed = true; });
  document.addEventListener("keydown", () => { pointed = false; });
  document.addEventListener("change", (event) => {
    if (pointed && event.target.matches?.("[data-submit]")) event.target.form?.requestSubmit();
  });
})();
