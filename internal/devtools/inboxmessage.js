"use strict";

// One message in detail. Text becomes text nodes only; the HTML of mails stays in a
// sandboxed frame.

const $ = (id) => document.getElementById(id);
const sources = new Map(); // promises of mails as they go out, by message id
const loaded = new Set(); // ids of mails whose remote content may load
let tab = "preview";
let width = "wide";
let shown = ""; // what is drawn, so that updates leave it alone

const reasons = {
  SignUp: "sign-up",
  AdminCreateUser: "invitation",
  ResendCode: "code asked for again",
  ForgotPassword: "forgotten password",
  UpdateUserAttribute: "changed attribute",
  VerifyUserAttribute: "attribute to verify",
  Authentication: "sign-in",
  AccountTakeOverNotification: "risky sign-in",
};

// ---- making elements ----

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

// press marks the button of a group that has a value.
function press(group, name, value) {
  for (const b of group.querySelectorAll("button")) b.setAttribute("aria-pressed", b.dataset[name] === value);
}

const isMail = (m) => m.medium === "EMAIL";
const subject = (m) => m.subject || (m.function ? m.text : "(no subject)");

// ---- drawing ----

function drawMessage(m) {
  $("message").hidden = !m;
  const view = m && tabs(m).includes(tab) ? tab : "preview";
  // A text message is shown with those before it, so deleting one of them changes it.
  const key = m ? [m.id, view, width, loaded.has(m.id), isMail(m) || thread(m).length].join(" ") : "";
  if (key === shown) return;
  shown = key;
  if (!m) {
    $("body").replaceChildren();
    return;
  }
  $("subject").textContent = isMail(m) ? subject(m) : "Text message";
  $("sent").textContent = new Date(m.time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  $("sent").dateTime = m.time;
  drawAddresses(m);
  drawChips(m);
  drawProof(m);
  for (const b of $("tabs").children) b.hidden = !tabs(m).includes(b.dataset.tab);
  press($("tabs"), "tab", view);
  press($("widths"), "width", width);
  const hasSource = tabs(m).includes("source");
  $("widths").hidden = view !== "preview" || !hasSource;
  $("remote").hidden = view !== "preview" || !hasSource || loaded.has(m.id) || !wantsRemote(m.body);
  $("download").hidden = !hasSource;
  $("download").href = address(m) + "/source";
  $("download").download = m.id + ".eml";
  $("body").className = "body " + (view === "preview" ? width : "wide");
  $("body").replaceChildren(views[view](m));
}

function tabs(m) {
  if (m.function) return ["preview", "json"];
  if (!isMail(m)) return ["preview", "text", "json"];
  return ["preview", "text", "html", "headers", "source", "json"];
}

function drawAddresses(m) {
  const lines = [["From", m.from], ["To", m.destination], ["Reply to", m.replyTo]];
  $("addresses").replaceChildren(...lines.filter(([, value]) => value).map(([name, value]) =>
    element("div", "", element("dt", "", name), element("dd", "", value))));
}

// drawChips shows what a message belongs to; pressing one finds the others of the same.
function drawChips(m) {
  const chip = (image, text, title, act) => {
    const b = element("button", "tag", icon(image), element("span", "", text));
    b.type = "button";
    b.title = title;
    b.addEventListener("click", () => act(b));
    return b;
  };
  const list = [chip("why", reasons[m.source] ?? m.source, `${m.source}: find all such messages`, () => search("source:" + m.source))];
  if (m.username) list.push(chip("user", m.username, "Find this user's messages", () => search("user:" + m.username)));
  list.push(chip("pool", m.userPoolName || m.userPoolId, `${m.userPoolId}: show this pool only`, () => filter(medium, m.userPoolId)));
  list.push(chip("client", m.clientId, "Copy the app client's id", (b) => copy(m.clientId, b)));
  $("chips").replaceChildren(...list);
}

function drawProof(m) {
  $("proof").hidden = !m.code && !m.link;
  $("code-part").hidden = !m.code;
  $("code-label").textContent = m.source === "AdminCreateUser" ? "Temporary password" : "Code";
  $("code").textContent = m.code;
  $("code").classList.toggle("long", m.code.length > 10 || Boolean(m.link));
  const safe = /^https?:/i.test(m.link);
  $("link-part").hidden = !m.link;
  $("link").textContent = $("link").title = m.link;
  for (const a of [$("link"), $("open")]) {
    if (safe) a.href = m.link;
    else a.removeAttribute("href");
  }
  $("open").hidden = !safe;
}

const address = (m) => "/_cenote/inbox/" + encodeURIComponent(m.id);

// wantsRemote says whether a mail's HTML would load something from elsewhere.
function wantsRemote(body) {
  return /\b(?:src|srcset|background|poster)\s*=\s*["']?\s*(?:https?:)?\/\//i.test(body) ||
    /url\(\s*["']?\s*(?:https?:)?\/\//i.test(body) || /<link\b[^>]*href/i.test(body) || /@import\b/i.test(body);
}

// ---- the views ----

const views = {
  preview(m) {
    if (m.function) return handed(m);
    if (!isMail(m)) return phone(m);
    const frame = element("iframe");
    frame.title = "The mail";
    frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox"); // no scripts, an origin of its own
    frame.referrerPolicy = "no-referrer";
    frame.src = address(m) + (loaded.has(m.id) ? "?remote=load" : "");
    return frame;
  },
  text: (m) => element("pre", "prose", m.text),
  html: (m) => element("pre", "", m.body),
  headers: (m) => fromSource(m, headerTable),
  source: (m) => fromSource(m, (text) => element("pre", "", text)),
  json: (m) => element("pre", "", JSON.stringify(m, null, 2)),
};

// handed is what is to be seen of a message that the pool's own function sends.
function handed(m) {
  const arn = element("code", "", m.function);
  return element("p", "notice", element("span", "", "The pool sends its own messages: the code went, encrypted, to the function ", arn));
}

// phone shows a text message as its receiver sees it: after those that came before.
function phone(m) {
  const bubbles = thread(m).map((earlier) => element("li", earlier === m ? "bubble" : "bubble earlier", ...marked(earlier)));
  const avatar = element("span", "avatar", icon("user"));
  return element("div", "handset",
    element("div", "screen",
      element("div", "caller", avatar, element("span", "", m.userPoolName || "Cenote"), element("small", "", "to " + m.destination)),
      element("ol", "bubbles", element("li", "stamp", new Date(m.time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })), ...bubbles)),
    element("p", "size", size(m.text)));
}

// thread returns a text message and the last few before it to the same number, oldest first.
function thread(m) {
  const same = messages.filter((other) => !isMail(other) && other.destination === m.destination);
  const at = same.indexOf(m);
  return same.slice(at, at + 4).reverse();
}

// marked is the text of a message with its code underlined, as phones do.
function marked(m) {
  const at = m.code ? m.text.indexOf(m.code) : -1;
  if (at < 0) return [m.text];
  return [m.text.slice(0, at), element("u", "", m.code), m.text.slice(at + m.code.length)];
}

const gsm = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;

// size tells how a text message is counted (3GPP TS 23.038 and 23.040): 160 characters of
// the GSM alphabet, or 70 of UTF-16; longer ones are split, with a header in every part.
function size(text) {
  const plain = gsm.test(text);
  const length = plain ? text.length + (text.match(/[\^{}\\[~\]|€]/g) ?? []).length : text.length;
  const [one, each] = plain ? [160, 153] : [70, 67];
  const parts = length <= one ? 1 : Math.ceil(length / each);
  return `${length} characters (${plain ? "GSM" : "Unicode"}), ${parts === 1 ? "1 part" : parts + " parts"}`;
}

// fromSource draws something of a mail as it goes out, which is fetched when first asked for.
function fromSource(m, make) {
  if (!sources.has(m.id)) {
    sources.set(m.id, fetch(address(m) + "/source").then(async (response) => {
      if (response.ok) return { text: await response.text() };
      return { failure: (await response.json()).message };
    }).catch(() => {
      sources.delete(m.id);
      return { failure: "The server does not answer." };
    }));
  }
  const place = element("div", "later");
  sources.get(m.id).then(({ text, failure }) => {
    place.replaceChildren(failure ? element("p", "notice", element("span", "", failure)) : make(text));
  });
  return place;
}

// headerTable shows the headers of a mail, continuation lines joined (RFC 5322 section 2.2.3).
function headerTable(source) {
  const lines = source.split(/\r?\n\r?\n/, 1)[0].replace(/\r?\n(?=[ \t])/g, "").split(/\r?\n/);
  return element("dl", "table", ...lines.flatMap((line) => {
    const at = line.indexOf(":");
    return [element("dt", "", line.slice(0, at)), element("dd", "", line.slice(at + 1).trim())];
  }));
}

// ---- choosing a view ----

function showTab(name) {
  tab = name;
  draw();
}

function showWidth(name) {
  width = name;
  draw();
}

function loadRemote() {
  loaded.add(chosen().id);
  draw();
}

// tabKey returns what a digit does: it shows the tab at that place.
function tabKey(key) {
  const m = chosen();
  const name = m && /^[1-9]$/.test(key) ? tabs(m)[key - 1] : undefined;
  return name && (() => showTab(name));
}
