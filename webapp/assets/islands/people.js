// Suggests people while one types into a field of that list: <datalist id="pick-person" data-src="/people/suggestions">.
const PAUSE_MS = 200;

export default function suggest(list) {
  let waiting, last;
  document.addEventListener("input", ({ target }) => {
    if (target.getAttribute("list") !== list.id) return;
    const typed = target.value.trim();
    if (!typed || [...list.options].some((one) => one.value === typed)) return; // chosen from the list
    clearTimeout(waiting);
    waiting = setTimeout(() => fill(typed), PAUSE_MS);
  });

  async function fill(typed) {
    last?.abort();
    last = new AbortController();
    const src = `${list.dataset.src}?${new URLSearchParams({ q: typed })}`;
    const answer = await fetch(src, { signal: last.signal, headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return; // a login that is typed by hand works too
    const found = await answer.json();
    list.replaceChildren(...found.map((text) => Object.assign(document.createElement("option"), { value: text })));
  }
}
