// The list, and what the user and the server do. The page keeps what the server last
// answered and draws it again on every change.

const newest = 500; // how many messages are listed
const patience = 30; // seconds for which one request waits for a change

const rows = new Map(); // list items by message id
const read = new Set(); // ids of messages that were looked at
let messages = []; // newest first
let known = null; // ids of the last answer; null before the first
let medium = "";
let pool = "";

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
        await pause(messages.length); // a full list is long: what comes thick and fast comes in batches
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
  const fresh = known ? list.filter((m) => !known.has(m.id)) : [];
  known = new Set(list.map((m) => m.id));
  messages = list;
  for (const id of rows.keys()) if (!known.has(id)) rows.delete(id);
  for (const m of messages) if (!rows.has(m.id)) rows.set(m.id, row(m));
  for (const m of fresh) {
    const item = rows.get(m.id);
    item.classList.add("fresh");
    setTimeout(() => item.classList.remove("fresh"), 2000); // else it shines again when it moves
  }
  drawPools();
  draw();
}

// ---- the list ----

// exactly are the members that a search finds by their whole value: user:ann.
const exactly = { user: "username", to: "destination", code: "code", client: "clientId", source: "source" };

// matching returns the messages that the search and the filters leave.
function matching() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  return messages.filter((m) => {
    if (medium && m.medium !== medium || pool && m.userPoolId !== pool) return false;
    const text = [m.destination, m.from, m.subject, m.text, m.code, m.link, m.username, m.userPoolName, m.userPoolId, m.clientId,
      m.source, reasons[m.source]].join("\n").toLowerCase();
    return words.every((word) => {
      const [, name, value] = word.match(/^([a-z]+):(.+)$/) ?? [];
      return Object.hasOwn(exactly, name) ? m[exactly[name]].toLowerCase() === value : text.includes(word);
    });
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
  $("filters").hidden = $("clear").hidden = $("count").hidden = none;
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
  if (n < messages.length) return `${n} of ${messages.length} messages`;
  if (n === newest) return `the newest ${n} messages`;
  return n === 1 ? "1 message" : `${n} messages`;
}

function drawList(list, current) {
  const items = list.map((m) => {
    const item = rows.get(m.id);
    item.classList.toggle("unread", !read.has(m.id));
    item.querySelector(".time").textContent = when(m);
    if (m === current) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
    return item;
  });
  const shown = $("messages").children;
  if (items.length === shown.length && items.every((item, i) => item === shown[i])) return;
  const focused = document.activeElement;
  $("messages").replaceChildren(...items);
  if ($("messages").contains(focused)) focused.focus({ preventScroll: true }); // lost when an item moves
}

// row makes the list item of a message; its time and state are drawn later.
function row(m) {
  const label = isMail(m) ? subject(m) : m.text;
  const open = element("button", "open", icon(isMail(m) ? "mail" : "sms"),
    element("span", "to", m.destination), element("span", "time"),
    element("span", "about", label),
    element("span", "why", [reasons[m.source] ?? m.source, m.username, m.userPoolName].filter(Boolean).join(" · ")));
  open.type = "button";
  open.title = m.destination;
  open.setAttribute("aria-label", `${isMail(m) ? "Mail" : "SMS"} to ${m.destination}: ${label}`);
  open.addEventListener("click", () => choose(m.id));
  const item = element("li", "row", open);
  item.dataset.id = m.id;
  if (m.code && m.code.length <= 16) {
    const chip = element("button", "chip", m.code);
    chip.type = "button";
    chip.title = "Copy the code";
    chip.addEventListener("click", () => copy(m.code, chip));
    item.append(chip);
  }
  return item;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const calendar = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

// when is the time of a message, with its day unless it is the newest message's.
function when(m) {
  const at = new Date(m.time);
  const today = at.toDateString() === new Date(messages[0].time).toDateString();
  return (today ? "" : calendar.format(at) + " ") + clock.format(at);
}

// drawPools lists the pools that sent something; the choice appears with the second.
function drawPools() {
  const names = new Map(messages.map((m) => [m.userPoolId, m.userPoolName || m.userPoolId]));
  if (pool && !names.has(pool)) pool = "";
  const option = (value, text) => {
    const o = element("option", "", text);
    o.value = value;
    return o;
  };
  const sorted = [...names].sort((a, b) => a[1].localeCompare(b[1]));
  const twice = (name) => sorted.filter((other) => other[1] === name).length > 1;
  $("pools").replaceChildren(option("", "All pools"), ...sorted.map(([id, name]) => option(id, twice(name) ? `${name} (${id})` : name)));
  $("pools").value = pool;
  $("pools").hidden = names.size < 2;
}

// ---- doing ----

// choose shows a message. The way back leads to the list, not through all that was read.
function choose(id) {
  const change = location.hash ? "replaceState" : "pushState";
  history[change](null, "", "#" + id);
  arrive();
}

function arrive() {
  draw();
  document.querySelector(".detail").scrollTop = 0;
}

function leave() {
  history.replaceState(null, "", location.pathname);
  draw();
}

// step chooses the message that is by places below the chosen one.
function step(by) {
  const list = matching();
  if (list.length === 0) return;
  const at = list.indexOf(chosen());
  const next = list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)];
  choose(next.id);
  rows.get(next.id).scrollIntoView({ block: "nearest" });
}

