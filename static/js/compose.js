/* The composer: Enter sends, Shift+Enter is a line, and Enter that picks a Chinese word never sends. */
const COMPOSING = 229;

export function start(field) {
  const fit = () => {
    field.rows = 2;
    while (field.scrollHeight > field.clientHeight && field.rows < 12) field.rows += 1;
  };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === COMPOSING) return;
    event.preventDefault();
    if (field.value.trim()) field.form.requestSubmit();
  });
  field.form.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt === field.form) field.form.querySelector("[data-refusal]").replaceChildren();
  });
  fit();
}
