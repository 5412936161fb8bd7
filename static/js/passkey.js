/* Offers passkeys where the browser has them, which is never at a bare number, and says when none was used. */
const NUMBER = /^[\d.]+$|^\[/;

export function start(place) {
  const possible = Boolean(window.PublicKeyCredential) && !NUMBER.test(location.hostname);
  const offers = document.querySelectorAll("[data-offer=passkey]");
  for (const offer of offers) offer.hidden = !possible;
  if (!possible && !offers.length) place.querySelector("[data-part=nowhere]").hidden = false;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    place.querySelector("[data-part=trouble]").hidden = false;
  });
}
