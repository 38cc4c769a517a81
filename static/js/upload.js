// <form data-upload>: the file goes in pieces with a progress bar, and goes on after a broken line.
// Without this script the same form sends the file in one piece.
"use strict";

const MOST_HASHED_BYTES = 64 * 1024 * 1024;
const TRIES = 5;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const hashOf = async (file) => {
  if (!window.crypto?.subtle || file.size > MOST_HASHED_BYTES) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

const asked = async (url, options) => {
  const answer = await fetch(url, options);
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  const told = isJson ? await answer.json() : { says: `The server answered ${answer.status}.` };
  return { ok: answer.ok, status: answer.status, told };
};

// What this browser began and did not finish, so that the same file goes on after a reload.
const keyOf = (form, file) => `upload.${form.dataset.upload}.${file.name}.${file.size}.${file.lastModified}`;

const begun = async (form, file, token) => {
  const key = keyOf(form, file);
  const known = JSON.parse(localStorage.getItem(key) ?? "null");
  if (known) {
    const { ok, told } = await asked(known.url, {});
    if (ok) return { ...known, offset: told.offset };
    localStorage.removeItem(key);
  }
  const body = new URLSearchParams({ filename: file.name, size: file.size, sha256: await hashOf(file) });
  const { ok, told } = await asked(form.dataset.upload, { method: "POST", headers: { "X-CSRFToken": token }, body });
  if (!ok) throw new Error(told.says);
  localStorage.setItem(key, JSON.stringify(told));
  return told;
};

const sent = async (file, upload, token, show) => {
  let { offset } = upload;
  let failures = 0;
  while (offset < file.size) {
    show(offset);
    try {
      const body = file.slice(offset, offset + upload.piece);
      const headers = { "X-CSRFToken": token, "Upload-Offset": String(offset), "Content-Type": "application/octet-stream" };
      const { ok, status, told } = await asked(upload.url, { method: "PUT", headers, body });
      if (!ok && status !== 409) throw new Error(told.says);
      offset = told.offset;
      failures = ok ? 0 : failures + 1;
    } catch (error) {
      failures += 1;
      if (failures >= TRIES) throw error;
      await pause(1000 * 2 ** failures);
    }
    if (failures >= TRIES) throw new Error("The pieces do not fit: choose the file again.");
  }
  show(offset);
};

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", async (event) => {
    const input = form.querySelector("input[type=file]");
    const file = input.files[0];
    if (!file || !file.size) return;
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    const state = form.querySelector("[data-upload-state]");
    const says = form.querySelector("[data-upload-says]");
    const bar = state.querySelector("progress");
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    const show = (offset) => {
      bar.value = (100 * offset) / file.size;
      says.textContent = `${Math.floor(bar.value)} % of ${file.name}`;
    };
    state.hidden = false;
    button.disabled = true;
    try {
      const upload = await begun(form, file, token);
      if (upload.known) says.textContent = `These bytes are here already, as ${upload.known}.`;
      else await sent(file, upload, token, show);
      form.querySelector("[name=upload]").value = upload.id;
      input.disabled = true;
      localStorage.removeItem(keyOf(form, file));
      form.submit();
    } catch (error) {
      says.textContent = `${error.message} Press the button to go on where it stopped.`;
      button.disabled = false;
    }
  });
}
