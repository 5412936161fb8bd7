/* Keeps a form from being sent twice: its buttons rest while it is under way. */
export function start(form) {
  const rest = (busy) => {
    for (const button of form.querySelectorAll("button:not([type=button])")) {
      button.setAttribute("aria-busy", String(busy));
      button.disabled = busy;
    }
  };
  // after this turn of the loop, so that the pressed button's name and value are still sent
  form.addEventListener("submit", (event) => setTimeout(() => { if (!event.defaultPrevented) rest(true); }));
  // requests of fields inside the form (an estimate while typing) bubble up to here and are none of its own
  const own = (busy) => (event) => { if (event.detail.elt === form) rest(busy); };
  form.addEventListener("htmx:beforeRequest", own(true));
  form.addEventListener("htmx:afterRequest", own(false));
  addEventListener("pageshow", () => rest(false));
}
