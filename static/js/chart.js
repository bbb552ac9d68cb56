/* Charts over time: <div data-chart="url"> with JSON of odds.chart_data. One line a book; chances or prices as steps,
   above them the points where a market has points. The tables beside it hold the same figures; without script or
   canvas nothing is lost. A table marked data-legend in the same card is the legend and tells the values under the
   pointer. window.bettrackChart(block, data) draws given data in the same way. */
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

  /* One row of times for all lines; each value is carried on to the next change and on to when the
     book was last seen. null is a gap: not quoted yet, withdrawn, or no longer seen. */
  const align = (data, values) => {
    const ends = data.books.map((book) => Math.max(book.until ?? 0, book.t.at(-1)));
    const times = [...new Set(data.books.flatMap((book, i) => [...book.t, ends[i]]))].sort((a, b) => a - b);
    const columns = data.books.map((book, i) => {
      let next = 0;
      return times.map((time) => {
        while (next < book.t.length && book.t[next] <= time) next += 1;
        return next === 0 || time > ends[i] ? null : book[values][next - 1];
      });
    });
    return [times, ...columns];
  };

  const indexAt = (book, time) => {
    let found = -1;
    for (let i = 0; i < book.t.length && book.t[i] <= time; i += 1) found = i;
    return found;
  };

  const percent = (p, places = 1) => `${(p * 100).toFixed(places)}%`;

  const markInstants = (data, withNames) => (chart) => {
    const { ctx, bbox } = chart;
    const { min, max } = chart.scales.x;
    for (const [time, name] of [[data.start, "start"], [data.at, "shown"]]) {
      if (!time || time < min || time > max) continue;
      const x = Math.round(chart.valToPos(time, "x", true));
      ctx.save();
      ctx.strokeStyle = colour(name === "start" ? "--ink" : "--pending");
      ctx.fillStyle = colour("--muted");
      ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
      const left = x > bbox.left + bbox.width / 2;
      ctx.textAlign = left ? "right" : "left";
      if (withNames) ctx.fillText(name, x + (left ? -6 : 6) * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
      ctx.restore();
    }
  };

  const timeAxis = (zone) => {
    const part = (wanted) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...wanted });
    const hour = part({ hour: "numeric", minute: "2-digit" });
    const weekday = part({ weekday: "short" });
    const number = part({ day: "numeric" });
    const clock = part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return (_, splits) => splits.map((time) => {
      const at = new Date(time * 1e3);
      return clock.format(at) === "00:00" ? `${weekday.format(at)} ${number.format(at)}` : hour.format(at).replace(":00", "");
    });
  };

  /* What the vertical axis means: chances in percent, prices as probabilities labelled in odds, points. */
  const priceAxis = (format) => {
    let labels = new Map();
    return {
      splits: (_, __, low, high) => {
        labels = new Map(ticks(format, low, high));
        return [...labels.keys()];
      },
      values: (_, splits) => splits.map((p) => labels.get(p) ?? ""),
    };
  };
  const VIEWS = {
    f: { axis: () => ({ values: (_, splits) => splits.map((p) => percent(p, splits[1] - splits[0] < 0.01 ? 1 : 0)) }), room: 0.005, least: 0.0005, most: 0.9995 },
    p: { axis: priceAxis, room: 0.005, least: 0.0005, most: 0.9995 },
    x: { axis: () => ({ values: (_, splits) => splits.map((n) => String(n).replace("-", MINUS)), incrs: [0.5, 1, 2, 5, 10, 20], space: 24 }), room: 1, least: -Infinity, most: Infinity },
  };

  const options = (data, view, box, hooks, sync, withTimes) => {
    const faint = colour("--faint");
    const grid = { stroke: colour("--line"), width: 1 };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const { axis, room, least, most } = VIEWS[view];
    return {
      width: box.clientWidth,
      height: box.clientHeight,
      tzDate: (time) => uPlot.tzDate(new Date(time * 1e3), data.zone),
      padding: [10, 32, 0, 0],
      legend: { show: false },
      focus: { alpha: 0.18 },
      cursor: { y: false, drag: { x: true, y: false, uni: 20 }, points: { size: 6 }, sync: { key: sync.key, setSeries: true } },
      scales: { x: { time: true }, y: { range: (_, low, high) => {
        const margin = Math.max((high - low) * 0.12, room);
        return [Math.max(low - margin, least), Math.min(high + margin, most)];
      } } },
      axes: [
        { stroke: faint, grid: { show: false }, ticks: grid, font, space: 64, size: 32, incrs: INCREMENTS, values: timeAxis(data.zone), show: withTimes },
        { stroke: faint, grid, ticks: { show: false }, font, size: 58, ...axis(data.format) },
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
      hooks,
    };
  };

  const button = (text, pressed, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "chip";
    made.textContent = text;
    made.setAttribute("aria-pressed", String(pressed));
    made.addEventListener("click", () => {
      for (const other of made.parentElement.children) other.setAttribute("aria-pressed", String(other === made));
      act();
    });
    return made;
  };
  const group = (name) => {
    const made = document.createElement("span");
    made.className = "chip-group";
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", name);
    return made;
  };

  /* Ranges that make sense for this span. In-play prices dwarf what came before: where there are both, the time
     before the start comes first. */
  const rangesOf = (data, first, last) => {
    const found = [];
    const end = data.start > first && data.start < last ? data.start : last;
    if (end === data.start && end - first > HOUR && last - end > 300) found.push(["Before the start", first, end]);
    for (const [name, span] of [["Last 7 days", 7 * DAY], ["Last 24 h", DAY], ["Last 3 h", 3 * HOUR]]) {
      if (end - first > span * 1.2) found.push([name, end - span, end]);
    }
    found.push([found[0]?.[0] === "Before the start" ? "With in-play" : "All", first, last]);
    return found;
  };

  const tell = (data, charts, readout, legend, time) => {
    const moment = new Intl.DateTimeFormat("en-US", { timeZone: data.zone, weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
    const at = document.createElement("b");
    at.textContent = moment.format(new Date(time * 1e3));
    const quoted = [];
    data.books.forEach((book, i) => {
      const index = indexAt(book, time);
      const shown = index >= 0 && charts[0].series[i + 1].show;
      const chance = shown ? book.f?.[index] : null;
      const price = shown ? book.text[index] : "";
      const text = price + (chance == null ? "" : ` ${percent(chance)}`);
      if (text) quoted.push(`${book.title} ${text}`);
      const cell = legend?.querySelector(`[data-read="${CSS.escape(book.key)}"]`);
      if (cell) {
        const small = document.createElement("small");
        small.textContent = chance == null ? "" : percent(chance);
        cell.replaceChildren(price, small);
      }
    });
    if (legend) {
      for (const cell of legend.querySelectorAll("[data-read], [data-read-head]")) cell.hidden = false;
      readout.replaceChildren(at, `: ${quoted.length} of ${data.books.length} quoted, below`);
    } else {
      readout.replaceChildren(at, quoted.length ? ": " + quoted.join(", ") : ": no price yet");
    }
  };

  const draw = (block, data) => {
    const box = block.querySelector("[data-chart-box]");
    const tools = block.querySelector("[data-chart-tools]");
    const readout = block.querySelector(".chart-readout");
    const legend = (block.closest(".card") ?? block.parentElement).querySelector("[data-legend]");
    const marker = document.querySelector(".past time");
    data.at = marker ? Date.parse(marker.dateTime) / 1e3 : null;
    const hasPoints = data.books.some((book) => new Set(book.x?.filter((x) => x != null)).size > 0);
    const panes = [];
    let view = data.fair ? "f" : "p";
    let charts = [];
    const hidden = new Set();
    const sync = uPlot.sync(box.dataset.sync ??= `chart-${Math.random()}`);
    const pane = (kind) => {
      const made = document.createElement("div");
      made.className = `chart-pane ${kind}`;
      box.append(made);
      return made;
    };
    if (hasPoints) {
      const name = document.createElement("p");
      name.className = "pane-name";
      name.textContent = "Point";
      box.append(name);
      panes.push(["x", pane("points")]);
    }
    panes.push([null, pane("values")]);
    const zoom = (min, max) => charts.forEach((chart) => chart.setScale("x", { min, max }));
    const build = () => {
      const kept = charts[0] && { ...charts[0].scales.x };
      charts.forEach((chart) => chart.destroy());
      charts = panes.map(([fixed, element], i) => {
        const shown = fixed ?? view;
        const hooks = {
          draw: [markInstants(data, fixed === null)],
          setCursor: [(chart) => {
            if (chart.cursor.idx == null || chart.cursor.left < 0) return;
            tell(data, charts, readout, legend, chart.posToVal(chart.cursor.left, "x"));
          }],
          setSelect: [(chart) => {
            if (chart.select.width > 0) for (const other of tools.querySelectorAll(".ranges .chip")) other.setAttribute("aria-pressed", "false");
          }],
          setScale: [(chart, key) => {
            if (key !== "x") return;
            const { min, max } = chart.scales.x;
            for (const other of charts) {
              if (other !== chart && (other.scales.x.min !== min || other.scales.x.max !== max)) other.setScale("x", { min, max });
            }
            block.dataset.from = Math.round(min);
            block.dataset.to = Math.round(max);
          }],
        };
        return new uPlot(options(data, shown, element, hooks, sync, i === panes.length - 1), align(data, shown), element);
      });
      charts.forEach((chart) => data.books.forEach((book, i) => { if (hidden.has(book.key)) chart.setSeries(i + 1, { show: false }); }));
      if (kept?.min != null) zoom(kept.min, kept.max);
    };
    build();
    const times = charts[0].data[0];
    tools.replaceChildren();
    if (data.fair) {
      const views = group("Values");
      views.append(button("No-vig chance", true, () => { view = "f"; build(); }), button("Price", false, () => { view = "p"; build(); }));
      tools.append(views);
    }
    const ranges = group("Range");
    ranges.classList.add("ranges");
    const choices = rangesOf(data, times[0], times.at(-1));
    const chosen = choices[0][0] === "Before the start" ? choices[0] : choices.at(-1);
    for (const choice of choices) ranges.append(button(choice[0], choice === chosen, () => zoom(choice[1], choice[2])));
    zoom(chosen[1], chosen[2]);
    tools.append(ranges);
    if (data.thinned) readout.textContent += " So many changes are drawn by their highs and lows.";
    new ResizeObserver(() => charts.forEach((chart, i) => chart.setSize({ width: panes[i][1].clientWidth, height: panes[i][1].clientHeight }))).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    for (const entry of legend?.querySelectorAll("[data-book]") ?? []) {
      const index = data.books.findIndex((book) => book.key === entry.dataset.book);
      if (index < 0) continue;
      for (const [name, focus] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
        entry.addEventListener(name, () => charts.forEach((chart) => chart.setSeries(focus ? index + 1 : null, { focus })));
      }
      entry.addEventListener("click", () => {
        const show = entry.getAttribute("aria-pressed") !== "true";
        entry.setAttribute("aria-pressed", String(show));
        if (show) hidden.delete(entry.dataset.book); else hidden.add(entry.dataset.book);
        charts.forEach((chart) => chart.setSeries(index + 1, { show }));
      });
    }
    block.dataset.drawn = view;
  };

  const load = async (block) => {
    try {
      const response = await fetch(block.dataset.chart, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      draw(block, await response.json());
    } catch {
      block.querySelector("[data-chart-box]").hidden = true;
      block.querySelector(".chart-readout").textContent = "The chart could not be loaded. The tables hold the same figures.";
    }
  };

  window.bettrackChart = draw;
  document.addEventListener("DOMContentLoaded", () => {
    for (const block of document.querySelectorAll("[data-chart]")) load(block);
  });
})();
