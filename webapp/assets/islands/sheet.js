// A score sheet: the sum of each part as it is typed, what is filled, and one part at a time, with a way to the next
// that is not filled. Without it the parts stand one below the other, and the server adds them up.
import { hasValue, isFilled as isFieldFilled } from "./filled.js";

export default function wake(element) {
  const parts = [...element.querySelectorAll("[data-part]")];
  const links = [...element.querySelectorAll(".sheet-nav a")];
  for (const part of parts) part.addEventListener("input", () => recount(element, parts));
  recount(element, parts);
  if (!element.querySelector("[data-count]")) return; // nothing to fill in one after another

  const show = (wanted) => {
    for (const part of parts) part.hidden = part !== wanted;
    for (const link of links) link.toggleAttribute("aria-current", link.hash === `#${wanted.id}`);
  };
  const go = (wanted) => {
    show(wanted);
    element.scrollIntoView({ block: "start" });
    wanted.focus({ preventScroll: true });
  };
  const holding = (id) => parts.find((part) => id && (part.id === id || part.querySelector(`#${CSS.escape(id)}`)));
  addEventListener("hashchange", () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const wanted = holding(id);
    if (!wanted) return;
    show(wanted);
    (wanted.id === id ? wanted : document.getElementById(id)).focus();
  });
  parts.forEach((part, place) => {
    const button = part.querySelector("[data-next]");
    button.addEventListener("click", (event) => {
      event.preventDefault(); // what was typed is saved by itself (draft.js)
      const after = [...parts.slice(place + 1), ...parts.slice(0, place)];
      go(after.find((one) => !isFilled(one)) ?? after[0]);
    });
  });
  const wrong = parts.find((part) => part.hasAttribute("data-wrong"));
  show(wrong ?? holding(decodeURIComponent(location.hash.slice(1))) ?? parts.find((part) => !isFilled(part)) ?? parts[0]);
}

function isFilled(part) {
  const marks = [...part.querySelectorAll("[data-weight]")];
  return marks.every(hasValue) && [...part.querySelectorAll(".field[data-required]")].every(isFieldFilled);
}

function recount(element, parts) {
  for (const part of parts) {
    const total = part.querySelector("[data-total]");
    if (total) total.textContent = sum([...part.querySelectorAll("[data-weight]")]);
    const state = element.querySelector(`[data-state="${part.dataset.part}"]`);
    if (state) state.textContent = isFilled(part) ? `✓ ${element.dataset.done}` : `○ ${element.dataset.open}`;
  }
  const filled = parts.filter(isFilled).length;
  const count = element.querySelector("[data-count]");
  if (!count) return;
  count.textContent = `${filled}/${parts.length}`;
  element.querySelector(".sheet-nav progress").value = filled;
}

function sum(inputs) {
  let points = 0;
  let whole = 0;
  for (const input of inputs) {
    const score = input.valueAsNumber;
    if (!(score >= 0 && score <= Number(input.max))) return "—";
    points += (Number(input.dataset.weight) * score) / Number(input.max);
    whole += Number(input.dataset.weight);
  }
  return ((100 * points) / whole).toFixed(2);
}
