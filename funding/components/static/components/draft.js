/* Keeps what is typed into a form on the server, a moment after each change. Without this file the button does the same. */
"use strict";
for (const seen of document.querySelectorAll("input[data-draft]")) {
  const form = seen.form, state = form.querySelector("[data-draft-state]");
  const words = state ? state.dataset : {};  // saved, twice, closed, later: the sentences, in the page's language
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
      if (answer.ok && said.version) { seen.value = said.version; say((words.saved || "").replace("{when}", said.saved)); }
      else if (answer.status === 409) stop(words.twice);
      else if (said.problem) say(said.problem);
      else stop(words.closed);
    } catch { say(words.later); }
    busy = false;
    if (again) { again = false; keep(); }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 1200); });
  form.addEventListener("submit", () => { clearTimeout(timer); over = true; });
  document.addEventListener("visibilitychange", () => { if (document.hidden && timer) { clearTimeout(timer); timer = 0; keep(); } });
}
