"use strict";

// The page keeps what the server last answered and draws it again on every change. Text
// becomes text nodes only; the HTML of mails stays in a sandboxed frame.

const newest = 500; // how many messages are listed
const patience = 30; // seconds for which one request waits for a change

const $ = (id) => document.getElementById(id);
const read = new Set(); // ids of messages that were looked at
let messages = [];
let known = null; // ids of the last answer; null before the first
let fresh = new Set(); // ids that came with it
let medium = "";
let tab = "preview";
let shown = ""; // what the detail pane shows, so that updates leave it alone

const reasons = {
  SignUp: "sign-up",
  AdminCreateUser: "invitation by an administrator",
  ResendCode: "code asked for again",
  ForgotPassword: "forgotten password",
  UpdateUserAttribute: "changed attribute",
  VerifyUserAttribute: "attribute to verify",
  Authentication: "sign-in",
  AccountTakeOverNotification: "risky sign-in",
};

// ---- following the inbox ----

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function follow() {
  let tag = "";
  for (;;) {
    try {
      const response = await fetch(
        `/_cenote/messages?limit=${newest}` + (tag ? `&wait=${patience}s` : ""),
        { headers: tag ? { "If-None-Match": tag } : {} },
      );
      if (response.status === 200) {
        tag = response.headers.get("ETag");
        accept((await response.json()).messages);
      } else if (response.status !== 304) {
        throw new Error(response.statusText);
      }
      setStatus("live", "live");
    } catch {
      setStatus("lost", "not connected");
      tag = "";
      await pause(1500);
    }
  }
}

function setStatus(state, text) {
  const status = $("status");
  if (status.textContent === text) return; // do not announce it again
  status.className = "status " + state;
  status.textContent = text;
}

function accept(list) {
  fresh = new Set(known ? list.filter((m) => !known.has(m.id)).map((m) => m.id) : []);
  known = new Set(list.map((m) => m.id));
  messages = list;
  draw();
}

// ---- drawing ----

function element(name, className, ...content) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...content);
  return e;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#icon-" + name);
  svg.append(use);
  return svg;
}

const isMail = (m) => m.medium === "EMAIL";

// when is the time of a message, with its day unless it is the newest message's.
function when(m) {
  const at = new Date(m.time);
  const time = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (at.toDateString() === new Date(messages[0].time).toDateString()) return time;
  return at.toLocaleDateString(undefined, { day: "numeric", month: "short" }) + " " + time;
}

function matching() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  return messages.filter((m) => {
    if (medium && m.medium !== medium) return false;
    const text = Object.values(m).join("\n").toLowerCase();
    return words.every((w) => text.includes(w));
  });
}

const chosen = () => messages.find((m) => "#" + m.id === location.hash);

function draw() {
  if (!known) return;
  const current = chosen();
  if (current) read.add(current.id);
  const list = matching();
  const none = messages.length === 0;
  $("app").dataset.view = none ? "empty" : current ? "message" : "list";
  $("filters").hidden = $("clear").hidden = none;
  $("empty").hidden = !none;
  $("choose").hidden = none || Boolean(current);
  $("nothing").hidden = none || list.length > 0;
  $("count").textContent = count(list.length);
  const unread = messages.filter((m) => !read.has(m.id)).length;
  document.title = (unread ? `(${unread}) ` : "") + "Inbox · Cenote";
  drawList(list, current);
  drawMessage(current);
}

function count(n) {
  if (n < messages.length) return `${n} of ${messages.length}`;
  if (n === newest) return `newest ${n}`;
  return n === 1 ? "1 message" : `${n} messages`;
}

function drawList(list, current) {
  const focused = document.activeElement?.dataset?.id;
  $("messages").replaceChildren(...list.map((m) => element("li", "", row(m, m === current))));
  if (focused) $("messages").querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

function row(m, isCurrent) {
  const to = element("span", "to", m.destination);
  to.title = m.destination;
  const button = element("button", "row", icon(isMail(m) ? "mail" : "sms"), to, element("span", "time", when(m)),
    element("span", "about", isMail(m) ? m.subject : m.body), element("span", "chip", m.code));
  button.type = "button";
  button.dataset.id = m.id;
  button.setAttribute("aria-label", `${isMail(m) ? "Mail" : "SMS"} to ${m.destination}, ${when(m)}: ${m.subject || m.body}`);
  if (!read.has(m.id)) button.classList.add("unread");
  if (fresh.delete(m.id)) button.classList.add("fresh");
  if (isCurrent) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => choose(m.id));
  return button;
}

