/* <a data-stream="/api/v1/stream/?game=…" data-refresh-seconds="15">: fetched anew when a price of these games
   changes, while the tab is seen. Where no stream is to be had the page polls as before; <span data-live> says which. */
(() => {
  "use strict";
  const REST = 60, SLOWER = 60, GATHER = 400;
  let source = null, address = "", notBefore = 0, waiting = 0, opened = 0;

  const link = () => document.querySelector("[data-stream]");
  const pace = (open) => {
    const found = link();
    if (!found) return;
    found.dataset.pollSeconds ??= found.dataset.refreshSeconds;
    found.dataset.refreshSeconds = open ? String(SLOWER) : found.dataset.pollSeconds;
    const label = document.querySelector("[data-live]");
    if (!label) return;
    label.dataset.live = open ? "on" : "off";
    label.textContent = open ? "Live" : `Every ${found.dataset.pollSeconds} s`;
    label.title = open ? "Changed prices show at once." : "Changed prices are not told just now; they are looked up.";
  };
  if (!window.EventSource) {
    document.addEventListener("htmx:afterSettle", () => pace(false));
    pace(false);
    return;
  }
  const refresh = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const found = link();
      if (found && !document.hidden) window.htmx?.trigger(found, "refresh");
    }, GATHER);
  };
  const close = () => {
    source?.close();
    source = null;
    pace(false);
  };
  const open = () => {
    const wanted = document.hidden ? "" : link()?.dataset.stream ?? "";
    if (wanted !== address) { close(); address = wanted; notBefore = 0; }
    if (source) pace(source.readyState === EventSource.OPEN);
    if (!source && Date.now() < notBefore) pace(false);
    if (source || !wanted || Date.now() < notBefore) return;
    source = new EventSource(wanted);
    source.addEventListener("open", () => {
      pace(true);
      if (opened++) refresh(); // what changed in between
    });
    for (const name of ["prices", "reset"]) source.addEventListener(name, refresh);
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      notBefore = Date.now() + REST * 1000;
      close();
    });
    source.addEventListener("end", () => { notBefore = Date.now() + REST * 1000; close(); });
  };

  document.addEventListener("visibilitychange", open);
  document.addEventListener("htmx:afterSettle", open);
  window.addEventListener("pagehide", close);
  setInterval(open, 5000);
  open();
})();
