// Charts: fetched when they come into view, drawn by Plotly in the page's own colours.
// The endpoint answers {"figure": {data, layout, config}, "table": {columns, rows}}.
"use strict";

const plotlyUrl = document.currentScript.dataset.plotly;
const drawn = new Map();
let plotly = null;

const loadPlotly = () => {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plotlyUrl;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The chart library did not load."));
    document.head.append(script);
  });
  return plotly;
};

// Light colours of apps/engine/charts/theme.py and what each becomes on a dark ground.
const DARK = {
  "#1b2330": "#e6eaf0", "#5b6676": "#a8b3c2", "#e3e7ee": "#343c49", "#2f5bd7": "#8aa6ff",
  "#1a7f4b": "#5cc98f", "#9a5b00": "#e3a951", "#b3261e": "#ff8f85", "#c2410c": "#ff9d6b",
  "#00795f": "#4fd1b5", "#9d3c86": "#e08cd0", "#8a6d00": "#d8b84a", "#b35806": "#f0a35e",
  "#f7f7f7": "#262d38", "#eef3ff": "#1d2431", "#ffffff": "#0e1424",
};
const COLOUR_KEYS = new Set([
  "color", "bgcolor", "bordercolor", "linecolor", "gridcolor", "zerolinecolor", "fillcolor",
  "colorscale",
]);

const isDark = () => getComputedStyle(document.body).colorScheme === "dark"
  || (document.documentElement.dataset.bsTheme === "auto"
    && matchMedia("(prefers-color-scheme: dark)").matches);

const recoloured = (part, inside) => {
  if (typeof part === "string") return inside ? DARK[part] ?? part : part;
  if (Array.isArray(part)) return part.map((item) => recoloured(item, inside));
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [
    key, key === "meta" ? value : recoloured(value, inside || COLOUR_KEYS.has(key)),
  ]));
};

/* The row of the table that a mark stands for: marks have ids; boxes and cells, which have none of
   their own, tell it in the trace. */
const rowBehind = (point) => {
  const rows = point?.data?.meta?.rows;
  if (!rows) return Number(point?.id ?? -1);
  if (point.data.type !== "heatmap") return rows[point.data.x.indexOf(point.x)] ?? -1;
  const [up, across] = point.pointNumber ?? point.pointIndex ?? [];
  return rows[up]?.[across] ?? -1;
};

/* Addresses as they are, or made from the exact values of a point. */
const linkOf = (table, row) => {
  const { links } = table;
  if (!links || Array.isArray(links)) return links?.[row];
  const values = links.values[row];
  if (!values) return undefined;
  const slices = links.parts.map((part, at) => (
    `slice=${encodeURIComponent(JSON.stringify([...part, values[at], values[at]]))}`
  ));
  return `${links.address}${links.address.includes("?") ? "&" : "?"}${slices.join("&")}`;
};

/* The figure in the colours of the page. */
const inTheme = (figure) => (isDark() ? recoloured(figure, false) : structuredClone(figure));

const draw = async (chart) => {
  const shown = inTheme(drawn.get(chart).figure);
  const plot = chart.querySelector(".chart-plot");
  const Plotly = await loadPlotly();
  await Plotly.react(plot, shown.data, { ...shown.layout, autosize: true }, {
    displayModeBar: false, responsive: true, ...shown.config,
  });
  const { table } = drawn.get(chart);
  if (!table?.links || chart.dataset.opens) return;
  chart.dataset.opens = "rows";
  plot.on("plotly_click", (event) => {
    const link = linkOf(table, rowBehind(event.points[0]));
    if (link) window.location.assign(link);
  });
};

/* As labels.short writes it: whole numbers in full, others with four digits; the file has all. */
const written = (number, isYear) => number.toLocaleString("en-GB", {
  useGrouping: !isYear,
  ...(Number.isInteger(number) || Math.abs(number) >= 1e4
    ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 }),
});

const cell = (tag, text, { scope = "", isYear = false, isNumber = false } = {}) => {
  const made = document.createElement(tag);
  made.textContent = text ?? "–";
  if (scope) made.scope = scope;
  if (isNumber) made.className = "num";
  if (typeof text === "number") {
    made.className = "num";
    made.textContent = written(text, isYear);
  }
  return made;
};

// As on axes (apps/engine/charts/axes.py): whole numbers that all lie here may be years.
const mayBeYears = (rows, place) => {
  const numbers = rows.map((row) => row[place]).filter((value) => typeof value === "number");
  return numbers.length > 0
    && numbers.every((value) => Number.isInteger(value) && value >= 1500 && value <= 2200);
};

