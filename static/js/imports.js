/* <form data-progress="url">: while the server imports, its button rests and a bar says how many bets are written.
   Without script the page simply waits for the answer. */
(() => {
  "use strict";

  const EVERY = 400;
  const count = (value) => value.toLocaleString("en-US");

  const watch = (form) => {
    const line = form.querySelector(".import-progress");
    const bar = line.querySelector("progress");
    const words = line.querySelector("span");
    form.querySelector("button[type=submit]").disabled = true;
    line.hidden = false;
    const ask = async () => {
      try {
        const answer = await fetch(form.dataset.progress, { headers: { Accept: "application/json" } });
        const { written, of } = answer.ok ? await answer.json() : { written: 0, of: 0 };
        if (of) {
          bar.max = of;
          bar.value = written;
          words.textContent = `${count(written)} of ${count(of)} bets written`;
        }
      } catch {
        return; /* the page is being left */
      }
      setTimeout(ask, EVERY);
    };
    setTimeout(ask, EVERY);
  };

  for (const form of document.querySelectorAll("form[data-progress]")) form.addEventListener("submit", () => watch(form));
  /* Coming back by the browser's button finds the form as it was. */
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
