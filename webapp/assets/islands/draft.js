// Saves what is typed into a form: <span data-island="draft" data-form="task" data-src="/drafts">, which tells when.
// Until the server has it, a copy stays in this tab; it is handed in when the form is shown again.
const PAUSE = 3000; // ms after the last key
const AGAIN = 20000; // ms after a failure
const PREFIX = "draft:";

export default function keep(element) {
  const form = document.getElementById(element.dataset.form);
  const place = PREFIX + element.dataset.user + form.elements._place.value;
  let timer, sending, sent = false;

  const tell = (text) => (element.textContent = text);
  const typed = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  const wait = (pause) => {
    clearTimeout(timer);
    timer = setTimeout(save, pause);
  };

  async function save() {
    const copy = JSON.stringify(typed());
    sending = new AbortController();
    const answer = await post(element.dataset.src, JSON.parse(copy), sending.signal);
    if (sent) return;
    if (answer.ok) {
      if (sessionStorage.getItem(place) === copy) sessionStorage.removeItem(place);
      return tell((await answer.json()).text);
    }
    if (answer.type === "opaqueredirect") return tell(element.dataset.ended);
    if (answer.status >= 400 && answer.status < 500) return tell((await answer.json()).detail);
    tell(element.dataset.failed);
    wait(AGAIN);
  }

  const note = () => {
    sessionStorage.setItem(place, JSON.stringify(typed()));
    wait(PAUSE);
  };
  form.addEventListener("input", note);
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
    sending?.abort();
  });
  addEventListener("pageshow", () => (sent = false));
  if ("answered" in element.dataset) sessionStorage.removeItem(place); // the server has just had all of it
  else if ([...form.elements].some(isChanged)) note(); // typed before this was loaded
  else restore(place, element.dataset.src, form.elements);
}

function isChanged(control) {
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control.type === "select-one") return [...control.options].some((one) => one.defaultSelected && !one.selected);
  return ["text", "textarea", "number", "date", "datetime-local"].includes(control.type) && control.value !== control.defaultValue;
}

// What this tab still holds is newer than what the server drew: it becomes the draft, and the form is drawn anew.
async function restore(place, path, elements) {
  const copy = sessionStorage.getItem(place);
  if (!copy) return;
  const pairs = JSON.parse(copy).map(([name, value]) => [name, name === "csrf_token" ? elements.csrf_token.value : value]);
  const answer = await post(path, pairs);
  if (answer.type === "opaqueredirect" || answer.status >= 500) return;
  sessionStorage.removeItem(place); // kept, or of a form that was sent meanwhile
  if (answer.ok) location.reload();
}

// What the server says; a network that is away looks like a server that is.
function post(path, pairs, signal) {
  const body = new URLSearchParams(pairs);
  const asked = { method: "POST", body, signal, redirect: "manual", headers: { Accept: "application/json" } };
  return fetch(path, asked).catch(() => Response.error());
}
