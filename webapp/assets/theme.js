// Runs before the first paint: follow the system's light or dark unless a person has chosen one (the server then sets it).
const root = document.documentElement;
if (!root.hasAttribute("data-bs-theme")) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  dark.addEventListener("change", follow);
  follow();
}
