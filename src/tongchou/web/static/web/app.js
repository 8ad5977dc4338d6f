// Keyboard, confirmation and printing. All pages work without it, only slower.
(function () {
  "use strict";
  const $ = (selector, root) => (root || document).querySelector(selector);
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const typing = (node) => node.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");
  const searchBox = () => $("[data-search]", $("main")) || $("[data-search]");

  function focusSearch() {
    const box = searchBox();
    if (box) { box.focus(); box.select(); }
  }

  // Arrows walk through the rows of a list; Enter follows the focused link by itself.
  function moveInRows(step) {
    const links = all("[data-rows] a[data-row]");
    if (!links.length) return false;
    const at = links.indexOf(document.activeElement);
    if (at < 0 && step < 0) return false;
    if (at === 0 && step < 0) { focusSearch(); return true; }
    links[Math.min(at + step, links.length - 1)].focus();
    return true;
  }

  // Enter moves on to the next field; in the last one it sends the form.
  function moveOn(event) {
    const form = event.target.form;
    if (!form || !form.hasAttribute("data-enter-moves") || event.target.tagName === "TEXTAREA") return;
    const fields = all("input:not([type=hidden]), select", form).filter((f) => !f.disabled && f.offsetParent);
    const next = fields[fields.indexOf(event.target) + 1];
    if (next) { event.preventDefault(); next.focus(); if (next.select) next.select(); }
  }

  function clear(target) {
    const open = $("dialog[open]");
    if (open) return;
    if (typing(target) && target.value && target.tagName !== "SELECT") { target.value = ""; return; }
    target.blur();
  }

  function openDialog(name) {
    const dialog = document.getElementById(name);
    if (dialog && !dialog.open) dialog.showModal();
  }

  const current = $(".menu a[aria-current]"); // on a phone the menu is one line that scrolls
  if (current) current.scrollIntoView({ block: "nearest", inline: "center" });

  document.addEventListener("keydown", function (event) {
    const target = event.target;
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "F2") { event.preventDefault(); focusSearch(); return; }
    if (event.key === "F9") { const print = $("[data-print]"); if (print) { event.preventDefault(); print.click(); } return; }
    if (event.key === "Escape") { clear(target); return; }
    if (event.key === "Enter" && typing(target)) { moveOn(event); return; }
    const inSearch = target.matches("[data-search]");
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (inSearch || !typing(target))) {
      if (!$("dialog[open]") && moveInRows(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
      return;
    }
    if (typing(target) || $("dialog[open]")) return;
    if (event.key === "/") { event.preventDefault(); focusSearch(); }
    else if (event.key === "?") { event.preventDefault(); openDialog("keys"); }
    else if (/^[0-9]$/.test(event.key)) { const link = $('.menu a[data-key="' + event.key + '"]'); if (link) link.click(); }
  });

  document.addEventListener("click", function (event) {
    const opener = event.target.closest("[data-opens]");
    if (opener) { event.preventDefault(); openDialog(opener.dataset.opens); return; }
    if (event.target.closest("[data-closes]")) { event.target.closest("dialog").close(); return; }
    if (event.target.closest("[data-print-page]")) { window.print(); return; }
    const row = event.target.closest("[data-rows] tbody tr");
    if (row && !event.target.closest("a, button, input, label") && !String(window.getSelection())) {
      const link = $("a[data-row]", row);
      if (link) link.click();
    }
  });

  // A form is sent once, however often the button is pressed.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const stays = event.submitter && event.submitter.hasAttribute("data-leaves"); // a download: the page goes on
    if (form.method === "post" && !stays) {
      form.dataset.sent = "1";
      all("button[type=submit], button:not([type])", form).forEach((b) => b.setAttribute("aria-busy", "true"));
    }
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((f) => delete f.dataset.sent));

  // A dialog that came back with errors is open again, with what was typed.
  all("dialog[data-shown]").forEach((dialog) => dialog.showModal());

  // Poll only what is seen: a hidden tab asks nothing.
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (document.hidden && event.detail.elt.hasAttribute("data-poll")) event.preventDefault();
  });
  document.addEventListener("htmx:responseError", () => note("连接出错，页面数据可能不是最新，请刷新页面。"));
  document.addEventListener("htmx:sendError", () => note("无法连接服务器，正在重试……"));
  document.addEventListener("htmx:afterOnLoad", () => note(""));
  function note(text) {
    const place = document.getElementById("connection");
    if (place) { place.textContent = text; place.hidden = !text; }
  }
})();
