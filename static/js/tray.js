/* The tray of what is compared: it remembers ticks while the list beside it changes, and stops at as many as fit. */
const names = new Map();
let tray = null;

export function start(element) {
  tray = element;
  for (const box of boxes()) if (box.checked) names.set(box.value, box.dataset.name);
  show();
}

const boxes = () => document.querySelectorAll(`input[type=checkbox][form="${tray.id}"]`);

function show() {
  if (!tray?.isConnected) return;
  const most = Number(tray.dataset.most);
  const [words, chosen, number] = ["words", "chosen", "number"].map((part) => tray.querySelector(`[data-part=${part}]`));
  const here = new Set();
  for (const box of boxes()) {
    here.add(box.value);
    box.checked = names.has(box.value);
    box.disabled = names.size >= most && !box.checked;
  }
  const parts = [...names].flatMap(([slug, name]) => [chip(slug, name, chosen), ...(here.has(slug) ? [] : [hidden(slug)])]);
  chosen.replaceChildren(...parts);
  words.hidden = names.size < most;
  if (!words.hidden) words.textContent = words.dataset.full;
  tray.hidden = names.size === 0;
  number.textContent = names.size ? ` ${names.size}` : "";
}

function chip(slug, name, chosen) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "chip", textContent: `${name} ×` });
  button.setAttribute("aria-label", `${chosen.dataset.label} ${name}`);
  button.addEventListener("click", () => { names.delete(slug); show(); back(slug); });
  return button;
}

/* Focus goes on to what is still there: the next chip, else the box of the model that was taken away. */
function back(slug) {
  const box = [...boxes()].find((each) => each.value === slug) ?? document.getElementById("found");
  (tray.hidden ? box : tray.querySelector("button")).focus();
}

/* What is chosen and not on this page of the list is sent all the same. */
function hidden(slug) {
  return Object.assign(document.createElement("input"), { type: "hidden", name: "model", value: slug });
}

document.addEventListener("change", ({ target }) => {
  if (!tray || target.form !== tray || target.type !== "checkbox") return;
  if (target.checked) names.set(target.value, target.dataset.name);
  else names.delete(target.value);
  show();
});
document.addEventListener("htmx:afterSettle", show);
addEventListener("pageshow", show);
