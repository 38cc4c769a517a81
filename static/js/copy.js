// Copy buttons: <button type="button" data-copy="ID" hidden>Copy</button>, shown only with a script.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    button.textContent = "Copied";
  } catch {
    // Without TLS a browser gives no clipboard: mark the text, so that Ctrl-C takes it.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    button.textContent = "Press Ctrl-C";
  }
  setTimeout(() => { button.textContent = before; }, 1500);
});
