// The lock of an idle session lies over the page, so that nothing typed is lost; and the watermark. The server decides
// by itself when a session is locked: without this script it only shows the lock on a page of its own.
(function () {
  "use strict";
  const lock = document.getElementById("lock");
  const token = () => { const field = document.querySelector("input[name=csrfmiddlewaretoken]"); return field ? field.value : ""; };
  const send = (url, body) => fetch(url, {
    method: "POST", body: body || new FormData(), credentials: "same-origin",
    headers: { "X-CSRFToken": token(), "X-Lock": "1" },
  });

  if (lock) {
    const idle = Number(lock.dataset.idle) * 1000;
    const told = lock.querySelector(".message");
    const form = lock.querySelector("form");
    let last = Date.now(), typed = false;

    const show = function () {
      if (lock.open) return;
      told.hidden = true;
      form.reset();
      document.querySelectorAll("dialog[open]").forEach((dialog) => { if (dialog !== lock) dialog.dataset.wasOpen = "1"; });
      lock.showModal();
      form.elements.password.focus();
    };
    ["keydown", "pointerdown", "input", "wheel"].forEach((kind) => document.addEventListener(kind, function (event) {
      if (lock.open) return;
      last = Date.now();
      typed = typed || kind === "input";
    }, { passive: true }));
    // Locked with the server's clock, not only here: another window of the same session must not go on either.
    setInterval(function () {
      if (!lock.open && Date.now() - last > idle) { show(); send(lock.dataset.lock); }
    }, 5000);
    setInterval(function () {
      if (lock.open || !typed) return;
      typed = false;
      send(lock.dataset.alive).then((answer) => { if (answer.headers.get("X-Locked")) show(); }).catch(() => {});
    }, 60000);
    document.addEventListener("session-locked", show);
    lock.addEventListener("cancel", (event) => event.preventDefault());
    // While it is locked no key reaches the page below.
    document.addEventListener("keydown", (event) => { if (lock.open) event.stopPropagation(); }, true);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      event.stopImmediatePropagation();
      send(lock.dataset.open, new FormData(form)).then(async function (answer) {
        if (answer.status === 204) { last = Date.now(); lock.close(); return; }
        const problem = answer.status === 422 ? await answer.json() : { message: "会话已结束，请重新登录。", ended: true };
        told.textContent = problem.message;
        told.hidden = false;
        form.reset();
        if (problem.ended) { form.hidden = true; told.after(Object.assign(document.createElement("a"), { href: lock.dataset.login, textContent: "重新登录（在新窗口打开，本页内容保留）", target: "_blank", rel: "noopener" })); }
        else form.elements.password.focus();
      }).catch(function () { told.textContent = "无法连接服务器，请稍后再试。"; told.hidden = false; });
    }, true);
    document.addEventListener("htmx:configRequest", function (event) {
      if (event.detail.elt.hasAttribute("data-poll")) event.detail.headers["X-Poll"] = "1";
    });
  }

  // F8 sends the form of the page, F4 keeps a draft of it.
  document.addEventListener("keydown", function (event) {
    if ((event.key !== "F8" && event.key !== "F4") || document.querySelector("dialog[open]")) return;
    const button = document.querySelector("[data-key-" + event.key.toLowerCase() + "]");
    if (button) { event.preventDefault(); button.click(); }
  });

  // Who looked, when: over every page with personal data, on screen and on paper.
  const mark = document.body.dataset.watermark;
  if (mark) {
    const text = mark.replace(/[<>&"]/g, "");
    const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="340" height="190"><text x="10" y="130" transform="rotate(-18 170 95)" font-size="17" font-family="sans-serif">' + text + "</text></svg>";
    const layer = document.createElement("div");
    layer.className = "watermark";
    layer.setAttribute("aria-hidden", "true");
    layer.style.backgroundImage = "url('data:image/svg+xml;utf8," + encodeURIComponent(picture) + "')";
    document.body.append(layer);
  }
})();
