// The form of a new simulation: shows what belongs to the chosen comparison, finds parameters, marks what was changed.
(function () {
  "use strict";
  const form = document.querySelector("form[data-simulation]");
  if (!form) return;
  const inputs = Array.from(form.querySelectorAll("input[data-old]"));
  const rows = Array.from(form.querySelectorAll("tr[data-words]"));
  const said = form.querySelector("[data-changed]");
  const filter = form.querySelector("[data-filter]");

  function showKind() {
    const kind = form.querySelector("input[name=kind]:checked").value;
    form.querySelectorAll("[data-kind]").forEach((part) => { part.hidden = part.dataset.kind !== kind; });
  }
  function mark() {
    let count = 0;
    inputs.forEach((input) => {
      const changed = input.value.trim() !== input.dataset.old;
      input.closest("tr").classList.toggle("changed", changed);
      if (changed) count += 1;
    });
    said.textContent = count ? "已修改 " + count + " 个参数" : "还没有修改";
  }
  function find() {
    const words = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => { row.hidden = !words.every((word) => row.dataset.words.toLowerCase().includes(word)); });
    form.querySelectorAll("[data-group]").forEach((group) => {
      const some = Array.from(group.querySelectorAll("tr[data-words]")).some((row) => !row.hidden);
      group.hidden = !some;
      if (words.length && some) group.open = true;
    });
  }
  form.addEventListener("change", (event) => { if (event.target.name === "kind") showKind(); });
  form.addEventListener("input", (event) => {
    if (event.target === filter) find();
    else if (event.target.dataset.old !== undefined) mark();
  });
  filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "F8") { event.preventDefault(); form.requestSubmit(); }
  });
  form.querySelectorAll("tr.changed, [aria-invalid=true]").forEach((one) => { const group = one.closest("details"); if (group) group.open = true; });
  showKind(); mark();
  inputs.forEach((input) => { if (input.value.trim() !== input.dataset.old) input.closest("details").open = true; });
})();
