/* Says on the pressed button that a long act is under way, and takes no second press. Without this file the browser's own sign is all
   there is, and a second press lands on the first one's result. A page may ask for it twice. */
"use strict";
for (const form of document.querySelectorAll("form[data-busy]:not([data-heard])")) {
  form.dataset.heard = "";
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("aria-busy")) {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    if (event.submitter) event.submitter.textContent = form.dataset.busy;
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form[data-busy]")) form.removeAttribute("aria-busy");
});
