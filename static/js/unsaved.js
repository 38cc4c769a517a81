// <form data-unsaved>: a hint beside the button, and a question before the page is left.
"use strict";

for (const form of document.querySelectorAll("form[data-unsaved]")) {
  const hint = form.querySelector("[data-unsaved-hint]");
  let edits = 0;
  let saved = 0;
  let sent = 0;
  const show = () => {
    const says = edits > saved ? "Not saved yet" : "";
    if (hint && hint.textContent !== says) hint.textContent = says;
  };
  form.addEventListener("input", () => { edits += 1; show(); });
  form.addEventListener("submit", () => { saved = edits; });
  // A draft that is saved by htmx while more is typed stays unsaved.
  form.addEventListener("htmx:beforeRequest", () => { sent = edits; });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) saved = sent;
    show();
  });
  window.addEventListener("beforeunload", (event) => { if (edits > saved) event.preventDefault(); });
}
