/* Profit over time: <div data-record="url"> with JSON of bets.stats_page.chart_data. The months are in a table beside
   it; without script nothing is lost. */
(() => {
  "use strict";

  const MINUS = "\u2212";

  /* How the time axis writes its marks: from what distance of them, as what, and what goes below when the year changes. */
  const DAY = 86400;
  const DATES = [
    [365 * DAY, "{YYYY}", null, null, null, null, null, null, 1],
    [28 * DAY, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [DAY, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  ];

  const colour = (name, alpha) => {
    const probe = document.createElement("i");
    probe.hidden = true;
    probe.style.color = alpha ? `color-mix(in srgb, var(${name}) ${alpha}%, transparent)` : `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const amount = (value, places = 0) => {
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    return (value < 0 ? MINUS : "") + text;
  };

  const draw = (block, data) => {
    const box = block.querySelector("[data-chart-box]");
    const readout = block.querySelector(".chart-readout");
    const day = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, day: "numeric", month: "short", year: "numeric" });
    const lines = [["profit", "Profit", "--series-1", 2], ["covered", "of bets with an expectation", "--series-3", 1.5], ["expected", "expected", "--series-2", 1.5]]
      .filter(([key]) => data[key]);
    let chart;
    const build = () => {
      chart?.destroy();
      const font = `12px ${getComputedStyle(document.body).fontFamily}`;
      const faint = colour("--faint");
      const grid = { stroke: colour("--line"), width: 1 };
      const band = data.low ? [data.low, data.high] : [];
      const last = lines.length + 1;
      chart = new uPlot({
        width: box.clientWidth,
        height: box.clientHeight,
        tzDate: (time) => uPlot.tzDate(new Date(time * 1e3), data.zone),
        padding: [10, 16, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: { x: { time: true } },
        axes: [
          { stroke: faint, grid: { show: false }, ticks: grid, font, space: 80, values: DATES },
          { stroke: faint, grid, ticks: { show: false }, font, size: 64, values: (_, splits) => splits.map((n) => amount(n, splits[1] - splits[0] < 1 ? 1 : 0)) },
        ],
        series: [
          {},
          ...lines.map(([, label, name, width]) => ({ label, stroke: colour(name), width, points: { show: data.t.length < 2 } })),
          ...band.map(() => ({ stroke: "transparent", width: 0, points: { show: false } })),
        ],
        bands: band.length ? [{ series: [last + 1, last], fill: colour("--series-2", 16) }] : [],
        hooks: { setCursor: [(at) => {
          const index = at.cursor.idx;
          if (index == null) return;
          const parts = lines.map(([key, label]) => `${label} ${amount(data[key][index], 2)}`);
          if (data.low) parts.push(`95% ${amount(data.low[index], 2)} to ${amount(data.high[index], 2)}`);
          const when = document.createElement("b");
          when.textContent = day.format(new Date(data.t[index] * 1e3));
          readout.replaceChildren(when, `: ${parts.join(", ")} (${data.unit})`);
        }] },
      }, [data.t, ...lines.map(([key]) => data[key]), ...band], box);
    };
    build();
    if (data.thinned) readout.textContent += ` ${data.bets.toLocaleString("en-US")} bets are drawn by their highs and lows.`;
    new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: box.clientHeight })).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    block.dataset.drawn = String(data.t.length);
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const block of document.querySelectorAll("[data-record]")) {
      fetch(block.dataset.record, { headers: { Accept: "application/json" } })
        .then((response) => {
          if (!response.ok) throw new Error(String(response.status));
          return response.json();
        })
        .then((data) => draw(block, data))
        .catch(() => {
          block.querySelector("[data-chart-box]").hidden = true;
          block.querySelector(".chart-readout").textContent = "The chart could not be loaded. The table of months holds its figures.";
        });
    }
  });
})();
