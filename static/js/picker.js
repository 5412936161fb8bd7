/* The picker of models: its closed state names the chosen one; choosing closes it. */
export function start(picker) {
  const shown = picker.querySelector("[data-part=chosen]");
  picker.addEventListener("change", (event) => {
    shown.textContent = event.target.closest("label").querySelector("[data-part=name]").textContent;
    picker.open = false;
    picker.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => { if (!picker.contains(event.target)) picker.open = false; });
  picker.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    picker.open = false;
    picker.querySelector("summary").focus();
  });
}
