/* Copies data-text, or the text of the element named by data-target, with the mark of AI-generated text after it. */
export function start(button) {
  const words = button.querySelector("span") ?? button;
  const label = words.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const source = button.dataset.target ? document.getElementById(button.dataset.target).innerText : button.dataset.text;
    await navigator.clipboard.writeText(button.dataset.mark ? `${source.trim()}\n\n${button.dataset.mark}` : source);
    words.textContent = button.dataset.done;
    setTimeout(() => { words.textContent = label; }, 2000);
  });
}
