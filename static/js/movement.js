/* The line-movement chart: implied probability as steps, one line a book, labelled in the reader's odds.
   The tables beside it hold the same figures; without script or canvas nothing is lost. */
(() => {
  "use strict";

  const COLOURS = 8;
  const MINUTE = 60;
  const HOUR = 3600;
  const DAY = 86400;
  const INCREMENTS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE)
    .concat([1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR), [1, 2, 3, 7, 14, 30, 60, 90, 180, 365].map((n) => n * DAY));
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

  const american = (odds) => (odds < 0 ? MINUS : "+") + Math.abs(odds);
  const fromAmerican = (odds) => (odds < 0 ? -odds / (100 - odds) : 100 / (100 + odds));
  const toAmerican = (p) => (p > 0.5 ? -100 * p / (1 - p) : 100 * (1 - p) / p);

  const divisor = (a, b) => (b ? divisor(b, a % b) : a);
  const fraction = (odds) => {
    const hundredths = Math.round((odds - 1) * 100);
    const by = divisor(hundredths, 100);
    return `${hundredths / by}/${100 / by}`;
  };

  const WIDE = {
    american: [100, 1000, 200, 500, 300, 150, 2000, 5000, 10000, 120, 400, 700, 3000, 20000, 50000].flatMap((odds) => [odds, -odds]),
    decimal: [2, 1.1, 1.5, 3, 5, 10, 20, 50, 100, 1.2, 1.05, 1.01, 4, 1.3, 200, 500],
  };

  /* Over a wide range: the roundest prices first, as far as they keep apart. */
  const wideTicks = (isAmerican, low, high, text) => {
    const found = [];
    for (const odds of isAmerican ? WIDE.american : WIDE.decimal) {
      const p = isAmerican ? fromAmerican(odds) : 1 / odds;
      if (p >= low && p <= high && found.every(([other]) => Math.abs(other - p) > (high - low) / 9)) found.push([p, text(odds)]);
    }
    return found.sort((a, b) => a[0] - b[0]);
  };

  /* Round prices within a range of probabilities, at most seven: [probability, label]. */
  const ticks = (format, low, high) => {
    const isAmerican = format === "american";
    const steps = isAmerican ? [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2500, 5000] : [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 25];
    for (const step of steps) {
      const found = [];
      const add = (odds, p, text) => { if (p >= low && p <= high) found.push([p, text(odds)]); };
      if (isAmerican) {
        for (let odds = Math.ceil(100 / step) * step; odds <= Math.max(toAmerican(low), -toAmerican(high)) && found.length < 9; odds += step) {
          add(odds, fromAmerican(odds), american);
          if (odds > 100) add(-odds, fromAmerican(-odds), american);
        }
      } else {
        const places = step < 0.1 || step === 0.25 ? 2 : 1;
        for (let n = Math.ceil(1 / high / step); n * step <= 1 / low && found.length < 9; n += 1) {
          add(n * step, 1 / (n * step), format === "fractional" ? fraction : (odds) => odds.toFixed(places));
        }
      }
      if (found.length > 1 && found.length <= 7) return found.sort((a, b) => a[0] - b[0]);
    }
    return wideTicks(isAmerican, low, high, isAmerican ? american : format === "fractional" ? fraction : (odds) => String(odds));
  };

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
    let labels = new Map();
    const hour = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, hour: "numeric", minute: "2-digit" });
    const weekday = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, weekday: "short" });
    const number = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, day: "numeric" });
    const day = (at) => `${weekday.format(at)} ${number.format(at)}`;
    const clock = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const timeLabels = (_, splits) => splits.map((time) => {
      const at = new Date(time * 1e3);
      return clock.format(at) === "00:00" ? day(at) : hour.format(at).replace(":00", "");
    });
    const faint = colour("--faint");
    const grid = { stroke: colour("--line"), width: 1 };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const moment = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
    return {
      width: box.clientWidth,
      height: box.clientHeight,
      tzDate: (time) => uPlot.tzDate(new Date(time * 1e3), data.zone),
      padding: [10, 32, 0, 0],
      legend: { show: false },
      focus: { alpha: 0.18 },
      cursor: { y: false, drag: { x: true, y: false, uni: 20 }, points: { size: 6 } },
      scales: { x: { time: true }, y: { range: (_, low, high) => {
        const room = Math.max((high - low) * 0.12, 0.005);
        return [Math.max(low - room, 0.0005), Math.min(high + room, 0.9995)];
      } } },
      axes: [
        { stroke: faint, grid: { show: false }, ticks: grid, font, space: 64, size: 32, incrs: INCREMENTS, values: timeLabels },
        { stroke: faint, grid, ticks: { show: false }, font, size: 58,
          splits: (_, __, low, high) => {
            const found = ticks(data.format, low, high);
            labels = new Map(found);
            return found.map(([p]) => p);
          },
          values: (_, splits) => splits.map((p) => labels.get(p) ?? "") },
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

  /* In-play prices dwarf what came before: where there are both, the time before the start comes first. */
  const addRanges = (box, data, times, zoom) => {
    const first = times[0];
    const last = times.at(-1);
    if (!(data.start - first > 3600 && last - data.start > 300)) return;
    const row = document.createElement("div");
    row.className = "chips chart-range";
    const ranges = [["Before the start", first, data.start], ["With in-play", first, last]];
    const buttons = ranges.map(([name, min, max]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "chip";
      button.textContent = name;
      button.addEventListener("click", () => {
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        zoom({ min, max });
      });
      row.append(button);
      return button;
    });
    box.before(row);
    buttons[0].click();
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
    addRanges(box, data, columns[0], (range) => chart.setScale("x", range));
    new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: box.clientHeight })).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    for (const button of box.parentElement.querySelectorAll(".legend-button")) {
      const index = data.books.findIndex((book) => book.key === button.dataset.book);
      for (const [name, focus] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
        button.addEventListener(name, () => { if (index >= 0) chart.setSeries(focus ? index + 1 : null, { focus }); });
      }
      button.addEventListener("click", () => {
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