function filter(newMedium, newPool) {
  medium = newMedium;
  pool = newPool;
  $("pools").value = pool;
  press($("media"), "medium", medium);
  draw();
}

function search(text) {
  $("search").value = text;
  draw();
}

async function remove(path) {
  try {
    await fetch("/_cenote/messages" + path, { method: "DELETE" });
  } catch {
    setStatus("lost", "not connected");
  }
}

// removeChosen deletes the chosen message and chooses its neighbour.
function removeChosen() {
  const m = chosen();
  if (!m) return;
  const list = matching();
  const at = list.indexOf(m);
  const neighbour = at < 0 ? undefined : list[at + 1] ?? list[at - 1];
  history.replaceState(null, "", neighbour ? "#" + neighbour.id : location.pathname);
  messages = messages.filter((other) => other !== m);
  draw();
  remove("/" + encodeURIComponent(m.id));
}

// copy puts text into the clipboard; the button's label says so for a while.
async function copy(text, button) {
  const label = button.querySelector("span") ?? button;
  button.dataset.label ??= label.textContent;
  const done = await toClipboard(text);
  label.textContent = done ? "Copied" : "Not copied";
  button.classList.toggle("copied", done);
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    label.textContent = button.dataset.label;
    button.classList.remove("copied");
  }, 1500);
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

// ---- listening ----

// onPress calls back with the value of the pressed button of a group.
function onPress(group, name, callback) {
  $(group).addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) callback(button.dataset[name]);
  });
}

$("search").addEventListener("input", draw);
onPress("media", "medium", (value) => filter(value, pool));
$("pools").addEventListener("change", () => filter(medium, $("pools").value));
$("widen").addEventListener("click", () => { $("search").value = ""; filter("", ""); });
$("clear").addEventListener("click", () => {
  const all = messages.length === 1 ? "the message" : messages.length < newest ? `all ${messages.length} messages` : "all messages";
  if (confirm(`Delete ${all}?`)) remove("");
});
$("help").addEventListener("click", () => $("keys").showModal());
$("copy-snippet").addEventListener("click", () => copy($("snippet").textContent, $("copy-snippet")));
$("delete").addEventListener("click", removeChosen);
$("back").addEventListener("click", leave);
$("copy").addEventListener("click", () => copy($("code").textContent, $("copy")));
$("copy-link").addEventListener("click", () => copy($("link").textContent, $("copy-link")));
$("load").addEventListener("click", loadRemote);
onPress("tabs", "tab", showTab);
onPress("widths", "width", showWidth);

addEventListener("hashchange", arrive);

const clickIfShown = (id) => { if (chosen() && $(id).checkVisibility()) $(id).click(); };
const keys = {
  "/": () => $("search").focus(),
  "?": () => $("keys").showModal(),
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  c: () => clickIfShown("copy"),
  l: () => clickIfShown("copy-link"),
  o: () => clickIfShown("open"),
  p: () => showWidth(width === "phone" ? "wide" : "phone"),
  Delete: removeChosen,
  Escape: leave,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.target === $("search")) {
    if (event.key !== "Escape") return;
    search("");
    $("search").blur();
    return;
  }
  if (event.target === $("pools")) return; // has keys of its own
  if (event.key.startsWith("Arrow") && event.target.closest?.(".detail")) return; // scrolls there
  const act = keys[event.key] ?? tabKey(event.key);
  if (!act) return;
  act();
  event.preventDefault();
});

follow();
