// Draws the table inside the element as a chart; the table stays below it, folded away, as its text twin.
// data-chart: bar | line | range (lowest, mean, highest) | steps (one after the other, as a funnel). First column: names; the others: series, their heads in <thead>.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const COLOURS = ["#2f6fdb", "#1f8a4c", "#b26a00", "#8a4fc9", "#c43d35", "#0f7f8c"];

export default function draw(element) {
  const { names, series } = read(element.querySelector("table"));
  const canvas = document.createElement("div");
  canvas.className = "chart";
  element.prepend(canvas);
  const root = document.documentElement;
  let chart;
  const paint = () => {
    chart?.dispose();
    const style = getComputedStyle(root);
    const ink = style.getPropertyValue("--tblr-body-color");
    chart = init(canvas, null, { renderer: "svg" });
    chart.setOption({
      color: COLOURS,
      backgroundColor: "transparent",
      textStyle: { color: ink, fontFamily: "inherit" },
      aria: { enabled: true },
      animation: false,
      tooltip: { trigger: "item", renderMode: "richText" },
      ...OPTIONS[element.dataset.chart](names, series, ink, style.getPropertyValue("--tblr-border-color")),
    });
  };
  paint();
  new ResizeObserver(() => chart.resize()).observe(canvas);
  new MutationObserver(paint).observe(root, { attributeFilter: ["data-bs-theme"] });
}

function read(table) {
  const heads = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  const number = (cell) => Number(cell.dataset.value ?? cell.textContent.replaceAll(",", ""));
  return {
    names: rows.map((row) => row.cells[0].textContent.trim()),
    series: heads.map((name, place) => ({ name, data: rows.map((row) => number(row.cells[place + 1])) })),
  };
}

function axes(names, series, ink, line) {
  return {
    grid: { left: 8, right: 24, top: series.length > 1 ? 40 : 16, bottom: 8, containLabel: true },
    legend: series.length > 1 ? { top: 0, textStyle: { color: ink } } : undefined,
    xAxis: { type: "category", data: names, axisLabel: { color: ink, interval: 0 }, axisLine: { lineStyle: { color: line } } },
    yAxis: { type: "value", minInterval: 1, axisLabel: { color: ink }, splitLine: { lineStyle: { color: line } } },
  };
}

const OPTIONS = {
  range: (names, [lowest, mean, highest], ink, line) => ({
    ...axes(names, [mean], ink, line),
    yAxis: { type: "value", min: Math.max(0, 10 * Math.floor(Math.min(...lowest.data) / 10 - 0.5)), max: 100, axisLabel: { color: ink }, splitLine: { lineStyle: { color: line } } },
    series: [
      { name: lowest.name, type: "bar", stack: "range", silent: true, barMaxWidth: 18, itemStyle: { color: "transparent" }, data: lowest.data },
      { name: `${lowest.name}–${highest.name}`, type: "bar", stack: "range", barMaxWidth: 18, itemStyle: { opacity: 0.45, borderRadius: 4 }, data: highest.data.map((top, place) => top - lowest.data[place]), tooltip: { show: false } },
      { name: mean.name, type: "line", symbol: "diamond", symbolSize: 14, lineStyle: { opacity: 0 }, label: { show: true, position: "right", color: ink }, data: mean.data },
    ],
  }),
  bar: (names, series, ink, line) => ({
    ...axes(names, series, ink, line),
    series: series.map((one) => ({ ...one, type: "bar", barMaxWidth: 36, label: { show: series.length === 1, position: "top", color: ink } })),
  }),
  line: (names, series, ink, line) => ({
    ...axes(names, series, ink, line),
    series: series.map((one) => ({ ...one, type: "line", symbolSize: 7 })),
  }),
  steps: (names, [one], ink, line) => ({
    grid: { left: 8, right: 40, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", minInterval: 1, axisLabel: { color: ink }, splitLine: { lineStyle: { color: line } } },
    yAxis: { type: "category", inverse: true, data: names, axisLabel: { color: ink }, axisLine: { lineStyle: { color: line } } },
    series: [{ ...one, type: "bar", barMaxWidth: 26, label: { show: true, position: "right", color: ink } }],
  }),
};
