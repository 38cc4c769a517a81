// A field that hides the rows which do not hold its words. The rows stay in their form.
"use strict";

for (const bar of document.querySelectorAll("[data-filter-for]")) {
  const field = bar.querySelector("input");
  const says = bar.querySelector("[role=status]");
  const rows = [...document.getElementById(bar.dataset.filterFor).querySelectorAll("[data-filter-row]")];
  const holds = (row) => [...row.querySelectorAll("input:not([type=checkbox]), select, textarea")]
    .map((each) => (each.tagName === "SELECT" ? each.selectedOptions[0]?.text ?? "" : each.value))
    .join(" ").toLowerCase();
  field.addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = wanted !== "" && !holds(row).includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    says.textContent = wanted ? `${shown} of ${rows.length} rows` : "";
  });
  field.addEventListener("change", (event) => event.stopPropagation());
  bar.hidden = false;
}
