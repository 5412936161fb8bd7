/* Asks before a form is sent: opens the dialog named by data-dialog, whose "confirm" button sends it. */
export function start(form) {
  const dialog = document.getElementById(form.dataset.dialog);
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirmed) return;
    event.preventDefault();
    const pressed = event.submitter;
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "confirm") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(pressed);
      delete form.dataset.confirmed;
    }, { once: true });
  });
}
