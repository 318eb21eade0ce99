// Judges a split of a reward while it is typed: posts the rows of the form (data-form) to data-url and shows the answer.
const PAUSE = 350; // ms without a key before asking

export default function live(element) {
  const form = document.getElementById(element.dataset.form);
  if (!form) return;
  let timer;
  let asked = 0;
  const ask = async () => {
    const sent = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (name === "csrf_token" || name.startsWith("rows.")) sent.append(name, value);
    }
    const turn = ++asked;
    const answer = await fetch(element.dataset.url, { method: "POST", body: sent, headers: { "X-Fragment": "1" } });
    if (answer.ok && turn === asked) element.innerHTML = await answer.text();
  };
  form.addEventListener("input", (event) => {
    if (!event.target.name?.startsWith("rows.")) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  document.querySelector("[data-try]")?.addEventListener("click", (event) => {
    event.preventDefault();
    ask();
  });
  if ([...form.elements].some((one) => one.name?.endsWith(".pct") && one.value)) ask();
}
