// The lock of an idle session lies over the page, so that nothing typed is lost; and the watermark. The server decides
// by itself when a session is locked: without this script it only shows the lock on a page of its own.
(function () {
  "use strict";
  const lock = document.getElementById("lock");
  const token = () => { const field = document.querySelector("input[name=csrfmiddlewaretoken]"); return field ? field.value : ""; };
  const send = (url, body, part) => fetch(url, {
    method: "POST", body: body || new FormData(), credentials: "same-origin",
    headers: { "X-CSRFToken": token(), [part ? "HX-Request" : "X-Lock"]: part ? "true" : "1" },
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

  // A field that takes a code: while a name is typed, what fits is offered. Arrows choose, Enter takes, Esc leaves.
  document.querySelectorAll("[data-find]").forEach(function (field) {
    const list = document.getElementById(field.getAttribute("aria-controls"));
    const told = document.getElementById(field.id + "-found");
    let asked = 0, timer = 0, at = -1;
    const options = () => Array.from(list.children).filter((one) => one.dataset.value);
    const hide = function () { list.hidden = true; at = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
    const take = function (option) { field.value = option.dataset.value; told.textContent = option.dataset.name; asked += 1; hide(); field.focus(); };
    const mark = function (to) {
      const all = options();
      at = (to + all.length) % all.length;
      all.forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
      field.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    };
    const show = function (found, open) {
      const same = found.find((one) => one.value === field.value.trim());
      told.textContent = same ? same.name : "";
      list.replaceChildren(...found.map(function (one, place) {
        const item = Object.assign(document.createElement("li"), { id: list.id + "-" + place, textContent: one.name });
        item.setAttribute("role", "option");
        Object.assign(item.dataset, { value: one.value, name: one.name });
        const more = Object.assign(document.createElement("span"), { className: "muted", textContent: " " + one.value + " " + one.more });
        item.append(more);
        item.addEventListener("mousedown", (event) => { event.preventDefault(); take(item); });
        return item;
      }));
      if (!found.length) list.append(Object.assign(document.createElement("li"), { className: "muted", textContent: "没有找到，请检查名称或编号" }));
      at = -1;
      list.hidden = !open || Boolean(same);
      field.setAttribute("aria-expanded", String(!list.hidden));
    };
    const look = function (open) {
      const text = field.value.trim(), mine = ++asked;
      if (!text) { told.textContent = ""; hide(); return; }
      const body = new FormData();
      body.append("q", text);
      send(field.dataset.find, body, true).then(async function (answer) {
        if (answer.headers.get("X-Locked")) { document.dispatchEvent(new Event("session-locked")); return; }
        if (answer.ok && mine === asked) show((await answer.json()).found, open);
      }).catch(() => {});
    };
    field.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(() => look(true), 200); });
    field.addEventListener("blur", hide);
    field.addEventListener("keydown", function (event) {
      if (list.hidden || event.isComposing) return;
      if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options().length) mark(event.key === "ArrowDown" ? at + 1 : at < 0 ? -1 : at - 1);
      else if (event.key === "Enter" && at >= 0) take(options()[at]);
      else if (event.key === "Escape") hide();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    if (field.value) look(false);
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