function drawMessage(m) {
  $("message").hidden = !m;
  const key = m ? `${m.id} ${tab}` : "";
  if (key === shown) return;
  shown = key;
  if (!m) {
    $("body").replaceChildren();
    return;
  }
  $("subject").textContent = isMail(m) ? m.subject || "(no subject)" : "Text message";
  $("secret").hidden = !m.code;
  $("secret-label").textContent = m.source === "AdminCreateUser" ? "Temporary password" : "Code";
  $("code").textContent = m.code;
  $("code").classList.toggle("long", m.code.length > 10);
  $("link-row").hidden = !m.link;
  $("link").href = /^https?:/i.test(m.link) ? m.link : "";
  $("link").textContent = m.link;
  drawHeaders(m);
  for (const b of $("tabs").querySelectorAll("[data-tab]")) b.setAttribute("aria-pressed", b.dataset.tab === tab);
  $("narrow").hidden = tab !== "preview" || !isMail(m);
  $("body").replaceChildren(bodyOf(m));
}

function drawHeaders(m) {
  const reason = reasons[m.source] ? `${m.source} (${reasons[m.source]})` : m.source;
  const lines = [
    ["To", m.destination],
    ["Sent", new Date(m.time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })],
    ["Reason", reason],
    ["User", m.username, "id"],
    ["User pool", m.userPoolId, "id"],
    ["App client", m.clientId, "id"],
  ];
  $("headers").replaceChildren(...lines.filter(([, value]) => value).flatMap(([name, value, className]) =>
    [element("dt", "", name), element("dd", className, value)]));
}

function bodyOf(m) {
  if (tab === "json") return element("pre", "", JSON.stringify(m, null, 2));
  if (tab === "source") return element("pre", "", m.body);
  if (!isMail(m)) return element("p", "bubble", m.body);
  const frame = element("iframe");
  frame.title = "The mail";
  frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox"); // no scripts, an origin of its own
  frame.referrerPolicy = "no-referrer";
  frame.src = "/_cenote/inbox/" + encodeURIComponent(m.id);
  return frame;
}

// ---- doing ----

function choose(id) {
  if (location.hash !== "#" + id) location.hash = id;
}

// step selects the message that is by places below the selected one.
function step(by) {
  const list = matching();
  if (list.length === 0) return;
  const at = list.indexOf(chosen());
  const next = list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)];
  choose(next.id);
  $("messages").querySelector(`[data-id="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: "nearest" });
}

async function remove(path) {
  try {
    await fetch("/_cenote/messages" + path, { method: "DELETE" });
  } catch {
    setStatus("lost", "not connected");
  }
}

// removeChosen deletes the selected message and selects its neighbour.
function removeChosen() {
  const m = chosen();
  if (!m) return;
  const list = matching();
  const at = list.indexOf(m);
  const neighbour = list[at + 1] ?? list[at - 1];
  history.replaceState(null, "", neighbour ? "#" + neighbour.id : location.pathname);
  messages = messages.filter((other) => other !== m);
  draw();
  remove("/" + encodeURIComponent(m.id));
}

async function copy(text, button) {
  const label = button.querySelector("span");
  label.textContent = (await toClipboard(text)) ? "Copied" : "Not copied";
  clearTimeout(button.timer);
  button.timer = setTimeout(() => { label.textContent = "Copy"; }, 1500);
}

// toClipboard also works on pages without https that are not on localhost, where browsers
// have no navigator.clipboard.
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", "", text);
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

$("search").addEventListener("input", draw);
$("copy").addEventListener("click", () => copy($("code").textContent, $("copy")));
$("copy-snippet").addEventListener("click", () => copy($("snippet").textContent, $("copy-snippet")));
$("delete").addEventListener("click", removeChosen);
$("back").addEventListener("click", () => { location.hash = ""; });
$("clear").addEventListener("click", () => {
  if (confirm("Delete all messages?")) remove("");
});
$("filters").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  medium = button.dataset.medium;
  for (const b of $("filters").querySelectorAll("button")) b.setAttribute("aria-pressed", b === button);
  draw();
});
$("tabs").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.tab) {
    tab = button.dataset.tab;
    draw();
  } else if (button) {
    button.setAttribute("aria-pressed", $("body").classList.toggle("narrow"));
  }
});
addEventListener("hashchange", () => {
  draw();
  if (chosen()) document.querySelector(".detail").scrollTop = 0;
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === $("search")) {
    if (event.key === "Escape") {
      $("search").value = "";
      $("search").blur();
      draw();
    }
    return;
  }
  if (event.key.startsWith("Arrow") && event.target.closest?.(".detail")) return; // scrolls there
  switch (event.key) {
    case "/": $("search").focus(); break;
    case "j": case "ArrowDown": step(1); break;
    case "k": case "ArrowUp": step(-1); break;
    case "c": if (chosen()?.code) $("copy").click(); break;
    case "Delete": removeChosen(); break;
    default: return;
  }
  event.preventDefault();
});

follow();
