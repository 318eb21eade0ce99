// Draws the diagrams of a running process with what is done and where it stands: <div data-island="diagram" data-src="…">.
// data-src answers [{title, xml, done: [ids], now: [ids]}, …], or of many processes together [{title, xml, heat: {id:
// {level: 1–5, text}}}, …], where the text is written on the box; what is inside the element stays as its text twin.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer.js";

export default async function draw(element) {
  const answer = await fetch(element.dataset.src, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const sheets = await answer.json();
  if (!sheets.length) return;
  const canvas = document.createElement("div");
  canvas.className = "diagram";
  const chooser = choices(sheets, (sheet) => show(canvas, sheet));
  element.prepend(...(sheets.length > 1 ? [chooser] : []), canvas);
  let shown = sheets.findLast((sheet) => sheet.now?.length) ?? hottest(sheets);
  await show(canvas, shown);
  chooser.value = sheets.indexOf(shown);
  chooser.addEventListener("change", () => (shown = sheets[chooser.value]));
  new MutationObserver(() => show(canvas, shown)).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

// The diagram with the most marks, the first of several.
const hottest = (sheets) =>
  sheets.reduce((most, sheet) => (marks(sheet) > marks(most) ? sheet : most), sheets[0]);
const marks = (sheet) => Object.keys(sheet.heat ?? {}).length;

function choices(sheets, choose) {
  const chooser = document.createElement("select");
  chooser.className = "form-select";
  chooser.setAttribute("aria-label", document.documentElement.lang === "en" ? "Diagram" : "流程图");
  chooser.append(...sheets.map((sheet, place) => new Option(sheet.title, place)));
  chooser.addEventListener("change", () => choose(sheets[chooser.value]));
  return chooser;
}

async function show(canvas, sheet) {
  canvas.replaceChildren();
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--tblr-body-color").trim();
  const viewer = new NavigatedViewer({
    container: canvas,
    bpmnRenderer: {
      defaultFillColor: style.getPropertyValue("--tblr-bg-surface").trim(),
      defaultStrokeColor: ink,
      defaultLabelColor: ink,
    },
  });
  await viewer.importXML(sheet.xml);
  const board = viewer.get("canvas");
  const known = viewer.get("elementRegistry");
  for (const [marker, ids] of [["is-done", sheet.done ?? []], ["is-now", sheet.now ?? []]])
    for (const id of ids) if (known.get(id)) board.addMarker(id, marker);
  for (const [id, mark] of Object.entries(sheet.heat ?? {})) if (known.get(id)) heat(viewer, board, id, mark);
  board.zoom("fit-viewport", "auto");
  viewer.get("zoomScroll").toggle(false); // the wheel scrolls the page
}

function heat(viewer, board, id, { level, text }) {
  board.addMarker(id, `heat-${level}`);
  const html = document.createElement("span");
  html.className = "heat-text";
  html.textContent = text;
  viewer.get("overlays").add(id, { position: { bottom: 4, left: 0 }, html, scale: { min: 0.7 } }); // readable in a small diagram too
}
