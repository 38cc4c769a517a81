// The colour menu. The choice is a cookie, so that the server draws the next page in it at once.
"use strict";

const root = document.documentElement;
const themes = document.querySelector("[data-themes]");

const mark = () => {
  for (const button of themes.querySelectorAll("[data-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.theme === root.dataset.bsTheme));
  }
};

if (themes) {
  themes.hidden = false;
  mark();
  themes.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-theme]")?.dataset.theme;
    if (!choice) return;
    root.dataset.bsTheme = choice;
    document.cookie = `theme=${choice}; path=/; max-age=31536000; samesite=lax`;
    mark();
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("themechange"));
});
