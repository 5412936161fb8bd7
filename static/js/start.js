/* Starts the module of every element with data-behavior, now and whenever htmx brings new ones. */
const started = new WeakSet();

async function start(root) {
  const elements = [...root.querySelectorAll("[data-behavior]")];
  if (root instanceof Element && root.matches("[data-behavior]")) elements.unshift(root);
  for (const element of elements) {
    if (started.has(element)) continue;
    started.add(element);
    for (const name of element.dataset.behavior.split(" ")) {
      const module = await import(new URL(`./${name}.js`, import.meta.url).href);
      module.start(element);
    }
  }
}

document.addEventListener("htmx:load", (event) => start(event.detail.elt));
start(document);

/* A refusal is shown where it was asked: in the form's own place for it. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt } = event.detail;
  if (xhr.status < 400) return;
  const place = elt.closest("form")?.querySelector("[data-refusal]");
  if (!place || elt.matches("textarea")) return;
  event.detail.shouldSwap = true;
  event.detail.target = place;
  event.detail.swapOverride = "innerHTML";
  event.detail.selectOverride = "unset";
});
