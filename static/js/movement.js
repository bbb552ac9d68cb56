/* The line-movement chart: implied probability as steps, one line a book, labelled in the reader's odds.
   The tables beside it hold the same figures; without script or canvas nothing is lost. */
(() => {
  "use strict";

  const COLOURS = 8;
  const MINUS = "\u2212";

  const colour = (name) => {
    const probe = document.createElement("i");
    probe.hidden = true;
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };

  const american = (p) => {
    if (p <= 0 || p >= 1) return "";
    const odds = p > 0.5 ? -100 * p / (1 - p) : 100 * (1 - p) / p;
    const step = Math.abs(odds) >= 1000 ? 50 : Math.abs(odds) >= 300 ? 10 : 1;
    const whole = Math.round(odds / step) * step;
    return whole < 0 ? MINUS + -whole : "+" + whole;
  };
  const decimal = (p) => (p > 0 && p < 1 ? (1 / p).toFixed(p < 0.1 ? 1 : 2) : "");
  const label = (format) => (format === "american" ? american : decimal);

  /* One row of times for all books; each price is carried on to the next change and on to when the
     book was last seen. null is a gap: not quoted yet, withdrawn, or no longer seen. */
  const align = (data) => {
    const ends = data.books.map((book) => Math.max(book.until ?? 0, book.t.at(-1)));
    const times = [...new Set(data.books.flatMap((book, i) => [...book.t, ends[i]]))].sort((a, b) => a - b);
    const columns = data.books.map((book, i) => {
      let next = 0;
      return times.map((time) => {
        while (next < book.t.length && book.t[next] <= time) next += 1;
        return next === 0 || time > ends[i] ? null : book.p[next - 1];
      });
    });
    return [times, ...columns];
  };

  const textAt = (book, time) => {
    let found = null;
    for (let i = 0; i < book.t.length && book.t[i] <= time; i += 1) found = book.text[i];
    return found;
  };

  const markStart = (data) => (chart) => {
    const { ctx, bbox } = chart;
    const { min, max } = chart.scales.x;
    if (data.start < min || data.start > max) return;
    const x = Math.round(chart.valToPos(data.start, "x", true));
    ctx.save();
    ctx.strokeStyle = colour("--ink");
    ctx.fillStyle = colour("--muted");
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    const left = x > bbox.left + bbox.width / 2;
    ctx.textAlign = left ? "right" : "left";
    ctx.fillText("start", x + (left ? -6 : 6) * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
    ctx.restore();
  };

  const options = (data, box, readout) => {
    const format = label(data.format);
    const faint = colour("--faint");
    const grid = { stroke: colour("--line"), width: 1 };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const moment = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
    return {
      width: box.clientWidth,
      height: box.clientHeight,
      tzDate: (time) => uPlot.tzDate(new Date(time * 1e3), data.zone),
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, uni: 20 }, points: { size: 6 } },
      scales: { x: { time: true }, y: { range: (_, low, high) => {
        const room = Math.max((high - low) * 0.12, 0.005);
        return [Math.max(low - room, 0.0005), Math.min(high + room, 0.9995)];
      } } },
      axes: [
        { stroke: faint, grid: { show: false }, ticks: grid, font, space: 70 },
        { stroke: faint, grid, ticks: { show: false }, font, size: 58, values: (_, splits) => splits.map(format) },
      ],
      series: [{}, ...data.books.map((book, i) => ({
        label: book.title,
        stroke: colour(`--series-${(i % COLOURS) + 1}`),
        width: 1.75,
        dash: i >= COLOURS ? [5, 3] : undefined,
        paths: uPlot.paths.stepped({ align: 1 }),
        points: { show: false },
        spanGaps: false,
      }))],
      hooks: {
        draw: [markStart(data)],
        setCursor: [(chart) => {
          if (chart.cursor.idx == null || chart.cursor.left < 0) return;
          const time = chart.posToVal(chart.cursor.left, "x");
          readout.replaceChildren();
          const at = document.createElement("b");
          at.textContent = moment.format(new Date(time * 1e3));
          const quoted = data.books
            .filter((_, i) => chart.series[i + 1].show)
            .map((book) => [book.title, textAt(book, time)])
            .filter(([, text]) => text);
          readout.append(at, quoted.length ? ": " + quoted.map((pair) => pair.join(" ")).join(", ") : ": no price yet");
        }],
      },
    };
  };

  const draw = async (box) => {
    const readout = box.parentElement.querySelector(".chart-readout");
    let data;
    try {
      const response = await fetch(box.dataset.movement, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      data = await response.json();
    } catch {
      box.hidden = true;
      readout.textContent = "The chart could not be loaded. The tables hold the same figures.";
      return;
    }
    const columns = align(data);
    let chart;
    const hidden = new Set();
    const build = () => {
      chart?.destroy();
      chart = new uPlot(options(data, box, readout), columns, box);
      data.books.forEach((book, i) => { if (hidden.has(book.key)) chart.setSeries(i + 1, { show: false }); });
    };
    build();
    new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: box.clientHeight })).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    for (const button of box.parentElement.querySelectorAll(".legend-button")) {
      button.addEventListener("click", () => {
        const index = data.books.findIndex((book) => book.key === button.dataset.book);
        const show = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(show));
        if (show) hidden.delete(button.dataset.book); else hidden.add(button.dataset.book);
        if (index >= 0) chart.setSeries(index + 1, { show });
      });
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-movement]")) draw(box);
  });
})();
