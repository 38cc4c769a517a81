// The frame: menus that close, folds that are remembered, printing, focus after errors.
"use strict";

const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
};

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  if (event.target.closest("[data-print]")) window.print();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
});

for (const fold of document.querySelectorAll("details[data-remember]")) {
  const key = `fold.${fold.dataset.remember}`;
  if (localStorage.getItem(key) === "closed") fold.open = false;
  fold.addEventListener("toggle", () => {
    localStorage.setItem(key, fold.open ? "open" : "closed");
  });
}

document.querySelector("[data-focus]")?.focus();

// Where not all tabs fit beside each other, the one that is open is in sight.
const showTab = () => {
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const strip = tab.parentElement;
    strip.scrollLeft += tab.getBoundingClientRect().right - strip.getBoundingClientRect().right + 40;
  }
};
showTab();
window.addEventListener("resize", showTab);
document.addEventListener("htmx:afterSettle", showTab);

// A table that is wider than its place is scrolled with the arrow keys too.
const openToKeys = () => {
  for (const place of document.querySelectorAll(".table-responsive")) {
    const scrolls = place.scrollWidth > place.clientWidth || place.scrollHeight > place.clientHeight;
    if (scrolls) place.tabIndex = 0;
  }
};
openToKeys();
window.addEventListener("resize", openToKeys);
document.addEventListener("htmx:afterSettle", openToKeys);

// A fragment that brought an error summary or a new heading is where reading goes on.
document.addEventListener("htmx:afterSwap", (event) => {
  const { target } = event.detail;  // replaced as a whole it is no longer in the page
  (target.isConnected ? target : event.target).querySelector?.("[data-focus]")?.focus();
});
