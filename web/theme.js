// Before anything is drawn: the theme that was chosen, if any; without one the browser's preference counts. A script of
// its own because the content security policy knows no inline script.
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
})();
