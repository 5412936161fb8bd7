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

/* A refusal is shown where it was asked, in the form's own place for it; so is trouble with the connection. */
function refused(event) {
  const { xhr, requestConfig } = event.detail;
  if (event.type === "htmx:beforeSwap" && xhr.status < 400) return;
  const asked = requestConfig.elt;
  const place = asked.matches("form") ? asked.querySelector("[data-refusal]") : null;
  if (!place) return;
  const whole = !xhr.responseText || /<html/i.test(xhr.responseText);
  if (whole) place.textContent = place.dataset.trouble;
  else place.innerHTML = xhr.responseText;
  htmx.process(place);
}

document.addEventListener("htmx:beforeSwap", refused);
document.addEventListener("htmx:sendError", refused);
