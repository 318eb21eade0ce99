// Keys for those who like them: <div data-island="keys" data-work="/work" data-home="/">, with a <dialog> that tells them.
// Single keys do nothing while somebody types, and none of this is loaded when it is switched off (WCAG 2.1.4).
const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]";
const SEQUENCE = 1200; // ms between g and the letter after it

export default function listen(element) {
  const help = element.querySelector("dialog");
  let goes = 0; // until when a letter after g is waited for
  const keys = {
    "?": () => help.showModal(),
    "/": () => search(element),
    j: () => move(1),
    k: () => move(-1),
    x: () => document.activeElement.closest("tr")?.querySelector("input[type=checkbox]")?.click(),
    g: () => (goes = Date.now() + SEQUENCE),
  };
  const places = { i: element.dataset.work, h: element.dataset.home };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || event.altKey) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return submit(event);
    if (event.ctrlKey || event.metaKey || help.open || event.target.closest?.(TYPING)) return;
    const place = Date.now() < goes && places[event.key];
    goes = 0;
    if (place) location.assign(place);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
}

function submit(event) {
  const form = event.target.form ?? event.target.closest("form");
  if (!form || form.method !== "post") return;
  event.preventDefault();
  form.requestSubmit([...form.elements].find((one) => one.type === "submit" && !one.disabled && !one.formAction.includes("/rows")));
}

function search(element) {
  const field = document.querySelector("main input[type=search]");
  if (field) field.focus();
  else location.assign(element.dataset.work);
}

// Rows of lists are moved through by their links.
function move(step) {
  const links = [...document.querySelectorAll("main tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
  const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
  links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
}
