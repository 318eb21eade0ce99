// Whether what a form requires is filled in.

const TYPED = "input:not([type=hidden]), select, textarea";

// A table is filled in when every cell that its rows require is.
export function isFilled(field) {
  const needed = [...field.querySelectorAll("td [aria-required=true]")];
  if (needed.length) return needed.every(hasValue);
  return [...field.querySelectorAll(TYPED)].some(hasValue);
}

export function hasValue(control) {
  if (control.type === "radio" || control.type === "checkbox") return control.checked;
  return control.value.trim() !== "";
}
