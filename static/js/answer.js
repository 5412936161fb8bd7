/* Shows an answer while it arrives: text is appended as text, finished blocks come as sanitized HTML from the server.
   The stream always begins at the beginning, so a reload, or a lost connection, clears and refills. */
const NEAR_BOTTOM_PIXELS = 120;
const MOST_TRIES = 5;

export function start(answer) {
  const address = answer.dataset.stream;
  if (!address) return;
  const part = (name) => answer.querySelector(`[data-part="${name}"]`);
  const text = part("text");
  let open = null;
  let tries = 0;

  const follow = (change) => {
    const root = document.documentElement;
    const atBottom = root.scrollHeight - root.clientHeight - root.scrollTop < NEAR_BOTTOM_PIXELS;
    change();
    if (atBottom) root.scrollTop = root.scrollHeight;
  };
  const clear = () => { text.replaceChildren(); open = null; };
  const append = (words) => follow(() => {
    if (!open) {
      open = document.createElement("p");
      open.className = "open";
      text.append(open);
    }
    open.append(words);
  });
  const finish = (html) => follow(() => {
    const block = document.createElement("div");
    block.innerHTML = html;
    (open ?? text.appendChild(document.createElement("p"))).replaceWith(...block.childNodes);
    open = null;
  });
  const receipt = (html) => follow(() => {
    const place = part("receipt");
    place.innerHTML = html;
    htmx.process(place);
    htmx.trigger(place, "htmx:load");
  });
  const quiet = () => {
    answer.setAttribute("aria-busy", "false");
    answer.classList.remove("waiting");
    answer.removeAttribute("data-stream");
    part("stop")?.remove();
    document.querySelector("#compose [data-refusal]")?.replaceChildren();
    const still = document.activeElement === document.body || document.activeElement?.closest("[data-part=stop]");
    if (still) document.querySelector("[data-behavior~=compose]")?.focus({ preventScroll: true });
  };

  const source = new EventSource(address);
  const on = (name, act) => source.addEventListener(name, (event) => {
    const data = JSON.parse(event.data);
    act(data.text ?? data.html);
  });
  source.addEventListener("open", clear);
  on("text", append);
  on("block", finish);
  on("whole", (html) => follow(() => { clear(); text.innerHTML = html; }));
  on("receipt", receipt);
  on("done", () => { source.close(); quiet(); });
  source.addEventListener("error", () => {
    tries += 1;
    if (tries < MOST_TRIES && source.readyState !== EventSource.CLOSED) return;
    source.close();
    quiet();
    part("lost").hidden = false;
  });
  addEventListener("pagehide", () => source.close());
}
