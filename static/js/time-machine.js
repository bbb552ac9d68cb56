/* Tells the instant under the slider's thumb while it moves; letting go fetches the prices of then. */
(() => {
  "use strict";

  document.addEventListener("input", (event) => {
    const slider = event.target;
    if (slider.id !== "time-slider") return;
    const told = document.getElementById("time-told");
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: slider.dataset.zone, weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit",
    });
    told.textContent = format.format(new Date(Number(slider.value) * 1e3));
    slider.setAttribute("aria-valuetext", told.textContent);
  });
})();
