/* The tray of what is compared: it remembers ticks while the list beside it changes, and stops at as many as fit. */
export function start(tray) {
  const [words, chosen, number] = ["words", "chosen", "number"].map((part) => tray.querySelector(`[data-part=${part}]`));
  const hint = words.textContent;
  const most = Number(tray.dataset.most);
  const names = new Map();
  const boxes = () => document.querySelectorAll(`input[type=checkbox][form="${tray.id}"]`);

  function chip(slug, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    button.textContent = `${name} ×`;
    button.setAttribute("aria-label", `${chosen.dataset.label} ${name}`);
    button.addEventListener("click", () => { names.delete(slug); show(); tray.querySelector("button").focus(); });
    return button;
  }

  function hidden(slug) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "model", value: slug });
    return input;
  }

  function show() {
    const here = new Set();
    for (const box of boxes()) {
      here.add(box.value);
      box.checked = names.has(box.value);
      box.disabled = names.size >= most && !box.checked;
    }
    const parts = [...names].flatMap(([slug, name]) => [chip(slug, name), ...(here.has(slug) ? [] : [hidden(slug)])]);
    chosen.replaceChildren(...parts);
    words.textContent = names.size >= most ? words.dataset.full : hint;
    words.hidden = names.size > 0 && names.size < most;
    number.textContent = names.size ? ` ${names.size}` : "";
  }

  for (const box of boxes()) if (box.checked) names.set(box.value, box.dataset.name);
  document.addEventListener("change", ({ target }) => {
    if (target.form !== tray || target.type !== "checkbox") return;
    if (target.checked) names.set(target.value, target.dataset.name);
    else names.delete(target.value);
    show();
  });
  document.addEventListener("htmx:afterSettle", show);
  addEventListener("pageshow", show);
  show();
}
