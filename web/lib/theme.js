// Dark or light: the browser's preference until the switch is used.
import { Store } from "./store.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const effective = () => document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");

export const theme = new Store(effective());

system.addEventListener("change", () => {
  theme.value = effective();
});

export function switch_theme() {
  const next = effective() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
  theme.value = next;
}
