// Puts a phrase into the field that data-for names: <div data-island="phrases" data-for="f-opinion" hidden>.
export default function wake(element) {
  const field = document.getElementById(element.dataset.for);
  if (!field) return;
  field.after(element);
  element.hidden = false;
  element.addEventListener("click", (event) => {
    const phrase = event.target.closest("[data-phrase]");
    if (!phrase) return;
    const text = phrase.textContent.trim();
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
