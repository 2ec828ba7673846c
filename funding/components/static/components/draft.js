/* Keeps what is typed into a form on the server, a moment after each change. Without this file the button does the same. */
"use strict";
for (const seen of document.querySelectorAll("input[data-draft]")) {
  const form = seen.form, state = form.querySelector("[data-draft-state]");
  let timer = 0, busy = false, again = false, over = false;
  const say = (text) => { if (state) state.textContent = text; };
  const stop = (text) => { over = true; say(text); };
  const keep = async () => {
    if (over) return;
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.pathname, {
        method: "POST", body: new FormData(form), headers: { "X-Daybook-Draft": "1" }, redirect: "manual", keepalive: document.hidden,
      });
      const said = answer.headers.get("content-type") === "application/json" ? await answer.json() : {};
      if (answer.ok && said.version) { seen.value = said.version; say(`Draft saved ${said.saved}. Only you can see it.`); }
      else if (answer.status === 409) stop("You typed on this page in another window. Save here to see both texts; nothing was overwritten.");
      else if (said.problem) say(said.problem);
      else stop("This is not saved: you are signed out, or the page was closed. Copy your words, then load the page again.");
    } catch { say("Not saved yet: the server cannot be reached. It is tried again with your next change."); }
    busy = false;
    if (again) { again = false; keep(); }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 1200); });
  form.addEventListener("submit", () => { clearTimeout(timer); over = true; });
  document.addEventListener("visibilitychange", () => { if (document.hidden && timer) { clearTimeout(timer); timer = 0; keep(); } });
}
