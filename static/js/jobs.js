// One click starts one job, and when the job that a page waits for has ended, the page is reloaded.
"use strict";

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.defaultPrevented) return;
  const button = event.submitter;
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button:disabled[type=submit]")) {
    button.disabled = false;
  }
});

let waited = document.querySelector("#job-card[data-live]") !== null;
document.addEventListener("htmx:afterSettle", () => {
  const card = document.getElementById("job-card");
  if (waited && card && !card.hasAttribute("data-live")) {
    waited = false;
    window.location.reload();
  }
});
