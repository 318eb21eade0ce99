// The way through a long form: how much of each section is filled in while one types, and which one is in sight.

import { isFilled } from "./filled.js";

export default function steps(nav) {
  const form = nav.closest("form");
  const links = [...nav.querySelectorAll("[data-section]")];
  const count = () => links.forEach((link) => tell(nav, link, form.querySelector(`#${link.dataset.section}`)));
  form.addEventListener("input", count);
  form.addEventListener("change", count);
  const seen = new IntersectionObserver((entries) => {
    const entry = entries.find((one) => one.isIntersecting);
    if (!entry) return;
    for (const link of links) {
      if (link.dataset.section === entry.target.id) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-20% 0px -60% 0px" });
  links.forEach((link) => seen.observe(form.querySelector(`#${link.dataset.section}`)));
}

function tell(nav, link, section) {
  const fields = [...section.querySelectorAll(".field[data-required]")];
  const filled = fields.filter(isFilled).length;
  const isFull = filled === fields.length;
  const mark = link.querySelector(".form-step-mark");
  mark.textContent = isFull ? "✓" : section.id.replace("section-", "");
  if (!fields.length) return;
  const told = document.createElement("span");
  told.className = "visually-hidden";
  told.textContent = ` ${isFull ? nav.dataset.done : nav.dataset.missing}`;
  link.querySelector(".form-step-count").replaceChildren(`${filled}/${fields.length}`, told);
}