const linked = (made, link) => {
  if (!link) return made;
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.title = "Show these rows";
  anchor.append(...made.childNodes);
  made.append(anchor);
  return made;
};

const fillTable = (chart, table) => {
  const fold = chart.querySelector("[data-chart-table]");
  const made = document.createElement("table");
  made.className = "table dense";
  const head = made.createTHead().insertRow();
  const numbers = table.columns.map((_, at) => table.rows.some((row) => typeof row[at] === "number"));
  head.append(...table.columns.map((name, place) => (
    cell("th", String(name), { scope: "col", isNumber: numbers[place] })
  )));
  const body = made.createTBody();
  const years = table.columns.map((_, place) => mayBeYears(table.rows, place));
  table.rows.forEach((row, number) => {
    const cells = row.map((value, place) => cell("td", value, {
      isYear: years[place], isNumber: numbers[place],
    }));
    if (cells.length) linked(cells[0], linkOf(table, number));
    body.insertRow().append(...cells);
  });
  fold.querySelector("div").replaceChildren(made);
  fold.hidden = table.rows.length === 0;
};

const say = (chart, text) => {
  const plot = chart.querySelector(".chart-plot");
  const line = document.createElement("p");
  line.className = "chart-says";
  line.textContent = text;
  plot.replaceChildren(line);
};

const load = async (chart) => {
  const plot = chart.querySelector(".chart-plot");
  try {
    const answer = await fetch(chart.dataset.chart, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`The chart could not be made (${answer.status}). Reload the page to try again.`);
    const { figure, table } = await answer.json();
    drawn.set(chart, { figure, table });
    if (figure.layout?.height) plot.style.minHeight = `${figure.layout.height}px`;
    await draw(chart);
    if (table) fillTable(chart, table);
    chart.querySelector("[data-chart-tools]").hidden = false;
  } catch (error) {
    say(chart, error.message);
  } finally {
    plot.classList.remove("is-waiting");
  }
};

const safeText = (value) => {
  const text = String(value ?? "");
  const risky = typeof value === "string" && /^[=+\-@\t\r\n＝＋－＠]/.test(text);
  return `"${(risky ? `'${text}` : text).replaceAll('"', '""')}"`;
};

const titleOf = (chart) => chart.querySelector("figcaption > span").textContent.trim();

/* A picture leaves the page: it takes its title and the ground it was drawn on along. */
const asPicture = (chart) => {
  const { data, layout } = inTheme(drawn.get(chart).figure);
  const plot = chart.querySelector(".chart-plot");
  const height = plot.clientHeight + 56;
  const text = titleOf(chart).replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const title = {
    text, x: 0, xref: "paper", xanchor: "left", y: 1, yref: "container", yanchor: "top",
    pad: { t: 12 }, font: { size: 16 }, automargin: true,
  };
  return {
    data,
    layout: {
      ...layout, title, autosize: false, width: plot.clientWidth + 32, height,
      legend: { ...layout.legend, y: 1 - 48 / height },
      margin: { ...layout.margin, l: 16, r: 16, t: 48, b: 16 },
      paper_bgcolor: getComputedStyle(chart.closest(".card") ?? document.body).backgroundColor,
    },
  };
};

const download = async (chart, kind) => {
  const name = titleOf(chart).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80)
    .replace(/^-|-$/g, "") || chart.id;
  if (kind !== "csv") {
    const Plotly = await loadPlotly();
    const picture = asPicture(chart);
    const { width, height } = picture.layout;
    await Plotly.downloadImage(picture, { format: kind, filename: name, width, height, scale: 2 });
    return;
  }
  const { table } = drawn.get(chart);
  const lines = [table.columns, ...table.rows].map((row) => row.map(safeText).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
};

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    load(entry.target);
  }
}, { rootMargin: "200px" });

const watch = (part) => {
  for (const chart of part.querySelectorAll("[data-chart]:not([data-watched])")) {
    chart.dataset.watched = "";
    seen.observe(chart);
  }
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-download]");
  const chart = button?.closest("[data-chart]");
  if (chart) download(chart, button.dataset.download);
});
document.addEventListener("themechange", () => {
  for (const chart of drawn.keys()) if (chart.isConnected) draw(chart);
});
document.addEventListener("htmx:afterSettle", () => watch(document));
watch(document);
