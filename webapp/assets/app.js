import "htmx.org";

// Parts of a page that want more than HTML, loaded only where they are: <div data-island="chart">.
const ISLANDS = {
  chart: () => import("./islands/chart.js"),
  diagram: () => import("./islands/diagram.js"),
  split: () => import("./islands/split.js"),
  sheet: () => import("./islands/sheet.js"),
  draft: () => import("./islands/draft.js"),
  keys: () => import("./islands/keys.js"),
  people: () => import("./islands/people.js"),
  phrases: () => import("./islands/phrases.js"),
  steps: () => import("./islands/steps.js"),
};

function wake(root) {
  for (const element of root.querySelectorAll("[data-island]:not([data-awake])")) {
    element.dataset.awake = "";
    ISLANDS[element.dataset.island]().then((island) => island.default(element));
  }
}
wake(document);
document.addEventListener("htmx:after:swap", () => wake(document));

// The wall fills the screen; who has no script has F11.
function offerFullScreen() {
  for (const button of document.querySelectorAll("[data-full-screen]")) button.hidden = !document.fullscreenEnabled || Boolean(document.fullscreenElement);
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-full-screen]")) document.documentElement.requestFullscreen();
});
for (const name of ["fullscreenchange", "htmx:after:swap"]) document.addEventListener(name, offerFullScreen);
offerFullScreen();

// Go to what has to be corrected first.
document.querySelector("[data-focus-first] [aria-invalid=true]")?.focus();

// A form is sent once: its buttons rest while the answer is on its way, and work again when the page is come back to.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") sessionStorage.clear(); // copies of drafts stay with nobody
  setTimeout(() => setResting(event.target, true));
});
addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => setResting(form, false)));

function setResting(form, resting) {
  for (const control of form.elements) if (control.type === "submit") control.disabled = resting;
}
