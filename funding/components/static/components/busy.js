/* Says on the pressed button that a long act is under way. Without this file the browser's own sign is all there is. */
"use strict";
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    form.setAttribute("aria-busy", "true");
    if (event.submitter) event.submitter.textContent = form.dataset.busy;
  });
}
