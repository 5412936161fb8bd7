/* A details element that is a drawer on phones: Escape or a tap outside closes it; always open where there is room. */
const WIDE = matchMedia("(min-width: 52.001rem)");

export function start(drawer) {
  const fit = () => { drawer.open = WIDE.matches; };
  fit();
  WIDE.addEventListener("change", fit);
  const close = () => {
    if (WIDE.matches || !drawer.open) return;
    drawer.open = false;
    drawer.querySelector("summary").focus();
  };
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("click", (event) => { if (!drawer.contains(event.target)) close(); });
}
